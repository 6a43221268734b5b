#include "cache/ledgerwriter.h"

#include "base/error.h"
#include "base/gate.h"
#include "store/spool.h"

#include <QLoggingCategory>
#include <QScopeGuard>

namespace llmcache {

namespace {

using namespace std::chrono_literals;

Q_LOGGING_CATEGORY(ledgerLog, "llmcache.ledger", QtWarningMsg)
constexpr std::size_t largestBatch = 2048;

} // namespace

LedgerWriter::LedgerWriter(Store& store, Spool* spool)
    : m_store(store)
    , m_spool(spool)
{
    m_timer.setSingleShot(true);
    connect(&m_timer, &QTimer::timeout, this, [this] {
        if (!m_writing)
            flush();
    });
}

void LedgerWriter::add(Call call)
{
    m_hasPaid = m_hasPaid || (call.outcome != Outcome::Hit && call.outcome != Outcome::Shared);
    m_queue.push_back(std::move(call));
    ++m_added;
    // From the event loop even when urgent, so that the records of one turn share a batch.
    if (!m_writing)
        startSoon(isUrgent() ? 0ms : hitPause);
}

bool LedgerWriter::isUrgent() const
{
    return m_hasPaid || m_draining > 0 || m_queue.size() >= largestBatch;
}

void LedgerWriter::startSoon(std::chrono::milliseconds pause)
{
    if (!m_timer.isActive() || pause < m_timer.intervalAsDuration())
        m_timer.start(pause);
}

QCoro::Task<> LedgerWriter::drain()
{
    ++m_draining;
    const auto done = qScopeGuard([this] { --m_draining; });
    const quint64 last = m_added;
    while (m_written < last) {
        if (!m_writing)
            startSoon(0ms);
        Gate gate;
        connect(this, &LedgerWriter::wrote, &gate, &Gate::open, Qt::QueuedConnection);
        co_await gate.passed();
    }
}

QCoro::Task<> LedgerWriter::flush()
{
    m_writing = true;
    do {
        std::vector<Call> batch;
        if (m_queue.size() <= largestBatch) {
            batch.swap(m_queue);
            m_hasPaid = false;
        } else {
            const auto end = m_queue.begin() + largestBatch;
            batch.assign(std::make_move_iterator(m_queue.begin()), std::make_move_iterator(end));
            m_queue.erase(m_queue.begin(), end);
        }
        const std::size_t count = batch.size();
        co_await write(std::move(batch));
        m_written += count;
        Q_EMIT wrote();
    } while (!m_queue.empty() && isUrgent());
    m_writing = false;
    if (!m_queue.empty())
        startSoon(hitPause);
}

QCoro::Task<> LedgerWriter::write(std::vector<Call> batch)
{
    std::vector<Call> sent = batch;
    try {
        co_await m_store.recordCalls(std::move(sent));
        co_return;
    } catch (const Error& error) {
        qCWarning(ledgerLog, "The ledger did not take %zu calls: %s", batch.size(), error.what());
    }
    if (!m_spool)
        co_return;
    try {
        for (const Call& call : batch)
            m_spool->add(m_store.info(), call);
    } catch (const Error& error) {
        qCCritical(ledgerLog, "%zu calls are lost: %s", batch.size(), error.what());
    }
}

} // namespace llmcache
