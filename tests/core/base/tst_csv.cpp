#include "base/csv.h"

#include <QTest>

using namespace llmcache;

class CsvTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void csvFields_data();
    void csvFields();
    void aTextIsNoNumber();
};

void CsvTest::csvFields_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("field");
    QTest::newRow("plain") << QStringLiteral("greeter") << QStringLiteral("greeter");
    QTest::newRow("comma") << QStringLiteral("a,b") << QStringLiteral("\"a,b\"");
    QTest::newRow("quotes") << QStringLiteral("say \"hi\"") << QStringLiteral("\"say \"\"hi\"\"\"");
    QTest::newRow("lines") << QStringLiteral("a\nb") << QStringLiteral("\"a\nb\"");
    // What a spreadsheet would calculate.
    QTest::newRow("equals") << QStringLiteral("=1+1") << QStringLiteral("'=1+1");
    QTest::newRow("plus") << QStringLiteral("+cmd") << QStringLiteral("'+cmd");
    QTest::newRow("at") << QStringLiteral("@SUM(A1)") << QStringLiteral("'@SUM(A1)");
    QTest::newRow("minus") << QStringLiteral("-cmd") << QStringLiteral("'-cmd");
    QTest::newRow("tab") << QStringLiteral("\t=1") << QStringLiteral("'\t=1");
    QTest::newRow("line feed") << QStringLiteral("\n=1") << QStringLiteral("\"'\n=1\"");
    QTest::newRow("wide equals") << QStringLiteral("\uFF1D1+1") << QStringLiteral("'\uFF1D1+1");
    QTest::newRow("quoted formula") << QStringLiteral("=HYPERLINK(\"http://x\")")
                                    << QStringLiteral("\"'=HYPERLINK(\"\"http://x\"\")\"");
    QTest::newRow("negative number") << QStringLiteral("-1") << QStringLiteral("-1");
    QTest::newRow("number") << QStringLiteral("0.0042") << QStringLiteral("0.0042");
}

void CsvTest::csvFields()
{
    QFETCH(QString, text);
    QTEST(csvField(text), "field");
}

void CsvTest::aTextIsNoNumber()
{
    QCOMPARE(csvField(QStringLiteral("-1"), false), QStringLiteral("'-1"));
    QCOMPARE(csvField(QStringLiteral("-1"), true), QStringLiteral("-1"));
}

QTEST_GUILESS_MAIN(CsvTest)
#include "tst_csv.moc"
