#include "costs/calldetail.h"

#include "costs/callarithmetic.h"
#include "theme/theme.h"
#include "widgets/badge.h"
#include "widgets/controls.h"
#include "widgets/elidedlabel.h"
#include "widgets/format.h"

#include <QGridLayout>
#include <QHBoxLayout>
#include <QScrollArea>
#include <QToolButton>
#include <QVBoxLayout>

namespace llmcache::ui {

CallDetail::CallDetail(const Theme* theme, QWidget* parent)
    : QFrame(parent)
    , m_title(makeLabel({}, Tone::Normal, TextSize::Body, QFont::DemiBold))
    , m_badge(new Badge)
    , m_content(new QWidget)
    , m_scroll(new QScrollArea)
    , m_entry(secondaryButton(tr("Open entry")))
    , m_run(secondaryButton(tr("Open in workbench")))
{
    setObjectName(QStringLiteral("call detail"));
    auto* close = new QToolButton;
    close->setIcon(theme->icon(IconName::Close));
    close->setAccessibleName(tr("Close the call"));
    connect(close, &QToolButton::clicked, this, &CallDetail::closed);
    auto* heading = new QHBoxLayout;
    heading->setSpacing(8);
    heading->addWidget(m_title);
    heading->addWidget(m_badge);
    heading->addStretch(1);
    heading->addWidget(close);
    auto* buttons = new QHBoxLayout;
    buttons->setSpacing(8);
    buttons->addWidget(m_entry);
    buttons->addWidget(m_run);
    buttons->addStretch(1);
    m_entry->setObjectName(QStringLiteral("open entry"));
    m_run->setObjectName(QStringLiteral("open run"));
    m_scroll->setWidgetResizable(true);
    m_scroll->setAccessibleName(tr("Figures of the call"));
    m_scroll->setFrameShape(QFrame::NoFrame);
    m_scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_scroll->setWidget(m_content);
    auto* holder = new QVBoxLayout(m_content);
    holder->setContentsMargins(0, 0, 8, 0);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(12, 0, 0, 0);
    column->setSpacing(8);
    column->addLayout(heading);
    column->addWidget(m_scroll, 1);
    column->addLayout(buttons);
    connect(m_entry, &QPushButton::clicked, this, [this] { Q_EMIT openEntry(m_fingerprint); });
    connect(m_run, &QPushButton::clicked, this, [this] { Q_EMIT openRun(m_fingerprint); });
}

void CallDetail::addLine(const QString& left, const QString& middle, const QString& right, bool strong)
{
    const int row = m_lines->rowCount();
    const QFont::Weight weight = strong ? QFont::DemiBold : QFont::Normal;
    m_lines->addWidget(
        makeLabel(left, strong ? Tone::Normal : Tone::Secondary, TextSize::Small, weight), row, 0);
    auto* text = new ElidedLabel(middle, nullptr, Qt::ElideMiddle);
    text->setFont(textFont(TextSize::Small));
    if (right.isEmpty()) {
        m_lines->addWidget(text, row, 1, 1, 2);
        return;
    }
    setTone(text, Tone::Secondary);
    m_lines->addWidget(text, row, 1);
    auto* amount = makeLabel(right, Tone::Normal, TextSize::Small, weight);
    amount->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_lines->addWidget(amount, row, 2, Qt::AlignRight);
}

void CallDetail::addNote(const QString& text)
{
    auto* note = makeLabel(text, Tone::Secondary, TextSize::Small);
    note->setWordWrap(true);
    m_lines->addWidget(note, m_lines->rowCount(), 0, 1, 3);
}

void CallDetail::show(const Call& call, const PriceTable& prices, const QTimeZone& zone)
{
    m_fingerprint = call.fingerprint;
    m_title->setText(format::shortModel(call.model));
    m_badge->setOutcome(call.outcome);
    m_entry->setEnabled(!call.fingerprint.isEmpty());
    m_run->setEnabled(!call.fingerprint.isEmpty());

    QLayout* const holder = m_content->layout();
    while (QLayoutItem* item = holder->takeAt(0)) {
        if (item->widget())
            item->widget()->deleteLater();
        delete item;
    }
    auto* sheet = new QWidget;
    m_lines = new QGridLayout(sheet);
    m_lines->setContentsMargins(0, 0, 0, 0);
    m_lines->setHorizontalSpacing(12);
    m_lines->setVerticalSpacing(3);
    m_lines->setColumnStretch(1, 1);

    const bool served = call.outcome == Outcome::Hit || call.outcome == Outcome::Shared;
    const CallArithmetic arithmetic = arithmeticOf(call, prices);
    const auto dollars = [](std::optional<Money> amount) {
        return amount ? QLatin1Char('$') + amount->toDecimal() : tr("unpriced");
    };
    for (const PriceLine& line : arithmetic.lines)
        addLine(line.bucket, tr("%1 × $%2").arg(format::count(line.count), line.each.toDecimal()),
            dollars(line.amount));
    if (!arithmetic.lines.empty())
        addLine(served ? tr("would have cost") : tr("sum"), arithmetic.source, dollars(arithmetic.sum), true);
    addLine(tr("charged"), call.priceSource, dollars(call.cost), true);
    if (served)
        addLine(tr("saved"), {}, dollars(call.avoided), true);
    if (call.repriced)
        addLine(tr("repriced"), call.repriced->source, dollars(call.repriced->cost), true);
    if (!arithmetic.remark.isEmpty())
        addNote(arithmetic.remark);
    m_lines->addItem(new QSpacerItem(0, 6), m_lines->rowCount(), 0);

    addLine(tr("when"), format::fullTime(call.timeMs, zone), {});
    if (!call.error.isEmpty())
        addLine(tr("error"), call.error, {});
    addLine(tr("agent"), call.agent, {});
    addLine(tr("task"), call.task, {});
    addLine(tr("user"), call.host.isEmpty() ? call.user : tr("%1 on %2").arg(call.user, call.host), {});
    QString took = format::callLatency(call.latency);
    if (call.timeToFirstToken)
        took += tr(", first token after %1").arg(format::callLatency(*call.timeToFirstToken));
    addLine(tr("latency"), took, {});
    QString requests = format::counted(call.attempts, tr("request"), tr("requests"));
    if (call.rateLimits > 0)
        requests += tr(", %1 answered with 429").arg(format::count(call.rateLimits));
    if (call.waited.count() > 0)
        requests += tr(", waited %1").arg(format::duration(call.waited));
    addLine(tr("attempts"), requests, {});
    if (!call.tags.isEmpty())
        addLine(tr("tags"), call.tags.join(QStringLiteral(", ")), {});
    addLine(tr("call"), call.id, {});
    holder->addWidget(sheet);
    static_cast<QVBoxLayout*>(holder)->addStretch(1);
}

} // namespace llmcache::ui
