#pragma once

#include "theme/tokens.h"

#include <QIcon>

namespace llmcache::ui {

class Theme;

/// The program's own monochrome icons; drawn for 16 and 20 px.
enum class IconName {
    Workbench,
    Cache,
    Costs,
    Settings,
    Help,
    Search,
    Run,
    Stop,
    Copy,
    Delete,
    Plus,
    Close,
    ChevronDown,
    ChevronRight,
    Refresh,
    Pin,
    Filter,
    Download,
    Warning,
    Check,
    Edit,
};
inline constexpr int iconCount = static_cast<int>(IconName::Edit) + 1;

/// Resource path of the drawing.
QString iconPath(IconName name);
/// An icon that is drawn in the theme's current colour, at the resolution of the screen it is painted on.
/// `onColor` is used where a checkable control is on. The theme may die first; the icon then paints nothing.
QIcon themedIcon(const Theme* theme, IconName name, Token color = Token::SecondaryText);
QIcon themedIcon(const Theme* theme, IconName name, Token color, Token onColor);

} // namespace llmcache::ui
