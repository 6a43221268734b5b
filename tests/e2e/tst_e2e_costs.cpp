// "llmcache costs" over both kinds of store: the dearest and the rest, repricing, archive, rebuild.
#include "commandline.h"
#include "ledgersample.h"
#include "redisserver.h"
#include "testenvironment.h"
#include "waitfortask.h"

#include <QDateTime>
#include <QFile>
#include <QTimeZone>

using namespace llmcache;
using namespace llmcache::test;

namespace {

Money moneyIn(const Json& row, const char* name)
{
    return *Money::fromDecimal(toQString(row.at(name).get<std::string>()));
}

} // namespace

class TestE2eCosts : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase_data();
    void init();
    void topAndAllOthers();
    void csvInTheReadersZone_data();
    void csvInTheReadersZone();
    void filters_data();
    void filters();
    void ratesOfCalls();
    void repricingIsShownAppliedAndUndone();
    void archivedCallsAreInTheFileAndInReports();
    void rebuildFindsNothingWrong();

private:
    ProgramResult costs(const QString& words) const
    {
        return m_user->run(QStringList{QStringLiteral("costs")}
            + words.split(QLatin1Char(' '), Qt::SkipEmptyParts)
            + QStringList{QStringLiteral("--store"), m_url, QStringLiteral("--workspace"), m_workspace});
    }
    std::unique_ptr<Store> store() const { return openLedger(m_place, m_workspace); }
    void fill(std::size_t calls)
    {
        m_calls = sampleLedger(1, calls);
        // An SQLite file keeps the call that was recorded last, which is the newest as a rule.
        m_calls.back().timeMs = ledgerFromMs + 2 * ledgerDayMs;
        waitForTask(store()->recordCalls(m_calls));
    }
    Money total(const QString& words) const
    {
        Money sum;
        for (const Json& row : costs(words + QStringLiteral(" --since all --json")).jsonLines())
            sum += moneyIn(row, "cost_usd");
        return sum;
    }

    RedisServer m_redis;
    bool m_redisRuns = false;
    std::unique_ptr<CommandLine> m_user;
    QString m_place; ///< for openLedger()
    QString m_url;
    QString m_workspace;
    std::vector<Call> m_calls;
};

void TestE2eCosts::initTestCase_data()
{
    QTest::addColumn<bool>("redis");
    QTest::newRow("SQLite") << false;
    QTest::newRow("Redis") << true;
}

void TestE2eCosts::init()
{
    QFETCH_GLOBAL(bool, redis);
    m_user = std::make_unique<CommandLine>();
    m_workspace = QString::fromLatin1(QTest::currentTestFunction());
    if (!redis) {
        m_place = m_user->home() + QStringLiteral("/ledger.db");
        m_url = QStringLiteral("sqlite://") + m_place;
        return;
    }
    if (!RedisServer::isInstalled())
        QSKIP(qPrintable(RedisServer::missingText()));
    if (!m_redisRuns)
        QVERIFY2(m_redis.start(), qPrintable(m_redis.log()));
    m_redisRuns = true;
    m_place = m_url = m_redis.url();
}

void TestE2eCosts::topAndAllOthers()
{
    fill(500);
    const ProgramResult result = costs(QStringLiteral("--by model --top 2 --since all --json"));
    LLMCACHE_VERIFY_EXIT(result, 0);
    const std::vector<Json> rows = result.jsonLines();
    QCOMPARE(rows.size(), 3U);
    QVERIFY(moneyIn(rows[0], "cost_usd") >= moneyIn(rows[1], "cost_usd"));
    QVERIFY(rows[2].at("model").is_null());
    Money shown;
    Money expected;
    for (const Json& row : rows)
        shown += moneyIn(row, "cost_usd");
    for (const Call& call : m_calls)
        expected += *call.cost;
    QCOMPARE(shown, expected);
    QCOMPARE(total(QStringLiteral("--by task")), expected);
    const ProgramResult table = costs(QStringLiteral("--by model --top 2 --since all"));
    QVERIFY2(table.out.contains("(other)"), table.describe().constData());
    LLMCACHE_VERIFY_EXIT(costs(QStringLiteral("--top 0")), 2);
}

void TestE2eCosts::csvInTheReadersZone_data()
{
    QTest::addColumn<QString>("zone");
    for (const char* zone : {"UTC", "America/Los_Angeles", "Asia/Kathmandu", "Australia/Lord_Howe"})
        QTest::newRow(zone) << QString::fromLatin1(zone);
}

void TestE2eCosts::csvInTheReadersZone()
{
    QFETCH(QString, zone);
    m_workspace += QString::fromLatin1(QTest::currentDataTag()).section(QLatin1Char('/'), -1);
    fill(500);
    QMap<QString, Money> expected;
    for (const Call& call : m_calls) {
        const QDate day = QDateTime::fromMSecsSinceEpoch(call.timeMs, QTimeZone(zone.toLatin1())).date();
        expected[day.toString(Qt::ISODate) + QLatin1Char(' ') + call.task] += *call.cost;
    }
    const ProgramResult result = costs(QStringLiteral("--by day,task --since all --csv --tz %1").arg(zone));
    LLMCACHE_VERIFY_EXIT(result, 0);
    const QList<QByteArray> lines = result.out.trimmed().split('\n');
    const auto cost = lines.front().split(',').indexOf("cost_usd");
    QVERIFY2(lines.front().startsWith("day,task,"), lines.front().constData());
    QMap<QString, Money> found;
    for (const QByteArray& line : lines.mid(1)) {
        const QList<QByteArray> cells = line.split(',');
        found[QString::fromUtf8(cells.at(0) + ' ' + cells.at(1))] =
            *Money::fromDecimal(QString::fromUtf8(cells.at(cost)));
    }
    QCOMPARE(found.keys(), expected.keys());
    QCOMPARE(found.values(), expected.values());
    LLMCACHE_VERIFY_EXIT(costs(QStringLiteral("--tz Mars/Base")), 2);
}

void TestE2eCosts::filters_data()
{
    QTest::addColumn<QString>("words");
    QTest::addColumn<int>("dimension");
    QTest::addColumn<QStringList>("values");
    const auto row = [](const char* words, Dimension dimension, const QStringList& values) {
        QTest::newRow(words) << QString::fromLatin1(words) << static_cast<int>(dimension) << values;
    };
    row("--model acme:m1 --model acme:m3", Dimension::Model,
        {QStringLiteral("acme:m1"), QStringLiteral("acme:m3")});
    row("--provider acme", Dimension::Provider, {QStringLiteral("acme")});
    row("--task t2", Dimension::Task, {QStringLiteral("t2")});
    row("--agent a1", Dimension::Agent, {QStringLiteral("a1")});
    row("--user u1", Dimension::User, {QStringLiteral("u1")});
    row("--host h0", Dimension::Host, {QStringLiteral("h0")});
    row("--tag x", Dimension::Tag, {QStringLiteral("x")});
    row("--outcome hit", Dimension::Outcome, {QStringLiteral("hit")});
}

void TestE2eCosts::filters()
{
    QFETCH(QString, words);
    QFETCH(int, dimension);
    QFETCH(QStringList, values);
    m_workspace += QString::number(dimension);
    m_calls = sampleLedger(1, 300);
    int number = 0;
    for (Call& call : m_calls) {
        call.task = QStringLiteral("t%1").arg(number % 3);
        call.agent = QStringLiteral("a%1").arg(number % 4);
        call.user = QStringLiteral("u%1").arg(number % 2);
        call.host = QStringLiteral("h%1").arg(number % 5);
        if (number % 7 == 0)
            call.tags = {QStringLiteral("x"), QStringLiteral("y")};
        ++number;
    }
    waitForTask(store()->recordCalls(m_calls));
    CallSelection selection;
    selection.filters = {{static_cast<Dimension>(dimension), values}};
    qint64 calls = 0;
    Money cost;
    for (const Call& call : m_calls) {
        if (accepts(selection, call)) {
            ++calls;
            cost += *call.cost;
        }
    }
    QVERIFY(calls > 20);
    qint64 found = 0;
    const QString asked = words + QStringLiteral(" --by model,user,outcome");
    for (const Json& row : costs(asked + QStringLiteral(" --since all --json")).jsonLines())
        found += row.at("calls").get<qint64>();
    QCOMPARE(found, calls);
    QCOMPARE(total(asked), cost);
}

void TestE2eCosts::ratesOfCalls()
{
    m_calls = sampleLedger(1, 8);
    for (std::size_t at = 0; at < m_calls.size(); ++at) {
        m_calls[at].outcome = at < 3 ? Outcome::Hit : Outcome::Miss; // five that paid
        m_calls[at].attempts = at < 3 ? 0 : at == 3 ? 2 : 1;
        m_calls[at].rateLimits = at == 3 ? 1 : 0;
    }
    waitForTask(store()->recordCalls(m_calls));
    const ProgramResult result = costs(QStringLiteral("--by provider --since all --json"));
    LLMCACHE_VERIFY_EXIT(result, 0);
    const Json row = result.jsonLines().at(0);
    QCOMPARE(row.at("hit_rate").get<double>(), 0.375);
    QCOMPARE(row.at("retry_rate").get<double>(), 0.2);
    QCOMPARE(row.at("rate_limit_rate").get<double>(), 0.2);
    const ProgramResult table = costs(QStringLiteral("--by provider --since all"));
    QVERIFY2(table.out.contains("37.5") && table.out.contains("20.0"), table.describe().constData());
    // Where nobody asked the cache there is no rate, and an empty cell.
    const ProgramResult hits = costs(QStringLiteral("--by provider --outcome hit --since all --csv"));
    LLMCACHE_VERIFY_EXIT(hits, 0);
    const QList<QByteArray> lines = hits.out.trimmed().split('\n');
    QCOMPARE(lines.at(1).split(',').at(lines.at(0).split(',').indexOf("retry_rate")), QByteArray());
}

void TestE2eCosts::repricingIsShownAppliedAndUndone()
{
    fill(300);
    const Money charged = total({});
    LLMCACHE_VERIFY_EXIT(m_user->run({QStringLiteral("prices"), QStringLiteral("set"),
                             QStringLiteral("acme:m0"), QStringLiteral("--input"), QStringLiteral("3"),
                             QStringLiteral("--output"), QStringLiteral("10")}),
        0);
    // $3 and $10 a million tokens for what m0 was asked; the others have no price and stay.
    Money expected;
    for (const Call& call : m_calls) {
        if (call.model != QLatin1String("acme:m0") || call.outcome == Outcome::Hit)
            expected += *call.cost;
        else
            expected += Money::fromPicodollars(
                3'000'000 * call.usage.inputTokens + 10'000'000 * call.usage.outputTokens);
    }
    QVERIFY(expected != charged);

    const ProgramResult preview = costs(QStringLiteral("reprice --json"));
    LLMCACHE_VERIFY_EXIT(preview, 0);
    Money after;
    for (const Json& row : preview.jsonLines())
        after += moneyIn(row, "cost_after_usd");
    QCOMPARE(after, expected);
    QCOMPARE(total({}), charged); // only looked at

    LLMCACHE_VERIFY_EXIT(costs(QStringLiteral("reprice --apply")), 0);
    QCOMPARE(total({}), expected);
    QCOMPARE(total(QStringLiteral("--as-charged")), charged);
    const ProgramResult table = costs(QStringLiteral("--since all"));
    QVERIFY2(table.out.contains("--as-charged"), table.describe().constData());
    const ProgramResult undone = costs(QStringLiteral("reprice --undo"));
    LLMCACHE_VERIFY_EXIT(undone, 0);
    QCOMPARE(total({}), charged);
    const ProgramResult nothing = costs(QStringLiteral("reprice --undo"));
    LLMCACHE_VERIFY_EXIT(nothing, 0);
    QVERIFY2(nothing.out.contains("No repricing"), nothing.describe().constData());
    LLMCACHE_VERIFY_EXIT(costs(QStringLiteral("reprice --undo --apply")), 2);
}

void TestE2eCosts::archivedCallsAreInTheFileAndInReports()
{
    fill(400);
    const Money before = total({});
    const QString file = m_user->home() + QStringLiteral("/old.jsonl");
    const qint64 cutMs = ledgerFromMs + ledgerDayMs;
    const auto old = std::count_if(
        m_calls.begin(), m_calls.end(), [cutMs](const Call& call) { return call.timeMs < cutMs; });
    const ProgramResult archived =
        costs(QStringLiteral("archive %1 --before 2026-11-24T00:00:00Z").arg(file));
    LLMCACHE_VERIFY_EXIT(archived, 0);
    QFile lines(file);
    QVERIFY(lines.open(QIODevice::ReadOnly));
    qint64 lastMs = 0;
    qint64 count = 0;
    while (!lines.atEnd()) {
        const Call call = callFromJson(parseJson(lines.readLine(), QStringLiteral("the archive")));
        QVERIFY(call.timeMs >= lastMs && call.timeMs < cutMs);
        lastMs = call.timeMs;
        ++count;
    }
    QCOMPARE(count, old);
    QCOMPARE(total({}), before);
    CallPageQuery page;
    page.limit = CallPageQuery::mostCalls;
    QCOMPARE(static_cast<qint64>(waitForTask(store()->callPage(page)).calls.size()), 400 - old);
    // Never over the only copy of what was archived.
    const ProgramResult again = costs(QStringLiteral("archive %1 --before 2026-11-25").arg(file));
    LLMCACHE_VERIFY_EXIT(again, 3);
    QCOMPARE(lines.size(), QFile(file).size());
    // Every night, without a name: what is left goes to a file of its own.
    const ProgramResult nightly = costs(QStringLiteral("archive --before 2026-11-25T00:00:00Z"));
    LLMCACHE_VERIFY_EXIT(nightly, 0);
    QVERIFY2(nightly.out.contains(".jsonl.zst"), nightly.describe().constData());
    QCOMPARE(total({}), before);
    const ProgramResult nothing = costs(QStringLiteral("archive --before 2026-11-25T00:00:00Z"));
    LLMCACHE_VERIFY_EXIT(nothing, 0);
}

void TestE2eCosts::rebuildFindsNothingWrong()
{
    fill(700);
    const ProgramResult result = costs(QStringLiteral("rebuild"));
    LLMCACHE_VERIFY_EXIT(result, 0);
    QVERIFY2(result.out.startsWith("700 calls looked at"), result.describe().constData());
    QVERIFY2(result.out.contains("of which 0 were wrong"), result.describe().constData());
}

LLMCACHE_TEST_MAIN(TestE2eCosts)
#include "tst_e2e_costs.moc"
