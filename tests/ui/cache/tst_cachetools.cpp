#include "cache/bulkchange.h"
#include "cache/entrytablemodel.h"
#include "cache/request.h"
#include "cacheviewtest.h"
#include "redisserver.h"
#include "sampleentries.h"
#include "waitfortask.h"

#include <QAbstractItemModelTester>
#include <QClipboard>
#include <QDir>
#include <QFile>
#include <QLineEdit>
#include <QSignalSpy>
#include <QTableView>
#include <QToolButton>

using namespace llmcache;
using namespace llmcache::ui;
using llmcache::test::sampleEntry;
using llmcache::test::waitForTask;

/// What one does with many entries: guard, export, take back.
class TestCacheTools : public test::CacheViewTest {
    Q_OBJECT
private Q_SLOTS:
    void tableIsExportedAsCsv();
    void rowsAreCopiedAsJson();
    void tooManyAreNotCopied();
    void answersAreChecked();
    void productionAsksForTheName();
    void aChangedFilterVoidsTheQuestion();
    void readOnlyOffersNoChange();
    void resultsNameWhatStayed();
    void aFailureIsToldOfEachEntry();
    void historySurvivesARestart();
    void tagsOfMany();
    void othersChangeWhatIsChanged_data();
    void othersChangeWhatIsChanged();
};

void TestCacheTools::tableIsExportedAsCsv()
{
    fill(20);
    open();
    waitForRows(20);
    const QObject listener;
    QString told;
    connect(m_view.get(), &CacheView::notice, &listener, [&told](const QString& notice) { told = notice; });
    trigger(QStringLiteral("Export the table as CSV…"));
    auto* chooser = find<QDialog>("csvDialog");
    QVERIFY(chooser);
    const QString path = m_folder->filePath(QStringLiteral("table.csv"));
    QMetaObject::invokeMethod(chooser, "fileSelected", Q_ARG(QString, path));
    chooser->close();
    QTRY_COMPARE_WITH_TIMEOUT(told, QStringLiteral("Exported 20 rows to table.csv"), patience);
    QFile file(path);
    QVERIFY(file.open(QIODevice::ReadOnly));
    const QList<QByteArray> lines = file.readAll().split('\n');
    QCOMPARE(lines.at(0), QByteArray("agent,model,task,prompt,answer,flags,age,ttl,cost,hits,fingerprint\r"));
    QVERIFY(lines.at(1).endsWith(fingerprintAt(0).toLatin1() + '\r'));
    QVERIFY(lines.at(20).endsWith(fingerprintAt(19).toLatin1() + '\r'));
}

void TestCacheTools::rowsAreCopiedAsJson()
{
    fill(5);
    open();
    waitForRows(5);
    clickRow(1);
    const QObject listener;
    QString told;
    connect(m_view.get(), &CacheView::notice, &listener, [&told](const QString& notice) { told = notice; });
    QTest::keyClick(m_table, Qt::Key_C, Qt::ControlModifier | Qt::ShiftModifier);
    QTRY_COMPARE_WITH_TIMEOUT(told, QStringLiteral("Copied 1 entry"), patience);
    const Json copied = parseJson(QApplication::clipboard()->text().toUtf8(), QStringLiteral("clipboard"));
    QCOMPARE(copied.size(), std::size_t(1));
    QCOMPARE(stringMember(copied[0], "fingerprint"), fingerprintAt(1));
    QVERIFY(
        copied[0].contains("agent") && copied[0].contains("cost_usd") && copied[0].contains("expires_ms"));
}

void TestCacheTools::tooManyAreNotCopied()
{
    fill(1);
    open();
    waitForRows(1);
    constexpr int mostCopied = 100'000;
    std::vector<EntryMeta> many(mostCopied);
    for (std::size_t number = 0; number < many.size(); ++number)
        many[number].fingerprint = QStringLiteral("%1").arg(number, 64, 16, QLatin1Char('0'));
    qobject_cast<EntryTableModel*>(m_table->model())->upsert(many);
    waitForRows(mostCopied + 1);
    QApplication::clipboard()->setText(QStringLiteral("as before"));
    const QObject listener;
    QString told;
    connect(m_view.get(), &CacheView::notice, &listener, [&told](const QString& notice) { told = notice; });
    m_table->selectAll();
    QTest::keySequence(m_table, QKeySequence::Copy);
    QVERIFY2(
        told.startsWith(QStringLiteral("100,001 entries are too many for the clipboard")), qPrintable(told));
    QCOMPARE(QApplication::clipboard()->text(), QStringLiteral("as before"));
    // Without the last one.
    clickRow(mostCopied, Qt::ControlModifier);
    QCOMPARE(m_table->selectedRows().size(), std::size_t(mostCopied));
    QTest::keySequence(m_table, QKeySequence::Copy);
    QTRY_COMPARE_WITH_TIMEOUT(told, QStringLiteral("Copied 100,000 entries"), patience);
    QCOMPARE(QApplication::clipboard()->text().count(QLatin1Char('\n')), mostCopied + 1);
}

void TestCacheTools::answersAreChecked()
{
    Agent agent;
    agent.name = QStringLiteral("profiler");
    agent.model = QStringLiteral("test:large");
    agent.output = OutputType::json(QStringLiteral("Contact"),
        parseJson(R"({"type":"object","required":["email"]})", QStringLiteral("schema")));
    waitForTask(m_session->store().saveAgent(agent, -1, QStringLiteral("ana"), 0));
    for (quint32 number = 0; number < 4; ++number) {
        Request request;
        request.model = ModelRef::parse(agent.model);
        request.prompt = QString::number(number);
        request.output = agent.output;
        Commit commit;
        commit.entry = sampleEntry(number, m_session->clock().nowMs());
        commit.entry.meta.fingerprint = fingerprint(request);
        commit.entry.meta.agent = agent.name;
        commit.entry.meta.python = commit.entry.meta.human = false;
        commit.entry.request = toJson(request);
        commit.entry.output = Json{{number == 0 ? "name" : "email", "alex@example.com"}};
        waitForTask(m_session->store().commit(commit));
    }
    open();
    waitForRows(4);
    const QObject listener;
    QString told;
    connect(m_view.get(), &CacheView::notice, &listener, [&told](const QString& notice) { told = notice; });
    // All that are shown while no more than one is selected.
    trigger(QStringLiteral("Check answers against their schemas"));
    QTRY_COMPARE_WITH_TIMEOUT(told, QStringLiteral("Checked 4 answers: 1 do not fit, marked ✕"), patience);
    int misfit = -1;
    for (int row = 0; row < 4; ++row) {
        const auto flags = m_table->model()->index(row, int(EntryColumn::Flags)).data().toString();
        if (flags.contains(QStringLiteral("✕"))) {
            QCOMPARE(misfit, -1);
            misfit = row;
        }
    }
    QVERIFY(misfit >= 0);
    clickRow(misfit == 0 ? 1 : 0);
    clickRow(misfit == 3 ? 2 : 3, Qt::ControlModifier);
    trigger(QStringLiteral("Check answers against their schemas"));
    QTRY_COMPARE_WITH_TIMEOUT(told, QStringLiteral("Checked 2 answers: all fit their schemas"), patience);
}

void TestCacheTools::productionAsksForTheName()
{
    fill(10);
    SessionConfig config = m_session->config();
    config.connection.name = QStringLiteral("team cache");
    config.connection.production = true;
    m_session = std::make_unique<Session>(config);
    open();
    waitForRows(10);
    clickRow(1);
    clickRow(3, Qt::ShiftModifier);
    QTRY_COMPARE(text("selectionTitle"), QStringLiteral("3 selected"));
    QTest::keyClick(m_table, Qt::Key_Delete);
    auto* name = find<QLineEdit>("guardName");
    auto* confirm = find<QPushButton>("confirmInvalidate");
    QVERIFY(name->isVisible() && name->hasFocus());
    QVERIFY(!confirm->isEnabled());
    QTest::keyClicks(name, QStringLiteral("defaul"));
    QVERIFY(!confirm->isEnabled());
    QTest::keyClick(name, Qt::Key_Return); // not yet
    QCOMPARE(m_table->model()->rowCount(), 10);
    QTest::keyClicks(name, QStringLiteral("t"));
    click("confirmInvalidate");
    waitForRows(7);
    QTRY_COMPARE_WITH_TIMEOUT(text("selectionTitle"), QStringLiteral("1 selected"), patience); // the next
    // One entry is not many.
    clickRow(0);
    QTRY_COMPARE(text("selectionTitle"), QStringLiteral("1 selected"));
    QTest::keyClick(m_table, Qt::Key_Delete);
    QTRY_VERIFY_WITH_TIMEOUT(!name->isVisible() && confirm->isEnabled(), patience);
}

void TestCacheTools::aChangedFilterVoidsTheQuestion()
{
    fill(40);
    open();
    waitForRows(40);
    trigger(QStringLiteral("Select all entries shown"));
    QTRY_COMPARE(text("selectionTitle"), QStringLiteral("40 selected"));
    click("invalidate");
    auto* confirm = find<QPushButton>("confirmInvalidate");
    QTRY_COMPARE_WITH_TIMEOUT(confirm->text(), QStringLiteral("Invalidate 40 entries"), patience);
    QTest::keyClicks(find<QLineEdit>("filterField"), QStringLiteral("agent:triage"));
    QTRY_VERIFY_WITH_TIMEOUT(!confirm->isVisible(), patience);
    QCOMPARE(storedEntries(), 40);
}

void TestCacheTools::readOnlyOffersNoChange()
{
    fill(10);
    SessionConfig config = m_session->config();
    config.connection.readOnly = true;
    m_session = std::make_unique<Session>(config);
    open();
    waitForRows(10);
    clickRow(1);
    QTRY_COMPARE(text("selectionTitle"), QStringLiteral("1 selected"));
    for (const char* button : {"invalidate", "pinEntries", "setTtl"}) {
        QVERIFY(!find<QPushButton>(button)->isEnabled());
        QVERIFY(find<QPushButton>(button)->toolTip().contains(QStringLiteral("read-only")));
    }
    QTRY_VERIFY(find<QPushButton>("editAnswer"));
    QVERIFY(!find<QPushButton>("editAnswer")->isEnabled());
    QVERIFY(!find<QPushButton>("deleteEntry")->isEnabled());
    QVERIFY(find<QPushButton>("copyRows")->isEnabled());
    QVERIFY(!menuAction("filesButton", QStringLiteral("Import entries…"))->isEnabled());
    QVERIFY(menuAction("filesButton", QStringLiteral("Export shown entries…"))->isEnabled());
    const QObject listener;
    QString told;
    connect(m_view.get(), &CacheView::notice, &listener, [&told](const QString& notice) { told = notice; });
    QTest::keyClick(m_table, Qt::Key_Delete);
    QVERIFY(told.contains(QStringLiteral("read-only")));
    QVERIFY(!find<QPushButton>("confirmInvalidate")->isVisible());
}

void TestCacheTools::resultsNameWhatStayed()
{
    fill(3);
    openNotLive();
    waitForRows(3);
    const QString changed = fingerprintAt(1);
    m_table->selectAll();
    QTRY_COMPARE(text("selectionTitle"), QStringLiteral("3 selected"));
    click("invalidate");
    QTRY_VERIFY_WITH_TIMEOUT(find<QPushButton>("confirmInvalidate")->isEnabled(), patience);
    Commit commit;
    commit.entry = *waitForTask(m_session->store().lookup(changed));
    waitForTask(m_session->store().commit(std::move(commit)));
    click("confirmInvalidate");
    auto* details = find<QPushButton>("bulkDetails");
    // The table is sorted anew once the rows that went and the one that stayed are known; the result is
    // still there to be read.
    auto* const model = qobject_cast<EntryTableModel*>(m_table->model());
    QSignalSpy arranged(model, &EntryTableModel::arranged);
    QTRY_VERIFY_WITH_TIMEOUT(!arranged.isEmpty() && m_view->activeTasks() == 0, patience);
    arranged.clear();
    model->setGrouping(std::nullopt);
    QTRY_VERIFY_WITH_TIMEOUT(!arranged.isEmpty(), patience);
    QVERIFY(details->isVisible());
    QTest::mouseClick(details, Qt::LeftButton);
    auto* table = find<QTableView>("bulkResultTable");
    QVERIFY(table);
    QCOMPARE(table->model()->rowCount(), 1);
    QVERIFY(table->model()->index(0, 0).data().toString().contains(changed.left(8)));
    QVERIFY(
        table->model()->index(0, 1).data().toString().startsWith(QStringLiteral("somebody had changed it")));
    find<QDialog>("bulkResults")->close();
}

void TestCacheTools::aFailureIsToldOfEachEntry()
{
    fill(4);
    openNotLive();
    waitForRows(4);
    clickRow(0);
    clickRow(2, Qt::ShiftModifier);
    const QStringList chosen{fingerprintAt(0), fingerprintAt(1), fingerprintAt(2)};
    click("invalidate");
    QTRY_VERIFY_WITH_TIMEOUT(find<QPushButton>("confirmInvalidate")->isEnabled(), patience);
    // What was can't be kept, so nothing may be deleted.
    QDir folder(m_session->config().dataFolder);
    QVERIFY(!folder.exists(QStringLiteral("undo")) || folder.rmdir(QStringLiteral("undo")));
    QVERIFY(folder.mkpath(QStringLiteral(".")));
    QFile inTheWay(folder.filePath(QStringLiteral("undo")));
    QVERIFY(inTheWay.open(QIODevice::WriteOnly));
    click("confirmInvalidate");
    QTRY_COMPARE_WITH_TIMEOUT(text("selectionText"), QStringLiteral("failed with 3 left"), patience);
    auto* const banner = find<QWidget>("cacheBanner");
    QVERIFY(banner->isVisible());
    QStringList said;
    for (const QLabel* label : banner->findChildren<QLabel*>())
        said += label->text();
    QVERIFY2(said.join(u' ').contains(QStringLiteral("Not all entries could be changed: ")),
        qPrintable(said.join(u' ')));
    QCOMPARE(storedEntries(), 4);
    click("bulkDetails");
    auto* const table = find<QTableView>("bulkResultTable");
    QVERIFY(table);
    const QAbstractItemModel* const model = table->model();
    QCOMPARE(model->rowCount(), 3);
    for (int row = 0; row < 3; ++row) {
        QVERIFY(model->index(row, 0).data().toString().contains(chosen.at(row).left(8)));
        QVERIFY(model->index(row, 1).data().toString().startsWith(QStringLiteral("the change failed")));
    }
    const int wanted = static_cast<const QAbstractItemView*>(table)->sizeHintForColumn(1);
    QVERIFY2(wanted <= table->columnWidth(1), qPrintable(QString::number(wanted))); // none is cut short
    find<QDialog>("bulkResults")->close();
}

void TestCacheTools::historySurvivesARestart()
{
    fill(8);
    open();
    waitForRows(8);
    clickRow(0);
    clickRow(2, Qt::ShiftModifier);
    QTRY_COMPARE(text("selectionTitle"), QStringLiteral("3 selected"));
    const QStringList chosen{fingerprintAt(0), fingerprintAt(1), fingerprintAt(2)};
    const auto before = waitForTask(m_session->store().readImages(chosen));
    click("invalidate");
    click("confirmInvalidate");
    waitForRows(5);
    restart();
    open();
    waitForRows(5);
    trigger(QStringLiteral("Changes of entries that can be undone…"));
    auto* history = find<QTableView>("undoTable");
    QVERIFY(history);
    QTRY_COMPARE_WITH_TIMEOUT(history->model()->rowCount(), 1, patience);
    QCOMPARE(history->model()->index(0, 1).data().toString(), QStringLiteral("Invalidated"));
    QCOMPARE(history->model()->index(0, 2).data().toString(), QStringLiteral("3"));
    click("undoChosen");
    waitForRows(8);
    QVERIFY(waitForTask(m_session->store().readImages(chosen)) == before);
}

void TestCacheTools::tagsOfMany()
{
    fill(30);
    open();
    waitForRows(30);
    m_table->selectAll();
    trigger(QStringLiteral("Tag selected entries…"));
    dialog("tagName")->setTextValue(QStringLiteral("spring"));
    dialog("tagName")->accept();
    const auto tagged = [&] {
        int count = 0;
        for (int row = 0; row < 30; ++row)
            count += m_table->model()
                         ->index(row, int(EntryColumn::Tags))
                         .data()
                         .toString()
                         .contains(QStringLiteral("spring"));
        return count;
    };
    QTRY_COMPARE_WITH_TIMEOUT(tagged(), 30, patience);
    QTRY_COMPARE_WITH_TIMEOUT(
        text("selectionTitle"), QStringLiteral("Tagged 30 entries with spring"), patience);
    find<QLineEdit>("filterField")->setText(QStringLiteral("tag=spring"));
    waitForRows(30);
    m_table->selectAll();
    auto* const menu = find<QMenu>("moreMenu");
    Q_EMIT menu->aboutToShow();
    for (QAction* action : menu->actions()) {
        if (action->text() != QStringLiteral("Remove a tag"))
            continue;
        const auto tags = action->menu()->actions();
        const auto spring = std::find_if(tags.begin(), tags.end(),
            [](const QAction* tag) { return tag->text() == QStringLiteral("spring"); });
        QVERIFY(spring != tags.end());
        (*spring)->trigger();
        break;
    }
    waitForRows(0);
}

void TestCacheTools::othersChangeWhatIsChanged_data()
{
    QTest::addColumn<bool>("redis");
    QTest::newRow("SQLite") << false;
    QTest::newRow("Redis") << true;
}

void TestCacheTools::othersChangeWhatIsChanged()
{
    QFETCH(bool, redis);
    test::RedisServer server;
    if (redis) {
        if (!test::RedisServer::isInstalled())
            QSKIP(qPrintable(test::RedisServer::missingText()));
        QVERIFY2(server.start(), qPrintable(server.log()));
        SessionConfig config = m_session->config();
        config.storeUrl = server.url();
        m_session = std::make_unique<Session>(config);
    }
    fill(3000);
    const auto theirs = other();
    openNotLive();
    // While the list is read somebody deletes every tenth entry, rewrites another and lets a third expire.
    QStringList deleted;
    QStringList rewritten;
    QStringList expired;
    const qint64 nowMs = m_session->clock().nowMs();
    for (quint32 number = 0; number < 3000; number += 10) {
        deleted += sampleEntry(number, nowMs).meta.fingerprint;
        rewritten += sampleEntry(number + 1, nowMs).meta.fingerprint;
        expired += sampleEntry(number + 2, nowMs).meta.fingerprint;
    }
    waitForTask(theirs->store().removeEntries(deleted));
    std::vector<BulkTarget> targets;
    for (const QString& fingerprint : expired)
        targets.push_back({fingerprint, 0});
    BulkAction expire{BulkAction::Kind::SetExpiry};
    expire.expiresMs = nowMs - 1000;
    waitForTask(changeMany(&theirs->store(), targets, expire, {}));
    QTRY_COMPARE_WITH_TIMEOUT(text("scanState"), QStringLiteral("scanned 100 %"), patience);
    QTest::keySequence(m_view.get(), QKeySequence::Refresh);
    waitForRows(2400);
    // While all are deleted, some are others than the user saw.
    BulkAction tag{BulkAction::Kind::AddTag};
    tag.tag = QStringLiteral("theirs");
    targets.clear();
    for (const QString& fingerprint : rewritten)
        targets.push_back({fingerprint, 0});
    QTRY_COMPARE_WITH_TIMEOUT(text("scanState"), QStringLiteral("scanned 100 %"), patience);
    m_table->selectAll();
    QTRY_COMPARE_WITH_TIMEOUT(text("selectionTitle"), QStringLiteral("2,400 selected"), patience);
    waitForTask(changeMany(&theirs->store(), targets, tag, {}));
    click("invalidate");
    click("confirmInvalidate");
    QTRY_COMPARE_WITH_TIMEOUT(text("selectionTitle"), QStringLiteral("Invalidated 2,100 entries"), patience);
    const auto left = waitForTask(m_session->store().readImages(rewritten));
    QCOMPARE(left.size(), std::size_t(300));
    for (const EntryImage& image : left)
        QCOMPARE(metaFromImage(image).tags.contains(QStringLiteral("theirs")), true);
    closeAll();
}

LLMCACHE_GUI_TEST_MAIN(TestCacheTools)
#include "tst_cachetools.moc"
