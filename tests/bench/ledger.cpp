#include "ledger.h"

#include "cost/quoteline.h"
#include "costsview.h"
#include "redisserver.h"
#include "store/ledgerupkeep.h"
#include "store/redis/redisstore.h"
#include "store/sqlite/sqlitestore.h"
#include "waitfortask.h"

#include <QElapsedTimer>
#include <QFile>
#include <QTextStream>

#include <algorithm>
#include <random>

namespace llmcache::bench {

namespace {

constexpr qint64 nowMs = 1'795'435'200'000;
constexpr qint64 dayMs = 86'400'000;
constexpr qint64 yearMs = 365 * dayMs;
constexpr int fillBatch = 1000;
const QString workspace = QStringLiteral("bench");
constexpr std::array models{"anthropic:claude-haiku-4-5", "anthropic:claude-sonnet-4-5", "openai:gpt-4o",
    "openai:gpt-4o-mini", "openai:gpt-5", "openai:gpt-5-mini", "google:gemini-2.5-pro",
    "google:gemini-2.5-flash", "mistral:mistral-large-latest", "deepseek:deepseek-chat", "groq:llama-3.3-70b",
    "xai:grok-4"};

double secondsOf(const QElapsedTimer& timer)
{
    return static_cast<double>(timer.nsecsElapsed()) / 1e9;
}

/// What a team of sixty does in a year, in the order of time.
class Calls {
public:
    explicit Calls(qint64 rows)
        : m_rows(rows)
    {
    }
    Call next()
    {
        const auto pick = [this](qint64 below) {
            return std::uniform_int_distribution<qint64>(0, below - 1)(m_random);
        };
        Call call;
        call.id = QStringLiteral("%1-0000-4000-8000-%2")
                      .arg(m_number, 8, 16, QLatin1Char('0'))
                      .arg(pick(1LL << 40), 12, 16, QLatin1Char('0'));
        call.timeMs = nowMs - yearMs
            + static_cast<qint64>(
                static_cast<double>(yearMs) * static_cast<double>(m_number) / static_cast<double>(m_rows));
        const qint64 task = pick(40);
        call.task = QStringLiteral("task %1").arg(task);
        call.agent = QStringLiteral("agent %1").arg(task % 12);
        call.user = QStringLiteral("user %1").arg(pick(60));
        call.host = QStringLiteral("host %1").arg(pick(8));
        call.model =
            QLatin1String(models[static_cast<std::size_t>((task + pick(3)) % qint64{models.size()})]);
        call.usage.inputTokens = 500 + pick(8'000);
        call.usage.outputTokens = 50 + pick(900);
        call.usage.cacheReadTokens = pick(2) == 0 ? pick(400) : 0;
        call.usage.requests = 1;
        const Money price =
            Money::fromPicodollars(1'000 * (call.usage.inputTokens + 4 * call.usage.outputTokens));
        const bool hit = pick(100) < 60;
        call.outcome = hit ? Outcome::Hit : Outcome::Miss;
        call.cost = hit ? Money() : price;
        if (hit)
            call.avoided = price;
        call.attempts = hit ? 0 : 1 + static_cast<int>(pick(20) == 0);
        call.latency = std::chrono::milliseconds(hit ? 1 + pick(20) : 400 + pick(6'000));
        call.priceSource = QStringLiteral("table 2026-11-23");
        call.fingerprint = QStringLiteral("%1").arg(m_number % 100'000, 64, 16, QLatin1Char('0'));
        ++m_number;
        return call;
    }

private:
    qint64 m_rows;
    qint64 m_number = 0;
    std::mt19937_64 m_random{42};
};

LedgerQuery monthByModelAndDay()
{
    LedgerQuery query;
    query.selection.fromMs = nowMs - 30 * dayMs;
    query.selection.toMs = nowMs;
    query.groupBy = {Dimension::Day, Dimension::Model};
    query.timeZone = "America/Los_Angeles";
    return query;
}

/// What somebody asks who looks at a month from all sides.
std::vector<LedgerQuery> variations()
{
    std::vector<LedgerQuery> queries;
    for (const Dimension dimension : {Dimension::Model, Dimension::Provider, Dimension::Task,
             Dimension::Agent, Dimension::User, Dimension::Outcome, Dimension::Host}) {
        LedgerQuery query = monthByModelAndDay();
        query.groupBy = {Dimension::Day, dimension};
        query.top = {{dimension, 8, Measure::Billed}};
        queries.push_back(query);
        query.groupBy = {dimension, Dimension::Hour};
        query.top.clear();
        query.selection.filters = {{Dimension::Task, {QStringLiteral("task 3"), QStringLiteral("task 7")}}};
        queries.push_back(query);
        query.groupBy = {dimension};
        query.distributions = true;
        query.selection.filters = {{Dimension::User, {QStringLiteral("user 9")}}};
        queries.push_back(query);
    }
    return queries;
}

double reportMs(Store* store, const LedgerQuery& query)
{
    QElapsedTimer timer;
    timer.start();
    test::waitForTask(store->report(query));
    return secondsOf(timer) * 1000;
}

double pageMs(Store* store, int daysAgo)
{
    CallPageQuery query;
    query.selection.fromMs = nowMs - daysAgo * dayMs;
    query.selection.toMs = query.selection.fromMs + dayMs;
    query.selection.filters = {
        {Dimension::Model, {QLatin1String(models[static_cast<std::size_t>(daysAgo) % models.size()])}}};
    QElapsedTimer timer;
    timer.start();
    test::waitForTask(store->callPage(query));
    return secondsOf(timer) * 1000;
}

/// The peak of this process, which is client and SQLite together.
double peakMegabytes()
{
    QFile file(QStringLiteral("/proc/self/status"));
    if (!file.open(QIODevice::ReadOnly))
        return 0;
    const QByteArray status = file.readAll();
    const qsizetype at = status.indexOf("VmHWM:");
    return at < 0 ? 0 : status.mid(at + 6, 20).simplified().split(' ').value(0).toDouble() / 1024;
}

/// A kind of store, twice: to be opened, and to be named to a session.
struct Place {
    QString kind;
    std::function<std::unique_ptr<Store>()> open;
    QString url;
    QString folder; ///< for the session
};

void fill(Store* store, qint64 rows)
{
    Calls calls(rows);
    for (qint64 number = 0; number < rows;) {
        std::vector<Call> batch;
        for (int i = 0; i < fillBatch && number < rows; ++i, ++number)
            batch.push_back(calls.next());
        test::waitForTask(store->recordCalls(std::move(batch)));
    }
}

std::vector<Figure> storeFigures(const Place& place, qint64 rows)
{
    const QString& kind = place.kind;
    const auto& open = place.open;
    std::vector<Figure> figures;
    std::unique_ptr<Store> store = open();
    QElapsedTimer timer;
    CallQuery any;
    any.limit = 1;
    if (test::waitForTask(store->listCalls(any)).empty()) {
        timer.start();
        fill(store.get(), rows);
        figures.push_back(atMost(QStringLiteral("append in batches, ") + kind,
            secondsOf(timer) * 1e6 / static_cast<double>(rows), QStringLiteral("µs"), 60));
        QTextStream(stderr) << kind << ": " << rows << " calls in " << secondsOf(timer) << " s" << Qt::endl;
    }
    timer.start();
    test::waitForTask(store->report({})); // what has no pack yet gets one
    QTextStream(stderr) << kind << ": packed, and the whole year summed up, in " << secondsOf(timer) << " s"
                        << Qt::endl;
    figures.push_back(
        atMost(QStringLiteral("whole year, ") + kind, reportMs(store.get(), {}), QStringLiteral("ms"), 5000));

    store = open();
    figures.push_back(atMost(QStringLiteral("cold month by model and day, ") + kind,
        reportMs(store.get(), monthByModelAndDay()), QStringLiteral("ms"), 300));
    std::vector<double> times;
    const std::vector<LedgerQuery> queries = variations();
    for (const LedgerQuery& query : queries)
        times.push_back(reportMs(store.get(), query));
    figures.push_back(atMost(QStringLiteral("other filter or grouping, p95, ") + kind,
        percentile(times, 0.95), QStringLiteral("ms"), 150));
    times.clear();
    for (int day = 1; day <= 30; ++day)
        times.push_back(pageMs(store.get(), day));
    figures.push_back(atMost(QStringLiteral("first 200 calls of a bar, p95, ") + kind,
        percentile(times, 0.95), QStringLiteral("ms"), 200));
    if (auto* const upkeep = dynamic_cast<LedgerUpkeep*>(store.get())) {
        RepricingRequest request;
        request.prices = PriceTable::builtIn();
        request.nowMs = nowMs;
        timer.start();
        test::waitForTask(upkeep->applyRepricing(request, {}, {}));
        figures.push_back(atMost(QStringLiteral("reprice all calls, ") + kind,
            secondsOf(timer) * 1e7 / static_cast<double>(rows), QStringLiteral("s per 10 M"), 5));
        figures.push_back(atMost(QStringLiteral("month of repriced calls, ") + kind,
            reportMs(store.get(), monthByModelAndDay()), QStringLiteral("ms"), 300));
        test::waitForTask(upkeep->undoRepricing());
    }
    store.reset();
    for (const Figure& figure : costsViewFigures(kind, place.url, workspace, place.folder, nowMs))
        figures.push_back(figure);
    figures.push_back(
        atMost(QStringLiteral("peak memory, ") + kind, peakMegabytes(), QStringLiteral("MB"), 400));
    return figures;
}

Figure quoteFigure()
{
    const PriceTable table = PriceTable::builtIn();
    constexpr int lines = 200'000;
    std::vector<QByteArray> texts;
    for (int i = 0; i < 1000; ++i)
        texts.push_back(QStringLiteral("{\"model\": \"%1\", \"at\": \"2026-11-01T12:00:00Z\", \"usage\": "
                                       "{\"input_tokens\": %2, \"output_tokens\": %3}}")
                            .arg(QLatin1String(models[static_cast<std::size_t>(i) % models.size()]))
                            .arg(1000 + i)
                            .arg(100 + i)
                            .toUtf8());
    QElapsedTimer timer;
    timer.start();
    qsizetype bytes = 0;
    for (int i = 0; i < lines; ++i)
        bytes += quoteLine(table, texts[static_cast<std::size_t>(i) % texts.size()], nowMs).size();
    Figure figure =
        atMost(QStringLiteral("quotes"), lines / secondsOf(timer), QStringLiteral("lines/s"), 200'000);
    figure.higherIsBetter = bytes > 0;
    return figure;
}

} // namespace

std::vector<Figure> ledgerFigures(const LedgerPlan& plan)
{
    std::vector<Figure> figures;
    if (plan.sqlite) {
        const QString file = plan.folder + QStringLiteral("/ledger.db");
        figures =
            storeFigures({QStringLiteral("SQLite"), [&] { return makeSqliteStore(file, workspace); },
                             QStringLiteral("sqlite://") + file, plan.folder + QStringLiteral("/sqlite")},
                plan.rows);
    }
    test::RedisServer server;
    QString url = plan.redisUrl;
    if (url.isEmpty() && plan.redis && test::RedisServer::isInstalled() && server.start())
        url = server.url();
    if (plan.redis && !url.isEmpty()) {
        const redis::RedisUrl parsed = redis::RedisUrl::parse(url);
        // Memory is what limits it: a call takes half a kilobyte there.
        const auto redis =
            storeFigures({QStringLiteral("Redis"), [&] { return makeRedisStore(parsed, workspace); }, url,
                             plan.folder + QStringLiteral("/redis")},
                plan.rows);
        figures.insert(figures.end(), redis.begin(), redis.end());
    }
    figures.push_back(quoteFigure());
    return figures;
}

} // namespace llmcache::bench
