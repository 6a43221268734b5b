#include "widgets/chip.h"
#include "widgets/elidedlabel.h"
#include "workbench/agentform.h"
#include "workbench/historyeditor.h"
#include "workbench/promptpanel.h"
#include "workbench/runpanel.h"
#include "workbench/variablefield.h"
#include "workbenchtest.h"

#include <sys/stat.h>

#include <QAbstractItemView>
#include <QComboBox>
#include <QCompleter>
#include <QDragEnterEvent>
#include <QLineEdit>
#include <QMenu>
#include <QMimeData>
#include <QSpinBox>
#include <QTabBar>
#include <QToolButton>

using namespace llmcache;
using namespace llmcache::ui;
using llmcache::test::ScriptedProvider;
using llmcache::test::waitForTask;
using llmcache::test::WorkbenchTest;

/// What goes into a run: prompt, variables, turns, attachments, task, sample and policy, and what the outlook
/// says of them.
class TestWorkbenchPrompt : public WorkbenchTest {
    Q_OBJECT
private Q_SLOTS:
    void variablesMakeTheirFields();
    void emptyPrompt();
    void outlookFollowsTheTyping();
    void outlookSaysWhoAndHowMuch();
    void cachePolicies();
    void filesAreAttached();
    void attachmentThatTheModelDoesNotTakeIsToldBefore();
    void readingOfAttachmentsIsStopped();
    void turnsAreEditedInPlace();
    void tasksAreCompleted_data();
    void tasksAreCompleted();
    void sampleIsAnEntryOfItsOwn();

private:
    void drop(const QMimeData& dropped)
    {
        auto* const panel = find<PromptPanel>("prompt panel");
        QDragEnterEvent enter(QPoint(5, 5), Qt::CopyAction, &dropped, Qt::LeftButton, Qt::NoModifier);
        QCoreApplication::sendEvent(panel, &enter);
        QVERIFY(enter.isAccepted());
        QDropEvent event(QPointF(5, 5), Qt::CopyAction, &dropped, Qt::LeftButton, Qt::NoModifier);
        QCoreApplication::sendEvent(panel, &event);
    }
    /// What belongs to the turns, from the first to the last.
    template <typename T>
    QList<T*> ofTurns(const char* name) const
    {
        QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
        QCoreApplication::processEvents(); // they find their places
        QList<T*> found;
        for (T* widget : m_view->form()->findChildren<T*>()) {
            if (widget->accessibleName() == QLatin1String(name))
                found.append(widget);
        }
        std::sort(found.begin(), found.end(), [this](const T* left, const T* right) {
            return left->mapTo(m_view->form(), QPoint()).y() < right->mapTo(m_view->form(), QPoint()).y();
        });
        return found;
    }
    QString turns() const
    {
        QStringList texts;
        for (const Message& message : m_view->form()->history())
            texts.append(roleName(message.role) + QStringLiteral(": ") + message.text);
        return texts.join(QStringLiteral(" | "));
    }
};

void TestWorkbenchPrompt::variablesMakeTheirFields()
{
    open();
    choose(echo);
    type("prompt", QStringLiteral("A profile on {{who}}"));
    QTRY_VERIFY(m_window->findChild<VariableField*>(QStringLiteral("variable who")));
    // A field that went away while one typed is deleted when the event loop turns.
    QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
    auto* const who = find<VariableField>("variable who");
    who->clear();
    QTest::keyClicks(who, QStringLiteral("Ada"));
    click("run");
    waitForBadge(Outcome::Miss);
    const QString sent = find<CodeView>("answer request")->text();
    QVERIFY2(sent.contains(QStringLiteral("A profile on Ada")), qPrintable(sent));
}

void TestWorkbenchPrompt::emptyPrompt()
{
    open();
    find<CodeEdit>("prompt")->setText({});
    click("run");
    QVERIFY(problem()->isVisible());
    QVERIFY2(problem()->what().contains(QStringLiteral("no prompt")), qPrintable(problem()->what()));
    QCOMPARE(m_view->runPanel()->runs()->rowCount(), 0);
}

void TestWorkbenchPrompt::outlookFollowsTheTyping()
{
    open();
    choose(echo);
    type("prompt", QStringLiteral("once"));
    QTRY_VERIFY2_WITH_TIMEOUT(
        outlook().contains(QStringLiteral("will miss")), qPrintable(outlook()), patience);
    click("run");
    waitForBadge(Outcome::Miss);
    QTRY_VERIFY2_WITH_TIMEOUT(
        outlook().contains(QStringLiteral("will hit")), qPrintable(outlook()), patience);
    QTest::keyClicks(find<CodeEdit>("prompt"), QStringLiteral(" more"));
    QTRY_VERIFY2_WITH_TIMEOUT(
        outlook().contains(QStringLiteral("will miss")), qPrintable(outlook()), patience);
}

void TestWorkbenchPrompt::outlookSaysWhoAndHowMuch()
{
    open();
    choose(echo);
    type("prompt", QStringLiteral("how much"));
    const auto says = [this] { return find<ElidedLabel>("outlook")->text(); };
    QTRY_VERIFY2_WITH_TIMEOUT(says().startsWith(QStringLiteral("about ")), qPrintable(says()), patience);
    QVERIFY2(says().contains(QStringLiteral(" tokens in · ≈ $0.")), qPrintable(says()));
    click("run");
    waitForBadge(Outcome::Miss);
    const QString paid = tile("tile cost").section(QLatin1Char(' '), 1);
    QTRY_VERIFY2_WITH_TIMEOUT(says().startsWith(QStringLiteral("stored ")), qPrintable(says()), patience);
    QCOMPARE(says(), QStringLiteral("stored just now by ana · saves ") + paid);
}

void TestWorkbenchPrompt::cachePolicies()
{
    open();
    choose(echo);
    type("prompt", QStringLiteral("policy"));
    const auto choosePolicy = [this](int index) {
        auto* const button = find<QPushButton>("policy");
        button->menu()->actions().at(index)->trigger();
    };
    choosePolicy(3); // only
    click("run");
    waitForBadge(Outcome::Failed);
    QVERIFY(find<ErrorBanner>("answer problem")->isVisible());
    choosePolicy(2); // bypass
    click("run");
    waitForBadge(Outcome::Bypassed);
    QCOMPARE(storedEntries(), 0);
    QVERIFY(!find<QPushButton>("open in cache")->isEnabled());
    choosePolicy(1); // refresh
    click("run");
    waitForBadge(Outcome::Refreshed);
    QCOMPARE(storedEntries(), 1);
    choosePolicy(3);
    click("run");
    waitForBadge(Outcome::Hit);
}

void TestWorkbenchPrompt::filesAreAttached()
{
    ScriptedProvider* const provider = script();
    open();
    choose(echo);
    const QString picture = m_folder->filePath(QStringLiteral("a picture.png"));
    QFile file(picture);
    QVERIFY(file.open(QIODevice::WriteOnly) && file.write("\x89PNG\r\n\x1a\n") > 0);
    file.close();
    QMimeData dropped;
    dropped.setUrls({QUrl::fromLocalFile(picture), QUrl(QStringLiteral("https://example.com/b.pdf")),
        QUrl::fromLocalFile(m_folder->filePath(QStringLiteral("none")))});
    drop(dropped);
    settle();
    QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
    QVERIFY(!m_window->findChild<Chip*>(QStringLiteral("attachments awaited")));
    // What can't be attached is told, the rest is there.
    QVERIFY(problem()->isVisible());
    QVERIFY(problem()->what().contains(QStringLiteral("none")));
    QVERIFY(find<Chip>("attachment 1")->text().startsWith(QStringLiteral("a picture.png")));
    QCOMPARE(find<Chip>("attachment 2")->text(), QStringLiteral("b.pdf"));

    provider->reply(QStringLiteral("A cat."));
    type("prompt", QStringLiteral("What is this?"));
    click("run");
    waitForBadge(Outcome::Miss);
    QCOMPARE(provider->received().front().messages.back().attachments.size(), 2U);
    QCOMPARE(provider->received().front().messages.back().attachments.front().mediaType,
        QStringLiteral("image/png"));
    QTRY_COMPARE_WITH_TIMEOUT(outlook(), QStringLiteral("● will hit"), patience);

    // Without one of them it is another request.
    QTest::keyClick(find<Chip>("attachment 2"), Qt::Key_Delete);
    QTRY_VERIFY(!m_window->findChild<Chip*>(QStringLiteral("attachment 2")));
    QTRY_COMPARE_WITH_TIMEOUT(outlook(), QStringLiteral("○ will miss"), patience);
}

void TestWorkbenchPrompt::attachmentThatTheModelDoesNotTakeIsToldBefore()
{
    open();
    choose(echo);
    type("prompt", QStringLiteral("What is this?"));
    const auto setModel = [this](const char* name) {
        auto* const model = find<QComboBox>("model")->lineEdit();
        model->setFocus();
        QTest::keySequence(model, QKeySequence::SelectAll);
        QTest::keyClicks(model, QString::fromLatin1(name));
        QTest::keyClick(model, Qt::Key_Tab);
    };
    setModel("openai:gpt-3.5-turbo");
    QTRY_COMPARE_WITH_TIMEOUT(outlook(), QStringLiteral("○ will miss"), patience);
    QMimeData dropped;
    dropped.setUrls({QUrl(QStringLiteral("https://example.com/cat.png"))});
    drop(dropped);
    QTRY_COMPARE_WITH_TIMEOUT(outlook(), QStringLiteral("✕ not taken"), patience);
    const QString why = find<ElidedLabel>("outlook")->text();
    QVERIFY2(
        why.contains(QStringLiteral("openai:gpt-3.5-turbo")) && why.contains(QStringLiteral("image/png")),
        qPrintable(why));
    setModel("openai:gpt-4o");
    QTRY_COMPARE_WITH_TIMEOUT(outlook(), QStringLiteral("○ will miss"), patience);
}

void TestWorkbenchPrompt::readingOfAttachmentsIsStopped()
{
    open();
    choose(echo);
    // Nobody writes into it, so that it is read for as long as the test wants.
    const QByteArray pipe = m_folder->filePath(QStringLiteral("slow")).toLocal8Bit();
    QCOMPARE(mkfifo(pipe.constData(), 0600), 0);
    auto* const panel = find<PromptPanel>("prompt panel");
    QMimeData dropped;
    dropped.setUrls({QUrl::fromLocalFile(QString::fromLocal8Bit(pipe))});
    drop(dropped);
    QVERIFY(panel->isReading());
    QCOMPARE(find<Chip>("attachments awaited")->text(), QStringLiteral("reading slow"));
    type("prompt", QStringLiteral("meanwhile")); // the window is there for one
    // A run without it would be another one.
    click("run");
    QVERIFY2(problem()->what().contains(QStringLiteral("still being read")), qPrintable(problem()->what()));
    QCOMPARE(m_view->runPanel()->runs()->rowCount(), 0);
    QTest::keyClick(find<Chip>("attachments awaited"), Qt::Key_Delete);
    QTRY_VERIFY_WITH_TIMEOUT(!panel->isReading(), patience);
    run(QStringLiteral("without it"));
    QCOMPARE(badge(), badgeOf(Outcome::Miss).text);
    QFile end(QString::fromLocal8Bit(pipe));
    QVERIFY(end.open(QIODevice::WriteOnly)); // lets the reader go
    end.close();
    settle();
    QVERIFY(panel->attachments().empty());
}

void TestWorkbenchPrompt::turnsAreEditedInPlace()
{
    ScriptedProvider* const provider = script();
    open();
    choose(echo);
    auto* const tabs = find<QTabBar>("agent tabs");
    tabs->setCurrentIndex(4);
    for (const char* text : {"Hi", "Hello.", "More?"}) {
        click("add turn");
        QCoreApplication::processEvents();
        QTest::keyClicks(QApplication::focusWidget(), QString::fromLatin1(text)); // one types at once
    }
    QCOMPARE(turns(), QStringLiteral("user: Hi | assistant: Hello. | user: More?"));
    QCOMPARE(tabs->tabText(4), QStringLiteral("History 3"));
    const auto press = [this](const char* name, int turn) {
        QTest::mouseClick(ofTurns<QToolButton>(name).at(turn), Qt::LeftButton);
    };
    press("Move this turn up", 2);
    QCOMPARE(turns(), QStringLiteral("user: Hi | user: More? | assistant: Hello."));
    press("Move this turn down", 0);
    QCOMPARE(turns(), QStringLiteral("user: More? | user: Hi | assistant: Hello."));
    press("Move this turn up", 0); // there is nowhere to go
    press("Move this turn down", 2);
    QCOMPARE(turns(), QStringLiteral("user: More? | user: Hi | assistant: Hello."));
    auto* const role = ofTurns<QComboBox>("Role of this turn").at(1);
    role->setFocus();
    QTest::keyClick(role, Qt::Key_Down);
    QCOMPARE(turns(), QStringLiteral("user: More? | assistant: Hi | assistant: Hello."));
    press("Remove this turn", 2);
    QCOMPARE(turns(), QStringLiteral("user: More? | assistant: Hi"));
    auto* const text = ofTurns<CodeEdit>("Text of this turn").at(1);
    text->setFocus();
    QTest::keySequence(text, QKeySequence::SelectAll);
    QTest::keyClicks(text, QStringLiteral("Yes."));

    provider->reply(QStringLiteral("Good."));
    type("prompt", QStringLiteral("And now?"));
    click("run");
    waitForBadge(Outcome::Miss);
    QStringList sent;
    for (const Message& message : provider->received().front().messages)
        sent.append(message.text);
    QCOMPARE(
        sent.mid(sent.size() - 3).join(QStringLiteral(" | ")), QStringLiteral("More? | Yes. | And now?"));
}

void TestWorkbenchPrompt::tasksAreCompleted_data()
{
    QTest::addColumn<QString>("field");
    QTest::newRow("of the run") << QStringLiteral("run task");
    QTest::newRow("of the agent") << QStringLiteral("task");
}

void TestWorkbenchPrompt::tasksAreCompleted()
{
    QFETCH(QString, field);
    Call call;
    call.id = QStringLiteral("3f0e8a52-0000-4000-8000-000000000011");
    call.timeMs = m_session->clock().nowMs() - 60'000;
    call.task = QStringLiteral("triage tickets");
    waitForTask(m_session->store().recordCalls({call}));
    open();
    choose(echo);
    auto* const task = find<QLineEdit>(field.toLatin1().constData());
    task->setFocus();
    task->selectAll();
    QTest::keyClicks(task, QStringLiteral("TICK"));
    auto* const list = task->completer()->popup();
    QTRY_VERIFY_WITH_TIMEOUT(list->isVisible(), patience);
    QTRY_COMPARE_WITH_TIMEOUT(m_view->activeTasks(), 0, patience);
    int edits = 0;
    const QObject listener;
    connect(m_view->promptPanel(), &PromptPanel::edited, &listener, [&edits] { ++edits; });
    connect(m_view->form(), &AgentForm::edited, &listener, [&edits] { ++edits; });
    QTest::keyClick(list, Qt::Key_Down);
    QTest::keyClick(list, Qt::Key_Return);
    QCOMPARE(task->text(), QStringLiteral("triage tickets"));
    QVERIFY(edits > 0); // a choice is an edit as what is typed is
    type("prompt", QStringLiteral("help"));
    click("run");
    waitForBadge(Outcome::Miss);
    QCOMPARE(m_view->runPanel()->runs()->at(0).result->data().task, QStringLiteral("triage tickets"));
}

void TestWorkbenchPrompt::sampleIsAnEntryOfItsOwn()
{
    open();
    choose(echo);
    type("prompt", QStringLiteral("once more"));
    click("run");
    waitForBadge(Outcome::Miss);
    QTRY_COMPARE_WITH_TIMEOUT(outlook(), QStringLiteral("● will hit"), patience);
    auto* const sample = find<QSpinBox>("sample");
    sample->setFocus();
    QTest::keyClick(sample, Qt::Key_Up);
    QTRY_COMPARE_WITH_TIMEOUT(outlook(), QStringLiteral("○ will miss"), patience);
    click("run");
    waitForBadge(Outcome::Miss);
    QCOMPARE(storedEntries(), 2);
    QTest::keyClick(sample, Qt::Key_Down);
    QTRY_COMPARE_WITH_TIMEOUT(outlook(), QStringLiteral("● will hit"), patience);
    click("run");
    waitForBadge(Outcome::Hit);
}

LLMCACHE_GUI_TEST_MAIN(TestWorkbenchPrompt)
#include "tst_workbenchprompt.moc"
