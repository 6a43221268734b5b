#include "widgets/card.h"

#include "theme/theme.h"

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
    auto* layout = new QHBoxLayout(this);
    if (large)
        layout->setContentsMargins(14, 12, 14, 12);
    else
        layout->setContentsMargins(10, 8, 10, 8);
    auto* column = new QVBoxLayout;
    column->setSpacing(large ? 4 : 1);
    column->addWidget(m_label);
    column->addWidget(m_value);
    column->addWidget(m_note);
    layout->addLayout(column, 1);
    layout->addWidget(m_sparkline, 0, Qt::AlignTop);
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
    updateAccessibleName();
}

void Tile::setNote(const QString& note, Tone tone)
{
    m_note->setText(note);
    setTone(m_note, tone);
    updateAccessibleName();
}

void Tile::setSparkline(const QVector<double>& values)
{
    m_sparkline->setValues(values);
    m_sparkline->setVisible(values.size() > 1 && !m_skeleton);
}

void Tile::setSkeleton(bool on)
{
    if (m_skeleton == on)
        return;
    m_skeleton = on;
    if (on) {
        m_value->setText({});
        m_note->setText({});
        m_sparkline->hide();
    }
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
    bar(m_note->geometry(), 48, 8);
}

} // namespace llmcache::ui
