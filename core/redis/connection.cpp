#include "redis/connection.h"

#include "redis/breaker_p.h"
#include "redis/link_p.h"
#include "redis/linkerrors_p.h"
#include "redis/subscriber.h"

#include <QCoreApplication>
#include <QEvent>
#include <QRandomGenerator>

#include <deque>

namespace llmcache::redis {

namespace {

/// The command timeout is measured in ticks of one timer, so that a command need not read the clock.
constexpr int ticksPerTimeout = 8;

const QEvent::Type flushEvent = static_cast<QEvent::Type>(QEvent::registerEventType());

using PendingPointer = std::shared_ptr<PendingState>;

/// A script's refusal carries the code inside its text in Redis 6.2.
bool isDemotion(const Reply& reply)
{
    return reply.isError("READONLY") || (reply.isError() && reply.bytes.contains("-READONLY "));
}

std::chrono::steady_clock::time_point now()
{
    return std::chrono::steady_clock::now();
}

} // namespace

struct Connection::Private final : public LinkListener {
    Private(Connection* connection, ConnectionSettings connectionSettings, Resolver endpointResolver)
        : q(connection)
        , settings(std::move(connectionSettings))
        , resolver(std::move(endpointResolver))
    {
        tickTimer.setInterval(settings.commandTimeout / ticksPerTimeout);
        QObject::connect(&tickTimer, &QTimer::timeout, q, [this] { tickPassed(); });
        graceTimer.setSingleShot(true);
        QObject::connect(&graceTimer, &QTimer::timeout, q, [this] { giveUpOnProbe(); });
    }

    void linkReady() override;
    void linkReplied(Reply&& reply) override;
    void linkDrained() override;
    void linkFailed(std::shared_ptr<const Error> error) override;

    void connectNow();
    void send(PendingPointer pending);
    void flush();
    void tickPassed();
    void giveUpOnProbe();
    void reconnectWhenDrained();
    void lost(std::shared_ptr<const Error> error, bool resend);
    void say(bool connected, const QString& problem);
    static void failAll(std::deque<PendingPointer> pendings, const std::shared_ptr<const Error>& error);

    Connection* q;
    ConnectionSettings settings;
    Resolver resolver;
    Link* link = nullptr; ///< deletes itself once closed
    Breaker breaker;
    std::deque<PendingPointer> waiting; ///< for the connection
    std::deque<PendingPointer> inFlight; ///< written, in the order of their replies
    QTimer tickTimer;
    QTimer graceTimer;
    QString server;
    QString lastProblem;
    quint32 tick = 0;
    std::size_t unwritten = 0; ///< of those in flight: sent to the link, and not yet flushed
    bool saidConnected = false;
    bool flushPosted = false;
    bool isDelivering = false; ///< replies; a flush follows
    bool demoted = false; ///< the server became a replica; what is in flight is awaited, then it is left
};

Connection::Connection(ConnectionSettings settings, Resolver resolver)
    : d(std::make_unique<Private>(this, std::move(settings), std::move(resolver)))
{
    d->server = d->settings.endpoint.display();
}

Connection::~Connection()
{
    if (d->link)
        d->link->close();
    auto inFlight = std::exchange(d->inFlight, {});
    auto waiting = std::exchange(d->waiting, {});
    const auto error = closedError(d->server);
    // From here on nothing of this object is touched: those who resume may do anything.
    Private::failAll(std::move(inFlight), error);
    Private::failAll(std::move(waiting), error);
}

Pending Connection::command(Command command)
{
    auto state = std::make_shared<PendingState>(std::move(command));
    Pending pending(state);
    submit(std::move(state));
    return pending;
}

void Connection::submit(std::shared_ptr<PendingState> state)
{
    const bool probe = state->command().isProbe();
    if (d->link && d->link->isReady()) {
        if (d->demoted)
            d->waiting.push_back(std::move(state));
        else
            d->send(std::move(state));
    } else if (d->link) {
        // Connecting. While the breaker is open only the call that started the attempt waits for it.
        if (d->breaker.isOpen() && !probe)
            state->fail(d->breaker.error());
        else
            d->waiting.push_back(std::move(state));
    } else if (!probe && !d->breaker.allows(now())) {
        state->fail(d->breaker.error());
    } else {
        d->waiting.push_back(std::move(state));
        if (d->breaker.isOpen() && !probe)
            d->graceTimer.start(Breaker::probeGrace);
        d->connectNow();
    }
}

void Connection::flush()
{
    d->flush();
}

void Connection::flushIfIdle()
{
    if (d->inFlight.size() == d->unwritten)
        d->flush();
}

QCoro::Task<QList<QByteArray>> Connection::nodes()
{
    co_return QList<QByteArray>{QByteArray()};
}

QString Connection::display() const
{
    return d->server;
}

bool Connection::isConnected() const
{
    return d->link && d->link->isReady();
}

std::unique_ptr<Subscriber> Connection::makeSubscriber(const QByteArray&)
{
    return std::make_unique<Subscriber>(d->settings, d->resolver);
}

bool Connection::event(QEvent* event)
{
    if (event->type() != flushEvent)
        return Client::event(event);
    d->flushPosted = false;
    d->flush();
    return true;
}

void Connection::Private::connectNow()
{
    unwritten = 0;
    isDelivering = false;
    link = new Link(settings, resolver, this);
    // Not from here: a failure at once would complete a command before its caller can await it.
    QMetaObject::invokeMethod(
        link, [opened = link] { opened->open(); }, Qt::QueuedConnection);
}

void Connection::Private::send(PendingPointer pending)
{
    Command& command = pending->command();
    appendCommand(link->outgoing(), command.arguments());
    if (!command.isIdempotent() && !resolver)
        command = Command(); // large values need not be kept
    pending->wasSent = true;
    pending->sentAtTick = tick;
    inFlight.push_back(std::move(pending));
    ++unwritten;
    if (!tickTimer.isActive())
        tickTimer.start();
    if (!flushPosted && !isDelivering) {
        flushPosted = true;
        QCoreApplication::postEvent(q, new QEvent(flushEvent), Qt::HighEventPriority);
    }
}

void Connection::Private::flush()
{
    if (link && link->isReady() && unwritten > 0) {
        unwritten = 0;
        link->flush();
    }
}

void Connection::Private::linkReady()
{
    server = link->server();
    breaker.succeeded();
    graceTimer.stop();
    auto ready = std::exchange(waiting, {});
    for (PendingPointer& pending : ready)
        send(std::move(pending));
    flush();
    say(true, QString());
}

void Connection::Private::linkDrained()
{
    isDelivering = false;
    flush();
}

void Connection::Private::linkReplied(Reply&& reply)
{
    isDelivering = true;
    if (inFlight.empty()) {
        // A reply to nothing: this is no server that we understand.
        lost(protocolError(settings), false);
        return;
    }
    PendingPointer pending = std::move(inFlight.front());
    inFlight.pop_front();
    if (resolver && !pending->resent && isDemotion(reply)) {
        // Refused, so not done: it is safe to send it to the server that is the master now.
        pending->resent = true;
        waiting.push_back(std::move(pending));
        demoted = true;
        reconnectWhenDrained();
        return;
    }
    if (demoted)
        reconnectWhenDrained();
    pending->complete(std::move(reply));
    // Whoever was resumed may have destroyed this object.
}

void Connection::Private::reconnectWhenDrained()
{
    if (!inFlight.empty())
        return;
    std::exchange(link, nullptr)->close();
    demoted = false;
    saidConnected = false; // nobody needs to be told, unless it fails
    connectNow();
}

void Connection::Private::linkFailed(std::shared_ptr<const Error> error)
{
    const bool wasConnected = saidConnected;
    link = nullptr;
    if (wasConnected) {
        lost(std::move(error), true);
        return;
    }
    graceTimer.stop();
    breaker.failed(now(), QRandomGenerator::global()->generateDouble(), error);
    auto failed = std::exchange(waiting, {});
    const QPointer<Connection> guard(q);
    say(false, error->text());
    if (guard)
        tickTimer.stop();
    failAll(std::move(failed), error);
}

void Connection::Private::lost(std::shared_ptr<const Error> error, bool resend)
{
    if (link)
        std::exchange(link, nullptr)->close();
    tickTimer.stop();
    demoted = false;
    // While it is connected only what the server refused, or never saw, is waiting: safe to send elsewhere.
    std::deque<PendingPointer> failed;
    if (!resend)
        failed = std::exchange(waiting, {});
    for (PendingPointer& pending : std::exchange(inFlight, {})) {
        if (resend && pending->command().isIdempotent() && !pending->resent) {
            pending->resent = true;
            waiting.push_back(std::move(pending));
        } else {
            failed.push_back(std::move(pending));
        }
    }
    const QPointer<Connection> guard(q);
    say(false, error->text());
    if (guard && !waiting.empty() && !link)
        connectNow();
    failAll(std::move(failed), error);
}

void Connection::Private::tickPassed()
{
    if (inFlight.empty()) {
        tickTimer.stop();
        return;
    }
    ++tick;
    if (tick - inFlight.front()->sentAtTick > ticksPerTimeout)
        lost(commandTimeoutError(server, settings.commandTimeout), false);
}

void Connection::Private::giveUpOnProbe()
{
    // The attempt goes on behind the scenes; the calls that wait for it do not.
    if (!link || !breaker.error())
        return;
    failAll(std::exchange(waiting, {}), breaker.error());
}

void Connection::Private::say(bool connected, const QString& problem)
{
    if (saidConnected == connected && lastProblem == problem)
        return;
    saidConnected = connected;
    lastProblem = problem;
    Q_EMIT q->stateChanged(connected, problem);
}

void Connection::Private::failAll(
    std::deque<PendingPointer> pendings, const std::shared_ptr<const Error>& error)
{
    // A copy of the error: the one given may belong to an object that is destroyed on the way.
    const std::shared_ptr<const Error> kept = error;
    for (const PendingPointer& pending : pendings)
        pending->fail(kept);
}

} // namespace llmcache::redis
