#pragma once

#include <QString>

#include <optional>

namespace llmcache::ui {

/// How well `pattern` matches `text` as a subsequence, case ignored; higher is better, nothing = no match.
/// Starts of words and runs of neighbours count more, gaps cost. Spaces in the pattern are ignored; an empty
/// pattern matches everything with 0.
std::optional<int> fuzzyScore(const QString& pattern, const QString& text);

} // namespace llmcache::ui
