// Names that are paths lead nowhere: what the program keeps stays in its folder, whoever chose the names.
#include "commandline.h"

#include <QDir>
#include <QDirIterator>
#include <QRegularExpression>

using namespace llmcache;
using namespace llmcache::test;

namespace {

const QString evil = QStringLiteral("../../../evil");

/// All files below a folder, by their paths in it.
QStringList filesIn(const QString& folder)
{
    QStringList files;
    QDirIterator all(folder, QDir::Files | QDir::Hidden, QDirIterator::Subdirectories);
    while (all.hasNext())
        files.append(QDir(folder).relativeFilePath(all.next()));
    return files;
}

} // namespace

class TestE2ePaths : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void workspacesAreNoPaths();
    void agentsAreNoPaths();
    void importedNamesAreNoPaths();

private:
    /// Where the user keeps things; what is beside it is not the program's.
    static QString data(const CommandLine& user) { return user.home() + QStringLiteral("/deep/down/data"); }
    static ProgramResult run(const CommandLine& user, QStringList arguments)
    {
        arguments += {QStringLiteral("--config"), data(user)};
        return user.run(arguments);
    }
    static void verifyNothingOutside(const CommandLine& user, const QStringList& before)
    {
        QStringList outside;
        for (const QString& file : filesIn(user.home())) {
            if (!file.startsWith(QLatin1String("deep/down/data/")) && !before.contains(file))
                outside.append(file);
        }
        QVERIFY2(outside.isEmpty(), qPrintable(outside.join(QLatin1Char('\n'))));
    }
};

void TestE2ePaths::workspacesAreNoPaths()
{
    const CommandLine user;
    const QString agent =
        user.writeFile(QStringLiteral("a.agent.json"), R"({"name": "a", "model": "test:echo"})");
    const QStringList before = filesIn(user.home());
    for (const QString& name : {evil, QStringLiteral(".."), QStringLiteral("/tmp/evil"),
             QStringLiteral("a/b"), QStringLiteral("a\\b")}) {
        const ProgramResult refused = run(user,
            {QStringLiteral("run"), QStringLiteral("--agent"), agent, QStringLiteral("--prompt"),
                QStringLiteral("x"), QStringLiteral("--workspace"), name});
        LLMCACHE_VERIFY_EXIT(refused, 3);
        QVERIFY2(refused.err.contains("workspace"), refused.describe().constData());
    }
    const QString project = user.writeFile(QStringLiteral(".llmcache.json"), R"({"workspace": "../../x"})");
    LLMCACHE_VERIFY_EXIT(run(user, {QStringLiteral("entries"), QStringLiteral("list")}), 3);
    QVERIFY(QFile::remove(project));
    verifyNothingOutside(user, before);
}

void TestE2ePaths::agentsAreNoPaths()
{
    const CommandLine user;
    const QString agent = user.writeFile(QStringLiteral("a.agent.json"),
        R"({"name": "../../../evil", "model": "test:echo", "task": "../../../evil", "tags": ["../evil"]})");
    const QStringList before = filesIn(user.home());
    // Whether such a name is taken or refused, it names no file.
    const ProgramResult saved = run(user, {QStringLiteral("agents"), QStringLiteral("save"), agent});
    QVERIFY2(saved.exitCode == 0 || saved.exitCode == 3, saved.describe().constData());
    const ProgramResult ran = run(user,
        {QStringLiteral("run"), QStringLiteral("--agent"), agent, QStringLiteral("--prompt"),
            QStringLiteral("x"), QStringLiteral("--json")});
    QVERIFY2(ran.exitCode == 0 || ran.exitCode == 3, ran.describe().constData());
    if (ran.exitCode == 0) {
        const QString fingerprint = QString::fromStdString(ran.json().at("fingerprint").get<std::string>());
        LLMCACHE_VERIFY_EXIT(
            run(user,
                {QStringLiteral("entries"), QStringLiteral("delete"), fingerprint, QStringLiteral("--yes")}),
            0);
        LLMCACHE_VERIFY_EXIT(run(user, {QStringLiteral("entries"), QStringLiteral("undo")}), 0);
    }
    verifyNothingOutside(user, before);
}

void TestE2ePaths::importedNamesAreNoPaths()
{
    const CommandLine user;
    const QString agent =
        user.writeFile(QStringLiteral("a.agent.json"), R"({"name": "a", "model": "test:echo"})");
    LLMCACHE_VERIFY_EXIT(run(user,
                             {QStringLiteral("run"), QStringLiteral("--agent"), agent,
                                 QStringLiteral("--prompt"), QStringLiteral("x")}),
        0);
    const QString exported = user.home() + QStringLiteral("/all.jsonl");
    LLMCACHE_VERIFY_EXIT(run(user, {QStringLiteral("entries"), QStringLiteral("export"), exported}), 0);
    QFile file(exported);
    QVERIFY(file.open(QIODevice::ReadWrite));
    QByteArray lines = file.readAll();
    static const QRegularExpression fingerprint(QStringLiteral("\"[0-9a-f]{64}\""));
    const QByteArray hostile = QString::fromUtf8(lines)
                                   .replace(fingerprint, QStringLiteral("\"../../../evil\""))
                                   .replace(QStringLiteral("\"a\""), QStringLiteral("\"../../../evil\""))
                                   .toUtf8();
    QVERIFY(hostile != lines);
    file.seek(0);
    file.resize(0);
    file.write(hostile);
    file.close();
    const QStringList before = filesIn(user.home());
    const ProgramResult imported =
        run(user, {QStringLiteral("entries"), QStringLiteral("import"), exported, QStringLiteral("--yes")});
    QVERIFY2(imported.exitCode != 0 && imported.exitCode != -1, imported.describe().constData());
    verifyNothingOutside(user, before);
}

QTEST_GUILESS_MAIN(TestE2ePaths)
#include "tst_e2e_paths.moc"
