// From what the Costs view shows to the calls behind it.

#include "costs/chartcard.h"
#include "costs/costsview.h"

#include <QTableView>

namespace llmcache::ui {

namespace {

QStringList namesOf(std::initializer_list<Outcome> outcomes)
{
    QStringList names;
    for (const Outcome outcome : outcomes)
        names.append(outcomeName(outcome));
    return names;
}

QStringList paidOutcomes()
{
    return namesOf({Outcome::Miss, Outcome::Refreshed, Outcome::Bypassed});
}

QStringList hitOutcomes()
{
    return namesOf({Outcome::Hit, Outcome::Shared});
}

} // namespace

void CostsView::openCalls(const CallScope& scope)
{
    m_calls->setScope(scope);
}

void CostsView::openTile(CostsTiles::Figure figure)
{
    CallScope scope;
    switch (figure) {
    case CostsTiles::Spent:
        scope.filters = {{Dimension::Outcome, paidOutcomes()}};
        scope.label = tr("paid");
        break;
    case CostsTiles::Saved:
    case CostsTiles::HitRate:
        scope.filters = {{Dimension::Outcome, hitOutcomes()}};
        scope.label = tr("hits");
        break;
    case CostsTiles::Unpriced:
        scope.only = CallScope::Only::Unpriced;
        scope.label = tr("unpriced");
        if (!m_snapshot.unpricedModels.isEmpty() && m_snapshot.unpricedModels.size() < mostBars)
            scope.filters = {{Dimension::Model, m_snapshot.unpricedModels}};
        break;
    case CostsTiles::Calls:
    case CostsTiles::FigureCount:
        break;
    }
    openCalls(scope);
    m_calls->table()->setFocus();
}

void CostsView::openColumn(const ChartCard* chart, const ChartColumn& column, const QString& series)
{
    CallScope scope;
    scope.span = column.span;
    scope.spanLabel = column.longLabel;
    const auto only = [&scope](Dimension dimension, const QStringList& values, const QString& label) {
        scope.filters = {{dimension, values}};
        scope.label = label;
    };
    if (chart == m_spend) {
        if (!series.isNull())
            only(m_snapshot.question.stackBy, {series}, valueLabel(m_snapshot.question.stackBy, series));
    } else if (chart == m_saved) {
        if (!series.isNull())
            only(Dimension::Outcome, series == QLatin1String("saved") ? hitOutcomes() : paidOutcomes(),
                series == QLatin1String("saved") ? tr("hits") : tr("paid"));
    } else if (chart == m_tokens || chart == m_latencyPaid) {
        only(Dimension::Outcome, paidOutcomes(), tr("paid"));
    } else if (chart == m_latencyHits) {
        only(Dimension::Outcome, hitOutcomes(), tr("hits"));
    } else if (chart == m_runCost) {
        only(Dimension::Outcome, paidOutcomes(), column.longLabel);
        scope.only = CallScope::Only::CostBetween;
        scope.from = Money::fromPicodollars(column.from);
        scope.upTo = Money::fromPicodollars(column.upTo);
    } else if (chart == m_errors) {
        if (series == QLatin1String("failed")) {
            only(Dimension::Outcome, namesOf({Outcome::Failed}), tr("failed"));
        } else if (!series.isNull()) {
            const bool limited = series == QLatin1String("429");
            scope.only = limited ? CallScope::Only::RateLimited : CallScope::Only::Retried;
            scope.label = limited ? tr("429 answers") : tr("retried");
        }
    }
    openCalls(scope);
}

} // namespace llmcache::ui
