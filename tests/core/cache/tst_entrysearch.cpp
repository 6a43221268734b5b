#include "../store/await.h"
#include "../store/storefactory.h"
#include "../store/storesamples.h"
#include "base/error.h"
#include "cache/entrysearch.h"
#include "testenvironment.h"

#include <QRegularExpression>
#include <QTest>

using namespace llmcache;
using namespace llmcache::test;

namespace {

constexpr qint64 nowMs = 1'795'435'200'000; // 2026-11-23 12:00 UTC

EntryFilter parse(const QString& text)
{
    return EntryFilter::parse(text, QTimeZone::utc(), nowMs);
}

/// A conversation about a parcel whose texts are longer than an excerpt.
Commit parcel()
{
    Commit commit = sampleCommit(sampleFingerprint(QStringLiteral("parcel")));
    const QString filler = QString(400, QLatin1Char('.'));
    Entry& entry = commit.entry;
    entry.request = Json{{"provider", "openai"}, {"model", "gpt-hidden"},
        {"system", Json::array({"You sort tickets.", "Be kind."})}, {"instructions", "Answer in German."},
        {"history",
            Json::array({Json{{"role", "user"}, {"content", "Where is it?"}},
                Json{{"role", "assistant"}, {"content", ""},
                    {"tool_calls",
                        Json::array({Json{{"id", "c1"}, {"name", "track_parcel"},
                            {"arguments", Json{{"number", 4711}}}}})}}})},
        {"prompt", toUtf8(filler + QStringLiteral("The parcel\nfrom C:\\data\\new was \"lost\" in Zürich"))},
        {"output", Json{{"name", "SchemaWord"}}}};
    entry.output = Json{{"queue", "billing"}, {"size", 42}};
    entry.messages = {
        Message::user(QStringLiteral("x")), Message::assistant(filler + QStringLiteral("Größe a/b K"))};
    entry.messages.back().thinking = QStringLiteral("The customer sounds upset");
    return commit;
}

EntryImage imageOf(const Commit& commit)
{
    return {commit.entry.meta.fingerprint, toFields(commit.entry, 1), {}};
}

bool finds(const QString& filter, const EntryImage& image)
{
    return ImageFilter(parse(filter), nowMs).matches(image);
}

} // namespace

/// Filters that ask for whole texts, on entries as they are stored and in both stores.
class TestEntrySearch : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase_data();
    void init();

    void looksIntoTexts_data();
    void looksIntoTexts();
    void findsWhatOthersWrote();
    void damagedEntriesAreNamed();
    void metadataDecideWhatTheyCan();

    void findsInAStore();
    void readsNoMoreThanItNeeds();
    void searchesAmongGivenEntries();
    void isCancelled();
    void passesOverDamagedEntries();
    void answersThatFitTheirAgentNoMore();

private:
    QStringList fill(int count);
    void damage(const QString& fingerprint);
    QStringList found(const QString& filter, SearchReport* report = nullptr);

    StoreFactories m_factories;
    std::unique_ptr<Store> m_store;
};

void TestEntrySearch::initTestCase_data()
{
    QTest::addColumn<QString>("kind");
    for (const QString& kind : moreStoreKinds())
        QTest::newRow(qPrintable(kind)) << kind;
}

void TestEntrySearch::init()
{
    QFETCH_GLOBAL(QString, kind);
    if (!m_factories.of(kind))
        QSKIP(qPrintable(m_factories.missingText()));
    m_store = m_factories.of(kind)->make(newId());
}

QStringList TestEntrySearch::fill(int count)
{
    QStringList fingerprints;
    std::vector<EntryChange> puts;
    for (int i = 0; i < count; ++i) {
        Commit commit = sampleCommit(sampleFingerprint(QString::number(i)));
        const QString filler = QString(300, QLatin1Char('-'));
        commit.entry.output = toUtf8(filler + QStringLiteral(" needle%1 ").arg(i % 10));
        commit.entry.meta.agent = i % 2 == 0 ? QStringLiteral("even") : QStringLiteral("odd");
        EntryChange put;
        put.kind = EntryChange::Kind::Put;
        put.fingerprint = commit.entry.meta.fingerprint;
        put.fields = toFields(commit.entry, 1);
        fingerprints.append(put.fingerprint);
        puts.push_back(std::move(put));
    }
    await(m_store->changeEntries(std::move(puts)));
    return fingerprints;
}

void TestEntrySearch::damage(const QString& fingerprint)
{
    EntryChange damage;
    damage.kind = EntryChange::Kind::Update;
    damage.fingerprint = fingerprint;
    damage.expectedRevision = 1;
    damage.fields = {{"rev", "2"}, {"response", "zbroken"}};
    await(m_store->changeEntries({damage}));
}

QStringList TestEntrySearch::found(const QString& filter, SearchReport* report)
{
    QStringList fingerprints;
    SearchOptions options;
    options.nowMs = nowMs;
    options.progress = [&fingerprints](const SearchReport&, const std::vector<EntryMeta>& rows) {
        for (const EntryMeta& row : rows)
            fingerprints.append(row.fingerprint);
    };
    const SearchReport end = await(findEntries(m_store.get(), parse(filter), std::move(options)));
    if (report)
        *report = end;
    fingerprints.sort();
    return fingerprints;
}

void TestEntrySearch::looksIntoTexts_data()
{
    QTest::addColumn<QString>("filter");
    QTest::addColumn<bool>("expected");
    const auto yes = [](const char* filter) { QTest::newRow(filter) << QString::fromUtf8(filter) << true; };
    const auto no = [](const char* filter) { QTest::newRow(filter) << QString::fromUtf8(filter) << false; };
    yes("text:tickets"); // system prompts
    yes("text:\"be KIND\"");
    no("text:\"tickets. Be\""); // not across two of them
    yes("text:german"); // instructions
    yes("text:\"where is it\""); // history
    yes("text:track_parcel");
    yes("text:4711");
    yes("text:parcel"); // prompt, beyond the excerpt
    yes("text:\"parcel from\""); // over a line break
    yes("text:\"parcel   from\"");
    yes("text:\"\\\"lost\\\"\"");
    yes("text:\"C:\\\\data\\\\new\"");
    no("text:datanew");
    yes("text:zürich");
    yes("text:ZÜRICH");
    yes("text:grösse OR text:größe");
    yes("text:a/b");
    yes("text:\"\\\"size\\\":42\""); // JSON answers
    yes("text:upset"); // thinking
    no("text:gpt-hidden"); // no text of anybody
    no("text:SchemaWord");
    no("text:queues");
    yes("text=\"be kind.\"");
    no("text=\"be kind\"");
    yes("text:any");
    no("text:none");
    yes("-text:queues");
    no("-text:parcel");
    yes("text:parcel agent:profiler");
    no("text:parcel agent:triage");
    yes("agent:triage OR text:parcel");
    yes("-(text:parcel agent:triage)");
    yes("text:parcel text:billing -text:refund");
    yes("text:\"\"");
}

void TestEntrySearch::looksIntoTexts()
{
    QFETCH_GLOBAL(QString, kind);
    if (kind != QLatin1String("sqlite"))
        return; // no store is asked
    QFETCH(QString, filter);
    QFETCH(bool, expected);
    QCOMPARE(finds(filter, imageOf(parcel())), expected);
}

void TestEntrySearch::findsWhatOthersWrote()
{
    // JSON may be written in many ways.
    EntryImage image = imageOf(parcel());
    image.fields["request"] = packField(R"({"model": "m", "prompt": "\u0070arcel b\/c \u212a \u017feal"})");
    QVERIFY(finds(QStringLiteral("text:parcel"), image));
    QVERIFY(finds(QStringLiteral("text:b/c"), image));
    image.fields["request"] = packField("{\"model\": \"m\", \"prompt\": \"\xe2\x84\xaa\xc5\xbf\"}");
    QCOMPARE(finds(QStringLiteral("text:k"), image),
        QString::fromUtf8("\xe2\x84\xaa").contains(QLatin1Char('k'), Qt::CaseInsensitive));
}

void TestEntrySearch::damagedEntriesAreNamed()
{
    EntryImage image = imageOf(parcel());
    image.fields["response"] = "zbroken";
    QVERIFY_EXCEPTION_THROWN(finds(QStringLiteral("text:parcel"), image), CacheError);
    // What need not be read is not looked at.
    QVERIFY(finds(QStringLiteral("agent:profiler"), image));
    QVERIFY(!finds(QStringLiteral("agent:other text:parcel"), image));
}

void TestEntrySearch::metadataDecideWhatTheyCan()
{
    const EntryMeta meta = parcel().entry.meta;
    const auto decide = [&meta](const char* filter) {
        return parse(QString::fromUtf8(filter)).decide(meta, nowMs);
    };
    QCOMPARE(decide("text:x"), std::nullopt);
    QCOMPARE(decide("-text:x"), std::nullopt);
    QCOMPARE(decide("text:x agent:profiler"), std::nullopt);
    QCOMPARE(decide("text:x agent:other"), std::optional(false));
    QCOMPARE(decide("text:x OR agent:profiler"), std::optional(true));
    QCOMPARE(decide("agent:profiler"), std::optional(true));
    QVERIFY(parse(QStringLiteral("-(agent:a text:x)")).needsText());
    QVERIFY(!parse(QStringLiteral("agent:a x")).needsText());
    // Without the texts it is not known to match.
    QVERIFY(!parse(QStringLiteral("-text:x")).matches(meta, nowMs));
}

void TestEntrySearch::findsInAStore()
{
    const QStringList fingerprints = fill(2500);
    QStringList expected;
    for (int i = 0; i < fingerprints.size(); ++i) {
        if (i % 10 == 4)
            expected.append(fingerprints.at(i));
    }
    expected.sort();
    SearchReport report;
    QCOMPARE(found(QStringLiteral("text:needle4"), &report), expected);
    QCOMPARE(report.found, 250);
    QCOMPARE(report.scanned, 2500);
    QCOMPARE(found(QStringLiteral("text:needle4 agent:odd")), QStringList());
    QCOMPARE(found(QStringLiteral("text:needle4 -agent:odd")), expected);
    QCOMPARE(found(QStringLiteral("-text:needle agent:even")), QStringList());
}

void TestEntrySearch::readsNoMoreThanItNeeds()
{
    const QStringList fingerprints = fill(300);
    damage(fingerprints.at(0));
    // Whoever read it would warn.
    QTest::failOnWarning(QRegularExpression(QStringLiteral("damaged")));
    QCOMPARE(found(QStringLiteral("text:needle1 agent:odd")).size(), 30);
}

void TestEntrySearch::searchesAmongGivenEntries()
{
    QStringList given = fill(40).mid(0, 12);
    given.append(sampleFingerprint(QStringLiteral("nobody")));
    QStringList fingerprints;
    SearchOptions options;
    options.nowMs = nowMs;
    options.progress = [&fingerprints](const SearchReport&, const std::vector<EntryMeta>& rows) {
        for (const EntryMeta& row : rows)
            fingerprints.append(row.fingerprint);
    };
    const SearchReport report =
        await(searchEntries(m_store.get(), given, parse(QStringLiteral("text:needle1")), std::move(options)));
    QCOMPARE(fingerprints, QStringList({given.at(1), given.at(11)}));
    QCOMPARE(report.read, 12);
    QCOMPARE(report.found, 2);
}

void TestEntrySearch::isCancelled()
{
    const QStringList fingerprints = fill(2000);
    std::stop_source stop;
    SearchOptions options;
    options.nowMs = nowMs;
    options.stop = stop.get_token();
    qint64 last = 0;
    options.progress = [&](const SearchReport& report, const std::vector<EntryMeta>&) {
        last = report.read;
        if (report.read > 0)
            stop.request_stop();
    };
    QVERIFY_EXCEPTION_THROWN(await(searchEntries(m_store.get(), fingerprints,
                                 parse(QStringLiteral("text:needle1")), std::move(options))),
        Cancelled);
    QVERIFY(last > 0);
    QVERIFY(last < 2000);
}

void TestEntrySearch::passesOverDamagedEntries()
{
    const QStringList fingerprints = fill(20);
    damage(fingerprints.at(1));
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(QStringLiteral("damaged")));
    QCOMPARE(found(QStringLiteral("text:needle1")), QStringList({fingerprints.at(11)}));
}

void TestEntrySearch::answersThatFitTheirAgentNoMore()
{
    Agent agent;
    agent.name = QStringLiteral("checked");
    agent.model = QStringLiteral("test:echo");
    agent.output = OutputType::json(
        QStringLiteral("Thing"), Json{{"type", "object"}, {"required", Json::array({"name"})}});
    await(m_store->saveAgent(agent, -1, QStringLiteral("ada"), 1));
    std::vector<EntryChange> puts;
    const auto put = [&](const char* name, const Json& output) {
        Commit commit = sampleCommit(sampleFingerprint(QString::fromLatin1(name)));
        commit.entry.meta.agent = agent.name;
        commit.entry.request = Json::object();
        commit.entry.output = output;
        EntryChange change;
        change.kind = EntryChange::Kind::Put;
        change.fingerprint = commit.entry.meta.fingerprint;
        change.fields = toFields(commit.entry, 1);
        puts.push_back(std::move(change));
    };
    put("fits", Json{{"name", "Ada"}});
    put("lacks its name", Json{{"age", 30}});
    put("is text", Json("a needle"));
    await(m_store->changeEntries(std::move(puts)));
    fill(4); // of agents that are not there
    const auto named = [](std::initializer_list<const char*> names) {
        QStringList all;
        for (const char* name : names)
            all.append(sampleFingerprint(QString::fromLatin1(name)));
        all.sort();
        return all;
    };
    QVERIFY(parse(QStringLiteral("is:invalid")).needsText());
    QCOMPARE(found(QStringLiteral("is:invalid")), named({"lacks its name", "is text"}));
    QCOMPARE(found(QStringLiteral("is:invalid text:needle")), named({"is text"}));
    QCOMPARE(found(QStringLiteral("agent=checked -is:invalid")), named({"fits"}));
    // With another schema others do not fit.
    agent.output = OutputType::text();
    await(m_store->saveAgent(agent, -1, QStringLiteral("ada"), 2));
    QCOMPARE(found(QStringLiteral("is:invalid")), named({"fits", "lacks its name"}));
}

LLMCACHE_TEST_MAIN(TestEntrySearch)
#include "tst_entrysearch.moc"
