#include "agent/templating.h"
#include "base/error.h"
#include "testenvironment.h"

#include <QTest>

using namespace llmcache;

class TestTemplating : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void namesComeOnceInOrder();
    void rendering_data();
    void rendering();
    void missingVariableIsNamed();
    void literalTextsRenderToThemselves();
};

void TestTemplating::namesComeOnceInOrder()
{
    QCOMPARE(templateVariables(u"{{b}} {{ a }} {{b}} \\{{c}} {{1x}} {{}} {{ über_1.x-y }}"_qs),
        (QStringList{u"b"_qs, u"a"_qs, u"über_1.x-y"_qs}));
}

void TestTemplating::rendering_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("rendered");
    QTest::newRow("plain") << "hello"
                           << "hello";
    QTest::newRow("value") << "Hi {{who}}."
                           << "Hi Ana.";
    QTest::newRow("spaces") << "Hi {{  who }}."
                            << "Hi Ana.";
    QTest::newRow("escaped") << "Write \\{{who}}"
                             << "Write {{who}}";
    QTest::newRow("values are not expanded again") << "{{nested}}"
                                                   << "{{who}}";
    QTest::newRow("JSON stays") << R"({"a":{"b":{}}})"
                                << R"({"a":{"b":{}}})";
    QTest::newRow("JSON in braces stays") << R"({{"a": 1}})"
                                          << R"({{"a": 1}})";
    QTest::newRow("open stays") << "{{who"
                                << "{{who";
    QTest::newRow("three braces") << "{{{who}}}"
                                  << "{Ana}";
    QTest::newRow("twice") << "{{who}}{{who}}"
                           << "AnaAna";
    QTest::newRow("empty") << ""
                           << "";
}

void TestTemplating::rendering()
{
    QFETCH(QString, text);
    QFETCH(QString, rendered);
    QCOMPARE(renderTemplate(text, {{u"who"_qs, u"Ana"_qs}, {u"nested"_qs, u"{{who}}"_qs}}), rendered);
}

void TestTemplating::literalTextsRenderToThemselves()
{
    // Every text of so many of these.
    const QStringList pieces{u"{"_qs, u"}"_qs, u"{{"_qs, u"}}"_qs, u"\\"_qs, u"a"_qs, u" "_qs};
    constexpr int length = 5;
    const auto count = pieces.size();
    qsizetype all = 1;
    for (int at = 0; at < length; ++at)
        all *= count;
    for (qsizetype number = 0; number < all; ++number) {
        QString text;
        for (qsizetype rest = number, at = 0; at < length; ++at, rest /= count)
            text += pieces.at(rest % count);
        const QString literal = literalTemplate(text);
        QCOMPARE(renderTemplate(literal, {}), text);
        QVERIFY2(templateVariables(literal).isEmpty(), qPrintable(literal));
    }
    QCOMPARE(literalTemplate(u"Hi {{ who }}, {{\"a\": 1}}"_qs), u"Hi \\{{ who }}, {{\"a\": 1}}"_qs);
}

void TestTemplating::missingVariableIsNamed()
{
    try {
        renderTemplate(u"{{who}} and {{language}}"_qs, {{u"who"_qs, u"Ana"_qs}});
        QFAIL("no error");
    } catch (const ConfigurationError& error) {
        QVERIFY2(error.text().contains(u"{{language}}"_qs), error.what());
        QVERIFY2(!error.message().contains(u"{{who}}"_qs), error.what());
    }
}

LLMCACHE_TEST_MAIN(TestTemplating)
#include "tst_templating.moc"
