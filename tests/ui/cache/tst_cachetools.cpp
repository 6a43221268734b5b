#include "cache/bulkchange.h"
#include "cache/entrycsv.h"
#include "cache/entrytablemodel.h"
#include "cache/filtercompletion.h"
#include "cache/filterfield.h"
#include "cache/grouppanel.h"
#include "cacheviewtest.h"
#include "redisserver.h"
#include "sampleentries.h"
#include "waitfortask.h"
#include "widgets/chip.h"

#include <QAbstractItemModelTester>
#include <QClipboard>
#include <QFile>
#include <QInputDialog>
#include <QLineEdit>
#include <QMenu>
#include <QSignalSpy>
#include <QTableView>
#include <QToolButton>

using namespace llmcache;
using namespace llmcache::ui;
using llmcache::test::sampleEntry;
using llmcache::test::waitForTask;

/// What one does with many entries: filter, group, guard, export, take back.
class TestCacheTools : public test::CacheViewTest {
    Q_OBJECT
private Q_SLOTS:
    void groupsHaveSums();
    void conditionsBecomeChips();
    void completion_data();
    void completion();
    void completionOffersWhatThereIs();
    void filtersAreSaved();
    void csvFieldsAreNoFormulas();
    void tableIsExportedAsCsv();
    void rowsAreCopiedAsJson();
    void productionAsksForTheName();
    void aChangedFilterVoidsTheQuestion();
    void readOnlyOffersNoChange();
    void resultsNameWhatStayed();
    void historySurvivesARestart();
    void tagsOfMany();
    void othersChangeWhatIsChanged_data();
    void othersChangeWhatIsChanged();

private:
    void trigger(const QString& command) const
    {
        for (QAction* action : m_view->commands()) {
            if (action->text() == command)
                action->trigger();
        }
    }
    QAction* menuAction(const char* button, const QString& text) const
    {
        auto* const menu = find<QPushButton>(button)->menu();
        Q_EMIT menu->aboutToShow();
        for (QAction* action : menu->actions()) {
            if (action->text() == text)
                return action;
        }
        return nullptr;
    }
    QInputDialog* dialog(const char* name) const { return find<QInputDialog>(name); }
};

void TestCacheTools::groupsHaveSums()
{
    fill(200);
    open();
    waitForRows(200);
    auto* panel = find<QWidget>("groupPanel");
    QVERIFY(!panel->isVisible());
    menuAction("groupButton", QStringLiteral("By agent"))->trigger();
    QVERIFY(panel->isVisible());
    auto* table = find<QTableView>("groupTable");
    QTRY_VERIFY_WITH_TIMEOUT(table->model()->rowCount() > 3, patience);
    QAbstractItemModelTester tester(table->model(), QAbstractItemModelTester::FailureReportingMode::QtTest);
    // The sums are those of the entries.
    QHash<QString, int> counts;
    QHash<QString, Money> costs;
    for (quint32 number = 0; number < 200; ++number) {
        const EntryMeta meta = sampleEntry(number, m_session->clock().nowMs()).meta;
        ++counts[meta.agent];
        costs[meta.agent] += meta.cost.value_or(Money());
    }
    QCOMPARE(table->model()->rowCount(), int(counts.size()));
    for (int row = 0; row < table->model()->rowCount(); ++row) {
        const QString agent = table->model()->index(row, EntryGroupsModel::Name).data().toString();
        QCOMPARE(table->model()->index(row, EntryGroupsModel::Entries).data().toString(),
            QString::number(counts.value(agent)));
        const QModelIndex cost = table->model()->index(row, EntryGroupsModel::Cost);
        QCOMPARE(cost.data().toString(), costs.value(agent).toDisplay());
        const QString exact = cost.data(Qt::ToolTipRole).toString().section(QLatin1Char(','), 0, 0);
        QCOMPARE(exact, QLatin1Char('$') + costs.value(agent).toDecimal()); // to the last digit
    }
    // One of them alone.
    const QString chosen = table->model()->index(1, 0).data().toString();
    table->selectRow(1);
    waitForRows(counts.value(chosen));
    for (int row = 0; row < m_table->model()->rowCount(); ++row)
        QCOMPARE(m_table->model()->index(row, int(EntryColumn::Agent)).data().toString(), chosen);
    QCOMPARE(table->model()->rowCount(), int(counts.size())); // the others are still there to choose
    click("showAllGroups");
    waitForRows(200);
    // With the filter, and remembered.
    find<QLineEdit>("filterField")->setText(QStringLiteral("agent=") + chosen);
    QTRY_COMPARE_WITH_TIMEOUT(table->model()->rowCount(), 1, patience);
    QCOMPARE(m_settings->value(QStringLiteral("cache/group")).toString(), QStringLiteral("agent"));
    menuAction("groupButton", QStringLiteral("No groups"))->trigger();
    QVERIFY(!panel->isVisible());
}

void TestCacheTools::conditionsBecomeChips()
{
    fill(60);
    open();
    waitForRows(60);
    auto* line = find<QLineEdit>("filterField");
    auto* field = m_view->findChild<FilterField*>();
    QTest::keyClicks(line, QStringLiteral("agent:triage -is:pinned refund "));
    QCOMPARE(line->text(), QStringLiteral("refund "));
    QCOMPARE(field->text(), QStringLiteral("agent:triage -is:pinned refund"));
    auto chips = line->findChildren<Chip*>();
    QCOMPARE(chips.size(), 2);
    QTRY_VERIFY_WITH_TIMEOUT(m_table->model()->rowCount() < 60, patience);
    for (int row = 0; row < m_table->model()->rowCount(); ++row)
        QCOMPARE(m_table->model()->index(row, int(EntryColumn::Agent)).data().toString(),
            QStringLiteral("triage"));
    // Backspace at the beginning makes the last one text again.
    line->setCursorPosition(0);
    QTest::keyClick(line, Qt::Key_Backspace);
    QCOMPARE(line->text(), QStringLiteral("-is:pinned refund "));
    QCOMPARE(line->findChildren<Chip*>().size(), 1);
    // Its cross removes one.
    line->setText({});
    QTest::mouseClick(line->findChild<Chip*>()->findChild<QToolButton*>(), Qt::LeftButton);
    QTRY_COMPARE(line->findChildren<Chip*>().size(), 0);
    waitForRows(60);
    // What is no condition by itself stays text; what is wrong is explained at its place.
    QTest::keyClicks(line, QStringLiteral("(task:a OR task:b) "));
    QCOMPARE(line->findChildren<Chip*>().size(), 0);
    line->setText({});
    // A choice beside a chip is a choice among what the chip lets through.
    QTest::keyClicks(line, QStringLiteral("agent:triage is:human OR is:pinned"));
    QCOMPARE(line->findChildren<Chip*>().size(), 1);
    QCOMPARE(line->text(), QStringLiteral("is:human OR is:pinned"));
    QCOMPARE(field->text(), QStringLiteral("agent:triage (is:human OR is:pinned)"));
    QTRY_VERIFY_WITH_TIMEOUT(m_table->model()->rowCount() < 60, patience);
    for (int row = 0; row < m_table->model()->rowCount(); ++row)
        QCOMPARE(m_table->model()->index(row, int(EntryColumn::Agent)).data().toString(),
            QStringLiteral("triage"));
    QVERIFY(m_table->model()->rowCount() > 0);
    // However many chips there are, there is room to type.
    field->setText(
        QStringLiteral("agent:triage agent:t agent:tr agent:tri agent:trig agent:tria task:a task:t "
                       "model:claude model:haiku model:anthropic created>2020-01-01 age>0s "));
    QCOMPARE(line->findChildren<Chip*>().size(), 13);
    QVERIFY(line->width() - line->textMargins().left() >= 150);
    line->setText({});
    field->clear();
    QTest::keyClicks(line, QStringLiteral("agent:triage cost>x "));
    QTRY_VERIFY_WITH_TIMEOUT(field->hasError(), patience);
    QCOMPARE(line->text(), QStringLiteral("cost>x "));
    QTest::keyClick(line, Qt::Key_Escape);
    QTest::keyClick(line, Qt::Key_Escape);
    QCOMPARE(field->text(), QString());
    waitForRows(60);
}

void TestCacheTools::completion_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<QStringList>("candidates");
    const auto list = [](std::initializer_list<const char*> texts) {
        QStringList result;
        for (const char* text : texts)
            result += QString::fromUtf8(text);
        return result;
    };
    QTest::newRow("nothing") << QString() << QStringList();
    QTest::newRow("field") << QStringLiteral("refund ag") << list({"agent:", "age>"});
    QTest::newRow("left out") << QStringLiteral("-tas") << list({"task:"});
    QTest::newRow("values") << QStringLiteral("agent:")
                            << list({"agent:profiler", "agent:triage", "agent:\"a b\""});
    QTest::newRow("part of a value") << QStringLiteral("(agent=ri") << list({"agent=triage"});
    QTest::newRow("properties") << QStringLiteral("is:pi")
                                << list({"is:expired", "is:expired-soon", "is:pinned"});
    QTest::newRow("in quotes") << QStringLiteral("text:\"ag") << QStringList();
    QTest::newRow("numbers") << QStringLiteral("cost>") << QStringList();
}

void TestCacheTools::completion()
{
    QFETCH(QString, text);
    QFETCH(QStringList, candidates);
    QStringList offered = completeFilter(text, text.size(), [](const QString& field) {
        return field == QLatin1String("agent")
            ? QStringList{QStringLiteral("profiler"), QStringLiteral("triage"), QStringLiteral("a b")}
            : QStringList();
    }).candidates;
    offered.sort();
    candidates.sort();
    QCOMPARE(offered, candidates);
}

void TestCacheTools::completionOffersWhatThereIs()
{
    fill(60);
    open();
    waitForRows(60);
    auto* line = find<QLineEdit>("filterField");
    QTest::keyClicks(line, QStringLiteral("agent:tri"));
    QAbstractItemView* offers = nullptr;
    for (QWidget* widget : QApplication::topLevelWidgets()) {
        if (widget->objectName() == QLatin1String("filterOffers"))
            offers = qobject_cast<QAbstractItemView*>(widget);
    }
    QVERIFY(offers && offers->isVisible());
    QCOMPARE(offers->model()->index(0, 0).data().toString(), QStringLiteral("agent:triage"));
    QTest::keyClick(line, Qt::Key_Down);
    QTest::keyClick(line, Qt::Key_Return);
    QTRY_COMPARE(m_view->findChild<FilterField*>()->text(), QStringLiteral("agent:triage"));
    QCOMPARE(line->findChildren<Chip*>().size(), 1);
}

void TestCacheTools::filtersAreSaved()
{
    fill(60);
    open();
    waitForRows(60);
    QVERIFY(!menuAction("savedButton", QStringLiteral("Save this filter…"))->isEnabled());
    find<QLineEdit>("filterField")->setText(QStringLiteral("agent:triage"));
    QTRY_VERIFY_WITH_TIMEOUT(m_table->model()->rowCount() < 60, patience);
    const int rows = m_table->model()->rowCount();
    menuAction("savedButton", QStringLiteral("Save this filter…"))->trigger();
    dialog("filterName")->setTextValue(QStringLiteral("tickets & more"));
    dialog("filterName")->accept();
    find<QLineEdit>("filterField")->setText({});
    waitForRows(60);
    menuAction("savedButton", QStringLiteral("tickets && more"))->trigger();
    waitForRows(rows);
    QAction* const forget = menuAction("savedButton", QStringLiteral("Forget"));
    QVERIFY(forget);
    forget->menu()->actions().constFirst()->trigger();
    QVERIFY(!menuAction("savedButton", QStringLiteral("tickets && more")));
}

void TestCacheTools::csvFieldsAreNoFormulas()
{
    QCOMPARE(csvField(QStringLiteral("plain"), false), QByteArray("plain"));
    QCOMPARE(csvField(QStringLiteral("=HYPERLINK(\"http://x\")"), false),
        QByteArray("\"'=HYPERLINK(\"\"http://x\"\")\""));
    for (const char* text : {"+1", "-1", "@x", "\tx"})
        QVERIFY(csvField(QString::fromLatin1(text), false).contains('\''));
    QCOMPARE(csvField(QStringLiteral("-1"), true), QByteArray("-1"));
    QCOMPARE(csvField(QStringLiteral("a,b\n\"c\""), false), QByteArray("\"a,b\n\"\"c\"\"\""));
}

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
    QTest::keyClick(m_table, Qt::Key_C, Qt::ControlModifier | Qt::ShiftModifier);
    const Json copied = parseJson(QApplication::clipboard()->text().toUtf8(), QStringLiteral("clipboard"));
    QCOMPARE(copied.size(), std::size_t(1));
    QCOMPARE(stringMember(copied[0], "fingerprint"), fingerprintAt(1));
    QVERIFY(
        copied[0].contains("agent") && copied[0].contains("cost_usd") && copied[0].contains("expires_ms"));
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
