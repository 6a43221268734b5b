#include "../store/await.h"
#include "../store/storefactory.h"
#include "../store/storesamples.h"
#include "base/error.h"
#include "cache/bulkchange.h"
#include "store/rawentry.h"
#include "testenvironment.h"

#include <QTemporaryDir>
#include <QTest>

#include <map>

using namespace llmcache;
using namespace llmcache::test;
using namespace std::chrono_literals;

/// Changes of many entries and their undoing, in both stores.
class TestBulkChange : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase_data();
    void init();
    void cleanup();

    void deletionIsUndoneExactly();
    void withoutRecordThereIsNoUndo();
    void entriesThatChangedAreLeftAlone();
    void theConditionIsCheckedAgain();
    void cancelledBetweenBatches();
    void progressNamesEveryEntry();
    void nothingIsDeletedThatCantBeKept();

    void pinsTagsAndExpiry();
    void whatIsSoAlreadyIsNotTouched();
    void changesAreUndone();

    void changesAreUndoneOneAfterAnother();
    void undoLeavesNewerEntriesAlone();
    void undoOverwritesWhenTold();
    void undoOfWhatHasExpired();
    void undoMayBeRepeated();
    void undoOfWhatNeverHappened();
    void undoIsDoneByOne();

private:
    QStringList fill(int count);
    std::vector<BulkTarget> targets(const QStringList& fingerprints);
    BulkReport change(const QStringList& fingerprints, const BulkAction& action = {});
    BulkOptions options();
    UndoSummary lastChange();
    BulkReport undo(bool overwrite = false);
    std::vector<EntryImage> images(const QStringList& fingerprints);

    StoreFactories m_factories;
    QString m_workspace;
    std::unique_ptr<Store> m_store;
    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<UndoJournal> m_journal;
    qint64 m_nowMs = 0;
};

void TestBulkChange::initTestCase_data()
{
    QTest::addColumn<QString>("kind");
    const QStringList kinds = storeKinds();
    for (const QString& kind : kinds)
        QTest::newRow(qPrintable(kind)) << kind;
}

void TestBulkChange::init()
{
    QFETCH_GLOBAL(QString, kind);
    if (!m_factories.of(kind))
        QSKIP(qPrintable(m_factories.missingText()));
    m_workspace = newId();
    m_store = m_factories.of(kind)->make(m_workspace);
    m_folder = std::make_unique<QTemporaryDir>();
    m_journal = std::make_unique<UndoJournal>(m_folder->filePath(QStringLiteral("undo")));
    m_nowMs = QDateTime::currentMSecsSinceEpoch();
}

void TestBulkChange::cleanup()
{
    m_journal.reset();
    m_store.reset();
}

QStringList TestBulkChange::fill(int count)
{
    QStringList fingerprints;
    std::vector<EntryChange> puts;
    for (int i = 0; i < count; ++i) {
        fingerprints.append(sampleFingerprint(QString::number(i)));
        EntryChange put;
        put.kind = EntryChange::Kind::Put;
        put.fingerprint = fingerprints.last();
        put.fields = toFields(sampleCommit(put.fingerprint, QStringLiteral("answer %1").arg(i)).entry, 1);
        put.fields["hits"] = QByteArray::number(i);
        put.fields["used"] = "0";
        if (i % 3 != 0)
            put.expiresMs = m_nowMs + 3'600'000 + i;
        puts.push_back(put);
    }
    await(m_store->changeEntries(std::move(puts)));
    return fingerprints;
}

std::vector<BulkTarget> TestBulkChange::targets(const QStringList& fingerprints)
{
    std::vector<BulkTarget> list;
    for (const EntryImage& image : images(fingerprints))
        list.push_back({image.fingerprint, image.revision()});
    return list;
}

std::vector<EntryImage> TestBulkChange::images(const QStringList& fingerprints)
{
    auto found = await(m_store->readImages(fingerprints));
    QHash<QString, qsizetype> places;
    for (const QString& fingerprint : fingerprints)
        places.insert(fingerprint, places.size());
    std::sort(found.begin(), found.end(), [&places](const EntryImage& left, const EntryImage& right) {
        return places[left.fingerprint] < places[right.fingerprint];
    });
    return found;
}

BulkOptions TestBulkChange::options()
{
    BulkOptions given;
    given.by = QStringLiteral("ada");
    given.nowMs = m_nowMs;
    given.journal = m_journal.get();
    return given;
}

BulkReport TestBulkChange::change(const QStringList& fingerprints, const BulkAction& action)
{
    return await(changeMany(m_store.get(), targets(fingerprints), action, options()));
}

UndoSummary TestBulkChange::lastChange()
{
    const auto changes = await(m_journal->list(m_store->info()));
    return changes.empty() ? UndoSummary() : changes.front();
}

BulkReport TestBulkChange::undo(bool overwrite)
{
    return await(undoChange(m_store.get(), lastChange(), overwrite, options()));
}

void TestBulkChange::deletionIsUndoneExactly()
{
    const QStringList fingerprints = fill(50);
    const auto before = images(fingerprints);
    const BulkReport deleted = change(fingerprints.mid(0, 40));
    QCOMPARE(deleted.changed, 40);
    QCOMPARE(deleted.done(), 40);
    QCOMPARE(images(fingerprints).size(), 10U);
    QCOMPARE(lastChange().id, deleted.undoId);
    QCOMPARE(lastChange().entries, 40);
    QCOMPARE(lastChange().action, QStringLiteral("delete"));

    const BulkReport undone = undo();
    QCOMPARE(undone.changed, 40);
    QCOMPARE(undone.done(), 40);
    QVERIFY(images(fingerprints) == before);
    QVERIFY(lastChange().id.isEmpty());
}

void TestBulkChange::withoutRecordThereIsNoUndo()
{
    const QStringList fingerprints = fill(5);
    BulkOptions given = options();
    given.journal = nullptr;
    const BulkReport deleted = await(changeMany(m_store.get(), targets(fingerprints), BulkAction{}, given));
    QCOMPARE(deleted.changed, 5);
    QVERIFY(deleted.undoId.isEmpty());
    QVERIFY(images(fingerprints).empty());
    QVERIFY(lastChange().id.isEmpty());
}

void TestBulkChange::entriesThatChangedAreLeftAlone()
{
    const QStringList fingerprints = fill(5);
    const auto chosen = targets(fingerprints);
    await(m_store->commit(sampleCommit(fingerprints[1], QStringLiteral("newer"))));
    await(m_store->removeEntries({fingerprints[3]}));
    for (const bool kept : {true, false}) {
        BulkOptions given = options();
        if (!kept)
            given.journal = nullptr;
        std::map<QString, BulkFate> fates;
        given.progress = [&fates](const BulkReport&, const std::vector<BulkResult>& results) {
            for (const BulkResult& result : results)
                fates[result.fingerprint] = result.fate;
        };
        const BulkReport report = await(changeMany(m_store.get(), chosen, BulkAction{}, given));
        QVERIFY(fates[fingerprints[1]] == BulkFate::Conflict);
        QVERIFY(fates[fingerprints[3]] == BulkFate::Absent);
        QCOMPARE(report.conflicts, 1);
        QCOMPARE(report.changed, kept ? 3 : 0);
        QCOMPARE(report.absent, kept ? 1 : 4);
    }
    QCOMPARE(outputText(await(m_store->lookup(fingerprints[1]))->output), QStringLiteral("newer"));
}

void TestBulkChange::theConditionIsCheckedAgain()
{
    const QStringList fingerprints = fill(6); // with 0 to 5 hits
    const auto chosen = targets(fingerprints);
    Call hit = sampleCall();
    hit.outcome = Outcome::Hit;
    hit.fingerprint = fingerprints[0];
    await(m_store->recordCalls({hit}));
    BulkOptions given = options();
    given.stillApplies = [](const EntryImage& image) { return metaFromImage(image).hits != 1; };
    const BulkReport report = await(changeMany(m_store.get(), chosen, BulkAction{}, given));
    QCOMPARE(report.changed, 4); // not the one that was hit, nor that which had one
    QCOMPARE(report.conflicts, 2);
    QVERIFY(await(m_store->lookup(fingerprints[0])));
}

void TestBulkChange::cancelledBetweenBatches()
{
    const QStringList fingerprints = fill(2500);
    std::stop_source stop;
    BulkOptions given = options();
    given.stop = stop.get_token();
    given.progress = [&stop](const BulkReport&, const std::vector<BulkResult>&) { stop.request_stop(); };
    const BulkReport report = await(changeMany(m_store.get(), targets(fingerprints), BulkAction{}, given));
    QVERIFY(report.cancelled);
    QVERIFY(report.changed > 0 && report.changed < 2500);
    QCOMPARE(images(fingerprints).size(), std::size_t(2500 - report.changed));
    QCOMPARE(undo().changed, report.changed);
    QCOMPARE(images(fingerprints).size(), 2500U);
}

void TestBulkChange::progressNamesEveryEntry()
{
    const QStringList fingerprints = fill(1500);
    QSet<QString> named;
    qint64 last = 0;
    BulkOptions given = options();
    given.progress = [&](const BulkReport& report, const std::vector<BulkResult>& results) {
        for (const BulkResult& result : results)
            named.insert(result.fingerprint);
        QCOMPARE(report.asked, 1500);
        QVERIFY(results.size() <= std::size_t(m_store->changesAtOnce()));
        QVERIFY(report.done() > last);
        last = report.done();
    };
    await(changeMany(m_store.get(), targets(fingerprints), BulkAction{}, given));
    QCOMPARE(named.size(), 1500);
    QCOMPARE(last, 1500);
}

void TestBulkChange::nothingIsDeletedThatCantBeKept()
{
    const QStringList fingerprints = fill(20);
    m_journal = std::make_unique<UndoJournal>(m_folder->filePath(QStringLiteral("small")), 2000);
    QVERIFY_EXCEPTION_THROWN(change(fingerprints), ConfigurationError);
    QCOMPARE(images(fingerprints).size(), 20U);
    QVERIFY(lastChange().id.isEmpty());
}

void TestBulkChange::pinsTagsAndExpiry()
{
    const QStringList fingerprints = fill(2);
    const QString fingerprint = fingerprints[1]; // it expires
    const auto meta = [&] { return await(m_store->lookup(fingerprint))->meta; };
    const auto note = [&] { return await(readPinNote(m_store.get(), fingerprint)); };
    QCOMPARE(change({fingerprint}, {BulkAction::Kind::Pin}).changed, 1);
    QVERIFY(meta().pinned);
    QVERIFY(!meta().expiresMs);
    QCOMPARE(meta().revision, 2);
    BulkAction reasoned{BulkAction::Kind::Pin};
    reasoned.reason = QStringLiteral("checked by hand");
    QCOMPARE(change({fingerprint}, reasoned).changed, 1); // pinned already, but nobody had said why
    QCOMPARE(note().reason, reasoned.reason);
    QCOMPARE(change({fingerprint}, {BulkAction::Kind::Pin}).changed, 0);
    QCOMPARE(note().reason, reasoned.reason);
    QCOMPARE(change({fingerprint}, {BulkAction::Kind::AddTag, {}, QStringLiteral("nächtlich")}).changed, 1);
    QCOMPARE(meta().tags.last(), QStringLiteral("nächtlich"));
    QCOMPARE(meta().tags.size(), 3);
    QVERIFY(meta().pinned && !meta().expiresMs);
    for (const QString& tag : meta().tags)
        QCOMPARE(change({fingerprint}, {BulkAction::Kind::RemoveTag, {}, tag}).changed, 1);
    QVERIFY(meta().tags.isEmpty());
    QCOMPARE(change({fingerprint}, {BulkAction::Kind::Unpin, m_nowMs + 5'000'000}).changed, 1);
    QVERIFY(!meta().pinned && note().reason.isEmpty() && note().by.isEmpty());
    QCOMPARE(images({fingerprint}).front().expiresMs, std::optional(m_nowMs + 5'000'000));
    QCOMPARE(change({fingerprint}, {BulkAction::Kind::SetExpiry, m_nowMs + 9'000'000}).changed, 1);
    QCOMPARE(images({fingerprint}).front().expiresMs, std::optional(m_nowMs + 9'000'000));
    QCOMPARE(change({fingerprint}, {BulkAction::Kind::SetExpiry}).changed, 1);
    QVERIFY(!images({fingerprint}).front().expiresMs);
    QVERIFY(!meta().pinned);
    // The answer itself has not been touched.
    QCOMPARE(outputText(await(m_store->lookup(fingerprint))->output), QStringLiteral("answer 1"));
    QCOMPARE(meta().hits, 1);
}

void TestBulkChange::whatIsSoAlreadyIsNotTouched()
{
    const QStringList fingerprints = fill(1); // which never expires
    const auto before = images(fingerprints);
    QCOMPARE(change(fingerprints, {BulkAction::Kind::SetExpiry}).unaffected, 1);
    QCOMPARE(change(fingerprints, {BulkAction::Kind::Unpin, m_nowMs + 1000}).unaffected, 1);
    QCOMPARE(change(fingerprints, {BulkAction::Kind::AddTag, {}, QStringLiteral("golden")}).unaffected, 1);
    QCOMPARE(change(fingerprints, {BulkAction::Kind::RemoveTag, {}, QStringLiteral("other")}).unaffected, 1);
    QVERIFY(images(fingerprints) == before);
    QVERIFY(lastChange().id.isEmpty());
}

void TestBulkChange::changesAreUndone()
{
    const QStringList fingerprints = fill(3);
    const auto before = images(fingerprints);
    QCOMPARE(change(fingerprints, {BulkAction::Kind::Pin}).changed, 3);
    QCOMPARE(undo().changed, 3);
    const auto after = images(fingerprints);
    for (std::size_t i = 0; i < 3; ++i) {
        // One more revision: who has seen the pinned one must notice.
        QCOMPARE(after[i].revision(), 3);
        QCOMPARE(after[i].expiresMs, before[i].expiresMs);
        QCOMPARE(after[i].fields.value("meta"), before[i].fields.value("meta"));
        QCOMPARE(after[i].fields.value("hits"), before[i].fields.value("hits"));
    }
}

void TestBulkChange::changesAreUndoneOneAfterAnother()
{
    const QStringList fingerprints = fill(3);
    const auto before = images(fingerprints);
    change(fingerprints, {BulkAction::Kind::AddTag, {}, QStringLiteral("night")});
    ++m_nowMs; // changes are told apart by their time
    change({fingerprints[0], fingerprints[1]}, {BulkAction::Kind::Pin});
    ++m_nowMs;
    change({fingerprints[1]});
    for (const qint64 expected : {1, 2, 3}) {
        const BulkReport undone = undo();
        QCOMPARE(undone.changed, expected);
        QCOMPARE(undone.done(), expected);
    }
    const auto after = images(fingerprints);
    for (std::size_t i = 0; i < 3; ++i)
        QCOMPARE(contentDigest(after[i]), contentDigest(before[i]));
}

void TestBulkChange::undoLeavesNewerEntriesAlone()
{
    const QStringList fingerprints = fill(3);
    change(fingerprints);
    await(m_store->commit(sampleCommit(fingerprints[1], QStringLiteral("newer"))));
    const BulkReport undone = undo();
    QCOMPARE(undone.changed, 2);
    QCOMPARE(undone.conflicts, 1);
    QCOMPARE(outputText(await(m_store->lookup(fingerprints[1]))->output), QStringLiteral("newer"));
    // The record stays for the rest.
    QCOMPARE(lastChange().entries, 3);
}

void TestBulkChange::undoOverwritesWhenTold()
{
    const QStringList fingerprints = fill(3);
    change(fingerprints);
    await(m_store->commit(sampleCommit(fingerprints[1], QStringLiteral("newer"))));
    const BulkReport undone = undo(true);
    QCOMPARE(undone.changed, 3);
    QCOMPARE(outputText(await(m_store->lookup(fingerprints[1]))->output), QStringLiteral("answer 1"));
    // And that can be undone too.
    QCOMPARE(lastChange().action, QStringLiteral("undo"));
    QCOMPARE(lastChange().id, undone.undoId);
    QCOMPARE(undo().changed, 1);
    QCOMPARE(outputText(await(m_store->lookup(fingerprints[1]))->output), QStringLiteral("newer"));
}

void TestBulkChange::undoOfWhatHasExpired()
{
    const QStringList fingerprints = fill(3);
    change(fingerprints);
    m_nowMs += 3'600'000 + 1; // of 1 and 2, the former has expired
    const BulkReport undone = undo();
    QCOMPARE(undone.expired, 1);
    QCOMPARE(undone.changed, 2);
    QVERIFY(!await(m_store->lookup(fingerprints[1])));
    QVERIFY(lastChange().id.isEmpty());
}

void TestBulkChange::undoMayBeRepeated()
{
    const QStringList fingerprints = fill(2500);
    const auto before = images(fingerprints);
    change(fingerprints);
    std::stop_source stop;
    BulkOptions given = options();
    given.stop = stop.get_token();
    given.progress = [&stop](const BulkReport&, const std::vector<BulkResult>&) { stop.request_stop(); };
    const BulkReport interrupted = await(undoChange(m_store.get(), lastChange(), false, given));
    QVERIFY(interrupted.cancelled);
    QVERIFY(interrupted.changed < 2500);
    const BulkReport rest = undo();
    QCOMPARE(rest.unaffected, interrupted.changed);
    QCOMPARE(rest.changed + rest.unaffected, 2500);
    QVERIFY(images(fingerprints) == before);
}

/// A crash between keeping and deleting.
void TestBulkChange::undoOfWhatNeverHappened()
{
    const QStringList fingerprints = fill(2);
    const auto before = images(fingerprints);
    const QString id =
        await(m_journal->begin(m_store->info(), QStringLiteral("delete"), QStringLiteral("ada"), m_nowMs));
    await(m_journal->append(id, {{before[0], 0}, {before[1], 2, "of what was never written"}}));
    await(m_journal->end(id));
    const BulkReport undone = undo();
    QCOMPARE(undone.unaffected, 2);
    QVERIFY(images(fingerprints) == before);
    QVERIFY(lastChange().id.isEmpty());
}

void TestBulkChange::undoIsDoneByOne()
{
    const QStringList fingerprints = fill(2);
    change(fingerprints);
    UndoJournal other(m_folder->filePath(QStringLiteral("undo")));
    QVERIFY(await(other.claim(lastChange().id)));
    QVERIFY_EXCEPTION_THROWN(undo(), CacheError);
    await(other.release(lastChange().id));
    QCOMPARE(undo().changed, 2);
}

LLMCACHE_TEST_MAIN(TestBulkChange)
#include "tst_bulkchange.moc"
