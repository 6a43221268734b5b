#include "providerfixture.h"
#include "testenvironment.h"

#include "base/error.h"

#include <QDir>
#include <QFile>
#include <QTest>

#include <random>

using namespace llmcache;
using namespace llmcache::test;

namespace {

const QStringList protocols{u"openai-chat"_qs, u"anthropic-messages"_qs, u"openai-responses"_qs,
    u"gemini-generatecontent"_qs, u"cohere-v2-chat"_qs};

QString folder()
{
    return qEnvironmentVariable("LLMCACHE_FIXTURES") + u"/provider-traffic"_qs;
}

Json readRecording(const QString& name)
{
    QFile file(folder() + u'/' + name);
    if (!file.open(QIODevice::ReadOnly))
        return {};
    return parseJson(file.readAll(), name);
}

/// The request that leads to this recording, as far as the reading of its reply depends on it.
ProviderRequest requestOf(const Json& recording)
{
    static const std::map<QString, QString> prefixes{
        {u"google-vertex"_qs, u"google-vertex"_qs}, {u"openai-compatible"_qs, u"openai"_qs}};
    const QString provider = stringMember(recording, "provider");
    const auto prefix = prefixes.find(provider);
    QString name = prefix == prefixes.end() ? provider : prefix->second;
    if (stringMember(recording, "protocol") == u"openai-responses"_qs)
        name = u"openai-responses"_qs;
    ProviderRequest request = requestFor(name + u":"_qs + stringMember(recording, "model"));
    const QString mode = stringMember(recording["expected"], "output_mode");
    if (mode != u"text"_qs) {
        // Any schema does: the model's answer is not checked here.
        request.output = OutputType::json(u"Answer"_qs, Json{{"type", "object"}});
        request.output.mode = mode == u"tool"_qs ? OutputMode::Tool
            : mode == u"native"_qs               ? OutputMode::Native
                                                 : OutputMode::Prompted;
    }
    return request;
}

std::vector<QByteArray> cut(const QByteArray& body, const QString& how)
{
    if (how == u"whole"_qs)
        return {body};
    std::vector<QByteArray> chunks;
    std::mt19937 random(4711);
    std::uniform_int_distribution<int> length(1, 97);
    for (qsizetype from = 0; from < body.size();) {
        const qsizetype size = how == u"bytes"_qs ? 1 : length(random);
        chunks.push_back(body.mid(from, size));
        from += size;
    }
    return chunks;
}

Json orNull(const QString& text)
{
    return text.isEmpty() ? Json() : Json(toUtf8(text));
}

/// The reply in the shape of a recording's "expected".
Json seen(const ProviderReply& reply, const Json& expected)
{
    Json calls = Json::array();
    const Json* const expectedCalls = findMember(expected, "tool_calls");
    for (const ToolCall& call : reply.message.toolCalls) {
        Json json;
        // Where the provider sent no id, any fresh one will do.
        const auto index = calls.size();
        const bool noId =
            expectedCalls && index < expectedCalls->size() && (*expectedCalls)[index]["id"].is_null();
        json["id"] = noId && !call.id.isEmpty() ? Json() : Json(toUtf8(call.id));
        json["name"] = toUtf8(call.name);
        json["args"] = call.arguments;
        calls.push_back(std::move(json));
    }
    const auto count = [&](const char* name, qint64 value) {
        return expected["usage"][name].is_null() && value == 0 ? Json() : Json(value);
    };
    Json usage;
    usage["input_tokens"] = count("input_tokens", reply.usage.inputTokens);
    usage["output_tokens"] = count("output_tokens", reply.usage.outputTokens);
    usage["cache_read_tokens"] = count("cache_read_tokens", reply.usage.cacheReadTokens);
    usage["cache_write_tokens"] = count("cache_write_tokens", reply.usage.cacheWriteTokens);
    usage["reasoning_tokens"] = count("reasoning_tokens", reply.usage.reasoningTokens);
    usage["input_audio_tokens"] = count("input_audio_tokens", reply.usage.inputAudioTokens);
    usage["output_audio_tokens"] = count("output_audio_tokens", reply.usage.outputAudioTokens);
    Json json;
    json["text"] = orNull(reply.message.text);
    json["thinking"] = orNull(reply.message.thinking);
    json["tool_calls"] = std::move(calls);
    json["structured_output"] = reply.structured ? *reply.structured : Json();
    json["finish_reason"] = toUtf8(finishReasonName(reply.finishReason));
    json["raw_finish_reason"] = orNull(reply.rawFinishReason);
    json["usage"] = std::move(usage);
    return json;
}

/// Some clients write every member that they know, as null.
Json withoutNulls(const Json& json)
{
    if (!json.is_structured())
        return json;
    Json result = json.is_array() ? Json::array() : Json::object();
    for (const auto& [key, value] : json.items()) {
        if (json.is_array())
            result.push_back(withoutNulls(value));
        else if (!value.is_null())
            result[key] = withoutNulls(value);
    }
    return result;
}

} // namespace

class TestRecordings : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void replay_data();
    void replay();
    void recordedRequestsFitTheSchemas();
};

void TestRecordings::initTestCase()
{
    if (qEnvironmentVariableIsEmpty("LLMCACHE_FIXTURES") || !QDir(folder()).exists())
        QSKIP("LLMCACHE_FIXTURES names no folder with provider-traffic.");
}

void TestRecordings::replay_data()
{
    QTest::addColumn<QString>("file");
    QTest::addColumn<QString>("how");
    const QStringList files = QDir(folder()).entryList({u"*.json"_qs}, QDir::Files, QDir::Name);
    for (const QString& file : files) {
        if (!protocols.contains(stringMember(readRecording(file), "protocol")))
            continue;
        for (const char* how : {"whole", "bytes", "random"})
            QTest::addRow("%s %s", qPrintable(file.section(u'.', 0, 0)), how)
                << file << QString::fromLatin1(how);
    }
}

void TestRecordings::replay()
{
    QFETCH(QString, file);
    QFETCH(QString, how);
    const Json recording = readRecording(file);
    const Json& response = recording["response"];
    Json expected = recording["expected"];
    // The Responses API's second id of a call, which nothing here needs.
    for (Json& call : expected["tool_calls"])
        call.erase("item_id");

    ProviderFixture fixture;
    ScriptedReply scripted;
    scripted.status = static_cast<int>(integerMember(response, "status"));
    for (const auto& [name, value] : response["headers"].items())
        scripted.headers.emplace_back(
            QByteArray::fromStdString(name), QByteArray::fromStdString(value.get<std::string>()));
    scripted.chunks = cut(stringMember(response, "body").toUtf8(), how);
    scripted.framing = ScriptedReply::Framing::Chunked;
    fixture.server.enqueue(scripted);

    QString streamed;
    ProviderContext context;
    if (recording["streaming"] == Json(true))
        context.onText = [&](const QString& delta) { streamed += delta; };
    try {
        const ProviderReply reply = fixture.complete(requestOf(recording), context);
        const Json* const error = findMember(expected, "error");
        QVERIFY2(
            !error || error->is_null() || expected.contains("recovered_from_error"), "an error was expected");
        const Json actual = seen(reply, expected);
        for (const auto& [key, value] : actual.items())
            QVERIFY2(value == expected[key],
                qPrintable(u"%1: %2 instead of %3"_qs.arg(
                    toQString(key), toQString(value.dump()), toQString(expected[key].dump()))));
        if (context.onText)
            QCOMPARE(streamed, reply.message.text);
        QCOMPARE(reply.usage.requests, 1);
    } catch (const ProviderError& error) {
        QVERIFY2(expected["error"].is_object() && !expected.contains("recovered_from_error"), error.what());
        const Json& wanted = expected["error"];
        if (scripted.status >= 400)
            QCOMPARE(error.status(), scripted.status);
        const QString code =
            wanted["code"].is_number() ? toQString(wanted["code"].dump()) : stringMember(wanted, "code");
        if (!code.isEmpty())
            QCOMPARE(error.details().code, code);
        else if (stringMember(wanted, "type") != u"invalid_response"_qs)
            QCOMPARE(error.details().code, stringMember(wanted, "type"));
        if (stringMember(wanted, "type") == u"invalid_response"_qs)
            QCOMPARE(error.details().failure, ProviderFailure::BadReply);
        else
            QVERIFY2(error.text().contains(stringMember(wanted, "message")), error.what());
        QCOMPARE(error.isTransient(), scripted.status == 429);
    }
}

/// The schemas are what really goes over the wire, but for settings that this program never sends.
void TestRecordings::recordedRequestsFitTheSchemas()
{
    const QStringList files = QDir(folder()).entryList({u"*.json"_qs}, QDir::Files, QDir::Name);
    int checked = 0;
    for (const QString& file : files) {
        const Json recording = readRecording(file);
        Json body = recording["request"]["body"];
        const QString path = stringMember(recording["request"], "path");
        if (!body.is_object() || path.contains(u"count_tokens"_qs))
            continue;
        for (const char* name :
            {"n", "cache_control", "frequency_penalty", "presence_penalty", "safetySettings",
                "modelArmorConfig", "cachedContent", "previous_response_id", "service_tier"})
            body.erase(name);
        if (body.contains("generationConfig"))
            body["generationConfig"].erase("responseModalities");
        if (body.contains("tools") && body["tools"].empty())
            body.erase("tools");
        const QStringList faults = requestFaults(path.toUtf8(), withoutNulls(body));
        QVERIFY2(faults.isEmpty(), qPrintable(file + u": "_qs + faults.join(u'\n')));
        ++checked;
    }
    QVERIFY(checked > 0);
}

LLMCACHE_TEST_MAIN(TestRecordings)
#include "tst_recordings.moc"
