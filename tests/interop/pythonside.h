#pragma once

#include "commandline.h"

#include <QProcess>
#include <QString>

namespace llmcache::test {

/// The Python programs of this folder, run with the packages of requirements.txt.
class PythonSide {
public:
    /// Why there is no Python with the packages; empty when there is one.
    static QString missingText();
    /// Whether that is a failure, as in continuous integration.
    static bool isRequired();

    /// Runs a script of this folder to its end.
    static ProgramResult run(
        const QString& script, const QStringList& arguments, const QByteArray& input = {});
    /// Starts one; give it to CommandLine::finish(). Its input ends here unless it `staysOpen`.
    static std::unique_ptr<QProcess> start(const QString& script, const QStringList& arguments,
        const QByteArray& input = {}, bool staysOpen = false);
};

/// For initTestCase(): skips the test without the packages, or fails it where they are required.
#define LLMCACHE_NEED_PYTHON()                                                                               \
    do {                                                                                                     \
        const QString missing = llmcache::test::PythonSide::missingText();                                   \
        if (!missing.isEmpty() && llmcache::test::PythonSide::isRequired())                                  \
            QFAIL(qUtf8Printable(missing));                                                                  \
        if (!missing.isEmpty())                                                                              \
            QSKIP(qUtf8Printable(missing));                                                                  \
    } while (false)

} // namespace llmcache::test
