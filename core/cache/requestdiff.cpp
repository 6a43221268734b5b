#include "cache/requestdiff.h"

#include "base/jsondiff.h"
#include "base/sequencematch.h"

#include <QHash>
#include <QSet>

#include <algorithm>
#include <array>
#include <functional>
#include <map>

namespace llmcache {

namespace {

/// Longer values are named, not quoted.
constexpr qsizetype longestQuoted = 40;
/// A schema that was replaced as a whole need not be listed member by member.
constexpr std::size_t mostPaths = 20;

const QString arrow = QStringLiteral(" → ");

QString textOf(const Json& value)
{
    if (value.is_null())
        return {};
    return value.is_string() ? toQString(value.get_ref<const std::string&>())
                             : QString::fromUtf8(toPrettyJsonText(value));
}

QString shortText(const Json& value)
{
    QString text = value.is_string() ? toQString(value.get_ref<const std::string&>())
                                     : QString::fromUtf8(toJsonText(value));
    if (text.size() > longestQuoted)
        text = text.left(longestQuoted - 1) + QChar(0x2026);
    return text.simplified();
}

const Json& member(const Json& object, const char* key)
{
    static const Json nothing;
    const Json* const found = findMember(object, key);
    return found ? *found : nothing;
}

/// System prompts are a list; they are compared as one text.
QString joined(const Json& texts)
{
    if (!texts.is_array())
        return textOf(texts);
    QStringList parts;
    for (const Json& text : texts)
        parts.append(textOf(text));
    return parts.join(QStringLiteral("\n\n"));
}

/// Lines that have to be replaced, added or removed to make one text of the other.
qsizetype changedLines(const QString& before, const QString& after)
{
    QHash<QString, quint32> numbers;
    const auto numbered = [&numbers](const QString& text) {
        std::vector<quint32> lines;
        const QStringList parts = text.split(QLatin1Char('\n'));
        for (const QString& line : parts) {
            if (!numbers.contains(line))
                numbers.insert(line, static_cast<quint32>(numbers.size()));
            lines.push_back(numbers.value(line));
        }
        return lines;
    };
    const std::vector<quint32> left = numbered(before);
    const std::vector<quint32> right = numbered(after);
    qsizetype kept = 0;
    for (const SequenceMatch& match : matchSequences(left, right))
        kept += match.length;
    return static_cast<qsizetype>(std::max(left.size(), right.size())) - kept;
}

QString lineCount(qsizetype lines)
{
    return lines == 1 ? QStringLiteral("1 line") : QStringLiteral("%1 lines").arg(lines);
}

/// Whether two values are the same to a fingerprint, which does not look at the order of members.
bool same(const Json& left, const Json& right)
{
    return left == right || toCanonicalJson(left) == toCanonicalJson(right);
}

class Comparison {
public:
    std::vector<RequestDifference> take() { return std::move(m_found); }
    std::size_t size() const { return m_found.size(); }

    void add(const QString& field, const QString& verdict, const QString& before, const QString& after)
    {
        m_found.push_back({field, verdict, before, after});
    }

    void text(const QString& field, const QString& before, const QString& after)
    {
        if (before == after)
            return;
        if (before.isEmpty())
            add(field, field + QStringLiteral(" added"), before, after);
        else if (after.isEmpty())
            add(field, field + QStringLiteral(" removed"), before, after);
        else
            add(field, QStringLiteral("%1 changed: %2").arg(field, lineCount(changedLines(before, after))),
                before, after);
    }

    void value(const QString& field, const Json& before, const Json& after)
    {
        if (same(before, after))
            return;
        const QString verdict = before.is_null() ? QStringLiteral("%1 %2 added").arg(field, shortText(after))
            : after.is_null() ? QStringLiteral("%1 %2 removed").arg(field, shortText(before))
                              : field + QLatin1Char(' ') + shortText(before) + arrow + shortText(after);
        add(field, verdict, textOf(before), textOf(after));
    }

    /// The places in which two values differ, one difference each.
    void tree(const QString& field, const Json& before, const Json& after)
    {
        std::size_t listed = 0;
        for (const JsonDifference& difference : diffJson(before, after)) {
            if (++listed > mostPaths)
                return;
            const bool isWhole = difference.path.isEmpty();
            value(isWhole ? field : field + QLatin1Char(' ') + difference.path, difference.left,
                difference.right);
        }
    }

private:
    std::vector<RequestDifference> m_found;
};

void compareModels(Comparison& comparison, const Json& before, const Json& after)
{
    const auto name = [](const Json& request) {
        return Json(
            toUtf8(stringMember(request, "provider") + QLatin1Char(':') + stringMember(request, "model")));
    };
    comparison.value(QStringLiteral("model"), name(before), name(after));
    comparison.value(QStringLiteral("endpoint"), member(before, "endpoint"), member(after, "endpoint"));
}

void compareSettings(Comparison& comparison, const Json& before, const Json& after)
{
    const auto object = [](const Json& value) { return value.is_object() ? value : Json::object(); };
    const Json left = object(before);
    const Json right = object(after);
    const auto compare = [&](const std::string& key) {
        const QString field = toQString(key).replace(QLatin1Char('_'), QLatin1Char(' '));
        comparison.tree(field, member(left, key.c_str()), member(right, key.c_str()));
    };
    for (const auto& [key, value] : left.items())
        compare(key);
    for (const auto& [key, value] : right.items()) {
        if (!left.contains(key))
            compare(key);
    }
}

void compareOutput(Comparison& comparison, const Json& before, const Json& after)
{
    if (before.is_object() != after.is_object()) {
        const auto name = [](const Json& output) {
            return output.is_object() ? stringMember(output, "name") : QStringLiteral("text");
        };
        comparison.add(QStringLiteral("output type"),
            QStringLiteral("output type ") + name(before) + arrow + name(after), textOf(before),
            textOf(after));
        return;
    }
    for (const char* key : {"name", "description", "mode"})
        comparison.value(
            QStringLiteral("output ") + QString::fromLatin1(key), member(before, key), member(after, key));
    comparison.tree(QStringLiteral("output schema"), member(before, "schema"), member(after, "schema"));
}

/// A list by position: turns, attachments.
void compareLists(Comparison& comparison, const QString& each, const Json& before, const Json& after,
    const std::function<QString(const Json&)>& nameOf)
{
    const std::size_t left = before.is_array() ? before.size() : 0;
    const std::size_t right = after.is_array() ? after.size() : 0;
    // One that was put in or taken out moves all behind it: they are matched from the end as well.
    std::size_t first = 0;
    while (first < std::min(left, right) && same(before[first], after[first]))
        ++first;
    std::size_t last = 0;
    while (last < std::min(left, right) - first && same(before[left - 1 - last], after[right - 1 - last]))
        ++last;
    const std::size_t leftEnd = left - last;
    const std::size_t rightEnd = right - last;
    for (std::size_t at = first; at < std::max(leftEnd, rightEnd); ++at) {
        const Json old = at < leftEnd ? before[at] : Json();
        const Json fresh = at < rightEnd ? after[at] : Json();
        const QString field = QStringLiteral("%1 %2").arg(each).arg(at + 1);
        const QString what = fresh.is_null() ? QStringLiteral("removed")
            : old.is_null()                  ? QStringLiteral("added")
                                             : QStringLiteral("changed");
        comparison.add(field,
            QStringLiteral("%1 %2 (%3)").arg(field, what, nameOf(fresh.is_null() ? old : fresh)), textOf(old),
            textOf(fresh));
    }
}

void compareTools(Comparison& comparison, const Json& before, const Json& after)
{
    const auto byName = [](const Json& tools) {
        std::map<QString, Json> found;
        if (tools.is_array()) {
            for (const Json& tool : tools)
                found[stringMember(tool, "name")] = tool;
        }
        return found;
    };
    const auto left = byName(before);
    const auto right = byName(after);
    const std::size_t foundBefore = comparison.size();
    for (const auto& [name, tool] : left) {
        const auto other = right.find(name);
        const QString field = QStringLiteral("tool ") + name;
        if (other == right.end())
            comparison.add(field, field + QStringLiteral(" removed"), textOf(tool), {});
        else
            comparison.tree(field, tool, other->second);
    }
    for (const auto& [name, tool] : right) {
        if (!left.contains(name))
            comparison.add(
                QStringLiteral("tool ") + name, QStringLiteral("tool %1 added").arg(name), {}, textOf(tool));
    }
    if (comparison.size() == foundBefore && !same(before, after))
        comparison.add(
            QStringLiteral("tools"), QStringLiteral("tools in another order"), textOf(before), textOf(after));
}

QSet<QString> wordsOf(const QString& text)
{
    QSet<QString> words;
    const auto parts = text.split(QLatin1Char(' '), Qt::SkipEmptyParts);
    for (const QString& part : parts)
        words.insert(part);
    return words;
}

QString nameOfTurn(const Json& turn)
{
    return stringMember(turn, "role", QStringLiteral("?"));
}

QString nameOfAttachment(const Json& attachment)
{
    for (const char* key : {"name", "url", "media_type"}) {
        if (const QString name = stringMember(attachment, key); !name.isEmpty())
            return name;
    }
    return QStringLiteral("file");
}

/// What a field weighs, and how far two values of it are apart (0 to 1).
struct Field {
    const char* name;
    double weight;
};
/// The prompt and the system prompt tell requests apart; settings are what people change between two runs.
constexpr std::array fields{Field{"model", 1}, Field{"provider", 0.5}, Field{"endpoint", 0.5},
    Field{"system", 2}, Field{"instructions", 1}, Field{"history", 2}, Field{"prompt", 3},
    Field{"attachments", 1}, Field{"output", 1}, Field{"settings", 0.6}, Field{"tools", 1},
    Field{"sample", 0.2}};
/// A field that differs a little still differs: few fields count for more than small changes in many.
constexpr double leastDistance = 0.3;

} // namespace

double textLikeness(const QString& left, const QString& right)
{
    if (left == right)
        return 1;
    const qsizetype longest = std::max(left.size(), right.size());
    const qsizetype shortest = std::min(left.size(), right.size());
    if (shortest == 0)
        return 0;
    qsizetype begin = 0;
    while (begin < shortest && left[begin] == right[begin])
        ++begin;
    qsizetype end = 0;
    while (end < shortest - begin && left[left.size() - 1 - end] == right[right.size() - 1 - end])
        ++end;
    const double ends = static_cast<double>(begin + end) / static_cast<double>(longest);
    constexpr double alikeEnough = 0.85;
    if (ends > alikeEnough)
        return std::min(ends, 0.999);
    const QSet<QString> leftWords = wordsOf(left);
    const QSet<QString> rightWords = wordsOf(right);
    qsizetype shared = 0;
    for (const QString& word : leftWords)
        shared += rightWords.contains(word) ? 1 : 0;
    const qsizetype all = leftWords.size() + rightWords.size() - shared;
    const double words = all == 0 ? 0 : static_cast<double>(shared) / static_cast<double>(all);
    return std::min(std::max(ends, words), 0.999);
}

double requestDistance(const Json& left, const Json& right)
{
    double distance = 0;
    for (const Field& field : fields) {
        const Json& one = member(left, field.name);
        const Json& other = member(right, field.name);
        if (same(one, other))
            continue;
        const double likeness = textLikeness(joined(one), joined(other));
        distance += field.weight * (leastDistance + (1 - leastDistance) * (1 - likeness));
    }
    return distance;
}

std::vector<RequestDifference> compareRequests(const Json& before, const Json& after)
{
    Comparison comparison;
    compareModels(comparison, before, after);
    compareSettings(comparison, member(before, "settings"), member(after, "settings"));
    compareOutput(comparison, member(before, "output"), member(after, "output"));
    comparison.text(
        QStringLiteral("system prompt"), joined(member(before, "system")), joined(member(after, "system")));
    comparison.text(QStringLiteral("instructions"), textOf(member(before, "instructions")),
        textOf(member(after, "instructions")));
    compareTools(comparison, member(before, "tools"), member(after, "tools"));
    compareLists(comparison, QStringLiteral("history turn"), member(before, "history"),
        member(after, "history"), nameOfTurn);
    compareLists(comparison, QStringLiteral("attachment"), member(before, "attachments"),
        member(after, "attachments"), nameOfAttachment);
    comparison.text(
        QStringLiteral("prompt"), textOf(member(before, "prompt")), textOf(member(after, "prompt")));
    const auto sampleOf = [](const Json& request) { return Json(integerMember(request, "sample")); };
    comparison.value(QStringLiteral("sample"), sampleOf(before), sampleOf(after));
    // How the same prompts are split up is all that is left.
    if (comparison.size() == 0 && !same(before, after)) {
        const bool system = !same(member(before, "system"), member(after, "system"));
        const QString field = system ? QStringLiteral("system prompt") : QStringLiteral("other fields");
        const QString verdict = system ? QStringLiteral("system prompts are split differently")
                                       : QStringLiteral("fields that this version does not know changed");
        comparison.add(field, verdict, textOf(before), textOf(after));
    }
    return comparison.take();
}

} // namespace llmcache
