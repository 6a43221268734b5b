#pragma once

#include <QtGlobal>

#include <vector>

namespace llmcache {

/// `length` items of the left sequence from `left` on that equal those of the right one from `right` on.
struct SequenceMatch {
    qsizetype left = 0;
    qsizetype right = 0;
    qsizetype length = 0;
};

/// What two sequences have in common, in order: the most that there is where that takes up to `mostEdits`
/// insertions and removals, whose square is what time and memory grow with. Where they differ more, the parts
/// between items that occur once in both are compared instead, so that the work stays bounded. Pure.
std::vector<SequenceMatch> matchSequences(
    const std::vector<quint32>& left, const std::vector<quint32>& right, qsizetype mostEdits = 1'000);

} // namespace llmcache
