// The quick way from stored metadata to a row of a list: a million of them are read for one scan.
#include "store/entry.h"
#include "store/storedjson_p.h"

#include <simdjson.h>

namespace llmcache {

namespace {

namespace dom = simdjson::dom;

bool take(dom::element from, QString& to)
{
    std::string_view text;
    if (from.get(text) != simdjson::SUCCESS)
        return false;
    to = QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size()));
    return true;
}

bool take(dom::element from, qint64& to)
{
    std::int64_t number = 0;
    if (from.type() != dom::element_type::INT64 || from.get(number) != simdjson::SUCCESS)
        return false;
    to = number;
    return true;
}

bool take(dom::element from, bool& to)
{
    return from.get(to) == simdjson::SUCCESS;
}

bool take(dom::element from, QStringList& to)
{
    dom::array items;
    if (from.get(items) != simdjson::SUCCESS)
        return false;
    to.clear();
    for (const dom::element item : items) {
        QString text;
        if (!take(item, text))
            return false;
        to.append(text);
    }
    return true;
}

bool take(dom::element from, std::optional<Money>& to)
{
    to.reset();
    if (from.is_null())
        return true;
    QString text;
    if (!take(from, text))
        return false;
    to = Money::fromDecimal(text);
    return to.has_value();
}

bool take(dom::element from, Usage& to)
{
    dom::object counts;
    if (from.get(counts) != simdjson::SUCCESS)
        return false;
    to = {};
    for (const auto& [key, value] : counts) {
        qint64 number = 0;
        if (!take(value, number) || number < 0)
            return false;
        setCount(to, key, number);
    }
    return true;
}

/// Whether the metadata are what this program writes, and nothing else.
bool take(dom::object from, EntryMeta& meta)
{
    qint64 latency = 0;
    qint64 staleAfter = 0;
    bool isStale = false;
    for (const auto& [key, value] : from) {
        const bool known = key == "model" ? take(value, meta.model)
            : key == "agent"              ? take(value, meta.agent)
            : key == "task"               ? take(value, meta.task)
            : key == "author"             ? take(value, meta.author)
            : key == "created_ms"         ? take(value, meta.createdMs)
            : key == "usage"              ? take(value, meta.usage)
            : key == "cost_usd"           ? take(value, meta.cost)
            : key == "latency_ms"         ? take(value, latency)
            : key == "bytes"              ? take(value, meta.bytes)
            : key == "prompt_excerpt"     ? take(value, meta.promptExcerpt)
            : key == "answer_excerpt"     ? take(value, meta.answerExcerpt)
            : key == "tags"               ? take(value, meta.tags)
            : key == "stale_after_ms"     ? (isStale = take(value, staleAfter))
            : key == "pinned"             ? take(value, meta.pinned)
            : key == "human"              ? take(value, meta.human)
            : key == "python"             ? take(value, meta.python)
                                          : !value.is_array() && !value.is_object();
        if (!known)
            return false;
    }
    meta.latency = std::chrono::milliseconds(latency);
    meta.bytes = std::max<qint64>(0, meta.bytes);
    if (isStale)
        meta.staleAfterMs = staleAfter;
    return true;
}

} // namespace

EntryMeta entryMetaFromText(const QByteArray& text, const QString& fingerprint)
{
    thread_local dom::parser parser;
    dom::object object;
    EntryMeta meta;
    meta.fingerprint = fingerprint;
    constexpr qsizetype largest = 64 * 1024; // the parser keeps its memory
    if (!text.isEmpty() && text.size() <= largest
        && parser.parse(text.constData(), static_cast<std::size_t>(text.size())).get(object)
            == simdjson::SUCCESS
        && take(object, meta))
        return meta;
    return entryMetaFromJson(
        parseStored(text, QStringLiteral("The metadata of entry %1").arg(fingerprint)), fingerprint);
}

} // namespace llmcache
