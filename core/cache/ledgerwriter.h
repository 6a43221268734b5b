#pragma once

#include "store/store.h"

#include <QObject>
#include <QTimer>

namespace llmcache {

class Spool;

/// Writes ledger records behind the caller's back, batched, so that a hit waits neither for its own record
/// nor for that of the hit before. The record of a call that may have cost something is written at once;
/// those of hits and shared waits wait up to `hitPause` for company, so that much of them is lost if the
/// process is killed. What the store does not take goes to the spool. Store and spool must outlive it; await
/// drain() before destroying it.
class LedgerWriter : public QObject {
    Q_OBJECT
public:
    static constexpr std::chrono::milliseconds hitPause{50};

    LedgerWriter(Store& store, Spool* spool);
    void add(Call call);
    /// Writes what is queued, and waits until all that was added before the call is written (or spooled).
    QCoro::Task<> drain();

Q_SIGNALS:
    void wrote();

private:
    /// Whether what is queued can't wait.
    bool isUrgent() const;
    void startSoon(std::chrono::milliseconds pause);
    QCoro::Task<> flush();
    QCoro::Task<> write(std::vector<Call> batch);

    Store& m_store;
    Spool* m_spool;
    std::vector<Call> m_queue;
    QTimer m_timer;
    quint64 m_added = 0; ///< records so far
    quint64 m_written = 0; ///< of these
    int m_draining = 0;
    bool m_hasPaid = false; ///< a queued record is of a call that may have cost something
    bool m_writing = false;
};

} // namespace llmcache
