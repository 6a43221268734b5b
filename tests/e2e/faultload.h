#pragma once

#include "cache/session.h"
#include "provider/provider.h"

#include <QObject>
#include <QSet>

#include <functional>

namespace llmcache::test {

/// A provider that answers "Answer to PROMPT" and counts what is paid.
class CountingProvider final : public QObject, public Provider {
    Q_OBJECT
public:
    QCoro::Task<ProviderReply> complete(ProviderRequest request, ProviderContext context) override;

    /// Holds requests until resume(); calls `arrived` from the event loop once `count` of them are held.
    void pause(int count, std::function<void()> arrived);
    void resume();
    int requests() const { return m_requests; }
    /// Payments beyond the first, over all prompts.
    int doublePayments() const;

Q_SIGNALS:
    void resumed();

private:
    SystemClock m_clock;
    QHash<QString, int> m_paid;
    std::function<void()> m_arrived;
    int m_requests = 0;
    int m_waiting = 0;
    int m_wanted = 0;
    bool m_paused = false;
};

/// Many runs through a session of its own, and what became of them.
class FaultLoad {
public:
    FaultLoad(const QString& storeUrl, const QString& dataFolder);
    ~FaultLoad();
    FaultLoad(const FaultLoad&) = delete;
    FaultLoad& operator=(const FaultLoad&) = delete;

    /// Runs the prompts `first` to `first + count - 1`, `inFlight` at a time; returns when all are over.
    /// `afterEach` is told how many of them are.
    void run(int first, int count, int inFlight, const std::function<void(int)>& afterEach = {});
    /// Waits until the store has all that was spooled. With `byHand` it asks for that itself, otherwise it
    /// only uses the store.
    bool settle(bool byHand = false);
    /// Waits until the ledger has nothing under way.
    void drain();

    CountingProvider& provider() { return *m_provider; }
    Session& session() { return *m_session; }
    /// Hits among the runs so far.
    int hits() const { return m_hits; }
    int runs() const { return m_runs; }
    /// Runs that did not give their caller the right answer.
    int lost() const { return m_lost; }
    QString warnings() const { return QStringList(m_warnings.values()).join(QLatin1Char('\n')); }
    QString problems() const { return m_problems.join(QLatin1Char('\n')); }

    /// What the ledger knows: calls, and the provider requests that they report.
    struct Ledger {
        int calls = 0;
        int requests = 0;
    };
    Ledger ledger();
    /// Prints the figures of a fault test.
    void print(const char* what, const Ledger& ledger) const;

private:
    struct Batch;
    QCoro::Task<bool> work(std::shared_ptr<Batch> batch);

    std::unique_ptr<Session> m_session;
    CountingProvider* m_provider = nullptr;
    Agent m_agent;
    int m_runs = 0;
    int m_lost = 0;
    int m_hits = 0;
    QSet<QString> m_warnings;
    QStringList m_problems;
};

/// Asserts what every fault must leave: nothing lost, nothing paid twice, the ledger equal to the provider.
#define LLMCACHE_VERIFY_PROMISES(load, what)                                                                 \
    do {                                                                                                     \
        const auto ledgerOfLoad = (load).ledger();                                                           \
        (load).print(what, ledgerOfLoad);                                                                    \
        QVERIFY2((load).lost() == 0, qUtf8Printable((load).problems()));                                     \
        QCOMPARE((load).provider().doublePayments(), 0);                                                     \
        QCOMPARE(ledgerOfLoad.requests, (load).provider().requests());                                       \
        QCOMPARE(ledgerOfLoad.calls, (load).runs());                                                         \
    } while (false)

} // namespace llmcache::test
