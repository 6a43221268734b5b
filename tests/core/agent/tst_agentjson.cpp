#include "agent/agentjson.h"
#include "base/error.h"
#include "testenvironment.h"

#include <QTest>

using namespace llmcache;

class TestAgentJson : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void fullFileReadsAndWritesBackUnchanged();
    void minimalFileHasDefaults();
    void schemaKeepsTheOrderOfItsProperties();
    void badFilesNameFieldAndReason_data();
    void badFilesNameFieldAndReason();
    void modelReferences_data();
    void modelReferences();
};

void TestAgentJson::fullFileReadsAndWritesBackUnchanged()
{
    const QByteArray text =
        R"({"name":"profiler","model":"anthropic:claude-haiku-4-5","system_prompt":["a","b"],
        "instructions":"i","output":{"name":"UserProfile","description":"d","schema":{"type":"object"},"mode":"tool",
        "python_type":"app.UserProfile"},"settings":{"temperature":0.2,"max_tokens":1024,"top_p":1,"top_k":40,"seed":7,
        "stop_sequences":["x"],"thinking":"low","timeout_s":60,"extra_headers":{"a":"b"},"extra_body":{"c":1}},
        "tools":[{"name":"t","description":"d","parameters":{"type":"object"},"answers":[{"when":{"q":1},"return":[1]}],
        "default":null},{"name":"u","default":"none"}],"output_retries":3,"ttl_s":60,"task":"make_profile","tags":["x"],
        "base_url":"http://127.0.0.1:1"})";
    const Agent agent = parseAgent(text, u"agent file a.agent.json"_qs);
    QCOMPARE(agent.systemPrompt, (QStringList{u"a"_qs, u"b"_qs}));
    QCOMPARE(agent.output.mode, OutputMode::Tool);
    QCOMPARE(*agent.settings.timeout, std::chrono::milliseconds(60'000));
    QCOMPARE(agent.tools.at(1).fallback.value(), Json("none"));
    QCOMPARE(*agent.ttl, std::chrono::seconds(60));
    QVERIFY(agentFromJson(toJson(agent), u"again"_qs) == agent);
}

void TestAgentJson::minimalFileHasDefaults()
{
    const Agent agent = parseAgent(R"({"name":"a","model":"test:echo"})", u"file"_qs);
    QVERIFY(agent.output.isText());
    QCOMPARE(agent.outputRetries, 1);
    QVERIFY(!agent.ttl);
    QCOMPARE(toJsonText(toJson(agent)), QByteArray(R"({"name":"a","model":"test:echo"})"));
}

void TestAgentJson::schemaKeepsTheOrderOfItsProperties()
{
    const Agent agent = parseAgent(R"({"name":"a","model":"test:x","output":{"name":"O","schema":
        {"properties":{"reasoning":{"type":"string"},"answer":{"type":"string"}},"type":"object"}}})",
        u"file"_qs);
    const Json& properties = agent.output.schema["properties"];
    QCOMPARE(properties.begin().key(), std::string("reasoning"));
}

void TestAgentJson::badFilesNameFieldAndReason_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QStringList>("words");
    const auto row = [](const char* name, const char* text, QStringList words) {
        QTest::newRow(name) << QByteArray(text) << (words << u"Agent file x"_qs);
    };
    row("no name", R"({"model":"test:x"})", {u"\"name\""_qs, u"required"_qs});
    row("blank name", R"({"name":" ","model":"test:x"})", {u"\"name\""_qs});
    row("no model", R"({"name":"a"})", {u"\"model\""_qs, u"required"_qs});
    row("model without provider", R"({"name":"a","model":"haiku"})", {u"\"model\""_qs, u"provider:model"_qs});
    row("unknown field", R"({"name":"a","model":"test:x","sytem_prompt":""})",
        {u"sytem_prompt"_qs, u"system_prompt"_qs});
    row("unknown setting", R"({"name":"a","model":"test:x","settings":{"temprature":1}})",
        {u"settings.temprature"_qs});
    row("temperature too high", R"({"name":"a","model":"test:x","settings":{"temperature":3}})",
        {u"settings.temperature"_qs, u"0 to 2"_qs});
    row("temperature as text", R"({"name":"a","model":"test:x","settings":{"temperature":"1"}})",
        {u"settings.temperature"_qs});
    row("fractional tokens", R"({"name":"a","model":"test:x","settings":{"max_tokens":1.5}})",
        {u"settings.max_tokens"_qs});
    row("thinking", R"({"name":"a","model":"test:x","settings":{"thinking":"much"}})",
        {u"settings.thinking"_qs});
    row("output mode", R"({"name":"a","model":"test:x","output":{"name":"O","schema":{},"mode":"magic"}})",
        {u"output.mode"_qs});
    row("output without schema", R"({"name":"a","model":"test:x","output":{"name":"O"}})",
        {u"output.schema"_qs});
    row("output word", R"({"name":"a","model":"test:x","output":"json"})", {u"\"output\""_qs});
    row("negative retries", R"({"name":"a","model":"test:x","output_retries":-1})", {u"output_retries"_qs});
    row("tags", R"({"name":"a","model":"test:x","tags":[1]})", {u"\"tags\""_qs});
    row("no object", R"([1])", {u"must be a JSON object"_qs});
    row("no JSON", R"({"name":)", {u"line 1"_qs});
}

void TestAgentJson::badFilesNameFieldAndReason()
{
    QFETCH(QByteArray, text);
    QFETCH(QStringList, words);
    try {
        parseAgent(text, u"Agent file x"_qs);
        QFAIL("accepted");
    } catch (const ConfigurationError& error) {
        for (const QString& word : words)
            QVERIFY2(error.text().contains(word), qPrintable(word + u" is not in: "_qs + error.text()));
    }
}

void TestAgentJson::modelReferences_data()
{
    QTest::addColumn<QString>("reference");
    QTest::addColumn<QString>("whole");
    QTest::newRow("plain") << "anthropic:claude-haiku-4-5"
                           << "anthropic:claude-haiku-4-5";
    QTest::newRow("colon in the model") << "bedrock:a.b-v1:0"
                                        << "bedrock:a.b-v1:0";
    QTest::newRow("bare gpt") << "gpt-4o"
                              << "openai:gpt-4o";
    QTest::newRow("bare claude") << "claude-3-5-haiku-latest"
                                 << "anthropic:claude-3-5-haiku-latest";
    QTest::newRow("bare gemini") << "gemini-2.5-pro"
                                 << "google-gla:gemini-2.5-pro";
    QTest::newRow("no provider") << ":x"
                                 << "";
    QTest::newRow("no model") << "openai:"
                              << "";
    QTest::newRow("empty") << ""
                           << "";
}

void TestAgentJson::modelReferences()
{
    QFETCH(QString, reference);
    QFETCH(QString, whole);
    if (whole.isEmpty())
        QVERIFY_THROWS_EXCEPTION(ConfigurationError, ModelRef::parse(reference));
    else
        QCOMPARE(ModelRef::parse(reference).toString(), whole);
}

LLMCACHE_TEST_MAIN(TestAgentJson)
#include "tst_agentjson.moc"
