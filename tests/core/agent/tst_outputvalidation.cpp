#include "agent/outputvalidation.h"
#include "base/error.h"
#include "testenvironment.h"

#include <QTest>

using namespace llmcache;

namespace {

const char* const profileSchema =
    R"({"$defs":{"Interest":{"properties":{"name":{"type":"string"},"level":{"type":"integer"}},
    "required":["name"],"title":"Interest","type":"object"}},"properties":{"name":{"title":"Name","type":"string"},
    "age":{"type":"integer","minimum":0},"score":{"type":"number"},"active":{"type":"boolean"},
    "nick":{"anyOf":[{"type":"string"},{"type":"null"}],"default":null},
    "code":{"anyOf":[{"type":"integer"},{"type":"null"}]},
    "interests":{"items":{"$ref":"#/$defs/Interest"},"type":"array"},
    "kind":{"enum":["person","company"],"type":"string"},
    "pair":{"type":"array","prefixItems":[{"type":"integer"},{"type":"string"}],"minItems":2,"maxItems":2}},
    "required":["name","age"],"title":"UserProfile","type":"object"})";

} // namespace

class TestOutputValidation : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void values_data();
    void values();
    void violationsNameThePlace();
    void schemaWithRemoteReferenceIsRefused();
    void brokenSchemasAreRefused();
};

void TestOutputValidation::values_data()
{
    QTest::addColumn<QByteArray>("value");
    QTest::addColumn<QByteArray>("result"); // empty = violations
    const auto row = [](const char* name, const char* value, const char* result) {
        QTest::newRow(name) << QByteArray(value) << QByteArray(result);
    };
    row("fits", R"({"name":"A","age":30})", R"({"name":"A","age":30})");
    row("text to integer", R"({"name":"A","age":"14"})", R"({"name":"A","age":14})");
    row("integral float", R"({"name":"A","age":14.0})", R"({"name":"A","age":14})");
    row("fractional float", R"({"name":"A","age":14.5})", "");
    row("text to number", R"({"name":"A","age":1,"score":"1.5"})", R"({"name":"A","age":1,"score":1.5})");
    row("text to boolean", R"({"name":"A","age":1,"active":"yes"})", R"({"name":"A","age":1,"active":true})");
    row("number is no text", R"({"name":1,"age":1})", "");
    row("missing", R"({"name":"A"})", "");
    row("below minimum", R"({"name":"A","age":-1})", "");
    row("union keeps text", R"({"name":"A","age":1,"nick":"14"})", R"({"name":"A","age":1,"nick":"14"})");
    row("union takes null", R"({"name":"A","age":1,"nick":null})", R"({"name":"A","age":1,"nick":null})");
    row("coercion within a union", R"({"name":"A","age":1,"code":"7"})", R"({"name":"A","age":1,"code":7})");
    row("coercion behind a reference", R"({"name":"A","age":1,"interests":[{"name":"x","level":"3"}]})",
        R"({"name":"A","age":1,"interests":[{"name":"x","level":3}]})");
    row("violation behind a reference", R"({"name":"A","age":1,"interests":[{"level":3}]})", "");
    row("enum", R"({"name":"A","age":1,"kind":"robot"})", "");
    row("tuple", R"({"name":"A","age":1,"pair":["1","x"]})", R"({"name":"A","age":1,"pair":[1,"x"]})");
    row("tuple too short", R"({"name":"A","age":1,"pair":[1]})", "");
    row("no object", R"([1])", "");
}

void TestOutputValidation::values()
{
    QFETCH(QByteArray, value);
    QFETCH(QByteArray, result);
    const Json schema = parseJson(profileSchema, u"schema"_qs);
    const Validation validation = validateOutput(schema, parseJson(value, u"value"_qs));
    if (result.isEmpty()) {
        QVERIFY(!validation.valid());
        return;
    }
    QVERIFY2(validation.valid(), qPrintable(validation.violations.join(u"; "_qs)));
    QCOMPARE(toJsonText(validation.value), result);
}

void TestOutputValidation::violationsNameThePlace()
{
    const Json schema = parseJson(profileSchema, u"schema"_qs);
    const Validation validation = validateOutput(
        schema, parseJson(R"({"name":"A","age":1,"interests":[{"name":"a"},{"level":1}]})", u"value"_qs));
    QVERIFY(!validation.valid());
    QVERIFY2(validation.violations.join(u"\n"_qs).contains(u"/interests/1"_qs),
        qPrintable(validation.violations.join(u"\n"_qs)));
}

void TestOutputValidation::schemaWithRemoteReferenceIsRefused()
{
    const Json schema =
        parseJson(R"({"properties":{"a":{"$ref":"http://127.0.0.1:9/schema.json"}}})", u"schema"_qs);
    QVERIFY_THROWS_EXCEPTION(ConfigurationError, checkSchema(schema, u"The schema"_qs));
}

void TestOutputValidation::brokenSchemasAreRefused()
{
    QVERIFY_THROWS_EXCEPTION(ConfigurationError, checkSchema(Json::array(), u"The schema"_qs));
    QVERIFY_THROWS_EXCEPTION(
        ConfigurationError, checkSchema(parseJson(R"({"type":"objekt"})", u"s"_qs), u"The schema"_qs));
    QVERIFY_THROWS_EXCEPTION(
        ConfigurationError, checkSchema(parseJson(R"({"required":"name"})", u"s"_qs), u"The schema"_qs));
    checkSchema(parseJson(profileSchema, u"schema"_qs), u"The schema"_qs);
}

LLMCACHE_TEST_MAIN(TestOutputValidation)
#include "tst_outputvalidation.moc"
