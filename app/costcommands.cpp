#include "commands.h"

#include "base/csv.h"
#include "base/error.h"
#include "output.h"

#include <QTimeZone>

namespace llmcache::app {

namespace {

Json sumsJson(const LedgerSums& sums)
{
    Json json = Json::object();
    json["calls"] = sums.calls();
    json["hits"] = sums.hits();
    json["misses"] = sums.paid();
    json["failures"] = sums.failures();
    json["unpriced"] = sums.unpriced;
    json["cost_usd"] = toUtf8(sums.billed.toDecimal());
    json["avoided_cost_usd"] = toUtf8(sums.avoided.toDecimal());
    json["input_tokens"] = sums.inputTokens;
    json["output_tokens"] = sums.outputTokens;
    json["cache_read_tokens"] = sums.cacheReadTokens;
    json["cache_write_tokens"] = sums.cacheWriteTokens;
    json["reasoning_tokens"] = sums.reasoningTokens;
    json["requests"] = sums.attempts;
    json["retried_calls"] = sums.retriedCalls;
    json["rate_limited_calls"] = sums.rateLimitedCalls;
    json["waited_ms"] = sums.waitedMs;
    const auto addShare = [&json](const char* name, const std::optional<double>& share) {
        json[name] = share ? Json(*share) : Json();
    };
    addShare("hit_rate", sums.hitRate());
    addShare("retry_rate", sums.retryRate());
    addShare("rate_limit_rate", sums.rateLimitRate());
    return json;
}

/// With what is measured and not summed, where there is any.
Json rowSumsJson(const LedgerRow& row)
{
    Json json = sumsJson(row.sums);
    const auto add = [&json](const char* name, const LogHistogram& values, double share) {
        json[name] = values.isEmpty() ? Json() : Json(values.quantile(share));
    };
    const Distributions& spread = row.distributions;
    add("latency_p50_ms", spread.paidLatency, 0.5);
    add("latency_p95_ms", spread.paidLatency, 0.95);
    add("latency_p99_ms", spread.paidLatency, 0.99);
    add("hit_latency_p50_ms", spread.hitLatency, 0.5);
    add("hit_latency_p95_ms", spread.hitLatency, 0.95);
    return json;
}

QStringList sumsCells(const LedgerSums& sums)
{
    const auto percent = [](const std::optional<double>& share) {
        constexpr double hundred = 100;
        return share ? QString::number(*share * hundred, 'f', 1) : QStringLiteral("–");
    };
    return {QString::number(sums.calls()), QString::number(sums.hits()), percent(sums.hitRate()),
        QString::number(sums.paid()), percent(sums.retryRate()), percent(sums.rateLimitRate()),
        QString::number(sums.failures()), QString::number(sums.unpriced), QString::number(sums.inputTokens),
        QString::number(sums.outputTokens), sums.billed.toDisplay(), sums.avoided.toDisplay()};
}

QString keyText(const LedgerKey& key)
{
    return key.kind == LedgerKey::Kind::Other ? QStringLiteral("(other)") : key.text;
}

std::vector<Dimension> groupsOf(const QString& text)
{
    std::vector<Dimension> groups;
    const auto names = text.split(QLatin1Char(','), Qt::SkipEmptyParts);
    for (const QString& name : names) {
        const auto dimension = dimensionFromName(name.trimmed());
        if (!dimension)
            throw UsageError(QStringLiteral("--by \"%1\" is unknown.").arg(name),
                QStringLiteral(
                    "Use model, provider, task, agent, user, host, tag, outcome, minute, hour, day, "
                    "week or month."));
        groups.push_back(*dimension);
    }
    return groups;
}

void printCsv(const LedgerQuery& query, const LedgerReport& report)
{
    QStringList header;
    for (const Dimension dimension : query.groupBy)
        header.append(dimensionName(dimension));
    const Json names = rowSumsJson({});
    for (const auto& member : names.items())
        header.append(toQString(member.key()));
    printLine(header.join(QLatin1Char(',')));
    for (const LedgerRow& row : report.rows) {
        QStringList cells;
        for (const LedgerKey& key : row.keys)
            cells.append(csvField(keyText(key)));
        const Json sums = rowSumsJson(row);
        for (const auto& member : sums.items())
            cells.append(member.value().is_null() ? QString() : outputText(member.value()));
        printLine(cells.join(QLatin1Char(',')));
    }
}

Json rowJson(const LedgerQuery& query, const LedgerRow& row)
{
    Json json = Json::object();
    for (std::size_t at = 0; at < query.groupBy.size(); ++at) {
        // The rest is no value, whatever it is called.
        const LedgerKey& key = row.keys.at(at);
        json[toUtf8(dimensionName(query.groupBy[at]))] =
            key.kind == LedgerKey::Kind::Other ? Json() : Json(toUtf8(key.text));
    }
    const Json sums = rowSumsJson(row);
    for (const auto& member : sums.items())
        json[member.key()] = member.value();
    return json;
}

void printTable(const LedgerQuery& query, const LedgerReport& report)
{
    QStringList headers;
    std::vector<bool> right;
    for (const Dimension dimension : query.groupBy) {
        headers.append(dimensionName(dimension).toUpper());
        right.push_back(false);
    }
    const QStringList numbers{QStringLiteral("CALLS"), QStringLiteral("HITS"), QStringLiteral("HIT %"),
        QStringLiteral("PAID"), QStringLiteral("RETRIED %"), QStringLiteral("429 %"),
        QStringLiteral("FAILED"), QStringLiteral("UNPRICED"), QStringLiteral("INPUT"),
        QStringLiteral("OUTPUT"), QStringLiteral("COST"), QStringLiteral("SAVED")};
    headers += numbers;
    right.insert(right.end(), static_cast<std::size_t>(numbers.size()), true);
    TextTable table(headers, right);
    for (const LedgerRow& row : report.rows) {
        QStringList cells;
        for (const LedgerKey& key : row.keys)
            cells.append(keyText(key));
        table.add(cells + sumsCells(row.sums));
    }
    if (!query.groupBy.empty()) {
        QStringList keys{QStringLiteral("total")};
        while (keys.size() < static_cast<qsizetype>(query.groupBy.size()))
            keys.append(QString());
        table.add(keys + sumsCells(report.total.sums));
    }
    print(table.toText());
}

QCoro::Task<int> costs(CommandContext context, Arguments arguments)
{
    LedgerQuery query;
    query.groupBy = groupsOf(arguments.value(QStringLiteral("by"), QStringLiteral("model")));
    query.timeZone = arguments.has(QStringLiteral("tz")) ? arguments.value(QStringLiteral("tz")).toUtf8()
                                                         : QTimeZone::systemTimeZoneId();
    if (!QTimeZone(query.timeZone).isValid()) {
        if (arguments.has(QStringLiteral("tz")))
            throw UsageError(
                QStringLiteral("--tz \"%1\" is no time zone.").arg(arguments.value(QStringLiteral("tz"))),
                QStringLiteral("Write it like Europe/Berlin."));
        query.timeZone = "UTC";
    }
    const qint64 now = context.session->clock().nowMs();
    query.selection.fromMs = parseTime(arguments.value(QStringLiteral("since"), QStringLiteral("30d")),
        QStringLiteral("since"), now, query.timeZone);
    if (arguments.has(QStringLiteral("until")))
        query.selection.toMs =
            parseTime(arguments.value(QStringLiteral("until")), QStringLiteral("until"), now, query.timeZone);
    for (const Dimension dimension : {Dimension::Model, Dimension::Provider, Dimension::Task,
             Dimension::Agent, Dimension::User, Dimension::Host, Dimension::Tag, Dimension::Outcome}) {
        const QStringList values = arguments.values(dimensionName(dimension));
        if (!values.isEmpty())
            query.selection.filters.emplace_back(dimension, values);
    }
    if (const auto count = arguments.integer(QStringLiteral("top"), 1, 100'000)) {
        for (const Dimension dimension : query.groupBy) {
            if (!isTimeDimension(dimension))
                query.top.push_back({dimension, static_cast<int>(*count), Measure::Billed});
        }
    }
    if (arguments.has(QStringLiteral("as-charged")))
        query.prices = PriceView::AsCharged;
    query.distributions = arguments.has(QStringLiteral("csv")) || arguments.has(QStringLiteral("json"));
    LedgerQuery asked = query;
    const LedgerReport report = co_await context.session->report(std::move(asked));
    if (arguments.has(QStringLiteral("csv"))) {
        printCsv(query, report);
    } else if (arguments.has(QStringLiteral("json"))) {
        for (const LedgerRow& row : report.rows)
            printJsonLine(rowJson(query, row));
    } else if (report.total.sums.calls() == 0) {
        printLine(QStringLiteral("No calls in this range in the workspace %1.")
                      .arg(context.session->config().workspace));
    } else {
        printTable(query, report);
        if (report.hasRepriced)
            printLine(QStringLiteral("A repricing is applied; --as-charged shows what was charged."));
    }
    co_return 0;
}

} // namespace

std::vector<Command> costCommands()
{
    Command command;
    command.name = QStringLiteral("costs");
    command.synopsis = QStringLiteral("[--by model,task,user,day] [--since 7d] [--until T] [--csv|--json]");
    command.summary = QStringLiteral("what was spent and saved");
    command.options = {
        {QStringLiteral("by"), QStringLiteral("LIST"),
            QStringLiteral("model, provider, task, agent, user, host, tag, outcome, minute, hour, day, week, "
                           "month (default model)")},
        {QStringLiteral("since"), QStringLiteral("TIME"),
            QStringLiteral("7d, 12h, 2026-11-01, all (default 30d)")},
        {QStringLiteral("until"), QStringLiteral("TIME"), QStringLiteral("end of the range, exclusive")},
        {QStringLiteral("tz"), QStringLiteral("ZONE"),
            QStringLiteral("time zone of days and hours, such as Europe/Berlin (default: the system's)")},
        {QStringLiteral("model"), QStringLiteral("MODEL"), QStringLiteral("only this model; may be repeated"),
            true},
        {QStringLiteral("provider"), QStringLiteral("PREFIX"),
            QStringLiteral("only this provider; may be repeated"), true},
        {QStringLiteral("task"), QStringLiteral("TASK"), QStringLiteral("only this task; may be repeated"),
            true},
        {QStringLiteral("agent"), QStringLiteral("AGENT"), QStringLiteral("only this agent; may be repeated"),
            true},
        {QStringLiteral("user"), QStringLiteral("USER"), QStringLiteral("only this user; may be repeated"),
            true},
        {QStringLiteral("host"), QStringLiteral("HOST"), QStringLiteral("only this host; may be repeated"),
            true},
        {QStringLiteral("tag"), QStringLiteral("TAG"), QStringLiteral("only with this tag; may be repeated"),
            true},
        {QStringLiteral("top"), QStringLiteral("N"),
            QStringLiteral("the N most expensive of each grouping, and all others together")},
        {QStringLiteral("as-charged"), {}, QStringLiteral("without the repricing that is applied")},
        {QStringLiteral("outcome"), QStringLiteral("OUTCOME"),
            QStringLiteral("hit, miss, shared, refreshed, bypassed, failed, cancelled"), true},
        {QStringLiteral("csv"), {}, QStringLiteral("print CSV")},
        {QStringLiteral("json"), {}, QStringLiteral("print JSON, one object a line")},
    };
    command.run = costs;
    return {command};
}

} // namespace llmcache::app
