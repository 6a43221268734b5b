#include "provider/untaken.h"

#include <QTest>

using namespace llmcache;

class TestUntaken : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void byProtocolAndModel_data();
    void byProtocolAndModel();
    void thinkingTurnsSamplingOff();
    void attachments_data();
    void attachments();
};

void TestUntaken::byProtocolAndModel_data()
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

void TestUntaken::byProtocolAndModel()
{
    QFETCH(QString, model);
    QFETCH(QStringList, untaken);
    QStringList found = untakenSettings(ModelRef::parse(model), nullptr);
    found.sort();
    QCOMPARE(found, untaken);
}

void TestUntaken::attachments_data()
{
    QTest::addColumn<QString>("model");
    QTest::addColumn<QString>("mediaType");
    QTest::addColumn<bool>("taken");
    const auto row = [](const char* model, const char* mediaType, bool taken) {
        QTest::addRow("%s %s", model, mediaType)
            << QString::fromLatin1(model) << QString::fromLatin1(mediaType) << taken;
    };
    row("openai:gpt-4o", "image/png", true);
    row("openai:gpt-4o", "video/mp4", false);
    row("openai:gpt-4.1", "application/pdf", true);
    row("openai:gpt-4-turbo", "image/png", true);
    row("openai:gpt-4-0613", "image/png", false);
    row("openai:gpt-3.5-turbo", "image/png", false);
    row("openai:gpt-3.5-turbo", "text/csv", true);
    row("openai:o3-mini", "image/png", false);
    row("openai:o3", "image/png", true);
    row("openai:one-of-tomorrow", "image/png", true);
    row("anthropic:claude-haiku-4-5", "application/pdf", true);
    row("anthropic:claude-haiku-4-5", "audio/wav", false);
    row("anthropic:claude-2.1", "image/png", false);
    row("cohere:command-r-plus", "image/png", false);
    row("cohere:command-a-vision", "image/png", true);
    row("cohere:command-a-vision", "application/pdf", false);
    row("deepseek:deepseek-chat", "image/png", false);
    row("groq:llama-3.3-70b-versatile", "image/png", false);
    row("groq:llama-3.2-90b-vision-preview", "image/png", true);
    row("groq:meta-llama/llama-4-scout-17b-16e-instruct", "image/png", true);
    row("bedrock:us.meta.llama3-2-11b-instruct-v1:0", "image/png", true);
    row("bedrock:us.meta.llama3-3-70b-instruct-v1:0", "image/png", false);
    row("openrouter:qwen/qwen3-vl-8b-instruct", "image/png", true);
    row("openrouter:qwen/qwen3-32b", "image/png", false);
    row("openrouter:qwen/qwen2.5-vl-72b-instruct", "image/png", true);
    row("openrouter:google/gemma-3-27b-it", "image/png", true);
    row("openrouter:google/gemma-2-27b-it", "image/png", false);
    row("google:gemini-2.5-flash", "audio/wav", true);
    row("nobody:model", "image/png", true);
}

void TestUntaken::attachments()
{
    QFETCH(QString, model);
    QFETCH(QString, mediaType);
    QFETCH(bool, taken);
    Attachment note;
    note.name = QStringLiteral("note.txt");
    note.mediaType = QStringLiteral("text/plain");
    note.data = "a note";
    Attachment other;
    other.name = QStringLiteral("other");
    other.mediaType = mediaType;
    other.data = "bytes";
    const QString why = untakenAttachment(ModelRef::parse(model), {note, other});
    QVERIFY2(why.isEmpty() == taken, qPrintable(why));
    if (!taken)
        QVERIFY2(why.contains(mediaType) && why.contains(QStringLiteral("other")), qPrintable(why));
}

void TestUntaken::thinkingTurnsSamplingOff()
{
    const ModelRef claude = ModelRef::parse(QStringLiteral("anthropic:claude-haiku-4-5"));
    const QStringList found = untakenSettings(claude, "high");
    QVERIFY(found.contains(QStringLiteral("temperature")));
    QVERIFY(found.contains(QStringLiteral("top_k")));
    QVERIFY(!found.contains(QStringLiteral("thinking")));
}

QTEST_GUILESS_MAIN(TestUntaken)
#include "tst_untaken.moc"
