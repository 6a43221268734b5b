#pragma once

#include "cache/bulkchange.h"

#include <QStringList>

namespace llmcache {
class Session;
}

namespace llmcache::ui {

/// What undoing a change of entries came to.
struct Undone {
    QString id; ///< of the change; empty: there was nothing to undo
    BulkReport report;
    QStringList restored; ///< fingerprints
};

/// Undoes the change with this id, or for an empty id the last one of the session's store that is none of
/// `skipped`. Errors as undoChange(). The session must outlive the task.
QCoro::Task<Undone> undoEntries(Session* session, QString id, QStringList skipped,
    std::function<void(const BulkReport&)> progress, std::stop_token stop);
/// "Restored 3 entries, 1 has changed since and was left alone": for people.
QString undoneText(const Undone& undone);
/// What a change would cost in undo, to go on a sentence: "2 earlier changes of the last 24 h can't be undone
/// any more". Empty when it costs nothing.
QString roomText(const UndoRoom& room);
/// "2 earlier changes of the last 24 h can't be undone any more"
QString forgottenText(qint64 changes);

} // namespace llmcache::ui
