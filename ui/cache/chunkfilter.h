#pragma once

#include "cache/packedentries.h"
#include "store/entryfilter.h"

#include <bitset>

namespace llmcache::ui {

/// An EntryFilter prepared for one snapshot: decides 256 rows at a time, column by column. Agrees with
/// EntryFilter::decide on every row; one that whole texts have to decide passes. Used on one thread.
class ChunkFilter {
public:
    using Rows = std::bitset<EntryChunk::capacity>;

    ChunkFilter(const EntryFilter& filter, const QList<QString>& pool, qint64 nowMs);
    /// Live rows of the chunk that pass.
    Rows matches(const EntryChunk& chunk);

private:
    struct Node {
        FilterNode::Kind kind = FilterNode::Kind::All;
        FilterTerm term;
        std::vector<Node> children;
        std::vector<char> pool; ///< by number: whether the text passes
        QByteArray needle; ///< of words: lower-case UTF-8; empty when they are not ASCII
        std::vector<quint8> nibbles; ///< of fingerprints
        bool digits = false; ///< whether `nibbles` can match at all
    };
    Node prepare(const FilterNode& node, const QList<QString>& pool) const;
    Rows evaluate(const Node& node, const EntryChunk& chunk);
    Rows evaluateTerm(const Node& node, const EntryChunk& chunk);
    Rows findWords(const Node& node, const PackedTexts& texts, PackedTexts::Unpacked& lowered, bool& ready);

    Node m_root;
    qint64 m_nowMs;
    bool m_negated = false; ///< inside of an odd number of negations
    PackedTexts::Unpacked m_prompts; ///< of the chunk at hand, lower-case
    PackedTexts::Unpacked m_answers;
    bool m_promptsReady = false;
    bool m_answersReady = false;
};

} // namespace llmcache::ui
