#include "cache/selectionbar.h"

#include "cache/bulkjob.h"
#include "theme/theme.h"
#include "widgets/controls.h"
#include "widgets/elidedlabel.h"
#include "widgets/format.h"

#include <QHBoxLayout>
#include <QInputDialog>
#include <QLineEdit>
#include <QMenu>
#include <QProgressBar>

namespace llmcache::ui {

namespace {

QString entries(qint64 count)
{
    return count == 1 ? SelectionBar::tr("1 entry")
                      : SelectionBar::tr("%1 entries").arg(format::count(count));
}

} // namespace

SelectionBar::SelectionBar(const Theme* theme, BulkJob* job, QWidget* parent)
    : QFrame(parent)
    , m_job(job)
    , m_title(makeLabel({}, Tone::Normal, TextSize::Body, QFont::DemiBold, this))
    , m_text(new ElidedLabel(this))
    , m_progress(new QProgressBar(this))
    , m_guard(new QLineEdit(this))
    , m_details(secondaryButton(tr("Details"), this))
    , m_more(secondaryButton(tr("More"), this))
    , m_moreMenu(new QMenu(m_more))
    , m_copy(secondaryButton(tr("Copy"), this))
    , m_ttl(secondaryButton(tr("TTL"), this))
    , m_pin(secondaryButton(tr("Pin"), this))
    , m_invalidate(dangerButton(tr("Invalidate"), this))
    , m_keep(secondaryButton({}, this))
    , m_confirm(dangerButton({}, this))
    , m_cancel(secondaryButton(tr("Cancel"), this))
{
    setProperty("surface", QStringLiteral("panel"));
    setTone(m_text, Tone::Secondary);
    m_title->setObjectName(QStringLiteral("selectionTitle"));
    m_text->setObjectName(QStringLiteral("selectionText"));
    constexpr int guardWidth = 150;
    m_guard->setObjectName(QStringLiteral("guardName"));
    m_guard->setFixedWidth(guardWidth);
    m_details->setObjectName(QStringLiteral("bulkDetails"));
    m_details->setToolTip(tr("Which entries were not changed, and why not"));
    m_more->setObjectName(QStringLiteral("moreActions"));
    m_moreMenu->setObjectName(QStringLiteral("moreMenu"));
    m_moreMenu->setToolTipsVisible(true);
    m_more->setMenu(m_moreMenu);
    m_copy->setObjectName(QStringLiteral("copyRows"));
    m_copy->setToolTip(tr("Copy the rows as tab-separated text (Ctrl+C)"));
    m_ttl->setObjectName(QStringLiteral("setTtl"));
    makeTtlMenu();
    m_pin->setObjectName(QStringLiteral("pinEntries"));
    m_invalidate->setObjectName(QStringLiteral("invalidate"));
    m_keep->setObjectName(QStringLiteral("keepEntries"));
    m_confirm->setObjectName(QStringLiteral("confirmInvalidate"));
    m_cancel->setObjectName(QStringLiteral("cancelChange"));
    m_progress->setTextVisible(false);
    m_progress->setFixedSize(140, 4);
    m_progress->setAccessibleName(tr("Progress of the change"));

    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(16, 8, 16, 8);
    layout->setSpacing(12);
    layout->addWidget(m_title);
    layout->addWidget(m_text, 1);
    layout->addWidget(m_progress);
    layout->addWidget(m_guard);
    for (Button* button :
        {m_details, m_copy, m_more, m_ttl, m_pin, m_invalidate, m_keep, m_confirm, m_cancel})
        layout->addWidget(button);
    setFixedHeight(theme->controlHeight() + 17);

    connect(m_copy, &QPushButton::clicked, this, &SelectionBar::copyRequested);
    connect(m_pin, &QPushButton::clicked, this, &SelectionBar::pinRequested);
    connect(m_invalidate, &QPushButton::clicked, this, &SelectionBar::ask);
    connect(m_keep, &QPushButton::clicked, this, &SelectionBar::cancelQuestion);
    connect(m_details, &QPushButton::clicked, this, &SelectionBar::detailsRequested);
    connect(m_guard, &QLineEdit::textChanged, this, &SelectionBar::refresh);
    connect(m_guard, &QLineEdit::returnPressed, m_confirm, &QPushButton::click);
    connect(m_confirm, &QPushButton::clicked, this, [this] {
        setState(State::Running);
        // In this order: the change may be over at once, and what comes after it goes by the focus.
        Q_EMIT questionClosed();
        Q_EMIT invalidateConfirmed();
    });
    connect(m_cancel, &QPushButton::clicked, m_job, &BulkJob::cancel);
    connect(m_cancel, &QPushButton::clicked, m_cancel, [this] { m_cancel->setEnabled(false); });
    connect(m_job, &BulkJob::progressed, this, [this] { setState(State::Running); });
    connect(m_job, &BulkJob::finished, this, [this] { setState(State::Result); });
    refresh();
}

void SelectionBar::makeTtlMenu()
{
    using namespace std::chrono_literals;
    auto* menu = new QMenu(m_ttl);
    for (const auto& [text, ttl] : std::initializer_list<std::pair<QString, std::chrono::seconds>>{
             {tr("1 hour"), 1h}, {tr("1 day"), 24h}, {tr("7 days"), 24h * 7}, {tr("15 days"), 24h * 15},
             {tr("30 days"), 24h * 30}, {tr("90 days"), 24h * 90}})
        connect(menu->addAction(text), &QAction::triggered, this,
            [this, ttl = ttl] { Q_EMIT ttlRequested(ttl); });
    connect(menu->addAction(tr("Other…")), &QAction::triggered, this, &SelectionBar::askForDays);
    menu->addSeparator();
    connect(menu->addAction(tr("Never expires")), &QAction::triggered, this,
        [this] { Q_EMIT ttlRequested(std::nullopt); });
    m_ttl->setMenu(menu);
}

void SelectionBar::askForDays()
{
    constexpr int mostDays = 3650;
    constexpr int usualDays = 15;
    auto* dialog = new QInputDialog(this);
    dialog->setObjectName(QStringLiteral("ttlDialog"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setInputMode(QInputDialog::IntInput);
    dialog->setIntRange(1, mostDays);
    dialog->setIntValue(usualDays);
    dialog->setWindowTitle(tr("Set the TTL"));
    dialog->setLabelText(tr("Days from now until the selected entries expire:"));
    connect(dialog, &QInputDialog::intValueSelected, this,
        [this](int days) { Q_EMIT ttlRequested(std::chrono::hours(24) * days); });
    dialog->open();
}

void SelectionBar::setGuard(const QString& name)
{
    m_guardName = name;
    m_guard->setPlaceholderText(tr("type %1").arg(name));
    m_guard->setAccessibleName(tr("Type %1 to confirm").arg(name));
    refresh();
}

void SelectionBar::setObstacle(const QString& why)
{
    m_obstacle = why;
    refresh();
}

bool SelectionBar::isGuarded() const
{
    return !m_guardName.isEmpty() && m_sums.entries > 1;
}

void SelectionBar::setSelection(const EntrySums& sums)
{
    m_sums = sums;
    const bool asked = m_state == State::Asking;
    if (m_state == State::Running || (m_state == State::Result && sums.entries == 0))
        return;
    setState(State::Selection);
    if (asked)
        Q_EMIT questionClosed();
}

void SelectionBar::setSums(const EntrySums& sums)
{
    if (m_state != State::Result) {
        setSelection(sums);
        return;
    }
    m_sums = sums;
    refresh();
}

void SelectionBar::ask()
{
    if (m_sums.entries == 0 || m_job->isRunning() || !m_obstacle.isEmpty())
        return;
    m_guard->clear();
    setState(State::Asking);
    if (isGuarded()) {
        m_guard->setFocus(Qt::OtherFocusReason);
        return;
    }
    // The safe answer has the focus: Enter right after Del deletes nothing.
    m_keep->setFocus(Qt::OtherFocusReason);
}

void SelectionBar::cancelQuestion()
{
    if (!isAsking())
        return;
    setState(State::Selection);
    Q_EMIT questionClosed();
}

void SelectionBar::setState(State state)
{
    if (state != m_state && state == State::Running)
        m_cancel->setEnabled(true);
    m_state = state;
    refresh();
}

QString SelectionBar::weight() const
{
    QString cost = m_sums.unpriced == m_sums.entries ? tr("unknown") : m_sums.cost.toDisplay();
    if (m_sums.unpriced > 0 && m_sums.unpriced < m_sums.entries)
        cost += tr(" and %1 unpriced").arg(format::count(m_sums.unpriced));
    const QString used = m_sums.usedLately == 0 ? tr("none used in the last 7 days")
        : m_sums.usedLately == m_sums.entries
        ? tr("all used in the last 7 days")
        : tr("%1 used in the last 7 days").arg(format::count(m_sums.usedLately));
    return tr("%1 · refilling costs ≈ %2 · %3").arg(format::bytes(m_sums.bytes), cost, used);
}

QString SelectionBar::resultText() const
{
    QStringList parts;
    const BulkReport& report = m_job->report();
    if (report.absent > 0)
        parts << tr("%1 were already gone").arg(format::count(report.absent));
    if (report.conflicts > 0)
        parts << tr("%1 had changed and stayed").arg(format::count(report.conflicts));
    const qint64 left = report.asked - report.done();
    if (report.cancelled)
        parts << tr("cancelled with %1 left").arg(format::count(left));
    else if (!m_job->failure().message.isEmpty())
        parts << tr("failed with %1 left").arg(format::count(left));
    return parts.join(QStringLiteral(" · "));
}

void SelectionBar::refresh()
{
    const BulkReport& report = m_job->report();
    const qint64 count = m_sums.entries;
    const bool selecting = m_state == State::Selection || m_state == State::Result;
    for (Button* button : {m_copy, m_more, m_ttl, m_pin, m_invalidate})
        button->setVisible(selecting);
    for (Button* button : {m_copy, m_more})
        button->setEnabled(count > 0);
    const auto setChange = [&](Button* button, const QString& toolTip) {
        button->setEnabled(count > 0 && m_obstacle.isEmpty());
        button->setToolTip(m_obstacle.isEmpty() ? toolTip : m_obstacle);
    };
    setChange(m_ttl, tr("Set when the selected entries expire; pinned ones are pinned no longer"));
    setChange(m_pin, tr("Mark the selected entries; they never expire"));
    setChange(m_invalidate, tr("Delete the selected entries from the store (Del)"));
    m_details->setVisible(m_state == State::Result && !m_job->problems().empty());
    const bool isGuardShown = m_state == State::Asking && isGuarded();
    m_guard->setVisible(isGuardShown);
    m_confirm->setEnabled(!isGuardShown || m_guard->text() == m_guardName);
    m_confirm->setToolTip(m_confirm->isEnabled()
            ? QString()
            : tr("This is a production store: type %1 first").arg(m_guardName));
    m_invalidate->setText(count > 0 ? tr("Invalidate %1").arg(format::count(count)) : tr("Invalidate"));
    m_keep->setVisible(m_state == State::Asking);
    m_keep->setText(count == 1 ? tr("Keep it") : tr("Keep them"));
    m_confirm->setVisible(m_state == State::Asking);
    m_confirm->setText(tr("Invalidate %1").arg(entries(count)));
    m_cancel->setVisible(m_state == State::Running);
    m_progress->setVisible(m_state == State::Running);
    setTone(m_title, m_state == State::Asking ? Tone::Error : Tone::Normal);
    switch (m_state) {
    case State::Selection:
        m_title->setVisible(count > 0);
        m_title->setText(tr("%1 selected").arg(format::count(count)));
        m_text->setText(count > 0 ? weight() : tr("Select entries to copy, change or invalidate them"));
        break;
    case State::Asking:
        m_title->setVisible(true);
        m_title->setText(tr("Delete %1?").arg(entries(count)));
        m_text->setText(
            isGuarded() ? tr("Production: type %1 to confirm · %2").arg(m_guardName, weight()) : weight());
        break;
    case State::Running:
        m_title->setVisible(true);
        m_title->setText(m_job->doneText(
            tr("%1 of %2")
                .arg(format::count(report.changed + report.unaffected), format::count(report.asked))));
        m_text->setText({});
        m_progress->setRange(0, 1000);
        m_progress->setValue(static_cast<int>(report.asked > 0 ? 1000 * report.done() / report.asked : 0));
        break;
    case State::Result:
        m_title->setVisible(true);
        m_title->setText(m_job->doneText(entries(report.changed + report.unaffected)));
        m_text->setText(resultText());
        break;
    }
}

} // namespace llmcache::ui
