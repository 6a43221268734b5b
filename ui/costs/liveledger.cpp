#include "costs/liveledger.h"

#include "cache/session.h"

namespace llmcache::ui {

namespace {

using namespace std::chrono_literals;

constexpr auto interval = 300ms;
constexpr int mostQuiet = 90; ///< looks; half a minute
/// A call is written some time after it ended, and another process may be later still.
constexpr qint64 lateMs = 3'600'000;

QCoro::Task<std::vector<Call>> newestCalls(Session* session, qint64 sinceMs)
{
    CallPageQuery query;
    query.selection.fromMs = sinceMs;
    query.limit = 30;
    CallPage page = co_await session->callPage(std::move(query));
    co_return std::move(page.calls);
}

} // namespace

LiveLedger::LiveLedger(QObject* parent)
    : QObject(parent)
{
    m_timer.setInterval(interval);
    connect(&m_timer, &QTimer::timeout, this, &LiveLedger::look);
}

void LiveLedger::setSession(Session* session)
{
    m_tasks.drop();
    m_session = session;
    m_known = false;
    m_sinceMs = 0;
}

void LiveLedger::setOn(bool on)
{
    if (on == m_timer.isActive())
        return;
    if (on)
        m_timer.start();
    else
        stopTasks();
}

void LiveLedger::stopTasks()
{
    m_timer.stop();
    m_tasks.drop();
}

void LiveLedger::look()
{
    if (!m_session || m_tasks.active() > 0)
        return;
    m_tasks.run(
        [session = m_session, since = m_sinceMs](std::stop_token) { return newestCalls(session, since); },
        [this](const std::vector<Call>& calls) {
            // The clock of who wrote the newest one may be ahead.
            if (!calls.empty())
                m_sinceMs =
                    std::max(m_sinceMs, std::min(calls.front().timeMs, m_session->clock().nowMs()) - lateMs);
            QStringList newest;
            for (const Call& call : calls) {
                if (call.timeMs >= m_sinceMs)
                    newest.append(call.id);
            }
            // The first look too: a call may have come since the view asked.
            const bool isNew = !m_known || newest != m_newest;
            m_known = true;
            m_newest = newest;
            if (!isNew && ++m_quiet < mostQuiet)
                return;
            m_quiet = 0;
            Q_EMIT changed();
        },
        [](const Failure&) {
            // Who reloads says so; here it is tried again.
        });
}

} // namespace llmcache::ui
