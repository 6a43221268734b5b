#include "provider/untakensettings.h"

#include <QTest>

using namespace llmcache;

class TestUntakenSettings : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void byProtocolAndModel_data();
    void byProtocolAndModel();
    void thinkingTurnsSamplingOff();
};

void TestUntakenSettings::byProtocolAndModel_data()
{
    QTest::addColumn<QString>("model");
    QTest::addColumn<QStringList>("untaken");
    const auto row = [](const char* model, const char* untaken) {
        QTest::newRow(model) << QString::fromLatin1(model)
                             << QString::fromLatin1(untaken).split(u' ', Qt::SkipEmptyParts);
    };
    row("anthropic:claude-haiku-4-5", "seed");
    row("openai:gpt-4o", "thinking top_k");
    row("openai:o3", "temperature top_k top_p");
    row("openai-responses:gpt-4o", "seed stop_sequences thinking top_k");
    row("google:gemini-2.5-flash", "");
    row("cohere:command-r", "thinking");
    row("bedrock:amazon.nova-lite-v1:0", "seed thinking top_k");
    row("test:echo", "");
    row("nobody:model", "");
}

void TestUntakenSettings::byProtocolAndModel()
{
    QFETCH(QString, model);
    QFETCH(QStringList, untaken);
    QStringList found = untakenSettings(ModelRef::parse(model), nullptr);
    found.sort();
    QCOMPARE(found, untaken);
}

void TestUntakenSettings::thinkingTurnsSamplingOff()
{
    const ModelRef claude = ModelRef::parse(QStringLiteral("anthropic:claude-haiku-4-5"));
    const QStringList found = untakenSettings(claude, "high");
    QVERIFY(found.contains(QStringLiteral("temperature")));
    QVERIFY(found.contains(QStringLiteral("top_k")));
    QVERIFY(!found.contains(QStringLiteral("thinking")));
}

QTEST_GUILESS_MAIN(TestUntakenSettings)
#include "tst_untakensettings.moc"
