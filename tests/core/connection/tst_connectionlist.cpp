#include "base/error.h"
#include "connection/connectionlist.h"

#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

using namespace llmcache;

namespace {

ConnectionProfile team()
{
    ConnectionProfile profile;
    profile.id = ConnectionProfile::newId();
    profile.traits.name = QStringLiteral("Team cache");
    profile.traits.readOnly = true;
    profile.traits.production = true;
    profile.traits.writeForPython = true;
    profile.colour = QStringLiteral("red");
    profile.address = StoreAddress::fromUrl(QStringLiteral("rediss://ana:hunter2@h:1/2?ca=/ca.pem"));
    profile.workspace = QStringLiteral("team");
    profile.passwordVariable = QStringLiteral("TEAM_PASSWORD");
    return profile;
}

QString errorOf(const std::function<void()>& call)
{
    try {
        call();
    } catch (const ConfigurationError& error) {
        return error.text();
    }
    return {};
}

} // namespace

class TestConnectionList : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void profilesComeBack();
    void fileIsTheOwnersAndHoldsNoSecret();
    void savedAgainItStaysInItsPlace();
    void removedAndPutBack();
    void namesAreUnique();
    void whoWasKilledLocksNobodyOut();
    void wrongFilesAreNamed_data();
    void wrongFilesAreNamed();
};

void TestConnectionList::profilesComeBack()
{
    const QTemporaryDir folder;
    const ConnectionProfile profile = team();
    QVERIFY(ConnectionList(folder.path()).load().empty());
    ConnectionList(folder.path()).save(profile);
    const auto list = ConnectionList(folder.path()).load();
    QCOMPARE(list.size(), std::size_t(1));
    QCOMPARE(list.front(), profile);
    QCOMPARE(ConnectionList(folder.path()).find(QStringLiteral("team CACHE")), profile);
    QVERIFY(!ConnectionList(folder.path()).find(QStringLiteral("team")));
}

void TestConnectionList::fileIsTheOwnersAndHoldsNoSecret()
{
    const QTemporaryDir folder;
    const QString sub = folder.filePath(QStringLiteral("new"));
    ConnectionList list(sub);
    list.save(team());
    const auto everybody =
        QFileDevice::ReadGroup | QFileDevice::WriteGroup | QFileDevice::ReadOther | QFileDevice::WriteOther;
    QVERIFY(!(QFile::permissions(list.path()) & everybody));
    QVERIFY(!(QFile::permissions(sub) & everybody));
    QFile file(list.path());
    QVERIFY(file.open(QIODevice::ReadOnly));
    QVERIFY(!file.readAll().contains("hunter2"));
}

/// Killed after the lock file was made, and before it said whose it is.
void TestConnectionList::whoWasKilledLocksNobodyOut()
{
    const QTemporaryDir folder;
    ConnectionList list(folder.path());
    QFile torn(list.path() + QStringLiteral(".lock"));
    QVERIFY(torn.open(QIODevice::WriteOnly));
    torn.close();
    const ConnectionProfile profile = team();
    list.save(profile);
    QCOMPARE(list.load(), std::vector{profile});
}

void TestConnectionList::savedAgainItStaysInItsPlace()
{
    const QTemporaryDir folder;
    ConnectionList list(folder.path());
    ConnectionProfile first = team();
    ConnectionProfile second = team();
    second.traits.name = QStringLiteral("Other");
    list.save(first);
    list.save(second);
    first.workspace = QStringLiteral("changed");
    list.save(first);
    QCOMPARE(list.load(), (std::vector{first, second}));
}

void TestConnectionList::removedAndPutBack()
{
    const QTemporaryDir folder;
    ConnectionList list(folder.path());
    const ConnectionProfile first = team();
    ConnectionProfile second = team();
    second.traits.name = QStringLiteral("Other");
    list.save(first);
    list.save(second);
    QVERIFY(list.remove(first.id));
    QVERIFY(!list.remove(first.id));
    QCOMPARE(list.load(), std::vector{second});
    list.insert(first, 0);
    QCOMPARE(list.load(), (std::vector{first, second}));
}

void TestConnectionList::namesAreUnique()
{
    const QTemporaryDir folder;
    ConnectionList list(folder.path());
    list.save(team());
    ConnectionProfile second = team();
    second.traits.name = QStringLiteral("TEAM cache");
    QVERIFY(errorOf([&] { list.save(second); }).contains(QLatin1String("already")));
    second.traits.name = QStringLiteral(" ");
    QVERIFY(errorOf([&] { list.save(second); }).contains(QLatin1String("no name")));
    QCOMPARE(list.load().size(), std::size_t(1));
}

void TestConnectionList::wrongFilesAreNamed_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QString>("why");
    const auto row = [](const char* name, const char* text, const char* why) {
        QTest::newRow(name) << QByteArray(text) << QString::fromLatin1(why);
    };
    row("no JSON", "{", "line 1");
    row("no list", "{}", "connections");
    row("unknown field", R"({"connections":[{"id":"a","name":"n","url":"redis://h","colr":""}]})", "colr");
    row("password", R"({"connections":[{"id":"a","name":"n","url":"redis://:hunter2@h"}]})", "password");
    row("bad URL", R"({"connections":[{"id":"a","name":"n","url":"redis://h:x"}]})", "port");
    row("no id", R"({"connections":[{"name":"n"}]})", "no id");
    row("flag", R"({"connections":[{"id":"a","name":"n","read_only":"yes"}]})", "read_only");
}

void TestConnectionList::wrongFilesAreNamed()
{
    QFETCH(QByteArray, text);
    QFETCH(QString, why);
    const QTemporaryDir folder;
    ConnectionList list(folder.path());
    QFile file(list.path());
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(text);
    file.close();
    const QString error = errorOf([&] { list.load(); });
    QVERIFY2(error.contains(why), qPrintable(error));
    QVERIFY2(!error.contains(QLatin1String("hunter2")), qPrintable(error));
    // What can't be read is not overwritten.
    QVERIFY(!errorOf([&] { list.save(team()); }).isEmpty());
    QVERIFY(file.open(QIODevice::ReadOnly));
    QCOMPARE(file.readAll(), text);
}

QTEST_GUILESS_MAIN(TestConnectionList)
#include "tst_connectionlist.moc"
