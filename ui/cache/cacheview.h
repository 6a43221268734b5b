#pragma once

#include "shell/view.h"
#include "store/entryfilter.h"
#include "widgets/tasks.h"

#include <QPointer>

class QLabel;
class QSettings;
class QSplitter;
class QStackedWidget;
class QTimer;

namespace llmcache {
class Session;
struct BulkAction;
struct BulkReport;
} // namespace llmcache

namespace llmcache::ui {

class BulkJob;
class Button;
class EmptyState;
class EntryDetail;
class EntryScan;
class EntryTable;
class EntryTableModel;
class ErrorBanner;
class FilterField;
class LiveEntries;
class QuietScan;
class ScanBar;
class SelectionBar;
class TextSearch;
class TransferBar;
class Theme;

/// The entries of the workspace: see, filter, sort, read and invalidate them.
class CacheView : public View {
    Q_OBJECT
public:
    /// `theme` and `settings` (null: columns are not remembered) must outlive the view.
    CacheView(const Theme* theme, QSettings* settings, QWidget* parent = nullptr);
    ~CacheView() override;

    /// Shows another session, or none. The old one may be destroyed once activeTasks() is 0.
    void setSession(Session* session);
    /// Selects the entry and shows it, also when the filter hides it or the scan has not come to it.
    void showEntry(const QString& fingerprint);
    /// An entry was stored or used: read its row again.
    void noteStored(const QString& fingerprint);

    QString title() const override;
    void activate() override;
    QList<QWidget*> panes() override;
    QList<QAction*> commands() override { return m_commands; }
    void stopTasks() override;
    int activeTasks() const override;

Q_SIGNALS:
    /// The user wants to run this entry's request again, in the workbench.
    void runAgain(const QString& fingerprint);
    void workbenchRequested();
    /// A toast for the window to show.
    void notice(const QString& text, const QString& action, const std::function<void()>& run);

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;
    void showEvent(QShowEvent* event) override;
    void hideEvent(QHideEvent* event) override;

private:
    void makeLayout();
    void makeCommands();
    QWidget* makeFilterRow();
    QWidget* makeTableSide();
    QAction* addCommand(const QString& text, const QKeySequence& key, void (CacheView::*run)());

    void rescan();
    void searchTexts();
    void updateState();
    void updateSelection();
    void showCurrent();
    void tick();
    void selectPending();
    void copyRows();
    void askToInvalidate();
    void changeSelection(const BulkAction& action);
    void pinSelection();
    void setTtlOfSelection(std::optional<std::chrono::seconds> ttl);
    void tell(const BulkReport& report);
    void exportShown();
    void importFile();
    void takeImported(qint64 entries, const QString& undoId);
    void offerUndo(const QString& text, const QString& undoId);
    void undoLastChange() { undo({}); }
    void undo(const QString& id);
    void focusFilter();
    void escape();
    /// What entries are now, whoever changed them.
    void takeNews(const std::vector<EntryMeta>& rows, const QStringList& gone);
    QStringList visibleFingerprints() const;
    void setLive(bool on);
    /// Rows of entries that are another than before: a few one by one, many with a new scan.
    void readAgain(const QStringList& fingerprints);

    const Theme* m_theme;
    QSettings* m_settings;
    Session* m_session = nullptr;
    bool m_started = false; ///< the scan of this session has begun
    EntryScan* m_scan;
    BulkJob* m_bulk;
    EntryTableModel* m_model;
    TextSearch* m_search;
    LiveEntries* m_live;
    QuietScan* m_quietScan;
    TaskScope m_undoTasks;
    FilterField* m_filter;
    ScanBar* m_scanBar;
    TransferBar* m_transfer;
    ErrorBanner* m_banner;
    QStackedWidget* m_tablePages;
    EntryTable* m_table;
    EmptyState* m_empty;
    SelectionBar* m_selectionBar;
    EntryDetail* m_detail;
    QTimer* m_skeletonDelay;
    QTimer* m_clock;
    QList<QAction*> m_commands;
    QString m_pending; ///< to be selected as soon as its row is there
    int m_nextRow = -1; ///< to be selected after a removal
    enum class Empty { NoSession, Nothing, NoMatch, StoreDown } m_emptyKind = Empty::NoSession;
};

} // namespace llmcache::ui
