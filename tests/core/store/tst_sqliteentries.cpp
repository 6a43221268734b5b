#include "await.h"
#include "base/error.h"
#include "oldsqlite.h"
#include "sideconnection.h"
#include "store/sqlite/changetable_p.h"
#include "store/sqlite/database_p.h"
#include "store/sqlite/entrytable_p.h"
#include "store/sqlite/newstable_p.h"
#include "store/sqlite/sqlitestore.h"
#include "storesamples.h"
#include "testenvironment.h"

#include <QRegularExpression>
#include <QTemporaryDir>
#include <QTest>

using namespace llmcache;
using namespace llmcache::test;
using namespace std::chrono_literals;

namespace {

qint64 nowMs()
{
    return QDateTime::currentMSecsSinceEpoch();
}

qint64 rowsIn(sqlite::Database& database, const char* table)
{
    sqlite::Statement statement =
        database.prepare(QStringLiteral("SELECT COUNT(*) FROM %1").arg(QLatin1String(table)));
    return statement.run().next() ? statement.integer(0) : -1;
}

/// Text of so many letters that no compression makes short.
QString noise(int letters)
{
    QString text;
    std::mt19937 random(1);
    for (int i = 0; i < letters; ++i)
        text += QChar(static_cast<char16_t>(0x4e00 + random() % 5000));
    return text;
}

QString bytesOf(const EntryImage& image)
{
    QString text = image.fingerprint + QString::number(image.expiresMs.value_or(-1));
    for (const EntryField& field : image.fields)
        text += QString::fromLatin1(field.name + '=' + field.value.toHex() + ' ');
    return text;
}

} // namespace

/// How entries lie in an SQLite file.
class TestSqliteEntries : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();
    void entriesOfAnOlderFileStay();
    void longTextsStandApart_data();
    void longTextsStandApart();
    void sameBeginningsAreToldApart();
    void eachWayToAnEntryUsesTheIndex();
    void fullDiskKeepsWhatWasThere();
    void damagedEntryHarmsNoOther();
    void damagedTextsApart();
    void expiredEntriesArePurged();

private:
    QString file() const { return m_directory->filePath(QStringLiteral("store.db")); }
    std::unique_ptr<Store> store() const { return makeSqliteStore(file(), QStringLiteral("default")); }
    std::unique_ptr<QTemporaryDir> m_directory;
};

void TestSqliteEntries::init()
{
    m_directory = std::make_unique<QTemporaryDir>();
}

void TestSqliteEntries::entriesOfAnOlderFileStay()
{
    const Commit small = sampleCommit(sampleFingerprint(QStringLiteral("small")));
    const Commit large = sampleCommit(sampleFingerprint(QStringLiteral("large")), noise(20'000));
    Commit endless = sampleCommit(sampleFingerprint(QStringLiteral("endless")));
    endless.ttl.reset();
    const Commit other = sampleCommit(sampleFingerprint(QStringLiteral("small")), QStringLiteral("Other"));
    const QStringList all{
        small.entry.meta.fingerprint, large.entry.meta.fingerprint, endless.entry.meta.fingerprint};
    QStringList before;
    {
        sqlite::Database neighbour(file(), QStringLiteral("neighbour"));
        neighbour.open();
        sqlite::commitEntry(neighbour, other, nowMs());
        sqlite::Database database(file(), QStringLiteral("default"));
        database.open();
        for (const Commit& commit : {small, large, endless})
            sqlite::commitEntry(database, commit, nowMs());
        database.execute(QStringLiteral("UPDATE entries SET hits = 7, used_ms = 1795392000000, rev = 4"));
        for (const EntryImage& image : sqlite::readImages(database, all, nowMs()))
            before << bytesOf(image);
        makeEntriesOfVersion7(database);
        database.execute(QStringLiteral("PRAGMA user_version=7"));
    }
    sqlite::Database database(file(), QStringLiteral("default"));
    database.open();
    QStringList after;
    for (const EntryImage& image : sqlite::readImages(database, all, nowMs()))
        after << bytesOf(image);
    QCOMPARE(after, before);
    QCOMPARE(before.size(), 3);
    const auto found =
        sqlite::lookupEntry(database, large.entry.meta.fingerprint, EntryParts::Answer, nowMs());
    QVERIFY(found);
    QCOMPARE(found->output, large.entry.output);
    QCOMPARE(sqlite::listEntries(database, {}, 100, nowMs()).rows.size(), 3U);
    QCOMPARE(rowsIn(database, "text_pending"), 4); // which the index of texts has to learn, as before

    // They are changed and deleted as any, and nothing of them is left behind.
    QCOMPARE(rowsIn(database, "entry_bodies"), 4);
    QCOMPARE(sqlite::commitEntry(database, small, nowMs()), 5);
    QCOMPARE(rowsIn(database, "entry_bodies"), 3);
    QCOMPARE(sqlite::removeEntries(database, all, nowMs()), 3);
    QCOMPARE(rowsIn(database, "entry_bodies"), 1);
    QCOMPARE(rowsIn(database, "entries"), 1);
    sqlite::Database neighbour(file(), QStringLiteral("neighbour"));
    neighbour.open();
    const auto kept = sqlite::lookupEntry(neighbour, other.entry.meta.fingerprint, EntryParts::All, nowMs());
    QVERIFY(kept);
    QCOMPARE(kept->output, other.entry.output);
    QCOMPARE(kept->meta.hits, 7);
}

void TestSqliteEntries::longTextsStandApart_data()
{
    QTest::addColumn<QStringList>("answers");
    QTest::addColumn<int>("apart");
    const QString brief = QStringLiteral("Yes.");
    const QString lengthy = noise(5'000);
    QTest::newRow("short") << QStringList{brief} << 0;
    QTest::newRow("long") << QStringList{lengthy} << 1;
    QTest::newRow("grown") << QStringList{brief, lengthy} << 1;
    QTest::newRow("shrunk") << QStringList{lengthy, brief} << 0;
    QTest::newRow("long again") << QStringList{lengthy, brief, noise(6'000)} << 1;
}

void TestSqliteEntries::longTextsStandApart()
{
    QFETCH(QStringList, answers);
    QFETCH(int, apart);
    const QString fingerprint = sampleFingerprint(QStringLiteral("a"));
    const qint64 now = nowMs();
    sqlite::Database database(file(), QStringLiteral("default"));
    database.open();
    for (const QString& answer : std::as_const(answers)) {
        database.execute(QStringLiteral("DELETE FROM text_pending"));
        sqlite::commitEntry(database, sampleCommit(fingerprint, answer), now);
        QCOMPARE(rowsIn(database, "text_pending"), 1);
    }
    QCOMPARE(rowsIn(database, "entry_bodies"), apart);
    const Entry expected = sampleCommit(fingerprint, answers.constLast()).entry;
    const auto all = sqlite::lookupEntry(database, fingerprint, EntryParts::All, now);
    const auto answer = sqlite::lookupEntry(database, fingerprint, EntryParts::Answer, now);
    const auto meta = sqlite::lookupEntry(database, fingerprint, EntryParts::Meta, now);
    QVERIFY(all && answer && meta);
    QCOMPARE(all->request, expected.request);
    QCOMPARE(all->output, expected.output);
    QCOMPARE(answer->output, expected.output);
    QCOMPARE(meta->meta.answerExcerpt, expected.meta.answerExcerpt);
    const ImagePage listed = sqlite::listImages(database, {}, 10, now);
    const std::vector<EntryImage> read = sqlite::readImages(database, {fingerprint}, now);
    QCOMPARE(listed.images.size(), 1U);
    QCOMPARE(read.size(), 1U);
    QCOMPARE(bytesOf(listed.images.front()), bytesOf(read.front()));
    EntryImage stored{fingerprint, toFields(expected, static_cast<qint64>(answers.size())), {}};
    QCOMPARE(read.front().fields.value("request"), stored.fields.value("request"));
    QCOMPARE(read.front().fields.value("response"), stored.fields.value("response"));

    QCOMPARE(sqlite::removeEntries(database, {fingerprint}, now), 1);
    QCOMPARE(rowsIn(database, "entry_bodies"), 0);
}

/// The index has but the beginning of a fingerprint.
void TestSqliteEntries::sameBeginningsAreToldApart()
{
    const QString one = QStringLiteral("0123456789abcdef").repeated(4);
    const QString two = one.first(60) + QStringLiteral("0000");
    const auto opened = store();
    await(opened->commit(sampleCommit(one, QStringLiteral("One"))));
    await(opened->commit(sampleCommit(two, QStringLiteral("Two"))));
    await(opened->commit(sampleCommit(one, QStringLiteral("One again"))));
    QCOMPARE(await(opened->listEntries({}, 10)).rows.size(), 2U);
    QCOMPARE(await(opened->lookup(one))->output, Json("One again"));
    QCOMPARE(await(opened->lookup(two))->output, Json("Two"));
    Call call = sampleCall();
    call.outcome = Outcome::Hit;
    call.fingerprint = two;
    await(opened->recordCalls({call}));
    QCOMPARE(await(opened->lookup(one))->meta.hits, 0);
    QCOMPARE(await(opened->lookup(two))->meta.hits, 1);
    for (const int digits : {4, 8, 9, 60})
        QCOMPARE(await(opened->resolveFingerprint(one.first(digits), 5)), (QStringList{two, one}));
    QCOMPARE(await(opened->resolveFingerprint(one.first(61), 5)), QStringList{one});
    QCOMPARE(await(opened->resolveFingerprint(QStringLiteral("0123456a"), 5)), QStringList());
    EntryChange removal;
    removal.fingerprint = one;
    removal.expectedRevision = 2;
    QCOMPARE(await(opened->changeEntries({removal})).front(), ChangeOutcome::Done);
    QVERIFY(!await(opened->lookup(one)));
    QVERIFY(await(opened->lookup(two)));
}

/// Not to be seen with a few entries: a statement that reads all of them is as quick there.
void TestSqliteEntries::eachWayToAnEntryUsesTheIndex()
{
    sqlite::Database database(file(), QStringLiteral("default"));
    database.open();
    for (const char* const statement : {"SELECT rev FROM entries WHERE %1 AND (expires_ms IS NULL OR "
                                        "expires_ms > ?)",
             "SELECT v, COALESCE(e.request, b.request) FROM entries e%2 WHERE %1 AND (expires_ms IS NULL OR "
             "expires_ms > ?)",
             "DELETE FROM entries WHERE %1 AND rev = ? AND (expires_ms IS NULL OR expires_ms > ?)",
             "UPDATE entries SET hits = hits + 1 WHERE %1"}) {
        sqlite::Statement plan = database.prepare(QStringLiteral("EXPLAIN QUERY PLAN ")
            + QString::fromLatin1(statement)
                  .replace(QStringLiteral("%1"), sqlite::isEntry())
                  .replace(QStringLiteral("%2"), sqlite::withBodies()));
        QVariantList values;
        for (int i = 0; i < QByteArray(statement).count('?') + 3; ++i)
            values << 1;
        QVERIFY(plan.runList(values).next());
        QVERIFY2(plan.text(3).contains(QStringLiteral("entries_head (workspace=? AND head=?)")),
            qPrintable(plan.text(3)));
    }
}

void TestSqliteEntries::fullDiskKeepsWhatWasThere()
{
    const qint64 now = nowMs();
    sqlite::Database database(file(), QStringLiteral("default"));
    database.open();
    const Commit before = sampleCommit(sampleFingerprint(QStringLiteral("before")));
    sqlite::commitEntry(database, before, now);
    database.execute(QStringLiteral("PRAGMA max_page_count=60"));
    const Commit large = sampleCommit(sampleFingerprint(QStringLiteral("large")), noise(400'000));
    try {
        sqlite::commitEntry(database, large, now);
        QFAIL("there was no space");
    } catch (const CacheError& error) {
        QVERIFY2(error.message().contains(QStringLiteral("full")), error.what());
        QVERIFY(!error.remedy().isEmpty());
    }
    // Nobody is told of what was not done, like the first of two changes whose second does not fit.
    const QByteArray position = sqlite::entryNews(database, {}).position;
    const Commit first = sampleCommit(sampleFingerprint(QStringLiteral("first")));
    std::vector<EntryChange> changes;
    for (const Commit& commit : {first, large}) {
        EntryChange& put = changes.emplace_back();
        put.kind = EntryChange::Kind::Put;
        put.fingerprint = commit.entry.meta.fingerprint;
        put.fields = toFields(commit.entry, 1);
    }
    QVERIFY_EXCEPTION_THROWN(sqlite::changeEntries(database, changes, now), CacheError);
    QVERIFY(!sqlite::lookupEntry(database, first.entry.meta.fingerprint, EntryParts::All, now));
    QVERIFY(!sqlite::lookupEntry(database, large.entry.meta.fingerprint, EntryParts::All, now));
    QVERIFY(sqlite::lookupEntry(database, before.entry.meta.fingerprint, EntryParts::All, now));
    database.execute(QStringLiteral("PRAGMA max_page_count=100000"));
    QCOMPARE(sqlite::commitEntry(database, before, now), 2);
    QCOMPARE(sqlite::entryNews(database, position).changed, QStringList{before.entry.meta.fingerprint});
    QCOMPARE(sqlite::commitEntry(database, large, now), 1);
}

void TestSqliteEntries::damagedEntryHarmsNoOther()
{
    const auto opened = store();
    const QString good = sampleFingerprint(QStringLiteral("good"));
    await(opened->commit(sampleCommit(good)));
    SideConnection side(file());
    const QList<std::pair<QString, QByteArray>> damages{
        {QStringLiteral("meta"), "no json"},
        {QStringLiteral("meta"), R"({"cost_usd": "x"})"},
        {QStringLiteral("meta"), R"({"created_ms": 1e999})"},
        {QStringLiteral("response"), "zzzz"},
        {QStringLiteral("response"), "j{}"},
        {QStringLiteral("response"), QByteArray()},
        {QStringLiteral("request"), "j" + QByteArray(100'000, '[')},
        {QStringLiteral("v"), "2"},
    };
    for (const auto& [column, bytes] : damages) {
        const QString bad =
            sampleFingerprint(QStringLiteral("bad ") + column + QString::fromLatin1(bytes.left(9)));
        await(opened->commit(sampleCommit(bad)));
        const bool isListed = column == QLatin1String("request") || column == QLatin1String("response");
        side.run(QStringLiteral("UPDATE entries SET %1 = ? WHERE fingerprint = ?").arg(column),
            {column == QLatin1String("v") ? QVariant(2) : QVariant(bytes.isNull() ? QByteArray("") : bytes),
                bad});
        QVERIFY_EXCEPTION_THROWN(await(opened->lookup(bad)), CacheError);
        QVERIFY(await(opened->lookup(good)));
        if (!isListed)
            QTest::ignoreMessage(QtWarningMsg, QRegularExpression(bad));
        const EntryPage page = await(opened->listEntries({}, 100));
        QCOMPARE(page.rows.size(), isListed ? 2U : 1U);
        QCOMPARE(await(opened->commit(sampleCommit(bad))), 2); // a refresh heals it
        QVERIFY(await(opened->lookup(bad)));
        QCOMPARE(await(opened->removeEntries({bad})), 1);
    }
}

void TestSqliteEntries::damagedTextsApart()
{
    const auto opened = store();
    const QString good = sampleFingerprint(QStringLiteral("good"));
    const QString bad = sampleFingerprint(QStringLiteral("bad"));
    const QString text = noise(5'000);
    await(opened->commit(sampleCommit(good, text)));
    SideConnection side(file());
    const auto harm = [&](const QString& statement, const QVariantList& values = {}) {
        await(opened->commit(sampleCommit(bad, text)));
        side.run(statement + QStringLiteral(" WHERE entry = (SELECT id FROM entries WHERE fingerprint = ?)"),
            values + QVariantList{bad});
    };
    const QList<std::pair<QString, QByteArray>> damages{
        {QStringLiteral("response"), "zzzz"},
        {QStringLiteral("response"), "j{}"},
        {QStringLiteral("response"), QByteArray("")},
        {QStringLiteral("request"), "j" + QByteArray(100'000, '[')},
    };
    for (const auto& [column, bytes] : damages) {
        harm(QStringLiteral("UPDATE entry_bodies SET %1 = ?").arg(column), {bytes});
        QVERIFY_EXCEPTION_THROWN(await(opened->lookup(bad)), CacheError);
        QVERIFY(await(opened->lookup(good)));
        QCOMPARE(await(opened->listEntries({}, 100)).rows.size(), 2U);
    }
    // Without any texts it is no entry to answer with, to change or to export.
    harm(QStringLiteral("DELETE FROM entry_bodies"));
    QVERIFY(!await(opened->lookup(bad)));
    QVERIFY(!await(opened->lookup(bad, EntryParts::Answer)));
    QCOMPARE(await(opened->readImages({bad, good})).size(), 1U);
    QCOMPARE(await(opened->listImages({}, 100)).images.size(), 1U);
    await(opened->commit(sampleCommit(bad, text))); // a new run heals it
    QVERIFY(await(opened->lookup(bad)));
}

void TestSqliteEntries::expiredEntriesArePurged()
{
    sqlite::Database database(file(), QStringLiteral("default"));
    database.open();
    const qint64 now = nowMs();
    sqlite::Database neighbour(file(), QStringLiteral("neighbour"));
    neighbour.open();
    Commit theirs = sampleCommit(sampleFingerprint(QStringLiteral("theirs")));
    theirs.ttl = 10s;
    sqlite::commitEntry(neighbour, theirs, now);
    const QString text = noise(5'000); // stands apart
    for (int i = 0; i < 30; ++i) {
        Commit commit = sampleCommit(sampleFingerprint(QString::number(i)), text);
        commit.ttl = 10s;
        sqlite::commitEntry(database, commit, now);
        QVERIFY(sqlite::takeLock(database, commit.entry.meta.fingerprint, newId(), now, 10s));
    }
    const auto count = [&database](const char* table) { return rowsIn(database, table); };
    const QByteArray before = sqlite::entryNews(database, {}).position;
    QCOMPARE(count("entries"), 31);
    QCOMPARE(count("entry_bodies"), 30);
    const qint64 later = now + 24 * 3'600'000;
    QCOMPARE(sqlite::countEntries(database, later), 0);
    for (int i = 0; i < 2; ++i)
        sqlite::commitEntry(database, sampleCommit(sampleFingerprint(QStringLiteral("new")), text), later);
    QCOMPARE(count("entries"), 1);
    QCOMPARE(count("entry_bodies"), 1);
    QCOMPARE(count("locks"), 0);
    // Whoever looks at them is told, in each workspace of its own.
    QCOMPARE(sqlite::entryNews(database, before).changed.size(), 31);
    QCOMPARE(sqlite::entryNews(neighbour, before).changed, QStringList{theirs.entry.meta.fingerprint});
}

LLMCACHE_TEST_MAIN(TestSqliteEntries)
#include "tst_sqliteentries.moc"
