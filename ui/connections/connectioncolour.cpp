#include "connections/connectioncolour.h"

#include "theme/theme.h"

#include <QCoreApplication>
#include <QPainter>

namespace llmcache::ui {

Token connectionToken(const QString& colour)
{
    if (colour == u"green")
        return Token::Hit;
    if (colour == u"amber")
        return Token::Miss;
    if (colour == u"red")
        return Token::Error;
    if (colour == u"violet")
        return Token::Human;
    if (colour == u"grey")
        return Token::SecondaryText;
    return Token::Accent;
}

QString connectionColourText(const QString& colour)
{
    const auto tr = [](const char* text) { return QCoreApplication::translate("ConnectionColour", text); };
    if (colour == u"green")
        return tr("Green");
    if (colour == u"amber")
        return tr("Amber");
    if (colour == u"red")
        return tr("Red");
    if (colour == u"violet")
        return tr("Violet");
    if (colour == u"grey")
        return tr("Grey");
    return tr("Blue");
}

QIcon connectionDot(const Theme& theme, const QString& colour)
{
    constexpr int size = 16;
    constexpr int scale = 2;
    QPixmap pixmap(size * scale, size * scale);
    pixmap.setDevicePixelRatio(scale);
    pixmap.fill(Qt::transparent);
    QPainter painter(&pixmap);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(theme.color(connectionToken(colour)));
    painter.drawEllipse(QRectF(4, 4, 8, 8));
    return QIcon(pixmap);
}

} // namespace llmcache::ui
