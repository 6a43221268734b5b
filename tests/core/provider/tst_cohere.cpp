#include "providerfixture.h"
#include "testenvironment.h"

#include <QTest>

using namespace llmcache;
using namespace llmcache::test;

namespace {

const QByteArray helloReply =
    R"({"id":"c1","finish_reason":"COMPLETE","message":{"role":"assistant","content":[{"type":"text","text":"Hi"}]},
    "usage":{"billed_units":{"input_tokens":1,"output_tokens":1},"tokens":{"input_tokens":9,"output_tokens":2},"cached_tokens":4}})";

Json parsed(const char* text)
{
    return parseJson(text, QStringLiteral("expected"));
}

QByteArray sse(const char* data)
{
    return QByteArray("data: ") + data + "\n\n";
}

} // namespace

class TestCohere : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void plainRequest();
    void historyAndSettings();
    void outputModes();
    void streaming();
    void streamedToolCall();
    void cutStream();
    void errors();
};

void TestCohere::plainRequest()
{
    ProviderFixture fixture;
    fixture.server.enqueue(ScriptedReply::json(helloReply));
    ProviderRequest request = requestFor(u"cohere:command-r7b-12-2024"_qs);
    request.systemPrompts = QStringList{u"One."_qs};
    request.instructions = u"Be brief."_qs;
    const ProviderReply reply = fixture.complete(request);
    QCOMPARE(reply.message, Message::assistant(u"Hi"_qs));
    QCOMPARE(reply.finishReason, FinishReason::Stop);
    QCOMPARE(reply.usage.inputTokens, 9);
    QCOMPARE(reply.usage.outputTokens, 2);
    QCOMPARE(reply.usage.cacheReadTokens, 4);
    QCOMPARE(fixture.server.requests().front().path, QByteArray("/v2/chat"));
    QCOMPARE(
        fixture.server.requests().front().header("authorization"), QByteArray("Bearer secret-of-CO_API_KEY"));
    const Json expected =
        parsed(R"({"model":"command-r7b-12-2024","messages":[{"role":"system","content":"One."},
        {"role":"system","content":"Be brief."},{"role":"user","content":"Hello"}],"stream":false})");
    QCOMPARE(fixture.sent(), expected);
}

void TestCohere::historyAndSettings()
{
    ProviderFixture fixture;
    fixture.server.enqueue(ScriptedReply::json(helloReply));
    ProviderRequest request = requestFor(u"cohere:command-a-03-2025"_qs);
    Message call = Message::assistant({});
    call.toolCalls = {{u"a"_qs, u"time"_qs, Json{{"x", 1}}}};
    Message answer;
    answer.role = Role::Tool;
    answer.toolCallId = u"a"_qs;
    answer.text = u"noon"_qs;
    request.messages = {Message::user(u"When?"_qs), call, answer};
    request.settings.maxTokens = 50;
    request.settings.topP = 0.9;
    request.settings.topK = 40;
    request.settings.seed = 7;
    request.settings.stopSequences = QStringList{u"x"_qs};
    request.settings.thinking = "low";
    QCOMPARE(fixture.complete(request).dropped, QStringList{u"thinking"_qs});
    const Json expected =
        parsed(R"({"model":"command-a-03-2025","messages":[{"role":"user","content":"When?"},
        {"role":"assistant","tool_calls":[{"id":"a","type":"function","function":{"name":"time","arguments":"{\"x\":1}"}}]},
        {"role":"tool","tool_call_id":"a","content":"noon"}],"max_tokens":50,"p":0.9,"k":40,"seed":7,"stop_sequences":["x"],"stream":false})");
    QCOMPARE(fixture.sent(), expected);
}

void TestCohere::outputModes()
{
    ProviderFixture fixture;
    fixture.server.enqueue(ScriptedReply::json(
        R"({"finish_reason":"TOOL_CALL","message":{"tool_plan":"I will answer.","tool_calls":[
        {"id":"t1","type":"function","function":{"name":"final_result","arguments":"{\"name\":\"Rome\"}"}}]}})"));
    ProviderRequest request = requestFor(u"cohere:command-r7b-12-2024"_qs);
    request.output =
        OutputType::json(u"City"_qs, parsed(R"({"type":"object","properties":{"name":{"type":"string"}}})"));
    const ProviderReply reply = fixture.complete(request);
    QCOMPARE(*reply.structured, parsed(R"({"name":"Rome"})"));
    QCOMPARE(reply.finishReason, FinishReason::ToolCall);
    QCOMPARE(reply.message.thinking, u"I will answer."_qs);
    QCOMPARE(fixture.sent()["tool_choice"], Json("REQUIRED"));
    request.output.mode = OutputMode::Prompted;
    fixture.server.enqueue(ScriptedReply::json(helloReply));
    fixture.complete(request);
    QCOMPARE(fixture.sent()["response_format"], parsed(R"({"type":"json_object"})"));
    request.output.mode = OutputMode::Native;
    QVERIFY_THROWS_EXCEPTION(ConfigurationError, fixture.complete(request));
}

void TestCohere::streaming()
{
    ProviderFixture fixture;
    fixture.server.enqueue(ScriptedReply::events(
        {sse(R"({"type":"message-start","id":"m1","delta":{"message":{"role":"assistant","content":[]}}})"),
            sse(R"({"type":"content-start","index":0,"delta":{"message":{"content":{"type":"text","text":""}}}})"),
            sse(R"({"type":"content-delta","index":0,"delta":{"message":{"content":{"text":"He"}}}})"),
            sse(R"({"type":"content-delta","index":0,"delta":{"message":{"content":{"text":"llo"}}}})"),
            sse(R"({"type":"content-end","index":0})"),
            sse(R"({"type":"message-end","delta":{"finish_reason":"MAX_TOKENS","usage":{"tokens":{"input_tokens":3,"output_tokens":2}}}})")}));
    ProviderContext context;
    QStringList deltas;
    context.onText = [&](const QString& delta) { deltas << delta; };
    const ProviderReply reply = fixture.complete(requestFor(u"cohere:command-r7b-12-2024"_qs), context);
    QCOMPARE(deltas, (QStringList{u"He"_qs, u"llo"_qs}));
    QCOMPARE(reply.finishReason, FinishReason::Length);
    QCOMPARE(reply.usage.inputTokens, 3);
}

void TestCohere::streamedToolCall()
{
    ProviderFixture fixture;
    fixture.server.enqueue(
        ScriptedReply::events({sse(R"({"type":"tool-plan-delta","delta":{"message":{"tool_plan":"Hm"}}})"),
            sse(R"({"type":"tool-call-start","index":0,"delta":{"message":{"tool_calls":{"id":"t1","type":"function","function":{"name":"a","arguments":""}}}}})"),
            sse(R"({"type":"tool-call-delta","index":0,"delta":{"message":{"tool_calls":{"function":{"arguments":"{\"x\":"}}}}})"),
            sse(R"({"type":"tool-call-delta","index":0,"delta":{"message":{"tool_calls":{"function":{"arguments":"1}"}}}}})"),
            sse(R"({"type":"tool-call-end","index":0})"),
            sse(R"({"type":"message-end","delta":{"finish_reason":"TOOL_CALL"}})")}));
    ProviderContext context;
    context.onText = [](const QString&) {};
    const ProviderReply reply = fixture.complete(requestFor(u"cohere:command-r7b-12-2024"_qs), context);
    QCOMPARE(reply.message.toolCalls.size(), std::size_t(1));
    QCOMPARE(reply.message.toolCalls[0].id, u"t1"_qs);
    QCOMPARE(reply.message.toolCalls[0].arguments, parsed(R"({"x":1})"));
}

void TestCohere::cutStream()
{
    ProviderFixture fixture;
    fixture.server.enqueue(ScriptedReply::events(
        {sse(R"({"type":"content-delta","index":0,"delta":{"message":{"content":{"text":"He"}}}})")}));
    ProviderContext context;
    context.onText = [](const QString&) {};
    const auto error = fixture.failure(requestFor(u"cohere:command-r7b-12-2024"_qs), context);
    QVERIFY(error);
    QVERIFY(error->details().delivered);
    QCOMPARE(error->details().failure, ProviderFailure::Connection);
}

void TestCohere::errors()
{
    ProviderFixture fixture;
    fixture.server.enqueue(ScriptedReply::json(R"({"id":"x","message":"model 'y' not found"})", 404));
    const auto error = fixture.failure(requestFor(u"cohere:y"_qs));
    QVERIFY(error);
    QCOMPARE(error->details().failure, ProviderFailure::NotFound);
    QVERIFY2(error->text().contains(u"model 'y' not found"_qs), error->what());
}

LLMCACHE_TEST_MAIN(TestCohere)
#include "tst_cohere.moc"
