#include "cache/ledgerwriter.h"

#include "base/error.h"
#include "store/spool.h"

#include <qcorosignal.h>

#include <QLoggingCategory>

namespace llmcache {

namespace {

Q_LOGGING_CATEGORY(ledgerLog, "llmcache.ledger", QtWarningMsg)
constexpr std::size_t largestBatch = 256;

} // namespace

LedgerWriter::LedgerWriter(Store& store, Spool* spool)
    : m_store(store)
    , m_spool(spool)
{
}

void LedgerWriter::add(Call call)
{
    m_queue.push_back(std::move(call));
    if (!m_flushing) {
        m_flushing = true;
        // From the event loop, so that the records of one turn share a batch.
        QMetaObject::invokeMethod(
            this, [this] { flush(); }, Qt::QueuedConnection);
    }
}

QCoro::Task<> LedgerWriter::drain()
{
    while (m_flushing)
        co_await qCoro(this, &LedgerWriter::idle);
}

QCoro::Task<> LedgerWriter::flush()
{
    while (!m_queue.empty()) {
        std::vector<Call> batch;
        const auto count = static_cast<std::ptrdiff_t>(std::min(m_queue.size(), largestBatch));
        batch.assign(
            std::make_move_iterator(m_queue.begin()), std::make_move_iterator(m_queue.begin() + count));
        m_queue.erase(m_queue.begin(), m_queue.begin() + count);
        std::vector<Call> sent = batch;
        try {
            co_await m_store.recordCalls(std::move(sent));
            continue;
        } catch (const Error& error) {
            qCWarning(ledgerLog, "The ledger did not take %zu calls: %s", batch.size(), error.what());
        }
        if (!m_spool)
            continue;
        try {
            for (const Call& call : batch)
                m_spool->add(m_store.info(), call);
        } catch (const Error& error) {
            qCCritical(ledgerLog, "%zu calls are lost: %s", batch.size(), error.what());
        }
    }
    m_flushing = false;
    Q_EMIT idle();
}

} // namespace llmcache
