// Several processes on one store, and processes that run out of disk or are killed: every prompt is paid for
// once, every caller gets its answer.
#include "httpserver.h"
#include "redisserver.h"
#include "store/redis/redisstore.h"
#include "store/sqlite/sqlitestore.h"
#include "testenvironment.h"
#include "waitfortask.h"

#include "base/json.h"

#include <QDir>
#include <QProcess>
#include <QRandomGenerator>
#include <QTemporaryDir>
#include <QTest>

#include <limits>

#ifdef Q_OS_UNIX
#include <unistd.h>
#endif

using namespace llmcache;
using namespace llmcache::test;

namespace {

constexpr int processPatienceMs = 120'000;

/// A small disk: a file system in memory where this user may mount one.
class SmallDisk {
public:
    explicit SmallDisk(QString folder)
        : m_folder(std::move(folder))
    {
        m_mounted = mount(QStringLiteral("size=400k"));
    }
    ~SmallDisk()
    {
        if (m_mounted)
            QProcess::execute(QStringLiteral("umount"), {m_folder});
    }
    SmallDisk(const SmallDisk&) = delete;
    SmallDisk& operator=(const SmallDisk&) = delete;

    bool isMounted() const { return m_mounted; }
    /// Somebody tidied up.
    bool enlarge() const { return !m_mounted || mount(QStringLiteral("remount,size=64m")); }

private:
    bool mount(const QString& options) const
    {
#ifdef Q_OS_LINUX
        if (geteuid() != 0)
            return false;
        QProcess process;
        process.start(QStringLiteral("mount"),
            {QStringLiteral("-t"), QStringLiteral("tmpfs"), QStringLiteral("-o"), options,
                QStringLiteral("tmpfs"), m_folder});
        return process.waitForFinished() && process.exitStatus() == QProcess::NormalExit
            && process.exitCode() == 0;
#else
        return false;
#endif
    }

    QString m_folder;
    bool m_mounted = false;
};

/// A Chat Completions reply; `letters` of text that no compression makes small.
ScriptedReply answer(int letters)
{
    QByteArray text;
    while (text.size() < letters)
        text += QByteArray::number(QRandomGenerator::global()->generate64(), 36);
    return ScriptedReply::json(R"({"id": "c", "object": "chat.completion", "model": "gpt-4o-mini", "choices":
        [{"index": 0, "message": {"role": "assistant", "content": ")"
        + text + R"("}, "finish_reason": "stop"}], "usage": {"prompt_tokens": 10, "completion_tokens": 5}})");
}

struct Ledger {
    int calls = 0;
    int requests = 0;
};

Ledger ledgerOf(Store& store)
{
    CallQuery query;
    query.limit = std::numeric_limits<int>::max();
    Ledger ledger;
    for (const Call& call : waitForTask(store.listCalls(query))) {
        ++ledger.calls;
        ledger.requests += call.attempts;
    }
    return ledger;
}

} // namespace

class TestE2eProcesses : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();

    void fiftyProcessesPayOnce();
    void aKilledHolderIsReplaced();
    void fullDisk_data();
    void fullDisk();

private:
    std::unique_ptr<QProcess> start(
        const QString& store, const QString& data, int prompts, const QStringList& more = {}) const;
    /// What it printed; null when it did not end well.
    static Json finish(QProcess& process);

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<HttpServer> m_provider;
};

void TestE2eProcesses::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    m_provider = std::make_unique<HttpServer>();
}

std::unique_ptr<QProcess> TestE2eProcesses::start(
    const QString& store, const QString& data, int prompts, const QStringList& more) const
{
    auto process = std::make_unique<QProcess>();
    process->setProcessChannelMode(QProcess::ForwardedErrorChannel);
    process->start(QStringLiteral(LLMCACHE_FAULTRUNNER),
        QStringList{QStringLiteral("--store"), store, QStringLiteral("--data"), data,
            QStringLiteral("--provider"), m_provider->url(QStringLiteral("/v1")).toString(),
            QStringLiteral("--prompts"), QString::number(prompts)}
            + more);
    return process;
}

Json TestE2eProcesses::finish(QProcess& process)
{
    // Not waitForFinished(): the provider lives in this process and must answer meanwhile.
    const bool ended =
        QTest::qWaitFor([&process] { return process.state() == QProcess::NotRunning; }, processPatienceMs);
    if (!ended || process.exitStatus() != QProcess::NormalExit || process.exitCode() != 0)
        return nullptr;
    return Json::parse(process.readAllStandardOutput().toStdString(), nullptr, false);
}

void TestE2eProcesses::fiftyProcessesPayOnce()
{
    if (!RedisServer::isInstalled())
        QSKIP(qUtf8Printable(RedisServer::missingText()));
    RedisServer redis;
    QVERIFY2(redis.start(), qUtf8Printable(redis.log()));
    constexpr int processes = 50;
    constexpr int prompts = 20;
    // More replies than are needed: who pays twice must not be hidden by a refusal.
    for (int i = 0; i < prompts * 3; ++i) {
        ScriptedReply reply = answer(50);
        reply.holdBefore = 0;
        m_provider->enqueue(std::move(reply));
    }
    std::vector<std::unique_ptr<QProcess>> running;
    for (int i = 0; i < processes; ++i)
        running.push_back(start(redis.url(), m_folder->filePath(QString::number(i)), prompts));
    // Everybody who comes meets requests that are under way.
    QVERIFY(QTest::qWaitFor([this] { return m_provider->requests().size() >= prompts; }, processPatienceMs));
    m_provider->release();
    int runs = 0;
    int answered = 0;
    int requests = 0;
    for (const auto& process : running) {
        const Json result = finish(*process);
        QVERIFY(result.is_object());
        runs += result.at("runs").get<int>();
        answered += result.at("answered").get<int>();
        requests += result.at("requests").get<int>();
        QCOMPARE(result.at("problem"), Json(""));
    }
    const auto store = makeRedisStore(redis::RedisUrl::parse(redis.url()), QStringLiteral("default"));
    const Ledger ledger = ledgerOf(*store);
    const int paid = static_cast<int>(m_provider->requests().size());
    qInfo("50 processes: %d runs, %d answers lost, %d double payments, %d provider requests, %d in the "
          "ledger, %d "
          "calls",
        runs, runs - answered, paid - prompts, paid, ledger.requests, ledger.calls);
    QCOMPARE(runs, processes * prompts);
    QCOMPARE(answered, runs);
    QCOMPARE(paid, prompts);
    QCOMPARE(requests, prompts);
    QCOMPARE(ledger.requests, paid);
    QCOMPARE(ledger.calls, runs);
}

void TestE2eProcesses::aKilledHolderIsReplaced()
{
    if (!RedisServer::isInstalled())
        QSKIP(qUtf8Printable(RedisServer::missingText()));
    RedisServer redis;
    QVERIFY2(redis.start(), qUtf8Printable(redis.log()));
    ScriptedReply never = answer(50);
    never.holdBefore = 0;
    m_provider->enqueue(std::move(never));
    m_provider->enqueue(answer(50));
    const auto holder = start(redis.url(), m_folder->filePath(QStringLiteral("holder")), 1);
    QVERIFY(QTest::qWaitFor([this] { return m_provider->requests().size() == 1; }, processPatienceMs));
    std::vector<std::unique_ptr<QProcess>> waiters;
    for (int i = 0; i < 5; ++i)
        waiters.push_back(start(redis.url(), m_folder->filePath(QString::number(i)), 1));
    const auto store = makeRedisStore(redis::RedisUrl::parse(redis.url()), QStringLiteral("default"));
    holder->kill();
    QVERIFY(holder->waitForFinished());
    int answered = 0;
    int requests = 0;
    for (const auto& waiter : waiters) {
        const Json result = finish(*waiter);
        QVERIFY(result.is_object());
        answered += result.at("answered").get<int>();
        requests += result.at("requests").get<int>();
    }
    const Ledger ledger = ledgerOf(*store);
    const int paid = static_cast<int>(m_provider->requests().size());
    qInfo("killed holder: 5 runs, %d answers lost, %d double payments, %d provider requests (1 of the "
          "killed), %d in "
          "the ledger, %d calls",
        5 - answered, paid - 2, paid, ledger.requests, ledger.calls);
    QCOMPARE(answered, 5);
    QCOMPARE(paid, 2); // the one that died with its holder, and one
    QCOMPARE(requests, 1);
    QCOMPARE(ledger.requests, 1);
    QCOMPARE(ledger.calls, 5);
}

void TestE2eProcesses::fullDisk_data()
{
    QTest::addColumn<bool>("store");
    QTest::newRow("SQLite") << true;
    QTest::newRow("spool") << false;
}

/// The disk of the store, or of the spool while the store is away, is full after some answers. Everybody gets
/// an answer; with room again everything that was kept is stored.
void TestE2eProcesses::fullDisk()
{
#ifndef Q_OS_UNIX
    QSKIP("This system has neither small disks nor limits for the size of files.");
#endif
    QFETCH(bool, store);
    const QString full = m_folder->filePath(QStringLiteral("full"));
    QVERIFY(QDir().mkpath(full));
    const SmallDisk disk(full);
    // Without a disk of its own each file is limited instead: SQLite grows one, the spool has one an answer.
    QStringList limit;
    if (!disk.isMounted())
        limit = {QStringLiteral("--file-limit"), store ? QStringLiteral("300000") : QStringLiteral("12000")};
    RedisServer redis;
    if (!store && !RedisServer::isInstalled())
        QSKIP(qUtf8Printable(RedisServer::missingText()));
    const QString url =
        store ? QStringLiteral("sqlite://") + full + QStringLiteral("/cache.sqlite") : redis.url();
    const QString data = store ? m_folder->filePath(QStringLiteral("data")) : full + QStringLiteral("/data");
    constexpr int prompts = 30;
    for (int i = 0; i < prompts; ++i)
        m_provider->enqueue(answer(i % 2 == 0 ? 20'000 : 8'000));

    const auto first = start(url, data, prompts, limit);
    const Json result = finish(*first);
    QVERIFY(result.is_object());
    QCOMPARE(result.at("answered"), Json(prompts));
    QVERIFY2(!result.at("problem").get<std::string>().empty(), result.dump().c_str());
    QVERIFY2(result.at("stored").get<int>() < prompts, result.dump().c_str());
    const int paid = static_cast<int>(m_provider->requests().size());
    QCOMPARE(paid, prompts);

    // There is room again, and the store is there.
    QVERIFY(disk.enlarge());
    if (!store)
        QVERIFY2(redis.start(), qUtf8Printable(redis.log()));
    for (int i = 0; i < prompts; ++i)
        m_provider->enqueue(answer(100));
    const auto second = start(url, data, prompts);
    const Json again = finish(*second);
    QVERIFY(again.is_object());
    QCOMPARE(again.at("answered"), Json(prompts));
    const int hits = again.at("hits").get<int>();
    const int repaid = static_cast<int>(m_provider->requests().size()) - paid;
    const auto opened = store
        ? makeSqliteStore(full + QStringLiteral("/cache.sqlite"), QStringLiteral("default"))
        : makeRedisStore(redis::RedisUrl::parse(url), QStringLiteral("default"));
    const Ledger ledger = ledgerOf(*opened);
    qInfo("full disk of the %s (%s): %d runs, 0 answers lost, %d kept, %d paid again, %d provider requests, "
          "%d in "
          "the ledger, %d calls",
        QTest::currentDataTag(), disk.isMounted() ? "small disk" : "limited files", 2 * prompts, hits, repaid,
        paid + repaid, ledger.requests, ledger.calls);
    QCOMPARE(hits + repaid, prompts);
    QCOMPARE(ledger.requests, paid + repaid);
    QCOMPARE(ledger.calls, 2 * prompts);
    QVERIFY(!QDir(data + QStringLiteral("/spool/damaged")).exists());
    // A full spool keeps what found room, and the ledger whole; a full store loses nothing to the spool.
    QVERIFY(store ? repaid == 0 : hits > 0);
}

LLMCACHE_TEST_MAIN(TestE2eProcesses)

#include "tst_e2e_processes.moc"
