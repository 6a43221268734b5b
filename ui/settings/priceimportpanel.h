#pragma once

#include "cost/priceimport.h"
#include "widgets/tasks.h"

#include <QWidget>

class QCheckBox;
class QLabel;
class QLineEdit;
class QPlainTextEdit;
class QTableView;

namespace llmcache::ui {

class Button;
class ErrorBanner;
class PriceChangesModel;
class Spinner;
class Theme;

/// Reads another price table from a file or an address, and shows what it would change before anything does.
class PriceImportPanel : public QWidget {
    Q_OBJECT
public:
    /// `theme` must outlive the widget.
    explicit PriceImportPanel(const Theme* theme, QWidget* parent = nullptr);
    /// The prices that a new table is compared with, and laid over.
    void setCurrent(const PriceTable& current);
    /// Puts the panel back to its beginning: no source, no preview.
    void reset();
    void stopTasks() { m_tasks.stop(); }
    int activeTasks() const { return m_tasks.active(); }

Q_SIGNALS:
    /// The user wants this table from now on.
    void tableChosen(const QByteArray& table);
    void activeTasksChanged();

private:
    void choose();
    void preview();
    void show(PriceImport imported);
    void scrollToActions();
    void clearPreview();
    void setBusy(bool busy);

    QLineEdit* m_source;
    Button* m_preview;
    QCheckBox* m_leaveOut;
    Spinner* m_spinner;
    ErrorBanner* m_banner;
    QWidget* m_found;
    QLabel* m_summary;
    QTableView* m_table;
    PriceChangesModel* m_changes;
    Button* m_showNotes;
    QPlainTextEdit* m_notes;
    Button* m_use;
    PriceTable m_current;
    QByteArray m_newTable;
    TaskScope m_tasks;
};

} // namespace llmcache::ui
