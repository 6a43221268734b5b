#include "theme/tokens.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace llmcache::ui {

namespace {

struct Row {
    Token token;
    const char* name;
    QRgb light;
    QRgb dark;
};

// Where the pictures' colours miss a contrast of 4.5 on one of their backgrounds, they are darker (light
// scheme) here.
constexpr std::array<Row, tokenCount> table{{
    {Token::Background, "background", 0xfff6f7f9, 0xff15181d},
    {Token::Panel, "panel", 0xffffffff, 0xff1c2026},
    {Token::Code, "code", 0xfff8f9fb, 0xff181c22},
    {Token::Line, "line", 0xffe3e6eb, 0xff2c323b},
    {Token::FaintLine, "faintLine", 0xffeef0f3, 0xff242931},
    {Token::Hover, "hover", 0xfff3f5f8, 0xff22272f},
    {Token::Selection, "selection", 0xffe8f0fe, 0xff22324f},
    {Token::Skeleton, "skeleton", 0xffe9ecf0, 0xff2a303a},
    {Token::Shadow, "shadow", 0xffc9ced6, 0xff0b0d10},
    {Token::Text, "text", 0xff1c2330, 0xffe4e8ee},
    {Token::SecondaryText, "secondaryText", 0xff5d6778, 0xff98a2b3},
    {Token::Accent, "accent", 0xff2b68e0, 0xff6ea0ff},
    {Token::AccentHover, "accentHover", 0xff2660d3, 0xff82adff},
    {Token::AccentPressed, "accentPressed", 0xff1f53bb, 0xff5f93f5},
    {Token::AccentText, "accentText", 0xff2660d3, 0xff7ba9ff},
    {Token::OnAccent, "onAccent", 0xffffffff, 0xff10151d},
    {Token::Hit, "hit", 0xff0f7453, 0xff4cc99a},
    {Token::HitBackground, "hitBackground", 0xffe3f5ee, 0xff173a2e},
    {Token::Miss, "miss", 0xff955506, 0xffe0a546},
    {Token::MissBackground, "missBackground", 0xfffdf1dc, 0xff3b2e15},
    {Token::Error, "error", 0xffb42318, 0xfff58b82},
    {Token::ErrorBackground, "errorBackground", 0xfffdeceb, 0xff43211f},
    {Token::Human, "human", 0xff6941c6, 0xffb79bf0},
    {Token::HumanBackground, "humanBackground", 0xfff0eafc, 0xff2e2547},
    {Token::Python, "python", 0xff2b5b9e, 0xff7fb2f0},
    {Token::PythonBackground, "pythonBackground", 0xffe6effa, 0xff1d3049},
    {Token::Rail, "rail", 0xff20262f, 0xff101317},
    {Token::RailActive, "railActive", 0xff363d48, 0xff24292f},
    {Token::RailText, "railText", 0xffa9b3c1, 0xff98a2b3},
    {Token::RailActiveText, "railActiveText", 0xffffffff, 0xffffffff},
    {Token::Tooltip, "tooltip", 0xff20262f, 0xff2c323b},
    {Token::TooltipText, "tooltipText", 0xfff2f4f7, 0xffe4e8ee},
    {Token::SyntaxKey, "syntaxKey", 0xff6941c6, 0xffb79bf0},
    {Token::SyntaxString, "syntaxString", 0xff0f7453, 0xff5fcfa5},
    {Token::SyntaxNumber, "syntaxNumber", 0xff2b5b9e, 0xff7fb2f0},
    {Token::Chart1, "chart1", 0xff0072b2, 0xff0072b2},
    {Token::Chart2, "chart2", 0xffe69f00, 0xffe69f00},
    {Token::Chart3, "chart3", 0xff009e73, 0xff009e73},
    {Token::Chart4, "chart4", 0xffcc79a7, 0xffcc79a7},
    {Token::Chart5, "chart5", 0xff56b4e9, 0xff56b4e9},
    {Token::Chart6, "chart6", 0xffd55e00, 0xffd55e00},
    {Token::Chart7, "chart7", 0xfff0e442, 0xfff0e442},
    {Token::ChartOther, "chartOther", 0xff9aa3af, 0xff9aa3af},
    {Token::ChartGrid, "chartGrid", 0xffeef0f3, 0xff262b33},
}};

const Row& rowOf(Token token)
{
    return table[static_cast<std::size_t>(token)];
}

double channel(double value)
{
    return value <= 0.03928 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4);
}

double luminance(const QColor& color)
{
    return 0.2126 * channel(color.redF()) + 0.7152 * channel(color.greenF())
        + 0.0722 * channel(color.blueF());
}

} // namespace

QLatin1String tokenName(Token token)
{
    return QLatin1String(rowOf(token).name);
}

QColor tokenColor(Token token, bool dark)
{
    const Row& row = rowOf(token);
    Q_ASSERT(row.token == token);
    return QColor::fromRgba(dark ? row.dark : row.light);
}

double contrastRatio(const QColor& one, const QColor& other)
{
    const double first = luminance(one);
    const double second = luminance(other);
    return (std::max(first, second) + 0.05) / (std::min(first, second) + 0.05);
}

const std::vector<std::pair<Token, Token>>& textPairs()
{
    static const std::vector<std::pair<Token, Token>> pairs = [] {
        std::vector<std::pair<Token, Token>> all;
        for (const Token text : {Token::Text, Token::SecondaryText, Token::AccentText, Token::Hit,
                 Token::Miss, Token::Error, Token::Human, Token::Python}) {
            for (const Token surface : {Token::Background, Token::Panel, Token::Code, Token::FaintLine,
                     Token::Hover, Token::Selection})
                all.emplace_back(text, surface);
        }
        for (const Token text : {Token::SyntaxKey, Token::SyntaxString, Token::SyntaxNumber}) {
            all.emplace_back(text, Token::Code);
            all.emplace_back(text, Token::Panel);
        }
        for (const Token surface : {Token::HitBackground, Token::MissBackground, Token::ErrorBackground,
                 Token::HumanBackground, Token::PythonBackground}) {
            all.emplace_back(Token::Text, surface);
            all.emplace_back(Token::SecondaryText, surface);
        }
        all.emplace_back(Token::Hit, Token::HitBackground);
        all.emplace_back(Token::Miss, Token::MissBackground);
        all.emplace_back(Token::Error, Token::ErrorBackground);
        all.emplace_back(Token::Human, Token::HumanBackground);
        all.emplace_back(Token::Python, Token::PythonBackground);
        all.emplace_back(Token::OnAccent, Token::Accent);
        all.emplace_back(Token::OnAccent, Token::AccentHover);
        all.emplace_back(Token::OnAccent, Token::AccentPressed);
        all.emplace_back(Token::RailText, Token::Rail);
        all.emplace_back(Token::RailActiveText, Token::RailActive);
        all.emplace_back(Token::RailText, Token::RailActive);
        all.emplace_back(Token::TooltipText, Token::Tooltip);
        return all;
    }();
    return pairs;
}

} // namespace llmcache::ui
