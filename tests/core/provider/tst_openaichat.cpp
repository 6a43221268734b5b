#include "providerfixture.h"
#include "testenvironment.h"

#include <QTest>

using namespace llmcache;
using namespace llmcache::test;
using namespace std::chrono_literals;

namespace {

const QByteArray helloReply =
    R"({"id":"c1","model":"gpt-4o-2024-08-06","choices":[{"index":0,"finish_reason":"stop",
    "message":{"role":"assistant","content":"Hi"}}],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}})";

Json parsed(const char* text)
{
    return parseJson(text, QStringLiteral("expected"));
}

QByteArray sse(const char* data)
{
    return QByteArray("data: ") + data + "\n\n";
}

OutputType cityType(OutputMode mode = OutputMode::Auto)
{
    return OutputType::json(u"City"_qs,
        parsed(
            R"({"type":"object","title":"City","properties":{"name":{"type":"string","title":"Name"}},"required":["name"]})"),
        mode);
}

} // namespace

class TestOpenAiChat : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void plainRequest();
    void history();
    void settingsByModel_data();
    void settingsByModel();
    void toolModeForcesTheTool();
    void strictOnlyWhereNothingIsLost();
    void otherRootsAreWrapped();
    void nativeMode();
    void nativeModeWhereThereIsNone();
    void promptedMode();
    void toolsBesideTheAnswer();
    void attachments();
    void extraHeadersAndBody();
    void refusedHeaders_data();
    void refusedHeaders();
    void azure();
    void streaming();
    void thinkTagsAreNotStreamed();
    void cutStreams_data();
    void cutStreams();
    void cutJsonIsTransient();
    void errorInTheStream();
    void refusal();
    void brokenArgumentsStayText();
    void missingArgumentsAreNone();
    void deepArgumentsAreNotWalkedThrough();
    void whatCameCanBeStored();
    void hostileCountsDoNotOverflow();
    void emptyEventsAreIgnored();
    void leadingSpaceIsNotStreamed();
    void reasoningDetailsAreKept();
    void largeAttachmentsAreRefused();
    void foreignToolIdsFitTheProvider();
    void thinkingReturnsToItsProviderOnly();
    void reportedCost();
    void streamAnsweredByPlainJson();
    void stopMidStream();
};

void TestOpenAiChat::plainRequest()
{
    ProviderFixture fixture(u"/v1"_qs);
    fixture.server.enqueue(ScriptedReply::json(helloReply, 200, {{"x-request-id", "req_1"}}));
    ProviderRequest request = requestFor(u"openai:gpt-4o"_qs);
    request.systemPrompts = QStringList{u"One."_qs, u"Two."_qs};
    request.instructions = u"Be brief."_qs;
    const ProviderReply reply = fixture.complete(request);
    QCOMPARE(reply.message, Message::assistant(u"Hi"_qs));
    QCOMPARE(reply.finishReason, FinishReason::Stop);
    QCOMPARE(reply.model, u"gpt-4o-2024-08-06"_qs);
    QCOMPARE(reply.requestId, u"req_1"_qs);
    QCOMPARE(reply.usage.inputTokens, 9);
    QCOMPARE(reply.usage.outputTokens, 2);
    const RecordedRequest& sent = fixture.server.requests().front();
    QCOMPARE(sent.path, QByteArray("/v1/chat/completions"));
    QCOMPARE(sent.header("authorization"), QByteArray("Bearer secret-of-OPENAI_API_KEY"));
    QCOMPARE(sent.header("content-type"), QByteArray("application/json"));
    const Json expected = parsed(R"({"model":"gpt-4o","messages":[{"role":"system","content":"One."},
        {"role":"system","content":"Two."},{"role":"system","content":"Be brief."},{"role":"user","content":"Hello"}],
        "stream":false})");
    QCOMPARE(fixture.sent(), expected);
}

void TestOpenAiChat::history()
{
    ProviderFixture fixture;
    fixture.server.enqueue(ScriptedReply::json(helloReply));
    ProviderRequest request = requestFor(u"openai:gpt-4o"_qs);
    Message calls = Message::assistant({});
    calls.toolCalls = {{u"a"_qs, u"time"_qs, Json::object()}, {u"b"_qs, u"place"_qs, Json{{"of", "x"}}}};
    Message answer;
    answer.role = Role::Tool;
    answer.toolCallId = u"a"_qs;
    answer.toolName = u"time"_qs;
    answer.text = u"noon"_qs;
    Message orphan = answer;
    orphan.toolCallId = u"z"_qs;
    request.messages = {Message::system(u"Old."_qs), orphan, Message::user(u"When?"_qs),
        Message::assistant({}), calls, answer, Message::user(u"And?"_qs)};
    request.instructions = u"Now."_qs;
    fixture.complete(request);
    const Json sent = fixture.sent()["messages"];
    const Json expected = parsed(R"([{"role":"system","content":"Old."},{"role":"system","content":"Now."},
        {"role":"user","content":"When?"},
        {"role":"assistant","content":null,"tool_calls":[
            {"id":"a","type":"function","function":{"name":"time","arguments":"{}"}},
            {"id":"b","type":"function","function":{"name":"place","arguments":"{\"of\":\"x\"}"}}]},
        {"role":"tool","tool_call_id":"a","content":"noon"},
        {"role":"tool","tool_call_id":"b","content":"The tool was not run."},
        {"role":"user","content":"And?"}])");
    QCOMPARE(sent, expected);
}

void TestOpenAiChat::settingsByModel_data()
{
    QTest::addColumn<QString>("model");
    QTest::addColumn<QByteArray>("thinking");
    QTest::addColumn<QByteArray>("expected"); // the body without model, messages, stream
    QTest::addColumn<QStringList>("dropped");
    const QStringList topK{u"top_k"_qs};
    const QStringList sampling{u"temperature"_qs, u"top_p"_qs, u"top_k"_qs};
    QTest::newRow("gpt-4o")
        << "openai:gpt-4o" << QByteArray("\"low\"")
        << QByteArray(R"({"max_completion_tokens":50,"temperature":0.5,"top_p":0.9,"seed":7,"stop":["x"]})")
        << QStringList{u"top_k"_qs, u"thinking"_qs};
    QTest::newRow("o3")
        << "openai:o3-mini" << QByteArray("\"low\"")
        << QByteArray(R"({"max_completion_tokens":50,"seed":7,"stop":["x"],"reasoning_effort":"low"})")
        << sampling;
    QTest::newRow("gpt-5.1 without reasoning")
        << "openai:gpt-5.1" << QByteArray("null")
        << QByteArray(R"({"max_completion_tokens":50,"temperature":0.5,"top_p":0.9,"seed":7,"stop":["x"]})")
        << topK;
    QTest::newRow("gpt-5.1 with reasoning")
        << "openai:gpt-5.1" << QByteArray("20000")
        << QByteArray(R"({"max_completion_tokens":50,"seed":7,"stop":["x"],"reasoning_effort":"high"})")
        << sampling;
    QTest::newRow("mistral")
        << "mistral:mistral-large-latest" << QByteArray("\"medium\"")
        << QByteArray(
               R"({"max_tokens":50,"temperature":0.5,"top_p":0.9,"random_seed":7,"stop":["x"],"reasoning_effort":"high"})")
        << topK;
    QTest::newRow("groq")
        << "groq:openai/gpt-oss-120b" << QByteArray("\"low\"")
        << QByteArray(
               R"({"max_tokens":50,"temperature":0.5,"top_p":0.9,"seed":7,"stop":["x"],"reasoning_effort":"low"})")
        << topK;
    QTest::newRow("openrouter")
        << "openrouter:openai/gpt-5-mini" << QByteArray("3000")
        << QByteArray(
               R"({"max_tokens":50,"temperature":0.5,"top_p":0.9,"seed":7,"stop":["x"],"reasoning":{"max_tokens":3000},"usage":{"include":true}})")
        << topK;
    QTest::newRow("deepseek") << "deepseek:deepseek-chat" << QByteArray("\"low\"")
                              << QByteArray(R"({"max_tokens":50,"temperature":0.5,"top_p":0.9,"stop":["x"]})")
                              << QStringList{u"top_k"_qs, u"seed"_qs, u"thinking"_qs};
}

void TestOpenAiChat::settingsByModel()
{
    QFETCH(QString, model);
    QFETCH(QByteArray, thinking);
    QFETCH(QByteArray, expected);
    QFETCH(QStringList, dropped);
    ProviderFixture fixture;
    fixture.server.enqueue(ScriptedReply::json(helloReply));
    ProviderRequest request = requestFor(model);
    request.settings.maxTokens = 50;
    request.settings.temperature = 0.5;
    request.settings.topP = 0.9;
    request.settings.topK = 40;
    request.settings.seed = 7;
    request.settings.stopSequences = QStringList{u"x"_qs};
    request.settings.thinking = parsed(thinking.constData());
    const ProviderReply reply = fixture.complete(request);
    Json sent = fixture.sent();
    for (const char* key : {"model", "messages", "stream"})
        sent.erase(key);
    QCOMPARE(toCanonicalJson(sent), toCanonicalJson(parsed(expected.constData())));
    QCOMPARE(reply.dropped, dropped);
}

void TestOpenAiChat::toolModeForcesTheTool()
{
    ProviderFixture fixture;
    const QByteArray answered =
        R"({"choices":[{"finish_reason":"stop","message":{"content":null,"tool_calls":[
        {"id":"c1","type":"function","function":{"name":"final_result","arguments":"{\"name\":\"Rome\"}"}}]}}]})";
    fixture.server.enqueue(ScriptedReply::json(answered));
    ProviderRequest request = requestFor(u"openai:gpt-4o"_qs);
    request.output = cityType();
    ProviderReply reply = fixture.complete(request);
    QCOMPARE(*reply.structured, parsed(R"({"name":"Rome"})"));
    QCOMPARE(reply.outputToolCallId, u"c1"_qs);
    Json sent = fixture.sent();
    QCOMPARE(sent["tool_choice"], Json("required"));
    QCOMPARE(sent["tools"][0]["function"]["name"], Json("final_result"));
    QCOMPARE(sent["tools"][0]["function"]["strict"], Json(true));
    QCOMPARE(sent["tools"][0]["function"]["parameters"],
        parsed(
            R"({"type":"object","properties":{"name":{"type":"string"}},"required":["name"],"additionalProperties":false})"));

    fixture.server.enqueue(ScriptedReply::json(answered));
    request.model = ModelRef::parse(u"mistral:mistral-large-latest"_qs);
    fixture.complete(request);
    sent = fixture.sent();
    QCOMPARE(sent["tool_choice"], Json("any"));
    QCOMPARE(sent["tools"][0]["function"]["parameters"], request.output.schema);

    // Where a tool can't be forced, text that holds the answer counts.
    fixture.server.enqueue(ScriptedReply::json(
        R"({"choices":[{"finish_reason":"stop","message":{"content":"Sure:\n```json\n{\"name\":\"Oslo\"}\n```"}}]})"));
    request.model = ModelRef::parse(u"together:Qwen/Qwen2.5-7B"_qs);
    reply = fixture.complete(request);
    QCOMPARE(fixture.sent()["tool_choice"], Json("auto"));
    QCOMPARE(*reply.structured, parsed(R"({"name":"Oslo"})"));
    QVERIFY(reply.outputToolCallId.isEmpty());
}

void TestOpenAiChat::strictOnlyWhereNothingIsLost()
{
    ProviderFixture fixture;
    fixture.server.enqueue(ScriptedReply::json(helloReply));
    ProviderRequest request = requestFor(u"openai:gpt-4o"_qs);
    request.output = OutputType::json(u"City"_qs,
        parsed(
            R"({"type":"object","properties":{"name":{"type":"string"},"size":{"type":"integer","minimum":1}},"required":["name"]})"));
    fixture.complete(request);
    const Json function = fixture.sent()["tools"][0]["function"];
    QVERIFY(!function.contains("strict"));
    QCOMPARE(function["parameters"], request.output.schema);
}

void TestOpenAiChat::otherRootsAreWrapped()
{
    ProviderFixture fixture;
    fixture.server.enqueue(
        ScriptedReply::json(R"({"choices":[{"finish_reason":"tool_calls","message":{"tool_calls":[
        {"id":"c1","function":{"name":"final_result","arguments":"{\"response\":[{\"n\":1}]}"}}]}}]})"));
    ProviderRequest request = requestFor(u"groq:llama-3.3-70b"_qs);
    request.output = OutputType::json(u"List"_qs,
        parsed(
            R"({"type":"array","items":{"$ref":"#/$defs/Item"},"$defs":{"Item":{"type":"object","properties":{"n":{"type":"integer"}}}}})"));
    const ProviderReply reply = fixture.complete(request);
    QCOMPARE(*reply.structured, parsed(R"([{"n":1}])"));
    const Json expected =
        parsed(R"({"type":"object","$defs":{"Item":{"type":"object","properties":{"n":{"type":"integer"}}}},
            "properties":{"response":{"type":"array","items":{"$ref":"#/$defs/Item"}}},"required":["response"],"additionalProperties":false})");
    QCOMPARE(fixture.sent()["tools"][0]["function"]["parameters"], expected);
}

void TestOpenAiChat::nativeMode()
{
    ProviderFixture fixture;
    fixture.server.enqueue(ScriptedReply::json(
        R"({"choices":[{"finish_reason":"stop","message":{"content":"{\"name\":\"Rome\"}"}}]})"));
    ProviderRequest request = requestFor(u"openai:gpt-4o"_qs);
    request.output = cityType(OutputMode::Native);
    const ProviderReply reply = fixture.complete(request);
    QCOMPARE(*reply.structured, parsed(R"({"name":"Rome"})"));
    const Json sent = fixture.sent();
    QVERIFY(!sent.contains("tools"));
    const Json expected = parsed(R"({"type":"json_schema","json_schema":{"name":"City",
        "schema":{"type":"object","properties":{"name":{"type":"string"}},"required":["name"],"additionalProperties":false},"strict":true}})");
    QCOMPARE(sent["response_format"], expected);
}

void TestOpenAiChat::nativeModeWhereThereIsNone()
{
    ProviderFixture fixture;
    ProviderRequest request = requestFor(u"deepseek:deepseek-chat"_qs);
    request.output = cityType(OutputMode::Native);
    QVERIFY_THROWS_EXCEPTION(ConfigurationError, fixture.complete(request));
    QCOMPARE(fixture.server.requests().size(), std::size_t(0));
}

void TestOpenAiChat::promptedMode()
{
    ProviderFixture fixture;
    fixture.server.enqueue(ScriptedReply::json(
        R"({"choices":[{"finish_reason":"stop","message":{"content":"{\"name\":\"Rome\"}"}}]})"));
    ProviderRequest request = requestFor(u"openai:gpt-4o"_qs);
    request.instructions = u"Be brief."_qs;
    request.output = cityType(OutputMode::Prompted);
    const ProviderReply reply = fixture.complete(request);
    QCOMPARE(*reply.structured, parsed(R"({"name":"Rome"})"));
    const Json sent = fixture.sent();
    QCOMPARE(sent["response_format"], parsed(R"({"type":"json_object"})"));
    const QString instructions = stringMember(sent["messages"][0], "content");
    QVERIFY(instructions.startsWith(u"Be brief.\n\n"_qs));
    QVERIFY(instructions.contains(u"JSON"_qs));
    QVERIFY(instructions.contains(u"\"required\":[\"name\"]"_qs));
}

void TestOpenAiChat::toolsBesideTheAnswer()
{
    ProviderFixture fixture;
    fixture.server.enqueue(ScriptedReply::json(
        R"({"choices":[{"finish_reason":"tool_calls","message":{"content":"","tool_calls":[
        {"id":"c1","function":{"name":"lookup","arguments":"{\"q\":1}"}}]}}]})"));
    ProviderRequest request = requestFor(u"openai:gpt-4o"_qs);
    ToolDefinition tool;
    tool.name = u"lookup"_qs;
    tool.description = u"Looks it up."_qs;
    tool.parameters = parsed(R"({"type":"object","properties":{"q":{"type":"integer"}}})");
    request.tools = {tool};
    const ProviderReply reply = fixture.complete(request);
    QCOMPARE(reply.finishReason, FinishReason::ToolCall);
    QCOMPARE(reply.message.toolCalls.size(), std::size_t(1));
    QCOMPARE(reply.message.toolCalls[0].arguments, parsed(R"({"q":1})"));
    QVERIFY(!reply.structured);
    const Json sent = fixture.sent();
    QCOMPARE(sent["tool_choice"], Json("auto"));
    const Json expected =
        parsed(R"([{"type":"function","function":{"name":"lookup","description":"Looks it up.",
        "parameters":{"type":"object","properties":{"q":{"type":"integer"}}}}}])");
    QCOMPARE(sent["tools"], expected);
}

void TestOpenAiChat::attachments()
{
    ProviderFixture fixture;
    fixture.server.enqueue(ScriptedReply::json(helloReply));
    ProviderRequest request = requestFor(u"openai:gpt-4o"_qs, u"What is this?"_qs);
    request.messages[0].attachments = {{u"image/png"_qs, "png", {}, {}},
        {u"image/jpeg"_qs, {}, u"https://example.com/a.jpg"_qs, {}},
        {u"application/pdf"_qs, "pdf", {}, u"a.pdf"_qs}, {u"text/plain"_qs, "words", {}, {}}};
    fixture.complete(request);
    const Json expected = parsed(R"([{"type":"text","text":"What is this?"},
        {"type":"image_url","image_url":{"url":"data:image/png;base64,cG5n"}},
        {"type":"image_url","image_url":{"url":"https://example.com/a.jpg"}},
        {"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,cGRm"}},
        {"type":"text","text":"words"}])");
    QCOMPARE(fixture.sent()["messages"][0]["content"], expected);
    request.messages[0].attachments = {{u"video/mp4"_qs, "mp4", {}, u"a.mp4"_qs}};
    QVERIFY_THROWS_EXCEPTION(ConfigurationError, fixture.complete(request));
}

void TestOpenAiChat::extraHeadersAndBody()
{
    ProviderFixture fixture;
    fixture.server.enqueue(ScriptedReply::json(helloReply));
    ProviderRequest request = requestFor(u"openai:gpt-4o"_qs);
    request.settings.extraHeaders = Json{{"X-Title", "Workbench"}, {"OpenAI-Organization", "org"}};
    request.settings.extraBody = Json{{"service_tier", "flex"}, {"user", "u1"}};
    fixture.complete(request);
    QCOMPARE(fixture.server.requests().back().header("x-title"), QByteArray("Workbench"));
    QCOMPARE(fixture.server.requests().back().header("openai-organization"), QByteArray("org"));
    QCOMPARE(fixture.sent()["service_tier"], Json("flex"));
    QCOMPARE(fixture.sent()["user"], Json("u1"));
    QCOMPARE(fixture.sent()["model"], Json("gpt-4o"));
}

void TestOpenAiChat::refusedHeaders_data()
{
    QTest::addColumn<QString>("name");
    QTest::addColumn<QString>("value");
    QTest::newRow("length") << "Content-Length"
                            << "3";
    QTest::newRow("chunks") << "transfer-encoding"
                            << "chunked";
    QTest::newRow("host") << "Host"
                          << "elsewhere";
    QTest::newRow("key") << "Authorization"
                         << "Bearer x";
    QTest::newRow("anthropic key") << "X-Api-Key"
                                   << "x";
    QTest::newRow("line break in the value") << "X-Note"
                                             << "a\r\nX-Other: b";
    QTest::newRow("line feed in the value") << "X-Note"
                                            << "a\nb";
    QTest::newRow("line break in the name") << "X-Note\r\nX-Other"
                                            << "a";
    QTest::newRow("space in the name") << "X Note"
                                       << "a";
    QTest::newRow("no name") << ""
                             << "a";
}

void TestOpenAiChat::refusedHeaders()
{
    QFETCH(QString, name);
    QFETCH(QString, value);
    ProviderFixture fixture;
    ProviderRequest request = requestFor(u"openai:gpt-4o"_qs);
    request.settings.extraHeaders = Json::object();
    request.settings.extraHeaders[toUtf8(name)] = toUtf8(value);
    QVERIFY_THROWS_EXCEPTION(ConfigurationError, fixture.complete(request));
    QCOMPARE(fixture.server.requests().size(), std::size_t(0));
}

void TestOpenAiChat::azure()
{
    ProviderFixture fixture;
    fixture.server.enqueue(ScriptedReply::json(helloReply));
    fixture.secrets[u"OPENAI_API_VERSION"_qs] = u"2024-12-01-preview"_qs;
    fixture.complete(requestFor(u"azure:gpt-4o"_qs));
    const RecordedRequest& sent = fixture.server.requests().back();
    QCOMPARE(
        sent.path, QByteArray("/openai/deployments/gpt-4o/chat/completions?api-version=2024-12-01-preview"));
    QCOMPARE(sent.header("api-key"), QByteArray("secret-of-AZURE_OPENAI_API_KEY"));
    QVERIFY(sent.header("authorization").isEmpty());
}

void TestOpenAiChat::streaming()
{
    ProviderFixture fixture;
    fixture.server.enqueue(ScriptedReply::events(
        {sse(R"({"model":"m","choices":[{"delta":{"role":"assistant","content":"He"}}]})"),
            sse(R"({"choices":[{"delta":{"content":"llo"},"finish_reason":null}]})"),
            sse(R"({"choices":[{"delta":{},"finish_reason":"stop"}]})"),
            sse(R"({"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2}})"), "data: [DONE]\n\n"}));
    ProviderContext context;
    QStringList deltas;
    context.onText = [&](const QString& delta) { deltas << delta; };
    const ProviderReply reply = fixture.complete(requestFor(u"openai:gpt-4o"_qs), context);
    QCOMPARE(deltas, (QStringList{u"He"_qs, u"llo"_qs}));
    QCOMPARE(reply.message.text, u"Hello"_qs);
    QCOMPARE(reply.usage.inputTokens, 3);
    QVERIFY(reply.timeToFirstToken);
    QCOMPARE(fixture.sent()["stream"], Json(true));
    QCOMPARE(fixture.sent()["stream_options"], parsed(R"({"include_usage":true})"));
    QCOMPARE(fixture.server.requests().back().header("accept"), QByteArray("text/event-stream"));
}

void TestOpenAiChat::thinkTagsAreNotStreamed()
{
    ProviderFixture fixture;
    fixture.server.enqueue(ScriptedReply::events({sse(R"({"choices":[{"delta":{"content":"<th"}}]})"),
        sse(R"({"choices":[{"delta":{"content":"ink>Hm</thi"}}]})"),
        sse(R"({"choices":[{"delta":{"content":"nk>Yes <think>"}}]})"),
        sse(R"({"choices":[{"delta":{},"finish_reason":"stop"}]})"), "data: [DONE]\n\n"}));
    ProviderContext context;
    QString streamed;
    context.onText = [&](const QString& delta) { streamed += delta; };
    const ProviderReply reply = fixture.complete(requestFor(u"ollama:deepseek-r1"_qs), context);
    QCOMPARE(streamed, u"Yes <think>"_qs);
    QCOMPARE(reply.message.text, streamed);
    QCOMPARE(reply.message.thinking, u"Hm"_qs);
}

void TestOpenAiChat::cutStreams_data()
{
    QTest::addColumn<QList<QByteArray>>("chunks");
    QTest::addColumn<bool>("dropped");
    QTest::addColumn<bool>("delivered");
    using List = QList<QByteArray>;
    const QByteArray text = sse(R"({"choices":[{"delta":{"content":"He"}}]})");
    const QByteArray role = sse(R"({"choices":[{"delta":{"role":"assistant"}}]})");
    QTest::newRow("ends after text") << List{text} << false << true;
    QTest::newRow("breaks after text") << List{text} << true << true;
    QTest::newRow("breaks before text") << List{role} << true << false;
    QTest::newRow("ends inside an event") << List{role, text.left(20)} << false << false;
    QTest::newRow("empty") << List{} << false << false;
}

void TestOpenAiChat::cutStreams()
{
    QFETCH(QList<QByteArray>, chunks);
    QFETCH(bool, dropped);
    QFETCH(bool, delivered);
    ProviderFixture fixture;
    ScriptedReply scripted = ScriptedReply::events({chunks.begin(), chunks.end()});
    if (dropped) {
        scripted.dropBefore = static_cast<int>(chunks.size());
        scripted.chunks.push_back("never");
    }
    fixture.server.enqueue(scripted);
    ProviderContext context;
    context.onText = [](const QString&) {};
    const auto error = fixture.failure(requestFor(u"openai:gpt-4o"_qs), context);
    QVERIFY(error);
    QCOMPARE(error->details().failure, ProviderFailure::Connection);
    QCOMPARE(error->details().delivered, delivered);
    QVERIFY(error->details().mayBeBilled);
    QCOMPARE(error->isTransient(), !delivered);
    QCOMPARE(fixture.server.requests().size(), std::size_t(1));
}

void TestOpenAiChat::cutJsonIsTransient()
{
    ProviderFixture fixture;
    ScriptedReply scripted = ScriptedReply::json("{\"choices\":[{\"mess");
    scripted.framing = ScriptedReply::Framing::UntilClose;
    fixture.server.enqueue(scripted);
    const auto error = fixture.failure(requestFor(u"openai:gpt-4o"_qs));
    QVERIFY(error);
    QCOMPARE(error->details().failure, ProviderFailure::Connection);
    QVERIFY(error->isTransient());
    fixture.server.enqueue(ScriptedReply::json("<html>Log in</html>"));
    const auto page = fixture.failure(requestFor(u"openai:gpt-4o"_qs));
    QVERIFY(page);
    QCOMPARE(page->details().failure, ProviderFailure::BadReply);
    QVERIFY(!page->isTransient());
}

void TestOpenAiChat::errorInTheStream()
{
    ProviderFixture fixture;
    fixture.server.enqueue(ScriptedReply::events({sse(R"({"choices":[{"delta":{"content":"He"}}]})"),
        sse(R"({"error":{"code":502,"message":"Upstream broke"}})")}));
    ProviderContext context;
    context.onText = [](const QString&) {};
    const auto error = fixture.failure(requestFor(u"openrouter:x/y"_qs), context);
    QVERIFY(error);
    QCOMPARE(error->details().failure, ProviderFailure::Server);
    QCOMPARE(error->status(), 502);
    QVERIFY(error->details().delivered);
    // Before any text the same error may be retried, with JSON too.
    fixture.server.enqueue(ScriptedReply::json(R"({"error":{"code":429,"message":"Slow"}})"));
    const auto early = fixture.failure(requestFor(u"openrouter:x/y"_qs));
    QVERIFY(early);
    QCOMPARE(early->details().failure, ProviderFailure::RateLimited);
    QVERIFY(early->isTransient());
}

void TestOpenAiChat::refusal()
{
    ProviderFixture fixture;
    fixture.server.enqueue(ScriptedReply::json(
        R"({"choices":[{"finish_reason":"stop","message":{"content":null,"refusal":"I can't."}}]})"));
    const ProviderReply reply = fixture.complete(requestFor(u"openai:gpt-4o"_qs));
    QCOMPARE(reply.finishReason, FinishReason::Refusal);
    QCOMPARE(reply.message.text, u"I can't."_qs);
    fixture.server.enqueue(
        ScriptedReply::json(R"({"choices":[{"finish_reason":"content_filter","message":{"content":""}}]})"));
    QCOMPARE(fixture.complete(requestFor(u"openai:gpt-4o"_qs)).finishReason, FinishReason::ContentFilter);
}

void TestOpenAiChat::brokenArgumentsStayText()
{
    ProviderFixture fixture;
    fixture.server.enqueue(
        ScriptedReply::json(R"({"choices":[{"finish_reason":"length","message":{"tool_calls":[
        {"id":"c1","function":{"name":"final_result","arguments":"{\"name\":\"Ro"}}]}}]})"));
    ProviderRequest request = requestFor(u"openai:gpt-4o"_qs);
    request.output = cityType();
    const ProviderReply reply = fixture.complete(request);
    QVERIFY(!reply.structured);
    QCOMPARE(reply.outputToolCallId, u"c1"_qs);
    QCOMPARE(reply.finishReason, FinishReason::Length);
    QCOMPARE(reply.message.toolCalls[0].arguments, Json("{\"name\":\"Ro"));
    // And goes back as it came.
    fixture.server.enqueue(ScriptedReply::json(helloReply));
    request.messages.push_back(reply.message);
    request.messages.push_back(Message::user(u"Again."_qs));
    fixture.complete(request);
    QCOMPARE(fixture.sent()["messages"][1]["tool_calls"][0]["function"]["arguments"], Json("{\"name\":\"Ro"));
}

void TestOpenAiChat::missingArgumentsAreNone()
{
    ProviderFixture fixture;
    fixture.server.enqueue(
        ScriptedReply::json(R"({"choices":[{"finish_reason":"tool_calls","message":{"tool_calls":[
        {"function":{"name":"a"}},{"id":"b","function":{"name":"b","arguments":""}},{"id":"c","function":{"name":"c","arguments":null}},
        {"id":"d","function":{"name":"d","arguments":{"x":1}}}]}}]})"));
    const ProviderReply reply = fixture.complete(requestFor(u"openai:gpt-4o"_qs));
    QCOMPARE(reply.message.toolCalls.size(), std::size_t(4));
    for (std::size_t i = 0; i < 3; ++i)
        QCOMPARE(reply.message.toolCalls[i].arguments, Json::object());
    QVERIFY(!reply.message.toolCalls[0].id.isEmpty());
    QCOMPARE(reply.message.toolCalls[3].arguments, parsed(R"({"x":1})"));
}

void TestOpenAiChat::deepArgumentsAreNotWalkedThrough()
{
    ProviderFixture fixture;
    const QByteArray deep = QByteArray(100'000, '[');
    fixture.server.enqueue(ScriptedReply::json(
        "{\"choices\":[{\"finish_reason\":\"stop\",\"message\":{\"tool_calls\":[{\"id\":\"c\","
        "\"function\":{\"name\":\"final_result\",\"arguments\":\""
        + deep + deep.toLower().replace('[', ']') + "\"}}]}}]}"));
    ProviderRequest request = requestFor(u"openai:gpt-4o"_qs);
    request.output = cityType();
    const ProviderReply reply = fixture.complete(request);
    QVERIFY(!reply.structured);
    QVERIFY(reply.message.toolCalls.at(0).arguments.is_string());
    fixture.server.enqueue(ScriptedReply::json(deep + QByteArray(100'000, ']')));
    QVERIFY(fixture.failure(request));
}

void TestOpenAiChat::whatCameCanBeStored()
{
    // Stores read JSON to a smaller depth than providers may send it, and a history needs names.
    ProviderFixture fixture;
    for (const int depth : {190, 250, 500}) {
        const QByteArray deep = R"({"a":)" + QByteArray(depth, '[') + QByteArray(depth, ']') + '}';
        fixture.server.enqueue(
            ScriptedReply::json(R"({"choices":[{"finish_reason":"tool_calls","message":{"tool_calls":[
            {"id":"c","function":{"arguments":)"
                + toJsonText(Json(deep.toStdString())) + "}}]}}]}"));
        const History turn{fixture.complete(requestFor(u"openai:gpt-4o"_qs)).message};
        const QByteArray stored = toJsonText(Json{{"messages", toJson(turn)}});
        QVERIFY(messagesFromJson(parseJson(stored, u"stored"_qs)["messages"]) == turn);
    }
}

void TestOpenAiChat::hostileCountsDoNotOverflow()
{
    ProviderFixture fixture;
    fixture.server.enqueue(ScriptedReply::json(
        R"({"choices":[{"finish_reason":"stop","message":{"content":"x"}}],"usage":{"prompt_tokens":9223372036854775807,"completion_tokens":-5,
        "completion_tokens_details":{"reasoning_tokens":9223372036854775807},"total_tokens":9223372036854775807}})"));
    const Usage usage = fixture.complete(requestFor(u"xai:grok-4"_qs)).usage;
    QVERIFY(usage.inputTokens > 0);
    QVERIFY(usage.outputTokens >= 0);
}

void TestOpenAiChat::emptyEventsAreIgnored()
{
    ProviderFixture fixture;
    fixture.server.enqueue(ScriptedReply::events(
        {"data: \n\n", sse(R"({"choices":[{"delta":{"content":"Hi"},"finish_reason":"stop"}]})"), "data:\n\n",
            "data: [DONE]\n\n"}));
    ProviderContext context;
    context.onText = [](const QString&) {};
    QCOMPARE(fixture.complete(requestFor(u"openai:gpt-4o"_qs), context).message.text, u"Hi"_qs);
}

void TestOpenAiChat::leadingSpaceIsNotStreamed()
{
    ProviderContext context;
    QString streamed;
    context.onText = [&](const QString& delta) { streamed += delta; };
    for (const bool qwen : {true, false}) {
        streamed.clear();
        ProviderFixture fixture;
        fixture.server.enqueue(ScriptedReply::events({sse(R"({"choices":[{"delta":{"content":"\n\n"}}]})"),
            sse(R"({"choices":[{"delta":{"content":"Hi"}}]})"),
            sse(R"({"choices":[{"delta":{"content":" "},"finish_reason":"stop"}]})"), "data: [DONE]\n\n"}));
        fixture.complete(requestFor(qwen ? u"ollama:qwen3:8b"_qs : u"ollama:llama3"_qs), context);
        QCOMPARE(streamed, qwen ? u"Hi "_qs : u"\n\nHi "_qs);
    }
}

void TestOpenAiChat::reasoningDetailsAreKept()
{
    ProviderFixture fixture;
    fixture.server.enqueue(ScriptedReply::events(
        {sse(R"({"choices":[{"delta":{"reasoning":"H","reasoning_details":[{"type":"reasoning.text","text":"H","index":0}]}}]})"),
            sse(R"({"choices":[{"delta":{"reasoning":"m","reasoning_details":[{"type":"reasoning.text","text":"m","index":0}]}}]})"),
            sse(R"({"choices":[{"delta":{"reasoning_details":[{"type":"reasoning.text","signature":"S","index":0}]}}]})"),
            sse(R"({"choices":[{"delta":{"content":"Yes","reasoning_details":[{"type":"reasoning.encrypted","data":"E","index":1}]},"finish_reason":"stop"}]})"),
            "data: [DONE]\n\n"}));
    ProviderContext context;
    context.onText = [](const QString&) {};
    ProviderRequest request = requestFor(u"openrouter:anthropic/claude-sonnet-4.5"_qs);
    request.messages.push_back(fixture.complete(request, context).message);
    QCOMPARE(request.messages.back().thinking, u"Hm"_qs);
    request.messages.push_back(Message::user(u"Why?"_qs));
    fixture.server.enqueue(ScriptedReply::json(helloReply));
    fixture.complete(request);
    const Json expected = parsed(
        R"([{"type":"reasoning.text","text":"Hm","index":0,"signature":"S"},{"type":"reasoning.encrypted","data":"E","index":1}])");
    QCOMPARE(fixture.sent()["messages"][1]["reasoning_details"], expected);
}

void TestOpenAiChat::largeAttachmentsAreRefused()
{
    ProviderFixture fixture;
    ProviderRequest request = requestFor(u"openai:gpt-4o"_qs);
    request.messages[0].attachments = {
        {u"image/png"_qs, QByteArray(21 * 1024 * 1024, 'x'), {}, u"big.png"_qs}};
    try {
        fixture.complete(request);
        QFAIL("no error");
    } catch (const ConfigurationError& error) {
        QVERIFY2(error.text().contains(u"big.png"_qs), error.what());
        QVERIFY2(error.text().contains(u"20 MB"_qs), error.what());
    }
}

void TestOpenAiChat::foreignToolIdsFitTheProvider()
{
    ProviderFixture fixture;
    Message call = Message::assistant({});
    call.toolCalls = {{u"toolu_01X9wcHKKAZD9tBC711xipPa"_qs, u"time"_qs, Json::object()}};
    Message answer;
    answer.role = Role::Tool;
    answer.toolCallId = call.toolCalls[0].id;
    answer.text = u"noon"_qs;
    ProviderRequest request = requestFor(u"mistral:mistral-large-latest"_qs);
    request.messages = {Message::user(u"When?"_qs), call, answer};
    fixture.server.enqueue(ScriptedReply::json(helloReply));
    fixture.complete(request);
    const QString id = stringMember(fixture.sent()["messages"][1]["tool_calls"][0], "id");
    QCOMPARE(id.size(), 9);
    QCOMPARE(stringMember(fixture.sent()["messages"][2], "tool_call_id"), id);
}

void TestOpenAiChat::thinkingReturnsToItsProviderOnly()
{
    ProviderFixture fixture;
    fixture.server.enqueue(ScriptedReply::json(
        R"({"choices":[{"finish_reason":"tool_calls","message":{"content":"","reasoning_content":"Hm",
        "tool_calls":[{"id":"c1","function":{"name":"a","arguments":"{}"}}]}}]})"));
    ProviderRequest request = requestFor(u"deepseek:deepseek-reasoner"_qs);
    const ProviderReply reply = fixture.complete(request);
    QCOMPARE(reply.message.thinking, u"Hm"_qs);
    Message answer;
    answer.role = Role::Tool;
    answer.toolCallId = u"c1"_qs;
    answer.text = u"1"_qs;
    request.messages.push_back(reply.message);
    request.messages.push_back(answer);
    fixture.server.enqueue(ScriptedReply::json(helloReply));
    fixture.complete(request);
    QCOMPARE(fixture.sent()["messages"][1]["reasoning_content"], Json("Hm"));
    fixture.server.enqueue(ScriptedReply::json(helloReply));
    request.model = ModelRef::parse(u"openai:gpt-4o"_qs);
    fixture.complete(request);
    QVERIFY(!toJsonText(fixture.sent()).contains("Hm"));
}

void TestOpenAiChat::reportedCost()
{
    ProviderFixture fixture;
    fixture.server.enqueue(
        ScriptedReply::json(R"({"choices":[{"finish_reason":"stop","message":{"content":"Hi"}}],
        "usage":{"prompt_tokens":1,"completion_tokens":1,"cost":0.00435825}})"));
    const ProviderReply reply = fixture.complete(requestFor(u"openrouter:x/y"_qs));
    QCOMPARE(reply.reportedCost->toDecimal(), u"0.00435825"_qs);
}

void TestOpenAiChat::streamAnsweredByPlainJson()
{
    ProviderFixture fixture;
    fixture.server.enqueue(ScriptedReply::json(helloReply));
    ProviderContext context;
    QString streamed;
    context.onText = [&](const QString& delta) { streamed += delta; };
    QCOMPARE(fixture.complete(requestFor(u"openai:gpt-4o"_qs), context).message.text, u"Hi"_qs);
    QCOMPARE(streamed, u"Hi"_qs);
}

void TestOpenAiChat::stopMidStream()
{
    ProviderFixture fixture;
    ScriptedReply scripted =
        ScriptedReply::events({sse(R"({"choices":[{"delta":{"content":"He"}}]})"), "never"});
    scripted.holdBefore = 1;
    fixture.server.enqueue(scripted);
    std::stop_source stop;
    ProviderContext context;
    context.stop = stop.get_token();
    context.onText = [&](const QString&) { stop.request_stop(); };
    QVERIFY_THROWS_EXCEPTION(Cancelled, fixture.complete(requestFor(u"openai:gpt-4o"_qs), context));
    QTRY_COMPARE(fixture.server.connectionsOpen(), 0);
}

LLMCACHE_TEST_MAIN(TestOpenAiChat)
#include "tst_openaichat.moc"
