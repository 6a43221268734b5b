// "llmcache costs" over both kinds of store: the dearest and the rest, repricing, archive, rebuild.
#include "commandline.h"
#include "ledgersample.h"
#include "redisserver.h"
#include "testenvironment.h"
#include "waitfortask.h"

#include <QFile>

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
