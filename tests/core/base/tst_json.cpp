#include "base/canonicaljson_p.h"
#include "base/error.h"
#include "base/json.h"
#include "base/jsoncheck.h"
#include "testenvironment.h"

#include <QTest>

using namespace llmcache;

class TestJson : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void canonicalTextDoesNotDependOnKeyOrderOrNumberForm();
    void canonicalTextSortsByCodePoint();
    void canonicalTextEscapesOnlyWhatItMust();
    void parseErrorsNameTheInputAndThePlace();
    void deepNestingIsRefused();
    void numbersBeyondDoubleAreRefused();
    void nothingIsRefused();
    void invalidUtf8IsRefused();
    void canonicalTextNeedsNoValue_data();
    void canonicalTextNeedsNoValue();
    void canonicalTextOfOthers();
    void readsWhatNlohmannReads_data();
    void readsWhatNlohmannReads();
    void writesWhatNlohmannWrites();
    void manyKeysKeepTheirOrder();
    void aLargeTextIsGivenUp();
};

void TestJson::canonicalTextDoesNotDependOnKeyOrderOrNumberForm()
{
    const Json left = parseJson(R"({"b":1.0,"a":[0.1,1e2,-0.0],"c":{"y":null,"x":true}})", u"left"_qs);
    const Json right = parseJson(R"( {"c" : {"x":true,"y":null}, "a":[0.10,100,0], "b":1 })", u"right"_qs);
    QCOMPARE(toCanonicalJson(left), toCanonicalJson(right));
    QCOMPARE(toCanonicalJson(left), QByteArray(R"({"a":[0.1,100,0],"b":1,"c":{"x":true,"y":null}})"));
}

void TestJson::canonicalTextSortsByCodePoint()
{
    // U+FF61 sorts before U+1F600 by code point, after it by UTF-16 unit.
    const Json value = parseJson("{\"\xF0\x9F\x98\x80\":1,\"\xEF\xBD\xA1\":2}", u"value"_qs);
    QCOMPARE(toCanonicalJson(value), QByteArray("{\"\xEF\xBD\xA1\":2,\"\xF0\x9F\x98\x80\":1}"));
}

void TestJson::canonicalTextEscapesOnlyWhatItMust()
{
    const Json value = parseJson(R"("\u0001\b\f\n\r\t\"\\\/\u007f\u2028é")", u"value"_qs);
    QCOMPARE(
        toCanonicalJson(value), QByteArray("\"\\u0001\\b\\f\\n\\r\\t\\\"\\\\/\x7f\xe2\x80\xa8\xc3\xa9\""));
}

void TestJson::canonicalTextNeedsNoValue_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::newRow("nothing in it") << QByteArray("{}");
    QTest::newRow("numbers") << QByteArray(
        R"({"b":1.0,"a":[0.1,1e2,-0.0,-0,1e300,5e-324,0.30000000000000004,9007199254740993.0],"i":-9223372036854775808,"u":18446744073709551615})");
    QTest::newRow("order") << QByteArray("{\"\xF0\x9F\x98\x80\":1,\"\xEF\xBD\xA1\":2,\"b\":{\"z\":null,\"a\":"
                                         "[true,false,{}]},\"\":[],\"B\":0}");
    QTest::newRow("escapes") << QByteArray(
        R"({"\u0061\n":"\u0001\b\f\n\r\t\"\\\/\u007f\u2028é\ud83d\ude00","a":"\u0000"})");
    QTest::newRow("spaces") << QByteArray("{ \"a\" :\n[ 1 , { \"c\": 2, \"b\" : 3 } ] }");
    QTest::newRow("deep") << QByteArray("{\"a\":") + QByteArray(255, '[') + QByteArray(255, ']') + '}';
}

/// Fingerprints are made of it either way.
void TestJson::canonicalTextNeedsNoValue()
{
    QFETCH(const QByteArray, text);
    const auto value = tryParseJson(text);
    QVERIFY(value);
    QCOMPARE(canonicalTextOf(text), std::optional(toCanonicalJson(*value)));
}

void TestJson::canonicalTextOfOthers()
{
    const QByteArray deep = QByteArray("{\"a\":") + QByteArray(256, '[') + QByteArray(256, ']') + '}';
    QVERIFY(!tryParseJson(deep));
    const QList<QByteArray> others{"", "[]", "1", "{", "{} {}", "{\"a\":1e400}", R"({"a":1,"\u0061":2})",
        "{\"a\":\"\xff\"}", "{\"a\":99999999999999999999}", deep};
    for (const QByteArray& text : others)
        QVERIFY2(!canonicalTextOf(text), text.constData());
}

void TestJson::parseErrorsNameTheInputAndThePlace()
{
    try {
        parseJson("{\n  \"a\": 1,\n  oops\n}", u"agent file a.json"_qs);
        QFAIL("no error");
    } catch (const ConfigurationError& error) {
        QVERIFY2(error.text().contains(u"agent file a.json"_qs), error.what());
        QVERIFY2(error.text().contains(u"line 3"_qs), error.what());
    }
}

void TestJson::deepNestingIsRefused()
{
    const QByteArray deep = QByteArray(100'000, '[') + QByteArray(100'000, ']');
    QVERIFY_THROWS_EXCEPTION(ConfigurationError, parseJson(deep, u"deep"_qs));
    QCOMPARE(parseJson("[[[]]]", u"shallow"_qs).size(), std::size_t(1));
    const QByteArray object = R"({"[[[": {"a \\\" [[[": [[1], {}]}})";
    for (int depth = 1; depth < 8; ++depth) {
        QCOMPARE(isJsonObject(object, depth), depth >= 4);
        QCOMPARE(tryParseJson(object, depth).has_value(), depth >= 4);
    }
}

void TestJson::numbersBeyondDoubleAreRefused()
{
    try {
        parseJson("{\n \"a\": -1e999}", u"agent file a.json"_qs);
        QFAIL("no error");
    } catch (const ConfigurationError& error) {
        QVERIFY2(error.text().contains(u"agent file a.json"_qs), error.what());
        QVERIFY2(error.text().contains(u"-1e999"_qs), error.what());
    }
    QVERIFY(!tryParseJson("1e999"));
}

void TestJson::nothingIsRefused()
{
    // The undefined-behaviour sanitizer minds a null pointer even where no byte is copied.
    QVERIFY(!tryParseJson(QByteArrayView()));
    QVERIFY_THROWS_EXCEPTION(ConfigurationError, parseJson(QByteArray(), u"nothing"_qs));
}

void TestJson::invalidUtf8IsRefused()
{
    QVERIFY_THROWS_EXCEPTION(ConfigurationError, parseJson("\"\xff\xfe\"", u"bytes"_qs));
}

void TestJson::readsWhatNlohmannReads_data()
{
    QTest::addColumn<QByteArray>("text");
    const QByteArrayList texts{"", " ", "null", " true ", "[]", "{}", "[1,]", "{\"a\":}", "[1] x", "[1",
        "nul", "0", "-0", "-0.0", "1.0", "1e2", "1E400", "-1", "01", "1.", ".5", "+1", "0x10", "NaN",
        "9223372036854775807", "9223372036854775808", "18446744073709551615", "18446744073709551616",
        "-9223372036854775808", "-9223372036854775809", "123456789012345678901234567890", "0.1", "5e-324",
        R"("\u0000\ud83d\ude00\/")", R"("\ud83d")", R"("\ude00")", R"("\ud83d\u0041")", R"("\x")", "\"\t\"",
        "\"\x7f\"", "\"\xc3\xa9\"", "\"\xed\xa0\x80\"", "\"\xc0\xaf\"", "\xef\xbb\xbf[1]",
        R"({"b":1,"a":2,"b":{"c":3}})", R"({"":[[],{}]})", "[1]\0", "'a'", "[1 2]", "{\"a\" 1}", "{1:2}",
        "// x\n1", "\"unfinished"};
    for (const QByteArray& text : texts)
        QTest::newRow(text.constData()) << text;
}

void TestJson::readsWhatNlohmannReads()
{
    QFETCH(QByteArray, text);
    const Json expected = Json::parse(text.cbegin(), text.cend(), nullptr, false);
    const auto value = tryParseJson(text);
    QCOMPARE(value.has_value(), !expected.is_discarded());
    QCOMPARE(isJsonObject(text), value && value->is_object());
    if (!value)
        return;
    QCOMPARE(toJsonText(*value), toJsonText(expected));
    QCOMPARE(toCanonicalJson(*value), toCanonicalJson(expected));
    QCOMPARE(value->is_number_float(), expected.is_number_float());
}

void TestJson::writesWhatNlohmannWrites()
{
    Json value = parseJson(R"({"":[],"o":{},"n":[null,true,false,0,-1,1.5,1e300,18446744073709551615,-0.0]})",
        QStringLiteral("the sample"));
    std::string every;
    for (int byte = 0; byte < 0x80; ++byte)
        every += static_cast<char>(byte);
    for (const std::string& text : {every, std::string("é 作業 🦀"), std::string("cut \xf0\x9f\xa6"),
             std::string("\xed\xa0\x80"), std::string("a\xff\"\n")}) {
        value["texts"].push_back(text);
        value[text] = text;
    }
    value["numbers"] = {std::numeric_limits<double>::infinity(), std::numeric_limits<qint64>::min()};
    value["bytes"] = Json::binary({1, 2, 3});
    constexpr auto replace = Json::error_handler_t::replace;
    QCOMPARE(toJsonText(value).toStdString(), value.dump(-1, ' ', false, replace));
    value.erase("bytes"); // nobody pretty-prints those
    QCOMPARE(toPrettyJsonText(value).toStdString(), value.dump(2, ' ', false, replace));
}

void TestJson::manyKeysKeepTheirOrder()
{
    QByteArray text = "{";
    for (int i = 0; i < 50'000; ++i)
        text += '"' + QByteArray::number((i * 7919LL) % 49'999) + "\":" + QByteArray::number(i) + ',';
    text.back() = '}';
    const Json value = parseJson(text, u"object"_qs);
    QCOMPARE(value.size(), std::size_t(49'999)); // the last key is the first again
    QCOMPARE(toQString(value.begin().key()), u"0"_qs);
    QCOMPARE(value.begin().value(), Json(49'999));
    QCOMPARE(toQString(std::next(value.begin()).key()), u"7919"_qs);
}

void TestJson::aLargeTextIsGivenUp()
{
    // Characters of two, three and four bytes on both sides of every piece.
    const QString word = u"a\u00e9\u4e2d"_qs + QString::fromUcs4(U"\U0001F600");
    const QString large = word.repeated(700'000);
    const Json expected(large.toUtf8().toStdString());
    QVERIFY(toUtf8(large) == expected.get_ref<const std::string&>());
    QByteArray text = toJsonText(Json{{"text", expected}});
    const auto value = tryTakeJson(text);
    QVERIFY(value && value->at("text") == expected);
    QByteArray broken = QByteArray("[") + QByteArray(2'000'000, ' ') + ',';
    const QByteArray before = broken;
    QVERIFY(!tryTakeJson(broken));
    QVERIFY(broken == before);
}

LLMCACHE_TEST_MAIN(TestJson)
#include "tst_json.moc"
