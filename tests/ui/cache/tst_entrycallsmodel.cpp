#include "cache/entrycallsmodel.h"
#include "guitest.h"

#include <QAbstractItemModelTester>
#include <QSignalSpy>

using namespace llmcache;
using namespace llmcache::ui;

class TestEntryCallsModel : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void newCallsComeOnTop();
    void anotherListReplacesIt();

private:
    /// Calls with these numbers, the newest first.
    static std::vector<Call> calls(int newest, int oldest);
    static QString users(const EntryCallsModel& model);
};

std::vector<Call> TestEntryCallsModel::calls(int newest, int oldest)
{
    std::vector<Call> list;
    for (int number = newest; number >= oldest; --number) {
        Call call;
        call.id = QStringLiteral("call %1").arg(number);
        call.user = QString::number(number);
        call.timeMs = 1'795'392'000'000 + number * 1000;
        list.push_back(std::move(call));
    }
    return list;
}

QString TestEntryCallsModel::users(const EntryCallsModel& model)
{
    QStringList list;
    for (int row = 0; row < model.rowCount(); ++row)
        list << model.index(row, EntryCallsModel::User).data().toString();
    return list.join(QLatin1Char(' '));
}

void TestEntryCallsModel::newCallsComeOnTop()
{
    EntryCallsModel model;
    const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    model.setCalls(calls(5, 1), 1'795'392'010'000);
    const QPersistentModelIndex third = model.index(2, EntryCallsModel::User);
    const QSignalSpy resets(&model, &QAbstractItemModel::modelReset);
    model.setCalls(calls(7, 1), 1'795'392'010'000);
    QCOMPARE(users(model), QStringLiteral("7 6 5 4 3 2 1"));
    // The oldest are left out once there are too many, and nothing new is nothing to do.
    model.setCalls(calls(8, 3), 1'795'392'010'000);
    model.setCalls(calls(8, 3), 1'795'392'010'000);
    QCOMPARE(users(model), QStringLiteral("8 7 6 5 4 3"));
    QCOMPARE(resets.count(), 0);
    QCOMPARE(third.row(), 5);
    QCOMPARE(third.data().toString(), QStringLiteral("3"));
}

void TestEntryCallsModel::anotherListReplacesIt()
{
    EntryCallsModel model;
    const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    model.setCalls({}, 0);
    model.setCalls(calls(5, 1), 0);
    model.setCalls(calls(30, 20), 0);
    QCOMPARE(model.rowCount(), 11);
    auto gap = calls(31, 20);
    gap.erase(gap.begin() + 3);
    model.setCalls(gap, 0);
    QCOMPARE(model.rowCount(), 11);
    QVERIFY(users(model).startsWith(QStringLiteral("31 30 29 27")));
    model.setCalls({}, 0);
    QCOMPARE(model.rowCount(), 0);
}

LLMCACHE_GUI_TEST_MAIN(TestEntryCallsModel)
#include "tst_entrycallsmodel.moc"
