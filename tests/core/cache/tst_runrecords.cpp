#include "../store/await.h"
#include "base/error.h"
#include "cache/runrecords.h"
#include "sampleinputs.h"
#include "testenvironment.h"

#include <QDir>
#include <QTemporaryDir>
#include <QTest>

using namespace llmcache;
using namespace llmcache::test;

class TestRunRecords : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { m_folder = std::make_unique<QTemporaryDir>(); }
    void inputsAreTheSameAgain();
    void newestFirstAndByWorkspace();
    void damagedFilesAreLeftOut();
    void draftIsTheLastOne();
    void filesAreTheOwnersAlone();
    void noWayOutOfTheFolder();

private:
    QString path() const { return m_folder->filePath(QStringLiteral("runs")); }
    std::unique_ptr<QTemporaryDir> m_folder;
};

void TestRunRecords::inputsAreTheSameAgain()
{
    SampleInputs inputs(42);
    for (int round = 0; round < 500; ++round) {
        const RunInput input = inputs.next();
        const RunInput again =
            runInputFromJson(parseJson(toJsonText(toJson(input)), QStringLiteral("input")));
        QCOMPARE(describe(again), describe(input));
        QVERIFY(again.agent == input.agent);
        QVERIFY(again.options.messageHistory == input.options.messageHistory);
        QVERIFY(again.options.attachments == input.options.attachments);
        QVERIFY(again.options.variables == input.options.variables);
    }
    // And by way of the disk.
    RunRecords records(path());
    for (int round = 0; round < 10; ++round) {
        RunRecord record;
        record.callId = QString::number(round);
        record.timeMs = 1000 + round;
        record.workspace = QStringLiteral("default");
        record.input = inputs.next();
        await(records.add(record));
        const auto list = await(records.list(QStringLiteral("default")));
        QCOMPARE(list.front().callId, record.callId);
        QCOMPARE(list.front().prompt, record.input.prompt);
        QCOMPARE(describe(await(records.read(list.front().file))), describe(record.input));
    }
}

void TestRunRecords::newestFirstAndByWorkspace()
{
    RunRecords records(path());
    RunRecord record;
    record.input = SampleInputs(1).next();
    for (const qint64 time : {3000, 1000, 2000}) {
        record.callId = QString::number(time);
        record.timeMs = time;
        record.workspace = time == 1000 ? QStringLiteral("other") : QStringLiteral("default");
        await(records.add(record));
    }
    const auto list = await(records.list(QStringLiteral("default")));
    QCOMPARE(list.size(), std::size_t(2));
    QCOMPARE(list[0].timeMs, 3000);
    QCOMPARE(list[1].timeMs, 2000);
    QCOMPARE(list[0].agent, record.input.agent.name);
    QVERIFY(await(records.list(QStringLiteral("none"))).empty());
}

void TestRunRecords::damagedFilesAreLeftOut()
{
    RunRecords records(path());
    RunRecord record;
    record.callId = QStringLiteral("1");
    record.timeMs = 1;
    record.input = SampleInputs(2).next();
    await(records.add(record));
    QFile broken(QDir(path()).filePath(QStringLiteral("999999999999999-x.run")));
    QVERIFY(broken.open(QIODevice::WriteOnly));
    broken.write("z\x01\x02");
    broken.close();
    QCOMPARE(await(records.list({})).size(), std::size_t(1));
    QVERIFY_EXCEPTION_THROWN(
        await(records.read(QStringLiteral("999999999999999-x.run"))), ConfigurationError);
}

void TestRunRecords::draftIsTheLastOne()
{
    RunRecords records(path());
    const QString place = QStringLiteral("redis host/w");
    const QString workspace = QStringLiteral("w");
    const auto draft = [](const char* prompt) {
        RunDraft made;
        made.input = SampleInputs(5).next();
        made.input.prompt = QString::fromLatin1(prompt);
        made.base = QStringLiteral("profiler");
        made.schemaText = QStringLiteral("{\"type\": ");
        return made;
    };
    QVERIFY(!await(records.loadDraft(place, workspace)));
    await(records.saveDraft(place, draft("one")));
    await(records.saveDraft(place, draft("two")));
    await(records.saveDraft(QStringLiteral("redis other/w"), draft("three")));
    const std::optional<RunDraft> kept = await(records.loadDraft(place, workspace));
    QVERIFY(kept);
    QCOMPARE(toJson(kept->input), toJson(draft("two").input));
    QCOMPARE(kept->base, QStringLiteral("profiler"));
    QCOMPARE(kept->schemaText, QStringLiteral("{\"type\": "));
    QVERIFY(await(records.list(QStringLiteral("w"))).empty()); // a draft is no run
}

void TestRunRecords::filesAreTheOwnersAlone()
{
    RunRecords records(path());
    RunRecord record;
    record.input = SampleInputs(3).next();
    await(records.add(record));
    const auto others = QFile::ReadGroup | QFile::ReadOther | QFile::WriteGroup | QFile::WriteOther;
    const auto list = QDir(path()).entryInfoList(QDir::Files);
    QCOMPARE(list.size(), 1);
    QVERIFY(!(list.front().permissions() & others));
    QVERIFY(!(QFile(path()).permissions() & others));
}

void TestRunRecords::noWayOutOfTheFolder()
{
    QFile outside(m_folder->filePath(QStringLiteral("outside.run")));
    QVERIFY(outside.open(QIODevice::WriteOnly));
    outside.write("j{}");
    outside.close();
    RunRecords records(path());
    QVERIFY_EXCEPTION_THROWN(await(records.read(QStringLiteral("../outside.run"))), ConfigurationError);
}

LLMCACHE_TEST_MAIN(TestRunRecords)
#include "tst_runrecords.moc"
