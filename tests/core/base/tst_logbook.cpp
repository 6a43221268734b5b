#include "base/logbook.h"
#include "base/redact.h"

#include <QSignalSpy>
#include <QTest>

using namespace llmcache;

class TestLogBook : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void secretsAreTakenOut_data();
    void secretsAreTakenOut();
    void aSecretAtTheCutIsTakenOut();
    void linesAreBounded();
};

void TestLogBook::secretsAreTakenOut_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("expected");
    const auto row = [](const char* text, const char* expected) {
        QTest::newRow(text) << QString::fromLatin1(text) << QString::fromLatin1(expected);
    };
    row("a redis://h:1/0 b", "a redis://h:1/0 b");
    row("redis://:pw@h:1/0", "redis://***@h:1/0");
    row("x redis://u:p@w/?@h y", "x redis://***@h y");
    row("redis+sentinel://a/m?sentinel_user=w&sentinel_password=x&db=1",
        "redis+sentinel://a/m?sentinel_user=w&sentinel_password=***&db=1");
    row("rediss://h/0?key=/k.pem", "rediss://h/0?key=/k.pem");
    row("https://g.example/v1?key=0123456789", "https://g.example/v1?key=***");
    row("key sk-proj-abcdefghijklmnop1234 used", "key *** used");
    row("AIzaSyA1234567890abcdefg", "***");
    row("Authorization: Bearer abcdef123456", "Authorization: *** ***");
    row("{\"password\": \"hunter2\"}", "{\"password\": \"***\"}");
    row("the answer has 12 tokens", "the answer has 12 tokens");
}

void TestLogBook::secretsAreTakenOut()
{
    QFETCH(QString, text);
    QFETCH(QString, expected);
    QCOMPARE(redacted(text), expected);
    LogBook book;
    book.add(LogBook::Level::Info, QStringLiteral("llmcache.test"), text);
    QCOMPARE(book.lines().front().text, expected);
}

void TestLogBook::aSecretAtTheCutIsTakenOut()
{
    LogBook book;
    const QString start = QString(1985, QLatin1Char('x')) + QStringLiteral(" redis://:hunter2hunter2");
    book.add(LogBook::Level::Info, QStringLiteral("c"), start + QStringLiteral("@cache.example:6379/0"));
    const QString text = book.lines().front().text;
    QVERIFY2(!text.contains(QLatin1String("hunt")), qPrintable(text));
    QCOMPARE(text.size(), 2000);
}

void TestLogBook::linesAreBounded()
{
    LogBook book;
    const QSignalSpy added(&book, &LogBook::added);
    const int count = static_cast<int>(LogBook::capacity) + 10;
    for (int i = 0; i < count; ++i)
        book.add(LogBook::Level::Warning, QStringLiteral("c"), QStringLiteral("line %1\x1b[2J").arg(i));
    QCOMPARE(added.size(), count);
    const auto all = book.lines();
    QCOMPARE(all.size(), LogBook::capacity);
    QCOMPARE(all.front().text, QStringLiteral("line 10 [2J"));
    QCOMPARE(all.back().number, qint64(count));
    QCOMPARE(book.lines(count - 2).size(), std::size_t(2));
    QVERIFY(logLineText(all.back()).contains(QLatin1String(" warning c: line")));
    book.clear();
    QVERIFY(book.lines().empty());
}

QTEST_GUILESS_MAIN(TestLogBook)
#include "tst_logbook.moc"
