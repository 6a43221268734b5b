#include "cache/pythontwin.h"
#include "testenvironment.h"

#include <QTest>

using namespace llmcache;

namespace {

Agent plainAgent()
{
    Agent agent;
    agent.name = u"x"_qs;
    agent.model = u"test:test"_qs;
    agent.systemPrompt = SystemPrompt(u"S"_qs);
    return agent;
}

Json schemaOf(const char* text)
{
    return parseJson(text, u"schema"_qs);
}

PythonTwin twinOf(const Agent& agent, const RunOptions& options = {}, const PythonHints& hints = {})
{
    return pythonTwin(agent, u"p"_qs, options, hints);
}

} // namespace

class TestPythonTwin : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void plainAgentHasThreeNames();
    void namesCanBeSaid();
    void settingsAreRunArguments();
    void runArgumentsCanBeSaid();
    void whatIsNotInTheKeyIsWrittenOnly();
    void onlyClassesHaveASchemaInTheKey();
    void whatPythonAloneKnowsIsSaid();
    void historyIsGivenAsPlainMessages();
    void templatesAreRendered();
};

void TestPythonTwin::plainAgentHasThreeNames()
{
    const PythonTwin twin = twinOf(plainAgent());
    QVERIFY(twin.isReadable());
    QCOMPARE(twin.spellings.size(), std::size_t(3));
    QCOMPARE(twin.spellings[0].agentName, std::optional(u"x"_qs));
    QCOMPARE(twin.spellings[1].agentName, std::nullopt);
    QCOMPARE(twin.spellings[2].agentName, std::optional(u"agent"_qs));
    QCOMPARE(twin.writtenKeys(),
        QStringList{u"pyai-cache:v3:62d0d2f313dbb54b2f3974d3c9d67e408c302ac57d9d2a44cd757937de16a778"_qs});
    QCOMPARE(twin.keys(3).size(), 3);
}

void TestPythonTwin::namesCanBeSaid()
{
    PythonHints hints;
    hints.agentNames = {std::nullopt, u"agent"_qs};
    PythonTwin twin = twinOf(plainAgent(), {}, hints);
    QCOMPARE(twin.spellings.size(), std::size_t(2));
    // The first call of a process asks for the one, later ones for the other.
    QCOMPARE(twin.writtenKeys().size(), 2);
    hints.agentNames = {u"other"_qs};
    twin = twinOf(plainAgent(), {}, hints);
    QCOMPARE(twin.spellings.size(), std::size_t(1));
    QCOMPARE(twin.spellings[0].agentName, std::optional(u"other"_qs));
}

void TestPythonTwin::settingsAreRunArguments()
{
    Agent agent = plainAgent();
    agent.settings.temperature = 0.5;
    agent.settings.timeout = std::chrono::seconds(3);
    QCOMPARE(toJsonText(twinOf(agent).spellings[0].runArguments),
        QByteArray(R"({"model_settings":{"temperature":0.5}})"));
    agent.settings.temperature = 0;
    const PythonTwin twin = twinOf(agent);
    QCOMPARE(
        toJsonText(twin.spellings[0].runArguments), QByteArray(R"({"model_settings":{"temperature":0}})"));
    QCOMPARE(
        toJsonText(twin.spellings[1].runArguments), QByteArray(R"({"model_settings":{"temperature":0.0}})"));
    QCOMPARE(twin.spellings.size(), std::size_t(6));
    QCOMPARE(twin.writtenKeys().size(), 2);
}

void TestPythonTwin::runArgumentsCanBeSaid()
{
    Agent agent = plainAgent();
    agent.settings.temperature = 0;
    PythonHints hints;
    hints.runArguments = Json{{"model_settings", {{"temperature", 0}}}, {"infer_name", true}};
    PythonTwin twin = twinOf(agent, {}, hints);
    QVERIFY(twin.isReadable());
    QCOMPARE(twin.spellings[0].runArguments, hints.runArguments);
    // Settings of the Python agent itself are in no key.
    hints.runArguments = Json::object();
    twin = twinOf(agent, {}, hints);
    QCOMPARE(twin.leftOut, QStringList{u"settings"_qs});
    QVERIFY(!twin.isReadable());
    QVERIFY(!twin.writtenKeys().isEmpty());
}

void TestPythonTwin::whatIsNotInTheKeyIsWrittenOnly()
{
    Agent agent = plainAgent();
    agent.instructions = u"I"_qs;
    agent.tools.push_back({.name = u"t"_qs, .description = {}, .answers = {}, .fallback = {}});
    const PythonTwin twin = twinOf(agent);
    QVERIFY(!twin.isReadable());
    QCOMPARE(twin.leftOut, (QStringList{u"instructions"_qs, u"tools"_qs}));
    QCOMPARE(twin.writtenKeys(), twinOf(plainAgent()).writtenKeys());
}

void TestPythonTwin::onlyClassesHaveASchemaInTheKey()
{
    Agent agent = plainAgent();
    agent.output = OutputType::json(u"list"_qs, schemaOf(R"({"type":"array","items":{"type":"string"}})"));
    QVERIFY(twinOf(agent).call.outputSchema.is_null());
    QCOMPARE(twinOf(agent).writtenKeys(), twinOf(plainAgent()).writtenKeys());
    for (const char* schema : {R"({"type":"array","items":{},"title":"Names"})", // a RootModel
             R"({"$defs":{"Tree":{}},"$ref":"#/$defs/Tree"})"}) {
        agent.output = OutputType::json(u"class"_qs, schemaOf(schema));
        QCOMPARE(twinOf(agent).call.outputSchema, agent.output.schema);
    }
}

void TestPythonTwin::whatPythonAloneKnowsIsSaid()
{
    const auto problemOf = [](const Agent& agent, const RunOptions& options) {
        const PythonTwin twin = twinOf(agent, options);
        return twin.keys(3).isEmpty() ? twin.problem : QString();
    };
    RunOptions options;
    options.sample = 1;
    QVERIFY(problemOf(plainAgent(), options).contains(u"samples"_qs));
    options = {};
    options.attachments.push_back({u"image/png"_qs, "x", {}, {}});
    QVERIFY(problemOf(plainAgent(), options).contains(u"attachments"_qs));
    options = {};
    options.rawHistory = parseJson(R"([{"kind":"request","parts":[]}])", u"history"_qs);
    QVERIFY(problemOf(plainAgent(), options).contains(u"message objects"_qs));
    options.rawHistory = Json::object();
    QVERIFY(problemOf(plainAgent(), options).contains(u"no list"_qs));
    options.rawHistory = parseJson("[{\"role\":\"user\",\"content\":\"\u0378\"}]", u"history"_qs);
    QVERIFY(problemOf(plainAgent(), options).contains(u"versions of Python"_qs));
    PythonHints hints;
    hints.runArguments = Json{{"usage_limits", {{"request_limit", 3}}}};
    QVERIFY(twinOf(plainAgent(), {}, hints).problem.contains(u"usage_limits"_qs));
    Agent agent = plainAgent();
    agent.output = OutputType::json(u"M"_qs, schemaOf(R"({"title":"M","maximum":100000000000000000000})"));
    QVERIFY(problemOf(agent, {}).contains(u"too large"_qs));
    hints = {};
    hints.hasExactNumbers = true;
    QCOMPARE(twinOf(agent, {}, hints).problem, QString());
}

void TestPythonTwin::historyIsGivenAsPlainMessages()
{
    RunOptions options;
    options.rawHistory = parseJson(R"([{"role":"user","content":"it's"}])", u"history"_qs);
    const QString key = u"pyai-cache:v3:337cae7654ef2204fd82deec01912b11a7294a41c9776b47446a0286ba61d612"_qs;
    QCOMPARE(twinOf(plainAgent(), options).writtenKeys(), QStringList{key});
    options = {};
    options.messageHistory = {Message::user(u"it's"_qs)};
    QCOMPARE(twinOf(plainAgent(), options).writtenKeys(), QStringList{key});
    options.rawHistory = Json::array();
    QVERIFY(!twinOf(plainAgent(), options).problem.isEmpty());
}

void TestPythonTwin::templatesAreRendered()
{
    Agent agent = plainAgent();
    agent.systemPrompt = SystemPrompt(u"{{letter}}"_qs);
    RunOptions options;
    options.variables = Variables{{u"letter"_qs, u"S"_qs}};
    QCOMPARE(twinOf(agent, options).writtenKeys(), twinOf(plainAgent()).writtenKeys());
}

LLMCACHE_TEST_MAIN(TestPythonTwin)
#include "tst_pythontwin.moc"
