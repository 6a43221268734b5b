#include "cache/entryscan.h"

#include "store/listing.h"

namespace llmcache::ui {

namespace {

/// Small enough for rows to appear at once, and for a page to fit between two frames: on Redis its rows are
/// decoded on the thread of the window.
constexpr int pageSize = 250;

QCoro::Task<EntryPage> readPage(Store* store, QByteArray cursor, std::stop_token stop)
{
    ListingPosition position(store, std::move(cursor));
    auto reading = store->listEntries(position.cursor, pageSize);
    EntryPage page = co_await reading;
    // The scan goes on with the page, unless it has been given up meanwhile.
    position.cursor = stop.stop_requested() ? page.cursor : QByteArray();
    co_return page;
}

} // namespace

EntryScan::EntryScan(QObject* parent)
    : QObject(parent)
{
    connect(&m_tasks, &TaskScope::activeChanged, this, &EntryScan::activeChanged);
}

EntryScan::~EntryScan()
{
    giveUp();
}

void EntryScan::start(Store* store)
{
    forget();
    m_store = store;
    m_time.start();
    setState(State::Running);
    next();
}

void EntryScan::pause()
{
    if (m_state == State::Running)
        setState(State::Paused);
}

void EntryScan::resume()
{
    if (m_state != State::Paused)
        return;
    setState(State::Running);
    if (!m_waiting)
        next();
}

void EntryScan::stop()
{
    if (!isUnderWay())
        return;
    giveUp();
    setState(State::Stopped);
}

void EntryScan::forget()
{
    giveUp();
    m_store = nullptr;
    m_state = State::Idle;
    m_pages = 0;
    m_scanned = 0;
    m_total = -1;
    m_failure = {};
}

void EntryScan::giveUp()
{
    m_tasks.drop();
    ++m_generation;
    const QByteArray cursor = std::exchange(m_cursor, {});
    // What a page on its way has of the listing it gives back itself.
    if (!std::exchange(m_waiting, false))
        endListing(m_store, cursor);
}

double EntryScan::progress() const
{
    if (m_state == State::Complete)
        return 1;
    return m_total > 0 ? std::min(1.0, double(m_scanned) / double(m_total)) : -1;
}

void EntryScan::next()
{
    m_waiting = true;
    m_tasks.run([store = m_store.data(), cursor = m_cursor](
                    const std::stop_token& stop) { return readPage(store, cursor, stop); },
        [this](const EntryPage& page) { take(page); },
        [this](const Failure& failure) {
            m_waiting = false;
            m_failure = failure;
            setState(State::Failed);
        });
}

void EntryScan::take(const EntryPage& page)
{
    const quint64 generation = m_generation;
    m_waiting = false;
    ++m_pages;
    m_cursor = page.cursor;
    m_scanned = page.scanned;
    m_total = page.total;
    Q_EMIT pageArrived(page.rows);
    if (generation != m_generation)
        return; // whoever got the page stopped the scan
    if (m_cursor.isEmpty()) {
        m_took = std::chrono::milliseconds(m_time.elapsed());
        setState(State::Complete);
        return;
    }
    Q_EMIT changed();
    // Through the event loop: input and painting come in between, and a store that answers at once can't
    // pile up stack frames.
    QMetaObject::invokeMethod(
        this,
        [this, generation] {
            if (generation == m_generation && m_state == State::Running && !m_waiting)
                next();
        },
        Qt::QueuedConnection);
}

void EntryScan::setState(State state)
{
    m_state = state;
    Q_EMIT changed();
}

} // namespace llmcache::ui
