#pragma once

#include "cache/entrycolumns.h"
#include "cache/rowchanges.h"

#include <QTableView>

class QMenu;
class QSettings;
class QTimer;

namespace llmcache::ui {

class Theme;

/// The table view: columns that the user chooses, moves and resizes, and skeleton rows while nothing has
/// come in yet.
class EntryTable : public QTableView {
    Q_OBJECT
public:
    /// `theme` must outlive the widget, `settings` too (null: nothing is remembered).
    EntryTable(const Theme* theme, QSettings* settings, QWidget* parent = nullptr);

    void setModel(QAbstractItemModel* model) override;
    /// Grey bars in place of rows.
    void setSkeleton(bool on);
    bool isColumnShown(EntryColumn column) const;
    void setColumnShown(EntryColumn column, bool shown);
    /// Shown columns from left to right.
    std::vector<EntryColumn> shownColumns() const;
    /// A checkable action a column, and one to go back to the beginning.
    void fillColumnMenu(QMenu* menu);
    void resetColumns();
    /// Rows that are selected, ascending; as runs, which are few where all of a million are selected.
    std::vector<RowRun> selectedRuns() const;
    std::vector<int> selectedRows() const;
    /// Rows are going to come, go and move: keepPlace() afterwards has those in sight where they are now.
    /// At the top of the list the top stays in sight.
    void notePlace();
    void keepPlace();

Q_SIGNALS:
    void rowsSelected();

protected:
    void selectionChanged(const QItemSelection& selected, const QItemSelection& deselected) override;
    void resizeEvent(QResizeEvent* event) override;
    void paintEvent(QPaintEvent* event) override;

private:
    void applyDefaults();
    void restore();
    void save();
    /// Gives the texts what the other columns leave, as long as nobody set their widths.
    void stretch();

    const Theme* m_theme;
    QSettings* m_settings;
    QTimer* m_saveTimer;
    QList<int> m_resized; ///< columns whose width the user has set
    bool m_arranging = false; ///< sizes change from here, not by the user
    bool m_skeleton = false;
    struct Place {
        QPersistentModelIndex row;
        int y; ///< in the viewport
    };
    std::vector<Place> m_places; ///< of the rows in sight, the top one first
};

} // namespace llmcache::ui
