#include "interop/pythonresult.h"

#include "interop/picklesummary.h"
#include "interop/pythondump.h"
#include "picklesamples.h"
#include "testenvironment.h"

#include <QTest>

#include <limits>

using namespace llmcache;

class TestPythonResult : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void text();
    void dict();
    void pydanticModel();
    void resultsOfOldVersions();
    void otherPickles();
    void costs_data();
    void costs();
    void dump_data();
    void dump();
    void dumpIsBounded();
    void summary_data();
    void summary();
    void floats();
};

void TestPythonResult::text()
{
    // In protocol 0, with the counts as they were called before version 1 of pydantic-ai.
    const PythonResult result = readPythonResult(
        QByteArray("ccopy_reg\n_reconstructor\np0\n(cpyai_caching.agent\nCachedResult\np1\n"
                   "c__builtin__\nobject\np2\nNtp3\nRp4\n(dp5\nVoutput\np6\nVh\xe9\np7\nsV_usage\np8\n"
                   "(dp9\nVrequest_tokens\np10\nI10\nsVresponse_tokens\np11\nI300\nsVrequests\np12\nI1\n"
                   "sVdetails\np13\nNssVmodel\np14\nVgpt-4o\np15\nsVcost\np16\nF0.30000000000000004\nsb."));
    QVERIFY(result.isCachedResult);
    QCOMPARE(result.outputClass, QStringLiteral("str"));
    QCOMPARE(result.outputText(), QStringLiteral("hé"));
    QCOMPARE(result.outputJson(), Json("hé"));
    QCOMPARE(result.outputExcerpt(1), QStringLiteral("h"));
    QCOMPARE(result.model, QStringLiteral("gpt-4o"));
    QCOMPARE(result.usage.inputTokens, 10);
    QCOMPARE(result.usage.outputTokens, 300);
    QCOMPARE(result.usage.requests, 1);
    // The float as it is, and the nearest amount that there is.
    QCOMPARE(result.costText, QStringLiteral("0.30000000000000004"));
    QCOMPARE(result.cost, Money::fromDecimal(QStringLiteral("0.3")));
}

void TestPythonResult::dict()
{
    const PythonResult result = readPythonResult(test::dictResult());
    QCOMPARE(result.outputClass, QStringLiteral("dict"));
    QCOMPARE(result.outputText(), QStringLiteral(R"({"a":[1,2.5,null,true],"b":"é"})"));
    QCOMPARE(result.outputExcerpt(200), QStringLiteral("{'a': [1, 2.5, None, True], 'b': 'é'}"));
    QCOMPARE(result.costText, QStringLiteral("0.000000125"));
    QCOMPARE(result.cost, Money::fromPicodollars(125'000));
}

void TestPythonResult::pydanticModel()
{
    const PythonResult result = readPythonResult(test::profileResult());
    QCOMPARE(result.outputClass, QStringLiteral("app.models.Profile"));
    QCOMPARE(toJsonText(result.outputJson()), toJsonText(parseJson(test::profileJson(), {})));
    QCOMPARE(result.model, QStringLiteral("claude-haiku-4-5"));
    QCOMPARE(result.cost, Money::fromDecimal(QStringLiteral("0.00075")));
    QCOMPARE(result.usage.inputTokens, 1830);
    QCOMPARE(result.usage.cacheReadTokens, 1000);
    QCOMPARE(result.usage.outputTokens, 212);
    QCOMPARE(result.usage.reasoningTokens, 64);
    QCOMPARE(stringMember(result.rawUsage(), "tool_calls", QStringLiteral("none")), QStringLiteral("none"));
    QCOMPARE(integerMember(result.rawUsage(), "tool_calls", -1), 0);
    QVERIFY2(result.outputExcerpt(200).startsWith(
                 QStringLiteral("Profile(name='Alex', born=date('1994-05-06'), ")),
        qPrintable(result.outputExcerpt(200)));
    QCOMPARE(result.outputExcerpt(20), QStringLiteral("Profile(name='Alex'…"));
}

void TestPythonResult::resultsOfOldVersions()
{
    // An AgentRunResult: the answer is "data", the usage part of the state, model and cost are not in it.
    const PythonResult result = readPythonResult(QByteArray::fromHex(
        "800263707964616e7469635f61692e6167656e740a4167656e7452756e526573756c740a7100298171017d7102285804"
        "0000006461746171035803000000"
        "6f6c64710458110000005f6f75747075745f746f6f6c5f6e616d6571054e58060000005f73746174657106637079646164"
        "6e7469635f61692e75736167650a47726170684167656e7453746174650a7107298171087d710928580f0000006d657373"
        "6167655f686973746f7279710a5d710b58050000007573616765710c63707964616e7469635f61692e75736167650a5573"
        "6167650a710d2981710e7d710f285808000000726571756573747371104b02580e000000726571756573745f746f6b656e"
        "7371114b07580f000000726573706f6e73655f746f6b656e7371124b09580700000064657461696c7371134e7562756275"
        "622e"));
    QVERIFY(!result.isCachedResult);
    QCOMPARE(result.outputText(), QStringLiteral("old"));
    QCOMPARE(result.usage.inputTokens, 7);
    QCOMPARE(result.usage.requests, 2);
    QVERIFY(result.model.isEmpty());
    QVERIFY(!result.cost);
}

void TestPythonResult::otherPickles()
{
    const PythonResult result = readPythonResult(QByteArray("cos\nsystem\n(Vrm -rf /\ntR."));
    QVERIFY(!result.isCachedResult);
    QVERIFY(result.output.isNull());
    QVERIFY(result.outputText().isEmpty());
    QVERIFY_EXCEPTION_THROWN(readPythonResult(QByteArray("{\"v\": 1}")), PickleError);
}

void TestPythonResult::costs_data()
{
    QTest::addColumn<QByteArray>("pickled");
    QTest::addColumn<QString>("text");
    QTest::addColumn<qint64>("picodollars");
    QTest::newRow("float") << QByteArray("F0.00289\n") << QStringLiteral("0.00289") << qint64(2'890'000'000);
    QTest::newRow("whole") << QByteArray("F2.0\n") << QStringLiteral("2.0") << qint64(2'000'000'000'000);
    QTest::newRow("int") << QByteArray("I0\n") << QStringLiteral("0") << qint64(0);
    QTest::newRow("small") << QByteArray("F1.5e-13\n") << QStringLiteral("0.00000000000015") << qint64(0);
    QTest::newRow("rounded up") << QByteArray("F1.5e-12\n") << QStringLiteral("0.0000000000015") << qint64(2);
    QTest::newRow("negative") << QByteArray("F-1.5e-12\n") << QStringLiteral("-0.0000000000015")
                              << qint64(-2);
    QTest::newRow("Decimal") << QByteArray("cdecimal\nDecimal\n(V0.10\ntR") << QStringLiteral("0.10")
                             << qint64(100'000'000'000);
    QTest::newRow("None") << QByteArray("N") << QString() << qint64(-1);
    QTest::newRow("nan") << QByteArray("Fnan\n") << QString() << qint64(-1);
    QTest::newRow("huge") << QByteArray("F1e300\n") << QString() << qint64(-1);
}

void TestPythonResult::costs()
{
    QFETCH(QByteArray, pickled);
    QFETCH(QString, text);
    QFETCH(qint64, picodollars);
    const PythonResult result =
        readPythonResult("cpyai_caching.agent\nCachedResult\n)\x81}(Vcost\n" + pickled + "ub.");
    QVERIFY(result.isCachedResult);
    QCOMPARE(result.costText.value_or(QString()), text);
    QCOMPARE(result.cost ? result.cost->picodollars() : qint64(-1), picodollars);
}

void TestPythonResult::dump_data()
{
    QTest::addColumn<QByteArray>("pickled");
    QTest::addColumn<QByteArray>("json");
    const auto row = [](const char* name, const QByteArray& pickled, const char* json) {
        QTest::newRow(name) << pickled << QByteArray(json);
    };
    row("set of protocol 2", "c__builtin__\nset\n](I1\nI2\ne\x85R", "[1,2]");
    row("bytes of protocol 2",
        "c_codecs\nencode\n(V\xe9"
        "a\nVlatin1\ntR",
        "\"\xef\xbf\xbd"
        "a\"");
    row("negative timedelta", "cdatetime\ntimedelta\n(I-1\nI3\nI0\ntR", "\"-PT23H59M57S\"");
    row("no time", "cdatetime\ntimedelta\n(I0\nI0\nI0\ntR", "\"PT0S\"");
    row("years", "cdatetime\ntimedelta\n(I400\nI5\nI5\ntR", "\"P1Y35DT5.000005S\"");
    row("an enum by name", "c__builtin__\ngetattr\n(capp\nColor\nVRED\ntR", "\"RED\"");
    row("named tuple", "capp\nPair\n(I1\nVb\nt\x81", "[1,\"b\"]");
    row("subclass of str", "capp\nName\n(Vx\nt\x81}b", "\"x\"");
    row("OrderedDict", "ccollections\nOrderedDict\n)R(Va\nI1\nVa\nI2\nu", "{\"a\":2}");
    row("Counter", "ccollections\nCounter\n}(Va\nI2\nu\x85R", "{\"a\":2}");
    row("deque", "ccollections\ndeque\n)RI1\na", "[1]");
    row("keys", "}(NI1\n\x88I2\nF1.5\nI3\nI4\nI4\n(I1\nVb\ntI5\nu",
        "{\"None\":1,\"true\":2,\"1.5\":3,\"4\":4,\"1,b\":5}");
    row("slots", "capp\nPoint\n)\x81(N}(Vx\nI1\nutb", "{\"x\":1}");
    row("address", "cipaddress\nIPv4Address\n(I16909060\ntR", "\"1.2.3.4\"");
    row("Fraction", "cfractions\nFraction\n(I1\nI3\ntR", "\"1/3\"");
    row("complex", "c__builtin__\ncomplex\n(F1.0\nF-2.5\ntR", "\"1-2.5j\"");
    row("pattern", "cre\n_compile\n(Va+b\nI32\ntR", "\"a+b\"");
    row("a large number", "L123456789012345678901234567890L\n", "\"123456789012345678901234567890\"");
    row("something else", "cos\nsystem\n(Vls\nI2\ntR", "\"os.system('ls', 2)\"");
    row("a class", "capp\nColor\n", "\"app.Color\"");
    row("a zone",
        "cdatetime\ndatetime\n(c_codecs\nencode\n(V\\u0007\xe8\x07\x01"
        "\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\n"
        "Vlatin1\ntRczoneinfo\nZoneInfo._unpickle\n(VEurope/Berlin\nI1\ntRtR",
        "\"2024-07-01T00:00:00+02:00\"");
}

void TestPythonResult::dump()
{
    QFETCH(QByteArray, pickled);
    QFETCH(QByteArray, json);
    const PickleDocument document = readPickle(pickled + ".");
    QCOMPARE(toJsonText(pythonDump(document.root())), json);
}

void TestPythonResult::dumpIsBounded()
{
    const PickleDocument itself = readPickle(QByteArray("]q\x01h\x01"
                                                        "a."));
    QVERIFY_EXCEPTION_THROWN(pythonDump(itself.root()), CacheError);
    QByteArray laughs("](NNNNNNNNNNe");
    for (int level = 0; level < 30; ++level)
        laughs += "q\x01"
                  "0](h\x01h\x01h\x01h\x01h\x01h\x01h\x01h\x01"
                  "e";
    const PickleDocument billion = readPickle(laughs + ".");
    QVERIFY_EXCEPTION_THROWN(pythonDump(billion.root(), 1024 * 1024), CacheError);
    QCOMPARE(pickleSummary(billion.root(), 40).size(), 40);
}

void TestPythonResult::summary_data()
{
    QTest::addColumn<QByteArray>("pickled");
    QTest::addColumn<QString>("text");
    const auto row = [](const char* name, const QByteArray& pickled, const char* text) {
        QTest::newRow(name) << pickled << QString::fromUtf8(text);
    };
    row("quotes", "V'a' \"b\"\n", R"('\'a\' "b"')");
    row("an apostrophe", "Vit's\n", R"("it's")");
    row("what drives a terminal", "", "");
    row("one in a tuple", "I1\n\x85", "(1,)");
    row("itself",
        "]q\x01h\x01"
        "a",
        "[...]");
    row("a model's class", "capp.models\nOuter.Inner\n)\x81}(Vx\nI1\nub", "Inner(x=1)");
    row("a call", "cos\nsystem\n(Vls\ntR", "os.system('ls')");
    row("a call with more", "cos\nsystem\n(Vls\n](I1\netR", "os.system('ls', [1])");
    row("bytes",
        QByteArray("C\x04"
                   "a\x1b'\xff",
            6),
        R"(b"a\x1b'\xff")");
    row("sets", "c__builtin__\nset\n](I1\ne\x85R", "{1}");
    row("persistent", "Pfile\n", "<persistent 'file'>");
}

void TestPythonResult::summary()
{
    QFETCH(QByteArray, pickled);
    QFETCH(QString, text);
    if (text.isEmpty()) {
        // ESC, C1, a right-to-left override and a lone surrogate
        const QByteArray evil("\x1b]0;\xc2\x9b\xe2\x80\xae\xed\xa0\x80");
        const PickleDocument document =
            readPickle("\x8c" + QByteArray(1, static_cast<char>(evil.size())) + evil + ".");
        QCOMPARE(pickleSummary(document.root()), QStringLiteral("'\\x1b]0;\\x9b\\u202e\\ud800'"));
        return;
    }
    const PickleDocument document = readPickle(pickled + ".");
    QCOMPARE(pickleSummary(document.root()), text);
}

void TestPythonResult::floats()
{
    QCOMPARE(pythonFloatText(1), "1.0");
    QCOMPARE(pythonFloatText(-0.0), "-0.0");
    QCOMPARE(pythonFloatText(0.0001), "0.0001");
    QCOMPARE(pythonFloatText(0.00001), "1e-05");
    QCOMPARE(pythonFloatText(1e15), "1000000000000000.0");
    QCOMPARE(pythonFloatText(1e16), "1e+16");
    QCOMPARE(pythonFloatText(123456789012345680.0), "1.2345678901234568e+17");
    QCOMPARE(pythonFloatText(5e-324), "5e-324");
    QCOMPARE(pythonFloatText(std::numeric_limits<double>::infinity()), "inf");
}

LLMCACHE_TEST_MAIN(TestPythonResult)
#include "tst_pythonresult.moc"
