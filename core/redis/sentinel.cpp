#include "redis/sentinel_p.h"

#include "base/error.h"
#include "redis/connection.h"

#include <optional>

namespace llmcache::redis {

struct SentinelResolver::State {
    RedisUrl url;
    QList<Endpoint> sentinels;
};

SentinelResolver::SentinelResolver(const RedisUrl& url)
    : m_state(std::make_shared<State>())
{
    m_state->url = url;
    m_state->sentinels = url.endpoints();
}

QCoro::Task<Endpoint> SentinelResolver::resolve() const
{
    return ask(m_state);
}

QCoro::Task<Endpoint> SentinelResolver::ask(std::shared_ptr<State> state)
{
    const QString master = state->url.masterName();
    const QList<Endpoint> sentinels = state->sentinels;
    std::shared_ptr<const Error> problem;
    bool unknown = false;
    for (const Endpoint& sentinel : sentinels) {
        Connection connection(state->url.sentinelSettingsFor(sentinel));
        Command question = Command::idempotent("SENTINEL", "GET-MASTER-ADDR-BY-NAME", master.toUtf8());
        question.setKeyIndex(-1);
        try {
            const Reply reply = checked(co_await connection.command(std::move(question)), sentinel.display());
            if (reply.items.size() == 2) {
                Endpoint found;
                found.host = QString::fromUtf8(reply.items[0].bytes);
                found.port = static_cast<quint16>(reply.items[1].toInteger());
                state->sentinels.removeAll(sentinel);
                state->sentinels.prepend(sentinel);
                co_return found;
            }
            unknown = true;
        } catch (const ConfigurationError& error) {
            problem = std::make_shared<ConfigurationError>(error);
        } catch (const ConnectionError& error) {
            if (!problem)
                problem = std::make_shared<ConnectionError>(error);
        } catch (const CacheError& error) {
            problem = std::make_shared<ConfigurationError>(error.message(),
                QStringLiteral("Check that this is a sentinel; the address of a server goes with redis://."));
        }
    }
    if (unknown)
        throw ConfigurationError(
            QStringLiteral("The sentinels at %1 know no master of this name.").arg(state->url.display()),
            QStringLiteral("Correct the master's name in the store's URL (sentinel monitor NAME ...)."));
    if (problem && problem->kind() == QLatin1String("configuration"))
        problem->raise();
    throw ConnectionError(QStringLiteral("None of the sentinels at %1 answers. %2")
                              .arg(state->url.display(), problem->message()),
        QStringLiteral("Check that they are running and that the store's URL is right."));
}

} // namespace llmcache::redis
