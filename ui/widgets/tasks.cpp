#include "widgets/tasks.h"

#include <QDebug>

namespace llmcache::ui {

Failure failureFrom(std::exception_ptr error)
{
    try {
        std::rethrow_exception(error);
    } catch (const Error& known) {
        return {known.kind(), known.message(), known.remedy(), error};
    } catch (const std::exception& other) {
        return {QStringLiteral("internal"), QString::fromUtf8(other.what()), {}, error};
    } catch (...) {
        return {QStringLiteral("internal"), QStringLiteral("An unknown error occurred."), {}, error};
    }
}

void TaskScope::Counter::add(int change)
{
    count += change;
    if (scope)
        Q_EMIT scope->activeChanged(count);
    if (outer)
        outer->add(change);
}

TaskScope::TaskScope(QObject* parent)
    : QObject(parent)
    , m_counter(std::make_shared<Counter>())
    , m_state(std::make_shared<State>())
{
    m_counter->scope = this;
    m_state->counter = m_counter;
}

TaskScope::~TaskScope()
{
    m_counter->scope = nullptr;
    drop();
}

void TaskScope::drop()
{
    m_state->dropped = true;
    stop();
}

void TaskScope::stop()
{
    // A fresh state first: a stop callback may end a task at once, and its callback may start another.
    const std::shared_ptr<State> old = m_state;
    m_state = std::make_shared<State>();
    m_state->counter = m_counter;
    old->source.request_stop();
}

void TaskScope::report(const State& state, const Failed& failed, std::exception_ptr error) noexcept
{
    if (state.dropped || !failed)
        return;
    try {
        failed(failureFrom(error));
    } catch (const std::exception& second) {
        qWarning() << "A failure could not be shown:" << second.what();
    } catch (...) {
        qWarning() << "A failure could not be shown.";
    }
}

} // namespace llmcache::ui
