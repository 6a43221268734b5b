#include "cache/entrytablemodel.h"
#include "cache/filtercompletion.h"
#include "cache/filterfield.h"
#include "cache/grouppanel.h"
#include "cache/request.h"
#include "cacheviewtest.h"
#include "sampleentries.h"
#include "waitfortask.h"
#include "widgets/chip.h"
#include "widgets/format.h"

#include <QAbstractItemModelTester>
#include <QLineEdit>
#include <QTableView>
#include <QToolButton>
#include <QUuid>

using namespace llmcache;
using namespace llmcache::ui;
using llmcache::test::sampleEntry;
using llmcache::test::waitForTask;

/// What is in sight of many entries: the filter and the groups.
class TestCacheFilter : public test::CacheViewTest {
    Q_OBJECT
private Q_SLOTS:
    void groupsHaveSums();
    void anotherGroupVoidsTheQuestion();
    void conditionsBecomeChips();
    void completion_data();
    void completion();
    void completionOffersWhatThereIs();
    void filtersAreSaved();
    void rowsInSightAreChecked();
};

void TestCacheFilter::groupsHaveSums()
{
    fill(200);
    std::vector<Call> calls;
    for (quint32 number = 0; number < 200; number += 3) {
        Call call;
        call.id = QUuid::createUuid().toString(QUuid::WithoutBraces);
        call.timeMs = m_session->clock().nowMs();
        call.outcome = Outcome::Hit;
        call.fingerprint = sampleEntry(number, call.timeMs).meta.fingerprint;
        calls.push_back(std::move(call));
    }
    waitForTask(m_session->store().recordCalls(std::move(calls)));
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
    QHash<QString, Money> saved;
    QHash<QString, qint64> hits;
    QHash<QString, qint64> bytes;
    for (quint32 number = 0; number < 200; ++number) {
        const EntryMeta meta = sampleEntry(number, m_session->clock().nowMs()).meta;
        ++counts[meta.agent];
        costs[meta.agent] += meta.cost.value_or(Money());
    }
    for (int row = 0; row < m_table->model()->rowCount(); ++row) { // what only the store knows
        const EntryMeta meta = qobject_cast<EntryTableModel*>(m_table->model())->metaAt(row);
        saved[meta.agent] += meta.cost.value_or(Money()) * meta.hits;
        hits[meta.agent] += meta.hits;
        bytes[meta.agent] += meta.bytes;
    }
    QCOMPARE(table->model()->rowCount(), int(counts.size()));
    for (int row = 0; row < table->model()->rowCount(); ++row) {
        const QString agent = table->model()->index(row, EntryGroupsModel::Name).data().toString();
        QCOMPARE(table->model()->index(row, EntryGroupsModel::Entries).data().toString(),
            QString::number(counts.value(agent)));
        QCOMPARE(table->model()->index(row, EntryGroupsModel::Size).data().toString(),
            format::bytes(bytes.value(agent)));
        QCOMPARE(table->model()->index(row, EntryGroupsModel::Hits).data().toString(),
            format::count(hits.value(agent)));
        QCOMPARE(table->model()->index(row, EntryGroupsModel::Saved).data().toString(),
            saved.value(agent).toDisplay());
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

void TestCacheFilter::anotherGroupVoidsTheQuestion()
{
    fill(40);
    open();
    waitForRows(40);
    menuAction("groupButton", QStringLiteral("By agent"))->trigger();
    auto* table = find<QTableView>("groupTable");
    QTRY_VERIFY_WITH_TIMEOUT(table->model()->rowCount() > 1, patience);
    clickRow(0);
    click("invalidate");
    auto* confirm = find<QPushButton>("confirmInvalidate");
    QTRY_COMPARE_WITH_TIMEOUT(confirm->text(), QStringLiteral("Invalidate 1 entry"), patience);
    table->selectRow(1);
    QVERIFY(!confirm->isVisible());
    QCOMPARE(storedEntries(), 40);
}

void TestCacheFilter::conditionsBecomeChips()
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

void TestCacheFilter::completion_data()
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

void TestCacheFilter::completion()
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

void TestCacheFilter::completionOffersWhatThereIs()
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

void TestCacheFilter::filtersAreSaved()
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
    QAction* const saved = menuAction("savedButton", QStringLiteral("tickets && more"));
    QVERIFY(saved);
    saved->trigger();
    waitForRows(rows);
    QAction* const forget = menuAction("savedButton", QStringLiteral("Forget"));
    QVERIFY(forget);
    forget->menu()->actions().constFirst()->trigger();
    QVERIFY(!menuAction("savedButton", QStringLiteral("tickets && more")));
}

void TestCacheFilter::rowsInSightAreChecked()
{
    Agent agent;
    agent.name = QStringLiteral("profiler");
    agent.model = QStringLiteral("test:large");
    agent.output = OutputType::json(QStringLiteral("Contact"),
        parseJson(R"({"type":"object","properties":{"email":{"type":"string"}},"required":["email"]})",
            QStringLiteral("schema")));
    waitForTask(m_session->store().saveAgent(agent, -1, QStringLiteral("ana"), 0));
    Request request;
    request.model = ModelRef::parse(agent.model);
    request.prompt = QStringLiteral("Whom shall I write to?");
    request.output = agent.output;
    Commit commit;
    commit.entry = sampleEntry(1, m_session->clock().nowMs());
    EntryMeta& meta = commit.entry.meta;
    meta.fingerprint = fingerprint(request);
    meta.agent = agent.name;
    meta.python = meta.pinned = meta.human = false;
    commit.entry.request = toJson(request);
    commit.entry.output = Json{{"name", "Alex"}};
    waitForTask(m_session->store().commit(commit));
    const auto cell = [this](EntryColumn column) {
        return m_table->model()->index(0, int(column)).data().toString();
    };
    openNotLive();
    waitForRows(1);
    // Nobody has asked for it, and nothing has to be remembered.
    QTRY_COMPARE_WITH_TIMEOUT(cell(EntryColumn::Flags), QStringLiteral("✕"), patience);
    restart();
    openNotLive();
    waitForRows(1);
    QTRY_COMPARE_WITH_TIMEOUT(cell(EntryColumn::Flags), QStringLiteral("✕"), patience);

    // The answer that takes its place is another one, though it is a first revision, too.
    waitForTask(m_session->store().removeEntries({meta.fingerprint}));
    ++meta.createdMs;
    meta.answerExcerpt = QStringLiteral("alex@example.com");
    commit.entry.output = Json{{"email", "alex@example.com"}};
    QCOMPARE(waitForTask(m_session->store().commit(commit)), qint64(1));
    QTest::keyClick(m_table, Qt::Key_F5);
    QTRY_VERIFY_WITH_TIMEOUT(cell(EntryColumn::Answer).contains(QStringLiteral("alex@")), patience);
    QCOMPARE(cell(EntryColumn::Flags), QString());

    // It does not fit any more once the agent asks for more.
    agent.output.schema["required"].push_back("name");
    waitForTask(m_session->store().saveAgent(agent, -1, QStringLiteral("ana"), 0));
    m_view->activate(); // as when one comes back from the workbench
    QTRY_COMPARE_WITH_TIMEOUT(cell(EntryColumn::Flags), QStringLiteral("✕"), patience);
}

LLMCACHE_GUI_TEST_MAIN(TestCacheFilter)
#include "tst_cachefilter.moc"
