#pragma once

#include "store/store.h"
#include "widgets/tasks.h"

#include <QDialog>

class QListWidget;

namespace llmcache::ui {

class Button;
class DiffView;
class ErrorBanner;
class Theme;

/// The saves of an agent: who and when, what differs from the newest, and back to one of them.
class VersionsDialog : public QDialog {
    Q_OBJECT
public:
    /// `theme` must outlive the dialog, `store` its tasks.
    VersionsDialog(
        const Theme* theme, Store* store, StoredAgent newest, qint64 nowMs, QWidget* parent = nullptr);

Q_SIGNALS:
    /// Into the form; nothing is saved yet.
    void restoreRequested(const llmcache::Agent& agent);

private:
    void showVersions(std::vector<StoredAgent> versions, qint64 nowMs);
    void showDifferences(int row);
    StoredAgent m_newest;
    std::vector<StoredAgent> m_versions; ///< the newest first
    ErrorBanner* m_banner;
    QListWidget* m_list;
    DiffView* m_diff;
    Button* m_restore;
    TaskScope m_tasks;
};

} // namespace llmcache::ui
