#include "controlnames.h"
#include "settings/runpreferences.h"
#include "shell/view.h"
#include "waitfortask.h"
#include "widgets/diffview.h"
#include "workbench/agentform.h"
#include "workbench/answerpanel.h"
#include "workbench/comparedialog.h"
#include "workbench/explainpanel.h"
#include "workbench/promptpanel.h"
#include "workbench/runhistory.h"
#include "workbench/runpanel.h"
#include "workbench/variablefield.h"
#include "workbench/versionsdialog.h"
#include "workbenchtest.h"

#include <QAction>
#include <QComboBox>
#include <QLineEdit>
#include <QListView>
#include <QTabBar>
#include <QTableView>
#include <QTextEdit>

using namespace llmcache;
using namespace llmcache::test;
using namespace llmcache::ui;

/// How the form looks in a small window, and what it says before anything is run.
class TestWorkbenchForm : public WorkbenchTest {
    Q_OBJECT
private Q_SLOTS:
    void nothingIsCutInASmallWindow();
    void settingsThatTheModelTakes();
    void thinkingInTokensAndMoreOfTheBody();
    void linesInVariables();
    void missIsExplainedBeforeTheRun();
    void anotherRequestIsExplainedMeanwhile();
    void otherDifferencesFromTheSameEntryAreShown();
    void runsWaitForTheirTurn();
    void preferencesGoIntoTheRun();
    void versionsSurviveDeletion();
    void everythingHasAName();
    void dialogsHaveNames();

private:
    template <typename Dialog>
    Dialog* dialog(const char* name)
    {
        command(QString::fromLatin1(name));
        auto* const opened = m_window->findChild<Dialog*>();
        return opened ? opened : (QTest::qFail(name, __FILE__, __LINE__), nullptr);
    }
    void setModel(const QString& model)
    {
        auto* const field = find<QComboBox>("model")->lineEdit();
        field->setFocus();
        field->selectAll();
        QTest::keyClicks(field, model);
        QTest::keyClick(field, Qt::Key_Escape); // the list of completions
    }
    QLabel* labelOf(const QWidget* field) const
    {
        for (QLabel* const label : m_window->findChildren<QLabel*>()) {
            if (label->buddy() == field)
                return label;
        }
        QTest::qFail(qPrintable(field->objectName()), __FILE__, __LINE__);
        return nullptr;
    }
};

void TestWorkbenchForm::nothingIsCutInASmallWindow()
{
    open();
    // What the frame leaves of 1024×700, less the header that this test has above.
    m_window->resize(968, 640);
    choose(profile);
    for (int time = 0; time < 2; ++time) {
        click("run");
        QTRY_COMPARE_WITH_TIMEOUT(m_view->runPanel()->running(), 0, patience);
    }
    waitForBadge(Outcome::Hit);
    QCOMPARE(m_window->size(), QSize(968, 640));
    for (const char* name : {"tile input", "tile output", "tile cost", "tile saved"}) {
        const auto* const shown = find<Tile>(name);
        QTRY_VERIFY2(shown->height() >= shown->minimumSizeHint().height(), name);
        // Nothing in it lies over something else.
        QRect before;
        for (const QLabel* label : shown->findChildren<QLabel*>()) {
            QVERIFY2(!label->isVisible() || !label->geometry().intersects(before), name);
            before = label->isVisible() ? label->geometry() : before;
        }
    }
    for (const char* name : {"agent name", "task"}) {
        const auto* const field = find<QLineEdit>(name);
        QVERIFY2(field->fontMetrics().horizontalAdvance(field->text()) + 16 < field->width(), name);
    }
    const auto* const model = find<QComboBox>("model");
    QVERIFY(model->fontMetrics().horizontalAdvance(QStringLiteral("anthropic:claude-sonnet-4-5")) + 48
        < model->width());
    // It begins at its beginning.
    QCOMPARE(model->lineEdit()->cursorPosition(), 0);
}

void TestWorkbenchForm::settingsThatTheModelTakes()
{
    open();
    choose(echo);
    find<QTabBar>("agent tabs")->setCurrentIndex(3);
    auto* const seed = find<QLineEdit>("seed");
    auto* const topK = find<QLineEdit>("top k");
    QVERIFY(seed->isVisible());
    setModel(QStringLiteral("anthropic:claude-haiku-4-5"));
    QVERIFY(!seed->isVisible());
    QVERIFY(topK->isVisible());
    setModel(QStringLiteral("openai:gpt-4o"));
    QVERIFY(seed->isVisible());
    QVERIFY(!topK->isVisible());
    // One that is set stays, and says what becomes of it.
    seed->setFocus();
    QTest::keyClicks(seed, QStringLiteral("7"));
    setModel(QStringLiteral("anthropic:claude-haiku-4-5"));
    QVERIFY(seed->isVisible());
    QVERIFY(labelOf(seed)->text().contains(QStringLiteral("left out")));
    QCOMPARE(m_view->input().agent.settings.seed, std::optional<qint64>(7));
    seed->setFocus();
    QTest::keySequence(seed, QKeySequence::SelectAll);
    QTest::keyClick(seed, Qt::Key_Delete);
    setModel(QStringLiteral("anthropic:claude-haiku-4-5"));
    QVERIFY(!seed->isVisible());
}

void TestWorkbenchForm::thinkingInTokensAndMoreOfTheBody()
{
    open();
    choose(echo);
    find<QTabBar>("agent tabs")->setCurrentIndex(3);
    auto* const thinking = find<QComboBox>("thinking")->lineEdit();
    thinking->setFocus();
    thinking->selectAll();
    QTest::keyClicks(thinking, QStringLiteral("2048"));
    auto* const extra = find<QLineEdit>("extra body");
    extra->setFocus();
    QTest::keyClicks(extra, QStringLiteral(R"({"presence_penalty": 0.5})"));
    const Agent agent = m_view->input().agent;
    QCOMPARE(agent.settings.thinking, Json(2048));
    QCOMPARE(agent.settings.extraBody, Json({{"presence_penalty", 0.5}}));
    extra->selectAll();
    QTest::keyClicks(extra, QStringLiteral("{"));
    QVERIFY_EXCEPTION_THROWN(m_view->input(), ConfigurationError);
}

void TestWorkbenchForm::linesInVariables()
{
    open();
    choose(echo);
    type("prompt", QStringLiteral("Summarise {{text}}"));
    QTRY_VERIFY(m_window->findChild<VariableField*>(QStringLiteral("variable text")));
    QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
    auto* const text = find<VariableField>("variable text");
    text->setFocus();
    QTRY_VERIFY(text->height() > 0);
    const int oneLine = text->height();
    QTest::keyClicks(text, QStringLiteral("first"));
    QTest::keyClick(text, Qt::Key_Return);
    QTest::keyClicks(text, QStringLiteral("second"));
    QCOMPARE(text->text(), QStringLiteral("first\nsecond"));
    QVERIFY(text->height() > oneLine);
    // Tab goes on, and Ctrl+Return runs from here too.
    QTest::keyClick(text, Qt::Key_Return, Qt::ControlModifier);
    waitForBadge(Outcome::Miss);
    const QString sent = find<CodeView>("answer request")->text();
    QVERIFY2(sent.contains(QStringLiteral(R"(Summarise first\nsecond)")), qPrintable(sent));
    QTest::keyClick(text, Qt::Key_Tab);
    QVERIFY(!text->hasFocus());
}

void TestWorkbenchForm::missIsExplainedBeforeTheRun()
{
    ScriptedProvider* const provider = script();
    provider->reply(QStringLiteral("hello"));
    open();
    choose(echo);
    run(QStringLiteral("Say hello to Ada"));
    auto* const why = find<QPushButton>("explain outlook");
    QTRY_VERIFY_WITH_TIMEOUT(outlook().contains(QStringLiteral("will hit")), patience);
    QVERIFY(!why->isVisible());
    find<QTabBar>("agent tabs")->setCurrentIndex(3);
    auto* const temperature = find<QLineEdit>("temperature");
    temperature->setFocus();
    QTest::keyClicks(temperature, QStringLiteral("0.3"));
    QTRY_VERIFY_WITH_TIMEOUT(why->isVisible(), patience);
    click("explain outlook");
    auto* const verdict = find<QLabel>("explain verdict");
    QTRY_VERIFY2_WITH_TIMEOUT(
        verdict->text().startsWith(QStringLiteral("temperature")), qPrintable(verdict->text()), patience);
    QVERIFY(find<DiffView>("explain differences")->changeCount() > 0);
    QCOMPARE(badge(), QStringLiteral("not run"));
    // Another difference from the same entry.
    temperature->setFocus();
    QTest::keySequence(temperature, QKeySequence::SelectAll);
    QTest::keyClick(temperature, Qt::Key_Delete);
    type("system prompt", QStringLiteral("Be brief."));
    QTRY_VERIFY_WITH_TIMEOUT(why->isVisible(), patience);
    click("explain outlook");
    QTRY_VERIFY2_WITH_TIMEOUT(
        verdict->text().startsWith(QStringLiteral("system prompt")), qPrintable(verdict->text()), patience);
    QTRY_VERIFY_WITH_TIMEOUT(find<DiffView>("explain differences")
                                 ->findChild<QTextEdit*>()
                                 ->toPlainText()
                                 .contains(QStringLiteral("Be brief.")),
        patience);
    settle();
    QCOMPARE(provider->requests(), 1);
    QCOMPARE(m_view->runPanel()->runs()->rowCount(), 1);
    // The run is there again as soon as it is asked for.
    auto* const runs = m_view->runPanel()->table();
    QTest::mouseClick(runs->viewport(), Qt::LeftButton, {}, QPoint(20, 10));
    QTRY_COMPARE(badge(), badgeOf(Outcome::Miss).text);
}

void TestWorkbenchForm::anotherRequestIsExplainedMeanwhile()
{
    script()->reply(QStringLiteral("hello"));
    open();
    choose(echo);
    run(QStringLiteral("Say hello to Ada"));
    find<QTabBar>("agent tabs")->setCurrentIndex(3);
    auto* const temperature = find<QLineEdit>("temperature");
    temperature->setFocus();
    QTest::keyClicks(temperature, QStringLiteral("0.3"));
    QTRY_VERIFY_WITH_TIMEOUT(find<QPushButton>("explain outlook")->isVisible(), patience);
    click("explain outlook");
    // The first explanation has not ended, unless the store is very fast.
    temperature->setText(QString());
    type("system prompt", QStringLiteral("Be brief."));
    click("explain outlook");
    settle();
    QVERIFY(find<QLabel>("explain verdict")->text().startsWith(QStringLiteral("system prompt")));
    const QString differences = find<DiffView>("explain differences")->findChild<QTextEdit*>()->toPlainText();
    QVERIFY2(differences.contains(QStringLiteral("Be brief.")), qPrintable(differences));
    QVERIFY2(!differences.contains(QStringLiteral("0.3")), qPrintable(differences));
}

void TestWorkbenchForm::otherDifferencesFromTheSameEntryAreShown()
{
    open();
    ExplainPanel panel(m_theme.get());
    panel.QWidget::show();
    Explanation explanation;
    explanation.nearest.emplace();
    explanation.nearest->fingerprint = QString(64, u'a');
    explanation.differences = {
        {QStringLiteral("temperature"), QStringLiteral("temperature 0.2 → 0.3"), {}, QStringLiteral("0.3")}};
    panel.showProgress(explanation, 0);
    const auto* const text = panel.findChild<DiffView*>()->findChild<QTextEdit*>();
    QVERIFY(text->toPlainText().contains(QStringLiteral("0.3")));
    explanation.differences = {
        {QStringLiteral("seed"), QStringLiteral("seed 7"), {}, QStringLiteral("seven")}};
    panel.showExplanation(explanation, 0);
    QVERIFY2(text->toPlainText().contains(QStringLiteral("seven")), qPrintable(text->toPlainText()));
    QVERIFY(!text->toPlainText().contains(QStringLiteral("0.3")));
}

void TestWorkbenchForm::runsWaitForTheirTurn()
{
    RunPreferences one;
    one.atOnce = 1;
    one.save(*m_settings);
    ScriptedProvider* const provider = script();
    open();
    choose(echo);
    provider->hold();
    provider->reply(QStringLiteral("first"));
    provider->reply(QStringLiteral("third"));
    for (const char* prompt : {"one", "two", "three"}) {
        type("prompt", QString::fromLatin1(prompt));
        click("run");
    }
    QTRY_COMPARE_WITH_TIMEOUT(provider->requests(), 1, patience);
    QCOMPARE(m_view->runPanel()->running(), 3);
    // The second is given up before it begins, and is not asked for.
    auto* const tabs = find<QTabBar>("run tabs");
    QTest::mouseClick(tabs, Qt::LeftButton, {}, tabs->tabRect(1).center());
    click("stop this run");
    QCOMPARE(badge(), badgeOf(Outcome::Cancelled).text);
    QCOMPARE(m_view->runPanel()->running(), 2);
    provider->release();
    QTRY_COMPARE_WITH_TIMEOUT(m_view->runPanel()->running(), 0, patience);
    QCOMPARE(provider->requests(), 2);
    QTest::mouseClick(tabs, Qt::LeftButton, {}, tabs->tabRect(2).center());
    QCOMPARE(raw(), QStringLiteral("third"));
}

void TestWorkbenchForm::preferencesGoIntoTheRun()
{
    RunPreferences chosen;
    chosen.lifeDays = 2;
    chosen.initialWait = std::chrono::milliseconds(20);
    chosen.maxWait = std::chrono::seconds(7);
    chosen.save(*m_settings);
    open();
    choose(echo);
    type("prompt", QStringLiteral("hello"));
    const RunOptions options = m_view->input().options;
    QCOMPARE(options.ttl, std::optional<std::chrono::seconds>(std::chrono::days(2)));
    QCOMPARE(options.initialWait, std::chrono::milliseconds(20));
    QCOMPARE(options.maxWait, std::chrono::milliseconds(7000));
    // An agent's own lifetime wins.
    find<QTabBar>("agent tabs")->setCurrentIndex(3);
    auto* const life = find<QLineEdit>("ttl");
    life->setFocus();
    QTest::keyClicks(life, QStringLiteral("60"));
    QVERIFY(!m_view->input().options.ttl);
}

void TestWorkbenchForm::versionsSurviveDeletion()
{
    open();
    std::function<void()> undo;
    const QObject listener;
    connect(m_view, &WorkbenchView::notice, &listener,
        [&undo](const QString&, const QString&, const std::function<void()>& run) { undo = run; });
    choose(echo);
    type("system prompt", QStringLiteral("Mine."));
    click("save agent");
    QTRY_VERIFY_WITH_TIMEOUT(state().startsWith(QStringLiteral("saved")), patience);
    const auto before = waitForTask(m_session->store().loadAgent(echo));
    QCOMPARE(before->revision, 2);
    auto* const list = find<QListView>("agents");
    list->setFocus();
    QTest::keyClick(list, Qt::Key_Delete);
    QTRY_VERIFY_WITH_TIMEOUT(undo, patience);
    undo();
    settle();
    const auto back = waitForTask(m_session->store().loadAgent(echo));
    QCOMPARE(back->revision, 3);
    QVERIFY(back->agent == before->agent);
}

void TestWorkbenchForm::everythingHasAName()
{
    open();
    choose(profile);
    m_view->form()->setHistory(
        {Message::user(QStringLiteral("Hi")), Message::assistant(QStringLiteral("Yes?"))});
    m_view->promptPanel()->setAttachments(
        {{QStringLiteral("text/plain"), QByteArrayLiteral("notes"), {}, QStringLiteral("notes.txt")}});
    m_view->setPrompt(QStringLiteral("Make a profile on {{who}}"));
    find<PromptPanel>("prompt panel")->openFind();
    auto* const parts = find<QTabBar>("agent tabs");
    for (int part = 0; part < parts->count(); ++part) {
        parts->setCurrentIndex(part);
        if (part == 0)
            m_view->form()->openFind();
        verifyControlNames(*m_window, 20);
    }
    for (const char* prompt : {"Ada", "Ben"})
        run(QString::fromLatin1(prompt)); // two of them have tabs
    auto* const forms = find<QTabBar>("answer tabs");
    for (int form = 0; form < forms->count(); ++form) {
        forms->setCurrentIndex(form);
        verifyControlNames(*m_window, 20);
    }
    click("explain");
    settle();
    verifyControlNames(*m_window, 20);
}

void TestWorkbenchForm::dialogsHaveNames()
{
    open();
    choose(echo);
    for (const char* prompt : {"one", "two"})
        run(QString::fromLatin1(prompt));
    settle();
    auto* const compare = dialog<CompareDialog>("Compare runs");
    settle();
    verifyControlNames(*compare, 3);
    compare->close();
    auto* const history = dialog<RunHistoryDialog>("Run history");
    settle();
    verifyControlNames(*history, 6);
    history->close();
    auto* const versions = dialog<VersionsDialog>("Versions of the agent");
    settle();
    verifyControlNames(*versions, 3);
    versions->close();
    find<QTabBar>("agent tabs")->setCurrentIndex(2);
    click("schema from example");
    verifyControlNames(*find<QDialog>("example dialog"), 2);
}

LLMCACHE_GUI_TEST_MAIN(TestWorkbenchForm)
#include "tst_workbenchform.moc"
