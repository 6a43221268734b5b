#include "cache/cacheview.h"

#include "cache/bulkjob.h"
#include "cache/entrytable.h"
#include "cache/entrytablemodel.h"
#include "cache/entryundo.h"
#include "cache/liveentries.h"
#include "cache/selectionbar.h"
#include "cache/session.h"
#include "widgets/errorbanner.h"
#include "widgets/format.h"

#include <QPointer>

// What the user changes in many entries, and takes back.

namespace llmcache::ui {

void CacheView::askToInvalidate()
{
    m_selectionBar->ask();
}

void CacheView::changeSelection(const BulkAction& action)
{
    if (!m_session || m_bulk->isRunning())
        return;
    const auto rows = m_table->selectedRows();
    m_nextRow = rows.empty() || action.kind != BulkAction::Kind::Delete ? -1 : rows.front();
    std::vector<BulkTarget> targets;
    for (const int row : rows)
        targets.push_back({m_model->fingerprintAt(row), m_model->revisionAt(row)});
    m_bulk->start(m_session, std::move(targets), action);
}

void CacheView::pinSelection()
{
    changeSelection({BulkAction::Kind::Pin});
}

void CacheView::setTtlOfSelection(std::optional<std::chrono::seconds> ttl)
{
    BulkAction action{BulkAction::Kind::SetExpiry};
    if (ttl && m_session)
        action.expiresMs = m_session->clock().nowMs() + std::chrono::milliseconds(*ttl).count();
    changeSelection(action);
}

void CacheView::readAgain(const QStringList& fingerprints)
{
    constexpr qsizetype few = 1000;
    if (fingerprints.size() > few) {
        rescan();
        return;
    }
    m_live->read(fingerprints);
}

void CacheView::tell(const BulkReport& report)
{
    const qint64 count = report.changed + report.unaffected;
    QString text = m_bulk->doneText(count == 1 ? tr("1 entry") : tr("%1 entries").arg(format::count(count)));
    // The selection bar goes on to the next row.
    if (report.conflicts > 0)
        text += tr(" · %1 had changed and stayed").arg(format::count(report.conflicts));
    offerUndo(text, report.undoId);
}

void CacheView::offerUndo(const QString& text, const QString& undoId)
{
    if (undoId.isEmpty()) {
        Q_EMIT notice(text, {}, {});
        return;
    }
    Q_EMIT notice(text, tr("Undo"), [self = QPointer(this), undoId] {
        if (self)
            self->undo(undoId);
    });
}

void CacheView::undo(const QString& id)
{
    if (!m_session || m_undoTasks.active() > 0)
        return;
    m_undoTasks.run(
        [session = m_session, id](const std::stop_token& stop) { return undoEntries(session, id, stop); },
        [this](const Undone& undone) {
            readAgain(undone.restored);
            Q_EMIT notice(undoneText(undone), {}, {});
        },
        [this](const Failure& failure) {
            m_banner->showProblem(
                tr("The change could not be undone: %1").arg(failure.message), failure.remedy);
        });
}

} // namespace llmcache::ui
