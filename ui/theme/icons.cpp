#include "theme/icons.h"

#include "theme/theme.h"

#include <QIconEngine>
#include <QPainter>
#include <QPixmapCache>
#include <QPointer>
#include <QSvgRenderer>

#include <array>

namespace llmcache::ui {

namespace {

constexpr std::array<const char*, iconCount> fileNames{"workbench", "cache", "costs", "settings", "help",
    "search", "run", "stop", "copy", "delete", "plus", "close", "chevron-down", "chevron-right", "refresh",
    "pin", "filter", "download", "warning", "check", "edit"};

class TintedIconEngine final : public QIconEngine {
public:
    TintedIconEngine(const Theme* theme, IconName name, Token color, Token onColor)
        : m_theme(theme)
        , m_name(name)
        , m_color(color)
        , m_onColor(onColor)
    {
    }

    QIconEngine* clone() const override { return new TintedIconEngine(m_theme, m_name, m_color, m_onColor); }

    void paint(QPainter* painter, const QRect& rect, QIcon::Mode mode, QIcon::State state) override
    {
        const qreal scale = painter->device() ? painter->device()->devicePixelRatioF() : 1.0;
        painter->drawPixmap(rect, scaledPixmap(rect.size() * scale, mode, state, scale));
    }

    QPixmap pixmap(const QSize& size, QIcon::Mode mode, QIcon::State state) override
    {
        return scaledPixmap(size, mode, state, 1.0);
    }

    QPixmap scaledPixmap(const QSize& size, QIcon::Mode mode, QIcon::State state, qreal) override
    {
        if (!m_theme || size.isEmpty())
            return {};
        QColor color = m_theme->color(state == QIcon::On ? m_onColor : m_color);
        if (mode == QIcon::Disabled)
            color.setAlphaF(0.45f);
        const QString key = QStringLiteral("llmcache-icon-%1-%2x%3-%4")
                                .arg(static_cast<int>(m_name))
                                .arg(size.width())
                                .arg(size.height())
                                .arg(color.rgba(), 0, 16);
        QPixmap pixmap;
        if (QPixmapCache::find(key, &pixmap))
            return pixmap;
        pixmap = QPixmap(size);
        pixmap.fill(Qt::transparent);
        QSvgRenderer renderer(iconPath(m_name));
        renderer.setAspectRatioMode(Qt::KeepAspectRatio);
        QPainter painter(&pixmap);
        renderer.render(&painter, QRectF(QPointF(0, 0), QSizeF(size)));
        painter.setCompositionMode(QPainter::CompositionMode_SourceIn);
        painter.fillRect(pixmap.rect(), color);
        painter.end();
        QPixmapCache::insert(key, pixmap);
        return pixmap;
    }

private:
    QPointer<const Theme> m_theme;
    IconName m_name;
    Token m_color;
    Token m_onColor;
};

} // namespace

QString iconPath(IconName name)
{
    return QStringLiteral(":/llmcache/icons/%1.svg")
        .arg(QLatin1String(fileNames[static_cast<std::size_t>(name)]));
}

QIcon themedIcon(const Theme* theme, IconName name, Token color)
{
    return themedIcon(theme, name, color, color);
}

QIcon themedIcon(const Theme* theme, IconName name, Token color, Token onColor)
{
    return QIcon(new TintedIconEngine(theme, name, color, onColor));
}

} // namespace llmcache::ui
