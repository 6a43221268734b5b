#include "costs/chartlegend.h"

#include "theme/theme.h"
#include "widgets/flowlayout.h"

#include <QPainter>
#include <QToolButton>

namespace llmcache::ui {

namespace {

QIcon swatch(const QColor& color, bool isLine)
{
    constexpr int size = 32;
    QPixmap pixmap(size, size);
    pixmap.fill(Qt::transparent);
    QPainter painter(&pixmap);
    painter.setRenderHint(QPainter::Antialiasing);
    if (isLine) {
        painter.setPen(QPen(color, 4));
        painter.drawLine(2, size / 2, 13, size / 2);
        painter.drawLine(19, size / 2, 30, size / 2);
        return QIcon(pixmap);
    }
    painter.setPen(Qt::NoPen);
    painter.setBrush(color);
    painter.drawRoundedRect(QRectF(6, 6, 20, 20), 5, 5);
    return QIcon(pixmap);
}

} // namespace

ChartLegend::ChartLegend(const Theme* theme, QWidget* parent)
    : QWidget(parent)
    , m_theme(theme)
    , m_row(new FlowLayout(6, this))
{
    connect(theme, &Theme::changed, this, &ChartLegend::rebuild);
}

void ChartLegend::setItems(const std::vector<Item>& items)
{
    // The switches stay while nothing changes: one of them may have the focus.
    if (items == m_items)
        return;
    m_items = items;
    rebuild();
    claimHeight();
}

void ChartLegend::resizeEvent(QResizeEvent* event)
{
    QWidget::resizeEvent(event);
    claimHeight();
}

/// A layout knows the least height of one row alone: without this, the other rows are taken from the chart.
void ChartLegend::claimHeight()
{
    setMinimumHeight(m_row->heightForWidth(width()));
}

QIcon ChartLegend::iconOf(const Item& item) const
{
    if (m_hidden.contains(item.name))
        return swatch(m_theme->color(Token::Skeleton), item.isLine);
    return swatch(item.isLine     ? m_theme->color(Token::SecondaryText)
            : item.colorIndex < 0 ? m_theme->color(Token::ChartOther)
                                  : m_theme->chartColor(item.colorIndex),
        item.isLine);
}

void ChartLegend::rebuild()
{
    m_row->clear();
    for (const Item& item : m_items) {
        auto* button = new QToolButton(this);
        button->setObjectName(QStringLiteral("legend ") + item.name);
        button->setCheckable(true);
        button->setChecked(!m_hidden.contains(item.name));
        button->setAutoRaise(true);
        button->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
        button->setIconSize({16, 16});
        button->setIcon(iconOf(item));
        button->setText(item.label);
        button->setFont(textFont(TextSize::Small));
        button->setProperty("legend", true);
        button->setToolTip(tr("Show or hide %1").arg(item.label));
        button->setAccessibleName(item.label);
        button->setSizePolicy(QSizePolicy::Maximum, QSizePolicy::Fixed);
        connect(button, &QToolButton::toggled, this, [this, button, item](bool shown) {
            if (shown)
                m_hidden.removeAll(item.name);
            else
                m_hidden.append(item.name);
            button->setIcon(iconOf(item));
            Q_EMIT hiddenChanged();
        });
        m_row->addWidget(button);
    }
}

} // namespace llmcache::ui
