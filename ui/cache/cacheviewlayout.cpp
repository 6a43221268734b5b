#include "cache/cacheview.h"

#include "cache/entrycompare.h"
#include "cache/entrydetail.h"
#include "cache/entrytable.h"
#include "cache/entrytablemodel.h"
#include "cache/filterfield.h"
#include "cache/grouppanel.h"
#include "cache/scanbar.h"
#include "cache/selectionbar.h"
#include "cache/transferbar.h"
#include "theme/theme.h"
#include "widgets/controls.h"
#include "widgets/emptystate.h"
#include "widgets/errorbanner.h"

#include <QAction>
#include <QMenu>
#include <QSplitter>
#include <QStackedWidget>
#include <QVBoxLayout>

// What the view is made of; what it does is in cacheview.cpp.

namespace llmcache::ui {

void CacheView::makeLayout()
{
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(makeFilterRow());
    layout->addWidget(horizontalRule(this));
    m_scanBar = new ScanBar(m_theme, m_scan, m_search, m_live, m_model, this);
    layout->addWidget(m_scanBar);
    layout->addWidget(horizontalRule(this));
    auto* splitter = new QSplitter(Qt::Horizontal, this);
    splitter->setObjectName(QStringLiteral("cacheSplitter"));
    splitter->setChildrenCollapsible(false);
    splitter->setHandleWidth(1);
    splitter->addWidget(makeTableSide());
    splitter->addWidget(makeDetailSide());
    // Both give way in a small window; the sizes are those of the usual one.
    splitter->setStretchFactor(0, 11);
    splitter->setStretchFactor(1, 5);
    splitter->setSizes({950, 434});
    layout->addWidget(splitter, 1);
}

QWidget* CacheView::makeFilterRow()
{
    QFrame* row = panelFrame(this);
    m_filter = new FilterField(m_theme, row);
    auto* layout = new QHBoxLayout(row);
    layout->setContentsMargins(16, 10, 16, 10);
    layout->setSpacing(8);
    layout->addWidget(m_filter, 1, Qt::AlignTop);
    for (QPushButton* button : {addMenuButton(row, tr("Saved"), "savedButton", &CacheView::fillSavedMenu),
             addMenuButton(row, tr("Group"), "groupButton", &CacheView::fillGroupMenu),
             addMenuButton(row, tr("Columns"), "columnsButton", &CacheView::fillColumnsMenu),
             addMenuButton(row, tr("Files"), "filesButton", &CacheView::fillFilesMenu)})
        layout->addWidget(button, 0, Qt::AlignTop);
    return row;
}

QPushButton* CacheView::addMenuButton(
    QWidget* row, const QString& text, const char* name, void (CacheView::*fill)(QMenu*))
{
    Button* const button = secondaryButton(text, row);
    button->setObjectName(QLatin1String(name));
    auto* menu = new QMenu(button);
    menu->setToolTipsVisible(true);
    connect(menu, &QMenu::aboutToShow, this, [this, menu, fill] {
        menu->clear();
        (this->*fill)(menu);
    });
    button->setMenu(menu);
    return button;
}

QWidget* CacheView::makeDetailSide()
{
    constexpr int leastWidth = 310;
    m_side = new QStackedWidget(this);
    m_side->setMinimumWidth(leastWidth);
    m_detail = new EntryDetail(m_theme, m_side);
    m_compare = new EntryCompare(m_theme, m_side);
    m_side->addWidget(m_detail);
    m_side->addWidget(m_compare);
    return m_side;
}

QWidget* CacheView::makeTableSide()
{
    QFrame* side = panelFrame(this);
    m_transfer = new TransferBar(m_theme, side);
    m_banner = new ErrorBanner(m_theme, side);
    m_banner->setObjectName(QStringLiteral("cacheBanner"));
    m_groups = new GroupPanel(m_theme, side);
    m_groups->hide();
    m_tablePages = new QStackedWidget(side);
    m_table = new EntryTable(m_theme, m_settings, m_tablePages);
    m_table->setModel(m_model);
    m_table->installEventFilter(this);
    m_empty = new EmptyState(m_theme, IconName::Cache, {}, {}, {}, m_tablePages);
    m_empty->setObjectName(QStringLiteral("cacheEmpty"));
    m_tablePages->addWidget(m_table);
    m_tablePages->addWidget(m_empty);
    m_selectionBar = new SelectionBar(m_theme, m_bulk, side);
    auto* layout = new QVBoxLayout(side);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(m_transfer);
    layout->addWidget(m_banner);
    layout->addWidget(m_groups);
    layout->addWidget(m_tablePages, 1);
    layout->addWidget(horizontalRule(side));
    layout->addWidget(m_selectionBar);
    return side;
}

QAction* CacheView::addCommand(const QString& text, const QKeySequence& key, void (CacheView::*run)())
{
    auto* action = new QAction(text, this);
    action->setShortcut(key);
    action->setShortcutContext(Qt::WidgetWithChildrenShortcut);
    connect(action, &QAction::triggered, this, run);
    addAction(action);
    m_commands << action;
    return action;
}

void CacheView::makeCommands()
{
    addCommand(tr("Filter entries"), QKeySequence::Find, &CacheView::focusFilter);
    addCommand(tr("Rescan entries"), QKeySequence::Refresh, &CacheView::rescan);
    // These keys mean something else in fields and texts: they are the table's alone.
    QAction* const invalidate =
        addCommand(tr("Invalidate selected entries"), {}, &CacheView::askToInvalidate);
    m_changes << invalidate << addCommand(tr("Pin selected entries"), {}, &CacheView::pinSelection)
              << addCommand(tr("Pin selected entries with a reason…"), {}, &CacheView::pinWithReason)
              << addCommand(tr("Unpin selected entries"), {}, &CacheView::unpinSelection)
              << addCommand(tr("Tag selected entries…"), {}, &CacheView::addTag)
              << addCommand(tr("Import entries…"), {}, &CacheView::importFile);
    addCommand(tr("Select all entries shown"), {}, &CacheView::selectAll);
    addCommand(tr("Compare the two selected entries"), {}, &CacheView::compareSelected);
    addCommand(tr("Check answers against their schemas"), {}, &CacheView::checkSchemas);
    addCommand(tr("Export shown entries…"), {}, &CacheView::exportShown);
    addCommand(tr("Export the table as CSV…"), {}, &CacheView::exportTable);
    addCommand(tr("Save this filter…"), {}, &CacheView::saveFilter);
    QAction* const copy = addCommand(tr("Copy selected entries"), {}, &CacheView::copyRows);
    addCommand(tr("Copy selected entries as JSON"), {}, &CacheView::copyRowsAsJson);
    m_changes << addCommand(
        tr("Undo the last change of entries"), QKeySequence::Undo, &CacheView::undoLastChange);
    addCommand(tr("Changes of entries that can be undone…"), {}, &CacheView::showUndoHistory);
    invalidate->setObjectName(QStringLiteral("invalidateAction"));
    copy->setObjectName(QStringLiteral("copyAction"));
}

} // namespace llmcache::ui
