#include "cache/cacheview.h"

#include "cache/entrytable.h"
#include "cache/entrytablemodel.h"
#include "cache/filterfield.h"
#include "cache/selectionbar.h"

#include <QAction>
#include <QActionGroup>
#include <QInputDialog>
#include <QMenu>
#include <QSettings>

// Menus of the filter's row and of the selection.

namespace llmcache::ui {

namespace {

const QString savedKey = QStringLiteral("cache/savedFilters");

/// Of a text that is shown in a menu: an ampersand is no mnemonic.
QString menuText(QString text)
{
    return text.replace(u'&', QStringLiteral("&&"));
}

/// Name and filter text, sorted by name.
using SavedFilters = QMap<QString, QString>;

SavedFilters savedFilters(const QSettings* settings)
{
    SavedFilters filters;
    const QVariantMap stored = settings ? settings->value(savedKey).toMap() : QVariantMap();
    for (auto one = stored.cbegin(); one != stored.cend(); ++one)
        filters.insert(one.key(), one.value().toString());
    return filters;
}

void store(QSettings* settings, const SavedFilters& filters)
{
    QVariantMap stored;
    for (auto one = filters.cbegin(); one != filters.cend(); ++one)
        stored.insert(one.key(), one.value());
    settings->setValue(savedKey, stored);
}

} // namespace

void CacheView::fillColumnsMenu(QMenu* menu)
{
    m_table->fillColumnMenu(menu);
}

void CacheView::fillFilesMenu(QMenu* menu)
{
    connect(menu->addAction(tr("Export shown entries…")), &QAction::triggered, this, &CacheView::exportShown);
    connect(
        menu->addAction(tr("Export the table as CSV…")), &QAction::triggered, this, &CacheView::exportTable);
    QAction* const import = menu->addAction(tr("Import entries…"));
    import->setEnabled(obstacle().isEmpty());
    import->setToolTip(obstacle());
    connect(import, &QAction::triggered, this, &CacheView::importFile);
    menu->addSeparator();
    connect(menu->addAction(tr("Check answers against their schemas")), &QAction::triggered, this,
        &CacheView::checkSchemas);
    connect(menu->addAction(tr("Changes that can be undone…")), &QAction::triggered, this,
        &CacheView::showUndoHistory);
}

void CacheView::fillGroupMenu(QMenu* menu)
{
    auto* choices = new QActionGroup(menu);
    const auto add = [&](const QString& text, const QString& name, bool isChosen) {
        QAction* const action = menu->addAction(text);
        action->setCheckable(true);
        action->setChecked(isChosen);
        choices->addAction(action);
        connect(action, &QAction::triggered, this, [this, name] { group(name); });
    };
    add(tr("No groups"), {}, !m_model->grouping());
    for (const EntryColumn column : {EntryColumn::Agent, EntryColumn::Model, EntryColumn::Task})
        add(tr("By %1").arg(columnInfo(column).title.toLower()), QLatin1String(columnInfo(column).name),
            m_model->grouping() == column);
}

void CacheView::fillSavedMenu(QMenu* menu)
{
    const SavedFilters filters = savedFilters(m_settings);
    for (auto one = filters.cbegin(); one != filters.cend(); ++one) {
        QAction* const action = menu->addAction(menuText(one.key()));
        action->setToolTip(one.value().toHtmlEscaped());
        connect(action, &QAction::triggered, this, [this, text = one.value()] { m_filter->setText(text); });
    }
    if (filters.isEmpty())
        menu->addAction(tr("No filter is saved yet"))->setEnabled(false);
    menu->addSeparator();
    QAction* const save = menu->addAction(tr("Save this filter…"));
    save->setEnabled(m_settings && !m_filter->text().isEmpty() && !m_filter->hasError());
    connect(save, &QAction::triggered, this, &CacheView::saveFilter);
    if (filters.isEmpty())
        return;
    QMenu* const forget = menu->addMenu(tr("Forget"));
    for (auto one = filters.cbegin(); one != filters.cend(); ++one)
        connect(forget->addAction(menuText(one.key())), &QAction::triggered, this, [this, name = one.key()] {
            SavedFilters left = savedFilters(m_settings);
            left.remove(name);
            store(m_settings, left);
        });
}

void CacheView::saveFilter()
{
    const QString text = m_filter->text();
    if (!m_settings || text.isEmpty() || m_filter->hasError())
        return;
    auto* dialog = new QInputDialog(this);
    dialog->setObjectName(QStringLiteral("filterName"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setInputMode(QInputDialog::TextInput);
    dialog->setWindowTitle(tr("Save this filter"));
    dialog->setLabelText(tr("Name of the filter; one of the same name is replaced:"));
    dialog->setTextValue(text.left(60));
    connect(dialog, &QInputDialog::textValueSelected, this, [this, text](const QString& typed) {
        const QString name = typed.trimmed();
        if (name.isEmpty())
            return;
        SavedFilters filters = savedFilters(m_settings);
        filters.insert(name, text);
        store(m_settings, filters);
    });
    dialog->open();
}

void CacheView::fillMoreMenu()
{
    QMenu* const menu = m_selectionBar->moreMenu();
    menu->clear();
    const std::vector<int> rows = m_table->selectedRows();
    QAction* const compare = menu->addAction(tr("Compare"));
    compare->setEnabled(rows.size() == 2);
    compare->setToolTip(rows.size() == 2 ? QString() : tr("Select two entries to compare them"));
    connect(compare, &QAction::triggered, this, &CacheView::compareSelected);
    connect(menu->addAction(tr("Copy as JSON")), &QAction::triggered, this, &CacheView::copyRowsAsJson);
    menu->addSeparator();
    const auto addChange = [&](const QString& text) {
        QAction* const action = menu->addAction(text);
        action->setEnabled(obstacle().isEmpty());
        action->setToolTip(obstacle());
        return action;
    };
    connect(addChange(tr("Pin with a reason…")), &QAction::triggered, this, &CacheView::pinWithReason);
    connect(addChange(tr("Unpin")), &QAction::triggered, this, &CacheView::unpinSelection);
    connect(addChange(tr("Add a tag…")), &QAction::triggered, this, &CacheView::addTag);
    QStringList tags;
    constexpr std::size_t mostRows = 10'000; // of which tags are offered
    for (std::size_t at = 0; at < std::min(rows.size(), mostRows); ++at)
        tags += m_model->metaAt(rows[at]).tags;
    tags.removeDuplicates();
    tags.sort(Qt::CaseInsensitive);
    QMenu* const remove = menu->addMenu(tr("Remove a tag"));
    remove->setEnabled(!tags.isEmpty() && obstacle().isEmpty());
    for (const QString& tag : std::as_const(tags))
        connect(remove->addAction(menuText(tag)), &QAction::triggered, this, [this, tag] { removeTag(tag); });
}

} // namespace llmcache::ui
