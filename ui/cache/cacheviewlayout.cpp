#include "cache/cacheview.h"

#include "cache/entrydetail.h"
#include "cache/entrytable.h"
#include "cache/entrytablemodel.h"
#include "cache/filterfield.h"
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
    m_detail = new EntryDetail(m_theme, splitter);
    m_detail->setMinimumWidth(310);
    splitter->addWidget(m_detail);
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
    Button* const columns = secondaryButton(tr("Columns"), row);
    columns->setObjectName(QStringLiteral("columnsButton"));
    auto* columnMenu = new QMenu(columns);
    connect(columnMenu, &QMenu::aboutToShow, this, [this, columnMenu] {
        columnMenu->clear();
        m_table->fillColumnMenu(columnMenu);
    });
    columns->setMenu(columnMenu);
    Button* const files = secondaryButton(tr("Files"), row);
    files->setObjectName(QStringLiteral("filesButton"));
    auto* fileMenu = new QMenu(files);
    connect(
        fileMenu->addAction(tr("Export shown entries…")), &QAction::triggered, this, &CacheView::exportShown);
    connect(fileMenu->addAction(tr("Import entries…")), &QAction::triggered, this, &CacheView::importFile);
    files->setMenu(fileMenu);
    auto* layout = new QHBoxLayout(row);
    layout->setContentsMargins(16, 10, 16, 10);
    layout->setSpacing(8);
    layout->addWidget(m_filter, 1, Qt::AlignTop);
    layout->addWidget(columns, 0, Qt::AlignTop);
    layout->addWidget(files, 0, Qt::AlignTop);
    return row;
}

QWidget* CacheView::makeTableSide()
{
    QFrame* side = panelFrame(this);
    m_transfer = new TransferBar(m_theme, side);
    m_banner = new ErrorBanner(m_theme, side);
    m_banner->setObjectName(QStringLiteral("cacheBanner"));
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
    addCommand(tr("Pin selected entries"), {}, &CacheView::pinSelection);
    addCommand(tr("Export shown entries…"), {}, &CacheView::exportShown);
    addCommand(tr("Import entries…"), {}, &CacheView::importFile);
    QAction* const copy = addCommand(tr("Copy selected entries"), {}, &CacheView::copyRows);
    addCommand(tr("Undo the last change of entries"), QKeySequence::Undo, &CacheView::undoLastChange);
    invalidate->setObjectName(QStringLiteral("invalidateAction"));
    copy->setObjectName(QStringLiteral("copyAction"));
}

} // namespace llmcache::ui
