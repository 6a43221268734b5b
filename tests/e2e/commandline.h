#pragma once

#include "base/json.h"

#include <QByteArray>
#include <QProcess>
#include <QProcessEnvironment>
#include <QStringList>
#include <QTemporaryDir>
#include <QTest>

#include <memory>
#include <vector>

namespace llmcache::test {

/// What one call of the program came to.
struct ProgramResult {
    int exitCode = -1; ///< -1: crashed or did not end
    QByteArray out;
    QByteArray err;

    /// Standard output as one JSON value; null when it is none.
    Json json() const;
    /// Standard output as JSON values, one a line.
    std::vector<Json> jsonLines() const;
    /// Both streams and the exit code, for failure messages.
    QByteArray describe() const;
};

/// A user of the llmcache program: a HOME of its own, kept from call to call, and nothing else from this
/// process's environment but PATH. No display.
class CommandLine {
public:
    CommandLine();

    void setVariable(const QString& name, const QString& value);
    void unsetVariable(const QString& name);
    /// Writes a file into the user's HOME and returns its path.
    QString writeFile(const QString& name, const QByteArray& content) const;
    QString home() const { return m_home.path(); }
    /// The file of the program.
    static QString program();
    /// Where the program is run; the HOME without it.
    void setFolder(const QString& path) { m_folder = path; }

    /// Runs the program to its end.
    ProgramResult run(const QStringList& arguments, const QByteArray& input = {}) const;
    /// Starts the program; give it to finish().
    std::unique_ptr<QProcess> start(const QStringList& arguments, const QByteArray& input = {}) const;
    static ProgramResult finish(QProcess& process);

private:
    QTemporaryDir m_home;
    QProcessEnvironment m_environment;
    QString m_folder;
};

/// Fails the test with everything the program said when its exit code is another.
#define LLMCACHE_VERIFY_EXIT(result, code)                                                                   \
    do {                                                                                                     \
        const llmcache::test::ProgramResult& once = (result);                                                \
        QVERIFY2(once.exitCode == (code), once.describe().constData());                                      \
    } while (false)

} // namespace llmcache::test

/// What QCOMPARE shows of JSON.
template <>
inline char* QTest::toString(const llmcache::Json& value)
{
    return qstrdup(value.dump().c_str());
}
