#include "base/error.h"
#include "interop/pythonjson.h"
#include "interop/pythonkey.h"
#include "testenvironment.h"

#include <QDir>
#include <QFile>
#include <QTest>

#include <limits>

using namespace llmcache;

namespace {

PythonCall plainCall()
{
    PythonCall call;
    call.modelName = u"test"_qs;
    call.systemPrompts = {u"S"_qs};
    call.prompt = u"p"_qs;
    return call;
}

QByteArray payloadOf(const PythonCall& call, const std::optional<QString>& name = u"x"_qs)
{
    bool isCertain = true;
    return pythonPayload(call, {name, Json::object()}, isCertain);
}

QByteArray reprOf(const char* json)
{
    bool isCertain = true;
    return pythonRepr(parsePythonJson(json, u"test"_qs), isCertain);
}

} // namespace

class TestPythonKey : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void payloadAndKeyAreThoseOfPyaiCaching();
    void anUnnamedAgentIsNull();
    void systemPromptsBecomeOneLine();
    void historyIsThereAsTextAndAsValue();
    void floatsAreWrittenAsPythonDoes_data();
    void floatsAreWrittenAsPythonDoes();
    void textIsEscapedAsPythonDoes();
    void keysAreSortedByCodePoint();
    void integersOfAnySizeAreKept();
    void reprIsThatOfPython_data();
    void reprIsThatOfPython();
    void aCharacterThatIsTooNewIsNotCertain();
    void numbersThatMayBeEitherAreFound();
    void brokenTextIsAnError();
    void recordedKeysAreReproduced();
};

void TestPythonKey::payloadAndKeyAreThoseOfPyaiCaching()
{
    const QByteArray payload = payloadOf(plainCall());
    QCOMPARE(payload,
        QByteArray(R"({"agent_name":"x","message_history":[],"model_name":"test","output_schema":null,)"
                   R"("prompt":"p","run_kwargs":{},"system_prompt":"static:S","version":3})"));
    QCOMPARE(pythonKey(payload),
        QByteArray("pyai-cache:v3:62d0d2f313dbb54b2f3974d3c9d67e408c302ac57d9d2a44cd757937de16a778"));
}

void TestPythonKey::anUnnamedAgentIsNull()
{
    PythonCall call = plainCall();
    call.systemPrompts.clear();
    QCOMPARE(pythonKey(payloadOf(call, std::nullopt)),
        QByteArray("pyai-cache:v3:f2b794de6a2de96cb7adf3ee5309214c35b6db60627ec67e4d4c65a6c3c9ab51"));
}

void TestPythonKey::systemPromptsBecomeOneLine()
{
    PythonCall call = plainCall();
    call.systemPrompts = {u"S1"_qs, u"S2"_qs};
    QCOMPARE(pythonKey(payloadOf(call)),
        QByteArray("pyai-cache:v3:41b52a6122a88c0c130cea30f1cbdfd598e6f0b54a79d648d5b0ccf658b3a6a2"));
}

void TestPythonKey::historyIsThereAsTextAndAsValue()
{
    PythonCall call = plainCall();
    call.history = parsePythonJson(R"([{"role":"user","content":"it's"}])", u"test"_qs);
    QCOMPARE(pythonKey(payloadOf(call)),
        QByteArray("pyai-cache:v3:337cae7654ef2204fd82deec01912b11a7294a41c9776b47446a0286ba61d612"));
}

void TestPythonKey::floatsAreWrittenAsPythonDoes_data()
{
    QTest::addColumn<double>("number");
    QTest::addColumn<QByteArray>("text");
    const auto row = [](double number, const char* text) {
        QTest::newRow(text) << number << QByteArray(text);
    };
    row(0.1, "0.1");
    row(1.0, "1.0");
    row(-0.0, "-0.0");
    row(100.0, "100.0");
    row(1e15, "1000000000000000.0");
    row(9999999999999998.0, "9999999999999998.0");
    row(1e16, "1e+16");
    row(1.2345678901234568e17, "1.2345678901234568e+17");
    row(0.0001, "0.0001");
    row(0.00012345, "0.00012345");
    row(1e-5, "1e-05");
    row(1e-7, "1e-07");
    row(5e-324, "5e-324");
    row(1e100, "1e+100");
    row(1.7976931348623157e308, "1.7976931348623157e+308");
    row(123456.789, "123456.789");
    row(std::numeric_limits<double>::quiet_NaN(), "NaN");
    row(std::numeric_limits<double>::infinity(), "Infinity");
    row(-std::numeric_limits<double>::infinity(), "-Infinity");
}

void TestPythonKey::floatsAreWrittenAsPythonDoes()
{
    QFETCH(double, number);
    QFETCH(QByteArray, text);
    QCOMPARE(toPythonJson(number), text);
}

void TestPythonKey::textIsEscapedAsPythonDoes()
{
    const std::string text("\"\\/\b\f\n\r\t\x01\x1f\x7f\u00e9\u2028\U0001F600");
    QCOMPARE(toPythonJson(text),
        QByteArray("\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\u00e9\u2028\U0001F600\""));
}

void TestPythonKey::keysAreSortedByCodePoint()
{
    // In UTF-16 the second one would come first.
    const Json value = parsePythonJson("{\"\uff5e\":1,\"\U00010000\":2,\"a\":3,\"Z\":4}", u"test"_qs);
    QCOMPARE(toPythonJson(value), QByteArray("{\"Z\":4,\"a\":3,\"\uff5e\":1,\"\U00010000\":2}"));
}

void TestPythonKey::integersOfAnySizeAreKept()
{
    const QByteArray text =
        R"({"a":100000000000000000000,"b":-123456789012345678901234567890,"c":18446744073709551615,)"
        R"("d":1e+20,"e":[-9223372036854775808,[]]})";
    const Json value = parsePythonJson(text, u"test"_qs);
    QCOMPARE(toPythonJson(value), text);
    QVERIFY(!hasDoubtfulNumber(value["a"]));
}

void TestPythonKey::reprIsThatOfPython_data()
{
    QTest::addColumn<QByteArray>("json");
    QTest::addColumn<QByteArray>("repr");
    const auto row = [](const char* name, const char* json, const char* repr) {
        QTest::newRow(name) << QByteArray(json) << QByteArray(repr);
    };
    row("constants", "[null,true,false,1,-2,1.0,1e-7]", "[None, True, False, 1, -2, 1.0, 1e-07]");
    row("order", R"({"b":1,"a":{}})", "{'b': 1, 'a': {}}");
    row("single quote", R"("it's")", R"("it's")");
    row("double quote", R"("say \"x\"")", R"('say "x"')");
    row("both quotes", R"("it's \"x\"")", R"('it\'s "x"')");
    row("backslash", R"("a\\b")", R"('a\\b')");
    row("controls", R"("\t\n\r\u0000\u001b\u007f")", R"('\t\n\r\x00\x1b\x7f')");
    row("printable", "\"\u00e9\U0001F600\u4e2d\"", "'\u00e9\U0001F600\u4e2d'");
    row("not printable", R"("\u0085\u00a0\u00ad\u2028\ufeff\ud83c\udff4\udb40\udc67")",
        "'\\x85\\xa0\\xad\\u2028\\ufeff\U0001F3F4\\U000e0067'");
    row("big", "[100000000000000000000]", "[100000000000000000000]");
}

void TestPythonKey::reprIsThatOfPython()
{
    QFETCH(QByteArray, json);
    QFETCH(QByteArray, repr);
    QCOMPARE(reprOf(json.constData()), repr);
}

void TestPythonKey::aCharacterThatIsTooNewIsNotCertain()
{
    bool isCertain = true;
    pythonRepr(Json("caf\u00e9 \u00ad"), isCertain);
    QVERIFY(isCertain);
    pythonRepr(Json("\u0378"), isCertain);
    QVERIFY(!isCertain);
}

void TestPythonKey::numbersThatMayBeEitherAreFound()
{
    QVERIFY(hasDoubtfulNumber(parseJson("[{\"a\":100000000000000000000}]", u"test"_qs)));
    QVERIFY(hasDoubtfulNumber(parseJson("[1e20]", u"test"_qs)));
    QVERIFY(!hasDoubtfulNumber(parseJson("[1e15,18446744073709551615,0.5,-3]", u"test"_qs)));
}

void TestPythonKey::brokenTextIsAnError()
{
    for (const char* text : {"", "{", "[1,]", "{\"a\":1e999}", "nul", "\"\xff\""})
        QVERIFY_THROWS_EXCEPTION(ConfigurationError, parsePythonJson(text, u"test"_qs));
    QVERIFY_THROWS_EXCEPTION(ConfigurationError, parsePythonJson(QByteArray(100'000, '['), u"test"_qs));
}

void TestPythonKey::recordedKeysAreReproduced()
{
    const QString folder = qEnvironmentVariable("LLMCACHE_FIXTURES");
    if (folder.isEmpty())
        QSKIP("LLMCACHE_FIXTURES names no folder");
    QFile file(QDir(folder).filePath(u"vectors.json"_qs));
    QVERIFY(file.open(QIODevice::ReadOnly));
    const Json vectors = parsePythonJson(file.readAll(), u"vectors.json"_qs);
    QVERIFY(!vectors["keys"].empty());
    for (const Json& vector : vectors["keys"]) {
        const auto payload = QByteArray::fromStdString(vector["payload"].get<std::string>());
        QCOMPARE(pythonKey(payload).toStdString(), vector["key"].get<std::string>());
        // JSON has no NaN: those are compared above.
        if (payload.contains("NaN"))
            continue;
        QCOMPARE(toPythonJson(parsePythonJson(payload, u"payload"_qs)), payload);
    }
}

LLMCACHE_TEST_MAIN(TestPythonKey)
#include "tst_pythonkey.moc"
