#pragma once

#include <QColor>
#include <QLatin1String>

#include <utility>
#include <vector>

namespace llmcache::ui {

/// The names of all colours that the program uses. Widgets ask the Theme for them; no colour is written down
/// anywhere else.
enum class Token {
    Background, ///< behind panels and cards
    Panel, ///< cards, tables, bars, fields
    Code, ///< behind monospaced text
    Line, ///< borders of panels and controls
    FaintLine, ///< between table rows; also behind neutral badges
    Hover, ///< a row or flat button under the pointer
    Selection, ///< selected rows, chips
    Skeleton, ///< placeholder bars while data is on its way
    Shadow, ///< around floating things
    Text,
    SecondaryText, ///< labels, units, what matters less
    Accent, ///< primary action, focus ring, selected tab
    AccentHover,
    AccentPressed,
    AccentText, ///< accent-coloured words on any of the surfaces above
    OnAccent, ///< text on Accent
    Hit,
    HitBackground,
    Miss,
    MissBackground,
    Error,
    ErrorBackground,
    Human,
    HumanBackground,
    Python,
    PythonBackground,
    Rail,
    RailActive, ///< behind the current item of the rail
    RailText,
    RailActiveText,
    Tooltip,
    TooltipText,
    SyntaxKey,
    SyntaxString,
    SyntaxNumber,
    Chart1, ///< Chart1 … Chart7: Okabe–Ito order
    Chart2,
    Chart3,
    Chart4,
    Chart5,
    Chart6,
    Chart7,
    ChartOther,
    ChartGrid,
};
inline constexpr int tokenCount = static_cast<int>(Token::ChartGrid) + 1;
inline constexpr int chartColorCount = 7;

/// Name in stylesheet templates, such as "background" (written there as `@background`).
QLatin1String tokenName(Token token);
/// The colour of a token in the light or the dark scheme.
QColor tokenColor(Token token, bool dark);

/// Contrast ratio of two opaque colours as WCAG 2 defines it, 1 to 21.
double contrastRatio(const QColor& one, const QColor& other);
/// Every pair (text, what is behind it) that the program paints; each has a contrast of 4.5 or more.
const std::vector<std::pair<Token, Token>>& textPairs();

} // namespace llmcache::ui
