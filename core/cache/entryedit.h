#pragma once

#include "store/undojournal.h"

namespace llmcache {

/// An answer as people edit it: text as it is, JSON indented.
QString editableAnswer(const Entry& entry);
/// The answer that such a text means. Throws CacheError for what is no JSON where the request asks for it.
Json answerFrom(const QString& text, const Entry& entry);

/// An entry with another answer, by a person: its metadata, the answer and the last message say so. What the
/// original cost stays. Throws OutputError, with the violations, for an answer that does not fit the
/// request's output type, and CacheError for a request that can't be read.
Entry withOutput(Entry entry, Json output, const QString& by);

/// An earlier revision, to be saved in place of the entry as it is `now`: the answer, its author and its cost
/// are those of then, tags and pin those of now.
Entry asRevisionOf(Entry earlier, const EntryMeta& now);

/// What edits of an entry replaced, beside what is there now.
struct EntryRevisions {
    std::optional<EntryImage> present; ///< nothing = it is gone
    std::vector<EntryImage> earlier; ///< the newest first
};
/// Errors as Store, which must outlive the task.
QCoro::Task<EntryRevisions> readRevisions(Store* store, QString fingerprint);

/// When and by whom a revision was replaced. Known of entries of pyai-caching, whose pickles say neither.
struct Replacement {
    qint64 timeMs = 0; ///< UTC; 0 = not known
    QString by;
};
Replacement replacementOf(const EntryImage& revision);

/// How saving an edit ended.
struct EditResult {
    ChangeOutcome outcome = ChangeOutcome::Done;
    qint64 revision = 0; ///< of what is stored now; 0 when nothing is
    std::optional<Entry> theirs; ///< after a Conflict: what somebody else stored meanwhile
    QString undoId;
    qint64 forgotten = 0; ///< changes of the last 24 hours that can't be undone any more: see BulkReport
};

/// Writes an edited entry in place of its revision `edited.meta.revision`, atomically; its expiry and hits
/// stay. After a Conflict or when it is Absent nothing is written. What it replaced is kept as a revision,
/// and in the journal unless that is null. Errors as Store and UndoJournal; `store` and `journal` must
/// outlive the task.
QCoro::Task<EditResult> saveEdit(Store* store, UndoJournal* journal, Entry edited, QString by, qint64 nowMs);
/// Writes another pickle in place of revision `revision` of an entry of pyai-caching. Otherwise as
/// saveEdit(); `theirs` is nothing where theirs can't be read.
QCoro::Task<EditResult> savePickle(Store* store, UndoJournal* journal, QString key, qint64 revision,
    QByteArray pickle, QString by, qint64 nowMs);

} // namespace llmcache
