#include "processlist.h"

#include <QTest>

using namespace llmcache::app;

class ProcessListTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void passwordsAreOverwritten_data();
    void passwordsAreOverwritten();
};

void ProcessListTest::passwordsAreOverwritten_data()
{
    QTest::addColumn<QByteArray>("argument");
    QTest::addColumn<QByteArray>("shown");
    const auto row = [](const char* argument, const char* shown) {
        QTest::newRow(argument) << QByteArray(argument) << QByteArray(shown);
    };
    row("redis://ada:secret@host:6379/0", "redis://ada:******@host:6379/0");
    row("--store=rediss://:secret@host", "--store=rediss://:******@host");
    row("redis://ada:a@b@host/0?db=1", "redis://ada:***@host/0?db=1");
    row("redis+sentinel://u:pw@a:1,b:2/m/0?sentinel_password=other&sentinel_user=x",
        "redis+sentinel://u:**@a:1,b:2/m/0?sentinel_password=*****&sentinel_user=x");
    row("redis+unix://:pw@/run/redis?db=0", "redis+unix://:**@/run/redis?db=0");
    row("redis://host:6379/0", "redis://host:6379/0");
    row("redis://ada@host:6379/a@b", "redis://ada@host:6379/a@b");
    row("redis://", "redis://");
    // A prompt is nobody's URL.
    row("Explain https://ada:secret@host", "Explain https://ada:secret@host");
    row("--store", "--store");
}

void ProcessListTest::passwordsAreOverwritten()
{
    QFETCH(QByteArray, argument);
    QFETCH(QByteArray, shown);
    QByteArray program("llmcache");
    char* arguments[] = {program.data(), argument.data(), nullptr};
    maskPasswords(2, arguments);
    QCOMPARE(argument, shown);
}

QTEST_GUILESS_MAIN(ProcessListTest)
#include "tst_processlist.moc"
