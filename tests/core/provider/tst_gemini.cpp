#include "providerfixture.h"
#include "testenvironment.h"

#include <QTest>

using namespace llmcache;
using namespace llmcache::test;

namespace {

const QByteArray helloReply =
    R"({"candidates":[{"content":{"role":"model","parts":[{"text":"Hi"}]},"finishReason":"STOP"}],
    "modelVersion":"gemini-2.5-flash","responseId":"r1","usageMetadata":{"promptTokenCount":9,"candidatesTokenCount":2}})";

Json parsed(const char* text)
{
    return parseJson(text, QStringLiteral("expected"));
}

QByteArray sse(const char* data)
{
    return QByteArray("data: ") + data + "\r\n\r\n";
}

OutputType cityType(OutputMode mode = OutputMode::Auto)
{
    return OutputType::json(u"City"_qs,
        parsed(
            R"({"type":"object","title":"City","properties":{"name":{"type":"string","format":"x"},"kind":{"const":"city"}},"required":["name"]})"),
        mode);
}

} // namespace

class TestGemini : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void plainRequest();
    void vertex();
    void vertexNeedsAProject();
    void history();
    void settingsByModel_data();
    void settingsByModel();
    void outputModes();
    void streaming();
    void cutStream();
    void usage();
    void finishReasons_data();
    void finishReasons();
    void blockedPrompt();
    void errors();
    void signaturesStayWithTheirParts();
    void foreignCallsSkipTheSignature();
    void attachments();
};

void TestGemini::plainRequest()
{
    ProviderFixture fixture(u"/v1beta"_qs);
    fixture.server.enqueue(ScriptedReply::json(helloReply));
    ProviderRequest request = requestFor(u"google:gemini-2.5-flash"_qs);
    request.systemPrompts = QStringList{u"One."_qs, u"Two."_qs};
    request.instructions = u"Be brief."_qs;
    const ProviderReply reply = fixture.complete(request);
    QCOMPARE(reply.message, Message::assistant(u"Hi"_qs));
    QCOMPARE(reply.finishReason, FinishReason::Stop);
    QCOMPARE(reply.model, u"gemini-2.5-flash"_qs);
    const RecordedRequest& sent = fixture.server.requests().front();
    QCOMPARE(sent.path, QByteArray("/v1beta/models/gemini-2.5-flash:generateContent"));
    QCOMPARE(sent.header("x-goog-api-key"), QByteArray("secret-of-GOOGLE_API_KEY"));
    QVERIFY(sent.header("authorization").isEmpty());
    const Json expected = parsed(R"({"contents":[{"role":"user","parts":[{"text":"Hello"}]}],
        "systemInstruction":{"parts":[{"text":"One."},{"text":"Two."},{"text":"Be brief."}]},"generationConfig":{}})");
    QCOMPARE(fixture.sent(), expected);
}

void TestGemini::vertex()
{
    ProviderFixture fixture;
    fixture.server.enqueue(ScriptedReply::json(helloReply));
    fixture.secrets[u"GOOGLE_CLOUD_LOCATION"_qs] = u"europe-west4"_qs;
    fixture.complete(requestFor(u"google-vertex:gemini-2.5-flash"_qs));
    const RecordedRequest& sent = fixture.server.requests().front();
    QCOMPARE(sent.path,
        QByteArray("/v1beta1/projects/my-project/locations/europe-west4/publishers/google/models/"
                   "gemini-2.5-flash:generateContent"));
    QCOMPARE(sent.header("authorization"), QByteArray("Bearer secret-of-GOOGLE_OAUTH_ACCESS_TOKEN"));
}

void TestGemini::vertexNeedsAProject()
{
    ProviderConfig config;
    config.secret = [](const QString& name) {
        return name == u"GOOGLE_OAUTH_ACCESS_TOKEN"_qs ? u"token"_qs : QString();
    };
    ProviderRegistry registry(config);
    const ProviderRequest request = requestFor(u"google-cloud:gemini-2.5-flash"_qs);
    QVERIFY_THROWS_EXCEPTION(ConfigurationError,
        waitForTask(registry.provider(request.model.provider).complete(request, ProviderContext())));

    // A server of one's own may know the project itself.
    ProviderFixture fixture;
    fixture.secrets.erase(u"GOOGLE_CLOUD_PROJECT"_qs);
    fixture.server.enqueue(ScriptedReply::json(helloReply));
    fixture.complete(request);
    QCOMPARE(fixture.server.requests().front().path,
        QByteArray("/v1beta1/publishers/google/models/gemini-2.5-flash:generateContent"));
}

void TestGemini::history()
{
    ProviderFixture fixture;
    fixture.server.enqueue(ScriptedReply::json(helloReply));
    ProviderRequest request = requestFor(u"google:gemini-2.5-flash"_qs);
    Message calls = Message::assistant(u"Wait."_qs);
    calls.toolCalls = {{u"a"_qs, u"time"_qs, Json::object()}, {u"b"_qs, u"place"_qs, Json{{"of", "x"}}}};
    Message answer;
    answer.role = Role::Tool;
    answer.toolCallId = u"a"_qs;
    answer.text = u"noon"_qs;
    Message failed = answer;
    failed.toolCallId = u"b"_qs;
    failed.isError = true;
    request.messages = {
        Message::user(u"One"_qs), Message::user(u"Two"_qs), calls, answer, failed, Message::user(u"And?"_qs)};
    fixture.complete(request);
    const Json expected = parsed(R"([{"role":"user","parts":[{"text":"One"},{"text":"Two"}]},
        {"role":"model","parts":[{"text":"Wait."},{"functionCall":{"id":"a","name":"time","args":{}}},
            {"functionCall":{"id":"b","name":"place","args":{"of":"x"}}}]},
        {"role":"user","parts":[{"functionResponse":{"id":"a","name":"time","response":{"return_value":"noon"}}},
            {"functionResponse":{"id":"b","name":"place","response":{"error":"noon"}}}]},
        {"role":"user","parts":[{"text":"And?"}]}])");
    QCOMPARE(fixture.sent()["contents"], expected);
}

void TestGemini::settingsByModel_data()
{
    QTest::addColumn<QString>("model");
    QTest::addColumn<QByteArray>("thinking");
    QTest::addColumn<QByteArray>("config"); // of thinking
    QTest::addColumn<QStringList>("dropped");
    QTest::newRow("2.0") << "gemini-2.0-flash" << QByteArray("\"low\"") << QByteArray("null")
                         << QStringList{u"thinking"_qs};
    QTest::newRow("2.5 in words") << "gemini-2.5-pro" << QByteArray("\"medium\"")
                                  << QByteArray(R"({"includeThoughts":true,"thinkingBudget":8192})")
                                  << QStringList{};
    QTest::newRow("2.5 in tokens") << "gemini-2.5-pro" << QByteArray("500")
                                   << QByteArray(R"({"includeThoughts":true,"thinkingBudget":500})")
                                   << QStringList{};
    QTest::newRow("3") << "gemini-3-pro-preview" << QByteArray("\"high\"")
                       << QByteArray(R"({"includeThoughts":true,"thinkingLevel":"high"})") << QStringList{};
    QTest::newRow("none") << "gemini-3-pro-preview" << QByteArray("null") << QByteArray("null")
                          << QStringList{};
}

void TestGemini::settingsByModel()
{
    QFETCH(QString, model);
    QFETCH(QByteArray, thinking);
    QFETCH(QByteArray, config);
    QFETCH(QStringList, dropped);
    ProviderFixture fixture;
    fixture.server.enqueue(ScriptedReply::json(helloReply));
    ProviderRequest request = requestFor(u"google:"_qs + model);
    request.settings.maxTokens = 50;
    request.settings.temperature = 0.5;
    request.settings.topP = 0.9;
    request.settings.topK = 40;
    request.settings.seed = 7;
    request.settings.stopSequences = QStringList{u"x"_qs};
    request.settings.thinking = parsed(thinking.constData());
    QCOMPARE(fixture.complete(request).dropped, dropped);
    Json sent = fixture.sent()["generationConfig"];
    QCOMPARE(sent.value("thinkingConfig", Json()), parsed(config.constData()));
    sent.erase("thinkingConfig");
    QCOMPARE(sent,
        parsed(
            R"({"maxOutputTokens":50,"temperature":0.5,"topP":0.9,"topK":40,"seed":7,"stopSequences":["x"]})"));
}

void TestGemini::outputModes()
{
    ProviderFixture fixture;
    ProviderRequest request = requestFor(u"google:gemini-2.5-flash"_qs);
    request.output = cityType();
    fixture.server.enqueue(
        ScriptedReply::json(R"({"candidates":[{"content":{"parts":[{"functionCall":{"name":"final_result",
        "args":{"name":"Rome"}}}]},"finishReason":"STOP"}]})"));
    ProviderReply reply = fixture.complete(request);
    QCOMPARE(*reply.structured, parsed(R"({"name":"Rome"})"));
    QVERIFY(!reply.outputToolCallId.isEmpty());
    QCOMPARE(reply.outputToolCallId, reply.message.toolCalls[0].id);
    Json sent = fixture.sent();
    QCOMPARE(sent["toolConfig"], parsed(R"({"functionCallingConfig":{"mode":"ANY"}})"));
    QCOMPARE(sent["tools"][0]["functionDeclarations"][0]["parametersJsonSchema"],
        parsed(
            R"({"type":"object","properties":{"name":{"type":"string"},"kind":{"enum":["city"]}},"required":["name"]})"));

    const QByteArray text =
        R"({"candidates":[{"content":{"parts":[{"text":"{\"name\":"},{"text":"\"Oslo\"}"}]},"finishReason":"STOP"}]})";
    fixture.server.enqueue(ScriptedReply::json(text));
    request.output.mode = OutputMode::Native;
    QCOMPARE(*fixture.complete(request).structured, parsed(R"({"name":"Oslo"})"));
    sent = fixture.sent();
    QCOMPARE(sent["generationConfig"]["responseMimeType"], Json("application/json"));
    QVERIFY(sent["generationConfig"].contains("responseJsonSchema"));
    QVERIFY(!sent.contains("tools"));

    fixture.server.enqueue(ScriptedReply::json(text));
    request.output.mode = OutputMode::Prompted;
    fixture.complete(request);
    sent = fixture.sent();
    QCOMPARE(sent["generationConfig"], parsed(R"({"responseMimeType":"application/json"})"));
    QVERIFY(toJsonText(sent["systemInstruction"]).contains("JSON Schema"));
}

void TestGemini::streaming()
{
    ProviderFixture fixture;
    fixture.server.enqueue(ScriptedReply::events({sse(R"({"candidates":[{"content":{"parts":[{"text":"Hm","thought":true}]}}],
        "usageMetadata":{"promptTokenCount":9,"thoughtsTokenCount":70}})")
                                                      .replace("\n        ", ""),
        sse(R"({"candidates":[{"content":{"parts":[{"text":"He"}]}}],"usageMetadata":{"promptTokenCount":9,"candidatesTokenCount":1}})"),
        sse(R"({"candidates":[{"content":{"parts":[{"text":"llo"}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":9,"candidatesTokenCount":2}})")}));
    ProviderContext context;
    QStringList deltas;
    context.onText = [&](const QString& delta) { deltas << delta; };
    const ProviderReply reply = fixture.complete(requestFor(u"google:gemini-2.5-flash"_qs), context);
    QCOMPARE(deltas, (QStringList{u"He"_qs, u"llo"_qs}));
    QCOMPARE(reply.message.thinking, u"Hm"_qs);
    // The thoughts vanish from later chunks, and were billed all the same.
    QCOMPARE(reply.usage.outputTokens, 72);
    QCOMPARE(reply.usage.reasoningTokens, 70);
    QCOMPARE(fixture.server.requests().front().path,
        QByteArray("/models/gemini-2.5-flash:streamGenerateContent?alt=sse"));
}

void TestGemini::cutStream()
{
    ProviderFixture fixture;
    fixture.server.enqueue(
        ScriptedReply::events({sse(R"({"candidates":[{"content":{"parts":[{"text":"He"}]}}]})")}));
    ProviderContext context;
    context.onText = [](const QString&) {};
    const auto error = fixture.failure(requestFor(u"google:gemini-2.5-flash"_qs), context);
    QVERIFY(error);
    QCOMPARE(error->details().failure, ProviderFailure::Connection);
    QVERIFY(error->details().delivered);
}

void TestGemini::usage()
{
    ProviderFixture fixture;
    fixture.server.enqueue(ScriptedReply::json(
        R"({"candidates":[{"content":{"parts":[{"text":"x"}]},"finishReason":"STOP"}],"usageMetadata":{
        "promptTokenCount":100,"toolUsePromptTokenCount":5,"cachedContentTokenCount":40,"candidatesTokenCount":7,"thoughtsTokenCount":3,
        "promptTokensDetails":[{"modality":"TEXT","tokenCount":70},{"modality":"AUDIO","tokenCount":30}],
        "cacheTokensDetails":[{"modality":"AUDIO","tokenCount":10}],"candidatesTokensDetails":[{"modality":"AUDIO","tokenCount":2}]}})"));
    const Usage usage = fixture.complete(requestFor(u"google:gemini-2.5-flash"_qs)).usage;
    QCOMPARE(usage.inputTokens, 105);
    QCOMPARE(usage.cacheReadTokens, 40);
    QCOMPARE(usage.outputTokens, 10);
    QCOMPARE(usage.reasoningTokens, 3);
    QCOMPARE(usage.inputAudioTokens, 30);
    QCOMPARE(usage.cacheReadAudioTokens, 10);
    QCOMPARE(usage.outputAudioTokens, 2);
}

void TestGemini::finishReasons_data()
{
    QTest::addColumn<QByteArray>("raw");
    QTest::addColumn<int>("reason");
    QTest::newRow("length") << QByteArray("MAX_TOKENS") << int(FinishReason::Length);
    QTest::newRow("safety") << QByteArray("SAFETY") << int(FinishReason::ContentFilter);
    QTest::newRow("recitation") << QByteArray("RECITATION") << int(FinishReason::ContentFilter);
    QTest::newRow("bad call") << QByteArray("MALFORMED_FUNCTION_CALL") << int(FinishReason::Error);
    QTest::newRow("other") << QByteArray("OTHER") << int(FinishReason::Other);
}

void TestGemini::finishReasons()
{
    QFETCH(QByteArray, raw);
    QFETCH(int, reason);
    ProviderFixture fixture;
    fixture.server.enqueue(ScriptedReply::json("{\"candidates\":[{\"finishReason\":\"" + raw + "\"}]}"));
    const ProviderReply reply = fixture.complete(requestFor(u"google:gemini-2.5-flash"_qs));
    QCOMPARE(int(reply.finishReason), reason);
    QCOMPARE(reply.rawFinishReason, QString::fromLatin1(raw));
}

void TestGemini::blockedPrompt()
{
    ProviderFixture fixture;
    fixture.server.enqueue(ScriptedReply::json(
        R"({"promptFeedback":{"blockReason":"OTHER"},"usageMetadata":{"promptTokenCount":4}})"));
    const ProviderReply reply = fixture.complete(requestFor(u"google:gemini-2.5-flash"_qs));
    QCOMPARE(reply.finishReason, FinishReason::ContentFilter);
    QCOMPARE(reply.usage.inputTokens, 4);
}

void TestGemini::errors()
{
    ProviderFixture fixture;
    fixture.server.enqueue(ScriptedReply::json(
        R"({"error":{"code":429,"message":"Slow","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"1.5s"}]}})",
        429));
    auto error = fixture.failure(requestFor(u"google:gemini-2.5-flash"_qs));
    QVERIFY(error);
    QCOMPARE(error->details().failure, ProviderFailure::RateLimited);
    QCOMPARE(error->details().retryHint, std::optional(std::chrono::milliseconds(1500)));
    fixture.server.enqueue(
        ScriptedReply::events({sse(R"({"error":{"code":503,"message":"Busy","status":"UNAVAILABLE"}})")}));
    ProviderContext context;
    context.onText = [](const QString&) {};
    error = fixture.failure(requestFor(u"google:gemini-2.5-flash"_qs), context);
    QVERIFY(error);
    QCOMPARE(error->details().failure, ProviderFailure::Overloaded);
    fixture.server.enqueue(ScriptedReply::json("{}"));
    error = fixture.failure(requestFor(u"google:gemini-2.5-flash"_qs));
    QVERIFY(error);
    QCOMPARE(error->details().failure, ProviderFailure::BadReply);
}

void TestGemini::signaturesStayWithTheirParts()
{
    ProviderFixture fixture;
    fixture.server.enqueue(
        ScriptedReply::json(R"({"candidates":[{"content":{"parts":[{"text":"Let me","thoughtSignature":"T"},
        {"functionCall":{"name":"a","args":{}},"thoughtSignature":"A"},{"functionCall":{"name":"b","args":{}}}]},"finishReason":"STOP"}]})"));
    ProviderRequest request = requestFor(u"google:gemini-3-pro-preview"_qs);
    request.messages.push_back(fixture.complete(request).message);
    for (const ToolCall& call : request.messages.back().toolCalls) {
        Message answer;
        answer.role = Role::Tool;
        answer.toolCallId = call.id;
        answer.text = u"1"_qs;
        request.messages.push_back(answer);
        if (call.name == u"b"_qs)
            break;
    }
    fixture.server.enqueue(ScriptedReply::json(helloReply));
    request.model = ModelRef::parse(u"google-vertex:gemini-3-pro-preview"_qs);
    fixture.complete(request);
    const Json parts = fixture.sent()["contents"][1]["parts"];
    QCOMPARE(parts[0]["thoughtSignature"], Json("T"));
    QCOMPARE(parts[1]["thoughtSignature"], Json("A"));
    QVERIFY(!parts[2].contains("thoughtSignature"));
}

void TestGemini::foreignCallsSkipTheSignature()
{
    ProviderFixture fixture;
    Message calls = Message::assistant({});
    calls.toolCalls = {{u"a"_qs, u"time"_qs, Json::object()}, {u"b"_qs, u"place"_qs, Json::object()}};
    calls.providerData = {
        {"provider", "anthropic"}, {"signatures", parsed(R"([{"call":0,"signature":"X"}])")}};
    for (const bool newest : {true, false}) {
        fixture.server.enqueue(ScriptedReply::json(helloReply));
        ProviderRequest request =
            requestFor(newest ? u"google:gemini-3-pro-preview"_qs : u"google:gemini-2.5-flash"_qs);
        request.messages = {Message::user(u"When?"_qs), calls, Message::user(u"And?"_qs)};
        fixture.complete(request);
        const Json parts = fixture.sent()["contents"][1]["parts"];
        QCOMPARE(parts[0].value("thoughtSignature", Json()),
            newest ? Json("skip_thought_signature_validator") : Json());
        QVERIFY(!parts[1].contains("thoughtSignature"));
    }
}

void TestGemini::attachments()
{
    ProviderFixture fixture;
    fixture.server.enqueue(ScriptedReply::json(helloReply));
    ProviderRequest request = requestFor(u"google:gemini-2.5-flash"_qs, u"See"_qs);
    request.messages[0].attachments = {
        {u"audio/wav"_qs, "wav", {}, {}}, {u"image/png"_qs, {}, u"gs://bucket/a.png"_qs, {}}};
    fixture.complete(request);
    const Json expected = parsed(R"([{"text":"See"},
        {"inlineData":{"mimeType":"audio/wav","data":"d2F2"}},{"fileData":{"mimeType":"image/png","fileUri":"gs://bucket/a.png"}}])");
    QCOMPARE(fixture.sent()["contents"][0]["parts"], expected);
}

LLMCACHE_TEST_MAIN(TestGemini)
#include "tst_gemini.moc"
