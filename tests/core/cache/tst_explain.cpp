#include "../store/await.h"
#include "../store/storefactory.h"
#include "../store/storesamples.h"
#include "base/error.h"
#include "cache/bulkchange.h"
#include "cache/explain.h"
#include "testenvironment.h"

#include <QTest>

#include <random>

using namespace llmcache;
using namespace llmcache::test;
using Reason = Explanation::Reason;

namespace {

constexpr qint64 hour = 3'600'000;
constexpr qint64 day = 24 * hour;

Request requestOf(const QString& prompt)
{
    Request request;
    request.model = {QStringLiteral("anthropic"), QStringLiteral("claude-haiku-4-5")};
    request.systemPrompts = {QStringLiteral("You read transcripts.\nBe brief.")};
    request.prompt = prompt;
    request.settings.temperature = 0.2;
    request.output = OutputType::json(QStringLiteral("Answer"),
        parseJson(
            R"({"type": "object", "properties": {"text": {"type": "string"}}})", QStringLiteral("schema")));
    return request;
}

} // namespace

/// Against both kinds of stores.
class TestExplain : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase_data();
    void init();
    void cleanup();
    void nothingIsLikeIt();
    void oneSettingChanged();
    void whatThisRunStoredIsNotLookedAt();
    void expired();
    void livesAsLongAsTheAgentSays();
    void invalidatedBySomebody();
    void goneForNoKnownReason();
    void aFailureWasNotStored();
    void anAnswerThatWasNotStored();
    void bypassed();
    void itIsThere();
    void staleOnly();
    void theRightFieldOfManyEntries();
    void progressAndStop();
    void damagedEntriesAreLeftOut();

private:
    void store(const Request& request, qint64 createdMs, const QString& agent = QStringLiteral("profiler"));
    void recordCall(const Request& request, Outcome outcome, qint64 timeMs);
    ExplainOptions options() const;
    Explanation explain(const Request& request)
    {
        return await(explainMiss(m_store.get(), request, options()));
    }

    std::unique_ptr<StoreFactory> m_factory;
    std::unique_ptr<Store> m_store;
    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<UndoJournal> m_journal;
    qint64 m_now = 0;
};

void TestExplain::initTestCase_data()
{
    QTest::addColumn<QString>("kind");
    for (const QString& kind : storeKinds())
        QTest::newRow(qPrintable(kind)) << kind;
}

void TestExplain::init()
{
    QFETCH_GLOBAL(QString, kind);
    QString missing;
    m_factory = makeStoreFactory(kind, missing);
    if (!m_factory)
        QSKIP(qPrintable(missing));
    m_store = m_factory->make(QStringLiteral("default"));
    m_folder = std::make_unique<QTemporaryDir>();
    m_journal = std::make_unique<UndoJournal>(m_folder->filePath(QStringLiteral("undo")));
    m_now = QDateTime::currentMSecsSinceEpoch();
}

void TestExplain::cleanup()
{
    m_journal.reset();
    m_store.reset();
    m_factory.reset();
}

ExplainOptions TestExplain::options() const
{
    ExplainOptions options;
    options.agent = QStringLiteral("profiler");
    options.nowMs = m_now;
    options.journal = m_journal.get();
    return options;
}

void TestExplain::store(const Request& request, qint64 createdMs, const QString& agent)
{
    Commit commit = sampleCommit(fingerprint(request));
    commit.entry.request = toJson(request);
    commit.entry.meta.model = request.model.toString();
    commit.entry.meta.agent = agent;
    commit.entry.meta.createdMs = createdMs;
    commit.entry.meta.promptExcerpt = excerpt(request.prompt);
    await(m_store->commit(std::move(commit)));
}

void TestExplain::recordCall(const Request& request, Outcome outcome, qint64 timeMs)
{
    Call call = sampleCall();
    call.outcome = outcome;
    call.timeMs = timeMs;
    call.fingerprint = fingerprint(request);
    call.error = outcome == Outcome::Failed ? QStringLiteral("rate limit") : QString();
    await(m_store->recordCalls({call}));
}

void TestExplain::nothingIsLikeIt()
{
    const Explanation explanation = explain(requestOf(QStringLiteral("Hello")));
    QCOMPARE(explanation.reason, Reason::NeverStored);
    QCOMPARE(explanation.fingerprint, fingerprint(requestOf(QStringLiteral("Hello"))));
    QVERIFY(!explanation.nearest);

    Request unlike = requestOf(QStringLiteral("Translate this contract into French, clause by clause"));
    unlike.model = {QStringLiteral("openai"), QStringLiteral("gpt-5")};
    unlike.systemPrompts = {QStringLiteral("A lawyer speaks")};
    unlike.history = {Message::user(QStringLiteral("good day"))};
    unlike.settings = {};
    unlike.output = OutputType::text();
    store(unlike, m_now - hour);
    QCOMPARE(explain(requestOf(QStringLiteral("Hello"))).reason, Reason::NeverStored);
}

void TestExplain::oneSettingChanged()
{
    store(requestOf(QStringLiteral("Who is Ada?")), m_now - 2 * hour);
    store(requestOf(QStringLiteral("Who is Bob, and where does he live?")), m_now - hour);
    Request changed = requestOf(QStringLiteral("Who is Ada?"));
    changed.settings.temperature = 0.3;
    const Explanation explanation = explain(changed);
    QCOMPARE(explanation.reason, Reason::Changed);
    QCOMPARE(explanation.verdict, QStringLiteral("temperature 0.2 → 0.3"));
    QCOMPARE(explanation.nearest->fingerprint, fingerprint(requestOf(QStringLiteral("Who is Ada?"))));
    QCOMPARE(explanation.differences.size(), std::size_t(1));
    QCOMPARE(explanation.nearestRequest, toJson(requestOf(QStringLiteral("Who is Ada?"))));
}

void TestExplain::whatThisRunStoredIsNotLookedAt()
{
    const Request request = requestOf(QStringLiteral("Who is Ada?"));
    Request before = request;
    before.sample = 1;
    store(before, m_now - hour);
    const qint64 began = m_now - 1000;
    store(request, m_now - 500);
    recordCall(request, Outcome::Miss, m_now - 500);
    ExplainOptions asked = options();
    asked.asOfMs = began;
    const Explanation explanation = await(explainMiss(m_store.get(), request, asked));
    QCOMPARE(explanation.verdict, QStringLiteral("sample 1 → 0"));
}

void TestExplain::expired()
{
    const Request request = requestOf(QStringLiteral("Who is Ada?"));
    recordCall(request, Outcome::Miss, m_now - 15 * day - 3 * hour);
    recordCall(request, Outcome::Hit, m_now - 14 * day);
    const Explanation explanation = explain(request);
    QCOMPARE(explanation.reason, Reason::Expired);
    QCOMPARE(explanation.verdict, QStringLiteral("expired 3 h ago; it was stored 15 d ago by ada"));
}

void TestExplain::livesAsLongAsTheAgentSays()
{
    const Request request = requestOf(QStringLiteral("Who is Ada?"));
    recordCall(request, Outcome::Miss, m_now - 3 * hour);
    ExplainOptions asked = options();
    asked.ttl = std::chrono::hours(1);
    QCOMPARE(await(explainMiss(m_store.get(), request, asked)).verdict,
        QStringLiteral("expired 2 h ago; it was stored 3 h ago by ada"));
    asked.ttl = std::chrono::seconds(0); // for ever
    QCOMPARE(await(explainMiss(m_store.get(), request, asked)).reason, Reason::Gone);
}

void TestExplain::invalidatedBySomebody()
{
    const Request request = requestOf(QStringLiteral("Who is Ada?"));
    store(request, m_now - 5 * hour);
    recordCall(request, Outcome::Miss, m_now - 5 * hour);
    BulkOptions deleting;
    deleting.by = QStringLiteral("bob");
    deleting.nowMs = m_now - 2 * hour;
    deleting.journal = m_journal.get();
    const std::vector<BulkTarget> targets{{fingerprint(request), 0}};
    QCOMPARE(await(changeMany(m_store.get(), targets, BulkAction{}, deleting)).changed, 1);
    const Explanation explanation = explain(request);
    QCOMPARE(explanation.reason, Reason::Invalidated);
    QCOMPARE(explanation.verdict, QStringLiteral("invalidated by bob 2 h ago; it was stored 5 h ago by ada"));
}

void TestExplain::goneForNoKnownReason()
{
    const Request request = requestOf(QStringLiteral("Who is Ada?"));
    recordCall(request, Outcome::Miss, m_now - 2 * hour);
    const Explanation explanation = explain(request);
    QCOMPARE(explanation.reason, Reason::Gone);
    QCOMPARE(
        explanation.verdict, QStringLiteral("gone: stored 2 h ago by ada, and deleted or evicted since"));
}

void TestExplain::aFailureWasNotStored()
{
    const Request request = requestOf(QStringLiteral("Who is Ada?"));
    recordCall(request, Outcome::Failed, m_now - 5 * 60'000);
    const Explanation explanation = explain(request);
    QCOMPARE(explanation.reason, Reason::NotStored);
    QCOMPARE(
        explanation.verdict, QStringLiteral("never stored: the run 5 min ago by ada failed (rate limit)"));
}

void TestExplain::anAnswerThatWasNotStored()
{
    const Request request = requestOf(QStringLiteral("Who is Ada?"));
    Call call = sampleCall();
    call.outcome = Outcome::Miss;
    call.unstored = true;
    call.timeMs = m_now - 5 * 60'000;
    call.fingerprint = fingerprint(request);
    await(m_store->recordCalls({call}));
    const Explanation explanation = explain(request);
    QCOMPARE(explanation.reason, Reason::NotStored);
    QCOMPARE(explanation.verdict,
        QStringLiteral("never stored: the run 5 min ago by ada paid for an answer and did not store it"));
}

void TestExplain::bypassed()
{
    ExplainOptions asked = options();
    asked.policy = CachePolicy::Bypass;
    const Request request = requestOf(QStringLiteral("Who is Ada?"));
    QCOMPARE(await(explainMiss(m_store.get(), request, asked)).reason, Reason::Bypassed);
    asked.policy = CachePolicy::Refresh;
    QCOMPARE(await(explainMiss(m_store.get(), request, asked)).reason, Reason::Bypassed);
}

void TestExplain::itIsThere()
{
    const Request request = requestOf(QStringLiteral("Who is Ada?"));
    store(request, m_now - 3 * day);
    const Explanation explanation = explain(request);
    QCOMPARE(explanation.reason, Reason::Present);
    QCOMPARE(explanation.verdict, QStringLiteral("an entry is there: stored 3 d ago by ada"));
}

void TestExplain::staleOnly()
{
    const Request request = requestOf(QStringLiteral("Who is Ada?"));
    Commit commit = sampleCommit(fingerprint(request));
    commit.entry.request = toJson(request);
    commit.entry.meta.createdMs = m_now - day;
    commit.entry.meta.staleAfterMs = m_now - hour;
    await(m_store->commit(std::move(commit)));
    const Explanation explanation = explain(request);
    QCOMPARE(explanation.reason, Reason::Expired);
    QVERIFY2(
        explanation.verdict.startsWith(QStringLiteral("expired 1 h ago")), qPrintable(explanation.verdict));
}

void TestExplain::theRightFieldOfManyEntries()
{
    // Prompts that are alike in the part that lists show, and entries of several agents.
    constexpr int count = 120;
    std::mt19937 random(7);
    const auto pick = [&random](
                          int below) { return std::uniform_int_distribution<int>(0, below - 1)(random); };
    const QStringList topics{QStringLiteral("refund"), QStringLiteral("invoice"), QStringLiteral("delivery"),
        QStringLiteral("password"), QStringLiteral("warranty")};
    std::vector<Request> requests;
    for (int i = 0; i < count; ++i) {
        Request request =
            requestOf(QStringLiteral("Summarise call %1 about a %2 of customer %3, in two sentences.")
                          .arg(i)
                          .arg(topics.at(pick(5)))
                          .arg(pick(1'000'000)));
        request.settings.temperature = 0.1 * pick(5);
        requests.push_back(request);
        store(
            request, m_now - 1000 - i, i % 3 == 0 ? QStringLiteral("profiler") : QStringLiteral("summarise"));
    }
    using Change = std::pair<const char*, std::function<void(Request&)>>;
    const std::vector<Change> changes{
        {"top p", [](Request& r) { r.settings.topP = 0.5; }},
        {"seed", [](Request& r) { r.settings.seed = 3; }},
        {"system prompt", [](Request& r) { r.systemPrompts.front() += QStringLiteral("\nBe kind."); }},
        {"instructions", [](Request& r) { r.instructions = QStringLiteral("In French."); }},
        {"output schema properties.text.type",
            [](Request& r) { r.output.schema["properties"]["text"]["type"] = "integer"; }},
        {"model", [](Request& r) { r.model.model = QStringLiteral("claude-opus-4-5"); }},
        {"sample", [](Request& r) { r.sample = 4; }},
        {"history turn 1", [](Request& r) { r.history = {Message::user(QStringLiteral("Hello"))}; }},
        {"prompt", [](Request& r) { r.prompt.replace(QStringLiteral("two"), QStringLiteral("three")); }},
    };
    constexpr int asked = 54;
    int right = 0;
    for (int i = 0; i < asked; ++i) {
        const auto& [field, change] = changes[static_cast<std::size_t>(i) % changes.size()];
        const Request& base = requests[static_cast<std::size_t>(pick(count))];
        Request mutated = base;
        change(mutated);
        const Explanation explanation = explain(mutated);
        const bool isRight = explanation.nearest && explanation.nearest->fingerprint == fingerprint(base)
            && explanation.differences.size() == 1
            && explanation.differences.front().field == QLatin1String(field);
        if (!isRight)
            qInfo("%s: %s", field, qPrintable(explanation.verdict));
        right += isRight ? 1 : 0;
    }
    QVERIFY2(right * 100 >= asked * 99, qPrintable(QString::number(right)));
}

void TestExplain::progressAndStop()
{
    for (int i = 0; i < 20; ++i)
        store(requestOf(QStringLiteral("Prompt %1").arg(i)), m_now - hour - i);
    std::stop_source stop;
    ExplainOptions asked = options();
    qint64 scanned = 0;
    asked.progress = [&scanned](const Explanation& explanation) { scanned = explanation.scanned; };
    const Request request = requestOf(QStringLiteral("Prompt x"));
    const Explanation explanation = await(explainMiss(m_store.get(), request, asked));
    QVERIFY(scanned >= 20);
    QCOMPARE(explanation.scanned, scanned);
    asked.progress = [&stop](const Explanation&) { stop.request_stop(); };
    asked.stop = stop.get_token();
    QVERIFY_EXCEPTION_THROWN(await(explainMiss(m_store.get(), request, asked)), Cancelled);
}

void TestExplain::damagedEntriesAreLeftOut()
{
    store(requestOf(QStringLiteral("Prompt 1")), m_now - hour);
    EntryChange broken;
    broken.kind = EntryChange::Kind::Put;
    broken.fingerprint = sampleFingerprint(QStringLiteral("broken"));
    broken.fields = toFields(sampleCommit(broken.fingerprint).entry, 1);
    broken.fields["request"] = "z?";
    await(m_store->changeEntries({broken}));
    QCOMPARE(
        explain(requestOf(QStringLiteral("Prompt 2"))).verdict, QStringLiteral("prompt changed: 1 line"));
}

LLMCACHE_TEST_MAIN(TestExplain)
#include "tst_explain.moc"
