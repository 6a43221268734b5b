#pragma once

#include <QFrame>

class QLabel;
class QProgressBar;

namespace llmcache::ui {

class Badge;
class Button;
class EntryScan;
class EntryTableModel;
class LiveEntries;
class TextSearch;
class Theme;

/// The line under the filter: how many rows of how many, how far the scan and a search in their texts are,
/// whether changes by others appear, and what the rows shown weigh.
class ScanBar : public QFrame {
    Q_OBJECT
public:
    /// All must outlive the widget.
    ScanBar(const Theme* theme, EntryScan* scan, TextSearch* search, const LiveEntries* live,
        const EntryTableModel* model, QWidget* parent = nullptr);

Q_SIGNALS:
    void rescanRequested();
    /// Whether changes by others are to be shown as they happen.
    void liveRequested(bool on);

private:
    void refresh();
    void refreshLive();
    QString scanText(double progress) const;
    QString searchText() const;
    EntryScan* m_scan;
    TextSearch* m_search;
    const LiveEntries* m_live;
    const EntryTableModel* m_model;
    QLabel* m_count;
    QLabel* m_progressText;
    QProgressBar* m_progress;
    Badge* m_partial;
    Button* m_pause;
    Button* m_stop;
    Button* m_rescan;
    Button* m_liveButton;
    QLabel* m_sums;
};

} // namespace llmcache::ui
