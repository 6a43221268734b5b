#include "await.h"
#include "base/error.h"
#include "store/spool.h"
#include "store/sqlite/sqlitestore.h"
#include "storesamples.h"
#include "testenvironment.h"

#include <QDir>
#include <QRegularExpression>
#include <QTest>

using namespace llmcache;
using namespace llmcache::test;
using namespace std::chrono_literals;

class TestSpool : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();
    void cleanup();
    void keepsRecordsForALaterStart();
    void replaysOnce();
    void keepsWhatADeadStoreCanNotTake();
    void oneRefusedCallDoesNotHoldTheOthers();
    void replaysOnlyItsOwnStore();
    void damagedRecordsAreSetAside_data();
    void damagedRecordsAreSetAside();
    void leavesRecordsOfNewerVersions();
    void staysWithinItsLimit();
    void folderThatCanNotBeCreated();
    void isPrivate();
    void newerAnswerWins();
    void lifetimeGoesOnInTheSpool();
    void twoSpoolsReplayEachRecordOnce();

private:
    QString path(const QString& name) const { return m_directory->filePath(name); }
    QString folder() const { return path(QStringLiteral("a/spool")); }
    std::unique_ptr<Store> store(const QString& workspace = QStringLiteral("default")) const
    {
        return makeSqliteStore(path(QStringLiteral("store/file.db")), workspace);
    }
    QStringList records() const
    {
        return QDir(folder()).entryList({QStringLiteral("*.record")}, QDir::Files, QDir::Name);
    }

    std::unique_ptr<QTemporaryDir> m_directory;
};

void TestSpool::init()
{
    m_directory = std::make_unique<QTemporaryDir>();
}

void TestSpool::cleanup()
{
    m_directory.reset();
}

void TestSpool::keepsRecordsForALaterStart()
{
    const auto target = store();
    const Commit commit =
        sampleCommit(sampleFingerprint(QStringLiteral("a")), QString(5000, QLatin1Char('x')));
    const Call call = sampleCall();
    {
        Spool spool(folder());
        QCOMPARE(spool.pending(), 0);
        spool.add(target->info(), commit);
        spool.add(target->info(), call);
        QCOMPARE(spool.pending(), 2);
    }
    QCOMPARE(records().size(), 2);
    Spool spool(folder());
    QCOMPARE(spool.pending(), 2);
    QCOMPARE(await(spool.replay(target.get())), 2);
    QCOMPARE(spool.pending(), 0);
    QCOMPARE(spool.problem(), QString());
    QCOMPARE(records(), QStringList());
    const auto entry = await(target->lookup(commit.entry.meta.fingerprint));
    QVERIFY(entry);
    QCOMPARE(describe(*entry), describe(commit.entry));
    const auto calls = await(target->listCalls({}));
    QCOMPARE(calls.size(), 1U);
    QCOMPARE(toPrettyJsonText(toJson(calls[0])), toPrettyJsonText(toJson(call)));
}

void TestSpool::replaysOnce()
{
    const auto target = store();
    const Call call = sampleCall();
    await(target->recordCalls({call})); // the store had taken it before the connection broke
    Spool spool(folder());
    spool.add(target->info(), call);
    spool.add(target->info(), sampleCall());
    QCOMPARE(await(spool.replay(target.get())), 2);
    QCOMPARE(await(spool.replay(target.get())), 0);
    QCOMPARE(await(target->costs({})).total.calls, 2);
}

void TestSpool::keepsWhatADeadStoreCanNotTake()
{
    // A file where the store's folder should be: it can't be opened until that is gone.
    QFile obstacle(path(QStringLiteral("store")));
    QVERIFY(obstacle.open(QIODevice::WriteOnly));
    obstacle.close();
    const auto target = store();
    Spool spool(folder());
    spool.add(target->info(), sampleCommit(sampleFingerprint(QStringLiteral("a"))));
    for (int i = 0; i < 5; ++i)
        spool.add(target->info(), sampleCall());
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(QStringLiteral("can't be created")));
    QCOMPARE(await(spool.replay(target.get())), 0);
    QCOMPARE(spool.pending(), 6);
    QVERIFY(spool.problem().contains(QStringLiteral("store")));
    QCOMPARE(records().size(), 6);

    QVERIFY(obstacle.remove());
    QCOMPARE(await(spool.replay(target.get())), 6);
    QCOMPARE(spool.pending(), 0);
    QCOMPARE(spool.problem(), QString());
    QCOMPARE(await(target->costs({})).total.calls, 5);
}

void TestSpool::oneRefusedCallDoesNotHoldTheOthers()
{
    const auto target = store();
    Spool spool(folder());
    Call impossible = sampleCall();
    impossible.timeMs = -5;
    spool.add(target->info(), sampleCall());
    spool.add(target->info(), impossible);
    spool.add(target->info(), sampleCall());
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(QStringLiteral("impossible time")));
    QCOMPARE(await(spool.replay(target.get())), 2);
    QCOMPARE(spool.pending(), 1);
    QVERIFY(spool.problem().contains(impossible.id));
    QCOMPARE(await(target->costs({})).total.calls, 2);
}

void TestSpool::replaysOnlyItsOwnStore()
{
    const auto mine = store(QStringLiteral("mine"));
    const auto theirs = store(QStringLiteral("theirs"));
    Spool spool(folder());
    spool.add(mine->info(), sampleCall());
    spool.add(theirs->info(), sampleCall());
    spool.add(theirs->info(), sampleCall());
    QCOMPARE(await(spool.replay(mine.get())), 1);
    QCOMPARE(spool.pending(), 2);
    QCOMPARE(await(mine->costs({})).total.calls, 1);
    QCOMPARE(await(spool.replay(theirs.get())), 2);
    QCOMPARE(await(theirs->costs({})).total.calls, 2);
}

void TestSpool::damagedRecordsAreSetAside_data()
{
    QTest::addColumn<QString>("damage");
    for (const char* damage : {"cut", "flipped", "empty", "garbage", "checksum alone"})
        QTest::newRow(damage) << QString::fromLatin1(damage);
}

void TestSpool::damagedRecordsAreSetAside()
{
    QFETCH(QString, damage);
    const auto target = store();
    {
        Spool spool(folder());
        for (int i = 0; i < 3; ++i)
            spool.add(target->info(), sampleCall());
    }
    const QString name = records().at(1);
    QFile file(folder() + QLatin1Char('/') + name);
    QVERIFY(file.open(QIODevice::ReadWrite));
    QByteArray content = file.readAll();
    if (damage == QLatin1String("cut"))
        content.chop(7);
    else if (damage == QLatin1String("flipped"))
        content[content.size() / 2] = static_cast<char>(content.at(content.size() / 2) ^ 1);
    else if (damage == QLatin1String("empty"))
        content.clear();
    else if (damage == QLatin1String("garbage"))
        content = QByteArray(300, '\x80');
    else
        content.truncate(64);
    QVERIFY(file.resize(0) && file.seek(0) && file.write(content) == content.size());
    file.close();

    Spool spool(folder());
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(QStringLiteral("damaged")));
    QCOMPARE(await(spool.replay(target.get())), 2);
    QCOMPARE(spool.pending(), 0);
    QVERIFY(QFile::exists(folder() + QStringLiteral("/damaged/") + name));
    QCOMPARE(await(target->costs({})).total.calls, 2);
    QCOMPARE(await(spool.replay(target.get())), 0);
}

void TestSpool::leavesRecordsOfNewerVersions()
{
    const auto target = store();
    {
        Spool spool(folder());
        spool.add(target->info(), sampleCall());
    }
    QFile file(folder() + QLatin1Char('/') + records().at(0));
    QVERIFY(file.open(QIODevice::ReadWrite));
    Json record = parseJson(unpackField(file.readAll().sliced(65)), file.fileName());
    record["v"] = 2;
    const QByteArray payload = packField(toJsonText(record));
    file.resize(0);
    file.seek(0);
    file.write(QCryptographicHash::hash(payload, QCryptographicHash::Sha256).toHex() + '\n' + payload);
    file.close();
    Spool spool(folder());
    QCOMPARE(await(spool.replay(target.get())), 0);
    QCOMPARE(spool.pending(), 1);
}

void TestSpool::staysWithinItsLimit()
{
    const auto target = store();
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(QStringLiteral("limit")));
    {
        Spool spool(folder(), 20'000);
        std::mt19937 random(1);
        QString noise; // that does not compress
        for (int i = 0; i < 40'000; ++i)
            noise += QChar(static_cast<char16_t>('0' + random() % 70));
        spool.add(target->info(), sampleCommit(sampleFingerprint(QStringLiteral("a")), noise));
        spool.add(target->info(), sampleCall());
    }
    QCOMPARE(records().size(), 1); // the ledger record still fits
    Spool spool(folder(), 20'000);
    QCOMPARE(await(spool.replay(target.get())), 1);
    QCOMPARE(await(target->costs({})).total.calls, 1);
}

void TestSpool::folderThatCanNotBeCreated()
{
    QFile obstacle(path(QStringLiteral("a")));
    QVERIFY(obstacle.open(QIODevice::WriteOnly));
    const auto target = store();
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(QStringLiteral("can't be created")));
    Spool spool(folder());
    spool.add(target->info(), sampleCall());
    QTRY_VERIFY(!spool.problem().isEmpty());
    QVERIFY(spool.problem().contains(QDir::toNativeSeparators(folder())));
    QCOMPARE(spool.pending(), 0);
    QCOMPARE(await(spool.replay(target.get())), 0);
}

void TestSpool::isPrivate()
{
    const auto target = store();
    {
        Spool spool(folder());
        spool.add(target->info(), sampleCall());
    }
    const auto others = QFileDevice::ReadGroup | QFileDevice::WriteGroup | QFileDevice::ExeGroup
        | QFileDevice::ReadOther | QFileDevice::WriteOther | QFileDevice::ExeOther;
    QVERIFY(!(QFileInfo(folder()).permissions() & others));
    QVERIFY(!(QFileInfo(folder() + QLatin1Char('/') + records().at(0)).permissions() & others));
}

void TestSpool::newerAnswerWins()
{
    const auto target = store();
    const QString fingerprint = sampleFingerprint(QStringLiteral("a"));
    Spool spool(folder());
    spool.add(target->info(), sampleCommit(fingerprint, QStringLiteral("old")));
    Commit newer = sampleCommit(fingerprint, QStringLiteral("new"));
    newer.entry.meta.createdMs += 1000;
    await(target->commit(newer));
    QCOMPARE(await(spool.replay(target.get())), 1);
    const auto entry = await(target->lookup(fingerprint));
    QCOMPARE(outputText(entry->output), QStringLiteral("new"));
    QCOMPARE(entry->meta.revision, 1);
}

void TestSpool::lifetimeGoesOnInTheSpool()
{
    const auto target = store();
    Commit dead = sampleCommit(sampleFingerprint(QStringLiteral("dead")));
    dead.ttl = 0s;
    Commit pinned = sampleCommit(sampleFingerprint(QStringLiteral("pinned")));
    pinned.ttl = std::nullopt;
    Spool spool(folder());
    spool.add(target->info(), dead);
    spool.add(target->info(), pinned);
    QCOMPARE(await(spool.replay(target.get())), 2);
    QVERIFY(!await(target->lookup(dead.entry.meta.fingerprint)));
    const auto entry = await(target->lookup(pinned.entry.meta.fingerprint));
    QVERIFY(entry);
    QVERIFY(!entry->meta.expiresMs);
}

void TestSpool::twoSpoolsReplayEachRecordOnce()
{
    const auto target = store();
    Spool first(folder());
    for (int i = 0; i < 250; ++i)
        first.add(target->info(), sampleCall());
    for (int i = 0; i < 20; ++i)
        first.add(target->info(), sampleCommit(sampleFingerprint(QString::number(i))));
    // What is added is written by a thread: the second may not begin in the middle.
    QTRY_COMPARE(records().size(), 270);
    Spool second(folder());
    auto one = first.replay(target.get());
    auto again = first.replay(target.get());
    auto two = second.replay(target.get());
    const int total = await(one) + await(again) + await(two);
    QCOMPARE(total, 270);
    QCOMPARE(await(target->costs({})).total.calls, 250);
    QCOMPARE(await(target->listEntries({}, 100)).rows.size(), 20U);
    QCOMPARE(records(), QStringList());
}

LLMCACHE_TEST_MAIN(TestSpool)
#include "tst_spool.moc"
