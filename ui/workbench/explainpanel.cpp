#include "workbench/explainpanel.h"

#include "theme/theme.h"
#include "widgets/badge.h"
#include "widgets/controls.h"
#include "widgets/diffview.h"
#include "widgets/elidedlabel.h"
#include "widgets/emptystate.h"
#include "widgets/errorbanner.h"
#include "widgets/format.h"
#include "widgets/spinner.h"

#include <QHBoxLayout>
#include <QStackedWidget>
#include <QVBoxLayout>

namespace llmcache::ui {

namespace {

using Reason = Explanation::Reason;

BadgeText badgeOf(Reason reason)
{
    switch (reason) {
    case Reason::Bypassed:
        return {BadgeKind::Neutral, QObject::tr("bypassed")};
    case Reason::Present:
        return {BadgeKind::Hit, QObject::tr("● there")};
    case Reason::Expired:
        return {BadgeKind::Miss, QObject::tr("expired")};
    case Reason::Invalidated:
        return {BadgeKind::Miss, QObject::tr("invalidated")};
    case Reason::Gone:
        return {BadgeKind::Miss, QObject::tr("gone")};
    case Reason::NotStored:
        return {BadgeKind::Miss, QObject::tr("not stored")};
    case Reason::Changed:
        return {BadgeKind::Miss, QObject::tr("changed")};
    case Reason::NeverStored:
        break;
    }
    return {BadgeKind::Miss, QObject::tr("never stored")};
}

} // namespace

ExplainPanel::ExplainPanel(const Theme* theme, QWidget* parent)
    : QWidget(parent)
    , m_theme(theme)
    , m_pages(new QStackedWidget)
    , m_empty(new EmptyState(theme, IconName::Search, tr("Why was it a miss?"),
          tr("Explain looks for the stored request that comes nearest, and says what differs from it."),
          tr("Explain")))
    , m_banner(new ErrorBanner(theme))
    , m_spinner(new Spinner(theme))
    , m_reason(new Badge)
    , m_verdict(makeLabel({}, Tone::Normal, TextSize::Body, QFont::DemiBold))
    , m_progress(makeLabel({}, Tone::Secondary))
    , m_cancel(secondaryButton(tr("Cancel")))
    , m_nearest(new ElidedLabel)
    , m_open(flatButton(tr("open in cache")))
    , m_differences(new DiffView(theme))
{
    m_verdict->setObjectName(QStringLiteral("explain verdict"));
    m_verdict->setWordWrap(true);
    m_verdict->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_progress->setObjectName(QStringLiteral("explain progress"));
    m_cancel->setObjectName(QStringLiteral("cancel explain"));
    m_nearest->setObjectName(QStringLiteral("explain nearest"));
    m_open->setObjectName(QStringLiteral("open nearest"));
    m_differences->setObjectName(QStringLiteral("explain differences"));
    setTone(m_nearest, Tone::Secondary);

    auto* head = new QHBoxLayout;
    head->setSpacing(10);
    head->addWidget(m_reason, 0, Qt::AlignTop);
    head->addWidget(m_verdict, 1);
    auto* working = new QHBoxLayout;
    working->setSpacing(8);
    working->addWidget(m_spinner);
    working->addWidget(m_progress, 1);
    working->addWidget(m_cancel);
    auto* nearest = new QHBoxLayout;
    nearest->setSpacing(4);
    nearest->addWidget(m_nearest, 1);
    nearest->addWidget(m_open);
    auto* content = new QWidget;
    auto* column = new QVBoxLayout(content);
    column->setContentsMargins(0, 4, 0, 0);
    column->setSpacing(8);
    column->addWidget(m_banner);
    column->addLayout(head);
    column->addLayout(working);
    column->addLayout(nearest);
    column->addWidget(m_differences, 1);
    column->addStretch(0);
    m_pages->addWidget(m_empty);
    m_pages->addWidget(content);
    auto* outer = new QVBoxLayout(this);
    outer->setContentsMargins(0, 0, 0, 0);
    outer->addWidget(m_pages);

    connect(m_empty, &EmptyState::actionTriggered, this, &ExplainPanel::requested);
    connect(m_cancel, &QPushButton::clicked, this, &ExplainPanel::cancelRequested);
    connect(m_open, &QPushButton::clicked, this, [this] { Q_EMIT openEntry(m_fingerprint); });
}

void ExplainPanel::clear()
{
    m_fingerprint.clear();
    m_pages->setCurrentIndex(0);
    m_spinner->setBusy(false);
}

void ExplainPanel::showProgress(const Explanation& soFar, qint64 nowMs)
{
    show(soFar, nowMs);
    m_spinner->show();
    m_spinner->setBusy(true);
    m_cancel->show();
    m_progress->setVisible(true);
    m_progress->setText(soFar.total < 0
            ? tr("looking through the entries: %1").arg(format::count(soFar.scanned))
            : tr("looking through the entries: %1 of %2")
                  .arg(format::count(soFar.scanned), format::count(soFar.total)));
    if (!soFar.nearest)
        m_verdict->setText(tr("looking for the nearest entry"));
}

void ExplainPanel::showExplanation(const Explanation& explanation, qint64 nowMs)
{
    show(explanation, nowMs);
    m_spinner->setBusy(false);
    m_spinner->hide();
    m_cancel->hide();
    m_progress->hide();
}

void ExplainPanel::showFailure(const Failure& failure)
{
    m_spinner->setBusy(false);
    m_spinner->hide();
    m_cancel->hide();
    m_progress->hide();
    if (failure.cancelled()) {
        m_verdict->setText(tr("cancelled; this is the nearest of the entries looked at"));
        if (m_fingerprint.isEmpty())
            clear();
        return;
    }
    m_pages->setCurrentIndex(1);
    m_banner->showProblem(failure.message, failure.remedy);
}

void ExplainPanel::show(const Explanation& explanation, qint64 nowMs)
{
    m_pages->setCurrentIndex(1);
    m_banner->clear();
    m_reason->setBadge(badgeOf(explanation.reason));
    m_verdict->setText(explanation.verdict);
    const bool hasNearest = explanation.nearest.has_value();
    m_nearest->setVisible(hasNearest);
    m_open->setVisible(hasNearest);
    m_differences->setVisible(!explanation.differences.empty());
    const QString fingerprint = hasNearest ? explanation.nearest->fingerprint : QString();
    // Progress brings the same ones again and again, and the text scrolls up where it is made anew.
    if (fingerprint == m_fingerprint && explanation.differences == m_compared)
        return;
    m_fingerprint = fingerprint;
    m_compared = explanation.differences;
    if (!hasNearest)
        return;
    const EntryMeta& meta = *explanation.nearest;
    m_nearest->setText(tr("nearest: %1 · %2 · stored %3 by %4")
                           .arg(format::shortFingerprint(meta.fingerprint), meta.agent,
                               format::relativeTime(meta.createdMs, nowMs), meta.author));
    m_nearest->setToolTip(meta.promptExcerpt);
    m_differences->setSides(tr("nearest entry"), tr("this request"));
    std::vector<DiffSection> sections;
    for (const RequestDifference& difference : explanation.differences)
        addTextSection(sections, difference.verdict, difference.before, difference.after);
    m_differences->setSections(std::move(sections));
}

QString ExplainPanel::verdict() const
{
    return m_pages->currentIndex() == 1 ? m_verdict->text() : QString();
}

} // namespace llmcache::ui
