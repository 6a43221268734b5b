#pragma once

#include "store/store.h"
#include "widgets/historydialog.h"
#include "widgets/tasks.h"

namespace llmcache::ui {

class ErrorBanner;

/// The saves of an agent: who and when, what differs from the newest, and back to one of them.
class VersionsDialog : public HistoryDialog {
    Q_OBJECT
public:
    /// `theme` must outlive the dialog, `store` its tasks, which count in `tasks`.
    VersionsDialog(const Theme* theme, Store* store, StoredAgent newest, qint64 nowMs, const TaskScope& tasks,
        QWidget* parent = nullptr);

Q_SIGNALS:
    /// Into the form; nothing is saved yet.
    void restoreRequested(const llmcache::Agent& agent);

private:
    void showVersions(std::vector<StoredAgent> versions, qint64 nowMs);
    void showDifferences(int row) override;
    void compareChosen();
    void restore(std::size_t row) override;
    StoredAgent m_newest;
    std::vector<StoredAgent> m_versions; ///< the newest first
    ErrorBanner* m_banner;
    TaskScope m_tasks;
};

} // namespace llmcache::ui
