#include "cache/runlock.h"

#include "base/error.h"

#include <QLoggingCategory>

namespace llmcache {

namespace {

Q_LOGGING_CATEGORY(lockLog, "llmcache.lock", QtWarningMsg)

// Free coroutines: they outlive the lock object.
QCoro::Task<> renew(Store* store, QString fingerprint, QString token)
{
    try {
        const bool kept = co_await store->renewLock(fingerprint, token, lockTtl);
        if (!kept)
            qCWarning(lockLog, "The lock of a run was lost; its answer is kept all the same.");
    } catch (const Error& error) {
        qCWarning(lockLog, "The lock of a run could not be renewed: %s", error.what());
    }
}

QCoro::Task<> release(Store* store, QString fingerprint, QString token, QString failure)
{
    try {
        co_await store->unlock(fingerprint, token, failure);
    } catch (const Error& error) {
        // It expires by itself; waiters poll.
        qCWarning(lockLog, "The lock of a run could not be released: %s", error.what());
    }
}

} // namespace

RunLock::RunLock(Store& store, Background& background, QString fingerprint, QString token,
    std::chrono::milliseconds renewal)
    : m_store(store)
    , m_background(background)
    , m_fingerprint(std::move(fingerprint))
    , m_token(std::move(token))
{
    m_renewal.setInterval(renewal);
    QObject::connect(&m_renewal, &QTimer::timeout, &m_renewal,
        [this] { m_background.start(renew(&m_store, m_fingerprint, m_token)); });
    m_renewal.start();
}

RunLock::~RunLock()
{
    if (m_held)
        m_background.start(release(&m_store, m_fingerprint, m_token, m_failure));
}

void RunLock::released()
{
    m_held = false;
    m_renewal.stop();
}

} // namespace llmcache
