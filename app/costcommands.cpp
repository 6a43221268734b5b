#include "commands.h"

#include "base/error.h"
#include "output.h"

#include <QTimeZone>

namespace llmcache::app {

namespace {

Json sumsJson(const CostSums& sums)
{
    Json json = Json::object();
    json["calls"] = sums.calls;
    json["hits"] = sums.hits;
    json["misses"] = sums.misses;
    json["failures"] = sums.failures;
    json["unpriced"] = sums.unpriced;
    json["cost_usd"] = toUtf8(sums.cost.toDecimal());
    json["avoided_cost_usd"] = toUtf8(sums.avoided.toDecimal());
    json["input_tokens"] = sums.inputTokens;
    json["output_tokens"] = sums.outputTokens;
    json["cache_read_tokens"] = sums.cacheReadTokens;
    json["cache_write_tokens"] = sums.cacheWriteTokens;
    json["reasoning_tokens"] = sums.reasoningTokens;
    return json;
}

QStringList sumsCells(const CostSums& sums)
{
    return {QString::number(sums.calls), QString::number(sums.hits), QString::number(sums.misses),
        QString::number(sums.failures), QString::number(sums.unpriced), QString::number(sums.inputTokens),
        QString::number(sums.outputTokens), sums.cost.toDisplay(), sums.avoided.toDisplay()};
}

std::vector<Dimension> groupsOf(const QString& text)
{
    std::vector<Dimension> groups;
    const auto names = text.split(QLatin1Char(','), Qt::SkipEmptyParts);
    for (const QString& name : names) {
        const auto dimension = dimensionFromName(name.trimmed());
        if (!dimension)
            throw UsageError(QStringLiteral("--by \"%1\" is unknown.").arg(name),
                QStringLiteral("Use model, provider, task, agent, user, outcome, hour, day or month."));
        groups.push_back(*dimension);
    }
    return groups;
}

void printCsv(const CostQuery& query, const CostReport& report)
{
    QStringList header;
    for (const Dimension dimension : query.groupBy)
        header.append(dimensionName(dimension));
    const Json names = sumsJson({});
    for (const auto& member : names.items())
        header.append(toQString(member.key()));
    printLine(header.join(QLatin1Char(',')));
    for (const CostRow& row : report.rows) {
        QStringList cells;
        for (const QString& key : row.keys)
            cells.append(csvField(key));
        const Json sums = sumsJson(row.sums);
        for (const auto& member : sums.items())
            cells.append(outputText(member.value()));
        printLine(cells.join(QLatin1Char(',')));
    }
}

Json rowJson(const CostQuery& query, const CostRow& row)
{
    Json json = Json::object();
    for (std::size_t at = 0; at < query.groupBy.size(); ++at)
        json[toUtf8(dimensionName(query.groupBy[at]))] = toUtf8(row.keys.at(static_cast<qsizetype>(at)));
    const Json sums = sumsJson(row.sums);
    for (const auto& member : sums.items())
        json[member.key()] = member.value();
    return json;
}

void printTable(const CostQuery& query, const CostReport& report)
{
    QStringList headers;
    std::vector<bool> right;
    for (const Dimension dimension : query.groupBy) {
        headers.append(dimensionName(dimension).toUpper());
        right.push_back(false);
    }
    const QStringList numbers{QStringLiteral("CALLS"), QStringLiteral("HITS"), QStringLiteral("PAID"),
        QStringLiteral("FAILED"), QStringLiteral("UNPRICED"), QStringLiteral("INPUT"),
        QStringLiteral("OUTPUT"), QStringLiteral("COST"), QStringLiteral("SAVED")};
    headers += numbers;
    right.insert(right.end(), static_cast<std::size_t>(numbers.size()), true);
    TextTable table(headers, right);
    for (const CostRow& row : report.rows)
        table.add(row.keys + sumsCells(row.sums));
    if (!query.groupBy.empty()) {
        QStringList keys{QStringLiteral("total")};
        while (keys.size() < static_cast<qsizetype>(query.groupBy.size()))
            keys.append(QString());
        table.add(keys + sumsCells(report.total));
    }
    print(table.toText());
}

QCoro::Task<int> costs(CommandContext context, Arguments arguments)
{
    CostQuery query;
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
    query.fromMs = parseTime(arguments.value(QStringLiteral("since"), QStringLiteral("30d")),
        QStringLiteral("since"), now, query.timeZone);
    if (arguments.has(QStringLiteral("until")))
        query.toMs =
            parseTime(arguments.value(QStringLiteral("until")), QStringLiteral("until"), now, query.timeZone);
    for (const Dimension dimension : {Dimension::Model, Dimension::Provider, Dimension::Task,
             Dimension::Agent, Dimension::User, Dimension::Outcome}) {
        const QStringList values = arguments.values(dimensionName(dimension));
        if (!values.isEmpty())
            query.filters.emplace_back(dimension, values);
    }
    const CostQuery asked = query;
    const CostReport report = co_await context.session->costs(asked);
    if (arguments.has(QStringLiteral("csv"))) {
        printCsv(query, report);
    } else if (arguments.has(QStringLiteral("json"))) {
        for (const CostRow& row : report.rows)
            printJsonLine(rowJson(query, row));
    } else if (report.total.calls == 0) {
        printLine(QStringLiteral("No calls in this range in the workspace %1.")
                      .arg(context.session->config().workspace));
    } else {
        printTable(query, report);
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
            QStringLiteral("model, provider, task, agent, user, outcome, hour, day, month (default model)")},
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
        {QStringLiteral("outcome"), QStringLiteral("OUTCOME"),
            QStringLiteral("hit, miss, shared, refreshed, bypassed, failed, cancelled"), true},
        {QStringLiteral("csv"), {}, QStringLiteral("print CSV")},
        {QStringLiteral("json"), {}, QStringLiteral("print JSON, one object a line")},
    };
    command.run = costs;
    return {command};
}

} // namespace llmcache::app
