#include "cache/cacheview.h"

#include "base/worker.h"
#include "cache/bulkjob.h"
#include "cache/bulkpreview.h"
#include "cache/changedialogs.h"
#include "cache/entrydetail.h"
#include "cache/entryscan.h"
#include "cache/entrytable.h"
#include "cache/entrytablemodel.h"
#include "cache/entryundo.h"
#include "cache/liveentries.h"
#include "cache/selectionbar.h"
#include "cache/session.h"
#include "widgets/errorbanner.h"
#include "widgets/format.h"

#include <qcorofuture.h>

#include <QInputDialog>
#include <QMessageBox>
#include <QPointer>
#include <QPushButton>

// What the user changes in many entries, and takes back.

namespace llmcache::ui {

namespace {

/// Asks for a line of text; `take` gets what was typed, without the space around it.
void askForText(QWidget* parent, const char* name, const QString& title, const QString& label,
    const std::function<void(const QString&)>& take)
{
    auto* dialog = new QInputDialog(parent);
    dialog->setObjectName(QLatin1String(name));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setInputMode(QInputDialog::TextInput);
    dialog->setWindowTitle(title);
    dialog->setLabelText(label);
    QObject::connect(dialog, &QInputDialog::textValueSelected, parent,
        [take](const QString& text) { take(text.trimmed()); });
    dialog->open();
}

/// Entries that are meant, made on another thread.
using Targets = std::shared_ptr<std::vector<BulkTarget>>;

QCoro::Task<BulkPreview> preview(Store* store, UndoJournal* journal,
    std::function<std::vector<BulkTarget>()> make, qint64 nowMs, std::function<void(qint64)> progress,
    std::stop_token stop)
{
    auto work = [make = std::move(make)] { return std::make_shared<std::vector<BulkTarget>>(make()); };
    QFuture<Targets> making = runOn(*QThreadPool::globalInstance(), std::move(work));
    Targets targets = co_await making;
    auto previewing =
        previewChange(store, journal, std::move(*targets), nowMs, std::move(progress), std::move(stop));
    co_return co_await previewing;
}

/// What a change is about, and the room that it takes in the journal.
struct Weighed {
    Targets targets;
    UndoRoom room;
};

QCoro::Task<Weighed> weigh(UndoJournal* journal, std::function<std::vector<BulkTarget>()> make,
    std::function<EntryWeight()> sum, qint64 nowMs)
{
    auto work = [make = std::move(make), sum = std::move(sum)] {
        return std::pair(std::make_shared<std::vector<BulkTarget>>(make()), sum());
    };
    QFuture<std::pair<Targets, EntryWeight>> making = runOn(*QThreadPool::globalInstance(), std::move(work));
    std::pair<Targets, EntryWeight> made = co_await making;
    auto asking = journal->roomFor(undoBytes(made.second), nowMs);
    Weighed weighed;
    weighed.room = co_await asking;
    weighed.targets = std::move(made.first);
    co_return weighed;
}

} // namespace

void CacheView::askToInvalidate()
{
    const std::vector<RowRun> rows = m_table->selectedRuns();
    askAbout(countOf(rows), m_model->targetsMaker(rows));
}

void CacheView::askAbout(qint64 entries, const TargetsMaker& targets)
{
    if (!obstacle().isEmpty()) {
        Q_EMIT notice(obstacle(), {}, {});
        return;
    }
    if (!m_session || entries == 0 || m_bulk->isRunning())
        return;
    m_countTasks.drop();
    m_asked.clear();
    m_selectionBar->ask(entries);
    // "All" of a list that is not whole is less than people may think.
    const bool isWhole = m_scan->state() == EntryScan::State::Complete || entries == 1;
    const QString caveat = isWhole ? QString() : tr("of what has been scanned so far");
    m_countTasks.run(
        [store = &m_session->store(), journal = &m_session->undoJournal(), targets,
            nowMs = m_session->clock().nowMs(), self = QPointer(this)](const std::stop_token& stop) {
            return preview(
                store, journal, targets, nowMs,
                [self, stop](qint64 done) {
                    if (self && !stop.stop_requested())
                        self->m_selectionBar->setCounting(done);
                },
                stop);
        },
        [this, caveat](BulkPreview preview) {
            m_asked = std::move(preview.targets);
            m_selectionBar->setCounted(preview, caveat);
            if (!preview.gone.isEmpty() || !preview.changed.empty())
                takeNews(preview.changed, preview.gone);
        },
        [this](const Failure& failure) {
            m_selectionBar->cancelQuestion();
            m_banner->showProblem(
                tr("The entries could not be counted: %1").arg(failure.message), failure.remedy);
        });
}

void CacheView::changeSelection(const BulkAction& action)
{
    m_nextRow = -1;
    const std::vector<RowRun> rows = m_table->selectedRuns();
    if (rows.empty())
        return;
    change(
        m_model->targetsMaker(rows), [sums = m_model->sumsMaker(rows)] { return EntryWeight(sums({})); },
        action);
}

void CacheView::change(const TargetsMaker& targets, const WeightMaker& weight, const BulkAction& action)
{
    const bool isFree = !m_bulk->isRunning() && m_roomTasks.active() == 0;
    if (!m_session || !obstacle().isEmpty() || !isFree)
        return;
    m_roomTasks.run(
        [journal = &m_session->undoJournal(), targets, weight, nowMs = m_session->clock().nowMs()](
            const std::stop_token&) { return weigh(journal, targets, weight, nowMs); },
        [this, action](Weighed weighed) {
            if (roomText(weighed.room).isEmpty())
                m_bulk->start(m_session, std::move(*weighed.targets), action);
            else
                askForRoom(std::move(*weighed.targets), action, weighed.room);
        },
        [this](const Failure& failure) { m_banner->showProblem(failure.message, failure.remedy); });
}

void CacheView::askForRoom(std::vector<BulkTarget> targets, const BulkAction& action, const UndoRoom& room)
{
    auto* box = new QMessageBox(QMessageBox::NoIcon, tr("Undo"),
        tr("So many entries are changed that %1.").arg(roomText(room)), QMessageBox::Cancel, this);
    box->setObjectName(QStringLiteral("roomQuestion"));
    box->setAttribute(Qt::WA_DeleteOnClose);
    QPushButton* const change = box->addButton(tr("Change them"), QMessageBox::AcceptRole);
    box->setDefaultButton(QMessageBox::Cancel);
    connect(change, &QPushButton::clicked, this,
        [this, session = m_session, targets = std::move(targets), action] {
            if (session == m_session && obstacle().isEmpty())
                m_bulk->start(m_session, targets, action);
        });
    box->open();
}

void CacheView::pinWithReason()
{
    askForText(this, "pinReason", tr("Pin"),
        tr("Why are the selected entries kept? Others see it beside them."), [this](const QString& reason) {
            BulkAction action{BulkAction::Kind::Pin};
            constexpr qsizetype longest = 500;
            action.reason = reason.left(longest);
            changeSelection(action);
        });
}

void CacheView::unpinSelection()
{
    if (!m_session)
        return;
    BulkAction action{BulkAction::Kind::Unpin};
    action.expiresMs = m_session->clock().nowMs() + std::chrono::milliseconds(defaultTtl).count();
    changeSelection(action);
}

void CacheView::addTag()
{
    askForText(
        this, "tagName", tr("Add a tag"), tr("Tag for the selected entries:"), [this](const QString& tag) {
            constexpr qsizetype longest = 100;
            if (tag.isEmpty())
                return;
            BulkAction action{BulkAction::Kind::AddTag};
            action.tag = tag.left(longest);
            changeSelection(action);
        });
}

void CacheView::removeTag(const QString& tag)
{
    BulkAction action{BulkAction::Kind::RemoveTag};
    action.tag = tag;
    changeSelection(action);
}

void CacheView::tagEntry(const QString& fingerprint, const QString& tag, bool on)
{
    BulkAction action{on ? BulkAction::Kind::AddTag : BulkAction::Kind::RemoveTag};
    action.tag = tag;
    m_nextRow = -1;
    const int row = m_model->rowOf(fingerprint);
    const EntryWeight weight = row < 0 ? EntrySums() : m_model->sumsOf({{row, row}});
    const BulkTarget target{fingerprint, 0};
    change([target] { return std::vector{target}; }, [weight] { return weight; }, action);
}

void CacheView::showDetails()
{
    auto* dialog = new BulkResults(
        m_theme, m_bulk->problems(),
        [this](const QString& fingerprint) {
            const int row = m_model->rowOf(fingerprint);
            const QString agent = row < 0 ? QString() : m_model->metaAt(row).agent;
            return (agent.isEmpty() ? QString() : agent + QLatin1Char(' '))
                + format::shortFingerprint(fingerprint);
        },
        this);
    dialog->open();
}

void CacheView::showUndoHistory()
{
    if (!m_session)
        return;
    auto* dialog = new UndoHistory(m_theme, m_session, this);
    connect(dialog, &UndoHistory::undoRequested, this, &CacheView::undo);
    dialog->open();
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

void CacheView::tell(const BulkReport& report)
{
    const qint64 count = report.changed + report.unaffected;
    QString text = m_bulk->doneText(count == 1 ? tr("1 entry") : tr("%1 entries").arg(format::count(count)));
    // The selection bar goes on to the next row.
    if (report.conflicts > 0)
        text += tr(" · %1 had changed and stayed").arg(format::count(report.conflicts));
    offerUndo(text, report.undoId, report.forgotten);
}

void CacheView::offerUndo(const QString& done, const QString& undoId, qint64 forgotten)
{
    const QString text = forgotten == 0 ? done : done + QStringLiteral(" · ") + forgottenText(forgotten);
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
        [session = m_session, id, skipped = m_undone, self = QPointer(this)](const std::stop_token& stop) {
            return undoEntries(
                session, id, skipped,
                [self](const BulkReport& report) {
                    constexpr qint64 few = 500; // done before one could read it
                    if (self && report.asked > few)
                        self->m_selectionBar->showWork(tr("Restoring"), report.done(), report.asked);
                },
                stop);
        },
        [this](const Undone& undone) {
            m_selectionBar->endWork();
            // What could not be put back is still kept, but the next undo is of the change before.
            if (!undone.id.isEmpty() && !undone.report.cancelled)
                m_undone.append(undone.id);
            readAgain(undone.restored);
            Q_EMIT notice(undoneText(undone), {}, {});
        },
        [this](const Failure& failure) {
            m_selectionBar->endWork();
            m_banner->showProblem(
                tr("The change could not be undone: %1").arg(failure.message), failure.remedy);
        });
}

} // namespace llmcache::ui
