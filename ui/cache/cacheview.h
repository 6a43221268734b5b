#pragma once

#include "cache/newestjob.h"
#include "shell/view.h"
#include "store/entryfilter.h"
#include "widgets/tasks.h"

#include <QPointer>

class QLabel;
class QMenu;
class QPushButton;
class QSettings;
class QSplitter;
class QStackedWidget;
class QTimer;

namespace llmcache {
class Session;
struct BulkAction;
struct BulkReport;
struct BulkTarget;
struct EntryWeight;
struct ImportReport;
struct UndoRoom;
} // namespace llmcache

namespace llmcache::ui {

class BulkJob;
class Button;
class EmptyState;
class EntryCompare;
class EntryDetail;
class EntryScan;
class EntryTable;
class EntryTableModel;
class ErrorBanner;
class FilterField;
class GroupPanel;
class LiveEntries;
class QuietScan;
class ScanBar;
class SchemaScan;
class SelectionBar;
class SelectionSums;
class TextSearch;
class TransferBar;
class Theme;
struct RowRun;

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
    /// Run on another thread: to list a million entries takes half a second.
    using TargetsMaker = std::function<std::vector<BulkTarget>()>;
    using WeightMaker = std::function<EntryWeight()>;

    void makeLayout();
    void makeCommands();
    QWidget* makeFilterRow();
    QWidget* makeTableSide();
    QWidget* makeDetailSide();
    QPushButton* addMenuButton(
        QWidget* row, const QString& text, const char* name, void (CacheView::*fill)(QMenu*));
    void fillColumnsMenu(QMenu* menu);
    void fillFilesMenu(QMenu* menu);
    void fillGroupMenu(QMenu* menu);
    void fillSavedMenu(QMenu* menu);
    void fillMoreMenu();
    QAction* addCommand(const QString& text, const QKeySequence& key, void (CacheView::*run)());

    void rescan();
    void searchTexts();
    void updateState();
    void updateSelection();
    void sumSelection();
    void showCurrent();
    void tick();
    void selectPending();
    void copyRows();
    void copyRowsAsJson();
    /// `make` writes the text of so many entries, on another thread.
    void copyText(qint64 entries, std::function<QString(const std::stop_token&)> make);
    void selectAll();
    void compareSelected();
    void showSide(QWidget* side);
    void group(const QString& by);
    void restoreGrouping();
    void saveFilter();
    void connectSchemaScan();
    void checkSchemas();
    void checkShown();
    /// Why nothing can be changed; empty = it can.
    QString obstacle() const;
    void askToInvalidate();
    /// Counts these entries in the store and asks whether to delete them.
    void askAbout(qint64 entries, const TargetsMaker& targets);
    void changeSelection(const BulkAction& action);
    void pinSelection();
    void pinWithReason();
    void unpinSelection();
    void addTag();
    void removeTag(const QString& tag);
    void tagEntry(const QString& fingerprint, const QString& tag, bool on);
    /// Changes these entries, which weigh so much; asks first when others could not be undone after that.
    void change(const TargetsMaker& targets, const WeightMaker& weight, const BulkAction& action);
    void askForRoom(std::vector<BulkTarget> targets, const BulkAction& action, const UndoRoom& room);
    void showDetails();
    void showUndoHistory();
    void setTtlOfSelection(std::optional<std::chrono::seconds> ttl);
    void tell(const BulkReport& report);
    void exportShown();
    void exportTable();
    void writeTable(const QString& path);
    void importFile();
    void takeImported(const ImportReport& report);
    /// `forgotten` earlier changes can't be undone any more: see BulkReport.
    void offerUndo(const QString& done, const QString& undoId, qint64 forgotten);
    void undoLastChange() { undo({}); }
    void undo(const QString& id);
    void focusFilter();
    void escape();
    /// Rows of the table, new ones or others than before.
    void takeRows(const std::vector<EntryMeta>& rows);
    /// What entries are now, whoever changed them.
    void takeNews(const std::vector<EntryMeta>& rows, const QStringList& gone);
    /// Of the table; empty (last before first) where it has none.
    RowRun visibleRows() const;
    QStringList visibleFingerprints() const;
    void restoreLive();
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
    SelectionSums* m_selectionSums;
    TextSearch* m_search;
    LiveEntries* m_live;
    QuietScan* m_quietScan;
    SchemaScan* m_schemaScan;
    TaskScope m_undoTasks;
    QStringList m_undone; ///< changes that were undone as far as that went
    TaskScope m_countTasks; ///< of what a question is about
    TaskScope m_roomTasks; ///< of whether a change can be kept to undo it
    std::vector<BulkTarget> m_asked; ///< deleted when the question is answered with yes
    bool m_rowsLeave = false; ///< the model takes rows away, whatever the user has selected
    NewestJob m_csv;
    NewestJob m_copy;
    NewestJob m_schemaList; ///< of the answers that are to be checked
    FilterField* m_filter;
    ScanBar* m_scanBar;
    TransferBar* m_transfer;
    ErrorBanner* m_banner;
    QStackedWidget* m_tablePages;
    GroupPanel* m_groups;
    EntryTable* m_table;
    EmptyState* m_empty;
    SelectionBar* m_selectionBar;
    QStackedWidget* m_side;
    EntryDetail* m_detail;
    EntryCompare* m_compare;
    QTimer* m_skeletonDelay;
    QTimer* m_clock;
    QTimer* m_shownCheck; ///< until the rows in sight have settled
    QList<QAction*> m_commands;
    QList<QAction*> m_changes; ///< those of the commands that change entries
    QString m_pending; ///< to be selected as soon as its row is there
    int m_nextRow = -1; ///< to be selected after a removal
    enum class Empty { NoSession, Nothing, NoMatch, StoreDown } m_emptyKind = Empty::NoSession;
};

} // namespace llmcache::ui
