#include "widgets/card.h"

#include "theme/theme.h"

#include <QGridLayout>
#include <QHBoxLayout>
#include <QPainter>
#include <QPainterPath>
#include <QVBoxLayout>

#include <algorithm>

namespace llmcache::ui {

Card::Card(const QString& heading, QWidget* parent)
    : QFrame(parent)
    , m_heading(makeLabel(heading, Tone::Normal, TextSize::Large, QFont::DemiBold, this))
    , m_headingRow(new QHBoxLayout)
    , m_body(new QVBoxLayout)
{
    setProperty("surface", QStringLiteral("card"));
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(16, 12, 16, 12);
    layout->setSpacing(8);
    m_headingRow->setSpacing(8);
    m_headingRow->addWidget(m_heading);
    layout->addLayout(m_headingRow);
    m_body->setSpacing(8);
    layout->addLayout(m_body, 1);
    m_heading->setVisible(!heading.isEmpty());
}

void Card::setHeading(const QString& text)
{
    m_heading->setText(text);
    m_heading->setVisible(!text.isEmpty());
}

Sparkline::Sparkline(const Theme* theme, QWidget* parent)
    : QWidget(parent)
    , m_theme(theme)
{
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
    setAttribute(Qt::WA_TransparentForMouseEvents);
}

void Sparkline::setValues(const QVector<double>& values)
{
    m_values = values;
    update();
}

void Sparkline::paintEvent(QPaintEvent*)
{
    if (m_values.size() < 2)
        return;
    const auto [low, high] = std::minmax_element(m_values.cbegin(), m_values.cend());
    const double range = *high - *low;
    const QRectF area = QRectF(rect()).adjusted(2, 3, -2, -3);
    QPainterPath path;
    for (qsizetype i = 0; i < m_values.size(); ++i) {
        const double x =
            area.left() + area.width() * static_cast<double>(i) / static_cast<double>(m_values.size() - 1);
        const double y =
            range > 0 ? area.bottom() - area.height() * (m_values.at(i) - *low) / range : area.center().y();
        if (i == 0)
            path.moveTo(x, y);
        else
            path.lineTo(x, y);
    }
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(m_theme->color(Token::Accent), 1.5, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
    painter.drawPath(path);
}

Tile::Tile(const Theme* theme, const QString& label, Size size, QWidget* parent)
    : QFrame(parent)
    , m_theme(theme)
    , m_column(new QVBoxLayout(this))
    , m_label(makeLabel(label, Tone::Secondary, TextSize::Small, QFont::Medium, this))
    , m_value(new ElidedLabel(this))
    , m_note(new ElidedLabel(this))
    , m_sparkline(new Sparkline(theme, this))
{
    const bool large = size == Size::Large;
    setProperty("surface", large ? QStringLiteral("card") : QStringLiteral("inset"));
    m_value->setFont(textFont(large ? TextSize::Title : TextSize::Large, QFont::DemiBold));
    m_note->setFont(textFont(large ? TextSize::Body : TextSize::Small));
    setTone(m_note, Tone::Secondary);
    if (large)
        m_column->setContentsMargins(14, 12, 14, 12);
    else
        m_column->setContentsMargins(10, 8, 10, 8);
    m_column->setSpacing(large ? 4 : 1);
    m_column->addWidget(m_label);
    m_column->addWidget(m_value, 1);
    m_column->addWidget(m_note);
    m_sparkline->hide();
    updateAccessibleName();
}

void Tile::setLabel(const QString& label)
{
    m_label->setText(label);
    updateAccessibleName();
}

void Tile::setValue(const QString& value, const QString& toolTip)
{
    m_value->setText(value);
    m_value->setExtraToolTip(toolTip);
    setSkeleton(false);
    placeSparkline();
    updateAccessibleName();
}

void Tile::setNote(const QString& note, Tone tone)
{
    m_note->setText(note);
    setToolTip(note); // cut, or not shown at all
    setTone(m_note, tone);
    updateAccessibleName();
}

void Tile::setSparkline(const QVector<double>& values)
{
    m_sparkline->setValues(values);
    m_hasCourse = values.size() > 1;
    placeSparkline();
}

void Tile::placeSparkline()
{
    // At the right of the value, in the room that it leaves.
    constexpr int least = 40;
    const QRect line = contentsRect().marginsRemoved(layout()->contentsMargins());
    const int width = std::min(m_sparkline->sizeHint().width(),
        line.width() - m_value->sizeHint().width() - layout()->spacing() * 2);
    m_sparkline->setVisible(m_hasCourse && !m_skeleton && width >= least);
    const int height = m_sparkline->sizeHint().height();
    m_sparkline->setGeometry(
        line.right() + 1 - width, m_value->geometry().center().y() - height / 2, width, height);
}

void Tile::resizeEvent(QResizeEvent* event)
{
    QFrame::resizeEvent(event);
    placeSparkline();
}

void Tile::setLow(bool low)
{
    if (low == m_note->isHidden())
        return;
    m_note->setVisible(!low);
    m_value->setAlignment((low ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
    m_column->setDirection(low ? QBoxLayout::LeftToRight : QBoxLayout::TopToBottom);
    m_column->setContentsMargins(10, low ? 4 : 8, 10, low ? 4 : 8);
    m_column->setSpacing(low ? 8 : 1);
}

void Tile::setSkeleton(bool on)
{
    if (m_skeleton == on)
        return;
    m_skeleton = on;
    if (on) {
        m_value->setText({});
        m_note->setText({});
    }
    placeSparkline();
    update();
}

void Tile::updateAccessibleName()
{
    setAccessibleName(m_label->text() + QStringLiteral(": ") + m_value->text());
    setAccessibleDescription(m_note->text());
}

void Tile::paintEvent(QPaintEvent* event)
{
    QFrame::paintEvent(event);
    if (!m_skeleton)
        return;
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(m_theme->color(Token::Skeleton));
    const auto bar = [&painter](const QRect& area, int width, int height) {
        painter.drawRoundedRect(
            QRect(area.x(), area.center().y() - height / 2, std::min(width, area.width()), height), 3, 3);
    };
    bar(m_value->geometry(), 72, 12);
    if (m_note->isVisible())
        bar(m_note->geometry(), 48, 8);
}

TileGrid::TileGrid(const QVector<Tile*>& tiles, int leastWidth, int spacing, QWidget* parent)
    : QWidget(parent)
    , m_tiles(tiles)
    , m_leastWidth(leastWidth)
    , m_grid(new QGridLayout(this))
{
    m_grid->setContentsMargins(0, 0, 0, 0);
    m_grid->setSpacing(spacing);
    arrange(static_cast<int>(m_tiles.size()));
}

QSize TileGrid::minimumSizeHint() const
{
    // Narrower than the present arrangement, or it could never change to the other one.
    return {2 * m_leastWidth + m_grid->spacing(), m_grid->minimumSize().height()};
}

void TileGrid::arrange(int columns)
{
    if (columns == m_columns)
        return;
    for (int column = 0; column < m_grid->columnCount(); ++column)
        m_grid->setColumnStretch(column, 0);
    m_columns = columns;
    for (int at = 0; at < static_cast<int>(m_tiles.size()); ++at) {
        m_grid->addWidget(m_tiles.at(at), at / columns, at % columns);
        m_grid->setColumnStretch(at % columns, 1);
    }
    // Two rows are higher than one.
    updateGeometry();
}

void TileGrid::resizeEvent(QResizeEvent* event)
{
    QWidget::resizeEvent(event);
    const int all = static_cast<int>(m_tiles.size());
    const int needed = all * m_leastWidth + (all - 1) * m_grid->spacing();
    arrange(width() >= needed ? all : 2);
}

} // namespace llmcache::ui
