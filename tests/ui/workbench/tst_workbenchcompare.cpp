#include "widgets/diffview.h"
#include "workbench/comparedialog.h"
#include "workbench/runhistory.h"
#include "workbench/runpanel.h"
#include "workbenchtest.h"

#include <QComboBox>
#include <QTableView>
#include <QTextEdit>

using namespace llmcache;
using namespace llmcache::ui;
using llmcache::test::ScriptedProvider;
using llmcache::test::WorkbenchTest;

/// Runs side by side.
class TestWorkbenchCompare : public WorkbenchTest {
    Q_OBJECT
private Q_SLOTS:
    void twoRunsAreCompared();
    void pastRunsAreCompared();
    void anyTwoOfThreeAreCompared();
    void structuredAnswersAreComparedByPlace();

private:
    static QString differences(const CompareDialog* dialog)
    {
        return dialog->findChild<DiffView*>()->findChild<QTextEdit*>()->toPlainText();
    }
};

void TestWorkbenchCompare::twoRunsAreCompared()
{
    open();
    choose(echo);
    run(QStringLiteral("alone"));
    click("compare");
    QVERIFY(find<ErrorBanner>("answer problem")->isVisible()); // with what?
    run(QStringLiteral("alone no more"));
    click("compare");
    auto* const dialog = m_window->findChild<CompareDialog*>();
    QVERIFY(dialog);
    auto* const differences = dialog->findChild<DiffView*>();
    QTRY_VERIFY_WITH_TIMEOUT(differences->changeCount() > 0, patience);
    QStringList labels;
    for (const QLabel* label :
        dialog->findChild<QWidget*>(QStringLiteral("compare figures"))->findChildren<QLabel*>())
        labels.append(label->text());
    QVERIFY(labels.contains(QStringLiteral("#1")) && labels.contains(QStringLiteral("#2")));
    QVERIFY(labels.contains(QStringLiteral("test:echo")));
    const auto views =
        dialog->findChild<QWidget*>(QStringLiteral("compare columns"))->findChildren<CodeView*>();
    QCOMPARE(views.size(), 2);
    QVERIFY(views.at(0)->text().contains(QStringLiteral("alone")));
    dialog->close();
}

void TestWorkbenchCompare::pastRunsAreCompared()
{
    open();
    choose(echo);
    for (const char* prompt : {"one", "two", "three"})
        run(QString::fromLatin1(prompt));
    QTRY_COMPARE_WITH_TIMEOUT(m_view->activeTasks(), 0, patience);
    command(QStringLiteral("Run history"));
    auto* const dialog = m_window->findChild<RunHistoryDialog*>();
    QVERIFY(dialog);
    auto* const table = dialog->findChild<QTableView*>(QStringLiteral("past runs"));
    QTRY_COMPARE_WITH_TIMEOUT(table->model()->rowCount(), 3, patience);
    auto* const button = dialog->findChild<QPushButton*>(QStringLiteral("compare past runs"));
    QVERIFY(!button->isEnabled());
    const auto pick = [table](int row) {
        QTest::mouseClick(table->viewport(), Qt::LeftButton, Qt::ControlModifier,
            table->visualRect(table->model()->index(row, 0)).center());
    };
    pick(1);
    pick(2);
    QVERIFY(button->isEnabled());
    QTest::mouseClick(button, Qt::LeftButton);
    auto* const compare = dialog->findChild<CompareDialog*>();
    QVERIFY(compare);
    const auto views = [compare] {
        return compare->findChild<QWidget*>(QStringLiteral("compare columns"))->findChildren<CodeView*>();
    };
    QTRY_COMPARE_WITH_TIMEOUT(views().size(), 3, patience);
    QVERIFY(compare->findChild<DiffView*>());
    QTRY_VERIFY_WITH_TIMEOUT(compare->findChild<DiffView*>()->changeCount() > 0, patience);
    compare->close();
    dialog->close();
}

void TestWorkbenchCompare::anyTwoOfThreeAreCompared()
{
    open();
    choose(echo);
    for (const char* prompt : {"a red fox", "a grey fox", "a red hen"})
        run(QString::fromLatin1(prompt));
    auto* const runs = find<QTableView>("runs");
    for (const int row : {0, 1, 2})
        QTest::mouseClick(runs->viewport(), Qt::LeftButton, row == 0 ? Qt::NoModifier : Qt::ControlModifier,
            runs->visualRect(runs->model()->index(row, 0)).center());
    click("compare");
    auto* const dialog = m_window->findChild<CompareDialog*>();
    QVERIFY(dialog);
    auto* const left = dialog->findChild<QComboBox*>(QStringLiteral("compare left"));
    auto* const right = dialog->findChild<QComboBox*>(QStringLiteral("compare right"));
    // The oldest with the newest, unless one chooses.
    QTRY_COMPARE_WITH_TIMEOUT(left->currentText(), QStringLiteral("#1"), patience);
    QCOMPARE(right->currentText(), QStringLiteral("#3"));
    QTRY_VERIFY_WITH_TIMEOUT(differences(dialog).contains(QStringLiteral("hen")), patience);
    QVERIFY(!differences(dialog).contains(QStringLiteral("grey")));
    right->setFocus();
    QTest::keyClick(right, Qt::Key_Up);
    QCOMPARE(right->currentText(), QStringLiteral("#2"));
    QTRY_VERIFY_WITH_TIMEOUT(differences(dialog).contains(QStringLiteral("grey")), patience);
    QVERIFY(!differences(dialog).contains(QStringLiteral("hen")));
    // All of them next to each other.
    auto* const mode = dialog->findChild<QWidget*>(QStringLiteral("compare mode"));
    mode->setFocus();
    for (QAbstractButton* button : mode->findChildren<QAbstractButton*>()) {
        if (button->text() == QStringLiteral("Side by side"))
            QTest::mouseClick(button, Qt::LeftButton);
    }
    const auto views =
        dialog->findChild<QWidget*>(QStringLiteral("compare columns"))->findChildren<CodeView*>();
    QCOMPARE(views.size(), 3);
    for (const CodeView* view : views)
        QVERIFY(view->isVisible());
    dialog->close();
}

void TestWorkbenchCompare::structuredAnswersAreComparedByPlace()
{
    ScriptedProvider* const provider = script();
    open();
    choose(profile);
    provider->replyJson(parseJson(
        R"({"name": "Ada", "age": 36, "interests": ["maths", "engines"]})", QStringLiteral("answer")));
    provider->replyJson(parseJson(
        R"({"age": 37, "interests": ["maths", "looms"], "name": "Ada"})", QStringLiteral("answer")));
    run(QStringLiteral("Ada"));
    run(QStringLiteral("Ada again"));
    click("compare");
    auto* const dialog = m_window->findChild<CompareDialog*>();
    QVERIFY(dialog);
    QTRY_VERIFY_WITH_TIMEOUT(differences(dialog).contains(QStringLiteral("answer · age")), patience);
    const QString shown = differences(dialog);
    QVERIFY2(shown.contains(QStringLiteral("36")) && shown.contains(QStringLiteral("37")), qPrintable(shown));
    QVERIFY2(shown.contains(QStringLiteral("answer · interests[1]")), qPrintable(shown));
    QVERIFY2(shown.contains(QStringLiteral("engines")) && shown.contains(QStringLiteral("looms")),
        qPrintable(shown));
    // Members in another order are no difference, nor is what is equal shown.
    QVERIFY2(!shown.contains(QStringLiteral("· name")), qPrintable(shown));
    QVERIFY2(!shown.contains(QStringLiteral("maths")), qPrintable(shown));
    dialog->close();
}

LLMCACHE_GUI_TEST_MAIN(TestWorkbenchCompare)
#include "tst_workbenchcompare.moc"
