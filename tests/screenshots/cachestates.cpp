#include "cachestates.h"

#include "cache/bulkpreview.h"
#include "cache/cacheview.h"
#include "cache/changedialogs.h"
#include "cache/entrydetail.h"
#include "cache/entryscan.h"
#include "cache/entrytable.h"
#include "cache/filterfield.h"
#include "cache/revisionsdialog.h"
#include "cache/selectionbar.h"
#include "cache/session.h"
#include "cache/textsearch.h"
#include "cache/transferbar.h"
#include "store/store.h"
#include "waitfortask.h"
#include "widgets/codeedit.h"

#include <QAction>
#include <QMenu>
#include <QPushButton>
#include <QTabBar>
#include <QTemporaryDir>
#include <QTimeZone>

namespace llmcache::screenshots {

namespace {

class CacheStates {
public:
    explicit CacheStates(ui::CacheView& view)
        : m_view(view)
        , m_table(view.findChild<ui::EntryTable*>())
        , m_filter(view.findChild<ui::FilterField*>())
    {
    }

    void filter(const QString& text) { m_filter->setText(text); }
    void select(int first, int last)
    {
        m_table->clearSelection();
        m_table->setCurrentIndex(m_table->model()->index(first, 0));
        QItemSelection rows(m_table->model()->index(first, 0), m_table->model()->index(last, 0));
        m_table->selectionModel()->select(
            rows, QItemSelectionModel::ClearAndSelect | QItemSelectionModel::Rows);
    }
    void openTab(int tab) { m_view.findChild<QTabBar*>(QStringLiteral("detailTabs"))->setCurrentIndex(tab); }
    void group(int choice)
    {
        QMenu* const menu = button("groupButton")->menu();
        Q_EMIT menu->aboutToShow();
        menu->actions().at(choice)->trigger();
    }
    void command(const QString& beginning)
    {
        for (QAction* action : m_view.commands()) {
            if (action->text().startsWith(beginning))
                action->trigger();
        }
    }
    QPushButton* button(const char* name) const
    {
        return m_view.findChild<QPushButton*>(QString::fromLatin1(name));
    }
    ui::CacheView& view() const { return m_view; }
    /// A scan that came no further than its first page.
    void scanInPart()
    {
        auto* const scan = m_view.findChild<ui::EntryScan*>();
        QObject::connect(scan, &ui::EntryScan::pageArrived, scan, &ui::EntryScan::pause,
            static_cast<Qt::ConnectionType>(Qt::DirectConnection | Qt::SingleShotConnection));
        command(QStringLiteral("Rescan"));
    }
    /// A search in whole texts that was stopped.
    void searchInPart()
    {
        auto* const search = m_view.findChild<ui::TextSearch*>();
        const auto stopping = std::make_shared<QMetaObject::Connection>();
        *stopping = QObject::connect(search, &ui::TextSearch::changed, search, [search, stopping] {
            if (search->searched() == 0)
                return;
            QObject::disconnect(*stopping);
            search->stop();
        });
        filter(QStringLiteral("text:warehouse"));
    }

private:
    ui::CacheView& m_view;
    ui::EntryTable* m_table;
    ui::FilterField* m_filter;
};

using Take = std::function<void(const QString&)>;

/// What is there before there are entries, and where there is no store to read them from.
void showOtherStores(ui::CacheView& view, Session& session, const Take& take)
{
    const QTemporaryDir folder;
    SessionConfig config;
    config.dataFolder = folder.path();
    Session empty(config);
    config.storeUrl = QStringLiteral("redis://127.0.0.1:1"); // nobody listens there
    Session down(config);
    for (const auto& [other, name] :
        {std::pair(&empty, "cache-empty"), std::pair(&down, "cache-store-down")}) {
        view.setSession(other);
        take(QLatin1String(name));
    }
    view.setSession(&session);
    take(QStringLiteral("cache-all"));
}

/// An entry with more of everything than there is room for.
void showLongValues(ui::CacheView& view, Session& session, const Take& take)
{
    Commit commit;
    commit.entry =
        *test::waitForTask(session.store().lookup(view.findChild<ui::EntryDetail*>()->fingerprint()));
    EntryMeta& meta = commit.entry.meta;
    meta.fingerprint = QString(64, u'e');
    meta.createdMs = session.clock().nowMs();
    meta.agent = QStringLiteral("an-agent-with-a-name-").repeated(6);
    meta.task = QStringLiteral("a task with a long name ").repeated(6);
    meta.author = QStringLiteral("somebody-with-a-long-name@example.com").repeated(2);
    meta.tags = {QStringLiteral("golden set"), QStringLiteral("a tag that says a lot ").repeated(3),
        QStringLiteral("oneword").repeated(12)};
    meta.cost = Money::fromDecimal(QStringLiteral("123456.789"));
    meta.answerExcerpt = QString(200, u'W');
    commit.entry.output = std::string(30'000, 'W');
    test::waitForTask(session.store().commit(std::move(commit)));
    view.showEntry(QString(64, u'e'));
    take(QStringLiteral("cache-long"));
    test::waitForTask(session.store().removeEntries({QString(64, u'e')}));
}

/// What a change of many left as it was.
void showLeftAlone(
    const ui::Theme& theme, ui::CacheView& view, const std::function<void(const QString&, QWidget*)>& take)
{
    const std::vector<BulkResult> results{{QString(64, u'a'), BulkFate::Conflict},
        {QString(64, u'b'), BulkFate::Absent},
        {QStringLiteral("get_profile:0123456789"), BulkFate::Unsuitable},
        {QString(64, u'c'), BulkFate::Unknown}};
    auto* const dialog = new ui::BulkResults(
        &theme, results, [](const QString& fingerprint) { return fingerprint.left(11); }, &view);
    dialog->open();
    take(QStringLiteral("cache-left-alone"), dialog);
}

/// Entries to a file, and what is asked before those of a file are taken.
void showTransfers(ui::CacheView& view, Session& session, const Take& take)
{
    const QTemporaryDir folder;
    const QString path = folder.filePath(QStringLiteral("replies.jsonl.zst"));
    auto* const bar = view.findChild<ui::TransferBar*>();
    bar->startExport(&session,
        EntryFilter::parse(QStringLiteral("agent:reply-draft"), QTimeZone::utc(), session.clock().nowMs()),
        path);
    take(QStringLiteral("cache-exported"));
    bar->startImport(&session, path);
    take(QStringLiteral("cache-import"));
    bar->forget();
}

} // namespace

void showCacheStates(const ui::Theme& theme, ui::CacheView& view, Session& session,
    const std::function<void(const QString&)>& take,
    const std::function<void(const QString&, QWidget*)>& takeDialog)
{
    enum Tab { Answer, Request, Usage, Calls, Schema, Raw };
    Store& store = session.store();
    CacheStates states(view);
    states.select(2, 2);
    for (const auto& [tab, name] : {std::pair(Request, "request"), std::pair(Usage, "usage"),
             std::pair(Calls, "calls"), std::pair(Schema, "schema"), std::pair(Raw, "raw")}) {
        states.openTab(tab);
        take(QStringLiteral("cache-") + QLatin1String(name));
    }
    states.openTab(Answer);
    states.filter(QStringLiteral("agent:summarise-call"));
    take(QStringLiteral("cache-chips-typed"));
    states.select(0, 0);
    take(QStringLiteral("cache-rendered"));
    states.filter(QStringLiteral("agent:profiler cost>0.0001 -is:expired transcript"));
    take(QStringLiteral("cache-filtered")); // the rows are in place afterwards
    states.select(0, 1);
    take(QStringLiteral("cache-filtered"));
    states.command(QStringLiteral("Compare"));
    take(QStringLiteral("cache-compare"));
    states.button("closeCompare")->click();
    states.filter({});
    take(QStringLiteral("cache-all"));
    states.group(1);
    take(QStringLiteral("cache-grouped"));
    states.group(0);
    states.select(1, 4);
    auto* bar = view.findChild<ui::SelectionBar*>();
    states.button("invalidate")->click();
    take(QStringLiteral("cache-invalidate"));
    bar->cancelQuestion();
    bar->setGuard(QStringLiteral("default"));
    states.button("invalidate")->click();
    take(QStringLiteral("cache-production"));
    bar->cancelQuestion();
    bar->setGuard({});
    states.button("invalidate")->click();
    take(QStringLiteral("cache-undo-lost")); // it is counted afterwards
    BulkPreview preview;
    preview.weight = {4, 5000, 2, 1, *Money::fromDecimal(QStringLiteral("0.0042"))};
    preview.room.forgotten = 2;
    bar->setCounted(preview, {});
    take(QStringLiteral("cache-undo-lost"));
    bar->cancelQuestion();
    const QString readOnly =
        QStringLiteral("This connection is read-only: entries can be looked at and exported, not changed.");
    bar->setObstacle(readOnly);
    view.findChild<ui::EntryDetail*>()->setObstacle(readOnly);
    take(QStringLiteral("cache-read-only"));
    bar->setObstacle({});
    view.findChild<ui::EntryDetail*>()->setObstacle({});
    states.scanInPart();
    take(QStringLiteral("cache-partial"));
    states.button("pauseScan")->click();
    take(QStringLiteral("cache-all"));
    states.searchInPart();
    take(QStringLiteral("cache-search"));
    states.filter({});
    states.select(0, 0);
    take(QStringLiteral("cache-one"));
    states.button("editAnswer")->click();
    view.findChild<ui::CodeEdit*>(QStringLiteral("answerEdit"))->insertPlainText(QStringLiteral("x"));
    take(QStringLiteral("cache-editing"));
    states.button("discardEdit")->click();
    states.filter(QStringLiteral("agent:reply-draft"));
    take(QStringLiteral("cache-text")); // the rows are in place afterwards
    states.select(0, 0);
    take(QStringLiteral("cache-text"));
    states.button("editAnswer")->click();
    view.findChild<ui::CodeEdit*>(QStringLiteral("answerEdit"))->insertPlainText(QStringLiteral("Hello! "));
    take(QStringLiteral("cache-text"));
    Commit theirs;
    theirs.entry = *test::waitForTask(store.lookup(view.findChild<ui::EntryDetail*>()->fingerprint()));
    theirs.entry.output =
        toUtf8(outputText(theirs.entry.output).replace(QLatin1String("morning"), QLatin1String("evening")));
    theirs.entry.meta.author = QStringLiteral("bob");
    test::waitForTask(store.commit(std::move(theirs)));
    states.button("saveEdit")->click();
    take(QStringLiteral("cache-conflict"));
    states.button("saveEdit")->click(); // over theirs, which becomes a revision
    take(QStringLiteral("cache-saved"));
    states.button("revisions")->click();
    take(QStringLiteral("cache-saved")); // the dialog has read what it shows afterwards
    takeDialog(QStringLiteral("cache-revisions"), view.findChild<ui::RevisionsDialog*>());
    states.command(QStringLiteral("Changes of entries"));
    take(QStringLiteral("cache-saved")); // likewise
    takeDialog(QStringLiteral("cache-undo"), view.findChild<QWidget*>(QStringLiteral("undoHistory")));
    showLeftAlone(theme, view, takeDialog);
    bar->showWork(QStringLiteral("Restoring"), 1200, 3547);
    take(QStringLiteral("cache-progress"));
    bar->endWork();
    showTransfers(view, session, take);
    states.filter({});
    showLongValues(view, session, take);
    showOtherStores(view, session, take);
    states.filter(QStringLiteral("cost>many"));
    take(QStringLiteral("cache-filter-wrong"));
    states.filter(QStringLiteral("agent:nobody"));
    take(QStringLiteral("cache-nothing"));
    states.filter({});
}

} // namespace llmcache::screenshots
