#include "cache/cacheview.h"

#include "cache/entryscan.h"
#include "cache/entrytable.h"
#include "cache/entrytablemodel.h"
#include "cache/textsearch.h"
#include "theme/icons.h"
#include "widgets/emptystate.h"
#include "widgets/errorbanner.h"

#include <QStackedWidget>
#include <QTimer>

// What the view says while there are no rows, and when something failed.

namespace llmcache::ui {

void CacheView::updateState()
{
    using State = EntryScan::State;
    const State state = m_scan->state();
    const bool rows = m_model->rowCount() > 0;
    // Until the first rows are in place nothing is known; a failure or an end says so itself.
    const bool waiting = !rows && m_session
        && ((state == State::Running && !m_scan->hasPages())
            || (m_model->total() > 0 && m_model->isArranging()));
    m_table->setSkeleton(waiting && !m_skeletonDelay->isActive());

    if (state == State::Failed && m_model->total() > 0)
        m_banner->showProblem(tr("The list could not be read to its end: %1").arg(m_scan->failure().message),
            m_scan->failure().remedy, tr("Retry"));
    else if (m_search->state() == TextSearch::State::Failed)
        m_banner->showProblem(tr("Not all texts could be searched: %1").arg(m_search->failure().message),
            m_search->failure().remedy, tr("Retry"));
    else if (state == State::Running && m_scan->hasPages())
        m_banner->clear();

    bool empty = false;
    const auto showEmpty = [&](Empty kind, IconName icon, const QString& title, const QString& text,
                               const QString& action) {
        empty = true;
        m_emptyKind = kind;
        m_empty->setContent(icon, title, text, action);
    };
    if (rows || waiting) {
        // the table
    } else if (!m_session) {
        showEmpty(Empty::NoSession, IconName::Cache, tr("No store is open"),
            tr("The entries of a workspace appear here once its store is open."), {});
    } else if (state == State::Failed) {
        const Failure& failure = m_scan->failure();
        showEmpty(Empty::StoreDown, IconName::Warning, tr("The entries could not be read"),
            failure.remedy.isEmpty() ? failure.message : failure.message + QLatin1Char('\n') + failure.remedy,
            tr("Retry"));
    } else if (m_model->total() > 0 && m_search->isUnderWay()) {
        showEmpty(Empty::NoMatch, IconName::Filter, tr("Looking into whole prompts and answers"),
            tr("Nothing was found so far."), tr("Clear the filter"));
    } else if (m_model->total() > 0) {
        const bool all = state == State::Complete && m_search->state() != TextSearch::State::Stopped
            && m_search->state() != TextSearch::State::Failed;
        QString text = all ? tr("No entry of this workspace passes it.")
                           : tr("No entry that was looked at so far passes it.");
        if (!m_model->filter().needsText())
            text += QLatin1Char('\n') + tr("Words after text: are looked for in whole prompts and answers.");
        showEmpty(
            Empty::NoMatch, IconName::Filter, tr("Nothing matches the filter"), text, tr("Clear the filter"));
    } else if (state == State::Complete) {
        showEmpty(Empty::Nothing, IconName::Cache, tr("No entries yet"),
            tr("Every answer that a run pays for is kept here, with its request, tokens and cost, and is "
               "given again for free."),
            tr("Open the workbench"));
    }
    m_tablePages->setCurrentIndex(empty ? 1 : 0);
}

} // namespace llmcache::ui
