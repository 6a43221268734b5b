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

/// All that may have cost something: a call that fails in the end has been billed for what came before.
QStringList billedOutcomes()
{
    return paidOutcomes() + namesOf({Outcome::Failed, Outcome::Cancelled});
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
        scope.filters = {{Dimension::Outcome, billedOutcomes()}};
        scope.label = tr("paid or failed");
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

CallScope CostsView::scopeOf(const ChartColumn& column) const
{
    CallScope scope;
    scope.span = column.span;
    scope.spanLabel = column.longLabel;
    // What comes while the list is open raises the bar, too.
    scope.isGrowing = column.span.toMs > m_snapshot.question.span.toMs;
    return scope;
}

void CostsView::openOther(Dimension dimension, const QStringList& shown, const ChartColumn* column)
{
    CallScope scope = column ? scopeOf(*column) : CallScope();
    scope.label = tr("other than the %1 shown").arg(dimensionName(dimension));
    m_otherTasks.run([session = m_session, selection = selectionOf(m_snapshot.question), dimension, shown](
                         std::stop_token) { return loadOthers(session, selection, dimension, shown); },
        [this, dimension, scope](const QStringList& others) {
            CallScope found = scope;
            found.filters = {{dimension, others}};
            openCalls(found);
        },
        [this](const Failure& failure) { showProblem(tr("The ledger can't be read: %1"), failure); });
}

void CostsView::openColumn(const ChartCard* chart, const ChartColumn& column, const QString& series)
{
    CallScope scope = scopeOf(column);
    const auto only = [&scope](Dimension dimension, const QStringList& values, const QString& label) {
        scope.filters = {{dimension, values}};
        scope.label = label;
    };
    if (chart == m_spend) {
        if (!series.isNull())
            only(m_snapshot.question.stackBy, {series}, valueLabel(m_snapshot.question.stackBy, series));
    } else if (chart == m_saved) {
        if (!series.isNull())
            only(Dimension::Outcome, series == QLatin1String("saved") ? hitOutcomes() : billedOutcomes(),
                series == QLatin1String("saved") ? tr("hits") : tr("paid or failed"));
    } else if (chart == m_tokens) {
        only(Dimension::Outcome, billedOutcomes(), tr("paid or failed"));
    } else if (chart == m_latencyPaid) {
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
