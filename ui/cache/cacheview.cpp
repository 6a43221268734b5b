#include "cache/cacheview.h"

#include "base/memory.h"
#include "cache/bulkjob.h"
#include "cache/entrycompare.h"
#include "cache/entrydetail.h"
#include "cache/entryscan.h"
#include "cache/entrytable.h"
#include "cache/entrytablemodel.h"
#include "cache/filterfield.h"
#include "cache/grouppanel.h"
#include "cache/liveentries.h"
#include "cache/quietscan.h"
#include "cache/scanbar.h"
#include "cache/schemascan.h"
#include "cache/selectionbar.h"
#include "cache/selectionsums.h"
#include "cache/session.h"
#include "cache/textsearch.h"
#include "cache/transferbar.h"
#include "theme/theme.h"
#include "widgets/controls.h"
#include "widgets/emptystate.h"
#include "widgets/errorbanner.h"

#include <QAction>
#include <QApplication>
#include <QKeyEvent>
#include <QMenu>
#include <QStackedWidget>
#include <QTimer>

namespace llmcache::ui {

namespace {

/// A store that answers sooner shows its rows without anything in between.
constexpr std::chrono::milliseconds skeletonDelay{150};
/// Ages are shown in seconds at first.
constexpr std::chrono::seconds clockPeriod{15};
/// By then the session that was closed is gone, too.
constexpr std::chrono::seconds trimDelay{2};

/// A million rows are many small pieces of memory, which the C library keeps when they are freed unless it is
/// told not to. Also when the view itself is gone by then.
void giveMemoryBack()
{
    QTimer::singleShot(trimDelay, QCoreApplication::instance(), trimMemory);
}

} // namespace

CacheView::CacheView(const Theme* theme, QSettings* settings, QWidget* parent)
    : View(parent)
    , m_theme(theme)
    , m_settings(settings)
    , m_scan(new EntryScan(this))
    , m_bulk(new BulkJob(this))
    , m_model(new EntryTableModel(this))
    , m_selectionSums(new SelectionSums(m_model, this))
    , m_search(new TextSearch(m_model, this))
    , m_live(new LiveEntries(this))
    , m_quietScan(new QuietScan(m_model, m_scan, this))
    , m_schemaScan(new SchemaScan(this))
    , m_csv(this)
    , m_copy(this)
    , m_schemaList(this)
    , m_skeletonDelay(new QTimer(this))
    , m_clock(new QTimer(this))
    , m_shownCheck(new QTimer(this))
{
    setObjectName(QStringLiteral("cacheView"));
    // Before the selection hears of it, which then changes without the user.
    connect(m_model, &QAbstractItemModel::rowsAboutToBeRemoved, this, [this] { m_rowsLeave = true; });
    connect(m_model, &QAbstractItemModel::rowsRemoved, this, [this] { m_rowsLeave = false; });
    makeLayout();
    makeCommands();

    m_skeletonDelay->setSingleShot(true);
    m_skeletonDelay->setInterval(skeletonDelay);
    connect(m_skeletonDelay, &QTimer::timeout, this, &CacheView::updateState);
    m_clock->setInterval(clockPeriod);
    connect(m_clock, &QTimer::timeout, this, &CacheView::tick);

    connect(m_scan, &EntryScan::pageArrived, this, &CacheView::takeRows);
    connect(m_quietScan, &QuietScan::pageArrived, this, &CacheView::takeRows);
    connect(m_live, &LiveEntries::changed, this, &CacheView::takeNews);
    connect(m_live, &LiveEntries::rescanWanted, this, [this] { m_quietScan->want(&m_session->store()); });
    m_live->setVisibleRows([this] { return visibleFingerprints(); });
    connect(m_search, &TextSearch::changed, this, &CacheView::updateState);
    connect(m_scan, &EntryScan::changed, this, [this] {
        if (!m_scan->isUnderWay())
            m_model->endScan(m_scan->state() == EntryScan::State::Complete);
        updateState();
    });
    m_filter->setValues([this](const QString& field) {
        static const QHash<QString, EntryColumn> columns{{QStringLiteral("agent"), EntryColumn::Agent},
            {QStringLiteral("model"), EntryColumn::Model}, {QStringLiteral("task"), EntryColumn::Task},
            {QStringLiteral("author"), EntryColumn::Author}, {QStringLiteral("tag"), EntryColumn::Tags}};
        const auto column = columns.constFind(field);
        return column == columns.cend() ? QStringList() : m_model->textsIn(*column);
    });
    connect(m_groups, &GroupPanel::groupChosen, this, [this](const std::optional<QString>& name) {
        m_selectionBar->cancelQuestion();
        m_table->scrollToTop();
        m_model->setGroup(name);
    });
    connect(m_model, &EntryTableModel::aboutToArrange, m_table, &EntryTable::notePlace);
    connect(m_model, &EntryTableModel::arranged, m_table, &EntryTable::keepPlace);
    connect(m_model, &EntryTableModel::arranged, this, [this] {
        if (m_model->grouping())
            m_groups->setGroups(m_model->groups(), columnInfo(*m_model->grouping()).title);
        selectPending();
        updateState();
        sumSelection();
        showCurrent();
    });
    connect(m_filter, &FilterField::filterChanged, this, [this](const EntryFilter& filter) {
        m_selectionBar->cancelQuestion(); // what it was about may not be in sight any more
        m_table->scrollToTop(); // of what is another list
        m_model->setFilter(filter);
        searchTexts();
    });
    connect(m_filter, &FilterField::leftDownwards, this, [this] {
        m_table->setFocus(Qt::ShortcutFocusReason);
        if (m_table->selectedRows().empty() && m_model->rowCount() > 0)
            m_table->selectRow(0);
    });
    connect(m_scanBar, &ScanBar::rescanRequested, this, &CacheView::rescan);
    connect(m_scanBar, &ScanBar::liveRequested, this, &CacheView::setLive);
    connect(m_table, &EntryTable::rowsSelected, this, &CacheView::updateSelection);
    connect(m_selectionSums, &SelectionSums::summed, m_selectionBar, &SelectionBar::setSums);
    connect(
        m_table->selectionModel(), &QItemSelectionModel::currentRowChanged, this, &CacheView::showCurrent);
    connect(m_selectionBar, &SelectionBar::copyRequested, this, &CacheView::copyRows);
    connect(m_selectionBar, &SelectionBar::pinRequested, this, &CacheView::pinSelection);
    connect(m_selectionBar, &SelectionBar::ttlRequested, this, &CacheView::setTtlOfSelection);
    connect(m_selectionBar, &SelectionBar::invalidateRequested, this, &CacheView::askToInvalidate);
    connect(m_selectionBar, &SelectionBar::invalidateConfirmed, this, [this] {
        const auto rows = m_table->selectedRows();
        m_nextRow = rows.empty() ? -1 : rows.front();
        if (m_session && obstacle().isEmpty())
            m_bulk->start(m_session, std::exchange(m_asked, {}), {});
    });
    connect(m_selectionBar, &SelectionBar::questionClosed, this, [this] {
        m_countTasks.drop();
        m_table->setFocus();
    });
    connect(m_selectionBar, &SelectionBar::detailsRequested, this, &CacheView::showDetails);
    connect(m_selectionBar->moreMenu(), &QMenu::aboutToShow, this, &CacheView::fillMoreMenu);
    connect(m_detail, &EntryDetail::tagRequested, this, &CacheView::tagEntry);
    connect(m_compare, &EntryCompare::closed, this, [this] {
        showSide(m_detail);
        m_table->setFocus();
    });
    connect(m_compare, &EntryCompare::activeChanged, this, &View::activeTasksChanged);
    connect(m_selectionBar, &SelectionBar::workCancelled, this, [this] {
        m_undoTasks.stop();
        m_schemaScan->stop();
    });
    connectSchemaScan();
    connect(m_bulk, &BulkJob::batchRemoved, this, [this](const QStringList& gone) {
        if (gone.contains(m_detail->fingerprint()))
            m_detail->clear();
        m_model->removeEntries(gone);
    });
    connect(m_bulk, &BulkJob::rowsRead, this, &CacheView::takeNews);
    connect(m_bulk, &BulkJob::manyChanged, this, &CacheView::rescan);
    connect(m_bulk, &BulkJob::finished, this, [this] {
        const Failure& failure = m_bulk->failure();
        if (!failure.message.isEmpty())
            m_banner->showProblem(
                tr("Not all entries could be changed: %1").arg(failure.message), failure.remedy);
        const BulkReport& report = m_bulk->report();
        if (report.done() > 0)
            tell(report);
        if (m_nextRow >= 0 && m_model->rowCount() > 0 && m_table->selectedRows().empty()
            && m_table->hasFocus()) {
            // Selecting the next row would put what was left undone out of sight.
            const auto how = m_bulk->problems().empty()
                ? QItemSelectionModel::ClearAndSelect | QItemSelectionModel::Rows
                : QItemSelectionModel::NoUpdate;
            m_table->selectionModel()->setCurrentIndex(
                m_model->index(std::min(m_nextRow, m_model->rowCount() - 1), 0), how);
        }
        m_table->viewport()->update(); // the mark of the row that was current in between
        m_nextRow = -1;
    });
    connect(m_detail, &EntryDetail::runAgainRequested, this, &CacheView::runAgain);
    connect(m_detail, &EntryDetail::deleteRequested, this, [this](const QString& fingerprint) {
        // The entry may not be in the table, which is filtered and may have other rows selected.
        const BulkTarget target{fingerprint, m_detail->revision()};
        askAbout(1, [target] { return std::vector{target}; });
    });
    connect(m_detail, &EntryDetail::forgetRequested, this, [this](QString fingerprint) {
        m_detail->clear();
        m_model->removeEntries({fingerprint});
    });
    connect(
        m_detail, &EntryDetail::saved, this, [this](const QString& fingerprint, const EditResult& result) {
            m_live->read({fingerprint});
            offerUndo(tr("Saved as revision %1").arg(result.revision), result.undoId, result.forgotten);
        });
    connect(m_banner, &ErrorBanner::actionTriggered, this, &CacheView::rescan);
    connect(m_empty, &EmptyState::actionTriggered, this, [this] {
        switch (m_emptyKind) {
        case Empty::NoMatch:
            m_filter->clear();
            m_filter->setFocus();
            break;
        case Empty::StoreDown:
            rescan();
            break;
        case Empty::Nothing:
        case Empty::NoSession:
            Q_EMIT workbenchRequested();
            break;
        }
    });
    connect(m_scan, &EntryScan::activeChanged, this, &View::activeTasksChanged);
    connect(m_search, &TextSearch::activeChanged, this, &View::activeTasksChanged);
    connect(m_bulk, &BulkJob::activeChanged, this, &View::activeTasksChanged);
    connect(m_transfer, &TransferBar::imported, this, &CacheView::takeImported);
    connect(m_transfer, &TransferBar::activeChanged, this, &View::activeTasksChanged);
    connect(m_detail, &EntryDetail::activeChanged, this, &View::activeTasksChanged);
    connect(m_live, &LiveEntries::activeChanged, this, &View::activeTasksChanged);
    connect(m_quietScan, &QuietScan::activeChanged, this, &View::activeTasksChanged);
    connect(&m_undoTasks, &TaskScope::activeChanged, this, &View::activeTasksChanged);
    connect(&m_countTasks, &TaskScope::activeChanged, this, &View::activeTasksChanged);
    connect(&m_roomTasks, &TaskScope::activeChanged, this, &View::activeTasksChanged);
    restoreGrouping();
    restoreLive();
    updateState();
    updateSelection();
}

CacheView::~CacheView()
{
    if (m_started)
        giveMemoryBack();
}

QString CacheView::title() const
{
    return tr("Cache");
}

QList<QWidget*> CacheView::panes()
{
    return {m_filter, m_table, m_detail->findChild<QWidget*>(QStringLiteral("detailTabs"))};
}

void CacheView::setSession(Session* session)
{
    m_scan->forget();
    m_search->forget();
    m_bulk->forget();
    m_live->forget();
    m_quietScan->cancel();
    m_schemaScan->setStore(session ? &session->store() : nullptr);
    m_csv.cancel();
    m_copy.cancel();
    m_schemaList.cancel();
    m_transfer->forget();
    m_undoTasks.drop();
    m_countTasks.drop();
    m_roomTasks.drop();
    m_asked.clear();
    m_undone.clear();
    m_selectionBar->endWork();
    if (m_session)
        disconnect(&m_session->store(), nullptr, this, nullptr);
    m_session = session;
    if (std::exchange(m_started, false))
        giveMemoryBack();
    m_pending.clear();
    m_nextRow = -1;
    m_model->clear();
    m_detail->setSession(session);
    m_compare->setSession(session);
    showSide(m_detail);
    m_selectionBar->setGuard(
        session && session->connection().production ? session->store().info().workspace : QString());
    m_selectionBar->setObstacle(obstacle());
    m_detail->setObstacle(obstacle());
    for (QAction* action : std::as_const(m_changes)) {
        action->setEnabled(obstacle().isEmpty());
        action->setToolTip(obstacle());
    }
    m_banner->clear();
    m_selectionBar->cancelQuestion();
    if (!session) {
        m_clock->stop();
        updateState();
        return;
    }
    tick();
    m_clock->start();
    connect(&session->store(), &Store::connectionChanged, this, [this](bool connected) {
        if (connected && m_scan->state() == EntryScan::State::Failed)
            rescan();
    });
    if (isVisible())
        rescan();
    else
        updateState();
}

void CacheView::activate()
{
    if (m_session && !m_started)
        rescan();
    m_schemaScan->readAgents(); // which may have been edited in the workbench
    if (!m_filter->isAncestorOf(QApplication::focusWidget()))
        m_table->setFocus();
}

void CacheView::tick()
{
    const qint64 nowMs = m_session->clock().nowMs();
    m_model->setNow(nowMs);
    m_filter->setNow(nowMs);
}

void CacheView::rescan()
{
    if (!m_session)
        return;
    m_quietScan->cancel();
    if (!std::exchange(m_started, true))
        m_live->start(&m_session->store());
    m_banner->clear();
    tick();
    m_schemaScan->readAgents();
    if (m_scan->isUnderWay())
        m_model->endScan(false);
    m_model->beginScan();
    m_skeletonDelay->start();
    const bool searchIsOver =
        m_search->state() == TextSearch::State::Running || m_search->state() == TextSearch::State::Done;
    if (m_model->filter().needsText() && !searchIsOver) {
        m_model->setFilter(EntryFilter(m_model->filter()));
        searchTexts();
    }
    m_scan->start(&m_session->store());
}

void CacheView::searchTexts()
{
    if (m_session)
        m_search->restart(&m_session->store(), m_model->filter(), m_session->clock().nowMs());
}

void CacheView::updateSelection()
{
    if (!m_rowsLeave)
        m_selectionBar->setSelection(countOf(m_table->selectedRuns()));
    sumSelection();
    showCurrent();
}

void CacheView::sumSelection()
{
    m_selectionSums->start(m_table->selectedRuns());
}

void CacheView::showCurrent()
{
    // A current row that is not selected became so by itself, when another one went away; the entry that
    // the user chose stays on screen.
    const QModelIndex current = m_table->currentIndex();
    if (!current.isValid() || !m_table->selectionModel()->isRowSelected(current.row(), {}))
        return;
    if (countOf(m_table->selectedRuns()) != 2)
        showSide(m_detail);
    m_detail->show(m_model->fingerprintAt(current.row()));
}

void CacheView::showEntry(const QString& fingerprint)
{
    if (!m_session)
        return;
    if (!m_started)
        rescan();
    m_detail->show(fingerprint);
    m_pending = fingerprint;
    if (m_model->rowOf(fingerprint) < 0 && m_model->isFiltered())
        m_filter->clear();
    if (!m_model->contains(fingerprint))
        noteStored(fingerprint);
    selectPending();
}

void CacheView::selectPending()
{
    if (m_pending.isEmpty())
        return;
    const int row = m_model->rowOf(m_pending);
    if (row < 0)
        return;
    m_pending.clear();
    const QModelIndex index = m_model->index(row, 0);
    m_table->setCurrentIndex(index);
    m_table->selectRow(row);
    m_table->scrollTo(index, QAbstractItemView::PositionAtCenter);
}

void CacheView::focusFilter()
{
    m_filter->focusField();
}

void CacheView::escape()
{
    if (m_selectionBar->isAsking())
        m_selectionBar->cancelQuestion();
    else if (!m_table->selectedRows().empty())
        m_table->clearSelection();
    else
        m_filter->clear();
}

bool CacheView::eventFilter(QObject* watched, QEvent* event)
{
    if (watched == m_table && event->type() == QEvent::KeyPress) {
        auto* key = static_cast<QKeyEvent*>(event);
        if (key->key() == Qt::Key_C && key->modifiers() == (Qt::ControlModifier | Qt::ShiftModifier)) {
            copyRowsAsJson();
            return true;
        }
        if (key->key() == Qt::Key_Return || key->key() == Qt::Key_Enter) {
            m_side->currentWidget()->setFocus(Qt::OtherFocusReason); // the entry is shown already
            return true;
        }
        if (key->matches(QKeySequence::Copy)) {
            copyRows();
            return true;
        }
        if (key->matches(QKeySequence::Delete) && key->modifiers() == Qt::NoModifier) {
            askToInvalidate();
            return true;
        }
        if (key->key() == Qt::Key_Escape) {
            escape();
            return true;
        }
    }
    return View::eventFilter(watched, event);
}

void CacheView::stopTasks()
{
    m_scan->stop();
    m_search->stop();
    m_bulk->cancel();
    m_transfer->cancel();
    m_live->forget();
    m_quietScan->cancel();
    m_schemaList.cancel();
    m_schemaScan->stop();
    m_shownCheck->stop();
    m_undoTasks.drop();
    m_countTasks.drop();
    m_roomTasks.drop();
    m_detail->stopTasks();
    m_compare->stopTasks();
}

int CacheView::activeTasks() const
{
    return m_scan->activeTasks() + m_search->activeTasks() + m_bulk->activeTasks() + m_transfer->activeTasks()
        + m_live->activeTasks() + m_quietScan->activeTasks() + m_undoTasks.active() + m_countTasks.active()
        + m_roomTasks.active() + m_detail->activeTasks() + m_compare->activeTasks()
        + m_schemaScan->activeTasks();
}

} // namespace llmcache::ui
