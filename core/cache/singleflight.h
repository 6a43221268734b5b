#pragma once

#include "cache/run.h"

#include <QHash>
#include <QObject>

#include <exception>

namespace llmcache {

/// A paid run under way, which identical runs of the same process wait for.
class Flight : public QObject {
    Q_OBJECT
public:
    std::optional<RunResult> result;
    std::exception_ptr error;
    bool over = false;

Q_SIGNALS:
    void finished();
};

/// The flights of one runner, by fingerprint. Thread-affine.
class SingleFlight {
public:
    std::shared_ptr<Flight> find(const QString& fingerprint) const { return m_flights.value(fingerprint); }
    std::shared_ptr<Flight> begin(const QString& fingerprint);
    void succeed(const QString& fingerprint, const RunResult& result);
    void fail(const QString& fingerprint, std::exception_ptr error);

private:
    static void finish(const std::shared_ptr<Flight>& flight);
    QHash<QString, std::shared_ptr<Flight>> m_flights;
};

/// Waits for a flight to end. Throws Cancelled as soon as `stop` is requested.
QCoro::Task<> awaitFlight(std::shared_ptr<Flight> flight, std::stop_token stop);

} // namespace llmcache
