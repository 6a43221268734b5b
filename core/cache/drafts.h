#pragma once

#include "store/store.h"

#include <QThreadPool>

namespace llmcache {

/// A text that somebody wrote for an entry and has not saved.
struct Draft {
    QString fingerprint;
    qint64 revision = 0; ///< of the entry that it was begun with
    QString text;
};

/// A folder that keeps drafts over a restart, one file (0600) each. They are a convenience: what can't be
/// read or written is left out without an error.
///
/// Used from one thread with an event loop; file work happens on a thread of its own, in order. The
/// destructor waits for what is under way.
class DraftFolder {
public:
    /// The folder is created with the first draft. `where` is the store that the entries are in.
    DraftFolder(QString folder, const StoreInfo& where);
    ~DraftFolder();
    DraftFolder(const DraftFolder&) = delete;
    DraftFolder& operator=(const DraftFolder&) = delete;

    void save(const Draft& draft);
    void remove(const QString& fingerprint);
    /// Those of the store, the newest first, at most `most`; older ones of it are deleted.
    QCoro::Task<std::vector<Draft>> load();

    static constexpr int most = 100;

private:
    QString path(const QString& fingerprint) const;

    const QString m_folder;
    const QString m_prefix; ///< of the files of this store
    QThreadPool m_thread; // last: its jobs use the above
};

} // namespace llmcache
