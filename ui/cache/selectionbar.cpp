#include "cache/selectionbar.h"

#include "cache/bulkjob.h"
#include "cache/entryundo.h"
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

QString weightText(const EntryWeight& weight)
{
    QString cost = weight.unpriced == weight.entries ? SelectionBar::tr("unknown") : weight.cost.toDisplay();
    if (weight.unpriced > 0 && weight.unpriced < weight.entries)
        cost += SelectionBar::tr(" and %1 unpriced").arg(format::count(weight.unpriced));
    const QString used = weight.usedLately == 0 ? SelectionBar::tr("none used in the last 7 days")
        : weight.usedLately == weight.entries
        ? SelectionBar::tr("all used in the last 7 days")
        : SelectionBar::tr("%1 used in the last 7 days").arg(format::count(weight.usedLately));
    return SelectionBar::tr("%1 · refilling costs ≈ %2 · %3").arg(format::bytes(weight.bytes), cost, used);
}

} // namespace

SelectionBar::SelectionBar(const Theme* theme, BulkJob* job, QWidget* parent)
    : QFrame(parent)
    , m_job(job)
    , m_title(makeLabel({}, Tone::Normal, TextSize::Body, QFont::DemiBold, this))
    , m_text(new ElidedLabel(this))
    , m_consequences(makeLabel({}, Tone::Secondary, TextSize::Body, QFont::Normal, this))
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
    m_consequences->setObjectName(QStringLiteral("questionText"));
    m_consequences->setWordWrap(true);
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

    auto* rows = new QVBoxLayout(this);
    rows->setContentsMargins(16, 8, 16, 8);
    rows->setSpacing(8);
    rows->addWidget(m_consequences);
    auto* line = new QWidget(this);
    line->setFixedHeight(theme->controlHeight() + 1);
    rows->addWidget(line);
    auto* layout = new QHBoxLayout(line);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(12);
    layout->addWidget(m_title);
    layout->addWidget(m_text, 1);
    layout->addWidget(m_progress);
    layout->addWidget(m_guard);
    for (Button* button :
        {m_details, m_copy, m_more, m_ttl, m_pin, m_invalidate, m_keep, m_confirm, m_cancel})
        layout->addWidget(button);
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);

    connect(m_copy, &QPushButton::clicked, this, &SelectionBar::copyRequested);
    connect(m_pin, &QPushButton::clicked, this, &SelectionBar::pinRequested);
    connect(m_invalidate, &QPushButton::clicked, this, &SelectionBar::invalidateRequested);
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
    connect(m_cancel, &QPushButton::clicked, this, [this] {
        m_cancel->setEnabled(false);
        if (m_state == State::Working)
            Q_EMIT workCancelled();
        else
            m_job->cancel();
    });
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
    return !m_guardName.isEmpty() && m_question.asked > 1;
}

void SelectionBar::setSelection(qint64 entries)
{
    m_sums = {};
    m_sums.entries = entries;
    m_isSummed = entries == 0;
    const bool asked = m_state == State::Asking;
    if (m_state == State::Running || m_state == State::Working || (m_state == State::Result && entries == 0))
        return;
    setState(State::Selection);
    if (asked)
        Q_EMIT questionClosed();
}

void SelectionBar::setSums(const EntrySums& sums)
{
    m_sums = sums;
    m_isSummed = true;
    refresh();
}

void SelectionBar::ask(qint64 entries)
{
    if (m_job->isRunning())
        return;
    m_question = {};
    m_question.asked = entries;
    m_guard->clear();
    setState(State::Asking);
    if (isGuarded()) {
        m_guard->setFocus(Qt::OtherFocusReason);
        return;
    }
    // The safe answer has the focus: Enter right after Del deletes nothing.
    m_keep->setFocus(Qt::OtherFocusReason);
}

void SelectionBar::showWork(const QString& title, qint64 done, qint64 total)
{
    m_workTitle = title;
    m_workDone = done;
    m_workTotal = total;
    if (m_state != State::Asking && m_state != State::Running)
        setState(State::Working);
}

void SelectionBar::endWork()
{
    if (m_state == State::Working)
        setState(State::Selection);
}

void SelectionBar::setCounting(qint64 done)
{
    m_question.read = done;
    refresh();
}

void SelectionBar::setCounted(const BulkPreview& preview, const QString& caveat)
{
    m_question.isCounted = true;
    m_question.weight = preview.weight;
    m_question.room = roomText(preview.room);
    QStringList left;
    if (!preview.gone.isEmpty())
        left << tr("%1 gone already").arg(format::count(preview.gone.size()));
    if (!preview.changed.empty())
        left << tr("%1 changed since they were listed, kept")
                    .arg(format::count(static_cast<qint64>(preview.changed.size())));
    if (!caveat.isEmpty())
        left << caveat;
    m_question.left = left.join(QStringLiteral(" · "));
    refresh();
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
    if (state != m_state && (state == State::Running || state == State::Working))
        m_cancel->setEnabled(true);
    m_state = state;
    refresh();
}

QString SelectionBar::resultText() const
{
    QStringList parts;
    const BulkReport& report = m_job->report();
    if (report.absent > 0)
        parts << tr("%1 were already gone").arg(format::count(report.absent));
    if (report.conflicts > 0)
        parts << tr("%1 had changed and stayed").arg(format::count(report.conflicts));
    if (report.unsuitable > 0)
        parts << tr("%1 of Python programs hold no tags").arg(format::count(report.unsuitable));
    const qint64 left = report.asked - report.done();
    if (report.cancelled)
        parts << tr("cancelled with %1 left").arg(format::count(left));
    else if (!m_job->failure().message.isEmpty())
        parts << tr("failed with %1 left").arg(format::count(left));
    return parts.join(QStringLiteral(" · "));
}

void SelectionBar::refreshQuestion()
{
    const bool isAsked = isAsking();
    const bool isGuardShown = isAsked && isGuarded();
    const qint64 count = m_question.weight.entries;
    const bool nothingIsLeft = m_question.isCounted && count == 0;
    m_guard->setVisible(isGuardShown && !nothingIsLeft);
    const bool isNamed = !isGuardShown || m_guard->text() == m_guardName;
    m_confirm->setEnabled(isNamed && m_question.isCounted);
    m_confirm->setToolTip(
        isNamed ? QString() : tr("This is a production store: type %1 first").arg(m_guardName));
    m_confirm->setVisible(isAsked && !nothingIsLeft);
    m_confirm->setText(m_question.isCounted ? tr("Invalidate %1").arg(entries(count)) : tr("Invalidate"));
    m_keep->setVisible(isAsked);
    m_keep->setText(nothingIsLeft ? tr("Close") : m_question.asked == 1 ? tr("Keep it") : tr("Keep them"));
    m_consequences->setVisible(isAsked);
    if (!isAsked)
        return;
    m_title->setVisible(true);
    m_text->setText({});
    if (!m_question.isCounted) {
        m_title->setText(tr("Invalidate %1?").arg(entries(m_question.asked)));
        m_consequences->setText(
            tr("counted %1 of %2").arg(format::count(m_question.read), format::count(m_question.asked)));
        return;
    }
    QStringList parts;
    if (isGuardShown && !nothingIsLeft)
        parts << tr("Production: type %1 to confirm").arg(m_guardName);
    if (!m_question.room.isEmpty())
        parts << m_question.room;
    if (!m_question.left.isEmpty())
        parts << m_question.left;
    if (!nothingIsLeft)
        parts << weightText(m_question.weight);
    m_title->setText(nothingIsLeft ? tr("Nothing to invalidate") : tr("Invalidate %1?").arg(entries(count)));
    m_consequences->setText(parts.join(QStringLiteral(" · ")));
}

void SelectionBar::setProgress(qint64 done, qint64 total)
{
    m_progress->setRange(0, 1000);
    m_progress->setValue(static_cast<int>(total > 0 ? 1000 * done / total : 0));
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
    m_invalidate->setText(count > 0 ? tr("Invalidate %1").arg(format::count(count)) : tr("Invalidate"));
    refreshQuestion();
    m_cancel->setVisible(m_state == State::Running || m_state == State::Working);
    m_progress->setVisible(m_cancel->isVisibleTo(this));
    setTone(m_title, m_state == State::Asking ? Tone::Error : Tone::Normal);
    switch (m_state) {
    case State::Selection:
        m_title->setVisible(count > 0);
        m_title->setText(tr("%1 selected").arg(format::count(count)));
        m_text->setText(count == 0 ? tr("Select entries to copy, change or invalidate them")
                : m_isSummed       ? weightText(m_sums)
                                   : tr("adding up…"));
        break;
    case State::Asking:
        break; // refreshQuestion() has said it
    case State::Running:
        m_title->setVisible(true);
        m_title->setText(m_job->doneText(
            tr("%1 of %2")
                .arg(format::count(report.changed + report.unaffected), format::count(report.asked))));
        m_text->setText({});
        setProgress(report.done(), report.asked);
        break;
    case State::Working:
        m_title->setVisible(true);
        m_title->setText(m_workTitle);
        m_text->setText(tr("%1 of %2").arg(format::count(m_workDone), format::count(m_workTotal)));
        setProgress(m_workDone, m_workTotal);
        break;
    case State::Result:
        m_title->setVisible(true);
        m_title->setText(m_job->doneText(entries(report.changed + report.unaffected)));
        m_text->setText(resultText());
        break;
    }
}

} // namespace llmcache::ui
