#include "base/error.h"
#include "base/json.h"
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
    void invalidUtf8IsRefused();
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
}

void TestJson::invalidUtf8IsRefused()
{
    QVERIFY_THROWS_EXCEPTION(ConfigurationError, parseJson("\"\xff\xfe\"", u"bytes"_qs));
}

LLMCACHE_TEST_MAIN(TestJson)
#include "tst_json.moc"
