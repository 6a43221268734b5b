#pragma once

#include "widgets/badge.h"
#include "widgets/elidedtexts.h"

#include <QHeaderView>
#include <QStyledItemDelegate>

class QTableView;

namespace llmcache::ui {

class Theme;

/// Draws cells: bottom line, hover, selection, secondary text, badges, elided text.
///
/// Model roles: Qt::DisplayRole, Qt::TextAlignmentRole (right for numbers), Qt::FontRole, Qt::ToolTipRole,
/// and the ones below. A cell with badgeKindRole shows its text as a badge.
class TableDelegate : public QStyledItemDelegate {
    Q_OBJECT
public:
    /// Bool: this cell matters less; painted in the secondary colour.
    static constexpr int secondaryRole = Qt::UserRole + 901;
    /// Bool: nothing is known yet; painted as a skeleton bar.
    static constexpr int skeletonRole = Qt::UserRole + 902;
    /// Bool: elide in the middle (identifiers) instead of at the end.
    static constexpr int elideMiddleRole = Qt::UserRole + 903;
    /// Int of Token: text colour for one cell.
    static constexpr int tokenRole = Qt::UserRole + 904;

    /// `theme` must outlive the delegate.
    TableDelegate(const Theme* theme, QTableView* view);
    void paint(
        QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    bool helpEvent(QHelpEvent* event, QAbstractItemView* view, const QStyleOptionViewItem& option,
        const QModelIndex& index) override;

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void setHoveredRow(int row);
    const Theme* m_theme;
    QTableView* m_view;
    QWidget* m_viewport; ///< sends events while the view is being destroyed, which can then not be asked
    int m_hoveredRow = -1;
    mutable ElidedTexts m_texts; ///< in the usual font
};

/// Header with the program's look: plain small words, the sort arrow beside its word, aligned like the cells
/// (Qt::TextAlignmentRole of headerData).
class TableHeader : public QHeaderView {
    Q_OBJECT
public:
    /// `theme` must outlive the header.
    explicit TableHeader(const Theme* theme, QWidget* parent = nullptr);

protected:
    void paintSection(QPainter* painter, const QRect& rect, int logicalIndex) const override;
    void paintEvent(QPaintEvent* event) override;
    QSize sectionSizeFromContents(int logicalIndex) const override;

private:
    const Theme* m_theme;
};

/// Gives a table view the program's look and habits: fixed row height that follows the density, rows
/// selected as a whole, no grid but bottom lines, plain header, hover, smooth scrolling, Tab leaves the
/// table, a TableDelegate as item delegate and a TableHeader. Call it once, before anything is set on the
/// header. `theme` must outlive the view.
void setUpTable(QTableView* view, const Theme* theme);
/// Makes the columns from `first` on as wide as what their first 200 rows and the header hold, and at least
/// `least` pixels: numbers must not be cut.
void fitColumns(QTableView* view, int first, int least);

} // namespace llmcache::ui
