#include "store/sqlite/textquery_p.h"

#include <algorithm>

namespace llmcache::sqlite {

namespace {

/// More groups than this of one text hardly rule out any more.
constexpr std::size_t mostGroups = 16;
constexpr std::size_t groupLength = 3;
/// FTS5 takes expressions of up to 256 levels; a filter that comes near is not worth it.
constexpr int deepest = 40;

/// QChar::toCaseFolded() as QString::contains() uses it; QString::toCaseFolded() also makes "ss" of "ß".
std::vector<char32_t> folded(QStringView text)
{
    std::vector<char32_t> points;
    points.reserve(static_cast<std::size_t>(text.size()));
    for (qsizetype at = 0; at < text.size(); ++at) {
        const QChar first = text[at];
        if (first.isHighSurrogate() && at + 1 < text.size() && text[at + 1].isLowSurrogate())
            points.push_back(QChar::toCaseFolded(QChar::surrogateToUcs4(first, text[++at])));
        else
            points.push_back(QChar::toCaseFolded(static_cast<char32_t>(first.unicode())));
    }
    return points;
}

/// Whether the index sees it as it is: SQLite ends a text at a zero, and halves of characters have no UTF-8.
bool isPlain(const std::vector<char32_t>& points)
{
    return std::none_of(
        points.begin(), points.end(), [](char32_t point) { return point == 0 || QChar::isSurrogate(point); });
}

std::optional<QString> groupsOf(const QString& text)
{
    const std::vector<char32_t> points = folded(text);
    if (points.size() < groupLength || !isPlain(points))
        return std::nullopt;
    QStringList groups;
    const std::size_t last = points.size() - groupLength;
    // All of them in a short text; in a long one some, and the last one.
    const std::size_t step = last < mostGroups ? 1 : groupLength;
    for (std::size_t at = 0;; at = std::min(at + step, last)) {
        QString group = QString::fromUcs4(points.data() + at, groupLength);
        group.replace(QLatin1Char('"'), QLatin1String("\"\""));
        groups.append(QLatin1Char('"') + group + QLatin1Char('"'));
        if (at == last || groups.size() == mostGroups)
            break;
    }
    return groups.join(QLatin1String(" AND "));
}

std::optional<QString> queryOf(const FilterNode& node, int levelsLeft)
{
    using Kind = FilterNode::Kind;
    if (levelsLeft == 0)
        return std::nullopt;
    switch (node.kind) {
    case Kind::Term: {
        const bool looksForText =
            node.term.match == FilterTerm::Match::Contains || node.term.match == FilterTerm::Match::Equals;
        if (node.term.field != FilterTerm::Field::Text || !looksForText)
            return std::nullopt;
        return groupsOf(node.term.text);
    }
    case Kind::Not:
        return std::nullopt; // the index is too generous for that
    case Kind::All:
    case Kind::Any: {
        QStringList parts;
        for (const FilterNode& child : node.children) {
            if (const auto part = queryOf(child, levelsLeft - 1))
                parts.append(QLatin1Char('(') + *part + QLatin1Char(')'));
            else if (node.kind == Kind::Any)
                return std::nullopt;
        }
        if (parts.isEmpty())
            return std::nullopt;
        return parts.join(node.kind == Kind::Any ? QLatin1String(" OR ") : QLatin1String(" AND "));
    }
    }
    return std::nullopt;
}

} // namespace

QString foldedTexts(const QStringList& texts)
{
    QString all;
    for (const QString& text : texts) {
        std::vector<char32_t> points = folded(text);
        // No text that is looked for has a zero or a line break in it.
        std::replace(points.begin(), points.end(), U'\0', U'\n');
        all += QString::fromUcs4(points.data(), static_cast<qsizetype>(points.size()));
        all += QLatin1Char('\n');
    }
    return all;
}

std::optional<QString> textQuery(const EntryFilter& filter)
{
    return queryOf(filter.root(), deepest);
}

} // namespace llmcache::sqlite
