#pragma once

#include "store/call.h"
#include "theme/tokens.h"

#include <QLabel>
#include <QStyledItemDelegate>

namespace llmcache::ui {

class Theme;

enum class BadgeKind { Neutral, Hit, Miss, Shared, Error, Human, Python, Accent };

/// What a badge says. The text carries the state with its sign and word; the colour only repeats it.
struct BadgeText {
    BadgeKind kind = BadgeKind::Neutral;
    QString text;
    friend bool operator==(const BadgeText&, const BadgeText&) = default;
};

/// "● HIT", "○ MISS", "◐ SHARED", "✕ FAILED", …
BadgeText badgeOf(Outcome outcome);
/// "✎ HUMAN"
BadgeText humanBadge();
/// "● PYTHON"
BadgeText pythonBadge();
/// Text and surface colour of a kind.
std::pair<Token, Token> badgeTokens(BadgeKind kind);

/// A small tag with a state.
class Badge : public QLabel {
    Q_OBJECT
public:
    explicit Badge(QWidget* parent = nullptr);
    Badge(BadgeKind kind, const QString& text, QWidget* parent = nullptr);
    void setBadge(const BadgeText& badge) { setBadge(badge.kind, badge.text); }
    void setBadge(BadgeKind kind, const QString& text);
    void setOutcome(Outcome outcome) { setBadge(badgeOf(outcome)); }
    BadgeKind kind() const { return m_kind; }

private:
    BadgeKind m_kind = BadgeKind::Neutral;
};

/// Model role whose value is an int of BadgeKind; the badge's text is the display role.
inline constexpr int badgeKindRole = Qt::UserRole + 900;

/// Paints a badge as table rows and Badge do, centred vertically at the left of `rect`.
void paintBadge(QPainter* painter, const QRect& rect, const Theme& theme, const BadgeText& badge);

} // namespace llmcache::ui
