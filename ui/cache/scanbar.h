#pragma once

#include <QFrame>

class QLabel;
class QProgressBar;

namespace llmcache::ui {

class Badge;
class Button;
class EntryScan;
class EntryTableModel;
class TextSearch;
class Theme;

/// The line under the filter: how many rows of how many, how far the scan and a search in their texts are,
/// and what the rows shown weigh.
class ScanBar : public QFrame {
    Q_OBJECT
public:
    /// All must outlive the widget.
    ScanBar(const Theme* theme, EntryScan* scan, TextSearch* search, const EntryTableModel* model,
        QWidget* parent = nullptr);

Q_SIGNALS:
    void rescanRequested();

private:
    void refresh();
    QString scanText(double progress) const;
    QString searchText() const;
    EntryScan* m_scan;
    TextSearch* m_search;
    const EntryTableModel* m_model;
    QLabel* m_count;
    QLabel* m_progressText;
    QProgressBar* m_progress;
    Badge* m_partial;
    Button* m_pause;
    Button* m_stop;
    Button* m_rescan;
    QLabel* m_sums;
};

} // namespace llmcache::ui
