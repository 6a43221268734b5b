#include "agent/agentjson.h"
#include "cache/runrecords.h"
#include "widgets/elidedlabel.h"
#include "workbench/agentform.h"
#include "workbench/agentpanel.h"
#include "workbench/promptpanel.h"
#include "workbench/runpanel.h"
#include "workbenchtest.h"

#include <QAction>
#include <QFileDialog>
#include <QLineEdit>
#include <QListView>
#include <QTabBar>

using namespace llmcache;
using namespace llmcache::test;
using namespace llmcache::ui;

/// What one typed is not lost, and what others saved meanwhile is not overwritten.
class TestWorkbenchDrafts : public WorkbenchTest {
    Q_OBJECT
private Q_SLOTS:
    void readingIsSaidUntilTheListComes();
    void whatIsBegunBeforeTheListComesStays();
    void draftKeepsTheVersionItWasMadeFrom();
    void draftOfARenamedAgentKeepsItsBase();
    void storesOfOneWorkspaceNameHaveDraftsOfTheirOwn();
    void draftKeepsSeveralSystemPrompts();
    void conflictIsAboutItsAgentAlone();
    void savingAnywaySavesOverWhatWasSeen();
    void nameThatIsTakenIsNotOverwritten();
    void typingDuringASaveIsKept();
    void editsCanBeHadBack_data();
    void editsCanBeHadBack();
    void deskCanBeHadBack();
    void agentThatOthersChangedIsNotDeleted();
    void deletionIsUndoneWithItsDraft();
    void agentsOfTheTeamAppear();
    void agentThatOthersChangeIsShownAnew();

private:
    void open()
    {
        WorkbenchTest::open();
        m_undo = nullptr;
        connect(m_view, &WorkbenchView::notice, this,
            [this](const QString&, const QString&, const std::function<void()>& run) { m_undo = run; });
    }
    void pressInBanner(const QString& text)
    {
        for (QPushButton* button : problem()->findChildren<QPushButton*>()) {
            if (button->text() == text && button->isVisible()) {
                QTest::mouseClick(button, Qt::LeftButton);
                return;
            }
        }
        QFAIL(qPrintable(QStringLiteral("no button ") + text));
    }
    bool bannerOffers(const QString& text) const
    {
        const QList<QPushButton*> buttons = problem()->findChildren<QPushButton*>();
        return std::any_of(buttons.begin(), buttons.end(),
            [&text](const QPushButton* button) { return button->text() == text && button->isVisible(); });
    }
    /// Somebody else saves an agent with this system prompt.
    void saveAsBen(const QString& name, const QString& systemPrompt)
    {
        StoredAgent theirs = *waitForTask(m_session->store().loadAgent(name));
        theirs.agent.systemPrompt = SystemPrompt(systemPrompt);
        waitForTask(m_session->store().saveAgent(
            theirs.agent, theirs.revision, QStringLiteral("ben"), theirs.savedMs + 1));
    }
    QString storedPrompt(const QString& name)
    {
        const auto stored = waitForTask(m_session->store().loadAgent(name));
        return stored ? stored->agent.systemPrompt.join(QString()) : QStringLiteral("(none)");
    }
    QString typedPrompt() const { return find<CodeEdit>("system prompt")->text(); }
    void undo()
    {
        const std::function<void()> run = m_undo; // it may offer another
        run();
    }
    /// As a crash and a new start would.
    void restart()
    {
        m_view->stopTasks();
        settle();
        m_window.reset();
        open();
    }
    void rename(const QString& name)
    {
        auto* const field = find<QLineEdit>("agent name");
        field->setFocus();
        field->selectAll();
        QTest::keyClicks(field, name);
    }

    std::function<void()> m_undo;
};

void TestWorkbenchDrafts::draftKeepsTheVersionItWasMadeFrom()
{
    open();
    choose(echo);
    type("system prompt", QStringLiteral("Mine."));
    m_view->stopTasks();
    settle();
    saveAsBen(echo, QStringLiteral("Theirs."));
    m_window.reset();
    open();
    QCOMPARE(typedPrompt(), QStringLiteral("Mine."));
    QVERIFY2(problem()->isVisible(), "it is said before one goes on typing");
    click("save agent");
    settle();
    QCOMPARE(storedPrompt(echo), QStringLiteral("Theirs."));
    QVERIFY(problem()->isVisible());
    QCOMPARE(typedPrompt(), QStringLiteral("Mine."));
}

void TestWorkbenchDrafts::draftOfARenamedAgentKeepsItsBase()
{
    open();
    choose(echo);
    rename(profile); // which is another one
    restart();
    QCOMPARE(find<QLineEdit>("agent name")->text(), profile);
    const QString before = storedPrompt(profile);
    type("system prompt", QStringLiteral("Not a profile."));
    click("save agent");
    settle();
    QCOMPARE(storedPrompt(profile), before);
    QVERIFY(problem()->isVisible());
}

void TestWorkbenchDrafts::storesOfOneWorkspaceNameHaveDraftsOfTheirOwn()
{
    open();
    choose(echo);
    type("prompt", QStringLiteral("about the first store"));
    m_view->stopTasks();
    settle();
    m_window.reset();
    const QString first = m_folder->filePath(QStringLiteral("data"));
    m_session.reset();
    openSession(QStringLiteral("sqlite://%1").arg(m_folder->filePath(QStringLiteral("second.db"))));
    open();
    QVERIFY(find<CodeEdit>("prompt")->text() != QStringLiteral("about the first store"));
    type("prompt", QStringLiteral("about the second"));
    m_view->stopTasks();
    settle();
    m_window.reset();
    m_session.reset();
    openSession();
    open();
    QCOMPARE(find<CodeEdit>("prompt")->text(), QStringLiteral("about the first store"));
}

void TestWorkbenchDrafts::draftKeepsSeveralSystemPrompts()
{
    open();
    Agent agent = m_view->form()->agent();
    agent.systemPrompt = SystemPrompt(QStringList{QStringLiteral("one"), QStringLiteral("two")});
    m_view->editAgent(agent);
    find<QTabBar>("agent tabs")->setCurrentIndex(2);
    m_view->form()->setSchemaText(QStringLiteral("{\"type\": ")); // no agent yet
    restart();
    QCOMPARE(m_view->form()->lenientAgent().systemPrompt, agent.systemPrompt);
}

void TestWorkbenchDrafts::conflictIsAboutItsAgentAlone()
{
    open();
    choose(echo);
    type("system prompt", QStringLiteral("Mine."));
    saveAsBen(echo, QStringLiteral("Theirs."));
    click("save agent");
    QTRY_VERIFY_WITH_TIMEOUT(problem()->isVisible(), patience);
    QVERIFY(bannerOffers(QStringLiteral("Save anyway")));
    const QString before = storedPrompt(profile);
    choose(profile);
    QVERIFY2(!problem()->isVisible(), "it was about another agent");
    settle();
    QCOMPARE(storedPrompt(profile), before);
    QCOMPARE(storedPrompt(echo), QStringLiteral("Theirs."));
}

void TestWorkbenchDrafts::savingAnywaySavesOverWhatWasSeen()
{
    open();
    choose(echo);
    type("system prompt", QStringLiteral("Mine."));
    saveAsBen(echo, QStringLiteral("Theirs."));
    click("save agent");
    QTRY_VERIFY_WITH_TIMEOUT(problem()->isVisible(), patience);
    saveAsBen(echo, QStringLiteral("Theirs again."));
    pressInBanner(QStringLiteral("Save anyway"));
    settle();
    QCOMPARE(storedPrompt(echo), QStringLiteral("Theirs again."));
    QVERIFY(problem()->isVisible());
    pressInBanner(QStringLiteral("Save anyway"));
    settle();
    QCOMPARE(storedPrompt(echo), QStringLiteral("Mine."));
    QVERIFY(!problem()->isVisible());
}

void TestWorkbenchDrafts::nameThatIsTakenIsNotOverwritten()
{
    open();
    choose(echo);
    const QString before = storedPrompt(profile);
    rename(profile);
    click("save agent");
    QTRY_VERIFY_WITH_TIMEOUT(problem()->isVisible(), patience);
    settle();
    QVERIFY(!bannerOffers(QStringLiteral("Save anyway")));
    QCOMPARE(storedPrompt(profile), before);
}

void TestWorkbenchDrafts::typingDuringASaveIsKept()
{
    open();
    choose(echo);
    auto* const prompt = find<CodeEdit>("system prompt");
    type("system prompt", QStringLiteral("Saved"));
    click("save agent");
    QTest::keyClicks(prompt, QStringLiteral(" and more"));
    settle();
    QCOMPARE(storedPrompt(echo), QStringLiteral("Saved"));
    QCOMPARE(prompt->text(), QStringLiteral("Saved and more"));
    QCOMPARE(state(), QStringLiteral("edited, not saved"));
    QVERIFY(prompt->document()->isUndoAvailable());
    click("save agent");
    settle();
    QCOMPARE(storedPrompt(echo), QStringLiteral("Saved and more"));
}

void TestWorkbenchDrafts::editsCanBeHadBack_data()
{
    QTest::addColumn<QString>("leaveBy");
    for (const char* const way :
        {"New agent", "Duplicate agent", "Revert agent", "import", "restore version"})
        QTest::newRow(way) << QString::fromLatin1(way);
}

void TestWorkbenchDrafts::editsCanBeHadBack()
{
    QFETCH(const QString, leaveBy);
    open();
    choose(echo);
    type("system prompt", QStringLiteral("Earlier."));
    click("save agent");
    settle();
    type("system prompt", QStringLiteral("A draft."));
    if (leaveBy == QLatin1String("import")) {
        const QString path = m_folder->filePath(QStringLiteral("echo.agent.json"));
        QFile file(path);
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write(R"({"name": "sample: echo", "model": "test:echo", "system_prompt": "Imported."})");
        file.close();
        click("import agent");
        auto* const dialog = m_window->findChild<QFileDialog*>();
        QVERIFY(dialog);
        Q_EMIT dialog->fileSelected(path);
        dialog->close();
    } else if (leaveBy == QLatin1String("restore version")) {
        command(QStringLiteral("Versions of the agent"));
        auto* const dialog = m_window->findChild<QDialog*>(QStringLiteral("agent versions"));
        QVERIFY(dialog);
        auto* const restore = dialog->findChild<QPushButton*>(QStringLiteral("restore version"));
        QTRY_VERIFY_WITH_TIMEOUT(restore->isEnabled(), patience);
        QTest::mouseClick(restore, Qt::LeftButton);
    } else {
        command(leaveBy);
    }
    QTRY_VERIFY_WITH_TIMEOUT(
        typedPrompt() != QStringLiteral("A draft.") || find<QLineEdit>("agent name")->text() != echo,
        patience);
    settle();
    QVERIFY(m_undo);
    undo();
    QCOMPARE(find<QLineEdit>("agent name")->text(), echo);
    QCOMPARE(typedPrompt(), QStringLiteral("A draft."));
    QCOMPARE(state(), QStringLiteral("edited, not saved"));
}

void TestWorkbenchDrafts::deskCanBeHadBack()
{
    open();
    choose(echo);
    type("prompt", QStringLiteral("Earlier."));
    click("run");
    waitForBadge(Outcome::Miss);
    const QString fingerprint = m_view->runPanel()->runs()->at(0).fingerprint;
    type("prompt", QStringLiteral("Half a thought"));
    type("system prompt", QStringLiteral("A draft."));
    m_view->form()->setHistory({Message::user(QStringLiteral("Hi."))});
    m_view->openEntryRequest(fingerprint);
    QTRY_COMPARE_WITH_TIMEOUT(find<CodeEdit>("prompt")->text(), QStringLiteral("Earlier."), patience);
    QVERIFY(m_view->form()->history().empty());
    QVERIFY(m_undo);
    undo();
    QCOMPARE(find<CodeEdit>("prompt")->text(), QStringLiteral("Half a thought"));
    QCOMPARE(typedPrompt(), QStringLiteral("A draft."));
    QCOMPARE(m_view->form()->history().size(), std::size_t(1));
    QCOMPARE(state(), QStringLiteral("edited, not saved"));
}

void TestWorkbenchDrafts::agentThatOthersChangedIsNotDeleted()
{
    open();
    choose(echo);
    saveAsBen(echo, QStringLiteral("Theirs."));
    auto* const list = find<QListView>("agents");
    list->setFocus();
    QTest::keyClick(list, Qt::Key_Delete);
    QTRY_VERIFY_WITH_TIMEOUT(problem()->isVisible(), patience);
    QCOMPARE(storedPrompt(echo), QStringLiteral("Theirs."));
    QVERIFY(problem()->what().contains(QStringLiteral("ben")));
}

void TestWorkbenchDrafts::deletionIsUndoneWithItsDraft()
{
    open();
    choose(echo);
    type("system prompt", QStringLiteral("A draft."));
    auto* const list = find<QListView>("agents");
    list->setFocus();
    QTest::keyClick(list, Qt::Key_Delete);
    QTRY_VERIFY_WITH_TIMEOUT(m_undo, patience);
    settle();
    QVERIFY(!waitForTask(m_session->store().loadAgent(echo)));
    undo();
    settle();
    QVERIFY(waitForTask(m_session->store().loadAgent(echo)).has_value());
    QCOMPARE(typedPrompt(), QStringLiteral("A draft."));
    QCOMPARE(state(), QStringLiteral("edited, not saved"));
    click("save agent");
    settle();
    QCOMPARE(storedPrompt(echo), QStringLiteral("A draft."));
}

void TestWorkbenchDrafts::agentsOfTheTeamAppear()
{
    open();
    choose(echo);
    type("system prompt", QStringLiteral("A draft."));
    Agent theirs = waitForTask(m_session->store().loadAgent(profile))->agent;
    theirs.name = QStringLiteral("of ben");
    waitForTask(m_session->store().saveAgent(theirs, 0, QStringLiteral("ben"), m_session->clock().nowMs()));
    waitForTask(m_session->store().removeAgent(profile));
    m_view->activate(); // back from another view
    auto* const agents = m_view->agentPanel()->agents();
    QTRY_VERIFY_WITH_TIMEOUT(agents->find(QStringLiteral("of ben")), patience);
    QVERIFY(!agents->find(profile));
    QCOMPARE(typedPrompt(), QStringLiteral("A draft."));
    QCOMPARE(m_view->agentPanel()->currentName(), echo);
    QVERIFY(!problem()->isVisible());
}

void TestWorkbenchDrafts::agentThatOthersChangeIsShownAnew()
{
    open();
    choose(echo);
    saveAsBen(echo, QStringLiteral("Theirs."));
    command(QStringLiteral("Reload agents"));
    QTRY_COMPARE_WITH_TIMEOUT(typedPrompt(), QStringLiteral("Theirs."), patience);
    QVERIFY(state().contains(QStringLiteral("ben")));
    // What is typed stays, and it is said.
    type("system prompt", QStringLiteral("Mine."));
    saveAsBen(echo, QStringLiteral("Theirs again."));
    command(QStringLiteral("Reload agents"));
    QTRY_VERIFY_WITH_TIMEOUT(problem()->isVisible(), patience);
    QCOMPARE(typedPrompt(), QStringLiteral("Mine."));
    // Side by side first; closing that decides nothing.
    pressInBanner(QStringLiteral("Show theirs"));
    auto* dialog = find<QDialog>("agent conflict");
    const QString differences = dialog->findChild<QTextEdit*>()->toPlainText();
    QVERIFY2(differences.contains(QStringLiteral("system_prompt")), qPrintable(differences));
    QVERIFY2(differences.contains(QStringLiteral("Theirs again.")), qPrintable(differences));
    QVERIFY2(differences.contains(QStringLiteral("Mine.")), qPrintable(differences));
    QTest::keyClick(dialog, Qt::Key_Escape);
    QCOMPARE(typedPrompt(), QStringLiteral("Mine."));
    QCoreApplication::sendPostedEvents(dialog, QEvent::DeferredDelete);
    pressInBanner(QStringLiteral("Show theirs"));
    click("use theirs");
    QCOMPARE(typedPrompt(), QStringLiteral("Theirs again."));
    QVERIFY(!problem()->isVisible());
    QVERIFY(m_undo); // and back to mine, which is in conflict still
    undo();
    QCOMPARE(typedPrompt(), QStringLiteral("Mine."));
    click("save agent");
    settle();
    QCOMPARE(storedPrompt(echo), QStringLiteral("Theirs again."));
}

void TestWorkbenchDrafts::readingIsSaidUntilTheListComes()
{
    openAtOnce();
    // In one turn of the event loop: the store has not answered yet.
    QVERIFY(m_view->activeTasks() > 0);
    const QString reading = QStringLiteral("reading the agents");
    QVERIFY(find<QWidget>("agents reading")->isVisible());
    QCOMPARE(state(), reading);
    QCOMPARE(find<ElidedLabel>("outlook")->text(), reading);
    QVERIFY(!find<QPushButton>("save agent")->isEnabled());
    QTRY_COMPARE_WITH_TIMEOUT(m_view->activeTasks(), 0, patience);
    QVERIFY(!find<QWidget>("agents reading")->isVisible());
    QVERIFY2(state().startsWith(QStringLiteral("saved")), qPrintable(state()));
    QTRY_VERIFY_WITH_TIMEOUT(find<ElidedLabel>("outlook")->text() != reading, patience);
}

void TestWorkbenchDrafts::whatIsBegunBeforeTheListComesStays()
{
    openAtOnce();
    // In one turn of the event loop: the store has not answered yet.
    QVERIFY(m_view->activeTasks() > 0);
    find<QPushButton>("new agent")->click();
    find<QLineEdit>("agent name")->setText(QStringLiteral("helper"));
    QTRY_COMPARE_WITH_TIMEOUT(m_view->activeTasks(), 0, patience);
    QVERIFY(find<QListView>("agents")->model()->rowCount() > 0);
    QCOMPARE(find<QLineEdit>("agent name")->text(), QStringLiteral("helper"));
}

LLMCACHE_GUI_TEST_MAIN(TestWorkbenchDrafts)
#include "tst_workbenchdrafts.moc"
