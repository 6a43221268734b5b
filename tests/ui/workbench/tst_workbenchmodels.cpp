#include "agent/outputvalidation.h"
#include "guitest.h"
#include "widgets/badge.h"
#include "workbench/agentlistmodel.h"
#include "workbench/entryagent.h"
#include "workbench/runhistory.h"
#include "workbench/runlist.h"
#include "workbench/samples.h"
#include "workbench/violationmarks.h"

#include <QAbstractItemModelTester>
#include <QSet>

using namespace llmcache;
using namespace llmcache::ui;

namespace {

Call call(const QString& id, Outcome outcome, const QString& error = {})
{
    Call result;
    result.id = id;
    result.outcome = outcome;
    result.error = error;
    result.latency = std::chrono::milliseconds(12);
    result.timeMs = 1'000'000;
    return result;
}

QString text(const RunListModel& model, int row, int column)
{
    return model.index(row, column).data().toString();
}

} // namespace

class TestWorkbenchModels : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void runsComeOnTop();
    void ledgerFollowsTheRunsOfTheWindow();
    void failedRunsSayWhy();
    void agentsAreSortedAndReplaced();
    void samplesNeedNoKey();
    void entryBecomesItsAgent();
    void pastRunsAreToldOnce();
    void violationsHaveTheirLine();
    void strangeKeysHaveTheirLine();
};

void TestWorkbenchModels::runsComeOnTop()
{
    RunListModel model;
    const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    const int first = model.begin(RunInput(), 1000);
    const int second = model.begin(RunInput(), 2000);
    QCOMPARE(model.rowCount(), 2);
    QCOMPARE(text(model, 0, RunListModel::Number), QStringLiteral("#2"));
    QCOMPARE(text(model, 1, RunListModel::State), QStringLiteral("running"));
    RunItem item;
    item.outcome = Outcome::Hit;
    item.cost = Money();
    item.latency = std::chrono::microseconds(400);
    model.finish(first, item);
    QCOMPARE(text(model, 1, RunListModel::State), badgeOf(Outcome::Hit).text);
    QCOMPARE(text(model, 1, RunListModel::Latency), QStringLiteral("0.4 ms"));
    QVERIFY(model.at(model.rowOf(second)).running);
    QCOMPARE(model.rowOf(99), -1);
    model.clear();
    QCOMPARE(model.rowCount(), 0);
}

void TestWorkbenchModels::ledgerFollowsTheRunsOfTheWindow()
{
    RunListModel model;
    const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    model.begin(RunInput(), 2000);
    const QSet<QString> mine{QStringLiteral("b")};
    model.setLedger(
        {call(QStringLiteral("a"), Outcome::Hit), call(QStringLiteral("b"), Outcome::Miss)}, mine);
    QCOMPARE(model.rowCount(), 2);
    QCOMPARE(text(model, 1, RunListModel::Number), QStringLiteral("–"));
    // Read again, it takes the place of what was read before.
    model.setLedger({call(QStringLiteral("c"), Outcome::Miss)}, mine);
    QCOMPARE(model.rowCount(), 2);
    QCOMPARE(text(model, 1, RunListModel::State), badgeOf(Outcome::Miss).text);
}

void TestWorkbenchModels::failedRunsSayWhy()
{
    RunListModel model;
    model.setLedger({call(QStringLiteral("a"), Outcome::Failed, QStringLiteral("rate limit")),
                        call(QStringLiteral("b"), Outcome::Cancelled)},
        {});
    QVERIFY(model.at(0).failure->message.contains(QStringLiteral("rate limit")));
    QVERIFY(!model.at(0).failure->cancelled());
    QVERIFY(model.at(1).failure->cancelled());
    QVERIFY(model.index(0, 0).data(Qt::ToolTipRole).toString().contains(QStringLiteral("rate limit")));
}

void TestWorkbenchModels::agentsAreSortedAndReplaced()
{
    AgentListModel model;
    const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    const auto agent = [](const QString& name, qint64 revision) {
        StoredAgent stored;
        stored.agent.name = name;
        stored.agent.model = QStringLiteral("test:echo");
        stored.revision = revision;
        return stored;
    };
    model.setAgents({agent(QStringLiteral("b"), 1), agent(QStringLiteral("d"), 1)});
    model.put(agent(QStringLiteral("c"), 1));
    model.put(agent(QStringLiteral("b"), 2));
    QCOMPARE(model.rowCount(), 3);
    QCOMPARE(model.rowOf(QStringLiteral("c")), 1);
    QCOMPARE(model.find(QStringLiteral("b"))->revision, 2);
    model.remove(QStringLiteral("b"));
    QCOMPARE(model.rowCount(), 2);
    QVERIFY(!model.find(QStringLiteral("b")));
}

void TestWorkbenchModels::samplesNeedNoKey()
{
    const std::vector<Agent> samples = sampleAgents();
    QCOMPARE(samples.size(), std::size_t(2));
    for (const Agent& sample : samples)
        QVERIFY2(sample.model.startsWith(QStringLiteral("test:")), qPrintable(sample.model));
}

void TestWorkbenchModels::entryBecomesItsAgent()
{
    Agent base = sampleAgents().back();
    base.outputRetries = 4;
    base.settings.timeout = std::chrono::seconds(7);
    Request request;
    request.model = ModelRef::parse(QStringLiteral("openai:gpt-5"));
    request.systemPrompts = QStringList{QStringLiteral("Be brief.")};
    request.settings.temperature = 0.9;
    request.output = base.output;
    request.output.pythonType.clear();
    Entry entry;
    entry.meta.agent = base.name;
    entry.meta.task = QStringLiteral("other");
    const Agent agent = agentFromEntry(entry, request, base);
    QCOMPARE(agent.name, base.name);
    QCOMPARE(agent.model, QStringLiteral("openai:gpt-5"));
    QCOMPARE(agent.systemPrompt.join(QString()), QStringLiteral("Be brief."));
    QCOMPARE(agent.settings.temperature, std::optional<double>(0.9));
    QCOMPARE(agent.task, QStringLiteral("other"));
    // What a request does not hold stays as the agent has it.
    QCOMPARE(agent.outputRetries, 4);
    QVERIFY(agent.settings.timeout == base.settings.timeout);
}

void TestWorkbenchModels::pastRunsAreToldOnce()
{
    RunSummary kept;
    kept.callId = QStringLiteral("a");
    kept.timeMs = 1'000'000;
    kept.prompt = QStringLiteral("mine, in full");
    kept.file = QStringLiteral("a.run");
    RunSummary unknown = kept;
    unknown.callId.clear();
    unknown.timeMs = 2'000'000;
    Call theirs = call(QStringLiteral("b"), Outcome::Hit);
    theirs.user = QStringLiteral("ben");
    theirs.timeMs = 3'000'000;
    theirs.fingerprint = QStringLiteral("f");
    Call mine = call(QStringLiteral("a"), Outcome::Miss);
    mine.user = QStringLiteral("ana");
    EntryMeta entry;
    entry.fingerprint = QStringLiteral("f");
    entry.promptExcerpt = QStringLiteral("theirs begins");
    const auto runs = mergeRuns({kept, unknown}, {mine, theirs}, {entry}, QStringLiteral("ana"));
    QCOMPARE(runs.size(), std::size_t(3));
    QCOMPARE(runs[0].prompt, QStringLiteral("theirs begins"));
    QCOMPARE(runs[1].outcome, std::nullopt);
    QCOMPARE(runs[2].prompt, QStringLiteral("mine, in full"));
    QCOMPARE(runs[2].file, QStringLiteral("a.run"));
    RunHistoryModel model;
    const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    model.setRuns(runs, QStringLiteral("ana"), 4'000'000);
    QCOMPARE(model.rowCount(), 3);
    QVERIFY(!model.index(0, 0).data(RunHistoryModel::mineRole).toBool());
    QVERIFY(model.index(2, 0).data(RunHistoryModel::mineRole).toBool());
}

void TestWorkbenchModels::violationsHaveTheirLine()
{
    const Json value =
        parseJson(R"({"name": "x", "tags": ["a", {"k": [1, 2]}, "c"], "empty": {}, "age": "old"})", {});
    const QStringList lines = QString::fromUtf8(toPrettyJsonText(value)).split(QLatin1Char('\n'));
    const auto at = [&](const char* pointer) {
        return lines.at(lineOfPointer(value, QString::fromLatin1(pointer))).trimmed();
    };
    QCOMPARE(at("/"), QStringLiteral("{"));
    QCOMPARE(at("/name"), QStringLiteral("\"name\": \"x\","));
    QCOMPARE(at("/age"), QStringLiteral("\"age\": \"old\""));
    QCOMPARE(at("/tags/2"), QStringLiteral("\"c\""));
    QCOMPARE(at("/tags/1/k/1"), QStringLiteral("2"));
    QCOMPARE(at("/tags/9"), QStringLiteral("\"tags\": ["));
    QCOMPARE(at("/none"), QStringLiteral("{"));
}

void TestWorkbenchModels::strangeKeysHaveTheirLine()
{
    const Json value = parseJson(R"({"a/b": 1, "m~n": 2, "why: not": {"in: it": 3}, "": 4})", {});
    const Json schema = parseJson(R"({"type": "object", "additionalProperties": {"type": "string"},
        "properties": {"why: not": {"additionalProperties": {"type": "string"}}}})",
        {});
    const QStringList lines = QString::fromUtf8(toPrettyJsonText(value)).split(QLatin1Char('\n'));
    QStringList marked;
    for (const QString& violation : validateOutput(schema, value).violations)
        marked.append(lines.at(lineOfPointer(value, pointerOfViolation(value, violation))).trimmed());
    for (const char* line : {"\"a/b\": 1,", "\"m~n\": 2,", "\"in: it\": 3"})
        QVERIFY2(marked.contains(QString::fromLatin1(line)), qPrintable(marked.join(QLatin1Char('|'))));
}

LLMCACHE_GUI_TEST_MAIN(TestWorkbenchModels)
#include "tst_workbenchmodels.moc"
