#pragma once

#include "store/entryfilter.h"

namespace llmcache::sqlite {

/// Texts as they are indexed: letter case folded one by one, as comparisons without regard to case do, and
/// apart from each other.
QString foldedTexts(const QStringList& texts);

/// What the index has to say yes to for every entry that passes `filter`, as an expression of FTS5 over
/// groups of three letters; nothing where it can't rule any entry out.
std::optional<QString> textQuery(const EntryFilter& filter);

} // namespace llmcache::sqlite
