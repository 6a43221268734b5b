#include "agent/agentjson.h"
#include "widgets/diffview.h"
#include "workbench/agentform.h"
#include "workbench/agentpanel.h"
#include "workbench/versionsdialog.h"
#include "workbenchtest.h"

#include <QClipboard>
#include <QComboBox>
#include <QFileDialog>
#include <QLineEdit>
#include <QListView>
#include <QListWidget>
#include <QTabBar>

using namespace llmcache;
using namespace llmcache::ui;
using llmcache::test::waitForTask;
using llmcache::test::WorkbenchTest;

/// What one does with agents beyond the form: files, versions, pasted conversations, schemas from examples.
class TestWorkbenchAgents : public WorkbenchTest {
    Q_OBJECT
private Q_SLOTS:
    void exportAndImport();
    void importOfABrokenFileSaysWhy();
    void versionsAreComparedAndRestored();
    void conversationsArePasted();
    void aTurnKeepsWhatItsRoleHas();
    void schemaFromAnExample();
    void findAndReplace();
    void findInThePrompt();
    void settingsAreKeptToTheLetter();
    void readOnlyOffersNoSave();

private:
    void chooseFile(const QString& path)
    {
        auto* const dialog = m_window->findChild<QFileDialog*>();
        QVERIFY(dialog);
        dialog->selectFile(path);
        Q_EMIT dialog->fileSelected(path);
        dialog->close();
        QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
    }
};

void TestWorkbenchAgents::readOnlyOffersNoSave()
{
    open(); // the sample agents are saved
    m_view->stopTasks();
    QTRY_COMPARE_WITH_TIMEOUT(m_view->activeTasks(), 0, patience);
    m_window.reset();
    SessionConfig config = m_session->config();
    config.connection.readOnly = true;
    m_session.reset();
    m_session = std::make_unique<Session>(config);
    open();
    choose(profile);
    type("system prompt", QStringLiteral("Mine."));
    QTRY_VERIFY_WITH_TIMEOUT(find<QPushButton>("revert agent")->isVisible(), patience);
    QVERIFY(!find<QPushButton>("save agent")->isEnabled());
    QVERIFY(find<QPushButton>("save agent")->toolTip().contains(QStringLiteral("read-only")));
}

void TestWorkbenchAgents::exportAndImport()
{
    open();
    choose(profile);
    const QString path = m_folder->filePath(QStringLiteral("copy.agent.json"));
    command(QStringLiteral("Export agent"));
    chooseFile(path);
    QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(path), patience);
    QFile file(path);
    QVERIFY(file.open(QIODevice::ReadOnly));
    Agent exported = parseAgent(file.readAll(), QStringLiteral("file"));
    QVERIFY(exported == waitForTask(m_session->store().loadAgent(profile))->agent);

    exported.name = QStringLiteral("brought along");
    file.close();
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(toJsonText(toJson(exported)));
    file.close();
    click("import agent");
    chooseFile(path);
    QTRY_COMPARE_WITH_TIMEOUT(
        find<QLineEdit>("agent name")->text(), QStringLiteral("brought along"), patience);
    QCOMPARE(state(), QStringLiteral("not saved in this workspace"));
    QVERIFY(m_view->form()->agent() == exported);
    click("save agent");
    QTRY_VERIFY_WITH_TIMEOUT(state().startsWith(QStringLiteral("saved")), patience);
    QVERIFY(waitForTask(m_session->store().loadAgent(exported.name))->agent == exported);
}

void TestWorkbenchAgents::importOfABrokenFileSaysWhy()
{
    open();
    const QString path = m_folder->filePath(QStringLiteral("broken.agent.json"));
    QFile file(path);
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(R"({"name": "x", "model": "test:echo", "temprature": 1})");
    file.close();
    click("import agent");
    chooseFile(path);
    QTRY_VERIFY_WITH_TIMEOUT(problem()->isVisible(), patience);
    QVERIFY2(problem()->what().contains(QStringLiteral("temprature")), qPrintable(problem()->what()));
}

void TestWorkbenchAgents::versionsAreComparedAndRestored()
{
    open();
    choose(echo);
    for (const char* text : {"First try.", "Second try."}) {
        type("system prompt", QString::fromLatin1(text));
        click("save agent");
        QTRY_VERIFY_WITH_TIMEOUT(state().startsWith(QStringLiteral("saved")), patience);
    }
    command(QStringLiteral("Versions of the agent"));
    auto* const dialog = m_window->findChild<VersionsDialog*>();
    QVERIFY(dialog);
    auto* const list = dialog->findChild<QListWidget*>(QStringLiteral("versions"));
    QTRY_COMPARE_WITH_TIMEOUT(list->count(), 3, patience);
    QVERIFY2(list->item(0)->text().startsWith(QStringLiteral("v3 · just now · ana")),
        qPrintable(list->item(0)->text()));
    QVERIFY(dialog->findChild<DiffView*>()->changeCount() > 0); // the one before the newest
    list->setCurrentRow(0);
    QCOMPARE(dialog->findChild<DiffView*>()->changeCount(), 0);
    // Any two of them with each other; there is no going back to two.
    const auto pick = [list](int row, Qt::KeyboardModifiers modifiers) {
        QTest::mouseClick(
            list->viewport(), Qt::LeftButton, modifiers, list->visualItemRect(list->item(row)).center());
    };
    const auto differences = [dialog] {
        return dialog->findChild<DiffView*>()->findChild<QTextEdit*>()->toPlainText();
    };
    pick(2, Qt::NoModifier);
    QVERIFY2(differences().contains(QStringLiteral("Second try.")), qPrintable(differences()));
    pick(1, Qt::ControlModifier);
    QVERIFY2(differences().contains(QStringLiteral("First try.")), qPrintable(differences()));
    QVERIFY2(!differences().contains(QStringLiteral("Second try.")), qPrintable(differences()));
    auto* const restore = dialog->findChild<QPushButton*>(QStringLiteral("restore version"));
    QVERIFY(!restore->isEnabled());
    pick(1, Qt::NoModifier);
    QVERIFY(restore->isEnabled());
    QTest::mouseClick(restore, Qt::LeftButton);
    QCOMPARE(find<CodeEdit>("system prompt")->text(), QStringLiteral("First try."));
    QCOMPARE(state(), QStringLiteral("edited, not saved"));
    click("save agent");
    QTRY_VERIFY_WITH_TIMEOUT(state().startsWith(QStringLiteral("saved")), patience);
    QCOMPARE(waitForTask(m_session->store().loadAgent(echo))->revision, 4);
}

void TestWorkbenchAgents::conversationsArePasted()
{
    open();
    choose(echo);
    find<QTabBar>("agent tabs")->setCurrentIndex(4);
    QGuiApplication::clipboard()->setText(
        QStringLiteral(R"({"messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]},
            {"role": "assistant", "content": "Hello."}]})"));
    click("paste history");
    const History history = m_view->form()->history();
    QCOMPARE(history.size(), std::size_t(2));
    QCOMPARE(history.front().text, QStringLiteral("Hi"));
    QCOMPARE(history.back().role, Role::Assistant);
    // Of Anthropic and PydanticAI, behind what is there.
    for (const char* shape : {R"([{"role": "user", "content": [{"type": "text", "text": "More?"}]}])",
             R"([{"kind": "response", "parts": [{"part_kind": "text", "content": "Yes."}]}])"}) {
        QGuiApplication::clipboard()->setText(QString::fromLatin1(shape));
        click("paste history");
    }
    QCOMPARE(m_view->form()->history().size(), std::size_t(4));
    QCOMPARE(m_view->form()->history().at(2).text, QStringLiteral("More?"));
    QCOMPARE(m_view->form()->history().at(3).role, Role::Assistant);
    QCOMPARE(m_view->form()->history().at(3).text, QStringLiteral("Yes."));
    QGuiApplication::clipboard()->setText(QStringLiteral("no JSON"));
    click("paste history");
    QVERIFY(problem()->isVisible());
    QCOMPARE(m_view->form()->history().size(), std::size_t(4));
}

void TestWorkbenchAgents::aTurnKeepsWhatItsRoleHas()
{
    open();
    choose(echo);
    find<QTabBar>("agent tabs")->setCurrentIndex(4);
    QGuiApplication::clipboard()->setText(QStringLiteral(
        R"([{"role": "assistant", "content": "Let me look.", "tool_calls": [{"id": "c1", "type": "function",
               "function": {"name": "get_weather", "arguments": "{\"city\": \"Lyon\"}"}}]},
            {"role": "tool", "tool_call_id": "c1", "content": "Rain."}])"));
    click("paste history");
    const History pasted = m_view->form()->history();
    QCOMPARE(pasted.size(), std::size_t(2));
    QCOMPARE(pasted.front().toolCalls.size(), std::size_t(1));
    // What goes along besides the text is in sight.
    const auto says = [this](const QString& text) {
        for (const QLabel* label : m_view->findChildren<QLabel*>()) {
            if (label->isVisible() && label->text() == text)
                return true;
        }
        return false;
    };
    QTRY_VERIFY_WITH_TIMEOUT(says(QStringLiteral("calls get_weather")), patience);
    QComboBox* role = nullptr;
    for (QComboBox* box : m_view->findChildren<QComboBox*>()) {
        if (!role && box->accessibleName() == QStringLiteral("Role of this turn"))
            role = box;
    }
    QVERIFY(role);
    role->setFocus();
    QTest::keyClick(role, Qt::Key_Up); // a user calls no tools
    QCOMPARE(m_view->form()->history().front().role, Role::User);
    QVERIFY(m_view->form()->history().front().toolCalls.empty());
    QVERIFY(!says(QStringLiteral("calls get_weather")));
    QTest::keyClick(role, Qt::Key_Down);
    QCOMPARE(m_view->form()->history(), pasted);
}

void TestWorkbenchAgents::schemaFromAnExample()
{
    open();
    choose(echo);
    find<QTabBar>("agent tabs")->setCurrentIndex(2);
    click("schema from example");
    auto* const dialog = m_window->findChild<QDialog*>(QStringLiteral("example dialog"));
    QVERIFY(dialog);
    auto* const example = dialog->findChild<CodeEdit*>(QStringLiteral("example"));
    auto* const make = dialog->findChild<QPushButton*>(QStringLiteral("make schema"));
    QTest::keyClicks(example, QStringLiteral("{\"age\": "));
    QTest::mouseClick(make, Qt::LeftButton);
    QVERIFY(dialog->isVisible()); // and says what is wrong
    QTest::keyClicks(example, QStringLiteral("36}"));
    QTest::mouseClick(make, Qt::LeftButton);
    QVERIFY(!dialog->isVisible());
    const Agent agent = m_view->form()->agent();
    QCOMPARE(agent.output.schema["properties"]["age"]["type"], Json("integer"));
}

void TestWorkbenchAgents::findAndReplace()
{
    open();
    choose(echo);
    type("system prompt", QStringLiteral("Be brief. Be kind. Be exact."));
    QTest::keySequence(find<CodeEdit>("system prompt"), QKeySequence::Find);
    auto* const bar = find<QWidget>("find bar");
    auto* const text = bar->findChild<QLineEdit*>(QStringLiteral("find text"));
    auto* const with = bar->findChild<QLineEdit*>(QStringLiteral("replace with"));
    QVERIFY(text->hasFocus());
    QTest::keyClicks(text, QStringLiteral("Be "));
    QCOMPARE(bar->findChild<QLabel*>(QStringLiteral("find count"))->text(), QStringLiteral("3 matches"));
    QTest::keyClick(text, Qt::Key_Return);
    QCOMPARE(find<CodeEdit>("system prompt")->textCursor().selectedText(), QStringLiteral("Be "));
    with->setFocus();
    QTest::keyClicks(with, QStringLiteral("Stay "));
    QTest::mouseClick(bar->findChild<QPushButton*>(QStringLiteral("replace all")), Qt::LeftButton);
    QCOMPARE(find<CodeEdit>("system prompt")->text(), QStringLiteral("Stay brief. Stay kind. Stay exact."));
    find<CodeEdit>("system prompt")->undo(); // all of them together
    QCOMPARE(find<CodeEdit>("system prompt")->text(), QStringLiteral("Be brief. Be kind. Be exact."));
    text->setFocus();
    QTest::keyClick(text, Qt::Key_Escape);
    QVERIFY(!bar->isVisible());
}

void TestWorkbenchAgents::findInThePrompt()
{
    open();
    choose(echo);
    type("prompt", QStringLiteral("one two one"));
    QTest::keySequence(find<CodeEdit>("prompt"), QKeySequence::Find);
    auto* const bar = find<QWidget>("prompt find bar");
    QVERIFY(bar->isVisible());
    auto* const text = bar->findChild<QLineEdit*>(QStringLiteral("find text"));
    QVERIFY(text->hasFocus());
    QTest::keyClicks(text, QStringLiteral("one"));
    QCOMPARE(bar->findChild<QLabel*>(QStringLiteral("find count"))->text(), QStringLiteral("2 matches"));
    auto* const with = bar->findChild<QLineEdit*>(QStringLiteral("replace with"));
    with->setFocus();
    QTest::keyClicks(with, QStringLiteral("1"));
    QTest::mouseClick(bar->findChild<QPushButton*>(QStringLiteral("replace all")), Qt::LeftButton);
    QCOMPARE(find<CodeEdit>("prompt")->text(), QStringLiteral("1 two 1"));
    QTest::keyClick(with, Qt::Key_Escape);
    QVERIFY(!bar->isVisible());
    QVERIFY(find<CodeEdit>("prompt")->hasFocus());
}

void TestWorkbenchAgents::settingsAreKeptToTheLetter()
{
    open();
    Agent agent = m_view->form()->agent();
    agent.settings.temperature = 0.1 + 0.2;
    agent.settings.stopSequences = {
        QStringLiteral("\n\n"), QStringLiteral("a, b"), QStringLiteral(" end\\ ")};
    agent.settings.timeout = std::chrono::milliseconds(1'234'567);
    agent.tags = {QStringLiteral("red, green"), QStringLiteral("blue")};
    agent.systemPrompt = SystemPrompt(QStringList{QStringLiteral("one\n---\ntwo"), QStringLiteral("three")});
    agent.instructions = QStringLiteral("a") + QChar(QChar::Nbsp) + QStringLiteral("b\r\nc");
    m_view->form()->setAgent(agent);
    QCOMPARE(QString::fromUtf8(toPrettyJsonText(toJson(m_view->form()->agent()))),
        QString::fromUtf8(toPrettyJsonText(toJson(agent))));
}

LLMCACHE_GUI_TEST_MAIN(TestWorkbenchAgents)
#include "tst_workbenchagents.moc"
