#include "cache/chunkfilter.h"

#include <algorithm>
#include <cstring>

namespace llmcache::ui {

namespace {

using Field = FilterTerm::Field;

bool isAscii(const QString& text)
{
    return std::all_of(text.begin(), text.end(), [](QChar c) { return c.unicode() < 0x80; });
}

/// Evaluates `passes(slot)` for all rows of a chunk.
template <typename Passes>
ChunkFilter::Rows each(const EntryChunk& chunk, Passes passes)
{
    ChunkFilter::Rows rows;
    for (std::size_t slot = 0; slot < static_cast<std::size_t>(chunk.size); ++slot)
        rows[slot] = passes(slot);
    return rows;
}

ChunkFilter::Rows interned(
    const EntryChunk& chunk, const EntryChunk::Column<quint32>& numbers, const std::vector<char>& passes)
{
    return each(chunk, [&](std::size_t slot) { return passes[numbers[slot]] != 0; });
}

} // namespace

ChunkFilter::ChunkFilter(const EntryFilter& filter, const QList<QString>& pool, qint64 nowMs)
    : m_root(prepare(filter.root(), pool))
    , m_nowMs(nowMs)
{
}

ChunkFilter::Node ChunkFilter::prepare(const FilterNode& node, const QList<QString>& pool) const
{
    Node prepared;
    prepared.kind = node.kind;
    prepared.term = node.term;
    for (const FilterNode& child : node.children)
        prepared.children.push_back(prepare(child, pool));
    const FilterTerm& term = node.term;
    if (node.kind != FilterNode::Kind::Term || !term.isText())
        return prepared;
    for (const QString& text : pool) {
        bool passes = false;
        if (term.field != Field::Tag) {
            passes = term.matchesText(text);
        } else if (text.isEmpty()) {
            passes = term.match == FilterTerm::Match::None;
        } else if (term.match != FilterTerm::Match::None) {
            const auto tags = text.split(tagSeparator);
            passes = std::any_of(
                tags.begin(), tags.end(), [&](const QString& tag) { return term.matchesText(tag); });
        }
        prepared.pool.push_back(passes ? 1 : 0);
    }
    if (term.field == Field::Words && isAscii(term.text))
        prepared.needle = term.text.toLower().toUtf8();
    // Whether a text can begin a fingerprint at all is asked of the term itself, so that its rules hold.
    prepared.digits = term.text.size() <= 64 && term.matchesFingerprint(term.text);
    const QString letters = term.text.toLower();
    for (const QChar c : letters) {
        bool ok = false;
        prepared.nibbles.push_back(static_cast<quint8>(QString(c).toUInt(&ok, 16)));
        prepared.digits = prepared.digits && ok;
    }
    return prepared;
}

ChunkFilter::Rows ChunkFilter::matches(const EntryChunk& chunk)
{
    m_promptsReady = false;
    m_answersReady = false;
    return evaluate(m_root, chunk)
        & each(chunk, [&](std::size_t slot) { return (chunk.flags[slot] & EntryChunk::Removed) == 0; });
}

ChunkFilter::Rows ChunkFilter::evaluate(const Node& node, const EntryChunk& chunk)
{
    Rows rows;
    switch (node.kind) {
    case FilterNode::Kind::All:
        rows.set();
        for (const Node& child : node.children) {
            rows &= evaluate(child, chunk);
            if (rows.none())
                break;
        }
        break;
    case FilterNode::Kind::Any:
        for (const Node& child : node.children)
            rows |= evaluate(child, chunk);
        break;
    case FilterNode::Kind::Not:
        m_negated = !m_negated;
        rows = ~evaluate(node.children.front(), chunk);
        m_negated = !m_negated;
        break;
    case FilterNode::Kind::Term:
        rows = evaluateTerm(node, chunk);
        break;
    }
    return rows;
}

ChunkFilter::Rows ChunkFilter::findWords(
    const Node& node, const PackedTexts& texts, PackedTexts::Unpacked& lowered, bool& ready)
{
    Rows rows;
    if (node.needle.isEmpty()) {
        const PackedTexts::Unpacked plain = texts.unpack();
        for (int row = 0; row < texts.size(); ++row)
            rows[static_cast<std::size_t>(row)] = node.term.matchesText(QString::fromUtf8(plain.at(row)));
        return rows;
    }
    if (!ready) {
        lowered = texts.unpack();
        lowerAscii(lowered.bytes);
        ready = true;
    }
    const char* const begin = lowered.bytes.constData();
    const char* const end = begin + lowered.bytes.size();
    const auto length = static_cast<std::size_t>(node.needle.size());
    const char* at = begin;
    while (at < end) {
        const void* const found =
            memmem(at, static_cast<std::size_t>(end - at), node.needle.constData(), length);
        if (!found)
            break;
        at = static_cast<const char*>(found);
        const auto offset = static_cast<quint32>(at - begin);
        const auto next = std::upper_bound(lowered.offsets.begin(), lowered.offsets.end(), offset);
        if (next == lowered.offsets.end())
            break;
        if (offset + length <= *next) {
            rows.set(static_cast<std::size_t>(next - lowered.offsets.begin() - 1));
            at = begin + *next;
        } else {
            ++at; // runs over into the next row
        }
    }
    return rows;
}

ChunkFilter::Rows ChunkFilter::evaluateTerm(const Node& node, const EntryChunk& chunk)
{
    const FilterTerm& term = node.term;
    const auto number = [&](auto value) {
        return each(chunk, [&](std::size_t slot) { return term.matchesNumber(value(slot)); });
    };
    const auto fingerprint = [&] {
        if (!node.digits)
            return Rows();
        return each(chunk, [&](std::size_t slot) {
            const auto& digest = chunk.fingerprints[slot];
            for (std::size_t i = 0; i < node.nibbles.size(); ++i) {
                const quint8 byte = digest[i / 2];
                if ((i % 2 == 0 ? byte >> 4 : byte & 0xf) != node.nibbles[i])
                    return false;
            }
            return true;
        });
    };
    switch (term.field) {
    case Field::Words:
        return interned(chunk, chunk.agent, node.pool) | interned(chunk, chunk.task, node.pool)
            | interned(chunk, chunk.model, node.pool) | fingerprint()
            | findWords(node, chunk.prompts, m_prompts, m_promptsReady)
            | findWords(node, chunk.answers, m_answers, m_answersReady);
    case Field::Text:
        return m_negated ? Rows() : ~Rows();
    case Field::Model:
        return interned(chunk, chunk.model, node.pool);
    case Field::Agent:
        return interned(chunk, chunk.agent, node.pool);
    case Field::Task:
        return interned(chunk, chunk.task, node.pool);
    case Field::Author:
        return interned(chunk, chunk.author, node.pool);
    case Field::Tag:
        return interned(chunk, chunk.tags, node.pool);
    case Field::Fingerprint:
        return fingerprint();
    case Field::Cost:
        return each(chunk, [&](std::size_t slot) {
            return chunk.cost[slot] != EntryChunk::unpriced && term.matchesNumber(chunk.cost[slot]);
        });
    case Field::Saved:
        return each(chunk, [&](std::size_t slot) {
            return chunk.cost[slot] != EntryChunk::unpriced
                && term.matchesNumber(
                    (Money::fromPicodollars(chunk.cost[slot]) * chunk.hits[slot]).picodollars());
        });
    case Field::Tokens:
        return number([&](std::size_t slot) { return qint64(chunk.tokens[slot]); });
    case Field::Age:
        return each(chunk, [&](std::size_t slot) {
            return chunk.created[slot] > 0 && term.matchesNumber(m_nowMs - chunk.created[slot]);
        });
    case Field::Ttl:
        return number([&](std::size_t slot) {
            const qint64 expires = chunk.expires[slot];
            return expires == EntryChunk::neverExpires ? expires : std::max<qint64>(0, expires - m_nowMs);
        });
    case Field::Hits:
        return number([&](std::size_t slot) { return qint64(chunk.hits[slot]); });
    case Field::Size:
        return number([&](std::size_t slot) { return qint64(chunk.bytes[slot]); });
    case Field::Created:
        return each(chunk, [&](std::size_t slot) {
            return chunk.created[slot] > 0 && term.matchesNumber(chunk.created[slot]);
        });
    case Field::Used:
        return each(chunk,
            [&](std::size_t slot) { return chunk.used[slot] > 0 && term.matchesNumber(chunk.used[slot]); });
    case Field::Is:
        break;
    }
    using Property = FilterTerm::Property;
    const auto flag = [&](quint8 bit) {
        return each(chunk, [&, bit](std::size_t slot) { return (chunk.flags[slot] & bit) != 0; });
    };
    const auto expiresBy = [&](qint64 timeMs) {
        return each(chunk, [&, timeMs](std::size_t slot) {
            return chunk.expires[slot] != EntryChunk::neverExpires && chunk.expires[slot] <= timeMs;
        });
    };
    switch (term.property) {
    case Property::Pinned:
        return flag(EntryChunk::Pinned);
    case Property::Human:
        return flag(EntryChunk::Human);
    case Property::Python:
        return flag(EntryChunk::Python);
    case Property::Expired:
        return expiresBy(m_nowMs);
    case Property::ExpiredSoon:
        return expiresBy(m_nowMs + EntryFilter::soon.count()) & ~expiresBy(m_nowMs);
    case Property::Unpriced:
        return each(chunk, [&](std::size_t slot) { return chunk.cost[slot] == EntryChunk::unpriced; });
    case Property::Invalid:
        return m_negated ? Rows() : ~Rows();
    }
    return {};
}

} // namespace llmcache::ui
