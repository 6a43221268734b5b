// Killed in the middle, the program leaves files as they were or as they are to be, and nothing in between.
#include "commandline.h"

#include <QDir>
#include <QFile>

using namespace llmcache;
using namespace llmcache::test;

namespace {

/// Later and later, until the program is quicker.
constexpr int kills = 24;
constexpr int stepMs = 3;

QStringList words(const QString& line)
{
    return line.split(QLatin1Char(' '));
}

QByteArray contentOf(const QString& path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

} // namespace

class TestE2eCrashes : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void connectionsStayWhole();
    void exportsAreWholeOrNotThere();

private:
    /// Starts the program and kills it after `round` steps, unless it has ended by then.
    static void runAndKill(const CommandLine& user, const QStringList& arguments, int round)
    {
        const auto process = user.start(arguments);
        process->waitForFinished(1 + round * stepMs);
        process->kill();
        process->waitForFinished();
    }
};

void TestE2eCrashes::connectionsStayWhole()
{
    const CommandLine user;
    const QString data = user.home() + QStringLiteral("/data");
    const auto line = [&data](const QString& text) {
        return words(text) + QStringList{QStringLiteral("--config"), data};
    };
    LLMCACHE_VERIFY_EXIT(user.run(line(QStringLiteral("connections add first redis://a.example"))), 0);
    for (int round = 0; round < kills; ++round) {
        runAndKill(user, line(QStringLiteral("connections add next-%1 redis://b.example").arg(round)), round);
        const Json list =
            Json::parse(contentOf(data + QStringLiteral("/connections.json")).toStdString(), nullptr, false);
        QVERIFY2(list.is_object() && list.contains("connections"), qPrintable(QString::number(round)));
        QCOMPARE(list["connections"][0].value("name", ""), std::string("first"));
    }
    // Nor is the list locked by somebody who is gone.
    LLMCACHE_VERIFY_EXIT(user.run(line(QStringLiteral("connections add last redis://c.example"))), 0);
}

void TestE2eCrashes::exportsAreWholeOrNotThere()
{
    const CommandLine user;
    const QString agent =
        user.writeFile(QStringLiteral("a.agent.json"), R"({"name": "a", "model": "test:echo"})");
    constexpr int entries = 5;
    for (int i = 0; i < entries; ++i)
        LLMCACHE_VERIFY_EXIT(
            user.run(words(QStringLiteral("run --agent %1 --prompt p%2").arg(agent).arg(i))), 0);
    const QString target = user.home() + QStringLiteral("/all.jsonl");
    LLMCACHE_VERIFY_EXIT(user.run({QStringLiteral("entries"), QStringLiteral("export"), target}), 0);
    const QByteArray whole = contentOf(target);
    const QByteArray before = "what was there before\n";
    for (int round = 0; round < kills; ++round) {
        user.writeFile(QStringLiteral("all.jsonl"), before);
        runAndKill(user, {QStringLiteral("entries"), QStringLiteral("export"), target}, round);
        const QByteArray now = contentOf(target);
        QVERIFY2(now == before || now.count('\n') == whole.count('\n'), now.constData());
    }
    // What was spared is readable afterwards.
    LLMCACHE_VERIFY_EXIT(user.run({QStringLiteral("entries"), QStringLiteral("list")}), 0);
}

QTEST_GUILESS_MAIN(TestE2eCrashes)
#include "tst_e2e_crashes.moc"
