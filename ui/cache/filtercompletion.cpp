#include "cache/filtercompletion.h"

#include "store/entryfilter.h"

#include <algorithm>

namespace llmcache::ui {

namespace {

constexpr qsizetype mostCandidates = 12;

/// Where the word before the cursor begins; -1 within quotes.
qsizetype wordStart(const QString& text, qsizetype cursor)
{
    qsizetype start = 0;
    bool quoted = false;
    for (qsizetype at = 0; at < cursor; ++at) {
        const QChar c = text.at(at);
        if (c == u'"')
            quoted = !quoted;
        else if (!quoted && (c.isSpace() || c == u'(' || c == u')'))
            start = at + 1;
    }
    return quoted ? -1 : start;
}

bool isNumberField(const QString& field)
{
    static const QStringList numbers{QStringLiteral("cost"), QStringLiteral("tokens"), QStringLiteral("age"),
        QStringLiteral("ttl"), QStringLiteral("hits"), QStringLiteral("size"), QStringLiteral("saved"),
        QStringLiteral("created"), QStringLiteral("used")};
    return numbers.contains(field);
}

QString quotedWhereNeeded(const QString& value)
{
    const bool plain = std::all_of(value.begin(), value.end(),
        [](QChar c) { return c.isLetterOrNumber() || QStringLiteral("_-.:/@+").contains(c); });
    return plain ? value : QLatin1Char('"') + value + QLatin1Char('"');
}

} // namespace

FilterCompletion completeFilter(
    const QString& text, qsizetype cursor, const std::function<QStringList(const QString& field)>& valuesOf)
{
    FilterCompletion completion;
    qsizetype start = wordStart(text, cursor);
    if (start < 0)
        return completion;
    if (start < cursor && text.at(start) == u'-')
        ++start;
    const QString word = text.mid(start, cursor - start);
    if (word.isEmpty())
        return completion;
    completion.from = start;
    completion.length = word.size();
    const auto op = std::find_if(
        word.begin(), word.end(), [](QChar c) { return c == u':' || c == u'=' || c == u'<' || c == u'>'; });
    if (op == word.end()) {
        for (const QString& field : EntryFilter::fieldNames()) {
            if (field.startsWith(word, Qt::CaseInsensitive))
                completion.candidates += field + (isNumberField(field) ? QLatin1Char('>') : QLatin1Char(':'));
        }
        return completion;
    }
    const QString head = word.first(op - word.begin() + 1);
    const QString field = head.chopped(1).toLower();
    const QString typed = word.sliced(head.size());
    if (*op != u':' && *op != u'=')
        return completion;
    const QStringList values = field == QLatin1String("is") ? EntryFilter::propertyNames() : valuesOf(field);
    // Those that begin with it come first.
    for (const bool begins : {true, false}) {
        for (const QString& value : values) {
            const bool isBeginning = value.startsWith(typed, Qt::CaseInsensitive);
            if (completion.candidates.size() >= mostCandidates || value.isEmpty() || isBeginning != begins
                || !value.contains(typed, Qt::CaseInsensitive))
                continue;
            completion.candidates += head + quotedWhereNeeded(value);
        }
    }
    if (completion.candidates.size() == 1 && completion.candidates.constFirst() == word)
        completion.candidates.clear();
    return completion;
}

} // namespace llmcache::ui
