#include "cache/singleflight.h"

#include "base/error.h"
#include "base/gate.h"

namespace llmcache {

std::shared_ptr<Flight> SingleFlight::begin(const QString& fingerprint)
{
    auto flight = std::make_shared<Flight>();
    m_flights.insert(fingerprint, flight);
    return flight;
}

void SingleFlight::succeed(const QString& fingerprint, const RunResult& result)
{
    if (const auto flight = m_flights.take(fingerprint)) {
        flight->result = result;
        finish(flight);
    }
}

void SingleFlight::fail(const QString& fingerprint, std::exception_ptr error)
{
    if (const auto flight = m_flights.take(fingerprint)) {
        flight->error = std::move(error);
        finish(flight);
    }
}

void SingleFlight::finish(const std::shared_ptr<Flight>& flight)
{
    flight->over = true;
    Q_EMIT flight->finished();
}

QCoro::Task<> awaitFlight(std::shared_ptr<Flight> flight, std::stop_token stop)
{
    if (flight->over)
        co_return;
    Gate gate;
    Gate* const gatePointer = &gate;
    QObject::connect(flight.get(), &Flight::finished, gatePointer, &Gate::open, Qt::QueuedConnection);
    const std::stop_callback onStop(
        stop, [gatePointer] { QMetaObject::invokeMethod(gatePointer, &Gate::open, Qt::QueuedConnection); });
    if (stop.stop_requested())
        throw Cancelled();
    co_await gate.passed();
    if (stop.stop_requested() && !flight->over)
        throw Cancelled();
}

} // namespace llmcache
