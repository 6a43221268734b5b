// Every number of every chart, breakdown, tile and file of the Costs view against the calls themselves, added
// up here in another way, in several time zones and across the change of the clocks.

#include "costs/barlist.h"
#include "costs/costspanels.h"
#include "costsviewtest.h"

#include <QFileDialog>
#include <QSignalSpy>
#include <QTimeZone>

using namespace llmcache;
using namespace llmcache::ui;
using llmcache::test::CostsWindow;
using llmcache::test::patience;

namespace {

constexpr qint64 minuteMs = 60'000;

/// What a day's calls add up to.
struct Day {
    qint64 spent = 0; ///< picodollars, like saved
    qint64 saved = 0;
    qint64 hits = 0;
    qint64 misses = 0;
    qint64 input = 0; ///< neither read from a cache nor written to it
    qint64 cacheRead = 0;
    qint64 cacheWrite = 0;
    qint64 output = 0; ///< without reasoning
    qint64 reasoning = 0;
    qint64 failed = 0;
    qint64 rateLimits = 0;
    qint64 retried = 0;
    std::vector<qint64> latencies; ///< of paid calls
};

std::vector<Call> mixedCalls(qint64 fromMs, qint64 toMs)
{
    std::vector<Call> calls;
    constexpr std::array outcomes{Outcome::Miss, Outcome::Hit, Outcome::Miss, Outcome::Failed,
        Outcome::Shared, Outcome::Refreshed, Outcome::Cancelled};
    qint64 number = 0;
    for (qint64 timeMs = fromMs; timeMs < toMs; timeMs += 97 * minuteMs) {
        Call call;
        call.timeMs = timeMs;
        call.agent = QStringLiteral("agent %1").arg(number % 2);
        call.task = QStringLiteral("task %1").arg(number % 4);
        call.user = QStringLiteral("user %1").arg(number % 3);
        call.model =
            number % 5 == 0 ? QStringLiteral("anthropic:claude-haiku-4-5") : QStringLiteral("openai:gpt-5");
        call.outcome = outcomes.at(static_cast<std::size_t>(number) % outcomes.size());
        const bool isHit = call.outcome == Outcome::Hit || call.outcome == Outcome::Shared;
        call.cost = isHit ? Money() : Money::fromPicodollars(1'000'003 * (number % 11) + 1);
        if (isHit)
            call.avoided = Money::fromPicodollars(700'001 * (number % 13) + 3);
        else
            call.attempts = number % 3 == 0 ? 2 : 1;
        call.rateLimits = !isHit && number % 9 == 0 ? 1 : 0;
        call.latency = std::chrono::milliseconds(10 + number % 50);
        call.usage.inputTokens = 1'000 + number;
        call.usage.cacheReadTokens = number % 100;
        call.usage.cacheWriteTokens = number % 50;
        call.usage.outputTokens = 300 + number % 7;
        call.usage.reasoningTokens = number % 20;
        call.usage.requests = 1;
        calls.push_back(call);
        ++number;
    }
    return calls;
}

void add(Day& day, const Call& call)
{
    day.spent += call.cost->picodollars();
    day.saved += call.avoided.value_or(Money()).picodollars();
    const bool isHit = call.outcome == Outcome::Hit || call.outcome == Outcome::Shared;
    day.hits += isHit ? 1 : 0;
    if (isHit)
        return;
    day.misses += call.outcome == Outcome::Miss ? 1 : 0;
    day.input += call.usage.inputTokens - call.usage.cacheReadTokens - call.usage.cacheWriteTokens;
    day.cacheRead += call.usage.cacheReadTokens;
    day.cacheWrite += call.usage.cacheWriteTokens;
    day.output += call.usage.outputTokens - call.usage.reasoningTokens;
    day.reasoning += call.usage.reasoningTokens;
    day.failed += call.outcome == Outcome::Failed ? 1 : 0;
    day.rateLimits += call.rateLimits;
    day.retried += call.attempts > 1 ? 1 : 0;
    if (call.outcome != Outcome::Failed && call.outcome != Outcome::Cancelled)
        day.latencies.push_back(call.latency.count());
}

/// The value that so many of the others do not exceed.
qint64 quantile(std::vector<qint64> values, double share)
{
    std::sort(values.begin(), values.end());
    const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(values.size())));
    return values.at(std::max<std::size_t>(1, rank) - 1);
}

} // namespace

class TestCostsNumbers : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void allPages_data();
    void allPages();
    void theTimeBefore();
    void theTimeBeforeAcrossTheClocks_data();
    void theTimeBeforeAcrossTheClocks();
    void everyFilter_data();
    void everyFilter();

private:
    static const ChartData& page(const CostsWindow& costs, CostsPage page, const char* chart)
    {
        costs.view->setPage(page);
        [&] { QTRY_VERIFY_WITH_TIMEOUT(!costs.chart(chart)->data().columns.empty(), patience); }();
        costs.settle();
        return costs.chart(chart)->data();
    }
};

void TestCostsNumbers::allPages_data()
{
    QTest::addColumn<QByteArray>("zone");
    QTest::addColumn<QDate>("from"); // two weeks with a change of the clocks in them
    QTest::newRow("UTC") << QByteArray("UTC") << QDate(2026, 10, 19);
    QTest::newRow("Berlin") << QByteArray("Europe/Berlin") << QDate(2026, 10, 19);
    QTest::newRow("Los Angeles, in autumn") << QByteArray("America/Los_Angeles") << QDate(2026, 10, 26);
    QTest::newRow("Los Angeles, in spring") << QByteArray("America/Los_Angeles") << QDate(2026, 3, 2);
    QTest::newRow("Kathmandu") << QByteArray("Asia/Kathmandu") << QDate(2026, 10, 19);
    QTest::newRow("Lord Howe") << QByteArray("Australia/Lord_Howe") << QDate(2026, 9, 28);
}

void TestCostsNumbers::allPages()
{
    QFETCH(QByteArray, zone);
    QFETCH(QDate, from);
    constexpr int days = 14;
    const QTimeZone timeZone(zone);
    const TimeSpan span{from.startOfDay(timeZone).toMSecsSinceEpoch(),
        from.addDays(days).startOfDay(timeZone).toMSecsSinceEpoch()};
    const std::vector<Call> calls = mixedCalls(span.fromMs, span.toMs);
    std::vector<Day> expected(days);
    QMap<QString, qint64> byModel;
    QMap<QString, qint64> byTask;
    Day total;
    for (const Call& call : calls) {
        const QDate day = QDateTime::fromMSecsSinceEpoch(call.timeMs, timeZone).date();
        add(expected.at(static_cast<std::size_t>(from.daysTo(day))), call);
        add(total, call);
        byModel[call.model] += call.cost->picodollars();
        byTask[call.task] += call.cost->picodollars();
    }
    CostsWindow costs;
    costs.record(calls);
    costs.open();
    costs.view->setTimeZone(zone);
    costs.view->setSpan(span);
    QTRY_COMPARE_WITH_TIMEOUT(costs.chart("spend")->data().columns.size(), expected.size(), patience);
    costs.settle();

    QCOMPARE(costs.tile("spent"), Money::fromPicodollars(total.spent).toDisplay());
    QCOMPARE(costs.tile("saved"), Money::fromPicodollars(total.saved).toDisplay());
    QCOMPARE(costs.tile("calls"), QString::number(calls.size()));
    QCOMPARE(costs.tile("hit rate"),
        QStringLiteral("%1 %").arg(
            100.0 * static_cast<double>(total.hits) / static_cast<double>(total.hits + total.misses), 0, 'f',
            1));
    for (const auto& [dimension, sums] : {std::pair("model", byModel), std::pair("task", byTask)}) {
        const auto* const bars = costs.find<BarList>(QStringLiteral("bars ") + QLatin1String(dimension));
        QCOMPARE(bars->rows().size(), static_cast<std::size_t>(sums.size()));
        for (const BarList::Row& row : bars->rows())
            QCOMPARE(row.amount, Money::fromPicodollars(sums.value(row.name)));
    }

    const auto column = [&](const ChartData& data, std::size_t series, const auto& reading) {
        for (std::size_t day = 0; day < expected.size(); ++day)
            QCOMPARE(data.series.at(series).values.at(day).value_or(ChartValue()), reading(expected[day]));
    };
    const auto amount = [](qint64 Day::*member) {
        return [member](const Day& day) { return ChartValue{day.*member, 1}; };
    };
    const ChartData saved = page(costs, CostsPage::Cache, "saved");
    column(saved, 0, amount(&Day::spent));
    column(saved, 1, amount(&Day::saved));
    column(costs.chart("hit rate")->data(), 0, [](const Day& day) {
        return ChartValue{day.hits, day.hits + day.misses};
    });
    const ChartData tokens = page(costs, CostsPage::Tokens, "tokens");
    std::size_t series = 0;
    for (qint64 Day::*const member :
        {&Day::input, &Day::cacheRead, &Day::cacheWrite, &Day::output, &Day::reasoning})
        column(tokens, series++, amount(member));
    const ChartData& runs = costs.chart("run cost")->data();
    qint64 counted = 0;
    for (const auto& value : runs.series.front().values)
        counted += value->amount;
    QCOMPARE(counted, static_cast<qint64>(total.latencies.size()));
    const ChartData errors = page(costs, CostsPage::Latency, "errors");
    column(errors, 0, amount(&Day::failed));
    column(errors, 1, amount(&Day::rateLimits));
    column(errors, 2, amount(&Day::retried));
    series = 0;
    for (const double share : {0.5, 0.95, 0.99}) // below 128 ms they are exact
        column(costs.chart("latency paid")->data(), series++, [share](const Day& day) {
            return ChartValue{quantile(day.latencies, share), 1};
        });

    // And the file with the sums.
    for (QAction* action : costs.find<QPushButton>(QStringLiteral("export"))->menu()->actions()) {
        if (action->text().startsWith(QStringLiteral("Sums")))
            action->trigger();
    }
    const QString path = costs.folder.filePath(QStringLiteral("sums.csv"));
    auto* const dialog = costs.window->findChild<QFileDialog*>();
    QVERIFY(dialog);
    Q_EMIT dialog->fileSelected(path);
    dialog->close();
    QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(path), patience);
    costs.settle();
    QFile file(path);
    QVERIFY(file.open(QIODevice::ReadOnly));
    const QList<QByteArray> lines = file.readAll().trimmed().split('\n');
    const QList<QByteArray> names = lines.front().split(',');
    std::vector<Day> written(days);
    for (const QByteArray& line : lines.mid(1)) {
        const QList<QByteArray> cells = line.split(',');
        Day& day = written.at(static_cast<std::size_t>(
            from.daysTo(QDate::fromString(QString::fromLatin1(cells.at(0)), Qt::ISODate))));
        const auto money = [&](const char* name) {
            return Money::fromDecimal(QString::fromLatin1(cells.at(names.indexOf(name))))->picodollars();
        };
        day.spent += money("cost_usd");
        day.saved += money("avoided_cost_usd");
        day.hits += cells.at(names.indexOf("hits")).toLongLong();
    }
    for (std::size_t day = 0; day < written.size(); ++day) {
        QCOMPARE(written[day].spent, expected[day].spent);
        QCOMPARE(written[day].saved, expected[day].saved);
        QCOMPARE(written[day].hits, expected[day].hits);
    }
}

void TestCostsNumbers::theTimeBefore()
{
    CostsWindow costs;
    const qint64 nowMs = costs.session->clock().nowMs();
    constexpr qint64 dayMs = 86'400'000;
    const auto paid = [](qint64 timeMs, qint64 picodollars) {
        Call call;
        call.timeMs = timeMs;
        call.model = QStringLiteral("openai:gpt-5");
        call.attempts = 1;
        call.cost = Money::fromPicodollars(picodollars);
        return call;
    };
    Call unpriced = paid(nowMs - 10 * dayMs - minuteMs, 0);
    unpriced.cost.reset();
    costs.record({paid(nowMs - 1, 300), paid(nowMs - 2 * dayMs - minuteMs, 100),
        paid(nowMs - 7 * dayMs - minuteMs, 1'000), paid(nowMs - 9 * dayMs - minuteMs, 600), unpriced});
    costs.open();
    costs.view->setTimeZone("UTC");
    costs.view->setRange(CostsRange::Week);
    QTRY_COMPARE_WITH_TIMEOUT(costs.view->snapshot().total.billed, Money::fromPicodollars(400), patience);
    costs.settle();
    const auto note = [&costs](const char* tile) {
        return costs.find<QFrame>(QStringLiteral("tile ") + QLatin1String(tile))->accessibleDescription();
    };
    QCOMPARE(note("spent"), QStringLiteral("▼ 75.0 %")); // of 1,600
    QCOMPARE(note("calls"), QStringLiteral("▼ 33.3 %")); // of 3
    QCOMPARE(note("unpriced"), QStringLiteral("every call has a price, 1 before"));
    // The dashed line: each day of the week before over the same day of this one.
    const ChartData& data = costs.chart("spend")->data();
    QVERIFY(data.series.back().isComparison);
    const auto& line = data.series.back().values;
    QCOMPARE(line.size(), std::size_t(7));
    const auto dayOf = [](qint64 timeMs) { return QDateTime::fromMSecsSinceEpoch(timeMs, Qt::UTC).date(); };
    for (std::size_t at = 0; at < line.size(); ++at) {
        const QDate before = dayOf(data.columns[at].span.fromMs).addDays(-7);
        qint64 expected = before == dayOf(nowMs - 7 * dayMs - minuteMs) ? 1'000 : 0;
        expected += before == dayOf(nowMs - 9 * dayMs - minuteMs) ? 600 : 0;
        QCOMPARE(line[at]->amount, expected);
    }
    // Without it there is none.
    costs.view->setCompare(false);
    QTRY_VERIFY_WITH_TIMEOUT(!costs.chart("spend")->data().series.back().isComparison, patience);
    costs.settle();
    QCOMPARE(note("spent"), QString());
    QCOMPARE(note("unpriced"), QStringLiteral("every call has a price"));
}

void TestCostsNumbers::theTimeBeforeAcrossTheClocks_data()
{
    QTest::addColumn<CostsRange>("range");
    QTest::addColumn<QDateTime>("now");
    QTest::addColumn<int>("bucket");
    const QTimeZone berlin("Europe/Berlin");
    const auto hour = static_cast<int>(Dimension::Hour);
    const auto week = static_cast<int>(Dimension::Week);
    QTest::newRow("the day after the clocks went back")
        << CostsRange::Today << QDateTime(QDate(2026, 10, 26), QTime(23, 0), berlin) << hour;
    QTest::newRow("the day after they went forward")
        << CostsRange::Today << QDateTime(QDate(2026, 3, 30), QTime(23, 0), berlin) << hour;
    QTest::newRow("the day on which they went back")
        << CostsRange::Today << QDateTime(QDate(2026, 10, 25), QTime(23, 0), berlin) << hour;
    QTest::newRow("a year in weeks") << CostsRange::Year
                                     << QDateTime(QDate(2026, 11, 25), QTime(12, 0), berlin) << week;
    QTest::newRow("a quarter in weeks")
        << CostsRange::Quarter << QDateTime(QDate(2026, 11, 25), QTime(12, 0), berlin) << week;
}

void TestCostsNumbers::theTimeBeforeAcrossTheClocks()
{
    QFETCH(CostsRange, range);
    QFETCH(QDateTime, now);
    QFETCH(int, bucket);
    CostsWindow costs;
    CostsQuestion question;
    question.range = range;
    question.timeZone = "Europe/Berlin";
    question.span = spanOf(range, question.timeZone, now.toMSecsSinceEpoch());
    question.bucket = static_cast<Dimension>(bucket);
    const int days = range == CostsRange::Today ? 1 : range == CostsRange::Quarter ? 90 : 365;
    // A call an hour, so that the clock on the wall says the same in both.
    std::vector<Call> calls;
    for (QDateTime time = QDateTime::fromMSecsSinceEpoch(question.span.fromMs, now.timeZone()).addSecs(1800);
         time < now; time = time.addSecs(3600)) {
        const QDateTime before = time.addDays(-days);
        if (time.time().hour() == 2)
            continue; // which there is twice or not at all
        Call call;
        call.timeMs = before.toMSecsSinceEpoch();
        call.model = QStringLiteral("openai:gpt-5");
        call.attempts = 1;
        call.cost = Money::fromPicodollars(1);
        calls.push_back(call);
        call.timeMs = time.toMSecsSinceEpoch();
        calls.push_back(call);
    }
    costs.record(calls);
    const CostsSnapshot snapshot = test::waitForTask(loadCosts(costs.session.get(), question));
    QCOMPARE(snapshot.before->billed, snapshot.total.billed);
    QVERIFY(snapshot.buckets.size() > 12);
    for (std::size_t at = 0; at < snapshot.buckets.size(); ++at)
        QCOMPARE(snapshot.beforePerBucket[at].billed, snapshot.perBucket[at].billed);
}

void TestCostsNumbers::everyFilter_data()
{
    QTest::addColumn<int>("dimension");
    QTest::addColumn<QStringList>("values");
    const auto row = [](Dimension dimension, const QStringList& values) {
        QTest::newRow(qPrintable(dimensionName(dimension))) << static_cast<int>(dimension) << values;
    };
    row(Dimension::Model, {QStringLiteral("openai:gpt-5")});
    row(Dimension::Provider, {QStringLiteral("anthropic")});
    row(Dimension::Task, {QStringLiteral("task 1"), QStringLiteral("task 3")});
    row(Dimension::Agent, {QStringLiteral("agent 1")});
    row(Dimension::User, {QStringLiteral("user 2")});
    row(Dimension::Tag, {QStringLiteral("nightly")});
    row(Dimension::Outcome, {QStringLiteral("failed"), QStringLiteral("hit")});
}

void TestCostsNumbers::everyFilter()
{
    QFETCH(int, dimension);
    QFETCH(QStringList, values);
    CostsWindow costs;
    const qint64 nowMs = costs.session->clock().nowMs();
    std::vector<Call> calls = mixedCalls(nowMs - 10 * 24 * 60 * minuteMs, nowMs);
    for (std::size_t at = 0; at < calls.size(); at += 6)
        calls[at].tags = {QStringLiteral("nightly"), QStringLiteral("team a")};
    CallSelection selection;
    selection.filters = {{static_cast<Dimension>(dimension), values}};
    Day expected;
    int count = 0;
    for (const Call& call : calls) {
        if (accepts(selection, call)) {
            add(expected, call);
            ++count;
        }
    }
    QVERIFY(count > 5 && count < static_cast<int>(calls.size()));
    costs.record(calls);
    costs.open();
    costs.view->filters()->setValues(static_cast<Dimension>(dimension), values);
    QTRY_COMPARE_WITH_TIMEOUT(costs.tile("calls"), QString::number(count), patience);
    costs.settle();
    QCOMPARE(costs.view->snapshot().total.billed, Money::fromPicodollars(expected.spent));
    QCOMPARE(costs.view->snapshot().total.avoided, Money::fromPicodollars(expected.saved));
    QCOMPARE(costs.calls(), count);
    const ChartData& data = costs.chart("spend")->data();
    qint64 drawn = 0;
    for (int column = 0; column < static_cast<int>(data.columns.size()); ++column)
        drawn += data.columnTotal(column);
    QCOMPARE(drawn, expected.spent);
    costs.view->filters()->setFilters({});
    QTRY_COMPARE_WITH_TIMEOUT(costs.tile("calls"), QString::number(calls.size()), patience);
}

LLMCACHE_GUI_TEST_MAIN(TestCostsNumbers)
#include "tst_costsnumbers.moc"
