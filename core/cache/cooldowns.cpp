#include "cache/cooldowns.h"

#include "base/error.h"

#include <QCryptographicHash>
#include <QUuid>

#include <algorithm>

namespace llmcache {

using std::chrono::ceil;
using std::chrono::milliseconds;

Cooldowns::Cooldowns(Store& store, Clock& clock, Background& background)
    : m_store(store)
    , m_clock(clock)
    , m_background(background)
    , m_publisher(QUuid::createUuid().toString(QUuid::WithoutBraces))
{
}

QString Cooldowns::key(
    const QString& provider, const QString& endpoint, const QString& account, const QString& model)
{
    const QStringList parts{provider, endpoint, account, model};
    const QByteArray text = parts.join(QLatin1Char('\n')).toUtf8();
    return QString::fromLatin1(QCryptographicHash::hash(text, QCryptographicHash::Sha256).toHex());
}

QCoro::Task<> Cooldowns::refresh(QString key)
{
    const auto now = m_clock.steadyNow();
    Known& known = m_known[key];
    if (known.asked && now - *known.asked < freshness)
        co_return;
    known.asked = now;
    try {
        const Cooldown shared = co_await m_store.cooldown(key);
        if (shared.left > milliseconds(0) && shared.publisher != m_publisher)
            extend(key, shared.left);
    } catch (const Error&) {
        // The lookup of the run has told of it already.
    }
}

milliseconds Cooldowns::left(const QString& key) const
{
    const auto known = m_known.constFind(key);
    if (known == m_known.cend())
        return milliseconds(0);
    return std::max(milliseconds(0), ceil<milliseconds>(known->until - m_clock.steadyNow()));
}

void Cooldowns::extend(const QString& key, milliseconds span)
{
    Known& known = m_known[key];
    known.until = std::max(known.until, m_clock.steadyNow() + std::min(span, longest));
}

void Cooldowns::publish(const QString& key, milliseconds span)
{
    if (span <= milliseconds(0))
        return;
    const milliseconds bounded = std::min(span, longest);
    extend(key, bounded);
    if (!m_store.isReadOnly())
        m_background.start(send(key, bounded));
}

QCoro::Task<> Cooldowns::send(QString key, milliseconds span)
{
    try {
        co_await m_store.extendCooldown(key, m_publisher, span);
    } catch (const Error&) {
        // The others find out from the provider.
    }
}

} // namespace llmcache
