#include "cache/singleflight.h"

#include "base/error.h"

#include <qcorosignal.h>

namespace llmcache {

namespace {

/// Turns the end of a flight or a stop request, whichever is first, into a signal that a coroutine can wait
/// for.
class FlightWaiter : public QObject {
    Q_OBJECT
public:
    void wake()
    {
        // Once: QCoro's awaiter of a signal does not survive a second emission before it is resumed.
        if (!std::exchange(m_awake, true))
            Q_EMIT woken();
    }
Q_SIGNALS:
    void woken();

private:
    bool m_awake = false;
};

} // namespace

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
    FlightWaiter waiter;
    FlightWaiter* const waiterPointer = &waiter;
    QObject::connect(
        flight.get(), &Flight::finished, waiterPointer, &FlightWaiter::wake, Qt::QueuedConnection);
    const std::stop_callback onStop(stop, [waiterPointer] {
        QMetaObject::invokeMethod(waiterPointer, &FlightWaiter::wake, Qt::QueuedConnection);
    });
    if (stop.stop_requested())
        throw Cancelled();
    co_await qCoro(waiterPointer, &FlightWaiter::woken);
    if (stop.stop_requested() && !flight->over)
        throw Cancelled();
}

} // namespace llmcache

#include "singleflight.moc"
