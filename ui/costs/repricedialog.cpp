#include "costs/repricedialog.h"

#include "cache/repricing.h"
#include "cache/session.h"
#include "costs/repricingmodel.h"
#include "theme/theme.h"
#include "widgets/controls.h"
#include "widgets/errorbanner.h"
#include "widgets/format.h"
#include "widgets/tablestyle.h"

#include <QPointer>
#include <QProgressBar>
#include <QTableView>
#include <QVBoxLayout>

namespace llmcache::ui {

RepriceDialog::RepriceDialog(const Theme* theme, QWidget* parent)
    : QDialog(parent)
    , m_what(makeLabel({}, Tone::Secondary))
    , m_banner(new ErrorBanner(theme))
    , m_summary(makeLabel({}))
    , m_table(new QTableView)
    , m_model(new RepricingModel(this))
    , m_work(new QWidget)
    , m_doing(makeLabel({}, Tone::Secondary))
    , m_progress(new QProgressBar)
    , m_cancel(secondaryButton(tr("Cancel")))
    , m_inForce(makeLabel({}, Tone::Secondary))
    , m_undo(secondaryButton(tr("Undo the newest")))
    , m_close(secondaryButton(tr("Close")))
    , m_apply(primaryButton(tr("Apply")))
{
    setObjectName(QStringLiteral("reprice"));
    setWindowTitle(tr("Reprice past calls"));
    setUpTable(m_table, theme);
    layOut();
    connect(m_cancel, &QPushButton::clicked, &m_tasks, &TaskScope::stop);
    connect(m_undo, &QPushButton::clicked, this, &RepriceDialog::undo);
    connect(m_close, &QPushButton::clicked, this, &QDialog::close);
    connect(m_apply, &QPushButton::clicked, this, &RepriceDialog::apply);
    connect(m_banner, &ErrorBanner::actionTriggered, this, &RepriceDialog::preview);
    for (const TaskScope* scope : {&m_tasks, &m_listTasks})
        connect(scope, &TaskScope::activeChanged, this, &RepriceDialog::activeTasksChanged);
    setBusy({});
}

void RepriceDialog::layOut()
{
    m_table->setModel(m_model);
    m_table->setObjectName(QStringLiteral("repricing"));
    m_table->setAccessibleName(tr("What was charged and what the prices of now make of it, by model"));
    m_table->setSelectionMode(QAbstractItemView::SingleSelection);
    m_table->horizontalHeader()->setStretchLastSection(false);
    for (const auto& [column, width] :
        {std::pair(RepricingModel::Calls, 80), std::pair(RepricingModel::Changed, 80),
            std::pair(RepricingModel::Charged, 96), std::pair(RepricingModel::Repriced, 96),
            std::pair(RepricingModel::Saved, 96), std::pair(RepricingModel::SavedRepriced, 112)})
        m_table->setColumnWidth(column, width);
    m_table->horizontalHeader()->setSectionResizeMode(RepricingModel::Model, QHeaderView::Stretch);
    for (QLabel* label : {m_what, m_summary, m_inForce})
        label->setWordWrap(true);
    m_summary->setObjectName(QStringLiteral("repricing summary"));
    m_inForce->setObjectName(QStringLiteral("repricing in force"));
    m_cancel->setObjectName(QStringLiteral("cancel repricing"));
    m_undo->setObjectName(QStringLiteral("undo repricing"));
    m_apply->setObjectName(QStringLiteral("apply repricing"));
    m_progress->setTextVisible(false);
    m_progress->setFixedHeight(4);
    m_progress->setAccessibleName(tr("Progress of the repricing"));
    auto* work = new QHBoxLayout(m_work);
    work->setContentsMargins(0, 0, 0, 0);
    work->setSpacing(12);
    work->addWidget(m_doing);
    work->addWidget(m_progress, 1);
    work->addWidget(m_cancel);
    auto* buttons = new QHBoxLayout;
    buttons->setSpacing(8);
    buttons->addWidget(m_undo);
    buttons->addStretch(1);
    buttons->addWidget(m_close);
    buttons->addWidget(m_apply);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(16, 16, 16, 16);
    column->setSpacing(12);
    column->addWidget(m_what);
    column->addWidget(m_banner);
    column->addWidget(m_summary);
    column->addWidget(m_table, 1);
    column->addWidget(m_work);
    column->addWidget(m_inForce);
    column->addLayout(buttons);
    resize(760, 480);
}

void RepriceDialog::setSession(Session* session)
{
    stopTasks();
    close();
    m_session = session;
}

void RepriceDialog::stopTasks()
{
    m_tasks.drop();
    m_listTasks.drop();
    setBusy({});
}

void RepriceDialog::hideEvent(QHideEvent* event)
{
    QDialog::hideEvent(event);
    m_listTasks.drop();
    // What is applied in spite of that is told to whoever shows the ledger.
    m_tasks.stop();
}

void RepriceDialog::ask(const TimeSpan& span, const QString& name)
{
    m_span = span;
    m_what->setText(
        tr("What the calls of this range (%1) cost by the prices in force now, each by the price of its "
           "own time; filters do not matter. What was charged stays in the ledger.")
            .arg(name));
    m_banner->clear();
    open();
    try {
        upkeepOf(*m_session);
    } catch (...) {
        const Failure failure = failureFrom(std::current_exception());
        m_banner->showProblem(failure.message, failure.remedy);
        showRepricing({});
        m_summary->hide();
        showApplied({});
        return;
    }
    preview();
    loadApplied();
}

TaskScope::Failed RepriceDialog::failed()
{
    return [this](const Failure& failure) {
        setBusy({});
        if (!failure.cancelled())
            m_banner->showProblem(failure.message, failure.remedy, tr("Retry"));
    };
}

void RepriceDialog::run(bool applies, std::function<void(const Repricing&)> done)
{
    const auto progress = [bar = QPointer<QProgressBar>(m_progress)](qint64 calls, qint64 total) {
        constexpr int steps = 1000;
        if (!bar || total <= 0)
            return;
        bar->setRange(0, steps);
        bar->setValue(static_cast<int>(steps * std::min(calls, total) / total));
    };
    m_banner->clear();
    m_tasks.run(
        [session = m_session, span = m_span, applies, progress](std::stop_token stop) {
            return repriceCalls(session, span.fromMs, span.toMs, applies, progress, stop);
        },
        [this, done = std::move(done)](const Repricing& repricing) {
            setBusy({});
            done(repricing);
        },
        failed());
}

void RepriceDialog::preview()
{
    m_tasks.drop();
    showRepricing({});
    setBusy(tr("Looking at the calls"));
    run(false, [this](const Repricing& repricing) { showRepricing(repricing); });
}

void RepriceDialog::apply()
{
    setBusy(tr("Applying the prices"));
    run(true, [this](const Repricing& repricing) {
        showRepricing(repricing);
        m_isApplied = true;
        updateButtons();
        m_close->setFocus();
        loadApplied();
        Q_EMIT repriced();
    });
}

void RepriceDialog::undo()
{
    m_banner->clear();
    setBusy(tr("Taking the newest repricing back"));
    m_tasks.run([ledger = &upkeepOf(*m_session)](std::stop_token) { return ledger->undoRepricing(); },
        [this](const std::optional<AppliedRepricing>&) {
            setBusy({});
            m_isApplied = false;
            updateButtons();
            loadApplied();
            Q_EMIT repriced();
        },
        failed());
}

void RepriceDialog::loadApplied()
{
    m_listTasks.drop();
    m_listTasks.run([ledger = &upkeepOf(*m_session)](std::stop_token) { return ledger->repricings(); },
        [this](const std::vector<AppliedRepricing>& applied) { showApplied(applied); }, failed());
}

void RepriceDialog::setBusy(const QString& what)
{
    m_isBusy = !what.isEmpty();
    m_work->setVisible(m_isBusy);
    m_doing->setText(what);
    m_progress->setRange(0, 0);
    updateButtons();
}

void RepriceDialog::updateButtons()
{
    m_apply->setEnabled(!m_isBusy && !m_isApplied && m_repricing.total.changed > 0);
    m_apply->setText(m_isApplied ? tr("Applied") : tr("Apply"));
    m_undo->setVisible(m_canUndo);
    m_undo->setEnabled(!m_isBusy);
}

void RepriceDialog::showRepricing(const Repricing& repricing)
{
    m_repricing = repricing;
    m_isApplied = false;
    m_model->setRepricing(repricing);
    const RepricedSums& total = repricing.total;
    QStringList words;
    if (total.calls == 0)
        words.append(tr("No calls in this range."));
    else if (total.changed == 0)
        words.append(tr("All %1 cost the same by the prices of %2.")
                         .arg(format::counted(total.calls, tr("call"), tr("calls")), repricing.prices));
    else
        words.append(tr("%1 of %2 cost something else by the prices of %3.")
                         .arg(format::count(total.changed),
                             format::counted(total.calls, tr("call"), tr("calls")), repricing.prices));
    if (total.unpricedBefore != total.unpricedAfter)
        words.append(tr("Of unknown cost: %1 before, %2 after.")
                         .arg(format::count(total.unpricedBefore), format::count(total.unpricedAfter)));
    if (total.kept > 0)
        words.append(tr("%1 as charged: these prices do not cover them.")
                         .arg(format::counted(total.kept, tr("call stays"), tr("calls stay"))));
    m_summary->setText(words.join(QLatin1Char(' ')));
    m_summary->setVisible(!repricing.prices.isEmpty());
    updateButtons();
}

void RepriceDialog::showApplied(const std::vector<AppliedRepricing>& applied)
{
    m_canUndo = !applied.empty();
    m_inForce->setVisible(m_canUndo);
    updateButtons();
    if (!m_canUndo)
        return;
    const AppliedRepricing& newest = applied.front();
    QString text =
        tr("In force: the prices of %1, applied %2").arg(newest.prices, format::fullTime(newest.appliedMs));
    if (!newest.by.isEmpty())
        text += tr(" by %1").arg(newest.by);
    if (applied.size() > 1)
        text += tr("; below it %1")
                    .arg(format::counted(static_cast<qint64>(applied.size()) - 1, tr("earlier repricing"),
                        tr("earlier repricings")));
    m_inForce->setText(text + QLatin1Char('.'));
}

} // namespace llmcache::ui
