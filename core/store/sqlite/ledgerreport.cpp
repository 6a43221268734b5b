#include "store/sqlite/ledgerreport_p.h"

#include "store/sqlite/database_p.h"
#include "store/sqlite/ledgertable_p.h"
#include "store/sqlite/packtable_p.h"

#include <algorithm>

namespace llmcache::sqlite {

namespace {

void layPricesOver(Database& database, std::vector<Call>& calls, const std::vector<qint64>& places)
{
    const QHash<qint64, LaidPrice> prices = newPricesOf(database, places);
    if (prices.isEmpty())
        return;
    const std::vector<AppliedRepricing> applied = repricingsOf(database);
    for (std::size_t i = 0; i < calls.size(); ++i) {
        const auto laid = prices.constFind(places[i]);
        if (laid != prices.cend())
            calls[i].repriced =
                repricedBy(laid->price, sourceOfPrice(applied, laid->repricing, calls[i].timeMs));
    }
}

} // namespace

BegunReport beginReport(Database& database, const LedgerQuery& query)
{
    CallCache& cache = database.keptCalls();
    cache.clearIfWorn();
    BegunReport report{std::make_shared<LedgerSummary>(query, cache.names()), {}};
    const Transaction snapshot(database, Transaction::Mode::Read);
    if (query.selection.fingerprint.isEmpty()) {
        report.kept = addCalls(database, *report.summary);
        return report;
    }
    QVariantList values;
    const QString condition = conditionFor(database, query.selection, values);
    if (condition.isEmpty())
        return report;
    Statement select = database.prepare(
        QStringLiteral("SELECT %1, seq FROM calls WHERE %2").arg(QLatin1String(callColumns), condition));
    select.runList(values);
    std::vector<Call> calls;
    std::vector<qint64> places;
    while (select.next()) {
        calls.push_back(callFromRow(database, select));
        places.push_back(select.integer(callColumnCount));
    }
    if (query.prices == PriceView::Current)
        layPricesOver(database, calls, places);
    for (const Call& call : calls)
        report.summary->add(currentFiguresOf(call, *cache.names()));
    return report;
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
        database.prepare(QStringLiteral("SELECT %1, seq FROM calls WHERE %2 ORDER BY time_ms DESC, id DESC")
                             .arg(QLatin1String(callColumns), condition));
    select.runList(values);
    std::vector<qint64> places;
    while (select.next()) {
        Call call = callFromRow(database, select);
        if (!accepts(query.selection, call))
            continue;
        if (page.calls.size() == limit) {
            page.cursor = cursorOf(page.calls.back());
            break;
        }
        page.calls.push_back(std::move(call));
        places.push_back(select.integer(callColumnCount));
    }
    layPricesOver(database, page.calls, places);
    return page;
}

} // namespace llmcache::sqlite
