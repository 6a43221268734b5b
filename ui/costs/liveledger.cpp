#include "costs/liveledger.h"

#include "cache/session.h"

namespace llmcache::ui {

namespace {

using namespace std::chrono_literals;

constexpr auto interval = 700ms;
constexpr int mostQuiet = 40; ///< looks; half a minute

QCoro::Task<QString> newestCall(Session* session)
{
    CallPageQuery query;
    query.limit = 1;
    const CallPage page = co_await session->callPage(std::move(query));
    co_return page.calls.empty() ? QString() : page.calls.front().id;
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
    m_tasks.run([session = m_session](std::stop_token) { return newestCall(session); },
        [this](const QString& newest) {
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
