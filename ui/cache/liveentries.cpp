#include "cache/liveentries.h"

#include "cache/entryrows.h"

namespace llmcache::ui {

namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds period = 1s;
/// Visible rows are read with every so manieth question where the store tells nothing.
constexpr int sampledEvery = 5;
/// Beyond this a new scan is the quicker way to know.
constexpr qsizetype mostRead = 2000;

} // namespace

LiveEntries::LiveEntries(QObject* parent)
    : QObject(parent)
{
    m_timer.setInterval(period);
    connect(&m_timer, &QTimer::timeout, this, &LiveEntries::ask);
    connect(&m_tasks, &TaskScope::activeChanged, this, &LiveEntries::activeChanged);
}

void LiveEntries::start(Store* store)
{
    forget();
    m_store = store;
    update();
}

void LiveEntries::forget()
{
    m_tasks.drop();
    m_asking = false;
    m_store = nullptr;
    m_position.clear();
    m_timer.stop();
    m_mode = Mode::Off;
}

void LiveEntries::setWatched(bool watched)
{
    m_watched = watched;
    update();
}

void LiveEntries::setOn(bool on)
{
    m_on = on;
    m_mode = on ? m_mode : Mode::Off;
    Q_EMIT modeChanged();
    update();
}

void LiveEntries::update()
{
    const bool asks = m_store && m_on && m_watched;
    if (!asks) {
        m_timer.stop();
    } else if (!m_timer.isActive()) {
        m_timer.start();
        ask();
    }
}

void LiveEntries::ask()
{
    if (m_asking)
        return;
    m_asking = true;
    m_tasks.run([store = m_store, position = m_position](
                    const std::stop_token&) { return store->entryNews(position); },
        [this](const EntryNews& news) { take(news); },
        [this](const Failure&) {
            // The status bar says that the store is down. What happens meanwhile is missed, which the store
            // says when it is back.
            m_asking = false;
        });
}

void LiveEntries::take(const EntryNews& news)
{
    const bool isFirst = m_position.isEmpty();
    m_asking = false;
    m_position = news.position;
    setMode(!m_on ? Mode::Off : news.isTold ? Mode::Told : Mode::Sampling);
    // Rows that were read before the first answer may be older than it.
    if (isFirst || news.missed || news.changed.size() > mostRead) {
        Q_EMIT rescanWanted();
        return;
    }
    QStringList wanted = news.changed;
    if (!news.isTold && ++m_asked >= sampledEvery) {
        m_asked = 0;
        if (m_visible)
            wanted += m_visible();
        wanted.removeDuplicates();
        Q_EMIT rescanWanted();
    }
    read(wanted);
}

void LiveEntries::read(const QStringList& fingerprints)
{
    if (fingerprints.isEmpty())
        return;
    m_tasks.run([store = m_store, fingerprints](
                    const std::stop_token& stop) { return readRows(store, fingerprints, stop); },
        [this](const RowsNow& now) { Q_EMIT changed(now.rows, now.gone); },
        [this](const Failure&) { Q_EMIT rescanWanted(); });
}

void LiveEntries::setMode(Mode mode)
{
    if (std::exchange(m_mode, mode) != mode)
        Q_EMIT modeChanged();
}

} // namespace llmcache::ui
