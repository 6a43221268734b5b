#include "providerfixture.h"
#include "testenvironment.h"

#include <QTest>

using namespace llmcache;
using namespace llmcache::test;

namespace {

const QByteArray helloReply =
    R"({"output":{"message":{"role":"assistant","content":[{"text":"Hi"}]}},"stopReason":"end_turn",
    "usage":{"inputTokens":9,"outputTokens":2,"cacheReadInputTokens":100,"cacheWriteInputTokens":10,"totalTokens":121}})";

const QString claude = QStringLiteral("bedrock:anthropic.claude-sonnet-4-5-20250929-v1:0");

Json parsed(const char* text)
{
    return parseJson(text, QStringLiteral("expected"));
}

} // namespace

class TestBedrock : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void plainRequest();
    void modelIdsAreEncoded();
    void regions();
    void history();
    void settings();
    void outputModes();
    void thinkingReturns();
    void asksForNoStream();
    void errors();
};

void TestBedrock::plainRequest()
{
    ProviderFixture fixture;
    fixture.server.enqueue(ScriptedReply::json(helloReply, 200, {{"x-amzn-RequestId", "r1"}}));
    ProviderRequest request = requestFor(claude);
    request.systemPrompts = QStringList{u"One."_qs};
    request.instructions = u"Be brief."_qs;
    const ProviderReply reply = fixture.complete(request);
    QCOMPARE(reply.message, Message::assistant(u"Hi"_qs));
    QCOMPARE(reply.finishReason, FinishReason::Stop);
    QCOMPARE(reply.requestId, u"r1"_qs);
    QCOMPARE(reply.usage.inputTokens, 119);
    QCOMPARE(reply.usage.cacheReadTokens, 100);
    QCOMPARE(reply.usage.cacheWriteTokens, 10);
    QCOMPARE(fixture.server.requests().front().path,
        QByteArray("/model/anthropic.claude-sonnet-4-5-20250929-v1:0/converse"));
    QCOMPARE(fixture.server.requests().front().header("authorization"),
        QByteArray("Bearer secret-of-AWS_BEARER_TOKEN_BEDROCK"));
    const Json expected = parsed(R"({"messages":[{"role":"user","content":[{"text":"Hello"}]}],
        "system":[{"text":"One."},{"text":"Be brief."}]})");
    QCOMPARE(fixture.sent(), expected);
}

void TestBedrock::modelIdsAreEncoded()
{
    ProviderFixture fixture;
    fixture.server.enqueue(ScriptedReply::json(helloReply));
    fixture.complete(requestFor(u"bedrock:arn:aws:bedrock:us-east-1:1:inference-profile/us.model?x"_qs));
    QCOMPARE(fixture.server.requests().front().path,
        QByteArray("/model/arn:aws:bedrock:us-east-1:1:inference-profile%2Fus.model%3Fx/converse"));
}

void TestBedrock::regions()
{
    ProviderConfig config;
    config.secret = [](const QString& name) {
        return name == u"AWS_REGION"_qs ? u"eu-central-1"_qs : QString();
    };
    const ProviderRegistry registry(config);
    QCOMPARE(
        registry.endpointOverride(u"bedrock"_qs), u"https://bedrock-runtime.eu-central-1.amazonaws.com"_qs);
    QVERIFY(!registry.hasKey(u"bedrock"_qs));
}

void TestBedrock::history()
{
    ProviderFixture fixture;
    fixture.server.enqueue(ScriptedReply::json(helloReply));
    ProviderRequest request = requestFor(claude);
    Message calls = Message::assistant(u"Wait."_qs);
    calls.toolCalls = {{u"a"_qs, u"time"_qs, Json::object()}, {u"b"_qs, u"place"_qs, Json::object()}};
    Message answer;
    answer.role = Role::Tool;
    answer.toolCallId = u"a"_qs;
    answer.text = u"noon"_qs;
    Message failed = answer;
    failed.toolCallId = u"b"_qs;
    failed.isError = true;
    Message user = Message::user(u"And?"_qs);
    user.attachments = {{u"image/png"_qs, "png", {}, {}}, {u"application/pdf"_qs, "pdf", {}, {}}};
    request.messages = {Message::user(u"When?"_qs), calls, answer, failed, user};
    fixture.complete(request);
    const Json expected = parsed(R"([{"role":"user","content":[{"text":"When?"}]},
        {"role":"assistant","content":[{"text":"Wait."},{"toolUse":{"toolUseId":"a","name":"time","input":{}}},
            {"toolUse":{"toolUseId":"b","name":"place","input":{}}}]},
        {"role":"user","content":[{"toolResult":{"toolUseId":"a","content":[{"text":"noon"}],"status":"success"}},
            {"toolResult":{"toolUseId":"b","content":[{"text":"noon"}],"status":"error"}},{"text":"And?"},
            {"image":{"format":"png","source":{"bytes":"cG5n"}}},
            {"document":{"format":"pdf","name":"document 2","source":{"bytes":"cGRm"}}}]}])");
    QCOMPARE(fixture.sent()["messages"], expected);
}

void TestBedrock::settings()
{
    ProviderFixture fixture;
    ProviderRequest request = requestFor(claude);
    request.settings.maxTokens = 50;
    request.settings.temperature = 0.5;
    request.settings.topP = 0.9;
    request.settings.topK = 40;
    request.settings.seed = 7;
    request.settings.stopSequences = QStringList{u"x"_qs};
    fixture.server.enqueue(ScriptedReply::json(helloReply));
    QCOMPARE(fixture.complete(request).dropped, QStringList{u"seed"_qs});
    QCOMPARE(fixture.sent()["inferenceConfig"],
        parsed(R"({"maxTokens":50,"temperature":0.5,"topP":0.9,"stopSequences":["x"]})"));
    QCOMPARE(fixture.sent()["additionalModelRequestFields"], parsed(R"({"top_k":40})"));
    request.settings.thinking = "low";
    fixture.server.enqueue(ScriptedReply::json(helloReply));
    QCOMPARE(fixture.complete(request).dropped,
        (QStringList{u"temperature"_qs, u"top_p"_qs, u"top_k"_qs, u"seed"_qs}));
    QCOMPARE(fixture.sent()["additionalModelRequestFields"],
        parsed(R"({"thinking":{"type":"enabled","budget_tokens":2048}})"));
    request.model = ModelRef::parse(u"bedrock:meta.llama3-1-70b-instruct-v1:0"_qs);
    fixture.server.enqueue(ScriptedReply::json(helloReply));
    QCOMPARE(fixture.complete(request).dropped, (QStringList{u"top_k"_qs, u"seed"_qs, u"thinking"_qs}));
}

void TestBedrock::outputModes()
{
    ProviderFixture fixture;
    const QByteArray called =
        R"({"output":{"message":{"content":[{"toolUse":{"toolUseId":"t1","name":"final_result","input":{"name":"Rome"}}}]}},
        "stopReason":"tool_use","usage":{}})";
    fixture.server.enqueue(ScriptedReply::json(called));
    ProviderRequest request = requestFor(claude);
    request.output =
        OutputType::json(u"City"_qs, parsed(R"({"type":"object","properties":{"name":{"type":"string"}}})"));
    const ProviderReply reply = fixture.complete(request);
    QCOMPARE(*reply.structured, parsed(R"({"name":"Rome"})"));
    QCOMPARE(reply.outputToolCallId, u"t1"_qs);
    QCOMPARE(fixture.sent()["toolConfig"]["toolChoice"], parsed(R"({"any":{}})"));
    QCOMPARE(
        fixture.sent()["toolConfig"]["tools"][0]["toolSpec"]["inputSchema"]["json"], request.output.schema);
    // Llama can't be made to call a tool, and Claude not while it thinks.
    request.model = ModelRef::parse(u"bedrock:meta.llama3-1-70b-instruct-v1:0"_qs);
    fixture.server.enqueue(ScriptedReply::json(called));
    fixture.complete(request);
    QVERIFY(!fixture.sent()["toolConfig"].contains("toolChoice"));
    request.model = ModelRef::parse(claude);
    request.settings.thinking = "low";
    fixture.server.enqueue(ScriptedReply::json(helloReply));
    fixture.complete(request);
    QVERIFY(!fixture.sent().contains("toolConfig"));
    QVERIFY(toJsonText(fixture.sent()["system"]).contains("JSON Schema"));
    request.output.mode = OutputMode::Native;
    QVERIFY_THROWS_EXCEPTION(ConfigurationError, fixture.complete(request));
}

void TestBedrock::thinkingReturns()
{
    ProviderFixture fixture;
    fixture.server.enqueue(ScriptedReply::json(R"({"output":{"message":{"content":[
        {"reasoningContent":{"reasoningText":{"text":"Hm","signature":"SIG"}}},{"text":"Yes"}]}},"stopReason":"end_turn"})"));
    ProviderRequest request = requestFor(claude);
    const ProviderReply reply = fixture.complete(request);
    QCOMPARE(reply.message.thinking, u"Hm"_qs);
    request.messages.push_back(reply.message);
    request.messages.push_back(Message::user(u"Why?"_qs));
    fixture.server.enqueue(ScriptedReply::json(helloReply));
    fixture.complete(request);
    QCOMPARE(fixture.sent()["messages"][1]["content"],
        parsed(R"([{"reasoningContent":{"reasoningText":{"text":"Hm","signature":"SIG"}}},{"text":"Yes"}])"));
}

void TestBedrock::asksForNoStream()
{
    ProviderFixture fixture;
    fixture.server.enqueue(ScriptedReply::json(helloReply));
    ProviderContext context;
    QStringList deltas;
    context.onText = [&](const QString& delta) { deltas << delta; };
    fixture.complete(requestFor(claude), context);
    QCOMPARE(deltas, QStringList{u"Hi"_qs});
    QCOMPARE(fixture.server.requests().front().header("accept"), QByteArray("application/json"));
}

void TestBedrock::errors()
{
    ProviderFixture fixture;
    fixture.server.enqueue(ScriptedReply::json(R"({"message":"Too many requests"})", 429,
        {{"x-amzn-ErrorType", "ThrottlingException:http://internal.amazon.com/coral/"}}));
    auto error = fixture.failure(requestFor(claude));
    QVERIFY(error);
    QCOMPARE(error->details().failure, ProviderFailure::RateLimited);
    QCOMPARE(error->details().code, u"ThrottlingException"_qs);
    fixture.server.enqueue(ScriptedReply::json(
        R"({"message":"No access"})", 403, {{"x-amzn-ErrorType", "AccessDeniedException"}}));
    error = fixture.failure(requestFor(claude));
    QVERIFY(error);
    QCOMPARE(error->details().failure, ProviderFailure::Authentication);
}

LLMCACHE_TEST_MAIN(TestBedrock)
#include "tst_bedrock.moc"
