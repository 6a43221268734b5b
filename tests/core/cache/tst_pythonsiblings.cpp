#include "cache/pythonsiblings.h"

#include "base/error.h"
#include "interop/pythonwrite.h"
#include "picklesamples.h"
#include "testenvironment.h"

#include <QTest>

using namespace llmcache;

namespace {

const char schemaText[] = R"({
  "$defs": {"Line": {"title": "Line", "type": "object", "required": ["article"],
                     "properties": {"article": {"type": "string"}}}},
  "title": "Order", "type": "object", "required": ["lines"],
  "properties": {"lines": {"type": "array", "items": {"$ref": "#/$defs/Line"}}}
})";
const char listText[] = R"({
  "$defs": {"Line": {"title": "Line", "type": "object", "required": ["article"],
                     "properties": {"article": {"type": "string"}}}},
  "type": "array", "items": {"$ref": "#/$defs/Line"}
})";

OutputType typeOf(const char* schema)
{
    return OutputType::json(QStringLiteral("Order"), parseJson(schema, {}));
}

QByteArray pickleOf(const char* json, const QString& classPath, const std::vector<PickleValue>& examples = {})
{
    PythonResultParts parts;
    parts.output = parseJson(json, {});
    parts.model = QStringLiteral("gpt-4o");
    parts.cost = QStringLiteral("0");
    parts.type.classPath = classPath;
    parts.type.schema = parseJson(schemaText, {});
    parts.type.examples = examples;
    return writePythonResult(parts);
}

const char order[] = R"({"lines": [{"article": "bread"}]})";

} // namespace

class TestPythonSiblings : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void theyNameTheClass();
    void othersArePassedOver_data();
    void othersArePassedOver();
    void twoClassesAreRefused();
    void theNamedClassCounts();
    void listsOfClasses();
    void thereAreEnough();
    void whichOutputsHaveClasses();
};

void TestPythonSiblings::theyNameTheClass()
{
    PythonSiblings siblings(typeOf(schemaText));
    QVERIFY(siblings.isEmpty());
    QVERIFY_THROWS_EXCEPTION(ConfigurationError, siblings.classPath(u"clerk"_qs));
    QVERIFY(siblings.add(pickleOf(order, u"shop.models.Order"_qs)));
    QCOMPARE(siblings.classPath(u"clerk"_qs), u"shop.models.Order"_qs);
    // What is in it is of the classes that the sibling has.
    const PythonResult written = readPythonResult(
        pickleOf(R"({"lines": [{"article": "salt"}]})", siblings.classPath(u"clerk"_qs), siblings.answers()));
    QVERIFY(written.document.imports().contains(u"shop.models.Line"_qs));
    QCOMPARE(written.outputClass, u"shop.models.Order"_qs);
}

void TestPythonSiblings::othersArePassedOver_data()
{
    QTest::addColumn<QByteArray>("pickle");
    QTest::newRow("another class") << pickleOf(order, u"shop.models.Offer"_qs);
    QTest::newRow("a dict") << pickleOf(order, QString());
    QTest::newRow("does not fit") << pickleOf(R"({"lines": [{"article": null}]})", u"shop.models.Order"_qs);
    QTest::newRow("no result") << QByteArray("N.");
    QTest::newRow("no pickle") << QByteArray("hello");
    QTest::newRow("another answer") << test::profileResult();
}

void TestPythonSiblings::othersArePassedOver()
{
    QFETCH(QByteArray, pickle);
    PythonSiblings siblings(typeOf(schemaText));
    QVERIFY(siblings.add(pickle));
    QVERIFY(siblings.isEmpty());
}

void TestPythonSiblings::twoClassesAreRefused()
{
    PythonSiblings siblings(typeOf(schemaText));
    siblings.add(pickleOf(order, u"shop.models.Order"_qs));
    siblings.add(pickleOf(order, u"old.models.Order"_qs));
    try {
        siblings.classPath(u"clerk"_qs);
        QFAIL("one of two classes was taken");
    } catch (const ConfigurationError& error) {
        QVERIFY2(error.text().contains(u"shop.models.Order or old.models.Order"_qs), error.what());
        QVERIFY2(error.text().contains(u"python_type"_qs), error.what());
    }
}

void TestPythonSiblings::theNamedClassCounts()
{
    OutputType type = typeOf(schemaText);
    type.pythonType = u"old.models.Order"_qs;
    PythonSiblings siblings(type);
    QCOMPARE(siblings.classPath(u"clerk"_qs), u"old.models.Order"_qs);
    siblings.add(pickleOf(order, u"shop.models.Order"_qs));
    QVERIFY(siblings.isEmpty());
    siblings.add(pickleOf(order, u"old.models.Order"_qs));
    QVERIFY(!siblings.isEmpty());
}

void TestPythonSiblings::listsOfClasses()
{
    PythonSiblings siblings(typeOf(listText));
    siblings.add(pickleOf(R"([{"article": "bread"}])", QString())); // a list of dicts
    QVERIFY(siblings.isEmpty());
    // What a program has that asks for list[Line].
    const PythonResult whole = readPythonResult(pickleOf(order, u"shop.models.Order"_qs));
    const PickleValue lines = whole.output.state().find("__dict__").find("lines");
    const QByteArray pickle = pickleOf(R"([{"article": "salt"}])", QString(), {lines});
    siblings.add(pickle);
    QVERIFY(!siblings.isEmpty());
    QCOMPARE(siblings.classPath(u"clerk"_qs), QString());
    QCOMPARE(siblings.answers().size(), std::size_t(1));
}

void TestPythonSiblings::thereAreEnough()
{
    PythonSiblings siblings(typeOf(schemaText));
    int added = 1;
    while (siblings.add(pickleOf(order, u"shop.models.Order"_qs)) && added < 100)
        ++added;
    QVERIFY(added < 20);
    QCOMPARE(siblings.answers().size(), std::size_t(added));
}

void TestPythonSiblings::whichOutputsHaveClasses()
{
    QVERIFY(!PythonSiblings::matter(OutputType::text()));
    QVERIFY(PythonSiblings::matter(typeOf(schemaText)));
    QVERIFY(PythonSiblings::matter(typeOf(listText)));
    QVERIFY(!PythonSiblings::matter(typeOf(R"({"type": "object"})")));
}

LLMCACHE_TEST_MAIN(TestPythonSiblings)
#include "tst_pythonsiblings.moc"
