#include "widgets/elidedlabel.h"

#include <QHelpEvent>
#include <QPainter>
#include <QStyle>
#include <QStyleOption>
#include <QToolTip>

namespace llmcache::ui {

ElidedLabel::ElidedLabel(QWidget* parent, Qt::TextElideMode mode)
    : ElidedLabel(QString(), parent, mode)
{
}

ElidedLabel::ElidedLabel(const QString& text, QWidget* parent, Qt::TextElideMode mode)
    : QLabel(parent)
    , m_mode(mode)
{
    setTextFormat(Qt::PlainText);
    setText(text);
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
}

void ElidedLabel::setElideMode(Qt::TextElideMode mode)
{
    m_mode = mode;
    update();
}

void ElidedLabel::setExtraToolTip(const QString& text)
{
    m_extraToolTip = text;
}

QRect ElidedLabel::textRect() const
{
    return contentsRect().adjusted(margin(), 0, -margin(), 0);
}

bool ElidedLabel::isElided() const
{
    return fontMetrics().horizontalAdvance(text()) > textRect().width();
}

QSize ElidedLabel::sizeHint() const
{
    const QFontMetrics metrics = fontMetrics();
    const QMargins margins = contentsMargins();
    return {metrics.horizontalAdvance(text()) + margins.left() + margins.right() + 2 * margin() + 1,
        metrics.height() + margins.top() + margins.bottom()};
}

QSize ElidedLabel::minimumSizeHint() const
{
    return {fontMetrics().horizontalAdvance(QStringLiteral("…")), sizeHint().height()};
}

void ElidedLabel::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    drawFrame(&painter);
    const QString shown = fontMetrics().elidedText(text(), m_mode, textRect().width());
    style()->drawItemText(&painter, textRect(), static_cast<int>(alignment() | Qt::TextSingleLine), palette(),
        isEnabled(), shown, foregroundRole());
}

bool ElidedLabel::event(QEvent* event)
{
    if (event->type() == QEvent::ToolTip && toolTip().isEmpty()) {
        QStringList lines;
        if (isElided())
            lines.append(text());
        if (!m_extraToolTip.isEmpty())
            lines.append(m_extraToolTip);
        // The full text may be anybody's: a tooltip would take markup in it for HTML.
        QToolTip::showText(static_cast<QHelpEvent*>(event)->globalPos(),
            lines.isEmpty() ? QString()
                            : QStringLiteral("<p style='white-space:pre-wrap'>%1</p>")
                                  .arg(lines.join(u'\n').toHtmlEscaped()),
            this);
        return true;
    }
    return QLabel::event(event);
}

} // namespace llmcache::ui
