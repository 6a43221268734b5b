#include "base/jsondiff.h"

#include "base/sequencematch.h"

#include <QHash>

#include <algorithm>
#include <unordered_map>

namespace llmcache {

namespace {

using Kind = JsonDifference::Kind;

QString memberPath(const QString& path, const std::string& key)
{
    const QString name = toQString(key);
    const bool plain = !name.isEmpty() && !name.front().isDigit()
        && std::all_of(name.begin(), name.end(), [](QChar c) { return c.isLetterOrNumber() || c == u'_'; });
    if (!plain)
        return path + QLatin1Char('[') + QString::fromUtf8(toJsonText(key)) + QLatin1Char(']');
    return path.isEmpty() ? name : path + QLatin1Char('.') + name;
}

QString itemPath(const QString& path, qsizetype number)
{
    return path + QStringLiteral("[%1]").arg(number);
}

class Differ {
public:
    void compare(const QString& path, const Json& left, const Json& right)
    {
        if (left.is_object() && right.is_object())
            compareObjects(path, left, right);
        else if (left.is_array() && right.is_array())
            compareArrays(path, left, right);
        else if (left != right)
            m_differences.push_back({Kind::Changed, path, left, right});
    }
    std::vector<JsonDifference> take() { return std::move(m_differences); }

private:
    void compareObjects(const QString& path, const Json& left, const Json& right)
    {
        // Not findMember(): an ordered object is searched from its beginning.
        std::unordered_map<std::string_view, const Json*> rights;
        for (auto member = right.begin(); member != right.end(); ++member)
            rights.emplace(member.key(), &member.value());
        for (auto member = left.begin(); member != left.end(); ++member) {
            const auto other = rights.find(member.key());
            if (other == rights.end()) {
                m_differences.push_back({Kind::Removed, memberPath(path, member.key()), member.value(), {}});
                continue;
            }
            if (member.value() != *other->second)
                compare(memberPath(path, member.key()), member.value(), *other->second);
            rights.erase(other);
        }
        for (auto member = right.begin(); member != right.end(); ++member)
            if (rights.contains(member.key()))
                m_differences.push_back({Kind::Added, memberPath(path, member.key()), {}, member.value()});
    }

    void compareArrays(const QString& path, const Json& left, const Json& right)
    {
        QHash<QByteArray, quint32> numbers;
        const auto numbersOf = [&numbers](const Json& array) {
            std::vector<quint32> result;
            result.reserve(array.size());
            for (const Json& item : array) {
                const QByteArray text = toCanonicalJson(item);
                const auto known = numbers.constFind(text);
                const auto number =
                    known != numbers.constEnd() ? *known : static_cast<quint32>(numbers.size());
                if (known == numbers.constEnd())
                    numbers.insert(text, number);
                result.push_back(number);
            }
            return result;
        };
        const std::vector<quint32> leftItems = numbersOf(left);
        const std::vector<quint32> rightItems = numbersOf(right);
        qsizetype leftAt = 0;
        qsizetype rightAt = 0;
        const auto changeUpTo = [&](qsizetype leftEnd, qsizetype rightEnd) {
            // Items between two that are the same are taken to be each other, in order.
            for (; leftAt < leftEnd && rightAt < rightEnd; ++leftAt, ++rightAt)
                compare(itemPath(path, rightAt), left[static_cast<std::size_t>(leftAt)],
                    right[static_cast<std::size_t>(rightAt)]);
            for (; leftAt < leftEnd; ++leftAt)
                m_differences.push_back(
                    {Kind::Removed, itemPath(path, leftAt), left[static_cast<std::size_t>(leftAt)], {}});
            for (; rightAt < rightEnd; ++rightAt)
                m_differences.push_back(
                    {Kind::Added, itemPath(path, rightAt), {}, right[static_cast<std::size_t>(rightAt)]});
        };
        for (const SequenceMatch& match : matchSequences(leftItems, rightItems)) {
            changeUpTo(match.left, match.right);
            leftAt = match.left + match.length;
            rightAt = match.right + match.length;
        }
        changeUpTo(std::ssize(leftItems), std::ssize(rightItems));
    }

    std::vector<JsonDifference> m_differences;
};

} // namespace

std::vector<JsonDifference> diffJson(const Json& left, const Json& right)
{
    Differ differ;
    differ.compare({}, left, right);
    return differ.take();
}

} // namespace llmcache
