#include "widgets/tabstrip.h"

#include "theme/theme.h"
#include "widgets/controls.h"

#include <QPainter>

namespace llmcache::ui {

TabStrip::TabStrip(const Theme* theme, QWidget* parent)
    : QTabBar(parent)
    , m_theme(theme)
{
    setProperty("strip", true);
    setDrawBase(false);
    setExpanding(false);
    setUsesScrollButtons(true);
    setElideMode(Qt::ElideNone);
    setFocusPolicy(Qt::StrongFocus);
    setFont(textFont());
}

void TabStrip::setDense(bool dense)
{
    setStyleProperty(this, "dense", dense);
}

void TabStrip::paintEvent(QPaintEvent* event)
{
    QPainter painter(this);
    painter.fillRect(QRect(0, height() - 1, width(), 1), m_theme->color(Token::Line));
    painter.end();
    QTabBar::paintEvent(event);
    if (!hasFocus() || currentIndex() < 0)
        return;
    // What stands between two tabs is a margin of the one before, see the style sheet.
    const qreal gap = property("dense").toBool() ? 12 : 18;
    QPainter ring(this);
    ring.setRenderHint(QPainter::Antialiasing);
    ring.setPen(QPen(m_theme->color(Token::Accent), 1));
    ring.drawRoundedRect(QRectF(tabRect(currentIndex())).adjusted(0.5, 2.5, 1.5 - gap, -4.5), 3, 3);
}

} // namespace llmcache::ui
