#pragma once

#include "cache/bulkchange.h"
#include "widgets/tasks.h"

#include <QDialog>

class QLabel;
class QStandardItemModel;
class QTableView;

namespace llmcache {
class Session;
}

namespace llmcache::ui {

class Button;
class ErrorBanner;
class Theme;

/// Which entries a change left as they were, and why. Deletes itself when closed.
class BulkResults : public QDialog {
    Q_OBJECT
public:
    /// `nameOf` gives what people call an entry.
    BulkResults(const Theme* theme, const std::vector<BulkResult>& results,
        const std::function<QString(const QString&)>& nameOf, QWidget* parent = nullptr);
};

/// The changes that can be undone, the newest first, also those of other sessions and before a restart.
/// Deletes itself when closed.
class UndoHistory : public QDialog {
    Q_OBJECT
public:
    /// `theme` must outlive the dialog, `session` its tasks.
    UndoHistory(const Theme* theme, Session* session, QWidget* parent = nullptr);

Q_SIGNALS:
    void undoRequested(const QString& id);

private:
    void show(const std::vector<UndoSummary>& changes);
    void choose();

    Session* m_session;
    TaskScope m_tasks;
    ErrorBanner* m_banner;
    QStandardItemModel* m_model;
    QTableView* m_table;
    QLabel* m_note;
    Button* m_undo;
};

} // namespace llmcache::ui
