#include "await.h"
#include "base/error.h"
#include "storefactory.h"
#include "storesamples.h"
#include "testenvironment.h"

#include <QTest>

using namespace llmcache;
using namespace llmcache::test;
using namespace std::chrono_literals;

namespace {

/// Byte for byte, with the expiry to the millisecond. (Redis 7 behind the fallback for older ones counts the
/// time to live in a script from when that began.)
bool isExactly(const EntryImage& left, const EntryImage& right)
{
    const qint64 distance = std::abs(left.expiresMs.value_or(0) - right.expiresMs.value_or(0));
    QFETCH_GLOBAL(QString, kind);
    return left.fingerprint == right.fingerprint && left.fields == right.fields
        && left.expiresMs.has_value() == right.expiresMs.has_value()
        && distance <= (kind == QLatin1String("redis 6") ? 2 : 0);
}

} // namespace

/// Changes of stored entries: each whole or not at all, only of the revision that is meant. Each function
/// runs once a kind of store.
class TestStoreChanges : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase_data();
    void init();
    void cleanup();

    void imagesAreExact();
    void imagesOfNothing();
    void deletedEntriesComeBackByteForByte();
    void entriesThatNeverExpireComeBackSo();
    void onlyTheRevisionThatIsMeantIsChanged();
    void nothingIsPutOverAnother();
    void updatesKeepExpiryAndHits();
    void updatesSetTheExpiry();
    void replacedRevisionsAreKept();
    void manyChangesAtOnce();

private:
    std::unique_ptr<Store> another() { return m_factory->make(m_workspace); }
    EntryImage imageOf(const QString& fingerprint);
    ChangeOutcome make(const EntryChange& change) { return await(m_store->changeEntries({change})).front(); }
    static EntryChange removal(const QString& fingerprint, qint64 revision);
    static EntryChange putBack(const EntryImage& image, qint64 expected = 0);

    StoreFactories m_factories;
    StoreFactory* m_factory = nullptr;
    QString m_workspace;
    std::unique_ptr<Store> m_store;
};

void TestStoreChanges::initTestCase_data()
{
    QTest::addColumn<QString>("kind");
    const QStringList kinds = moreStoreKinds();
    for (const QString& kind : kinds)
        QTest::newRow(qPrintable(kind)) << kind;
}

void TestStoreChanges::init()
{
    QFETCH_GLOBAL(QString, kind);
    m_factory = m_factories.of(kind);
    if (!m_factory)
        QSKIP(qPrintable(m_factories.missingText()));
    m_workspace = newId();
    m_store = another();
}

void TestStoreChanges::cleanup()
{
    m_store.reset();
}

EntryImage TestStoreChanges::imageOf(const QString& fingerprint)
{
    const auto images = await(m_store->readImages({fingerprint}));
    return images.size() == 1 ? images.front() : EntryImage();
}

EntryChange TestStoreChanges::removal(const QString& fingerprint, qint64 revision)
{
    EntryChange change;
    change.fingerprint = fingerprint;
    change.expectedRevision = revision;
    return change;
}

EntryChange TestStoreChanges::putBack(const EntryImage& image, qint64 expected)
{
    EntryChange change;
    change.kind = EntryChange::Kind::Put;
    change.fingerprint = image.fingerprint;
    change.expectedRevision = expected;
    change.fields = image.fields;
    change.expiresMs = image.expiresMs;
    return change;
}

void TestStoreChanges::imagesAreExact()
{
    const Commit commit = sampleCommit(sampleFingerprint(QStringLiteral("a")), QString(5000, u'x'));
    const QString fingerprint = commit.entry.meta.fingerprint;
    await(m_store->commit(commit));
    const EntryImage image = imageOf(fingerprint);
    QCOMPARE(image.fingerprint, fingerprint);
    QCOMPARE(image.revision(), 1);
    QList<QByteArray> names;
    for (const EntryField& field : image.fields)
        names.append(field.name);
    QCOMPARE(names, (QList<QByteArray>{"hits", "meta", "request", "response", "rev", "used", "v"}));
    QCOMPARE(describe(entryFromImage(image)), describe(commit.entry));
    const auto looked = await(m_store->lookup(fingerprint));
    QVERIFY(image.expiresMs && looked->meta.expiresMs);
    // The look itself knows the time to live, not the time.
    QVERIFY(std::abs(*image.expiresMs - *looked->meta.expiresMs) < 5000);
    QVERIFY(imageFromBytes(toBytes(image)) == image);
}

void TestStoreChanges::imagesOfNothing()
{
    QCOMPARE(await(m_store->readImages({})).size(), 0U);
    QCOMPARE(await(m_store->readImages({sampleFingerprint(QStringLiteral("none"))})).size(), 0U);
    QCOMPARE(await(m_store->changeEntries({})).size(), 0U);
    QCOMPARE(await(m_store->revisions(sampleFingerprint(QStringLiteral("none")))).size(), 0U);
}

void TestStoreChanges::deletedEntriesComeBackByteForByte()
{
    const QString fingerprint = sampleFingerprint(QStringLiteral("a"));
    await(m_store->commit(sampleCommit(fingerprint)));
    await(m_store->commit(sampleCommit(fingerprint, QStringLiteral("second"))));
    Call hit = sampleCall();
    hit.outcome = Outcome::Hit;
    hit.fingerprint = fingerprint;
    await(m_store->recordCalls({hit}));
    const EntryImage before = imageOf(fingerprint);
    const auto entryBefore = await(m_store->lookup(fingerprint));
    QCOMPARE(before.fields.value("hits"), QByteArray("1"));

    QVERIFY(make(removal(fingerprint, 2)) == ChangeOutcome::Done);
    QVERIFY(!await(m_store->lookup(fingerprint)));
    QVERIFY(make(removal(fingerprint, 2)) == ChangeOutcome::Absent);

    QVERIFY(make(putBack(before)) == ChangeOutcome::Done);
    QVERIFY(isExactly(imageOf(fingerprint), before));
    const auto entryAfter = await(another()->lookup(fingerprint));
    QCOMPARE(describe(*entryAfter), describe(*entryBefore));
    QCOMPARE(entryAfter->meta.hits, 1);
    QCOMPARE(entryAfter->meta.revision, 2);
    const EntryPage page = await(m_store->listEntries({}, 10));
    QCOMPARE(page.rows.size(), 1U);
}

void TestStoreChanges::entriesThatNeverExpireComeBackSo()
{
    Commit commit = sampleCommit(sampleFingerprint(QStringLiteral("a")));
    commit.ttl.reset();
    await(m_store->commit(commit));
    const EntryImage before = imageOf(commit.entry.meta.fingerprint);
    QVERIFY(!before.expiresMs);
    QVERIFY(make(removal(before.fingerprint, 1)) == ChangeOutcome::Done);
    QVERIFY(make(putBack(before)) == ChangeOutcome::Done);
    QVERIFY(isExactly(imageOf(before.fingerprint), before));
}

void TestStoreChanges::onlyTheRevisionThatIsMeantIsChanged()
{
    const QString fingerprint = sampleFingerprint(QStringLiteral("a"));
    await(m_store->commit(sampleCommit(fingerprint)));
    await(another()->commit(sampleCommit(fingerprint, QStringLiteral("somebody's newer answer"))));
    const EntryImage newer = imageOf(fingerprint);
    QVERIFY(make(removal(fingerprint, 1)) == ChangeOutcome::Conflict);
    EntryChange update = removal(fingerprint, 1);
    update.kind = EntryChange::Kind::Update;
    update.fields = {{"meta", "{}"}, {"rev", "2"}};
    update.kept = "old";
    QVERIFY(make(update) == ChangeOutcome::Conflict);
    update.fingerprint = sampleFingerprint(QStringLiteral("none"));
    QVERIFY(make(update) == ChangeOutcome::Absent);
    QVERIFY(isExactly(imageOf(fingerprint), newer));
    QCOMPARE(await(m_store->revisions(fingerprint)).size(), 0U);
}

void TestStoreChanges::nothingIsPutOverAnother()
{
    const QString fingerprint = sampleFingerprint(QStringLiteral("a"));
    await(m_store->commit(sampleCommit(fingerprint, QStringLiteral("old"))));
    const EntryImage old = imageOf(fingerprint);
    await(m_store->removeEntries({fingerprint}));
    await(m_store->commit(sampleCommit(fingerprint, QStringLiteral("new"))));
    const EntryImage now = imageOf(fingerprint);
    QVERIFY(make(putBack(old)) == ChangeOutcome::Conflict);
    QVERIFY(isExactly(imageOf(fingerprint), now));
    QVERIFY(make(putBack(old, 1)) == ChangeOutcome::Done);
    QVERIFY(isExactly(imageOf(fingerprint), old));
}

void TestStoreChanges::updatesKeepExpiryAndHits()
{
    const QString fingerprint = sampleFingerprint(QStringLiteral("a"));
    await(m_store->commit(sampleCommit(fingerprint)));
    Call hit = sampleCall();
    hit.outcome = Outcome::Hit;
    hit.fingerprint = fingerprint;
    await(m_store->recordCalls({hit}));
    const EntryImage before = imageOf(fingerprint);

    Entry edited = entryFromImage(before);
    edited.output = "edited";
    EntryChange update = removal(fingerprint, 1);
    update.kind = EntryChange::Kind::Update;
    update.fields = toFields(edited, 2);
    QVERIFY(make(update) == ChangeOutcome::Done);
    const EntryImage after = imageOf(fingerprint);
    QVERIFY(after.expiresMs && std::abs(*after.expiresMs - *before.expiresMs) <= 2);
    QCOMPARE(after.revision(), 2);
    QCOMPARE(after.fields.value("hits"), QByteArray("1"));
    QCOMPARE(after.fields.value("used"), before.fields.value("used"));
    const auto entry = await(m_store->lookup(fingerprint));
    QCOMPARE(outputText(entry->output), QStringLiteral("edited"));
    QVERIFY(make(update) == ChangeOutcome::Conflict);
}

void TestStoreChanges::updatesSetTheExpiry()
{
    const QString fingerprint = sampleFingerprint(QStringLiteral("a"));
    await(m_store->commit(sampleCommit(fingerprint)));
    EntryChange update = removal(fingerprint, 1);
    update.kind = EntryChange::Kind::Update;
    update.setsExpiry = true;
    QVERIFY(make(update) == ChangeOutcome::Done);
    QVERIFY(!imageOf(fingerprint).expiresMs);
    const qint64 soon = QDateTime::currentMSecsSinceEpoch() + 3'600'123;
    update.expiresMs = soon;
    QVERIFY(make(update) == ChangeOutcome::Done);
    QVERIFY(std::abs(imageOf(fingerprint).expiresMs.value_or(0) - soon) <= 2);
    QCOMPARE(imageOf(fingerprint).revision(), 1);
    update.expiresMs = QDateTime::currentMSecsSinceEpoch() - 1;
    QVERIFY(make(update) == ChangeOutcome::Done);
    QVERIFY(!await(m_store->lookup(fingerprint)));
}

void TestStoreChanges::replacedRevisionsAreKept()
{
    const QString fingerprint = sampleFingerprint(QStringLiteral("a"));
    await(m_store->commit(sampleCommit(fingerprint, QStringLiteral("answer 1"))));
    constexpr int edits = Store::mostRevisions + 5;
    for (int revision = 1; revision <= edits; ++revision) {
        const EntryImage before = imageOf(fingerprint);
        Entry edited = entryFromImage(before);
        edited.output = toUtf8(QStringLiteral("answer %1").arg(revision + 1));
        EntryChange update = removal(fingerprint, revision);
        update.kind = EntryChange::Kind::Update;
        update.fields = toFields(edited, revision + 1);
        update.kept = toBytes(before);
        QVERIFY(make(update) == ChangeOutcome::Done);
    }
    const auto kept = await(another()->revisions(fingerprint));
    QCOMPARE(kept.size(), std::size_t(Store::mostRevisions));
    for (std::size_t i = 0; i < kept.size(); ++i) {
        const qint64 revision = edits - static_cast<qint64>(i);
        QCOMPARE(kept[i].revision(), revision);
        QCOMPARE(outputText(entryFromImage(kept[i]).output), QStringLiteral("answer %1").arg(revision));
    }
    // They outlive the entry, which may come back.
    await(m_store->removeEntries({fingerprint}));
    QCOMPARE(await(m_store->revisions(fingerprint)).size(), kept.size());
    const EntryPage page = await(m_store->listEntries({}, 10));
    QVERIFY(page.rows.empty());
}

void TestStoreChanges::manyChangesAtOnce()
{
    constexpr int count = 1300; // more than a store takes at once
    QStringList fingerprints;
    std::vector<EntryChange> puts;
    for (int i = 0; i < count; ++i) {
        fingerprints.append(sampleFingerprint(QString::number(i)));
        EntryImage image;
        image.fingerprint = fingerprints.last();
        image.fields = toFields(sampleCommit(image.fingerprint, QString::number(i)).entry, 1);
        image.fields["hits"] = "0";
        image.fields["used"] = "0";
        puts.push_back(putBack(image));
    }
    const auto outcomes = await(m_store->changeEntries(puts));
    QCOMPARE(std::count(outcomes.begin(), outcomes.end(), ChangeOutcome::Done), count);
    const auto images = await(m_store->readImages(fingerprints));
    QCOMPARE(images.size(), std::size_t(count));
    std::vector<EntryChange> removals;
    for (const QString& fingerprint : fingerprints)
        removals.push_back(removal(fingerprint, 1));
    removals[7].expectedRevision = 2;
    removals[9].fingerprint = sampleFingerprint(QStringLiteral("none"));
    removals[11].fingerprint = fingerprints[10]; // named twice, it is removed once
    const auto removed = await(m_store->changeEntries(removals));
    QVERIFY(removed[7] == ChangeOutcome::Conflict);
    QVERIFY(removed[9] == ChangeOutcome::Absent);
    QVERIFY(removed[11] == ChangeOutcome::Absent);
    QCOMPARE(std::count(removed.begin(), removed.end(), ChangeOutcome::Done), count - 3);
    QCOMPARE(await(m_store->readImages(fingerprints)).size(), 3U);
}

LLMCACHE_TEST_MAIN(TestStoreChanges)
#include "tst_storechanges.moc"
