#include "store/sqlite/ledgerreport_p.h"

#include "store/ledgersummary.h"
#include "store/sqlite/database_p.h"
#include "store/sqlite/ledgertable_p.h"

#include <algorithm>

namespace llmcache::sqlite {

LedgerReport reportOn(Database& database, const LedgerQuery& query)
{
    NameTable names;
    LedgerSummary summary(query, names);
    const Transaction snapshot(database, Transaction::Mode::Read);
    QVariantList values;
    const QString condition = conditionFor(database, query.selection, values);
    if (condition.isEmpty())
        return summary.report();
    Statement select = database.prepare(
        QStringLiteral("SELECT %1 FROM calls WHERE %2").arg(QLatin1String(callColumns), condition));
    select.runList(values);
    while (select.next())
        summary.add(figuresOf(callFromRow(database, select), names));
    return summary.report();
}

CallPage pageOf(Database& database, const CallPageQuery& query)
{
    CallPage page;
    const auto limit = static_cast<std::size_t>(std::clamp(query.limit, 1, CallPageQuery::mostCalls));
    std::optional<CallPosition> position = positionOf(query.cursor);
    const Transaction snapshot(database, Transaction::Mode::Read);
    CallSelection selection = query.selection;
    if (position)
        selection.toMs = std::min(selection.toMs, position->timeMs + 1);
    QVariantList values;
    QString condition = conditionFor(database, selection, values);
    if (condition.isEmpty())
        return page;
    if (position) {
        condition += QStringLiteral(" AND (time_ms < ? OR id < ?)");
        values << position->timeMs << position->id;
    }
    Statement select =
        database.prepare(QStringLiteral("SELECT %1 FROM calls WHERE %2 ORDER BY time_ms DESC, id DESC")
                             .arg(QLatin1String(callColumns), condition));
    select.runList(values);
    while (select.next()) {
        Call call = callFromRow(database, select);
        if (!accepts(query.selection, call))
            continue;
        if (page.calls.size() == limit) {
            page.cursor = cursorOf(page.calls.back());
            break;
        }
        page.calls.push_back(std::move(call));
    }
    return page;
}

} // namespace llmcache::sqlite
