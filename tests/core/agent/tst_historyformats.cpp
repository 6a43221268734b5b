#include "agent/historyformats.h"
#include "base/error.h"
#include "testenvironment.h"

#include <QTest>

using namespace llmcache;

class TestHistoryFormats : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void shapes_data();
    void shapes();
    void ownShapeIsReadUnchanged();
    void badHistoriesNameTheMessage_data();
    void badHistoriesNameTheMessage();
};

void TestHistoryFormats::shapes_data()
{
    QTest::addColumn<QByteArray>("given");
    QTest::addColumn<QByteArray>("expected"); // in our own shape

    QTest::newRow("plain")
        << QByteArray(
               R"([{"role":"system","content":"s"},{"role":"user","content":"u"},{"role":"assistant","content":"a"}])")
        << QByteArray(
               R"([{"role":"system","content":"s"},{"role":"user","content":"u"},{"role":"assistant","content":"a"}])");
    QTest::newRow("request body") << QByteArray(
        R"({"model":"m","system":[{"type":"text","text":"s"}],"messages":[{"role":"user","content":"u"}]})")
                                  << QByteArray(
                                         R"([{"role":"system","content":"s"},{"role":"user","content":"u"}])");
    QTest::newRow("Chat Completions") << QByteArray(R"([
        {"role":"developer","content":"d"},
        {"role":"user","content":[{"type":"text","text":"see"},
            {"type":"image_url","image_url":{"url":"data:image/png;base64,AAEC"}},
            {"type":"image_url","image_url":{"url":"https://example.com/a.png"}},
            {"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,AAEC"}}]},
        {"role":"assistant","content":null,"tool_calls":[
            {"id":"1","type":"function","function":{"name":"f","arguments":"{\"x\":2}"}}]},
        {"role":"tool","tool_call_id":"1","content":"r"},
        {"role":"assistant","content":[{"type":"text","text":"a"},{"type":"refusal","refusal":"no"}]}])")
                                      << QByteArray(R"([
        {"role":"system","content":"d"},
        {"role":"user","content":"see","attachments":[{"media_type":"image/png","data":"AAEC"},
            {"url":"https://example.com/a.png"},
            {"media_type":"application/pdf","name":"a.pdf","data":"AAEC"}]},
        {"role":"assistant","content":"","tool_calls":[{"id":"1","name":"f","arguments":{"x":2}}]},
        {"role":"tool","content":"r","tool_call_id":"1"},
        {"role":"assistant","content":"a\nno"}])");
    QTest::newRow("Responses") << QByteArray(R"([
        {"type":"message","role":"user","content":[{"type":"input_text","text":"u"},
            {"type":"input_image","image_url":"https://example.com/a.png"}]},
        {"type":"reasoning","id":"rs_1","summary":[]},
        {"type":"function_call","call_id":"1","name":"f","arguments":"{}"},
        {"type":"function_call_output","call_id":"1","output":"r"},
        {"role":"assistant","content":[{"type":"output_text","text":"a"}]}])")
                               << QByteArray(R"([
        {"role":"user","content":"u","attachments":[{"url":"https://example.com/a.png"}]},
        {"role":"assistant","content":"","tool_calls":[{"id":"1","name":"f","arguments":{}}]},
        {"role":"tool","content":"r","tool_call_id":"1"},
        {"role":"assistant","content":"a"}])");
    QTest::newRow("Anthropic") << QByteArray(R"([
        {"role":"user","content":[{"type":"text","text":"u"},
            {"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAEC"}},
            {"type":"document","title":"n","source":{"type":"text","media_type":"text/plain","data":"hi"}}]},
        {"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"s"},
            {"type":"redacted_thinking","data":"x"},{"type":"text","text":"a"},
            {"type":"tool_use","id":"1","name":"f","input":{"x":2}}]},
        {"role":"user","content":[{"type":"tool_result","tool_use_id":"1","is_error":true,
            "content":[{"type":"text","text":"r"}]}]},
        {"role":"user","content":[{"type":"tool_result","tool_use_id":"2","content":"r2"},
            {"type":"text","text":"go on"}]}])")
                               << QByteArray(R"([
        {"role":"user","content":"u","attachments":[{"media_type":"image/png","data":"AAEC"},
            {"media_type":"text/plain","name":"n","data":"aGk="}]},
        {"role":"assistant","content":"a","tool_calls":[{"id":"1","name":"f","arguments":{"x":2}}],
            "thinking":"hm","provider_data":{"provider":"anthropic","thinking":[
                {"type":"thinking","thinking":"hm","signature":"s"},{"type":"redacted_thinking","data":"x"}]}},
        {"role":"tool","content":"r","tool_call_id":"1","is_error":true},
        {"role":"tool","content":"r2","tool_call_id":"2"},
        {"role":"user","content":"go on"}])");
    QTest::newRow("PydanticAI") << QByteArray(R"([
        {"kind":"request","instructions":"be brief","parts":[
            {"part_kind":"system-prompt","content":"s","timestamp":"2026-01-01T00:00:00Z","dynamic_ref":null},
            {"part_kind":"user-prompt","content":["see",{"kind":"image-url","url":"https://example.com/a.png"},
                {"kind":"binary","media_type":"image/png","data":"-_8=","identifier":"x"}]}]},
        {"kind":"response","usage":{"input_tokens":1},"model_name":"m","parts":[
            {"part_kind":"thinking","content":"hm","signature":"s","provider_name":"anthropic"},
            {"part_kind":"tool-call","tool_name":"f","args":"{\"x\":2}","tool_call_id":"1"},
            {"part_kind":"tool-call","tool_name":"g","args":null,"tool_call_id":"2"}]},
        {"kind":"request","parts":[
            {"part_kind":"tool-return","tool_name":"f","content":{"y":3},"tool_call_id":"1"},
            {"part_kind":"retry-prompt","tool_name":"g","content":"bad","tool_call_id":"2"},
            {"part_kind":"retry-prompt","tool_name":null,"content":"again"}]},
        {"kind":"response","parts":[{"part_kind":"thinking","content":"so"},
            {"part_kind":"text","content":"a"},{"part_kind":"text","content":"b"}]}])")
                                << QByteArray(R"([
        {"role":"system","content":"s"},
        {"role":"user","content":"see","attachments":[{"url":"https://example.com/a.png"},
            {"media_type":"image/png","data":"+/8="}]},
        {"role":"assistant","content":"","tool_calls":[{"id":"1","name":"f","arguments":{"x":2}},
            {"id":"2","name":"g","arguments":{}}],"thinking":"hm","provider_data":{"provider":"anthropic",
            "thinking":[{"type":"thinking","thinking":"hm","signature":"s"}]}},
        {"role":"tool","content":"{\"y\":3}","tool_call_id":"1","name":"f"},
        {"role":"tool","content":"bad","tool_call_id":"2","name":"g","is_error":true},
        {"role":"user","content":"again"},
        {"role":"assistant","content":"a\nb","thinking":"so"}])");
}

void TestHistoryFormats::shapes()
{
    QFETCH(QByteArray, given);
    QFETCH(QByteArray, expected);
    const History history = historyFromJson(parseJson(given, u"given"_qs));
    QCOMPARE(toPrettyJsonText(toJson(history)), toPrettyJsonText(parseJson(expected, u"expected"_qs)));
}

void TestHistoryFormats::ownShapeIsReadUnchanged()
{
    Message assistant = Message::assistant(u"text"_qs);
    assistant.thinking = u"hm"_qs;
    assistant.providerData = Json{{"provider", "anthropic"}, {"signature", "s"}};
    assistant.toolCalls.push_back({u"id"_qs, u"tool"_qs, Json{{"a", 1}}});
    Message tool;
    tool.role = Role::Tool;
    tool.text = u"result"_qs;
    tool.toolCallId = u"id"_qs;
    tool.toolName = u"tool"_qs;
    tool.isError = true;
    Message user = Message::user(u"see"_qs);
    user.attachments.push_back({u"image/png"_qs, QByteArray("\0\xff", 2), {}, u"a.png"_qs});
    const History history{Message::system(u"s"_qs), user, assistant, tool, Message::user(QString())};
    QVERIFY(historyFromJson(toJson(history)) == history);
}

void TestHistoryFormats::badHistoriesNameTheMessage_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QString>("words");
    QTest::newRow("no list") << QByteArray("3") << u"no JSON list"_qs;
    QTest::newRow("object without messages") << QByteArray("{}") << u"no JSON list"_qs;
    QTest::newRow("no object") << QByteArray("[1]") << u"Message 1 "_qs;
    QTest::newRow("nothing known") << QByteArray(R"([{"role":"user","content":"a"},{"who":"me"}])")
                                   << u"Message 2 "_qs;
    QTest::newRow("unknown role") << QByteArray(R"([{"role":"bot","content":"a"}])") << u"Message 1 "_qs;
    QTest::newRow("no content") << QByteArray(R"([{"role":"user"}])") << u"has no content"_qs;
    QTest::newRow("unknown part") << QByteArray(R"([{"role":"user","content":[{"type":"smell"}]}])")
                                  << u"\"smell\""_qs;
    QTest::newRow("unknown item") << QByteArray(R"([{"type":"web_search_call"}])")
                                  << u"\"web_search_call\""_qs;
    QTest::newRow("unknown kind") << QByteArray(R"([{"kind":"letter","parts":[]}])") << u"\"letter\""_qs;
    QTest::newRow("unknown part kind")
        << QByteArray(R"([{"kind":"request","parts":[{"part_kind":"wish"}]}])") << u"\"wish\""_qs;
    QTest::newRow("parts are no list") << QByteArray(R"([{"kind":"request","parts":1}])") << u"no list"_qs;
    QTest::newRow("image without source")
        << QByteArray(R"([{"role":"user","content":[{"type":"image"}]}])") << u"without a source"_qs;
    QTest::newRow("arguments are no JSON")
        << QByteArray(R"([{"type":"function_call","call_id":"1","name":"f","arguments":"{"}])")
        << u"arguments"_qs;
}

void TestHistoryFormats::badHistoriesNameTheMessage()
{
    QFETCH(QByteArray, text);
    QFETCH(QString, words);
    try {
        historyFromJson(parseJson(text, u"history"_qs));
        QFAIL("no error");
    } catch (const ConfigurationError& error) {
        QVERIFY2(error.text().contains(words), error.what());
    }
}

LLMCACHE_TEST_MAIN(TestHistoryFormats)
#include "tst_historyformats.moc"
