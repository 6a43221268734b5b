#include "await.h"
#include "cache/entrysearch.h"
#include "oldsqlite.h"
#include "store/readonlystore.h"
#include "store/sqlite/database_p.h"
#include "store/sqlite/sqlitestore.h"
#include "store/sqlite/textquery_p.h"
#include "store/sqlite/texttable_p.h"
#include "store/textindex.h"
#include "storesamples.h"
#include "testenvironment.h"

#include <QDateTime>
#include <QRegularExpression>
#include <QTemporaryDir>
#include <QTest>

#include <random>

using namespace llmcache;
using namespace llmcache::test;

namespace {

qint64 now()
{
    return QDateTime::currentMSecsSinceEpoch();
}

EntryFilter parse(const QString& text)
{
    return EntryFilter::parse(text, QTimeZone::utc(), now());
}

Commit commitOf(const QString& name, const QString& answer)
{
    Commit commit = sampleCommit(sampleFingerprint(name), answer);
    commit.entry.meta.human = false;
    return commit;
}

EntryChange changeOf(EntryChange::Kind kind, const QString& name, qint64 expectedRevision)
{
    EntryChange change;
    change.kind = kind;
    change.fingerprint = sampleFingerprint(name);
    change.expectedRevision = expectedRevision;
    return change;
}

} // namespace

/// The index of texts in an SQLite file: it rules out what it can, and a search finds the same without it.
class TestTextIndex : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();

    void asksForGroupsOfLetters_data();
    void asksForGroupsOfLetters();
    void anyTextIsFound();
    void rulesOutWhatCanNotMatch();
    void followsWhatHappensToEntries();
    void hugeAndDamagedTextsAreRead();
    void findsWhatIsNotIndexedYet();
    void anOldFileIsIndexed();
    void indexesWhenThereIsNothingElseToDo();
    void aWriterIsNotWaitedFor();
    void whatIsGoneIsDroppedAtLast();
    void canBeSwitchedOff();
    void aReadOnlyStoreReadsIt();

private:
    QString file() const { return m_directory->filePath(QStringLiteral("store.db")); }
    TextIndex* index() const { return dynamic_cast<TextIndex*>(m_store.get()); }
    void commit(const QString& name, const QString& answer)
    {
        await(m_store->commit(commitOf(name, answer)));
    }
    /// Until nothing is left to do.
    void indexAll()
    {
        while (await(index()->indexTexts()).unindexed > 0) { }
    }
    QStringList found(Store* store, const QString& filter) const;
    /// Fingerprints of what has these names.
    static QStringList named(const QStringList& names);
    std::optional<TextCandidates> candidates(const QString& filter) const
    {
        return await(index()->textCandidates(parse(filter)));
    }

    std::unique_ptr<QTemporaryDir> m_directory;
    std::unique_ptr<Store> m_store;
    std::unique_ptr<Store> m_reader; ///< the same entries without the index
};

void TestTextIndex::init()
{
    m_store.reset();
    m_reader.reset();
    m_directory = std::make_unique<QTemporaryDir>();
    m_store = makeSqliteStore(file(), QStringLiteral("default"));
    m_reader = makeSqliteStore(file(), QStringLiteral("default"), {.indexesTexts = false});
    if (!await(index()->indexTexts()).isAvailable)
        QSKIP("this SQLite has no FTS5 with trigrams");
}

QStringList TestTextIndex::found(Store* store, const QString& filter) const
{
    QStringList fingerprints;
    SearchOptions options;
    options.nowMs = now();
    options.progress = [&fingerprints](const SearchReport&, const std::vector<EntryMeta>& rows) {
        for (const EntryMeta& row : rows)
            fingerprints.append(row.fingerprint);
    };
    await(findEntries(store, parse(filter), std::move(options)));
    fingerprints.sort();
    return fingerprints;
}

QStringList TestTextIndex::named(const QStringList& names)
{
    QStringList fingerprints;
    for (const QString& name : names)
        fingerprints.append(sampleFingerprint(name));
    fingerprints.sort();
    return fingerprints;
}

void TestTextIndex::asksForGroupsOfLetters_data()
{
    QTest::addColumn<QString>("filter");
    QTest::addColumn<QString>("query"); // null: nothing is ruled out
    const auto row = [](const char* filter, const char* query) {
        QTest::newRow(filter) << QString::fromUtf8(filter) << QString::fromUtf8(query);
    };
    row("text:abc", R"(("abc"))");
    row("text:ABCDE", R"(("abc" AND "bcd" AND "cde"))");
    row("text:0123456789abcdefghi", R"(("012" AND "345" AND "678" AND "9ab" AND "cde" AND "fgh" AND "ghi"))");
    row("text=abc", R"(("abc"))");
    row("text:Größe", R"(("grö" AND "röß" AND "öße"))");
    row("text:\"a\\\"bc\"", R"(("a""b" AND """bc"))");
    row("text:abc OR text:xyz", R"((("abc") OR ("xyz")))");
    row("text:abc agent:a", R"(("abc"))");
    row("agent:a (text:abc OR text:xyz)", R"((("abc") OR ("xyz")))");
    for (const char* nothing : {"text:ab", "text:any", "text:none", "-text:abc", "agent:a", "", "abc",
             "text:abc OR agent:a", "text:abc OR text:ab"})
        row(nothing, nullptr);
}

void TestTextIndex::asksForGroupsOfLetters()
{
    QFETCH(QString, filter);
    QFETCH(QString, query);
    const auto actual = sqlite::textQuery(parse(filter));
    QCOMPARE(actual.has_value(), !query.isEmpty());
    // Brackets around the whole make no difference.
    const auto bare = [](QString text) { return text.remove(QLatin1Char('(')).remove(QLatin1Char(')')); };
    QCOMPARE(bare(actual.value_or(QString())), bare(query));
}

void TestTextIndex::anyTextIsFound()
{
    // Letters whose cases are no simple pairs, and what means something to JSON, FTS5 or SQLite.
    const std::u32string letters =
        U"aAbBkKsS\u212A\u017F\u00DF\u1E9E\u0130\u0131iI\u00E4\u00C4\u03C3\u03C2\u03A3"
        U"\u01C5\u0390\U00010400\U00010428\U0001F600\"'()*\\-: \t\n\u00A0";
    std::mt19937 random(20'261'126);
    const auto text = [&](std::size_t length) {
        QString result;
        for (std::size_t i = 0; i < length; ++i) {
            const char32_t letter = letters[random() % letters.size()];
            result += QString::fromUcs4(&letter, 1);
        }
        return result;
    };
    QStringList texts;
    for (int i = 0; i < 60; ++i) {
        texts.append(text(40));
        commit(QString::number(i), texts.back() + QChar(0) + text(10));
    }
    indexAll();
    int hits = 0;
    for (int i = 0; i < 150; ++i) {
        const QString& from = texts.at(static_cast<qsizetype>(random() % 60));
        const auto length = static_cast<qsizetype>(3 + random() % 4);
        const QString part =
            i % 3 == 0 ? text(4) : from.simplified().mid(static_cast<qsizetype>(random() % 20), length);
        // Written in the other case now and then.
        QString wanted = i % 2 == 0 ? part : part.toUpper();
        wanted.replace(QLatin1Char('\\'), QLatin1String("\\\\"));
        wanted.replace(QLatin1Char('"'), QLatin1String("\\\""));
        const QString filter = QStringLiteral("text:\"%1\"").arg(wanted);
        const QStringList expected = found(m_reader.get(), filter);
        QCOMPARE(found(m_store.get(), filter), expected);
        hits += static_cast<int>(expected.size());
    }
    QVERIFY(hits > 50);
}

void TestTextIndex::rulesOutWhatCanNotMatch()
{
    for (int i = 0; i < 200; ++i)
        commit(QString::number(i), QStringLiteral("the answer is number%1.").arg(i));
    indexAll();
    const auto few = candidates(QStringLiteral("text:number77."));
    QVERIFY(few);
    QCOMPARE(few->indexed, QSet<QString>({sampleFingerprint(QStringLiteral("77"))}));
    QCOMPARE(few->unindexed, QSet<QString>());
    QCOMPARE(few->entries, 200);
    QVERIFY(!candidates(QStringLiteral("text:77")));
    // Only what is left is read, and all count as searched.
    SearchOptions options;
    options.nowMs = now();
    const SearchReport last =
        await(searchEntries(m_store.get(), named({QStringLiteral("1"), QStringLiteral("77")}),
            parse(QStringLiteral("text:number77")), std::move(options)));
    QCOMPARE(last.read, 2);
    QCOMPARE(last.found, 1);
}

void TestTextIndex::followsWhatHappensToEntries()
{
    const auto agrees = [this](const char* filter) {
        const QStringList expected = found(m_reader.get(), QLatin1String(filter));
        const QStringList before = found(m_store.get(), QLatin1String(filter));
        indexAll();
        const QStringList after = found(m_store.get(), QLatin1String(filter));
        return before == expected && after == expected ? expected : QStringList{QStringLiteral("differs")};
    };
    for (int i = 0; i < 20; ++i)
        commit(QStringLiteral("other%1").arg(i), QStringLiteral("nothing of interest"));
    commit(QStringLiteral("a"), QStringLiteral("a walrus"));
    commit(QStringLiteral("b"), QStringLiteral("another walrus"));
    indexAll();
    const auto both = named({QStringLiteral("a"), QStringLiteral("b")});
    QCOMPARE(agrees("text:walrus"), both);
    // Replaced by a new answer.
    commit(QStringLiteral("a"), QStringLiteral("a penguin"));
    QCOMPARE(agrees("text:walrus"), named({QStringLiteral("b")}));
    QCOMPARE(agrees("text:penguin"), named({QStringLiteral("a")}));
    // Edited.
    EntryChange edit = changeOf(EntryChange::Kind::Update, QStringLiteral("b"), 1);
    edit.fields = toFields(commitOf(QStringLiteral("b"), QStringLiteral("a gannet")).entry, 2);
    QCOMPARE(await(m_store->changeEntries({edit})), std::vector{ChangeOutcome::Done});
    QCOMPARE(agrees("text:walrus"), QStringList());
    QCOMPARE(agrees("text:gannet"), named({QStringLiteral("b")}));
    // Deleted, and put back as an undo does it.
    const auto images = await(m_store->readImages(both));
    QCOMPARE(await(m_store->changeEntries({changeOf(EntryChange::Kind::Remove, QStringLiteral("b"), 2)})),
        std::vector{ChangeOutcome::Done});
    QCOMPARE(agrees("text:gannet"), QStringList());
    EntryChange put = changeOf(EntryChange::Kind::Put, QStringLiteral("b"), 0);
    const auto kept = std::find_if(images.begin(), images.end(),
        [](const EntryImage& image) { return image.fingerprint == sampleFingerprint(QStringLiteral("b")); });
    QVERIFY(kept != images.end());
    put.fields = kept->fields;
    QCOMPARE(await(m_store->changeEntries({put})), std::vector{ChangeOutcome::Done});
    QCOMPARE(agrees("text:gannet"), named({QStringLiteral("b")}));
    // A new entry that gets the number of a deleted one.
    QCOMPARE(await(m_store->removeEntries({sampleFingerprint(QStringLiteral("b"))})), 1);
    commit(QStringLiteral("c"), QStringLiteral("a heron"));
    QCOMPARE(agrees("text:gannet"), QStringList());
    QCOMPARE(agrees("text:heron"), named({QStringLiteral("c")}));
    // Expired.
    EntryChange expire = changeOf(EntryChange::Kind::Update, QStringLiteral("c"), 1);
    expire.setsExpiry = true;
    expire.expiresMs = now() - 1;
    QCOMPARE(await(m_store->changeEntries({expire})), std::vector{ChangeOutcome::Done});
    QCOMPARE(agrees("text:heron"), QStringList());
    // Of another workspace.
    const auto elsewhere = makeSqliteStore(file(), QStringLiteral("elsewhere"));
    await(elsewhere->commit(commitOf(QStringLiteral("d"), QStringLiteral("a penguin"))));
    QCOMPARE(agrees("text:penguin"), named({QStringLiteral("a")}));
    QCOMPARE(found(elsewhere.get(), QStringLiteral("text:penguin")), named({QStringLiteral("d")}));
}

void TestTextIndex::hugeAndDamagedTextsAreRead()
{
    for (int i = 0; i < 10; ++i)
        commit(QString::number(i), QStringLiteral("small"));
    commit(QStringLiteral("huge"), QString(1'100'000, QLatin1Char('-')) + QStringLiteral("needle"));
    EntryChange damage = changeOf(EntryChange::Kind::Update, QStringLiteral("3"), 1);
    damage.fields = {{"rev", "2"}, {"response", "zbroken"}};
    await(m_store->changeEntries({damage}));
    indexAll();
    const auto few = candidates(QStringLiteral("text:needle"));
    QVERIFY(few);
    QCOMPARE(few->indexed, QSet<QString>());
    const auto toRead = named({QStringLiteral("3"), QStringLiteral("huge")});
    QCOMPARE(few->unindexed, QSet<QString>(toRead.begin(), toRead.end()));
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(QStringLiteral("damaged")));
    QCOMPARE(found(m_store.get(), QStringLiteral("text:needle")), named({QStringLiteral("huge")}));
}

void TestTextIndex::findsWhatIsNotIndexedYet()
{
    for (int i = 0; i < 10; ++i)
        commit(QString::number(i), QStringLiteral("needle"));
    // Reading everything is quicker than asking.
    QVERIFY(!candidates(QStringLiteral("text:needle")));
    QCOMPARE(found(m_store.get(), QStringLiteral("text:needle")).size(), 10);
    indexAll();
    commit(QStringLiteral("new"), QStringLiteral("needle"));
    const auto all = candidates(QStringLiteral("text:needle"));
    QVERIFY(all);
    QCOMPARE(all->indexed.size(), 10);
    QCOMPARE(all->unindexed, QSet<QString>({sampleFingerprint(QStringLiteral("new"))}));
    QCOMPARE(found(m_store.get(), QStringLiteral("text:needle")).size(), 11);
    // A search says how much of it the index knew.
    SearchOptions options;
    options.nowMs = now();
    const SearchReport report =
        await(findEntries(m_store.get(), parse(QStringLiteral("text:needle")), std::move(options)));
    QVERIFY(report.indexed);
    QCOMPARE(qRound(*report.indexed * 11), 10);
}

void TestTextIndex::anOldFileIsIndexed()
{
    for (int i = 0; i < 30; ++i)
        commit(QString::number(i), i == 7 ? QStringLiteral("needle") : QStringLiteral("hay"));
    m_store.reset();
    m_reader.reset();
    {
        // As version 4 left it.
        sqlite::Database database(file(), QStringLiteral("default"));
        database.open();
        makeEntriesOfVersion7(database);
        for (const char* table :
            {"text_pending", "text_state", "entry_texts", "packs", "packed", "repricings", "overlays"})
            database.execute(QStringLiteral("DROP TABLE %1").arg(QLatin1String(table)));
        database.execute(QStringLiteral("DROP TRIGGER entry_bodies_added"));
        database.execute(
            QStringLiteral("CREATE TABLE hours (n INTEGER NOT NULL)")); // a later version drops it
        database.execute(QStringLiteral("PRAGMA user_version=4"));
    }
    m_store = makeSqliteStore(file(), QStringLiteral("default"));
    const TextIndexState state = await(index()->indexTexts());
    QVERIFY(state.isAvailable);
    QVERIFY(state.unindexed < 30);
    indexAll();
    const auto few = candidates(QStringLiteral("text:needle"));
    QVERIFY(few);
    QCOMPARE(few->indexed, QSet<QString>({sampleFingerprint(QStringLiteral("7"))}));
}

void TestTextIndex::indexesWhenThereIsNothingElseToDo()
{
    for (int i = 0; i < 10; ++i)
        commit(QString::number(i), QStringLiteral("needle"));
    // Whoever asks is work, too: another store of the same file looks.
    const auto other = makeSqliteStore(file(), QStringLiteral("default"), {.indexesTexts = true});
    auto* const otherIndex = dynamic_cast<TextIndex*>(other.get());
    QTRY_VERIFY_WITH_TIMEOUT(
        await(otherIndex->textCandidates(parse(QStringLiteral("text:needle")))).has_value(), 30'000);
}

void TestTextIndex::aWriterIsNotWaitedFor()
{
    for (int i = 0; i < 10; ++i)
        commit(QString::number(i), QStringLiteral("needle"));
    sqlite::Database writer(file(), QStringLiteral("default"));
    writer.open();
    {
        const sqlite::Transaction transaction(writer, sqlite::Transaction::Mode::Write);
        QVERIFY_EXCEPTION_THROWN(await(index()->indexTexts()), CacheError);
    }
    indexAll();
    QVERIFY(candidates(QStringLiteral("text:needle")));
}

void TestTextIndex::whatIsGoneIsDroppedAtLast()
{
    std::vector<EntryChange> puts;
    QStringList fingerprints;
    for (int i = 0; i < 1200; ++i) {
        const QString name = QString::number(i);
        EntryChange put = changeOf(EntryChange::Kind::Put, name, 0);
        put.fields = toFields(commitOf(name, QStringLiteral("x")).entry, 1);
        fingerprints.append(put.fingerprint);
        puts.push_back(std::move(put));
    }
    await(m_store->changeEntries(std::move(puts)));
    indexAll();
    sqlite::Database database(file(), QStringLiteral("default"));
    database.open();
    QCOMPARE(sqlite::countIndexed(database), 1200);
    const auto groups = [&database] {
        sqlite::Statement select = database.prepare(QStringLiteral("SELECT COUNT(*) FROM entry_texts_idx"));
        return select.run().next() ? select.integer(0) : -1;
    };
    const qint64 groupsBefore = groups();
    QVERIFY(groupsBefore > 0);
    QCOMPARE(await(m_store->removeEntries(fingerprints)), 1200);
    commit(QStringLiteral("last"), QStringLiteral("the only one"));
    indexAll();
    QCOMPARE(sqlite::countIndexed(database), 1);
    QVERIFY(groups() < groupsBefore);
    QCOMPARE(found(m_store.get(), QStringLiteral("text:\"only one\"")), named({QStringLiteral("last")}));
}

void TestTextIndex::canBeSwitchedOff()
{
    commit(QStringLiteral("a"), QStringLiteral("needle"));
    indexAll();
    auto* const off = dynamic_cast<TextIndex*>(m_reader.get());
    QVERIFY(off);
    QVERIFY(!await(off->indexTexts()).isAvailable);
    QVERIFY(!await(off->textCandidates(parse(QStringLiteral("text:needle")))));
    QCOMPARE(found(m_reader.get(), QStringLiteral("text:needle")), named({QStringLiteral("a")}));
}

void TestTextIndex::aReadOnlyStoreReadsIt()
{
    for (int i = 0; i < 10; ++i)
        commit(QString::number(i), QStringLiteral("needle"));
    indexAll();
    const auto readOnly = makeReadOnly(makeSqliteStore(file(), QStringLiteral("default")), QString());
    auto* const itsIndex = dynamic_cast<TextIndex*>(readOnly.get());
    QVERIFY(itsIndex);
    QCOMPARE(await(itsIndex->textCandidates(parse(QStringLiteral("text:needle"))))->indexed.size(), 10);
    QVERIFY_EXCEPTION_THROWN(await(itsIndex->indexTexts()), CacheError);
    QCOMPARE(found(readOnly.get(), QStringLiteral("text:needle")).size(), 10);
}

LLMCACHE_TEST_MAIN(TestTextIndex)
#include "tst_textindex.moc"
