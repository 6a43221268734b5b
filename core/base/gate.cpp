#include "base/gate.h"

#include <qcorosignal.h>

namespace llmcache {

void Gate::open()
{
    if (m_open)
        return;
    m_open = true;
    Q_EMIT opened();
}

QCoro::Task<> Gate::passed()
{
    if (!m_open)
        co_await qCoro(this, &Gate::opened);
}

} // namespace llmcache
