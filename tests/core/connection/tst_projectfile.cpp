#include "base/error.h"
#include "connection/projectfile.h"

#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <unistd.h>

using namespace llmcache;

namespace {

void write(const QString& path, const QByteArray& text)
{
    QFile file(path);
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(text);
}

} // namespace

class TestProjectFile : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void nearestFileCounts();
    void wrongFilesAreNamed_data();
    void wrongFilesAreNamed();
    void anothersFileIsRefused();
};

void TestProjectFile::nearestFileCounts()
{
    const QTemporaryDir folder;
    const QString deep = folder.filePath(QStringLiteral("a/b/c"));
    QVERIFY(QDir().mkpath(deep));
    QVERIFY(!ProjectFile::find(deep));
    write(folder.filePath(QStringLiteral(".llmcache.json")),
        R"({"workspace": "outer", "store": "redis://cache.example/2", "agents": "prompts"})");
    const auto outer = ProjectFile::find(deep);
    QVERIFY(outer);
    QCOMPARE(outer->workspace, QStringLiteral("outer"));
    QCOMPARE(outer->store, QStringLiteral("redis://cache.example/2"));
    QCOMPARE(outer->agentsFolder, folder.filePath(QStringLiteral("prompts")));
    write(folder.filePath(QStringLiteral("a/b/.llmcache.json")), R"({"workspace": "inner"})");
    const auto inner = ProjectFile::find(deep);
    QCOMPARE(inner->workspace, QStringLiteral("inner"));
    QVERIFY(inner->store.isEmpty());
}

void TestProjectFile::wrongFilesAreNamed_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QString>("why");
    const auto row = [](const char* text, const char* why) {
        QTest::newRow(why) << QByteArray(text) << QString::fromLatin1(why);
    };
    row("{", "line 1");
    row("[]", "no JSON object");
    row(R"({"stroe": "redis://h"})", "unknown field \"stroe\"");
    row(R"({"store": "redis://:hunter2@h"})", "password in \"store\"");
    row(R"({"store": "redis+sentinel://h/m?sentinel_password=hunter2"})", "password");
    row(R"({"store": "redis://:hunter2@h:x"})", "port");
    row(R"({"workspace": "a:b"})", "workspace name");
    row(R"({"agents": 3})", "no text");
}

void TestProjectFile::wrongFilesAreNamed()
{
    QFETCH(QByteArray, text);
    QFETCH(QString, why);
    const QTemporaryDir folder;
    write(folder.filePath(QStringLiteral(".llmcache.json")), text);
    try {
        ProjectFile::find(folder.path());
        QFAIL("the file was taken");
    } catch (const ConfigurationError& error) {
        QVERIFY2(error.text().contains(why), error.what());
        QVERIFY2(!error.text().contains(QLatin1String("hunter2")), error.what());
    }
}

/// It could name a store of theirs, and prompts would go there.
void TestProjectFile::anothersFileIsRefused()
{
    const QTemporaryDir folder;
    const QString path = folder.filePath(QStringLiteral(".llmcache.json"));
    write(path, R"({"store": "redis://elsewhere.example/0"})");
    constexpr uid_t nobody = 65534;
    if (chown(qPrintable(path), nobody, static_cast<gid_t>(-1)) != 0)
        QSKIP("Only root can give a file to somebody else.");
    try {
        ProjectFile::find(folder.path());
        QFAIL("the file was taken");
    } catch (const ConfigurationError& error) {
        QVERIFY2(error.text().contains(QLatin1String("another user")), error.what());
    }
}

QTEST_GUILESS_MAIN(TestProjectFile)
#include "tst_projectfile.moc"
