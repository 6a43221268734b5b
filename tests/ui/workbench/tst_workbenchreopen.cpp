#include "../../core/cache/sampleinputs.h"
#include "cache/request.h"
#include "cache/runrecords.h"
#include "workbench/agentform.h"
#include "workbench/promptpanel.h"
#include "workbench/runhistory.h"
#include "workbench/runpanel.h"
#include "workbenchtest.h"

#include <QAbstractItemModelTester>
#include <QLineEdit>
#include <QTableView>

using namespace llmcache;
using namespace llmcache::ui;
using llmcache::test::SampleInputs;
using llmcache::test::waitForTask;
using llmcache::test::WorkbenchTest;

/// A run is put back into the window as it was, from the history or from the entry that it left.
class TestWorkbenchReopen : public WorkbenchTest {
    Q_OBJECT
private Q_SLOTS:
    void entryCanBeRunAgain();
    void historyOpensARunAsItWas();
    void runsOfOthersOpenFromTheirEntry();
    void whatIsRestoredIsTheSame();
    void whatIsStoredIsTheSame();
    void whatIsReopenedIsTheSame();

private:
    /// With values for what is in its texts, as the fields of the view would give them.
    RunInput next()
    {
        RunInput input = m_inputs.next();
        input.agent.name += QStringLiteral(" of round %1").arg(++m_round);
        input.agentRevision = 0; // saved by nobody yet
        input.prompt.prepend(QStringLiteral("Round %1 ").arg(m_round));
        const QString texts = input.prompt + QLatin1Char('\n')
            + input.agent.systemPrompt.join(QLatin1Char('\n')) + QLatin1Char('\n') + input.agent.instructions;
        Variables variables;
        for (const QString& name : templateVariables(texts))
            variables.insert(name, QStringLiteral("%1\u00a0of\r\n%2\u2028{{who}}").arg(m_round).arg(name));
        input.options.variables = variables;
        return input;
    }
    /// Line by line, so that a difference can be read.
    static void compare(const RunInput& now, const RunInput& then)
    {
        const QByteArrayList left = llmcache::test::describe(now).split('\n');
        const QByteArrayList right = llmcache::test::describe(then).split('\n');
        for (qsizetype line = 0; line < std::min(left.size(), right.size()); ++line)
            QCOMPARE(left.at(line), right.at(line));
        QCOMPARE(left.size(), right.size());
    }
    QString fingerprintOf(const RunInput& input) const
    {
        return fingerprint(m_session->runner().buildRequest(input.agent, input.prompt, input.options));
    }

    SampleInputs m_inputs{7};
    int m_round = 0;
};

void TestWorkbenchReopen::entryCanBeRunAgain()
{
    open();
    choose(profile);
    type("prompt", QStringLiteral("Ada, 36"));
    click("run");
    waitForBadge(Outcome::Miss);
    const QString fingerprint = m_view->runPanel()->runs()->at(0).fingerprint;
    choose(echo);
    type("prompt", QStringLiteral("something else"));
    m_view->openEntryRequest(fingerprint);
    QTRY_COMPARE_WITH_TIMEOUT(find<CodeEdit>("prompt")->text(), QStringLiteral("Ada, 36"), patience);
    QCOMPARE(find<QLineEdit>("agent name")->text(), profile);
    click("run");
    waitForBadge(Outcome::Hit);
    QCOMPARE(m_view->runPanel()->runs()->at(0).fingerprint, fingerprint);

    m_view->openEntryRequest(QString(64, QLatin1Char('0')));
    QTRY_VERIFY_WITH_TIMEOUT(problem()->isVisible(), patience);
    QVERIFY(problem()->what().contains(QStringLiteral("gone")));
}

void TestWorkbenchReopen::historyOpensARunAsItWas()
{
    open();
    choose(profile);
    m_view->form()->setHistory(
        {Message::user(QStringLiteral("Hi, I am Ada.")), Message::assistant(QStringLiteral("Hello."))});
    find<PromptPanel>("prompt panel")
        ->setAttachments(
            {{QStringLiteral("text/plain"), QByteArrayLiteral("notes"), {}, QStringLiteral("notes.txt")}});
    m_view->setPrompt(
        QStringLiteral("Make a profile on {{who}}"), {{QStringLiteral("who"), QStringLiteral("Ada")}});
    find<PromptPanel>("prompt panel")->setSample(2);
    const QByteArray started = toPrettyJsonText(toJson(m_view->input()));
    click("run");
    waitForBadge(Outcome::Miss);
    QTRY_COMPARE_WITH_TIMEOUT(m_view->activeTasks(), 0, patience);

    choose(echo);
    m_view->form()->setHistory({});
    find<PromptPanel>("prompt panel")->setAttachments({});
    find<PromptPanel>("prompt panel")->setSample(0);
    run(QStringLiteral("something else"));
    command(QStringLiteral("Run history"));
    auto* const dialog = m_window->findChild<RunHistoryDialog*>();
    QVERIFY(dialog);
    auto* const table = dialog->findChild<QTableView*>(QStringLiteral("past runs"));
    const QAbstractItemModelTester tester(
        table->model(), QAbstractItemModelTester::FailureReportingMode::QtTest);
    QTRY_COMPARE_WITH_TIMEOUT(table->model()->rowCount(), 2, patience);
    auto* const search = dialog->findChild<QLineEdit*>(QStringLiteral("run search"));
    QTest::keyClicks(search, QStringLiteral("profile who"));
    QCOMPARE(table->model()->rowCount(), 1);
    table->selectRow(0);
    QTest::mouseClick(dialog->findChild<QPushButton*>(QStringLiteral("reopen run")), Qt::LeftButton);
    QTRY_COMPARE_WITH_TIMEOUT(find<QLineEdit>("agent name")->text(), profile, patience);
    QCOMPARE(QString::fromUtf8(toPrettyJsonText(toJson(m_view->input()))), QString::fromUtf8(started));
    click("run");
    waitForBadge(Outcome::Hit);
}

void TestWorkbenchReopen::runsOfOthersOpenFromTheirEntry()
{
    open();
    choose(echo);
    run(QStringLiteral("stored by ana"));
    waitForTask(m_session->runner().writeLedger());
    Call call;
    call.id = QStringLiteral("3f0e8a52-0000-4000-8000-000000000010");
    call.timeMs = m_session->clock().nowMs();
    call.user = QStringLiteral("ben");
    call.agent = echo;
    call.outcome = Outcome::Hit;
    call.fingerprint = m_view->runPanel()->runs()->at(0).fingerprint;
    waitForTask(m_session->store().recordCalls({call}));
    type("prompt", QStringLiteral("another"));
    command(QStringLiteral("Run history"));
    auto* const dialog = m_window->findChild<RunHistoryDialog*>();
    auto* const table = dialog->findChild<QTableView*>(QStringLiteral("past runs"));
    QTRY_COMPARE_WITH_TIMEOUT(table->model()->rowCount(), 2, patience);
    QTest::keyClicks(dialog->findChild<QLineEdit*>(QStringLiteral("run search")), QStringLiteral("ben"));
    QCOMPARE(table->model()->rowCount(), 1);
    table->selectRow(0);
    QVERIFY(dialog->findChild<QLabel*>(QStringLiteral("past runs note"))
                ->text()
                .contains(QStringLiteral("from its entry")));
    QTest::mouseClick(dialog->findChild<QPushButton*>(QStringLiteral("reopen run")), Qt::LeftButton);
    QTRY_COMPARE_WITH_TIMEOUT(find<CodeEdit>("prompt")->text(), QStringLiteral("stored by ana"), patience);
}

void TestWorkbenchReopen::whatIsRestoredIsTheSame()
{
    open();
    for (int round = 0; round < 60; ++round) {
        const RunInput given = next();
        m_view->restore(given);
        compare(m_view->input(), given);
    }
}

void TestWorkbenchReopen::whatIsStoredIsTheSame()
{
    constexpr int rounds = 200;
    std::vector<RunInput> given;
    std::vector<RunRecord> kept;
    const QString folder = m_session->config().dataFolder + QStringLiteral("/runs");
    {
        RunRecords records(folder);
        for (int round = 0; round < rounds; ++round) {
            RunInput input = next();
            input.options.cachePolicy = CachePolicy::Use;
            const StoredAgent saved = waitForTask(
                m_session->store().saveAgent(input.agent, 0, QStringLiteral("ana"), 1000 + round));
            input.agentRevision = saved.revision;
            RunRecord record;
            record.fingerprint = fingerprintOf(input);
            record.timeMs = 1000 + round;
            record.callId = QString::number(round);
            record.input = input;
            waitForTask(records.add(record));
            given.push_back(std::move(input));
            kept.push_back(std::move(record));
        }
    }
    m_session.reset();
    openSession(); // another program, later
    RunRecords records(folder);
    const auto list = waitForTask(records.list({}));
    QCOMPARE(list.size(), std::size_t(rounds));
    for (int round = 0; round < rounds; ++round) {
        const auto at = static_cast<std::size_t>(round);
        const RunInput& then = given[at];
        const auto stored = waitForTask(m_session->store().loadAgent(then.agent.name));
        QVERIFY(stored);
        QVERIFY(stored->agent == then.agent);
        const RunSummary& summary = list[rounds - 1 - at]; // the newest first
        QCOMPARE(summary.fingerprint, kept[at].fingerprint);
        const RunInput now = waitForTask(records.read(summary.file));
        compare(now, then);
        QVERIFY(now.agent == then.agent);
        QVERIFY(now.options.messageHistory == then.options.messageHistory);
        QVERIFY(now.options.attachments == then.options.attachments);
        QCOMPARE(fingerprintOf(now), summary.fingerprint);
    }
}

void TestWorkbenchReopen::whatIsReopenedIsTheSame()
{
    constexpr int rounds = 12;
    std::vector<RunInput> given;
    open();
    for (int round = 0; round < rounds; ++round) {
        RunInput input = next();
        input.options.cachePolicy = CachePolicy::Use;
        m_view->restore(input);
        click("save agent");
        QTRY_VERIFY2_WITH_TIMEOUT(state().startsWith(QStringLiteral("saved")), qPrintable(state()), patience);
        m_view->run();
        QTRY_COMPARE_WITH_TIMEOUT(m_view->runPanel()->running(), 0, patience);
        settle();
        input.agentRevision = 1;
        given.push_back(std::move(input));
    }
    m_window.reset();
    m_session.reset();
    openSession(); // another program, later
    open();
    RunRecords records(m_session->config().dataFolder + QStringLiteral("/runs"));
    const auto list = waitForTask(records.list(m_session->config().workspace));
    QCOMPARE(list.size(), std::size_t(rounds));
    int stored = 0;
    for (int round = 0; round < rounds; ++round) {
        const RunInput& then = given[static_cast<std::size_t>(round)];
        m_view->showHistory();
        auto* const dialog = m_window->findChild<RunHistoryDialog*>();
        auto* const table = dialog->findChild<QTableView*>(QStringLiteral("past runs"));
        QTRY_VERIFY_WITH_TIMEOUT(table->model()->rowCount() == rounds, patience);
        table->selectRow(rounds - 1 - round);
        QTest::mouseClick(dialog->findChild<QPushButton*>(QStringLiteral("reopen run")), Qt::LeftButton);
        QTRY_COMPARE_WITH_TIMEOUT(find<QLineEdit>("agent name")->text(), then.agent.name, patience);
        settle();
        compare(m_view->input(), then);
        QVERIFY2(state().startsWith(QStringLiteral("saved")), qPrintable(state()));
        QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete); // the dialog
        // As the team sees it: from the entry.
        const QString print = list[static_cast<std::size_t>(rounds - 1 - round)].fingerprint;
        if (!waitForTask(m_session->store().lookup(print)))
            continue; // the run failed
        ++stored;
        m_view->openEntryRequest(print);
        settle();
        QCOMPARE(fingerprintOf(m_view->input()), print);
    }
    QVERIFY(stored >= rounds / 2);
}

LLMCACHE_GUI_TEST_MAIN(TestWorkbenchReopen)
#include "tst_workbenchreopen.moc"
