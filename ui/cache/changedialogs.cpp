#include "cache/changedialogs.h"

#include "cache/session.h"
#include "theme/theme.h"
#include "widgets/controls.h"
#include "widgets/errorbanner.h"
#include "widgets/format.h"
#include "widgets/tablestyle.h"

#include <QHeaderView>
#include <QStandardItemModel>
#include <QTableView>
#include <QVBoxLayout>

namespace llmcache::ui {

namespace {

constexpr int idRole = Qt::UserRole + 1;

QTableView* makeTable(const Theme* theme, QStandardItemModel* model, QWidget* parent)
{
    auto* table = new QTableView(parent);
    table->setModel(model);
    setUpTable(table, theme);
    table->setSelectionMode(QAbstractItemView::SingleSelection);
    table->setEditTriggers(QAbstractItemView::NoEditTriggers);
    return table;
}

QList<QStandardItem*> itemsOf(const QStringList& texts)
{
    QList<QStandardItem*> items;
    for (const QString& text : texts)
        items += new QStandardItem(text);
    return items;
}

QString fateText(BulkFate fate)
{
    switch (fate) {
    case BulkFate::Changed:
        return BulkResults::tr("changed");
    case BulkFate::Unaffected:
        return BulkResults::tr("was so already");
    case BulkFate::Absent:
        return BulkResults::tr("was already gone");
    case BulkFate::Conflict:
        return BulkResults::tr("somebody had changed it, so it stayed");
    case BulkFate::Unsuitable:
        return BulkResults::tr("an entry of a Python program, which holds no tags");
    case BulkFate::Expired:
        return BulkResults::tr("would have expired by now");
    case BulkFate::Unknown:
        return BulkResults::tr("the change failed before the store had confirmed this one");
    }
    return {};
}

/// "delete" and the like, as journals keep them, for people.
QString actionText(const QString& action)
{
    static const QHash<QString, QString> known{
        {QStringLiteral("delete"), UndoHistory::tr("Invalidated")},
        {QStringLiteral("edit"), UndoHistory::tr("Edited")},
        {QStringLiteral("pin"), UndoHistory::tr("Pinned")},
        {QStringLiteral("unpin"), UndoHistory::tr("Unpinned")},
        {QStringLiteral("expire"), UndoHistory::tr("Set the TTL")},
        {QStringLiteral("persist"), UndoHistory::tr("Removed the TTL")},
        {QStringLiteral("import"), UndoHistory::tr("Imported")},
    };
    const QString text = known.value(action, action);
    return text.isEmpty() ? text : text.at(0).toUpper() + text.mid(1);
}

} // namespace

BulkResults::BulkResults(const Theme* theme, const std::vector<BulkResult>& results,
    const std::function<QString(const QString&)>& nameOf, QWidget* parent)
    : QDialog(parent)
{
    setObjectName(QStringLiteral("bulkResults"));
    setAttribute(Qt::WA_DeleteOnClose);
    setWindowTitle(tr("Entries that were not changed"));
    auto* model = new QStandardItemModel(0, 2, this);
    model->setHorizontalHeaderLabels({tr("Entry"), tr("What happened")});
    for (const BulkResult& result : results) {
        auto items = itemsOf({nameOf(result.fingerprint), fateText(result.fate)});
        items.constFirst()->setToolTip(result.fingerprint);
        model->appendRow(items);
    }
    auto* table = makeTable(theme, model, this);
    table->setObjectName(QStringLiteral("bulkResultTable"));
    table->setAccessibleName(windowTitle());
    constexpr int nameWidth = 240;
    table->setColumnWidth(0, nameWidth);
    table->horizontalHeader()->setStretchLastSection(true);
    auto* close = secondaryButton(tr("Close"), this);
    auto* layout = new QVBoxLayout(this);
    layout->addWidget(table, 1);
    layout->addWidget(close, 0, Qt::AlignRight);
    connect(close, &QPushButton::clicked, this, &QDialog::close);
    resize(720, 360); // the longest reason is in sight
}

UndoHistory::UndoHistory(const Theme* theme, Session* session, QWidget* parent)
    : QDialog(parent)
    , m_session(session)
    , m_banner(new ErrorBanner(theme, this))
    , m_model(new QStandardItemModel(0, 5, this))
    , m_table(makeTable(theme, m_model, this))
    , m_note(makeLabel({}, Tone::Secondary, TextSize::Body, QFont::Normal, this))
    , m_undo(primaryButton(tr("Undo"), this))
{
    setObjectName(QStringLiteral("undoHistory"));
    setAttribute(Qt::WA_DeleteOnClose);
    setWindowTitle(tr("Changes that can be undone"));
    m_model->setHorizontalHeaderLabels({tr("When"), tr("What"), tr("Entries"), tr("By"), tr("Kept")});
    for (const int column : {2, 4})
        m_model->setHeaderData(
            column, Qt::Horizontal, int(Qt::AlignRight | Qt::AlignVCenter), Qt::TextAlignmentRole);
    m_table->setObjectName(QStringLiteral("undoTable"));
    m_table->setAccessibleName(windowTitle());
    m_note->setObjectName(QStringLiteral("undoNote"));
    m_note->setWordWrap(true);
    m_undo->setObjectName(QStringLiteral("undoChosen"));
    auto* close = secondaryButton(tr("Close"), this);
    auto* buttons = new QHBoxLayout;
    buttons->addWidget(m_note, 1);
    buttons->addWidget(close);
    buttons->addWidget(m_undo);
    auto* layout = new QVBoxLayout(this);
    layout->addWidget(m_banner);
    layout->addWidget(m_table, 1);
    layout->addLayout(buttons);
    resize(640, 400);
    connect(close, &QPushButton::clicked, this, &QDialog::close);
    connect(m_undo, &QPushButton::clicked, this, [this] {
        const QString id = m_table->currentIndex().siblingAtColumn(0).data(idRole).toString();
        if (id.isEmpty())
            return;
        Q_EMIT undoRequested(id);
        QDialog::close();
    });
    connect(m_table->selectionModel(), &QItemSelectionModel::currentRowChanged, this, &UndoHistory::choose);
    choose();
    m_tasks.run(
        [session](const std::stop_token&) { return session->undoJournal().list(session->store().info()); },
        [this](const std::vector<UndoSummary>& changes) { show(changes); },
        [this](const Failure& failure) { m_banner->showProblem(failure.message, failure.remedy); });
}

void UndoHistory::show(const std::vector<UndoSummary>& changes)
{
    const qint64 nowMs = m_session->clock().nowMs();
    for (const UndoSummary& change : changes) {
        auto items = itemsOf({format::relativeTime(change.timeMs, nowMs), actionText(change.action),
            format::count(change.entries), change.by, format::bytes(change.bytes)});
        items.constFirst()->setData(change.id, idRole);
        items.constFirst()->setToolTip(format::fullTime(change.timeMs));
        for (const int column : {2, 4})
            items.at(column)->setTextAlignment(Qt::AlignRight | Qt::AlignVCenter);
        m_model->appendRow(items);
    }
    m_table->resizeColumnsToContents();
    m_table->horizontalHeader()->setStretchLastSection(true);
    m_note->setText(changes.empty() ? tr("Nothing was changed from here lately.")
                                    : tr("What somebody changed since is left alone."));
    if (!changes.empty())
        m_table->selectRow(0);
}

void UndoHistory::choose()
{
    m_undo->setEnabled(m_table->currentIndex().isValid());
}

} // namespace llmcache::ui
