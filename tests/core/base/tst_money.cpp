#include "base/money.h"
#include "testenvironment.h"

#include <QTest>

using llmcache::Money;

class TestMoney : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void decimals_data();
    void decimals();
    void display_data();
    void display();
    void sumsSaturateInsteadOfWrapping();
};

void TestMoney::decimals_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<bool>("valid");
    QTest::addColumn<qint64>("picodollars");
    QTest::addColumn<QString>("again");
    QTest::newRow("zero") << "0" << true << qint64(0) << "0";
    QTest::newRow("typical") << "0.00289" << true << qint64(2'890'000'000) << "0.00289";
    QTest::newRow("a picodollar") << "0.000000000001" << true << qint64(1) << "0.000000000001";
    QTest::newRow("negative") << "-1.50" << true << qint64(-1'500'000'000'000) << "-1.5";
    QTest::newRow("exponent") << "1e-6" << true << qint64(1'000'000) << "0.000001";
    QTest::newRow("trailing zeros below a picodollar")
        << "0.5000000000000000" << true << qint64(500'000'000'000) << "0.5";
    QTest::newRow("below a picodollar") << "0.0000000000001" << false << qint64(0) << "";
    QTest::newRow("too large") << "10000000" << false << qint64(0) << "";
    QTest::newRow("empty") << "" << false << qint64(0) << "";
    QTest::newRow("words") << "free" << false << qint64(0) << "";
    QTest::newRow("two points") << "1.2.3" << false << qint64(0) << "";
    QTest::newRow("nan") << "nan" << false << qint64(0) << "";
}

void TestMoney::decimals()
{
    QFETCH(QString, text);
    QFETCH(bool, valid);
    QFETCH(qint64, picodollars);
    QFETCH(QString, again);
    const auto money = Money::fromDecimal(text);
    QCOMPARE(money.has_value(), valid);
    if (!valid)
        return;
    QCOMPARE(money->picodollars(), picodollars);
    QCOMPARE(money->toDecimal(), again);
}

void TestMoney::display_data()
{
    QTest::addColumn<QString>("exact");
    QTest::addColumn<QString>("shown");
    QTest::newRow("zero") << "0"
                          << "$0";
    QTest::newRow("under a cent") << "0.00289"
                                  << "$0.00289";
    QTest::newRow("four digits") << "0.001234567"
                                 << "$0.001235";
    QTest::newRow("under a dollar") << "0.0210"
                                    << "$0.0210";
    QTest::newRow("thousands") << "1930.444"
                               << "$1,930.44";
    QTest::newRow("negative") << "-2"
                              << "-$2.00";
}

void TestMoney::display()
{
    QFETCH(QString, exact);
    QFETCH(QString, shown);
    QCOMPARE(Money::fromDecimal(exact)->toDisplay(), shown);
}

void TestMoney::sumsSaturateInsteadOfWrapping()
{
    const Money most = Money::fromPicodollars(std::numeric_limits<qint64>::max());
    QCOMPARE(most + Money::fromPicodollars(1), most);
    QCOMPARE(most * 2, most);
    QCOMPARE(Money::fromPicodollars(3) - Money::fromPicodollars(5), Money::fromPicodollars(-2));
}

LLMCACHE_TEST_MAIN(TestMoney)
#include "tst_money.moc"
