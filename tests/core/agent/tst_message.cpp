#include "agent/message.h"
#include "base/error.h"
#include "testenvironment.h"

#include <QTest>

using namespace llmcache;

class TestMessage : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void everyFieldSurvivesARoundTrip();
    void contentMayBeParts();
    void toolCallsMayHaveOpenAiShape();
    void argumentsThatAreNoJsonStayText();
    void badHistoriesNameTheMessage_data();
    void badHistoriesNameTheMessage();
};

void TestMessage::everyFieldSurvivesARoundTrip()
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
    const History history{Message::system(u"s"_qs), user, assistant, tool};
    QVERIFY(messagesFromJson(toJson(history)) == history);
}

void TestMessage::contentMayBeParts()
{
    const History history = messagesFromJson(parseJson(
        R"([{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}])", u"h"_qs));
    QCOMPARE(history.front().text, u"a\nb"_qs);
}

void TestMessage::toolCallsMayHaveOpenAiShape()
{
    const History history = messagesFromJson(parseJson(
        R"([{"role":"assistant","content":null,"tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{\"x\":2}"}}]}])",
        u"h"_qs));
    QCOMPARE(history.front().toolCalls.front().name, u"f"_qs);
    QCOMPARE(history.front().toolCalls.front().arguments, Json({{"x", 2}}));
}

void TestMessage::argumentsThatAreNoJsonStayText()
{
    // Models cut and garble them; the turn is stored and must be readable again.
    for (const char* text : {"{\"name\":\"Ro", "1e999", "[1]", "nonsense", ""}) {
        Message assistant = Message::assistant({});
        assistant.toolCalls.push_back({u"id"_qs, u"tool"_qs, Json(text)});
        const History history{assistant};
        QVERIFY2(messagesFromJson(toJson(history)) == history, text);
    }
}

void TestMessage::badHistoriesNameTheMessage_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QString>("word");
    QTest::newRow("no list") << QByteArray("{}") << "no JSON list";
    QTest::newRow("no object") << QByteArray("[1]") << "Message 1";
    QTest::newRow("unknown role") << QByteArray(
        R"([{"role":"user","content":"a"},{"role":"bot","content":"a"}])")
                                  << "Message 2";
    QTest::newRow("no content") << QByteArray(R"([{"role":"user"}])") << "no content";
    QTest::newRow("garbled arguments in OpenAI's shape") << QByteArray(
        R"([{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":"{\"x\":1e999}"}}]}])")
                                                         << "Message 1";
    QTest::newRow("part without text")
        << QByteArray(R"([{"role":"user","content":[{"type":"image"}]}])") << "Message 1";
}

void TestMessage::badHistoriesNameTheMessage()
{
    QFETCH(QByteArray, text);
    QFETCH(QString, word);
    try {
        messagesFromJson(parseJson(text, u"h"_qs));
        QFAIL("accepted");
    } catch (const ConfigurationError& error) {
        QVERIFY2(error.text().contains(word), error.what());
    }
}

LLMCACHE_TEST_MAIN(TestMessage)
#include "tst_message.moc"
