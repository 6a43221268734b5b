#include "cache/entrytable.h"

#include "theme/theme.h"
#include "widgets/tablestyle.h"

#include <QHeaderView>
#include <QMenu>
#include <QPainter>
#include <QScopedValueRollback>
#include <QScrollBar>
#include <QSettings>
#include <QTimer>

#include <algorithm>

namespace llmcache::ui {

namespace {

const QString columnsKey = QStringLiteral("cache/columns");
const QString sortKey = QStringLiteral("cache/sort");

struct Elastic {
    EntryColumn column;
    int least;
    int share; ///< of the space that is left
};
constexpr std::array elastics{
    Elastic{EntryColumn::Agent, 78, 1},
    Elastic{EntryColumn::Model, 84, 1},
    Elastic{EntryColumn::Task, 72, 1},
    Elastic{EntryColumn::Prompt, 90, 3},
    Elastic{EntryColumn::Answer, 72, 3},
};

} // namespace

EntryTable::EntryTable(const Theme* theme, QSettings* settings, QWidget* parent)
    : QTableView(parent)
    , m_theme(theme)
    , m_settings(settings)
    , m_saveTimer(new QTimer(this))
{
    setUpTable(this, theme);
    setObjectName(QStringLiteral("entryTable"));
    setAccessibleName(tr("Entries"));
    setHorizontalScrollBarPolicy(Qt::ScrollBarAsNeeded);
    QHeaderView* header = horizontalHeader();
    header->setSectionsMovable(true);
    header->setContextMenuPolicy(Qt::CustomContextMenu);
    connect(header, &QHeaderView::customContextMenuRequested, this, [this, header](const QPoint& at) {
        auto* menu = new QMenu(this);
        menu->setAttribute(Qt::WA_DeleteOnClose);
        fillColumnMenu(menu);
        menu->popup(header->mapToGlobal(at));
    });
    m_saveTimer->setSingleShot(true);
    m_saveTimer->setInterval(300);
    connect(m_saveTimer, &QTimer::timeout, this, &EntryTable::save);
    connect(header, &QHeaderView::sectionMoved, m_saveTimer, qOverload<>(&QTimer::start));
    connect(header, &QHeaderView::sortIndicatorChanged, m_saveTimer, qOverload<>(&QTimer::start));
    connect(header, &QHeaderView::sectionResized, this, [this](int column, int, int newSize) {
        if (m_arranging || newSize == 0)
            return;
        if (!m_resized.contains(column))
            m_resized << column;
        m_saveTimer->start();
    });
}

void EntryTable::setModel(QAbstractItemModel* model)
{
    QTableView::setModel(model);
    // Before each change of order the header looks for rows of a size of their own, to keep it: for many
    // milliseconds where there are a million. No row has one.
    disconnect(model, &QAbstractItemModel::layoutAboutToBeChanged, verticalHeader(), nullptr);
    applyDefaults();
    restore();
    setSortingEnabled(true); // sorts by the indicator at once
    stretch();
}

void EntryTable::applyDefaults()
{
    const QScopedValueRollback<bool> guard(m_arranging, true);
    QHeaderView* header = horizontalHeader();
    for (int column = 0; column < entryColumnCount; ++column) {
        const EntryColumnInfo& info = columnInfo(static_cast<EntryColumn>(column));
        header->moveSection(header->visualIndex(column), column);
        setColumnHidden(column, !info.shown);
        setColumnWidth(column, info.width);
    }
    header->setSortIndicator(static_cast<int>(EntryColumn::Age), Qt::AscendingOrder);
}

void EntryTable::restore()
{
    if (!m_settings)
        return;
    const QScopedValueRollback<bool> guard(m_arranging, true);
    QHeaderView* header = horizontalHeader();
    const auto columnNamed = [](const QString& name) {
        for (int column = 0; column < entryColumnCount; ++column) {
            if (name == QLatin1String(columnInfo(static_cast<EntryColumn>(column)).name))
                return column;
        }
        return -1;
    };
    int visual = 0;
    for (const QString& text : m_settings->value(columnsKey).toStringList()) {
        // name:shown:width, the width 0 where the user has not set it
        const QStringList parts = text.split(QLatin1Char(':'));
        const int column = columnNamed(parts.value(0));
        if (column < 0 || parts.size() != 3)
            continue;
        header->moveSection(header->visualIndex(column), visual++);
        const int width = parts.at(2).toInt();
        if (width >= header->minimumSectionSize() && width <= 4000) {
            setColumnWidth(column, width);
            m_resized << column;
        }
        setColumnHidden(column, parts.at(1) != QLatin1String("1"));
    }
    const QStringList sorted = m_settings->value(sortKey).toString().split(QLatin1Char(':'));
    if (const int column = columnNamed(sorted.value(0)); column >= 0)
        header->setSortIndicator(column,
            sorted.value(1) == QLatin1String("descending") ? Qt::DescendingOrder : Qt::AscendingOrder);
}

void EntryTable::save()
{
    if (!m_settings || !model())
        return;
    QStringList columns;
    const QHeaderView* header = horizontalHeader();
    for (int visual = 0; visual < header->count(); ++visual) {
        const int column = header->logicalIndex(visual);
        columns << QStringLiteral("%1:%2:%3")
                       .arg(QLatin1String(columnInfo(static_cast<EntryColumn>(column)).name))
                       .arg(isColumnHidden(column) ? 0 : 1)
                       .arg(m_resized.contains(column) && !isColumnHidden(column) ? columnWidth(column) : 0);
    }
    m_settings->setValue(columnsKey, columns);
    m_settings->setValue(sortKey,
        QStringLiteral("%1:%2").arg(
            QLatin1String(columnInfo(static_cast<EntryColumn>(header->sortIndicatorSection())).name),
            header->sortIndicatorOrder() == Qt::DescendingOrder ? QStringLiteral("descending")
                                                                : QStringLiteral("ascending")));
}

bool EntryTable::isColumnShown(EntryColumn column) const
{
    return !isColumnHidden(static_cast<int>(column));
}

void EntryTable::setColumnShown(EntryColumn column, bool shown)
{
    if (!shown && shownColumns().size() <= 1)
        return; // a table without columns has no header to bring them back with
    const QScopedValueRollback<bool> guard(m_arranging, true);
    setColumnHidden(static_cast<int>(column), !shown);
    stretch();
    m_saveTimer->start();
}

std::vector<EntryColumn> EntryTable::shownColumns() const
{
    std::vector<EntryColumn> columns;
    for (int visual = 0; visual < horizontalHeader()->count(); ++visual) {
        const int column = horizontalHeader()->logicalIndex(visual);
        if (!isColumnHidden(column))
            columns.push_back(static_cast<EntryColumn>(column));
    }
    return columns;
}

void EntryTable::fillColumnMenu(QMenu* menu)
{
    for (int at = 0; at < entryColumnCount; ++at) {
        const auto column = static_cast<EntryColumn>(at);
        QAction* action = menu->addAction(columnInfo(column).description);
        action->setCheckable(true);
        action->setChecked(isColumnShown(column));
        connect(action, &QAction::triggered, this, [this, column](bool on) { setColumnShown(column, on); });
    }
    menu->addSeparator();
    connect(menu->addAction(tr("Reset columns")), &QAction::triggered, this, &EntryTable::resetColumns);
}

void EntryTable::resetColumns()
{
    m_resized.clear();
    applyDefaults();
    stretch();
    m_saveTimer->start();
}

std::vector<RowRun> EntryTable::selectedRuns() const
{
    std::vector<RowRun> runs;
    if (!selectionModel())
        return runs;
    // Ranges may overlap.
    QItemSelection ranges = selectionModel()->selection();
    std::sort(ranges.begin(), ranges.end(),
        [](const auto& left, const auto& right) { return left.top() < right.top(); });
    int next = 0;
    for (const QItemSelectionRange& range : std::as_const(ranges)) {
        const int first = std::max(next, range.top());
        if (range.bottom() < first)
            continue;
        next = range.bottom() + 1;
        runs.push_back({first, range.bottom()});
    }
    return runs;
}

std::vector<int> EntryTable::selectedRows() const
{
    const std::vector<RowRun> runs = selectedRuns();
    std::vector<int> rows;
    rows.reserve(static_cast<std::size_t>(countOf(runs)));
    for (const RowRun& run : runs) {
        for (int row = run.first; row <= run.last; ++row)
            rows.push_back(row);
    }
    return rows;
}

void EntryTable::notePlace()
{
    m_places.clear();
    if (verticalScrollBar()->value() == 0)
        return;
    for (int row = rowAt(0); row >= 0 && row < model()->rowCount(); ++row) {
        const int y = rowViewportPosition(row);
        if (y >= viewport()->height())
            break;
        m_places.push_back({model()->index(row, 0), y});
    }
}

void EntryTable::keepPlace()
{
    const auto places = std::exchange(m_places, {});
    const auto kept =
        std::find_if(places.begin(), places.end(), [](const Place& place) { return place.row.isValid(); });
    if (kept == places.end())
        return;
    executeDelayedItemsLayout();
    updateGeometries(); // the scroll bar's range
    verticalScrollBar()->setValue(
        verticalScrollBar()->value() + rowViewportPosition(kept->row.row()) - kept->y);
}

void EntryTable::selectionChanged(const QItemSelection& selected, const QItemSelection& deselected)
{
    QTableView::selectionChanged(selected, deselected);
    Q_EMIT rowsSelected();
}

void EntryTable::resizeEvent(QResizeEvent* event)
{
    QTableView::resizeEvent(event);
    stretch();
}

void EntryTable::stretch()
{
    if (!model())
        return;
    const QScopedValueRollback<bool> guard(m_arranging, true);
    int left = viewport()->width();
    int shares = 0;
    for (int column = 0; column < entryColumnCount; ++column) {
        if (isColumnHidden(column))
            continue;
        const auto* const elastic = std::find_if(elastics.begin(), elastics.end(),
            [&](const Elastic& candidate) { return static_cast<int>(candidate.column) == column; });
        if (elastic == elastics.end() || m_resized.contains(column)) {
            left -= columnWidth(column);
            continue;
        }
        left -= elastic->least;
        shares += elastic->share;
    }
    left = std::max(left, 0);
    for (const Elastic& elastic : elastics) {
        const int column = static_cast<int>(elastic.column);
        if (isColumnHidden(column) || m_resized.contains(column))
            continue;
        // The last one takes what rounding leaves.
        const int extra = shares > 0 ? left * elastic.share / shares : 0;
        left -= extra;
        shares -= elastic.share;
        setColumnWidth(column, elastic.least + extra);
    }
}

void EntryTable::setSkeleton(bool on)
{
    if (on == m_skeleton)
        return;
    m_skeleton = on;
    viewport()->update();
}

void EntryTable::paintEvent(QPaintEvent* event)
{
    QTableView::paintEvent(event);
    if (!m_skeleton)
        return;
    QPainter painter(viewport());
    const int rowHeight = m_theme->rowHeight();
    for (int row = 0; row * rowHeight < viewport()->height(); ++row) {
        const int top = row * rowHeight;
        painter.fillRect(0, top + rowHeight - 1, viewport()->width(), 1, m_theme->color(Token::FaintLine));
        for (const EntryColumn column : shownColumns()) {
            const int at = static_cast<int>(column);
            const int space = columnWidth(at) - 20;
            // Different widths by row, so that it reads as text to come.
            const int width = columnInfo(column).number ? space / 2 : space * (6 + row * 7 % 4) / 10;
            const int x = columnViewportPosition(at) + 10 + (columnInfo(column).number ? space - width : 0);
            painter.fillRect(x, top + rowHeight / 2 - 4, width, 8, m_theme->color(Token::Skeleton));
        }
    }
}

} // namespace llmcache::ui
