#pragma once

#include "store/textindex.h"

#include <functional>

namespace llmcache::sqlite {

class Database;

// The index of prompts and answers: a contentless FTS5 table of groups of three letters, whose rows have the
// ids of entries. Which entries are not in it yet stands in a table of its own, filled by a trigger whenever
// a text is written, so that this costs a commit next to nothing. What is deleted or replaced stays in the
// index, where it makes no entry found (whoever searches reads the entry), until most of it is such rest:
// then it is made anew.

/// Makes the index where it is missing. False where this SQLite has no FTS5 with trigrams.
bool openTextIndex(Database& database);

/// Indexes what is not indexed yet, in one transaction, until `isEnough` says so. Another process that writes
/// is not waited for: CacheError. Returns whether some are left.
bool indexSomeTexts(Database& database, const std::function<bool()>& isEnough);
/// Texts in the index, with those that are gone. 0 also means that there may be no index.
qint64 countIndexed(Database& database);
/// Of all workspaces; without those that are not for the index.
qint64 countUnindexed(Database& database);

/// Changes whenever entries were indexed: what textCandidatesBetween() found may lack them.
qint64 textGeneration(Database& database);
/// Entries of the workspace with ids in [from, from + `textWindow`) that the index has for a query, and the
/// id to go on with; 0 after the last.
struct TextWindow {
    QStringList fingerprints;
    qint64 next = 0;
};
inline constexpr qint64 textWindow = 50'000;
TextWindow textCandidatesBetween(Database& database, const QString& query, qint64 from, qint64 nowMs);
/// Entries of the workspace that the index does not know; nothing when there are more than `most`.
std::optional<QStringList> unindexedTexts(Database& database, qint64 most, qint64 nowMs);

} // namespace llmcache::sqlite
