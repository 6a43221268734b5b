#include "faultload.h"

#include "base/error.h"
#include "waitfortask.h"

#include <qcorosignal.h>

#include <QTest>
#include <QTimer>

#include <algorithm>
#include <limits>

namespace llmcache::test {

namespace {

constexpr int settlePatienceMs = 60'000;

QString promptNumber(int number)
{
    return QStringLiteral("Question %1").arg(number);
}

QString answerTo(const QString& prompt)
{
    return QStringLiteral("Answer to ") + prompt;
}

QCoro::Task<bool> drained(Runner* runner)
{
    co_await runner->drain();
    co_return true;
}

} // namespace

QCoro::Task<ProviderReply> CountingProvider::complete(ProviderRequest request, ProviderContext)
{
    const QString prompt = request.messages.back().text;
    ++m_paid[prompt];
    ++m_requests;
    if (m_paused) {
        if (++m_waiting == m_wanted)
            QTimer::singleShot(0, this, [this] { m_arrived(); });
        co_await qCoro(this, &CountingProvider::resumed);
    }
    const std::stop_token never;
    co_await m_clock.sleep(std::chrono::milliseconds(1), never);
    ProviderReply reply;
    reply.message = Message::assistant(answerTo(prompt));
    reply.usage.inputTokens = 10;
    reply.usage.outputTokens = 5;
    reply.usage.requests = 1;
    co_return reply;
}

void CountingProvider::pause(int count, std::function<void()> arrived)
{
    m_arrived = std::move(arrived);
    m_wanted = count;
    m_waiting = 0;
    m_paused = true;
}

void CountingProvider::resume()
{
    m_paused = false;
    Q_EMIT resumed();
}

int CountingProvider::doublePayments() const
{
    int sum = 0;
    for (const int times : m_paid)
        sum += times - 1;
    return sum;
}

struct FaultLoad::Batch {
    int next = 0;
    int end = 0;
    int over = 0;
    std::function<void(int)> afterEach;
};

FaultLoad::FaultLoad(const QString& storeUrl, const QString& dataFolder)
{
    m_agent.name = QStringLiteral("helper");
    m_agent.model = QStringLiteral("counting:model");
    SessionConfig config;
    config.storeUrl = storeUrl;
    config.dataFolder = dataFolder;
    config.identity = Identity{QStringLiteral("ana"), QStringLiteral("desk")};
    config.customCosts = {
        {QStringLiteral("counting:model"), {QStringLiteral("1"), QStringLiteral("5"), {}, {}}}};
    m_session = std::make_unique<Session>(std::move(config));
    auto owned = std::make_unique<CountingProvider>();
    m_provider = owned.get();
    m_session->providers().setProvider(QStringLiteral("counting"), std::move(owned));
}

FaultLoad::~FaultLoad()
{
    drain();
}

void FaultLoad::drain()
{
    waitForTask(drained(&m_session->runner()));
}

QCoro::Task<bool> FaultLoad::work(std::shared_ptr<Batch> batch)
{
    while (batch->next < batch->end) {
        const QString prompt = promptNumber(batch->next++);
        try {
            Agent agent = m_agent;
            RunOptions options;
            const RunResult result =
                co_await m_session->runner().run(std::move(agent), prompt, std::move(options));
            if (result.text() != answerTo(prompt)) {
                ++m_lost;
                m_problems.append(prompt + QStringLiteral(" got: ") + result.text());
            }
            m_hits += result.cached() ? 1 : 0;
            for (const QString& warning : result.warnings())
                m_warnings.insert(warning);
        } catch (const std::exception& error) {
            ++m_lost;
            m_problems.append(prompt + QStringLiteral(" failed: ") + QString::fromUtf8(error.what()));
        }
        ++m_runs;
        ++batch->over;
        if (batch->afterEach)
            batch->afterEach(batch->over);
    }
    co_return true;
}

void FaultLoad::run(int first, int count, int inFlight, const std::function<void(int)>& afterEach)
{
    auto batch = std::make_shared<Batch>();
    batch->next = first;
    batch->end = first + count;
    batch->afterEach = afterEach;
    std::vector<QCoro::Task<bool>> workers;
    for (int i = 0; i < inFlight; ++i)
        workers.push_back(work(batch));
    for (auto& worker : workers)
        waitForTask(std::move(worker));
}

bool FaultLoad::settle(bool byHand)
{
    return QTest::qWaitFor(
        [this, byHand] {
            drain();
            const StoreStatus status = waitForTask(m_session->store().status());
            if (byHand)
                waitForTask(m_session->replaySpool());
            drain();
            return status.connected && m_session->spooled() == 0;
        },
        settlePatienceMs);
}

FaultLoad::Ledger FaultLoad::ledger()
{
    drain();
    CallQuery query;
    query.limit = std::numeric_limits<int>::max();
    Ledger ledger;
    for (const Call& call : waitForTask(m_session->store().listCalls(query))) {
        ++ledger.calls;
        ledger.requests += call.attempts;
    }
    return ledger;
}

void FaultLoad::print(const char* what, const Ledger& ledger) const
{
    qInfo(
        "%s: %d runs, %d answers lost, %d double payments, %d provider requests, %d in the ledger, %d calls",
        what, m_runs, m_lost, m_provider->doublePayments(), m_provider->requests(), ledger.requests,
        ledger.calls);
}

} // namespace llmcache::test
