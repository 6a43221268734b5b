// Repricing from the Costs view: what is shown, applied and undone is what the ledger says, to the last
// digit.

#include "costs/callsmodel.h"
#include "costs/repricedialog.h"
#include "costs/repricingmodel.h"
#include "costsviewtest.h"
#include "sideconnection.h"
#include "widgets/errorbanner.h"

#include <QAbstractItemModelTester>
#include <QSignalSpy>

using namespace llmcache;
using namespace llmcache::ui;
using llmcache::test::CostsWindow;
using llmcache::test::patience;

namespace {

const QString gpt = QStringLiteral("openai:gpt-5");

PriceTable tableOf(const char* inputPrice)
{
    const QByteArray text = R"({"schema": 1, "version": "2026-11", "providers": [
        {"id": "openai", "name": "OpenAI", "prefixes": ["openai"], "models": [
            {"id": "gpt-5", "prices": [{"input": "%1", "output": "10"}]}]}]})";
    return PriceTable::fromJson(
        QByteArray(text).replace("%1", inputPrice), QStringLiteral("the test's table"));
}

Call callOf(const QString& model, Outcome outcome, const char* amount, qint64 timeMs)
{
    Call call;
    call.timeMs = timeMs;
    call.task = QStringLiteral("task");
    call.model = model;
    call.outcome = outcome;
    call.attempts = outcome == Outcome::Miss ? 1 : 0;
    call.usage.inputTokens = 10;
    call.usage.outputTokens = 3;
    const Money money = *Money::fromDecimal(QString::fromLatin1(amount));
    if (outcome == Outcome::Hit)
        call.avoided = money;
    call.cost = outcome == Outcome::Hit ? Money() : money;
    return call;
}

} // namespace

class TestRepricing : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();
    void cleanup() { m_costs.reset(); }
    void shownAppliedAndUndone();
    void onlyTheRangeOfTheView();
    void nothingToChange();
    void aCancelledOneChangesNothing();
    void aDialogClosedMeanwhileIsNoticed();
    void readOnlyConnectionsSayWhatToDo();
    void rowsAreSound();

private:
    void ask() const
    {
        QTest::mouseClick(m_costs->find<QPushButton>(QStringLiteral("open repricing")), Qt::LeftButton);
        QVERIFY(dialog()->isVisible());
        QTRY_COMPARE_WITH_TIMEOUT(dialog()->activeTasks(), 0, patience);
    }
    RepriceDialog* dialog() const { return m_costs->find<RepriceDialog>(QStringLiteral("reprice")); }
    QPushButton* button(const char* name) const
    {
        return m_costs->find<QPushButton>(QLatin1String(name) + QStringLiteral(" repricing"));
    }
    void click(const char* name) const
    {
        QTest::mouseClick(button(name), Qt::LeftButton);
        QTRY_COMPARE_WITH_TIMEOUT(dialog()->activeTasks(), 0, patience);
    }
    QString exact(int row, int column) const
    {
        const auto* model = m_costs->find<QTableView>(QStringLiteral("repricing"))->model();
        return model->index(row, column).data(Qt::ToolTipRole).toString().section(QLatin1Char('\n'), 0, 0);
    }
    QString summary() const { return m_costs->find<QLabel>(QStringLiteral("repricing summary"))->text(); }
    Money billed() const { return test::waitForTask(m_costs->session->report({})).total.sums.billed; }

    std::unique_ptr<CostsWindow> m_costs;
    qint64 m_nowMs = 0;
};

void TestRepricing::init()
{
    m_costs = std::make_unique<CostsWindow>();
    m_costs->session->setPrices(tableOf("3"));
    m_nowMs = m_costs->session->clock().nowMs();
}

void TestRepricing::shownAppliedAndUndone()
{
    // By the table: 10 in at $3 and 3 out at $10 a million are $0.00006.
    m_costs->record({callOf(gpt, Outcome::Miss, "0.000000000007", m_nowMs - 1),
        callOf(gpt, Outcome::Miss, "0.00006", m_nowMs - 2),
        callOf(gpt, Outcome::Hit, "0.000000000007", m_nowMs - 3),
        callOf(QStringLiteral("ollama:own"), Outcome::Miss, "0.000000000001", m_nowMs - 4)});
    m_costs->open();
    ask();
    QCOMPARE(exact(0, RepricingModel::Charged), QStringLiteral("$0.000060000008 exactly"));
    QCOMPARE(exact(0, RepricingModel::Repriced), QStringLiteral("$0.000120000001 exactly"));
    QCOMPARE(exact(1, RepricingModel::Model), gpt);
    QCOMPARE(exact(1, RepricingModel::Charged), QStringLiteral("$0.000060000007 exactly"));
    QCOMPARE(exact(1, RepricingModel::Repriced), QStringLiteral("$0.00012 exactly"));
    QCOMPARE(exact(1, RepricingModel::Saved), QStringLiteral("$0.000000000007 exactly"));
    QCOMPARE(exact(1, RepricingModel::SavedRepriced), QStringLiteral("$0.00006 exactly"));
    QCOMPARE(exact(2, RepricingModel::Model), QStringLiteral("ollama:own"));
    QCOMPARE(summary(),
        QStringLiteral(
            "2 of 4 calls cost something else by the prices of 2026-11. 1 call stays as charged: these "
            "prices do not cover them."));
    QVERIFY(!button("undo")->isVisible());
    QCOMPARE(billed().toDecimal(), QStringLiteral("0.000060000008")); // a look changes nothing

    click("apply");
    QCOMPARE(billed().toDecimal(), QStringLiteral("0.000120000001"));
    QVERIFY(!button("apply")->isEnabled());
    QVERIFY(m_costs->find<QLabel>(QStringLiteral("repricing in force"))
                ->text()
                .contains(QStringLiteral("2026-11")));
    m_costs->settle();
    QCOMPARE(m_costs->view->snapshot().total.billed.toDecimal(), QStringLiteral("0.000120000001"));
    auto* const opener = m_costs->find<QPushButton>(QStringLiteral("open repricing"));
    QCOMPARE(opener->text(), QStringLiteral("Repriced"));

    const auto* const calls = m_costs->find<QTableView>(QStringLiteral("calls"))->model();
    QCOMPARE(calls->index(0, CallsModel::Cost).data().toString(), QStringLiteral("$0.00006"));

    click("undo");
    QCOMPARE(billed().toDecimal(), QStringLiteral("0.000060000008"));
    QVERIFY(!button("undo")->isVisible());
    QVERIFY(button("apply")->isEnabled());
    m_costs->settle();
    QCOMPARE(m_costs->view->snapshot().total.billed.toDecimal(), QStringLiteral("0.000060000008"));
    QCOMPARE(opener->text(), QStringLiteral("Reprice…"));
}

void TestRepricing::onlyTheRangeOfTheView()
{
    constexpr qint64 dayMs = 86'400'000;
    m_costs->record({callOf(gpt, Outcome::Miss, "1", m_nowMs - 1),
        callOf(gpt, Outcome::Miss, "1", m_nowMs - 20 * dayMs)});
    m_costs->open();
    m_costs->view->setRange(CostsRange::Week);
    m_costs->settle();
    ask();
    QCOMPARE(exact(0, RepricingModel::Calls), QStringLiteral("1"));
    click("apply");
    QCOMPARE(billed().toDecimal(), QStringLiteral("1.00006"));
}

void TestRepricing::nothingToChange()
{
    m_costs->record({callOf(gpt, Outcome::Miss, "0.00006", m_nowMs - 1)});
    m_costs->open();
    ask();
    QCOMPARE(summary(), QStringLiteral("All 1 call cost the same by the prices of 2026-11."));
    QVERIFY(!button("apply")->isEnabled());
}

void TestRepricing::aCancelledOneChangesNothing()
{
    std::vector<Call> calls;
    for (int i = 0; i < 60'000; ++i)
        calls.push_back(callOf(gpt, Outcome::Miss, "1", m_nowMs - 1 - i));
    m_costs->record(std::move(calls));
    m_costs->open();
    ask();
    QVERIFY2(button("apply")->isEnabled(), qPrintable(summary()));
    // On a busy machine all could be applied before the second click: the file is locked until then.
    test::SideConnection other(m_costs->folder.filePath(QStringLiteral("data/cache.sqlite")));
    other.run(QStringLiteral("BEGIN IMMEDIATE"));
    QTest::mouseClick(button("apply"), Qt::LeftButton);
    QVERIFY(!button("apply")->isEnabled());
    QTest::mouseClick(button("cancel"), Qt::LeftButton);
    other.run(QStringLiteral("ROLLBACK"));
    QTRY_COMPARE_WITH_TIMEOUT(dialog()->activeTasks(), 0, patience);
    QCOMPARE(button("apply")->text(), QStringLiteral("Apply")); // and not "Applied"
    QTRY_VERIFY_WITH_TIMEOUT(button("apply")->isEnabled(), patience);
    QVERIFY(!button("cancel")->isVisible());
    QVERIFY(!dialog()->findChild<ErrorBanner*>()->isVisible());
    QCOMPARE(billed(), *Money::fromDecimal(QStringLiteral("60000")));
}

void TestRepricing::aDialogClosedMeanwhileIsNoticed()
{
    m_costs->record({callOf(gpt, Outcome::Miss, "1", m_nowMs - 1)});
    m_costs->open();
    ask();
    click("apply");
    m_costs->settle();
    const auto shown = [this] { return m_costs->view->snapshot().total.billed.toDecimal(); };
    QCOMPARE(shown(), QStringLiteral("0.00006"));
    // What was begun may come to its end all the same, and then it is shown.
    QTest::mouseClick(button("undo"), Qt::LeftButton);
    dialog()->close();
    QTRY_COMPARE_WITH_TIMEOUT(dialog()->activeTasks(), 0, patience);
    m_costs->settle();
    QCOMPARE(billed().toDecimal(), QStringLiteral("1"));
    QTRY_COMPARE_WITH_TIMEOUT(shown(), QStringLiteral("1"), patience);
}

void TestRepricing::readOnlyConnectionsSayWhatToDo()
{
    m_costs->record({callOf(gpt, Outcome::Miss, "1", m_nowMs - 1)});
    SessionConfig config = m_costs->session->config();
    config.connection.readOnly = true;
    m_costs->session = std::make_unique<Session>(config);
    m_costs->open();
    ask();
    auto* const banner = dialog()->findChild<ErrorBanner*>();
    QVERIFY(banner->isVisible());
    QVERIFY2(banner->what().contains(QStringLiteral("read-only")), qPrintable(banner->what()));
    QVERIFY(!button("apply")->isEnabled());
}

void TestRepricing::rowsAreSound()
{
    RepricingModel model;
    const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    Repricing repricing;
    model.setRepricing(repricing);
    QCOMPARE(model.rowCount(), 0);
    repricing.total.calls = 3;
    repricing.total.unpricedBefore = 2;
    repricing.models = {{gpt, repricing.total}};
    model.setRepricing(repricing);
    QCOMPARE(model.rowCount(), 2);
    QVERIFY(model.index(1, RepricingModel::Charged)
                .data(Qt::ToolTipRole)
                .toString()
                .contains(QStringLiteral("2 calls of unknown cost")));
}

LLMCACHE_GUI_TEST_MAIN(TestRepricing)
#include "tst_repricing.moc"
