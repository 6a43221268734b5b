#include "interop/pythonwrite.h"

#include "interop/pickledump.h"
#include "interop/pickleviews.h"
#include "interop/pythonresult.h"
#include "picklesamples.h"
#include "testenvironment.h"

#include <QTest>

using namespace llmcache;

namespace {

/// What Pydantic prints for a model with most of what it has.
const char profileSchema[] = R"({
  "$defs": {
    "Address": {"title": "Address", "type": "object", "required": ["street"], "properties": {
      "street": {"type": "string"}, "zip": {"anyOf": [{"type": "integer"}, {"type": "null"}], "default": null}}},
    "Level": {"enum": ["high", "low"], "title": "Level", "type": "string"},
    "Tags": {"items": {"type": "string"}, "title": "Tags", "type": "array"}
  },
  "title": "Profile", "type": "object", "additionalProperties": true,
  "required": ["name", "born", "home"],
  "properties": {
    "name": {"type": "string"},
    "born": {"format": "date", "type": "string"},
    "seen": {"format": "date-time", "type": "string"},
    "at": {"format": "time", "type": "string"},
    "took": {"format": "duration", "type": "string"},
    "balance": {"anyOf": [{"type": "number"}, {"type": "string", "pattern": "^[0-9.]*$"}]},
    "level": {"$ref": "#/$defs/Level", "default": "low"},
    "id": {"format": "uuid", "type": "string"},
    "home": {"$ref": "#/$defs/Address"},
    "others": {"items": {"$ref": "#/$defs/Address"}, "type": "array", "default": []},
    "ids": {"items": {"type": "integer"}, "type": "array", "uniqueItems": true},
    "pair": {"prefixItems": [{"type": "integer"}, {"type": "string"}], "type": "array"},
    "raw": {"format": "binary", "type": "string"},
    "site": {"anyOf": [{"format": "uri", "maxLength": 2083, "type": "string"}, {"type": "null"}]},
    "tags": {"$ref": "#/$defs/Tags"},
    "ratio": {"type": "number"},
    "by_day": {"additionalProperties": {"type": "integer"}, "propertyNames": {"format": "date"}, "type": "object"}
  }
})";

PythonResultParts partsOf(const Json& output)
{
    PythonResultParts parts;
    parts.output = output;
    parts.usage.inputTokens = 1830;
    parts.usage.outputTokens = 212;
    parts.usage.cacheReadTokens = 1000;
    parts.usage.reasoningTokens = 64;
    parts.model = QStringLiteral("claude-haiku-4-5");
    parts.cost = QStringLiteral("0.00075");
    return parts;
}

/// The typed tree of an answer, where the order of the names that were set does not count.
Json treeOf(const PythonResult& result)
{
    Json tree = *findMember(*findMember(pickleToJson(result.document), "attributes"), "output");
    const std::function<void(Json&)> sort = [&sort](Json& json) {
        if (json.is_object() && json.contains("fields_set"))
            std::sort(json["fields_set"].begin(), json["fields_set"].end());
        // One and the same object here, two there.
        if (json.is_object())
            json.erase("$id");
        if (json.is_structured()) {
            for (Json& part : json)
                sort(part);
        }
    };
    sort(tree);
    return tree;
}

} // namespace

class TestPythonWrite : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void textsAndJson_data();
    void textsAndJson();
    void asAnotherEntryHasIt();
    void asTheSchemaHasIt();
    void defaultsAreFilledIn();
    void unions();
    void whatDoesNotFit_data();
    void whatDoesNotFit();
};

void TestPythonWrite::textsAndJson_data()
{
    QTest::addColumn<QByteArray>("json");
    QTest::newRow("text") << QByteArray("\"h\xc3\xa9\\n\"");
    QTest::newRow("dict") << QByteArray(R"({"a":[1,2.5,-3,null,true,{"b":18446744073709551615}],"c":{}})");
    QTest::newRow("list") << QByteArray("[1,[]]");
    QTest::newRow("null") << QByteArray("null");
}

void TestPythonWrite::textsAndJson()
{
    QFETCH(QByteArray, json);
    const PythonResult result = readPythonResult(writePythonResult(partsOf(parseJson(json, {}))));
    QVERIFY(result.isCachedResult);
    QCOMPARE(toJsonText(result.outputJson()), json);
    QCOMPARE(result.document.protocol(), 4);
    QCOMPARE(result.document.imports(), QStringList{QStringLiteral("pyai_caching.agent.CachedResult")});
    QCOMPARE(result.model, QStringLiteral("claude-haiku-4-5"));
    QCOMPARE(result.costText, QStringLiteral("0.00075"));
    QCOMPARE(result.usage.inputTokens, 1830);
    QCOMPARE(result.usage.reasoningTokens, 64);
    QCOMPARE(result.usage.requests, 1);
}

void TestPythonWrite::asAnotherEntryHasIt()
{
    const PythonResult example = readPythonResult(test::profileResult());
    PythonResultParts parts = partsOf(example.outputJson());
    // A secret is not in JSON.
    parts.output["secret"] = nullptr;
    parts.type.classPath = QStringLiteral("app.models.Profile");
    parts.type.examples = {example.output};
    const PythonResult result = readPythonResult(writePythonResult(parts));
    Json expected = treeOf(example);
    expected["fields"]["secret"] = nullptr;
    Json actual = treeOf(result);
    // What was not given is a default there; here all was given. A path has its parts there.
    for (Json* tree : {&expected, &actual}) {
        tree->erase("fields_set");
        (*tree)["fields"]["home"].erase("fields_set");
        (*tree)["fields"]["home_path"].erase("arguments");
    }
    QCOMPARE(toJsonText(result.outputJson()), toJsonText(parts.output));
    QCOMPARE(toPrettyJsonText(actual), toPrettyJsonText(expected));
}

void TestPythonWrite::asTheSchemaHasIt()
{
    const PythonResult example = readPythonResult(test::profileResult());
    PythonResultParts parts = partsOf(example.outputJson());
    for (const char* name : {"secret", "point", "home_path"})
        parts.output.erase(name);
    parts.type.classPath = QStringLiteral("app.models.Profile");
    parts.type.schema = parseJson(profileSchema, {});
    const PythonResult result = readPythonResult(writePythonResult(parts));
    const Json expected = treeOf(example);
    const Json actual = treeOf(result);
    for (const char* name : {"name", "born", "seen", "at", "took", "balance", "level", "id", "ids", "pair",
             "raw", "site", "ratio", "by_day"})
        QCOMPARE(toJsonText(actual["fields"][name]), toJsonText(expected["fields"][name]));
    QCOMPARE(actual["fields"]["home"]["$type"], Json("app.models.Address"));
    QCOMPARE(toJsonText(actual["fields"]["home"]["fields"]), QByteArray(R"({"street":"Elm","zip":null})"));
    QCOMPARE(actual["fields"]["others"][0]["$type"], Json("app.models.Address"));
    QCOMPARE(toJsonText(actual["fields"]["tags"]["fields"]), QByteArray(R"({"root":["t"]})"));
    QCOMPARE(toJsonText(actual["extra"]), QByteArray(R"({"nick":"Al"})"));
}

void TestPythonWrite::defaultsAreFilledIn()
{
    PythonResultParts parts =
        partsOf(parseJson(R"({"name": "Bo", "born": "2001-02-03", "home": {"street": "Elm"}})", {}));
    parts.type.classPath = QStringLiteral("app.models.Profile");
    parts.type.schema = parseJson(profileSchema, {});
    const Json tree = treeOf(readPythonResult(writePythonResult(parts)));
    QCOMPARE(toJsonText(tree["fields_set"]), QByteArray(R"(["born","home","name"])"));
    QCOMPARE(
        toJsonText(tree["fields"]["level"]), QByteArray(R"({"$type":"app.models.Level","value":"low"})"));
    QCOMPARE(toJsonText(tree["fields"]["others"]), QByteArray("[]"));
    QCOMPARE(toJsonText(tree["fields"]["home"]["fields"]), QByteArray(R"({"street":"Elm","zip":null})"));
    QCOMPARE(toJsonText(tree["fields"]["home"]["fields_set"]), QByteArray(R"(["street"])"));
}

void TestPythonWrite::unions()
{
    PythonResultParts parts =
        partsOf(parseJson(R"({"pets": [{"kind": "dog", "age": 3}, {"kind": "cat", "age": 4}]})", {}));
    parts.type.classPath = QStringLiteral("zoo.Zoo");
    parts.type.schema = parseJson(R"({
        "$defs": {
            "Cat": {"type": "object", "required": ["kind"], "properties": {"kind": {"const": "cat"}, "age": {"type": "integer"}}},
            "Dog": {"type": "object", "required": ["kind"], "properties": {"kind": {"const": "dog"}, "age": {"type": "integer"}}}},
        "type": "object", "properties": {"pets": {"type": "array", "items": {"oneOf": [{"$ref": "#/$defs/Cat"}, {"$ref": "#/$defs/Dog"}]}}}})",
        {});
    const PythonResult first = readPythonResult(writePythonResult(parts));
    const Json tree = treeOf(first);
    QCOMPARE(tree["fields"]["pets"][0]["$type"], Json("zoo.Dog"));
    QCOMPARE(tree["fields"]["pets"][1]["$type"], Json("zoo.Cat"));
}

void TestPythonWrite::whatDoesNotFit_data()
{
    QTest::addColumn<QByteArray>("json");
    QTest::addColumn<QString>("place");
    QTest::newRow("date") << QByteArray(R"({"name": "Bo", "born": "soon", "home": {"street": "Elm"}})")
                          << QStringLiteral("\"/born\"");
    QTest::newRow("missing") << QByteArray(R"({"name": "Bo", "born": "2001-02-03", "home": {}})")
                             << QStringLiteral("\"street\"");
    QTest::newRow("no member") << QByteArray(
        R"({"name": "Bo", "born": "2001-02-03", "home": {"street": "Elm"}, "level": "odd"})")
                               << QStringLiteral("\"/level\"");
}

void TestPythonWrite::whatDoesNotFit()
{
    QFETCH(QByteArray, json);
    QFETCH(QString, place);
    PythonResultParts parts = partsOf(parseJson(json, {}));
    parts.type.classPath = QStringLiteral("app.models.Profile");
    parts.type.schema = parseJson(profileSchema, {});
    try {
        writePythonResult(parts);
        QFAIL("it was written");
    } catch (const ConfigurationError& error) {
        QVERIFY2(error.message().contains(place), error.what());
    }
}

LLMCACHE_TEST_MAIN(TestPythonWrite)
#include "tst_pythonwrite.moc"
