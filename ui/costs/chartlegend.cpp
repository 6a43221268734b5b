#include "costs/chartlegend.h"

#include "theme/theme.h"
#include "widgets/flowlayout.h"

#include <QPainter>
#include <QToolButton>

namespace llmcache::ui {

namespace {

QIcon swatch(const QColor& color)
{
    constexpr int size = 32;
    QPixmap pixmap(size, size);
    pixmap.fill(Qt::transparent);
    QPainter painter(&pixmap);
    painter.setRenderHint(QPainter::Antialiasing);
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
    m_items = items;
    rebuild();
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
        const QColor color =
            item.colorIndex < 0 ? m_theme->color(Token::ChartOther) : m_theme->chartColor(item.colorIndex);
        button->setIcon(swatch(button->isChecked() ? color : m_theme->color(Token::Skeleton)));
        button->setText(item.label);
        button->setFont(textFont(TextSize::Small));
        button->setProperty("legend", true);
        button->setToolTip(tr("Show or hide %1").arg(item.name));
        button->setAccessibleName(item.name);
        button->setSizePolicy(QSizePolicy::Maximum, QSizePolicy::Fixed);
        connect(button, &QToolButton::toggled, this, [this, button, color, name = item.name](bool shown) {
            if (shown)
                m_hidden.removeAll(name);
            else
                m_hidden.append(name);
            button->setIcon(swatch(shown ? color : m_theme->color(Token::Skeleton)));
            Q_EMIT hiddenChanged();
        });
        m_row->addWidget(button);
    }
}

} // namespace llmcache::ui
