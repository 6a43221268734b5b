#include "base/blocks.h"
#include "base/error.h"
#include "cache/callarchive.h"
#include "waitfortask.h"

#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>
#include <QUuid>

using namespace llmcache;
using namespace llmcache::test;

namespace {

constexpr qint64 dayMs = 86'400'000;
/// Ten in the morning of a day, UTC.
constexpr qint64 nowMs = 20'000 * dayMs + 10 * 3'600'000;

/// A ledger that gives a call away, and is lost while it removes what was archived.
class LostLedger : public LedgerUpkeep {
public:
    QCoro::Task<Repricing> previewRepricing(RepricingRequest, LedgerProgress, std::stop_token) override
    {
        co_return {};
    }
    QCoro::Task<Repricing> applyRepricing(RepricingRequest, LedgerProgress, std::stop_token) override
    {
        co_return {};
    }
    QCoro::Task<std::vector<AppliedRepricing>> repricings() override { co_return {}; }
    QCoro::Task<std::optional<AppliedRepricing>> undoRepricing() override { co_return std::nullopt; }
    QCoro::Task<LedgerRebuild> rebuildPacks(LedgerProgress, std::stop_token) override { co_return {}; }
    QCoro::Task<qint64> archiveCalls(
        qint64, CallSink sink, ArchiveEnd end, LedgerProgress, std::stop_token) override
    {
        Call call;
        call.id = QStringLiteral("removed already");
        sink(call);
        end();
        throw CacheError(QStringLiteral("The connection broke."));
        co_return 1;
    }
};

} // namespace

/// Old calls go to files by themselves.
class TestCallArchive : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();
    void wholeDaysAreKept();
    void filesAreTheOwnersAlone();
    void oneFileADay();
    void readOnlySessionsArchiveNothing();
    void nothingIsLostWithoutAFile();
    void whatIsSafeStaysThoughTheStoreIsLost();

private:
    std::unique_ptr<Session> open(bool readOnly = false) const
    {
        SessionConfig config;
        config.dataFolder = m_folder->path();
        config.workspace = QStringLiteral("my team");
        config.connection.readOnly = readOnly;
        return std::make_unique<Session>(config);
    }
    /// One call every twelve hours, at 6 and at 18, of the last five days.
    static void record(Session& session)
    {
        std::vector<Call> calls;
        constexpr qint64 halfDayMs = dayMs / 2;
        for (qint64 at = nowMs - 4 * dayMs - 4 * 3'600'000; at < nowMs; at += halfDayMs) {
            Call call;
            call.id = QUuid::createUuid().toString(QUuid::WithoutBraces);
            call.timeMs = at;
            call.model = QStringLiteral("openai:gpt-5");
            call.cost = Money::fromDecimal(QStringLiteral("0.25"));
            calls.push_back(call);
        }
        QCOMPARE(calls.size(), std::size_t(9));
        waitForTask(session.store().recordCalls(calls));
    }
    static KeptCalls keep(Session& session, int days, qint64 when = nowMs)
    {
        return waitForTask(keepCalls(&session, days, when, {}, {}));
    }
    QStringList files() const
    {
        return QDir(m_folder->filePath(QStringLiteral("archive"))).entryList(QDir::Files);
    }
    std::unique_ptr<QTemporaryDir> m_folder;
};

void TestCallArchive::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
}

void TestCallArchive::wholeDaysAreKept()
{
    const auto session = open();
    record(*session);
    const CostReport before = waitForTask(session->costs({}));
    const KeptCalls kept = keep(*session, 2);
    // Those of the day that is two days back, from midnight on, stay.
    const qint64 cutMs = 19'998 * dayMs;
    QCOMPARE(kept.archived, 4);
    QFile file(kept.path);
    QVERIFY2(file.open(QIODevice::ReadOnly), qPrintable(kept.path));
    QVERIFY2(kept.path.contains(QStringLiteral("/archive/calls-my_team-20241004T100000000Z")),
        qPrintable(kept.path));
    LineReader lines(&file);
    int count = 0;
    for (QByteArray line; lines.next(line); ++count)
        QVERIFY(callFromJson(parseJson(line, QStringLiteral("the archive"))).timeMs < cutMs);
    QCOMPARE(count, 4);
    const std::vector<Call> left = waitForTask(session->calls({}));
    QVERIFY(std::all_of(left.begin(), left.end(), [](const Call& call) { return call.timeMs >= cutMs; }));
    const CostReport after = waitForTask(session->costs({}));
    QCOMPARE(after.total.calls, before.total.calls);
    QCOMPARE(after.total.cost.toDecimal(), before.total.cost.toDecimal());
}

void TestCallArchive::filesAreTheOwnersAlone()
{
    const auto session = open();
    record(*session);
    const KeptCalls kept = keep(*session, 2);
    const auto others = QFile::ReadGroup | QFile::ReadOther | QFile::WriteGroup | QFile::WriteOther;
    QVERIFY(!(QFileInfo(kept.path).permissions() & others));
    QVERIFY(!(QFileInfo(QFileInfo(kept.path).path()).permissions() & others));
}

void TestCallArchive::oneFileADay()
{
    const auto session = open();
    record(*session);
    QCOMPARE(keep(*session, 2).archived, 4);
    QCOMPARE(keep(*session, 2, nowMs + 13 * 3'600'000).archived, 0); // 23:00 of the same day
    QCOMPARE(files().size(), 1);
    QCOMPARE(keep(*session, 2, nowMs + 15 * 3'600'000).archived, 2);
    QCOMPARE(files().size(), 2);
}

void TestCallArchive::readOnlySessionsArchiveNothing()
{
    record(*open());
    const auto session = open(true);
    QCOMPARE(keep(*session, 1).archived, 0);
    QCOMPARE(files(), QStringList());
    QCOMPARE(waitForTask(session->calls({})).size(), std::size_t(9));
}

void TestCallArchive::nothingIsLostWithoutAFile()
{
    const auto session = open();
    record(*session);
    QFile inTheWay(m_folder->filePath(QStringLiteral("archive")));
    QVERIFY(inTheWay.open(QIODevice::WriteOnly));
    QVERIFY_EXCEPTION_THROWN(keep(*session, 2), ConfigurationError);
    QCOMPARE(waitForTask(session->calls({})).size(), std::size_t(9));
}

void TestCallArchive::whatIsSafeStaysThoughTheStoreIsLost()
{
    // Some of the calls may be in the file alone by then.
    LostLedger ledger;
    const QString path = m_folder->filePath(QStringLiteral("calls.jsonl"));
    QVERIFY_EXCEPTION_THROWN(waitForTask(archiveToFile(&ledger, nowMs, path, {}, {})), CacheError);
    QFile file(path);
    QVERIFY(file.open(QIODevice::ReadOnly));
    QVERIFY(file.readAll().contains("removed already"));
}

QTEST_GUILESS_MAIN(TestCallArchive)
#include "tst_callarchive.moc"
