#include "theme/theme.h"

#ifdef LLMCACHE_WITH_DBUS
#include "theme/portalscheme.h"
#endif

#include <QApplication>
#include <QFile>
#include <QGuiApplication>
#include <QRegularExpression>
#include <QStyleFactory>
#include <QStyleHints>

namespace llmcache::ui {

QString colorSchemeName(ColorScheme scheme)
{
    switch (scheme) {
    case ColorScheme::Light:
        return QStringLiteral("light");
    case ColorScheme::Dark:
        return QStringLiteral("dark");
    case ColorScheme::System:
        break;
    }
    return QStringLiteral("system");
}

ColorScheme colorSchemeFromName(const QString& name)
{
    if (name == u"light")
        return ColorScheme::Light;
    return name == u"dark" ? ColorScheme::Dark : ColorScheme::System;
}

QString densityName(Density density)
{
    return density == Density::Compact ? QStringLiteral("compact") : QStringLiteral("comfortable");
}

Density densityFromName(const QString& name)
{
    return name == u"compact" ? Density::Compact : Density::Comfortable;
}

Theme::Theme(QObject* parent)
    : QObject(parent)
{
    const QPalette system = QGuiApplication::palette();
    m_systemDark =
        system.color(QPalette::Window).lightness() < system.color(QPalette::WindowText).lightness();
}

void Theme::followSystem()
{
#if QT_VERSION >= QT_VERSION_CHECK(6, 5, 0)
    const QStyleHints* hints = QGuiApplication::styleHints();
    if (hints->colorScheme() != Qt::ColorScheme::Unknown)
        setSystemDark(hints->colorScheme() == Qt::ColorScheme::Dark);
    connect(hints, &QStyleHints::colorSchemeChanged, this,
        [this](Qt::ColorScheme scheme) { setSystemDark(scheme == Qt::ColorScheme::Dark); });
#elif defined(LLMCACHE_WITH_DBUS)
    auto* portal = PortalScheme::onSessionBus(this);
    if (!portal)
        return;
    connect(portal, &PortalScheme::answered, this, &Theme::setSystemDark);
    portal->ask();
    // Whoever switched the desktop comes back to the window afterwards.
    connect(qGuiApp, &QGuiApplication::applicationStateChanged, portal, [portal](Qt::ApplicationState state) {
        if (state == Qt::ApplicationActive)
            portal->ask();
    });
#endif
}

Theme::~Theme() = default;

void Theme::apply(QApplication& application)
{
    if (!m_application)
        followSystem();
    m_application = &application;
    application.setStyle(QStyleFactory::create(QStringLiteral("Fusion")));
    application.setFont(textFont());
    refresh();
}

void Theme::setScheme(ColorScheme scheme)
{
    if (m_scheme == scheme)
        return;
    const bool wasDark = isDark();
    m_scheme = scheme;
    if (isDark() != wasDark)
        refresh();
}

void Theme::setDensity(Density density)
{
    if (m_density == density)
        return;
    m_density = density;
    refresh();
}

void Theme::setSystemDark(bool dark)
{
    if (m_systemDark == dark)
        return;
    const bool wasDark = isDark();
    m_systemDark = dark;
    if (isDark() != wasDark)
        refresh();
}

bool Theme::isDark() const
{
    return m_scheme == ColorScheme::System ? m_systemDark : m_scheme == ColorScheme::Dark;
}

QColor Theme::chartColor(int index) const
{
    if (index < 0 || index >= chartColorCount)
        return color(Token::ChartOther);
    return color(static_cast<Token>(static_cast<int>(Token::Chart1) + index));
}

QPalette Theme::palette() const
{
    QPalette palette;
    palette.setColor(QPalette::Window, color(Token::Background));
    palette.setColor(QPalette::WindowText, color(Token::Text));
    palette.setColor(QPalette::Base, color(Token::Panel));
    palette.setColor(QPalette::AlternateBase, color(Token::Background));
    palette.setColor(QPalette::Text, color(Token::Text));
    palette.setColor(QPalette::PlaceholderText, color(Token::SecondaryText));
    palette.setColor(QPalette::Button, color(Token::Panel));
    palette.setColor(QPalette::ButtonText, color(Token::Text));
    palette.setColor(QPalette::BrightText, color(Token::OnAccent));
    palette.setColor(QPalette::Highlight, color(Token::Selection));
    palette.setColor(QPalette::HighlightedText, color(Token::Text));
    palette.setColor(QPalette::Link, color(Token::AccentText));
    palette.setColor(QPalette::LinkVisited, color(Token::AccentText));
    palette.setColor(QPalette::ToolTipBase, color(Token::Tooltip));
    palette.setColor(QPalette::ToolTipText, color(Token::TooltipText));
    palette.setColor(QPalette::Light, color(Token::Panel));
    palette.setColor(QPalette::Midlight, color(Token::FaintLine));
    palette.setColor(QPalette::Mid, color(Token::Line));
    palette.setColor(QPalette::Dark, color(Token::Line));
    palette.setColor(QPalette::Shadow, color(Token::Shadow));
    QColor disabled = color(Token::SecondaryText);
    disabled.setAlphaF(0.6f);
    for (const auto role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText})
        palette.setColor(QPalette::Disabled, role, disabled);
    return palette;
}

QString Theme::styleSheet() const
{
    QFile file(QStringLiteral(":/llmcache/themes/style.qss"));
    if (!file.open(QIODevice::ReadOnly))
        return {};
    const QString source = QString::fromUtf8(file.readAll());
    static const QRegularExpression name(QStringLiteral("@([A-Za-z0-9]+)"));
    QHash<QString, QString> values{
        {QStringLiteral("controlHeight"), QStringLiteral("%1px").arg(controlHeight() - 2)}};
    for (int i = 0; i < tokenCount; ++i) {
        const auto token = static_cast<Token>(i);
        values.insert(tokenName(token), color(token).name());
    }
    QString result;
    qsizetype from = 0;
    for (auto it = name.globalMatch(source); it.hasNext();) {
        const QRegularExpressionMatch match = it.next();
        result += QStringView(source).mid(from, match.capturedStart() - from);
        result += values.value(match.captured(1), match.captured(0));
        from = match.capturedEnd();
    }
    return result + source.mid(from);
}

void Theme::refresh()
{
    if (m_application) {
        m_application->setPalette(palette());
        m_application->setStyleSheet(styleSheet());
    }
    Q_EMIT changed();
}

} // namespace llmcache::ui
