#include "agent/outputvalidation.h"
#include "agent/schemafromexample.h"
#include "testenvironment.h"

#include <QTest>

using namespace llmcache;

class TestSchemaFromExample : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void fitsItsExample_data();
    void fitsItsExample();
    void saysWhatIsRequired();
    void itemsAreMerged();
};

void TestSchemaFromExample::fitsItsExample_data()
{
    QTest::addColumn<QByteArray>("example");
    for (const char* example : {R"({"name": "Ada", "age": 36, "height": 1.7, "ok": true, "note": null})",
             "[]", "[1, 2.5]", R"([1, "two", null])", R"({"a": {"b": [{"c": 1}, {"c": 2, "d": "x"}, {}]}})",
             R"("text")", "3", "null", R"([[1], [], ["a"]])", R"([{"a": 1}, {"b": 1}, {"b": 2}])"})
        QTest::newRow(example) << QByteArray(example);
}

void TestSchemaFromExample::fitsItsExample()
{
    QFETCH(QByteArray, example);
    const Json value = parseJson(example, QStringLiteral("example"));
    const Json schema = schemaFromExample(value);
    checkSchema(schema, QStringLiteral("schema"));
    const Validation validation = validateOutput(schema, value);
    QVERIFY2(validation.valid(), qPrintable(validation.violations.join(QLatin1Char('\n'))));
}

void TestSchemaFromExample::saysWhatIsRequired()
{
    const Json schema = schemaFromExample(parseJson(R"({"name": "Ada", "age": 36})", {}));
    QVERIFY(!validateOutput(schema, parseJson(R"({"name": "Ada"})", {})).valid());
    QVERIFY(!validateOutput(schema, parseJson(R"({"name": "Ada", "age": "old"})", {})).valid());
}

void TestSchemaFromExample::itemsAreMerged()
{
    const Json schema = schemaFromExample(parseJson(R"([{"a": 1, "b": "x"}, {"a": 1.5}])", {}));
    QCOMPARE(schema["items"]["required"], parseJson(R"(["a"])", {}));
    QCOMPARE(schema["items"]["properties"]["a"]["type"], Json("number"));
    QCOMPARE(schema["items"]["properties"]["b"]["type"], Json("string"));
}

LLMCACHE_TEST_MAIN(TestSchemaFromExample)
#include "tst_schemafromexample.moc"
