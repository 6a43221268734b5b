#include "cache/selectionsums.h"

#include "cache/entrytablemodel.h"

namespace llmcache::ui {

SelectionSums::SelectionSums(const EntryTableModel* model, QObject* parent)
    : QObject(parent)
    , m_model(model)
    , m_job(this)
{
}

void SelectionSums::start(const std::vector<RowRun>& rows)
{
    m_job.cancel();
    if (countOf(rows) <= mostAtOnce)
        Q_EMIT summed(m_model->sumsOf(rows));
    else
        m_job.start(m_model->sumsMaker(rows), [this](const EntrySums& sums) { Q_EMIT summed(sums); });
}

} // namespace llmcache::ui
