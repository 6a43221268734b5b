#include "widgets/badge.h"

#include "theme/theme.h"
#include "widgets/controls.h"

#include <QPainter>

namespace llmcache::ui {

namespace {

const char* propertyOf(BadgeKind kind)
{
    switch (kind) {
    case BadgeKind::Hit:
        return "hit";
    case BadgeKind::Miss:
        return "miss";
    case BadgeKind::Shared:
        return "shared";
    case BadgeKind::Error:
        return "error";
    case BadgeKind::Human:
        return "human";
    case BadgeKind::Python:
        return "python";
    case BadgeKind::Accent:
        return "accent";
    case BadgeKind::Neutral:
        break;
    }
    return "neutral";
}

} // namespace

BadgeText badgeOf(Outcome outcome)
{
    switch (outcome) {
    case Outcome::Hit:
        return {BadgeKind::Hit, QStringLiteral("● HIT")};
    case Outcome::Miss:
        return {BadgeKind::Miss, QStringLiteral("○ MISS")};
    case Outcome::Shared:
        return {BadgeKind::Shared, QStringLiteral("◐ SHARED")};
    case Outcome::Refreshed:
        return {BadgeKind::Miss, QStringLiteral("↻ REFRESHED")};
    case Outcome::Bypassed:
        return {BadgeKind::Miss, QStringLiteral("○ BYPASSED")};
    case Outcome::Failed:
        return {BadgeKind::Error, QStringLiteral("✕ FAILED")};
    case Outcome::Cancelled:
        return {BadgeKind::Neutral, QStringLiteral("■ STOPPED")};
    }
    return {};
}

BadgeText humanBadge()
{
    return {BadgeKind::Human, QStringLiteral("✎ HUMAN")};
}

BadgeText pythonBadge()
{
    return {BadgeKind::Python, QStringLiteral("● PYTHON")};
}

std::pair<Token, Token> badgeTokens(BadgeKind kind)
{
    switch (kind) {
    case BadgeKind::Hit:
    case BadgeKind::Shared:
        return {Token::Hit, Token::HitBackground};
    case BadgeKind::Miss:
        return {Token::Miss, Token::MissBackground};
    case BadgeKind::Error:
        return {Token::Error, Token::ErrorBackground};
    case BadgeKind::Human:
        return {Token::Human, Token::HumanBackground};
    case BadgeKind::Python:
        return {Token::Python, Token::PythonBackground};
    case BadgeKind::Accent:
        return {Token::AccentText, Token::Selection};
    case BadgeKind::Neutral:
        break;
    }
    return {Token::SecondaryText, Token::FaintLine};
}

Badge::Badge(QWidget* parent)
    : Badge(BadgeKind::Neutral, QString(), parent)
{
}

Badge::Badge(BadgeKind kind, const QString& text, QWidget* parent)
    : QLabel(parent)
{
    setFont(textFont(TextSize::Small, QFont::DemiBold));
    setTextFormat(Qt::PlainText);
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
    setBadge(kind, text);
}

void Badge::setBadge(BadgeKind kind, const QString& text)
{
    m_kind = kind;
    setText(text);
    setAccessibleName(text);
    setStyleProperty(this, "badge", QString::fromLatin1(propertyOf(kind)));
}

void paintBadge(QPainter* painter, const QRect& rect, const Theme& theme, const BadgeText& badge)
{
    if (badge.text.isEmpty())
        return;
    painter->save();
    painter->setFont(textFont(TextSize::Small, QFont::DemiBold));
    const QFontMetrics metrics(painter->font());
    // The signs come from another font than the letters, which the advance does not quite account for.
    const int wanted = metrics.boundingRect(badge.text).width() + 4;
    const int width = std::min(wanted + 14, rect.width());
    const int height = std::min(20, rect.height());
    const QRect box(rect.x(), rect.y() + (rect.height() - height) / 2, width, height);
    const auto [text, surface] = badgeTokens(badge.kind);
    painter->setRenderHint(QPainter::Antialiasing);
    painter->setPen(Qt::NoPen);
    painter->setBrush(theme.color(surface));
    painter->drawRoundedRect(box, 3, 3);
    painter->setPen(theme.color(text));
    painter->drawText(box.adjusted(7, 0, -7, 0), Qt::AlignVCenter | Qt::AlignLeft,
        width < wanted + 14 ? metrics.elidedText(badge.text, Qt::ElideRight, box.width() - 14) : badge.text);
    painter->restore();
}

} // namespace llmcache::ui
