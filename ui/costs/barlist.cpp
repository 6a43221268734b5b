#include "costs/barlist.h"

#include "theme/theme.h"

#include <QHelpEvent>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QToolTip>

namespace llmcache::ui {

BarList::BarList(const Theme* theme, QWidget* parent)
    : QWidget(parent)
    , m_theme(theme)
{
    setMouseTracking(true);
    setFocusPolicy(Qt::StrongFocus);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Preferred);
    connect(theme, &Theme::changed, this, qOverload<>(&QWidget::update));
}

void BarList::setRows(std::vector<Row> rows)
{
    if (rows == m_rows)
        return;
    m_rows = std::move(rows);
    m_hovered = -1;
    m_current = 0;
    updateGeometry();
    update();
}

QSize BarList::sizeHint() const
{
    return {260, std::max(leastRows, static_cast<int>(m_rows.size())) * rowStep};
}

int BarList::rowAt(const QPointF& position) const
{
    const int row = static_cast<int>(position.y()) / rowStep;
    return row >= 0 && row < static_cast<int>(m_rows.size()) ? row : -1;
}

void BarList::choose(int row)
{
    if (row < 0 || row >= static_cast<int>(m_rows.size()))
        return;
    m_current = row;
    const Row chosenRow = m_rows[static_cast<std::size_t>(row)]; // whoever is told may set others
    Q_EMIT chosen(chosenRow);
}

bool BarList::event(QEvent* event)
{
    if (event->type() == QEvent::ToolTip) {
        const auto* help = static_cast<QHelpEvent*>(event);
        const int row = rowAt(help->pos());
        if (row >= 0)
            QToolTip::showText(help->globalPos(), m_rows[static_cast<std::size_t>(row)].toolTip, this);
        return true;
    }
    return QWidget::event(event);
}

void BarList::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    if (m_hovered >= 0)
        painter.fillRect(QRect(0, m_hovered * rowStep, width(), rowStep), m_theme->color(Token::Hover));
    paintRows(&painter);
    if (hasFocus() && m_current < static_cast<int>(m_rows.size())) {
        painter.setBrush(Qt::NoBrush);
        painter.setPen(QPen(m_theme->color(Token::Accent), 1));
        painter.drawRoundedRect(
            QRectF(0, m_current * rowStep, width(), rowStep).adjusted(0.5, 0.5, -0.5, -0.5), 3, 3);
    }
}

void BarList::setEmptyText(const QString& text)
{
    m_emptyText = text;
    setAccessibleDescription(m_rows.empty() ? text : QString());
    update();
}

void BarList::paintRows(QPainter* painter) const
{
    painter->setRenderHint(QPainter::Antialiasing);
    painter->setFont(font());
    if (m_rows.empty()) {
        painter->setPen(m_theme->color(Token::SecondaryText));
        painter->drawText(QRect(0, 0, width(), 4 * rowStep), Qt::AlignCenter | Qt::TextWordWrap, m_emptyText);
        return;
    }
    Money largest;
    for (const Row& row : m_rows)
        largest = std::max(largest, row.amount);
    const QFontMetrics metrics = painter->fontMetrics();
    int amountWidth = 0;
    for (const Row& row : m_rows)
        amountWidth = std::max(amountWidth, metrics.horizontalAdvance(row.amount.toDisplay()));
    int labelWidth = 0;
    for (const Row& row : m_rows)
        labelWidth = std::max(labelWidth, metrics.horizontalAdvance(row.label));
    constexpr int leastBar = 28;
    constexpr int gap = 10;
    const int room = width() - amountWidth - 2 * gap;
    // A name is worth more than the length of its bar.
    const int nameWidth = std::min(labelWidth + 4, std::max(room - leastBar, 0));
    const int barLeft = nameWidth + gap;
    const int barRoom = std::max(leastBar, room - nameWidth);
    for (int at = 0; at < static_cast<int>(m_rows.size()); ++at) {
        const Row& row = m_rows[static_cast<std::size_t>(at)];
        const QRect line(0, at * rowStep, width(), rowStep);
        painter->setPen(m_theme->color(Token::Text));
        painter->drawText(QRect(2, line.top(), nameWidth - 2, rowStep), Qt::AlignVCenter | Qt::AlignLeft,
            metrics.elidedText(row.label, Qt::ElideMiddle, nameWidth - 2));
        const double share = largest.picodollars() == 0
            ? 0
            : static_cast<double>(row.amount.picodollars()) / static_cast<double>(largest.picodollars());
        const QRectF bar(barLeft, line.top() + 7.5, std::max(2.0, share * barRoom), rowStep - 15);
        painter->setPen(Qt::NoPen);
        painter->setBrush(
            row.colorIndex < 0 ? m_theme->color(Token::ChartOther) : m_theme->chartColor(row.colorIndex));
        painter->drawRoundedRect(bar, 2, 2);
        painter->setPen(m_theme->color(Token::Text));
        painter->drawText(
            line.adjusted(0, 0, -2, 0), Qt::AlignVCenter | Qt::AlignRight, row.amount.toDisplay());
    }
}

void BarList::mouseMoveEvent(QMouseEvent* event)
{
    const int row = rowAt(event->position());
    if (row != m_hovered) {
        m_hovered = row;
        setCursor(row >= 0 ? Qt::PointingHandCursor : Qt::ArrowCursor);
        update();
    }
}

void BarList::mouseReleaseEvent(QMouseEvent* event)
{
    if (event->button() == Qt::LeftButton)
        choose(rowAt(event->position()));
}

void BarList::leaveEvent(QEvent*)
{
    m_hovered = -1;
    update();
}

void BarList::keyPressEvent(QKeyEvent* event)
{
    const int last = static_cast<int>(m_rows.size()) - 1;
    switch (event->key()) {
    case Qt::Key_Up:
        m_current = std::max(0, m_current - 1);
        break;
    case Qt::Key_Down:
        m_current = std::min(std::max(0, last), m_current + 1);
        break;
    case Qt::Key_Return:
    case Qt::Key_Enter:
    case Qt::Key_Space:
        choose(m_current);
        break;
    default:
        QWidget::keyPressEvent(event);
        return;
    }
    Q_EMIT moved(QRect(0, m_current * rowStep, width(), rowStep));
    update();
}

} // namespace llmcache::ui
