#include "providerfixture.h"
#include "testenvironment.h"

#include <QTest>

using namespace llmcache;
using namespace llmcache::test;

namespace {

const QByteArray helloReply =
    R"({"id":"m1","type":"message","role":"assistant","model":"claude-haiku-4-5-20251001",
    "content":[{"type":"text","text":"Hi"}],"stop_reason":"end_turn","usage":{"input_tokens":9,"output_tokens":2}})";

Json parsed(const char* text)
{
    return parseJson(text, QStringLiteral("expected"));
}

QByteArray sse(const char* data)
{
    return "event: " + QByteArray::fromStdString(parsed(data)["type"].get<std::string>()) + "\ndata: " + data
        + "\n\n";
}

OutputType cityType(OutputMode mode = OutputMode::Auto)
{
    return OutputType::json(u"City"_qs,
        parsed(
            R"({"type":"object","properties":{"name":{"type":"string","minLength":1}},"required":["name"]})"),
        mode);
}

Message toolAnswer(const QString& id, const QString& text, bool isError = false)
{
    Message message;
    message.role = Role::Tool;
    message.toolCallId = id;
    message.text = text;
    message.isError = isError;
    return message;
}

} // namespace

class TestAnthropic : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void plainRequest();
    void systemAndInstructions();
    void history();
    void settingsByModel_data();
    void settingsByModel();
    void toolMode();
    void outputWithThinking_data();
    void outputWithThinking();
    void nativeMode();
    void attachments();
    void baseUrlForms_data();
    void baseUrlForms();
    void streaming();
    void streamedToolCall();
    void thinkingBlocksReturnToTheirProviderOnly();
    void usageCountsTheCacheAsInput();
    void finishReasons_data();
    void finishReasons();
    void errorInTheStream();
    void cutStream();
    void rateLimit();
    void notAReply();
};

void TestAnthropic::plainRequest()
{
    ProviderFixture fixture;
    fixture.server.enqueue(
        ScriptedReply::json(helloReply, 200, {{"request-id", "req_1"}, {"retry-after", "41"}}));
    const ProviderReply reply = fixture.complete(requestFor(u"anthropic:claude-haiku-4-5"_qs));
    QCOMPARE(reply.message, Message::assistant(u"Hi"_qs));
    QCOMPARE(reply.finishReason, FinishReason::Stop);
    QCOMPARE(reply.rawFinishReason, u"end_turn"_qs);
    QCOMPARE(reply.model, u"claude-haiku-4-5-20251001"_qs);
    QCOMPARE(reply.requestId, u"req_1"_qs);
    const RecordedRequest& sent = fixture.server.requests().front();
    QCOMPARE(sent.path, QByteArray("/v1/messages"));
    QCOMPARE(sent.header("x-api-key"), QByteArray("secret-of-ANTHROPIC_API_KEY"));
    QCOMPARE(sent.header("anthropic-version"), QByteArray("2023-06-01"));
    QVERIFY(sent.header("authorization").isEmpty());
    QCOMPARE(toCanonicalJson(fixture.sent()),
        toCanonicalJson(parsed(R"({"model":"claude-haiku-4-5","max_tokens":4096,
            "messages":[{"role":"user","content":[{"type":"text","text":"Hello"}]}],"stream":false})")));
}

void TestAnthropic::systemAndInstructions()
{
    ProviderFixture fixture;
    fixture.server.enqueue(ScriptedReply::json(helloReply));
    ProviderRequest request = requestFor(u"anthropic:claude-haiku-4-5"_qs);
    request.systemPrompts = QStringList{u"One."_qs, u"Two."_qs};
    fixture.complete(request);
    QCOMPARE(fixture.sent()["system"], Json("One.\n\nTwo."));
    fixture.server.enqueue(ScriptedReply::json(helloReply));
    request.instructions = u"Be brief."_qs;
    fixture.complete(request);
    QCOMPARE(fixture.sent()["system"],
        parsed(R"([{"type":"text","text":"One.\n\nTwo."},{"type":"text","text":"Be brief."}])"));
}

void TestAnthropic::history()
{
    ProviderFixture fixture;
    fixture.server.enqueue(ScriptedReply::json(helloReply));
    ProviderRequest request = requestFor(u"anthropic:claude-haiku-4-5"_qs);
    Message calls = Message::assistant(u"Let me see."_qs);
    calls.toolCalls = {{u"a"_qs, u"time"_qs, Json::object()}, {u"b"_qs, u"place"_qs, Json{{"of", "x"}}},
        {u"c"_qs, u"name"_qs, Json::object()}};
    request.messages = {Message::system(u"Old."_qs), Message::user(u"One"_qs), Message::user(u"Two"_qs),
        calls, toolAnswer(u"b"_qs, u"here"_qs), toolAnswer(u"a"_qs, u"no clock"_qs, true),
        Message::user(u"And?"_qs), Message::assistant(u" "_qs), Message::system(u"Later."_qs),
        Message::user(u"Go on"_qs)};
    fixture.complete(request);
    const Json sent = fixture.sent();
    QCOMPARE(sent["system"], Json("Old."));
    const Json expected = parsed(R"([
        {"role":"user","content":[{"type":"text","text":"One"},{"type":"text","text":"Two"}]},
        {"role":"assistant","content":[{"type":"text","text":"Let me see."},{"type":"tool_use","id":"a","name":"time","input":{}},
            {"type":"tool_use","id":"b","name":"place","input":{"of":"x"}},{"type":"tool_use","id":"c","name":"name","input":{}}]},
        {"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":"no clock","is_error":true},
            {"type":"tool_result","tool_use_id":"b","content":"here"},
            {"type":"tool_result","tool_use_id":"c","content":"The tool was not run."},{"type":"text","text":"And?"},
            {"type":"text","text":"<system>Later.</system>"},{"type":"text","text":"Go on"}]}])");
    QCOMPARE(sent["messages"], expected);
}

void TestAnthropic::settingsByModel_data()
{
    QTest::addColumn<QString>("model");
    QTest::addColumn<QByteArray>("thinking");
    QTest::addColumn<bool>("limited");
    QTest::addColumn<QByteArray>("expected");
    QTest::addColumn<QStringList>("dropped");
    const QStringList seed{u"seed"_qs};
    const QStringList all{u"temperature"_qs, u"top_p"_qs, u"top_k"_qs, u"seed"_qs};
    const QByteArray sampled =
        R"({"max_tokens":50,"temperature":0.5,"top_p":0.9,"top_k":40,"stop_sequences":["x"]})";
    QTest::newRow("haiku 4.5") << "claude-haiku-4-5" << QByteArray("null") << true << sampled << seed;
    QTest::newRow("dated") << "claude-sonnet-4-20250514" << QByteArray("null") << true << sampled << seed;
    QTest::newRow("old name") << "claude-3-5-haiku-latest" << QByteArray("null") << true << sampled << seed;
    QTest::newRow("no sampling") << "claude-opus-4-7" << QByteArray("null") << true
                                 << QByteArray(R"({"max_tokens":50,"stop_sequences":["x"]})") << all;
    QTest::newRow("thinking with a budget")
        << "claude-sonnet-4-5" << QByteArray("\"medium\"") << false
        << QByteArray(
               R"({"max_tokens":14096,"thinking":{"type":"enabled","budget_tokens":10000},"stop_sequences":["x"]})")
        << all;
    QTest::newRow("thinking in tokens")
        << "claude-sonnet-4-5" << QByteArray("500") << true
        << QByteArray(
               R"({"max_tokens":50,"thinking":{"type":"enabled","budget_tokens":1024},"stop_sequences":["x"]})")
        << all;
    QTest::newRow("adaptive thinking")
        << "claude-opus-4-6" << QByteArray("\"high\"") << false
        << QByteArray(
               R"({"max_tokens":4096,"thinking":{"type":"adaptive"},"output_config":{"effort":"high"},"stop_sequences":["x"]})")
        << all;
}

void TestAnthropic::settingsByModel()
{
    QFETCH(QString, model);
    QFETCH(QByteArray, thinking);
    QFETCH(bool, limited);
    QFETCH(QByteArray, expected);
    QFETCH(QStringList, dropped);
    ProviderFixture fixture;
    fixture.server.enqueue(ScriptedReply::json(helloReply));
    ProviderRequest request = requestFor(u"anthropic:"_qs + model);
    if (limited)
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

void TestAnthropic::toolMode()
{
    ProviderFixture fixture;
    fixture.server.enqueue(ScriptedReply::json(R"({"type":"message","content":[
        {"type":"tool_use","id":"t1","name":"final_result","input":{"name":"Rome"}}],"stop_reason":"tool_use","usage":{}})"));
    ProviderRequest request = requestFor(u"anthropic:claude-haiku-4-5"_qs);
    request.output = cityType();
    const ProviderReply reply = fixture.complete(request);
    QCOMPARE(*reply.structured, parsed(R"({"name":"Rome"})"));
    QCOMPARE(reply.outputToolCallId, u"t1"_qs);
    QCOMPARE(reply.finishReason, FinishReason::ToolCall);
    const Json sent = fixture.sent();
    QCOMPARE(sent["tool_choice"], parsed(R"({"type":"any"})"));
    QCOMPARE(sent["tools"][0]["name"], Json("final_result"));
    QCOMPARE(sent["tools"][0]["input_schema"], request.output.schema);
}

void TestAnthropic::outputWithThinking_data()
{
    QTest::addColumn<QString>("model");
    QTest::addColumn<QString>("mode");
    QTest::newRow("native where it exists") << "claude-sonnet-4-5"
                                            << "native";
    QTest::newRow("prompted otherwise") << "claude-3-7-sonnet-latest"
                                        << "prompted";
    QTest::newRow("adaptive thinking takes forced tools") << "claude-opus-4-6"
                                                          << "tool";
}

void TestAnthropic::outputWithThinking()
{
    QFETCH(QString, model);
    QFETCH(QString, mode);
    ProviderFixture fixture;
    fixture.server.enqueue(ScriptedReply::json(helloReply));
    ProviderRequest request = requestFor(u"anthropic:"_qs + model);
    request.output = cityType();
    request.settings.thinking = "low";
    fixture.complete(request);
    const Json sent = fixture.sent();
    QCOMPARE(sent.contains("tools"), mode == u"tool"_qs);
    QCOMPARE(
        sent.contains("output_config") && sent["output_config"].contains("format"), mode == u"native"_qs);
    QCOMPARE(toJsonText(sent.value("system", Json())).contains("JSON Schema"), mode == u"prompted"_qs);
}

void TestAnthropic::nativeMode()
{
    ProviderFixture fixture;
    fixture.server.enqueue(ScriptedReply::json(
        R"({"type":"message","content":[{"type":"text","text":"{\"name\":\"Rome\"}"}],"stop_reason":"end_turn","usage":{}})"));
    ProviderRequest request = requestFor(u"anthropic:claude-sonnet-4-5"_qs);
    request.output = cityType(OutputMode::Native);
    QCOMPARE(*fixture.complete(request).structured, parsed(R"({"name":"Rome"})"));
    const Json expected = parsed(R"({"format":{"type":"json_schema","schema":
        {"type":"object","properties":{"name":{"type":"string"}},"required":["name"],"additionalProperties":false}}})");
    QCOMPARE(fixture.sent()["output_config"], expected);
    request.model = ModelRef::parse(u"anthropic:claude-3-5-haiku-latest"_qs);
    QVERIFY_THROWS_EXCEPTION(ConfigurationError, fixture.complete(request));
}

void TestAnthropic::attachments()
{
    ProviderFixture fixture;
    fixture.server.enqueue(ScriptedReply::json(helloReply));
    ProviderRequest request = requestFor(u"anthropic:claude-haiku-4-5"_qs, u"See"_qs);
    request.messages[0].attachments = {{u"image/png"_qs, "png", {}, {}},
        {u"image/png"_qs, {}, u"https://example.com/a.png"_qs, {}}, {u"application/pdf"_qs, "pdf", {}, {}}};
    fixture.complete(request);
    const Json expected = parsed(R"([{"type":"text","text":"See"},
        {"type":"image","source":{"type":"base64","media_type":"image/png","data":"cG5n"}},
        {"type":"image","source":{"type":"url","url":"https://example.com/a.png"}},
        {"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"cGRm"}}])");
    QCOMPARE(fixture.sent()["messages"][0]["content"], expected);
    request.messages[0].attachments = {{u"audio/wav"_qs, "wav", {}, {}}};
    QVERIFY_THROWS_EXCEPTION(ConfigurationError, fixture.complete(request));
}

void TestAnthropic::baseUrlForms_data()
{
    QTest::addColumn<QString>("path");
    QTest::addColumn<QByteArray>("expected");
    QTest::newRow("bare") << "" << QByteArray("/v1/messages");
    QTest::newRow("slash") << "/" << QByteArray("/v1/messages");
    QTest::newRow("version") << "/v1" << QByteArray("/v1/messages");
    QTest::newRow("proxy") << "/anthropic/v1/" << QByteArray("/anthropic/v1/messages");
}

void TestAnthropic::baseUrlForms()
{
    QFETCH(QString, path);
    QFETCH(QByteArray, expected);
    ProviderFixture fixture(path);
    fixture.server.enqueue(ScriptedReply::json(helloReply));
    fixture.complete(requestFor(u"anthropic:claude-haiku-4-5"_qs));
    QCOMPARE(fixture.server.requests().back().path, expected);
}

void TestAnthropic::streaming()
{
    ProviderFixture fixture;
    fixture.server.enqueue(ScriptedReply::events(
        {sse(R"({"type":"message_start","message":{"model":"claude-x","usage":{"input_tokens":5,"cache_read_input_tokens":100,
            "cache_creation_input_tokens":10,"cache_creation":{"ephemeral_1h_input_tokens":4},"output_tokens":1}}})")
                .replace("\n            ", ""),
            sse(R"({"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}})"),
            sse(R"({"type":"ping"})"),
            sse(R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"He"}})"),
            sse(R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"llo"}})"),
            sse(R"({"type":"content_block_stop","index":0})"),
            sse(R"({"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":7}})"),
            sse(R"({"type":"message_stop"})")}));
    ProviderContext context;
    QStringList deltas;
    context.onText = [&](const QString& delta) { deltas << delta; };
    const ProviderReply reply = fixture.complete(requestFor(u"anthropic:claude-haiku-4-5"_qs), context);
    QCOMPARE(deltas, (QStringList{u"He"_qs, u"llo"_qs}));
    QCOMPARE(reply.message.text, u"Hello"_qs);
    QCOMPARE(reply.model, u"claude-x"_qs);
    QCOMPARE(reply.usage.inputTokens, 115);
    QCOMPARE(reply.usage.cacheReadTokens, 100);
    QCOMPARE(reply.usage.cacheWriteTokens, 10);
    QCOMPARE(reply.usage.cacheWrite1hTokens, 4);
    QCOMPARE(reply.usage.outputTokens, 7);
    QCOMPARE(fixture.sent()["stream"], Json(true));
}

void TestAnthropic::streamedToolCall()
{
    ProviderFixture fixture;
    fixture.server.enqueue(ScriptedReply::events({sse(R"({"type":"message_start","message":{"usage":{}}})"),
        sse(R"({"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"a","name":"none","input":{}}})"),
        sse(R"({"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"b","name":"final_result","input":{}}})"),
        sse(R"({"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"name\":"}})"),
        sse(R"({"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"\"Rome\"}"}})"),
        sse(R"({"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":7}})"),
        sse(R"({"type":"message_stop"})")}));
    ProviderContext context;
    context.onText = [](const QString&) {};
    ProviderRequest request = requestFor(u"anthropic:claude-haiku-4-5"_qs);
    request.output = cityType();
    const ProviderReply reply = fixture.complete(request, context);
    QCOMPARE(reply.message.toolCalls.size(), std::size_t(2));
    QCOMPARE(reply.message.toolCalls[0].arguments, Json::object());
    QCOMPARE(reply.outputToolCallId, u"b"_qs);
    QCOMPARE(*reply.structured, parsed(R"({"name":"Rome"})"));
}

void TestAnthropic::thinkingBlocksReturnToTheirProviderOnly()
{
    ProviderFixture fixture;
    fixture.server.enqueue(ScriptedReply::events({sse(R"({"type":"message_start","message":{"usage":{}}})"),
        sse(R"({"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}})"),
        sse(R"({"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Let "}})"),
        sse(R"({"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"me"}})"),
        sse(R"({"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"SIG"}})"),
        sse(R"({"type":"content_block_start","index":1,"content_block":{"type":"redacted_thinking","data":"XYZ"}})"),
        sse(R"({"type":"content_block_start","index":2,"content_block":{"type":"text","text":"Yes"}})"),
        sse(R"({"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{}})"),
        sse(R"({"type":"message_stop"})")}));
    ProviderContext context;
    context.onText = [](const QString&) {};
    ProviderRequest request = requestFor(u"anthropic:claude-sonnet-4-5"_qs);
    const ProviderReply reply = fixture.complete(request, context);
    QCOMPARE(reply.message.thinking, u"Let me"_qs);
    QCOMPARE(reply.message.text, u"Yes"_qs);
    request.messages.push_back(reply.message);
    request.messages.push_back(Message::user(u"Why?"_qs));
    fixture.server.enqueue(ScriptedReply::json(helloReply));
    fixture.complete(request);
    QCOMPARE(fixture.sent()["messages"][1]["content"],
        parsed(
            R"([{"type":"thinking","thinking":"Let me","signature":"SIG"},{"type":"redacted_thinking","data":"XYZ"},{"type":"text","text":"Yes"}])"));
    fixture.server.enqueue(
        ScriptedReply::json(R"({"choices":[{"message":{"content":"x"},"finish_reason":"stop"}]})"));
    request.model = ModelRef::parse(u"openai:gpt-4o"_qs);
    fixture.complete(request);
    QVERIFY(!toJsonText(fixture.sent()).contains("SIG"));
}

void TestAnthropic::usageCountsTheCacheAsInput()
{
    ProviderFixture fixture;
    fixture.server.enqueue(
        ScriptedReply::json(R"({"content":[{"type":"text","text":"x"}],"stop_reason":"end_turn","usage":{
        "input_tokens":3,"cache_read_input_tokens":1111,"cache_creation_input_tokens":20,"cache_creation":{"ephemeral_1h_input_tokens":15},
        "output_tokens":406,"output_tokens_details":{"thinking_tokens":6},"server_tool_use":{"web_search_requests":2}}})"));
    const Usage usage = fixture.complete(requestFor(u"anthropic:claude-haiku-4-5"_qs)).usage;
    QCOMPARE(usage.inputTokens, 1134);
    QCOMPARE(usage.cacheReadTokens, 1111);
    QCOMPARE(usage.cacheWriteTokens, 20);
    QCOMPARE(usage.cacheWrite1hTokens, 15);
    QCOMPARE(usage.outputTokens, 406);
    QCOMPARE(usage.reasoningTokens, 6);
    QCOMPARE(usage.webSearches, 2);
    QCOMPARE(usage.raw["input_tokens"], Json(3));
}

void TestAnthropic::finishReasons_data()
{
    QTest::addColumn<QByteArray>("raw");
    QTest::addColumn<int>("reason");
    QTest::newRow("end") << QByteArray("end_turn") << int(FinishReason::Stop);
    QTest::newRow("length") << QByteArray("max_tokens") << int(FinishReason::Length);
    QTest::newRow("window") << QByteArray("model_context_window_exceeded") << int(FinishReason::Length);
    QTest::newRow("sequence") << QByteArray("stop_sequence") << int(FinishReason::Stop);
    QTest::newRow("refusal") << QByteArray("refusal") << int(FinishReason::Refusal);
    QTest::newRow("pause") << QByteArray("pause_turn") << int(FinishReason::Other);
}

void TestAnthropic::finishReasons()
{
    QFETCH(QByteArray, raw);
    QFETCH(int, reason);
    ProviderFixture fixture;
    fixture.server.enqueue(
        ScriptedReply::json("{\"content\":[],\"stop_reason\":\"" + raw + "\",\"usage\":{}}"));
    const ProviderReply reply = fixture.complete(requestFor(u"anthropic:claude-haiku-4-5"_qs));
    QCOMPARE(int(reply.finishReason), reason);
    QCOMPARE(reply.rawFinishReason, QString::fromLatin1(raw));
}

void TestAnthropic::errorInTheStream()
{
    ProviderFixture fixture;
    const QByteArray error =
        sse(R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})");
    fixture.server.enqueue(ScriptedReply::events({sse(R"({"type":"message_start","message":{}})"), error}));
    ProviderContext context;
    context.onText = [](const QString&) {};
    const auto early = fixture.failure(requestFor(u"anthropic:claude-haiku-4-5"_qs), context);
    QVERIFY(early);
    QCOMPARE(early->details().failure, ProviderFailure::Overloaded);
    QVERIFY(early->isTransient());
    fixture.server.enqueue(ScriptedReply::events(
        {sse(R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"He"}})"),
            error}));
    const auto late = fixture.failure(requestFor(u"anthropic:claude-haiku-4-5"_qs), context);
    QVERIFY(late);
    QVERIFY(late->details().delivered);
    QVERIFY(!late->isTransient());
}

void TestAnthropic::cutStream()
{
    ProviderFixture fixture;
    fixture.server.enqueue(ScriptedReply::events(
        {sse(R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"He"}})")}));
    ProviderContext context;
    context.onText = [](const QString&) {};
    const auto error = fixture.failure(requestFor(u"anthropic:claude-haiku-4-5"_qs), context);
    QVERIFY(error);
    QCOMPARE(error->details().failure, ProviderFailure::Connection);
    QVERIFY(error->details().delivered);
    QVERIFY(error->details().mayBeBilled);
}

void TestAnthropic::rateLimit()
{
    ProviderFixture fixture;
    fixture.server.enqueue(ScriptedReply::json(
        R"({"type":"error","error":{"type":"rate_limit_error","message":"Slow down"},"request_id":"req_9"})",
        429, {{"retry-after", "2"}}));
    const auto error = fixture.failure(requestFor(u"anthropic:claude-haiku-4-5"_qs));
    QVERIFY(error);
    QCOMPARE(error->details().failure, ProviderFailure::RateLimited);
    QCOMPARE(error->details().retryHint, std::optional(std::chrono::milliseconds(2000)));
    QCOMPARE(error->details().requestId, u"req_9"_qs);
    QVERIFY2(error->text().contains(u"Slow down"_qs), error->what());
}

void TestAnthropic::notAReply()
{
    ProviderFixture fixture;
    fixture.server.enqueue(ScriptedReply::json("{\"choices\":[]}"));
    const auto error = fixture.failure(requestFor(u"anthropic:claude-haiku-4-5"_qs));
    QVERIFY(error);
    QCOMPARE(error->details().failure, ProviderFailure::BadReply);
}

LLMCACHE_TEST_MAIN(TestAnthropic)
#include "tst_anthropic.moc"
