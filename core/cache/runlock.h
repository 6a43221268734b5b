#pragma once

#include "cache/background.h"
#include "store/store.h"

#include <QTimer>

namespace llmcache {

/// How long the distributed lock lives without renewal, and how often it is renewed (design, guarantee 2).
inline constexpr std::chrono::milliseconds lockTtl{15'000};
inline constexpr std::chrono::milliseconds lockRenewal{5'000};

/// A held lock of one request. Renews itself; released in every outcome: by release(), by the commit that
/// carries its token, or by the destructor. What it starts it hands to `background`, which must outlive it;
/// the store must outlive that.
class RunLock {
public:
    /// Tests renew it more often.
    RunLock(Store& store, Background& background, QString fingerprint, QString token,
        std::chrono::milliseconds renewal = lockRenewal);
    ~RunLock();
    RunLock(const RunLock&) = delete;
    RunLock& operator=(const RunLock&) = delete;

    const QString& token() const { return m_token; }
    /// The commit released it.
    void released();
    /// Gives waiters this failure when the lock is let go: a permanent one, that they need not repeat.
    void setFailure(QString failure) { m_failure = std::move(failure); }

private:
    Store& m_store;
    Background& m_background;
    QString m_fingerprint;
    QString m_token;
    QString m_failure;
    QTimer m_renewal;
    bool m_held = true;
};

} // namespace llmcache
