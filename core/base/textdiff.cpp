#include "base/textdiff.h"

#include "base/sequencematch.h"

#include <QHash>

#include <algorithm>

namespace llmcache {

namespace {

/// Beyond it the words of a change are not compared: nobody reads a paragraph of single words.
constexpr qsizetype mostWords = 20'000;
constexpr qsizetype mostWordEdits = 250;

std::vector<QStringView> linesOf(QStringView text)
{
    std::vector<QStringView> lines;
    while (!text.isEmpty()) {
        const qsizetype end = text.indexOf(u'\n');
        const qsizetype length = end < 0 ? text.size() : end + 1;
        lines.push_back(text.first(length));
        text = text.sliced(length);
    }
    return lines;
}

/// Runs of letters and digits, runs of spaces, and single other characters.
std::vector<QStringView> wordsOf(QStringView text)
{
    enum class Kind { Word, Space, Other };
    const auto kindAt = [text](qsizetype at) {
        const QChar c = text[at];
        if (c.isSpace())
            return Kind::Space;
        return c.isLetterOrNumber() || c == u'_' || c.isMark() || c.isSurrogate() ? Kind::Word : Kind::Other;
    };
    std::vector<QStringView> words;
    for (qsizetype at = 0; at < text.size();) {
        const Kind kind = kindAt(at);
        qsizetype end = at + 1;
        while (kind != Kind::Other && end < text.size() && kindAt(end) == kind)
            ++end;
        words.push_back(text.sliced(at, end - at));
        at = end;
    }
    return words;
}

/// Equal texts have the same number.
class Numbers {
public:
    std::vector<quint32> of(const std::vector<QStringView>& texts)
    {
        std::vector<quint32> numbers;
        numbers.reserve(texts.size());
        for (const QStringView text : texts) {
            const auto next = static_cast<quint32>(m_numbers.size());
            const auto known = m_numbers.constFind(text);
            numbers.push_back(known != m_numbers.constEnd() ? *known : *m_numbers.insert(text, next));
        }
        return numbers;
    }

private:
    QHash<QStringView, quint32> m_numbers;
};

QStringView joined(const std::vector<QStringView>& parts, qsizetype from, qsizetype count)
{
    if (count == 0)
        return {};
    const QStringView first = parts[static_cast<std::size_t>(from)];
    const QStringView last = parts[static_cast<std::size_t>(from + count - 1)];
    return {first.begin(), last.end()};
}

/// Collects pieces; changes that touch each other become one.
class Pieces {
public:
    void same(QStringView text)
    {
        if (text.isEmpty())
            return;
        flush();
        if (!m_pieces.empty() && m_pieces.back().kind == DiffKind::Same)
            m_pieces.back().text += text;
        else
            m_pieces.push_back({DiffKind::Same, text.toString()});
    }
    void change(QStringView removed, QStringView added)
    {
        m_removed += removed;
        m_added += added;
    }
    std::vector<DiffPiece> take()
    {
        flush();
        return std::move(m_pieces);
    }

private:
    void flush()
    {
        if (!m_removed.isEmpty())
            m_pieces.push_back({DiffKind::Removed, std::exchange(m_removed, {})});
        if (!m_added.isEmpty())
            m_pieces.push_back({DiffKind::Added, std::exchange(m_added, {})});
    }
    std::vector<DiffPiece> m_pieces;
    QString m_removed;
    QString m_added;
};

bool isBlank(QStringView text)
{
    return std::all_of(text.begin(), text.end(), [](QChar c) { return c.isSpace(); });
}

void diffWords(QStringView left, QStringView right, Pieces& pieces)
{
    if (left.isEmpty() || right.isEmpty()) {
        pieces.change(left, right);
        return;
    }
    const std::vector<QStringView> leftWords = wordsOf(left);
    const std::vector<QStringView> rightWords = wordsOf(right);
    if (std::max(std::ssize(leftWords), std::ssize(rightWords)) > mostWords) {
        pieces.change(left, right);
        return;
    }
    Numbers numbers;
    const std::vector<quint32> leftNumbers = numbers.of(leftWords);
    const std::vector<quint32> rightNumbers = numbers.of(rightWords);
    const std::vector<SequenceMatch> matches = matchSequences(leftNumbers, rightNumbers, mostWordEdits);
    // Sentences that share a few words by chance are read more easily as one against the other.
    qsizetype shared = 0;
    for (const SequenceMatch& match : matches)
        for (qsizetype at = match.left; at < match.left + match.length; ++at)
            if (const QStringView word = leftWords[static_cast<std::size_t>(at)]; !isBlank(word))
                shared += word.size();
    constexpr qsizetype fewest = 4; // of what could be shared: a quarter
    if (shared * fewest < std::min(left.size(), right.size())) {
        pieces.change(left, right);
        return;
    }
    qsizetype leftAt = 0;
    qsizetype rightAt = 0;
    const auto changeUpTo = [&](qsizetype leftEnd, qsizetype rightEnd) {
        pieces.change(
            joined(leftWords, leftAt, leftEnd - leftAt), joined(rightWords, rightAt, rightEnd - rightAt));
    };
    for (const SequenceMatch& match : matches) {
        const bool betweenChanges = (match.left > leftAt || match.right > rightAt)
            && match.left + match.length < std::ssize(leftWords)
            && match.right + match.length < std::ssize(rightWords);
        const QStringView text = joined(leftWords, match.left, match.length);
        changeUpTo(match.left, match.right);
        // A space between two changed words belongs to the change.
        if (betweenChanges && isBlank(text) && !text.contains(u'\n'))
            pieces.change(text, text);
        else
            pieces.same(text);
        leftAt = match.left + match.length;
        rightAt = match.right + match.length;
    }
    changeUpTo(std::ssize(leftWords), std::ssize(rightWords));
}

} // namespace

std::vector<DiffPiece> diffTexts(const QString& left, const QString& right)
{
    const std::vector<QStringView> leftLines = linesOf(left);
    const std::vector<QStringView> rightLines = linesOf(right);
    Numbers numbers;
    const std::vector<quint32> leftNumbers = numbers.of(leftLines);
    const std::vector<quint32> rightNumbers = numbers.of(rightLines);
    Pieces pieces;
    qsizetype leftAt = 0;
    qsizetype rightAt = 0;
    const auto changeUpTo = [&](qsizetype leftEnd, qsizetype rightEnd) {
        diffWords(joined(leftLines, leftAt, leftEnd - leftAt),
            joined(rightLines, rightAt, rightEnd - rightAt), pieces);
    };
    for (const SequenceMatch& match : matchSequences(leftNumbers, rightNumbers)) {
        changeUpTo(match.left, match.right);
        pieces.same(joined(leftLines, match.left, match.length));
        leftAt = match.left + match.length;
        rightAt = match.right + match.length;
    }
    changeUpTo(std::ssize(leftLines), std::ssize(rightLines));
    return pieces.take();
}

} // namespace llmcache
