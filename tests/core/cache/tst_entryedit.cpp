#include "../store/await.h"
#include "../store/storefactory.h"
#include "base/error.h"
#include "cache/bulkchange.h"
#include "cache/entryedit.h"
#include "provider/provider.h"
#include "readablecommit.h"
#include "testenvironment.h"

#include <QTemporaryDir>
#include <QTest>

using namespace llmcache;
using namespace llmcache::test;

class TestEntryEdit : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase_data();
    void init();
    void cleanup();

    void answersOfText();
    void answersOfJson();
    void answersThatDoNotFit();
    void savedWithItsExpiry();
    void somebodyWasQuicker();
    void goneMeanwhile();
    void editsAreUndone();

private:
    Entry stored(const QString& fingerprint) { return *await(m_store->lookup(fingerprint)); }
    EditResult save(const Entry& edited)
    {
        return await(
            saveEdit(m_store.get(), m_journal.get(), edited, QStringLiteral("eve"), 1'795'392'000'000));
    }

    StoreFactories m_factories;
    std::unique_ptr<Store> m_store;
    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<UndoJournal> m_journal;
};

void TestEntryEdit::initTestCase_data()
{
    QTest::addColumn<QString>("kind");
    const QStringList kinds = storeKinds();
    for (const QString& kind : kinds)
        QTest::newRow(qPrintable(kind)) << kind;
}

void TestEntryEdit::init()
{
    QFETCH_GLOBAL(QString, kind);
    if (!m_factories.of(kind))
        QSKIP(qPrintable(m_factories.missingText()));
    m_store = m_factories.of(kind)->make(newId());
    m_folder = std::make_unique<QTemporaryDir>();
    m_journal = std::make_unique<UndoJournal>(m_folder->path());
}

void TestEntryEdit::cleanup()
{
    m_journal.reset();
    m_store.reset();
}

void TestEntryEdit::answersOfText()
{
    const Entry before = readableCommit(false).entry;
    const Entry after = withOutput(before, Json("  Grace\nHopper"), QStringLiteral("eve"));
    QCOMPARE(outputText(after.output), QStringLiteral("  Grace\nHopper"));
    QCOMPARE(after.messages.size(), before.messages.size());
    QCOMPARE(after.messages.back().text, QStringLiteral("  Grace\nHopper"));
    QCOMPARE(after.meta.answerExcerpt, QStringLiteral("Grace Hopper"));
    QVERIFY(after.meta.human);
    QCOMPARE(after.meta.author, QStringLiteral("eve"));
    QCOMPARE(after.meta.cost, before.meta.cost);
    QVERIFY(after.request == before.request);
}

void TestEntryEdit::answersOfJson()
{
    const Entry after =
        withOutput(readableCommit(true).entry, Json{{"name", "Grace"}}, QStringLiteral("eve"));
    QCOMPARE(toJsonText(after.output), QByteArray(R"({"name":"Grace"})"));
    // Where the model gave it; what it had signed is not its own any more.
    QCOMPARE(
        toJsonText(after.messages.back().toolCalls.front().arguments), QByteArray(R"({"name":"Grace"})"));
    QVERIFY(after.messages.back().providerData.is_null());
}

void TestEntryEdit::answersThatDoNotFit()
{
    try {
        withOutput(readableCommit(true).entry, Json{{"name", 7}}, QStringLiteral("eve"));
        QFAIL("an answer that does not fit was taken");
    } catch (const OutputError& error) {
        QVERIFY2(error.message().contains(QLatin1String("/name")), error.what());
    }
    QVERIFY_EXCEPTION_THROWN(
        withOutput(readableCommit(false).entry, Json{{"name", "x"}}, QStringLiteral("eve")), OutputError);
}

void TestEntryEdit::savedWithItsExpiry()
{
    const Commit commit = readableCommit(false);
    const QString fingerprint = commit.entry.meta.fingerprint;
    await(m_store->commit(commit));
    const EntryImage before = await(m_store->readImages({fingerprint})).front();
    const EditResult result = save(withOutput(stored(fingerprint), Json("Grace"), QStringLiteral("eve")));
    QVERIFY(result.outcome == ChangeOutcome::Done);
    QCOMPARE(result.revision, 2);
    const EntryImage after = await(m_store->readImages({fingerprint})).front();
    QCOMPARE(after.expiresMs, before.expiresMs);
    const Entry entry = stored(fingerprint);
    QCOMPARE(outputText(entry.output), QStringLiteral("Grace"));
    QVERIFY(entry.meta.human);
    QCOMPARE(entry.meta.revision, 2);
    QCOMPARE(entry.meta.bytes, toJsonText(entry.request).size() + toJsonText(responseToJson(entry)).size());
    const auto kept = await(m_store->revisions(fingerprint));
    QCOMPARE(kept.size(), 1U);
    QVERIFY(kept.front() == before);
}

void TestEntryEdit::somebodyWasQuicker()
{
    const Commit commit = readableCommit(false);
    const QString fingerprint = commit.entry.meta.fingerprint;
    await(m_store->commit(commit));
    const Entry seen = stored(fingerprint);
    QVERIFY(save(withOutput(seen, Json("theirs"), QStringLiteral("eve"))).outcome == ChangeOutcome::Done);
    const EditResult result = save(withOutput(seen, Json("mine"), QStringLiteral("ada")));
    QVERIFY(result.outcome == ChangeOutcome::Conflict);
    QCOMPARE(result.revision, 2);
    QVERIFY(result.theirs);
    QCOMPARE(outputText(result.theirs->output), QStringLiteral("theirs"));
    QVERIFY(result.undoId.isEmpty());
    QCOMPARE(outputText(stored(fingerprint).output), QStringLiteral("theirs"));
    QCOMPARE(await(m_journal->list(m_store->info())).size(), 1U); // theirs
}

void TestEntryEdit::goneMeanwhile()
{
    const Commit commit = readableCommit(false);
    await(m_store->commit(commit));
    const Entry seen = stored(commit.entry.meta.fingerprint);
    await(m_store->removeEntries({seen.meta.fingerprint}));
    const EditResult result = save(withOutput(seen, Json("mine"), QStringLiteral("ada")));
    QVERIFY(result.outcome == ChangeOutcome::Absent);
    QVERIFY(!await(m_store->lookup(seen.meta.fingerprint)));
}

void TestEntryEdit::editsAreUndone()
{
    const Commit commit = readableCommit(true);
    const QString fingerprint = commit.entry.meta.fingerprint;
    await(m_store->commit(commit));
    const EntryImage before = await(m_store->readImages({fingerprint})).front();
    save(withOutput(stored(fingerprint), Json{{"name", "Grace"}}, QStringLiteral("eve")));
    const auto changes = await(m_journal->list(m_store->info()));
    QCOMPARE(changes.size(), 1U);
    QCOMPARE(changes.front().action, QStringLiteral("edit"));
    QCOMPARE(changes.front().by, QStringLiteral("eve"));
    BulkOptions options;
    options.journal = m_journal.get();
    options.nowMs = 1'795'392'000'000;
    QCOMPARE(await(undoChange(m_store.get(), changes.front(), false, options)).changed, 1);
    const EntryImage after = await(m_store->readImages({fingerprint})).front();
    QCOMPARE(after.revision(), 3);
    QCOMPARE(after.fields.value("response"), before.fields.value("response"));
    QCOMPARE(after.fields.value("meta"), before.fields.value("meta"));
    QCOMPARE(after.expiresMs, before.expiresMs);
}

LLMCACHE_TEST_MAIN(TestEntryEdit)
#include "tst_entryedit.moc"
