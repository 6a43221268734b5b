#include "providerfixture.h"
#include "testenvironment.h"

#include <QTest>

using namespace llmcache;
using namespace llmcache::test;

namespace {

const QByteArray helloReply =
    R"({"id":"r1","model":"gpt-5","status":"completed","error":null,"output":[{"type":"message","role":"assistant",
    "content":[{"type":"output_text","text":"Hi"}]}],"usage":{"input_tokens":9,"output_tokens":2}})";

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
        parsed(R"({"type":"object","properties":{"name":{"type":"string"}},"required":["name"]})"), mode);
}

} // namespace

class TestOpenAiResponses : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void plainRequest();
    void history();
    void settings();
    void outputModes();
    void incomplete_data();
    void incomplete();
    void refusal();
    void failedReplies();
    void streaming();
    void cutStream();
    void reasoningReturnsToItsProviderOnly();
    void attachments();
    void azure();
};

void TestOpenAiResponses::plainRequest()
{
    ProviderFixture fixture(u"/v1"_qs);
    fixture.server.enqueue(ScriptedReply::json(helloReply));
    ProviderRequest request = requestFor(u"openai-responses:gpt-4o"_qs);
    request.systemPrompts = QStringList{u"One."_qs};
    request.instructions = u"Be brief."_qs;
    const ProviderReply reply = fixture.complete(request);
    QCOMPARE(reply.message, Message::assistant(u"Hi"_qs));
    QCOMPARE(reply.finishReason, FinishReason::Stop);
    const RecordedRequest& sent = fixture.server.requests().front();
    QCOMPARE(sent.path, QByteArray("/v1/responses"));
    QCOMPARE(sent.header("authorization"), QByteArray("Bearer secret-of-OPENAI_API_KEY"));
    const Json expected = parsed(R"({"model":"gpt-4o","input":[{"role":"system","content":"One."},
        {"role":"user","content":"Hello"}],"instructions":"Be brief.","stream":false})");
    QCOMPARE(fixture.sent(), expected);
}

void TestOpenAiResponses::history()
{
    ProviderFixture fixture;
    fixture.server.enqueue(ScriptedReply::json(helloReply));
    ProviderRequest request = requestFor(u"openai-responses:gpt-4o"_qs);
    Message call = Message::assistant(u"Wait."_qs);
    call.toolCalls = {{u"a"_qs, u"time"_qs, Json::object()}};
    Message answer;
    answer.role = Role::Tool;
    answer.toolCallId = u"a"_qs;
    answer.text = u"noon"_qs;
    request.messages = {Message::user(u"When?"_qs), call, answer};
    fixture.complete(request);
    const Json expected = parsed(R"([{"role":"user","content":"When?"},{"role":"assistant","content":"Wait."},
        {"type":"function_call","call_id":"a","name":"time","arguments":"{}"},{"type":"function_call_output","call_id":"a","output":"noon"}])");
    QCOMPARE(fixture.sent()["input"], expected);
}

void TestOpenAiResponses::settings()
{
    ProviderFixture fixture;
    ProviderRequest request = requestFor(u"openai-responses:gpt-4o"_qs);
    request.settings.maxTokens = 50;
    request.settings.temperature = 0.5;
    request.settings.topP = 0.9;
    request.settings.topK = 40;
    request.settings.seed = 7;
    request.settings.stopSequences = QStringList{u"x"_qs};
    request.settings.thinking = "low";
    fixture.server.enqueue(ScriptedReply::json(helloReply));
    QCOMPARE(fixture.complete(request).dropped,
        (QStringList{u"top_k"_qs, u"seed"_qs, u"stop_sequences"_qs, u"thinking"_qs}));
    Json sent = fixture.sent();
    QCOMPARE(sent["max_output_tokens"], Json(50));
    QCOMPARE(sent["temperature"], Json(0.5));
    QCOMPARE(sent["top_p"], Json(0.9));
    QVERIFY(!sent.contains("reasoning"));
    request.model.model = u"o3-mini"_qs;
    fixture.server.enqueue(ScriptedReply::json(helloReply));
    QCOMPARE(fixture.complete(request).dropped,
        (QStringList{u"temperature"_qs, u"top_p"_qs, u"top_k"_qs, u"seed"_qs, u"stop_sequences"_qs}));
    sent = fixture.sent();
    QCOMPARE(sent["reasoning"]["effort"], Json("low"));
    QCOMPARE(sent["include"], parsed(R"(["reasoning.encrypted_content"])"));
    QVERIFY(!sent.contains("temperature"));
}

void TestOpenAiResponses::outputModes()
{
    ProviderFixture fixture;
    ProviderRequest request = requestFor(u"openai-responses:gpt-4o"_qs);
    request.output = cityType();
    fixture.server.enqueue(ScriptedReply::json(
        R"({"status":"completed","output":[{"type":"function_call","id":"fc_1","call_id":"call_1",
        "name":"final_result","arguments":"{\"name\":\"Rome\"}"}]})"));
    ProviderReply reply = fixture.complete(request);
    QCOMPARE(*reply.structured, parsed(R"({"name":"Rome"})"));
    QCOMPARE(reply.outputToolCallId, u"call_1"_qs);
    QCOMPARE(fixture.sent()["tool_choice"], Json("required"));
    QCOMPARE(fixture.sent()["tools"][0]["strict"], Json(true));
    QCOMPARE(fixture.sent()["tools"][0]["parameters"]["additionalProperties"], Json(false));

    const QByteArray text =
        R"({"status":"completed","output":[{"type":"message","content":[{"type":"output_text","text":"{\"name\":\"Oslo\"}"}]}]})";
    fixture.server.enqueue(ScriptedReply::json(text));
    request.output.mode = OutputMode::Native;
    QCOMPARE(*fixture.complete(request).structured, parsed(R"({"name":"Oslo"})"));
    QCOMPARE(fixture.sent()["text"]["format"]["type"], Json("json_schema"));
    QCOMPARE(fixture.sent()["text"]["format"]["name"], Json("City"));

    fixture.server.enqueue(ScriptedReply::json(text));
    request.output.mode = OutputMode::Prompted;
    request.instructions = u"Be brief."_qs;
    fixture.complete(request);
    const Json sent = fixture.sent();
    QCOMPARE(sent["text"]["format"], parsed(R"({"type":"json_object"})"));
    QVERIFY(!sent.contains("instructions"));
    QVERIFY(stringMember(sent["input"][0], "content").contains(u"JSON"_qs));
}

void TestOpenAiResponses::incomplete_data()
{
    QTest::addColumn<QByteArray>("reason");
    QTest::addColumn<int>("expected");
    QTest::newRow("length") << QByteArray("max_output_tokens") << int(FinishReason::Length);
    QTest::newRow("filter") << QByteArray("content_filter") << int(FinishReason::ContentFilter);
    QTest::newRow("unknown") << QByteArray("else") << int(FinishReason::Other);
}

void TestOpenAiResponses::incomplete()
{
    QFETCH(QByteArray, reason);
    QFETCH(int, expected);
    ProviderFixture fixture;
    fixture.server.enqueue(ScriptedReply::json(
        "{\"status\":\"incomplete\",\"incomplete_details\":{\"reason\":\"" + reason + "\"},\"output\":[]}"));
    const ProviderReply reply = fixture.complete(requestFor(u"openai-responses:gpt-4o"_qs));
    QCOMPARE(int(reply.finishReason), expected);
    QCOMPARE(reply.rawFinishReason, QString::fromLatin1(reason));
}

void TestOpenAiResponses::refusal()
{
    ProviderFixture fixture;
    fixture.server.enqueue(ScriptedReply::json(
        R"({"status":"completed","output":[{"type":"message","content":[{"type":"refusal","refusal":"I can't."}]}]})"));
    const ProviderReply reply = fixture.complete(requestFor(u"openai-responses:gpt-4o"_qs));
    QCOMPARE(reply.finishReason, FinishReason::Refusal);
    QCOMPARE(reply.message.text, u"I can't."_qs);
}

void TestOpenAiResponses::failedReplies()
{
    ProviderFixture fixture;
    fixture.server.enqueue(ScriptedReply::json(
        R"({"status":"failed","error":{"code":"server_error","message":"It broke"},"output":[]})"));
    auto error = fixture.failure(requestFor(u"openai-responses:gpt-4o"_qs));
    QVERIFY(error);
    QCOMPARE(error->details().failure, ProviderFailure::Server);
    QVERIFY(error->isTransient());
    fixture.server.enqueue(ScriptedReply::events({sse(
        R"({"type":"response.failed","response":{"status":"failed","error":{"code":"rate_limit_exceeded","message":"Slow"}}})")}));
    ProviderContext context;
    context.onText = [](const QString&) {};
    error = fixture.failure(requestFor(u"openai-responses:gpt-4o"_qs), context);
    QVERIFY(error);
    QCOMPARE(error->details().failure, ProviderFailure::RateLimited);
    fixture.server.enqueue(ScriptedReply::events(
        {sse(R"({"type":"error","code":"server_error","message":"Gone","param":null})")}));
    error = fixture.failure(requestFor(u"openai-responses:gpt-4o"_qs), context);
    QVERIFY(error);
    QCOMPARE(error->details().failure, ProviderFailure::Server);
    QVERIFY2(error->text().contains(u"Gone"_qs), error->what());
    fixture.server.enqueue(ScriptedReply::json("{}"));
    error = fixture.failure(requestFor(u"openai-responses:gpt-4o"_qs));
    QVERIFY(error);
    QCOMPARE(error->details().failure, ProviderFailure::BadReply);
}

void TestOpenAiResponses::streaming()
{
    ProviderFixture fixture;
    fixture.server.enqueue(ScriptedReply::events(
        {sse(R"({"type":"response.created","response":{"status":"in_progress","error":null}})"),
            sse(R"({"type":"response.output_text.delta","delta":"He"})"),
            sse(R"({"type":"response.output_text.delta","delta":"llo"})"),
            sse(R"({"type":"response.output_item.done","item":{"type":"message","content":[{"type":"output_text","text":"Hello"}]}})"),
            sse(R"({"type":"response.completed","response":{"status":"completed","model":"m","usage":{"input_tokens":3,"output_tokens":2,
            "input_tokens_details":{"cached_tokens":1},"output_tokens_details":{"reasoning_tokens":1}}}})")
                .replace("\n            ", "")}));
    ProviderContext context;
    QStringList deltas;
    context.onText = [&](const QString& delta) { deltas << delta; };
    const ProviderReply reply = fixture.complete(requestFor(u"openai-responses:gpt-4o"_qs), context);
    QCOMPARE(deltas, (QStringList{u"He"_qs, u"llo"_qs}));
    QCOMPARE(reply.message.text, u"Hello"_qs);
    QCOMPARE(reply.model, u"m"_qs);
    QCOMPARE(reply.usage.cacheReadTokens, 1);
    QCOMPARE(reply.usage.reasoningTokens, 1);
}

void TestOpenAiResponses::cutStream()
{
    ProviderFixture fixture;
    fixture.server.enqueue(
        ScriptedReply::events({sse(R"({"type":"response.output_text.delta","delta":"He"})")}));
    ProviderContext context;
    context.onText = [](const QString&) {};
    const auto error = fixture.failure(requestFor(u"openai-responses:gpt-4o"_qs), context);
    QVERIFY(error);
    QCOMPARE(error->details().failure, ProviderFailure::Connection);
    QVERIFY(error->details().delivered);
}

void TestOpenAiResponses::reasoningReturnsToItsProviderOnly()
{
    ProviderFixture fixture;
    fixture.server.enqueue(ScriptedReply::json(R"({"status":"completed","output":[
        {"type":"reasoning","id":"rs_1","encrypted_content":"ENC","summary":[{"type":"summary_text","text":"Hm"}]},
        {"type":"message","content":[{"type":"output_text","text":"Yes"}]}]})"));
    ProviderRequest request = requestFor(u"openai-responses:gpt-5"_qs);
    const ProviderReply reply = fixture.complete(request);
    QCOMPARE(reply.message.thinking, u"Hm"_qs);
    QCOMPARE(reply.message.text, u"Yes"_qs);
    request.messages.push_back(reply.message);
    request.messages.push_back(Message::user(u"Why?"_qs));
    fixture.server.enqueue(ScriptedReply::json(helloReply));
    fixture.complete(request);
    QCOMPARE(fixture.sent()["input"][1]["encrypted_content"], Json("ENC"));
    QCOMPARE(fixture.sent()["input"][2], parsed(R"({"role":"assistant","content":"Yes"})"));
    request.model = ModelRef::parse(u"anthropic:claude-haiku-4-5"_qs);
    fixture.server.enqueue(ScriptedReply::json(R"({"content":[],"stop_reason":"end_turn"})"));
    fixture.complete(request);
    QVERIFY(!toJsonText(fixture.sent()).contains("ENC"));
}

void TestOpenAiResponses::attachments()
{
    ProviderFixture fixture;
    fixture.server.enqueue(ScriptedReply::json(helloReply));
    ProviderRequest request = requestFor(u"openai-responses:gpt-4o"_qs, u"See"_qs);
    request.messages[0].attachments = {
        {u"image/png"_qs, "png", {}, {}}, {u"application/pdf"_qs, "pdf", {}, u"a.pdf"_qs}};
    fixture.complete(request);
    const Json expected = parsed(R"([{"type":"input_text","text":"See"},
        {"type":"input_image","image_url":"data:image/png;base64,cG5n"},
        {"type":"input_file","filename":"a.pdf","file_data":"data:application/pdf;base64,cGRm"}])");
    QCOMPARE(fixture.sent()["input"][0]["content"], expected);
}

void TestOpenAiResponses::azure()
{
    ProviderFixture fixture;
    fixture.server.enqueue(ScriptedReply::json(helloReply));
    fixture.complete(requestFor(u"azure-responses:gpt-4o"_qs));
    QCOMPARE(fixture.server.requests().back().path, QByteArray("/openai/v1/responses"));
    QCOMPARE(
        fixture.server.requests().back().header("api-key"), QByteArray("secret-of-AZURE_OPENAI_API_KEY"));
}

LLMCACHE_TEST_MAIN(TestOpenAiResponses)
#include "tst_openairesponses.moc"
