#pragma once

#include "store/store.h"

#include <QObject>

namespace llmcache {

class Spool;

/// Writes ledger records behind the caller's back, batched, so that a hit does not wait for its own record.
/// What the store does not take goes to the spool. Store and spool must outlive it; await drain() before
/// destroying it.
class LedgerWriter : public QObject {
    Q_OBJECT
public:
    LedgerWriter(Store& store, Spool* spool);
    void add(Call call);
    /// Waits until nothing is queued or under way.
    QCoro::Task<> drain();

Q_SIGNALS:
    void idle();

private:
    QCoro::Task<> flush();

    Store& m_store;
    Spool* m_spool;
    std::vector<Call> m_queue;
    bool m_flushing = false;
};

} // namespace llmcache
