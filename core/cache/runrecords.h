#pragma once

#include "cache/runinput.h"

#include <QThreadPool>

#include <optional>

namespace llmcache {

/// A run of one's own as it is kept on this machine.
struct RunRecord {
    QString callId; ///< of the ledger's record; empty for a run that left none
    qint64 timeMs = 0; ///< UTC milliseconds, when it ended
    QString workspace;
    QString fingerprint; ///< empty where there is none
    RunInput input;
};

/// What a list shows of a record, without its inputs.
struct RunSummary {
    QString file; ///< names the record in its folder
    QString callId;
    qint64 timeMs = 0;
    QString agent;
    QString model;
    QString fingerprint;
    QString prompt; ///< the whole of it, to be searched
};

/// What is being typed.
struct RunDraft {
    RunInput input; ///< `agentRevision` is the one of the base
    QString base; ///< name of the saved agent that is edited; the name that is typed may be another
    QString schemaText; ///< as it is typed, where it is no schema yet
};

Json toJson(const RunRecord& record);
/// Throws ConfigurationError for anything else.
RunRecord runRecordFromJson(const Json& json);

/// A folder (0700) that keeps how one's runs were started, a file each, the last `mostRuns` of all
/// workspaces, and what is being typed. File work happens on a thread of its own, in order. Used from one
/// thread with an event loop; must outlive its tasks. All tasks throw ConfigurationError that names the file.
class RunRecords {
public:
    static constexpr int mostRuns = 1000;
    static constexpr qint64 mostBytes = qint64(512) * 1024 * 1024;

    /// The folder is created with the first record.
    explicit RunRecords(QString folder);
    ~RunRecords();
    RunRecords(const RunRecords&) = delete;
    RunRecords& operator=(const RunRecords&) = delete;

    QCoro::Task<> add(RunRecord record);
    /// Those of a workspace, the newest first. Files that can't be read are left out.
    QCoro::Task<std::vector<RunSummary>> list(QString workspace);
    QCoro::Task<RunInput> read(QString file);

    /// What is in the window, to be there again after a crash. Replaces the one before of this place, which
    /// names a store and a workspace in it.
    QCoro::Task<> saveDraft(QString place, RunDraft draft);
    /// Nothing when there is none, or none that can be read. Until a draft of `place` is kept, the one that
    /// older versions kept for all workspaces called `workspace`.
    QCoro::Task<std::optional<RunDraft>> loadDraft(QString place, QString workspace);

private:
    const QString m_folder;
    QThreadPool m_thread; // last: its jobs use the above
};

} // namespace llmcache
