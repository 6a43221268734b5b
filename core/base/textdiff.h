#pragma once

#include <QString>

#include <vector>

namespace llmcache {

enum class DiffKind {
    Same,
    Removed, ///< only on the left
    Added, ///< only on the right
};

struct DiffPiece {
    DiffKind kind = DiffKind::Same;
    QString text;
    bool operator==(const DiffPiece&) const = default;
};

/// How two texts differ, word by word: lines are compared first, then the words of the lines that changed.
/// The pieces that are not Added make up the left text exactly, those that are not Removed the right one;
/// neighbours differ in kind, and of a change what was removed comes first. Pure and made for a worker
/// thread; texts that have little in common become few large changes instead of taking long.
std::vector<DiffPiece> diffTexts(const QString& left, const QString& right);

} // namespace llmcache
