#include "agent/outputvalidation.h"
#include "base/error.h"
#include "provider/smallestvalue.h"
#include "provider/testprovider.h"
#include "testenvironment.h"
#include "waitfortask.h"

#include <QTest>

using namespace llmcache;
using namespace llmcache::test;

namespace {

ProviderRequest requestFor(const QString& prompt)
{
    ProviderRequest request;
    request.model = {u"test"_qs, u"any"_qs};
    request.messages = {Message::user(prompt)};
    return request;
}

ProviderReply complete(const ProviderRequest& request, ProviderContext context = {})
{
    TestProvider provider;
    return waitForTask(provider.complete(request, std::move(context)));
}

} // namespace

class TestTestProvider : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void textSumsUpTheRequest();
    void usageIsAFunctionOfTheText();
    void streamsWordByWord();
    void stops();
    void answersThroughTheToolOrAsText();
    void smallestValues_data();
    void smallestValues();
    void valuesFitTheirSchemas_data();
    void valuesFitTheirSchemas();
    void endlessSchemas();
    void unknownReferences();
};

void TestTestProvider::textSumsUpTheRequest()
{
    ProviderRequest request = requestFor(u"Tell me about Rome"_qs);
    const ProviderReply first = complete(request);
    QVERIFY(first.message.text.contains(u"Tell me about Rome"_qs));
    QVERIFY(first.message.text.contains(u"test:any"_qs));
    QCOMPARE(first.finishReason, FinishReason::Stop);
    QCOMPARE(complete(request).message, first.message);
    request.systemPrompts = QStringList{u"Be kind."_qs};
    QVERIFY(complete(request).message.text != first.message.text);
    const QString emoji = QString::fromUtf8("\xF0\x9F\x98\x80");
    const QString cut = complete(requestFor(u"a"_qs + emoji.repeated(200))).message.text;
    QCOMPARE(QString::fromUtf8(cut.toUtf8()), cut); // no half of a surrogate pair
}

void TestTestProvider::usageIsAFunctionOfTheText()
{
    ProviderRequest request = requestFor(u"12345"_qs);
    QCOMPARE(complete(request).usage.inputTokens, 2);
    request.systemPrompts = QStringList{u"678"_qs};
    QCOMPARE(complete(request).usage.inputTokens, 2);
    request.instructions = u"9"_qs;
    const ProviderReply reply = complete(request);
    QCOMPARE(reply.usage.inputTokens, 3);
    QCOMPARE(reply.usage.outputTokens, (reply.message.text.toUtf8().size() + 3) / 4);
    QCOMPARE(reply.usage.requests, 1);
}

void TestTestProvider::streamsWordByWord()
{
    ProviderContext context;
    QStringList deltas;
    context.onText = [&](const QString& delta) { deltas << delta; };
    const ProviderReply reply = complete(requestFor(u"one two  three"_qs), context);
    QCOMPARE(deltas.join(QString()), reply.message.text);
    QVERIFY(deltas.size() > 5);
}

void TestTestProvider::stops()
{
    std::stop_source stop;
    ProviderContext context;
    context.stop = stop.get_token();
    int deltas = 0;
    context.onText = [&](const QString&) {
        if (++deltas == 2)
            stop.request_stop();
    };
    QVERIFY_THROWS_EXCEPTION(Cancelled, complete(requestFor(u"one two three"_qs), context));
    QCOMPARE(deltas, 2);
}

void TestTestProvider::answersThroughTheToolOrAsText()
{
    ProviderRequest request = requestFor(u"Go"_qs);
    request.output = OutputType::json(u"A"_qs,
        parseJson(R"({"type":"object","properties":{"n":{"type":"integer"}},"required":["n"]})", u"s"_qs));
    ProviderReply reply = complete(request);
    const Json expected{{"n", 0}};
    QCOMPARE(*reply.structured, expected);
    QCOMPARE(reply.message.toolCalls.at(0).name, outputToolName);
    QCOMPARE(reply.outputToolCallId, reply.message.toolCalls.at(0).id);
    QCOMPARE(reply.finishReason, FinishReason::ToolCall);
    request.output.mode = OutputMode::Native;
    reply = complete(request);
    QCOMPARE(*reply.structured, expected);
    QCOMPARE(reply.message.text, u"{\"n\":0}"_qs);
    QVERIFY(reply.outputToolCallId.isEmpty());
}

void TestTestProvider::smallestValues_data()
{
    QTest::addColumn<QByteArray>("schema");
    QTest::addColumn<QByteArray>("value");
    const auto row = [](const char* name, const char* schema, const char* value) {
        QTest::newRow(name) << QByteArray(schema) << QByteArray(value);
    };
    row("object",
        R"({"type":"object","properties":{"b":{"type":"string"},"a":{"type":"integer"},"c":{"type":"null"}},"required":["a","b"]})",
        R"({"b":"","a":0})");
    row("nothing required", R"({"type":"object","properties":{"a":{"type":"integer"}}})", "{}");
    row("enum", R"({"enum":["x","y"]})", R"("x")");
    row("const", R"({"const":{"k":1}})", R"({"k":1})");
    row("minimum", R"({"type":"integer","minimum":3})", "3");
    row("exclusive minimum", R"({"type":"integer","exclusiveMinimum":3})", "4");
    row("negative maximum", R"({"type":"integer","maximum":-2})", "-2");
    row("multiple", R"({"type":"integer","minimum":7,"multipleOf":5})", "10");
    row("number", R"({"type":"number"})", "0.0");
    row("number above", R"({"type":"number","exclusiveMinimum":0})", "1.0");
    row("number in a small interval", R"({"type":"number","exclusiveMinimum":0,"exclusiveMaximum":0.5})",
        "0.25");
    row("min length", R"({"type":"string","minLength":3})", R"("aaa")");
    row("min items", R"({"type":"array","items":{"type":"boolean"},"minItems":2})", "[false,false]");
    row("distinct items", R"({"type":"array","items":{"type":"integer"},"minItems":2,"uniqueItems":true})",
        "[0,1]");
    row("no items", R"({"type":"array","items":{"type":"boolean"}})", "[]");
    row("date", R"({"type":"string","format":"date"})", R"("2026-01-01")");
    row("reference", R"({"$ref":"#/$defs/A","$defs":{"A":{"type":"string","minLength":1}}})", R"("a")");
    row("optional", R"({"anyOf":[{"type":"string"},{"type":"null"}]})", R"("")");
    row("type list", R"({"type":["integer","null"]})", "0");
    row("all of",
        R"({"allOf":[{"type":"object","properties":{"a":{"type":"integer"}},"required":["a"]},{"properties":{"b":{"type":"string"}},"required":["b"]}]})",
        R"({"a":0,"b":""})");
    row("anything", "{}", "null");
}

void TestTestProvider::smallestValues()
{
    QFETCH(QByteArray, schema);
    QFETCH(QByteArray, value);
    QCOMPARE(toJsonText(smallestValue(parseJson(schema, u"schema"_qs))), value);
}

void TestTestProvider::valuesFitTheirSchemas_data()
{
    QTest::addColumn<QByteArray>("schema");
    QTest::newRow("nested") << QByteArray(
        R"({"type":"object","$defs":{"Tag":{"type":"object","properties":{"name":{"type":"string","minLength":2},
        "weight":{"type":"number","exclusiveMinimum":0,"maximum":1}},"required":["name","weight"]}},
        "properties":{"tags":{"type":"array","items":{"$ref":"#/$defs/Tag"},"minItems":1},"kind":{"enum":["a","b"]},
        "when":{"type":"string","format":"date-time"},"mail":{"type":"string","format":"email"},"note":{"anyOf":[{"type":"string"},{"type":"null"}]}},
        "required":["tags","kind","when","mail","note"],"additionalProperties":false})");
    // The first alternatives never end.
    QTest::newRow("recursive tree") << QByteArray(
        R"({"$defs":{"Node":{"type":"object","properties":{"left":{"anyOf":[{"$ref":"#/$defs/Node"},{"type":"null"}]},
        "right":{"anyOf":[{"$ref":"#/$defs/Node"},{"type":"null"}]}},"required":["left","right"]}},"$ref":"#/$defs/Node"})");
    QTest::newRow("recursive") << QByteArray(
        R"({"$defs":{"Node":{"type":"object","properties":{"value":{"type":"integer"},
        "next":{"anyOf":[{"$ref":"#/$defs/Node"},{"type":"null"}]}},"required":["value","next"]}},"$ref":"#/$defs/Node"})");
}

void TestTestProvider::valuesFitTheirSchemas()
{
    QFETCH(QByteArray, schema);
    const Json parsed = parseJson(schema, u"schema"_qs);
    const Json value = smallestValue(parsed);
    const Validation validation = validateOutput(parsed, value);
    QVERIFY2(validation.valid(), qPrintable(validation.violations.join(u'\n')));
    QVERIFY2(toJsonText(value).size() < 500, toJsonText(value).left(500).constData());
}

void TestTestProvider::endlessSchemas()
{
    QVERIFY_THROWS_EXCEPTION(ConfigurationError,
        smallestValue(parseJson(
            R"({"type":"object","properties":{"a":{"$ref":"#"}},"required":["a"]})", u"schema"_qs)));
}

void TestTestProvider::unknownReferences()
{
    QVERIFY_THROWS_EXCEPTION(
        ConfigurationError, smallestValue(parseJson(R"({"$ref":"#/$defs/Gone"})", u"schema"_qs)));
}

LLMCACHE_TEST_MAIN(TestTestProvider)
#include "tst_testprovider.moc"
