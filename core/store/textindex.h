#pragma once

#include "store/entryfilter.h"

#include <QSet>

#include <qcorotask.h>

namespace llmcache {

/// Entries that may pass a filter as far as whole texts decide.
struct TextCandidates {
    QSet<QString> indexed; ///< the index says so
    QSet<QString> unindexed; ///< stored or changed since, or not for the index: to be read in any case
    qint64 entries = 0; ///< that there are in the workspace

    bool contains(const QString& fingerprint) const
    {
        return indexed.contains(fingerprint) || unindexed.contains(fingerprint);
    }
};

/// How far an index has come.
struct TextIndexState {
    bool isAvailable = false; ///< false: every search reads all texts
    qint64 unindexed = 0; ///< entries that are still to be indexed, of all workspaces of the file
};

/// What a store that keeps an index of its texts offers besides (ask with dynamic_cast). The index only rules
/// entries out: whoever asks reads those that are left, so that a search finds the same with and without it.
/// Thread, errors and lifetime as for Store.
class TextIndex {
public:
    virtual ~TextIndex() = default;

    /// All entries that may pass `filter`, as of now. Nothing where the index rules out too little: for texts
    /// of fewer than three letters, for a filter that does not depend on texts, and while most entries are
    /// not indexed yet.
    virtual QCoro::Task<std::optional<TextCandidates>> textCandidates(EntryFilter filter) = 0;
    /// Indexes some more entries, for whoever does not want to wait until the store does so when it has
    /// nothing else to do. Repeat it until `unindexed` is 0.
    virtual QCoro::Task<TextIndexState> indexTexts() = 0;
    /// From now on the index is read and not written.
    virtual void stopIndexing() = 0;
};

} // namespace llmcache
