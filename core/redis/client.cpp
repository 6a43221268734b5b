#include "redis/client.h"

#include "base/error.h"
#include "redis/connection.h"

namespace llmcache::redis {

Client::~Client() = default;

std::unique_ptr<Client> makeClient(const RedisUrl& url)
{
    switch (url.kind()) {
    case RedisUrl::Kind::Single:
        return std::make_unique<Connection>(url.settingsFor(url.endpoints().first()));
    case RedisUrl::Kind::Sentinel:
    case RedisUrl::Kind::Cluster:
        break;
    }
    throw ConfigurationError(
        QStringLiteral("This version does not connect to %1.")
            .arg(url.kind() == RedisUrl::Kind::Sentinel ? QStringLiteral("Redis Sentinel")
                                                        : QStringLiteral("a Redis cluster")),
        QStringLiteral("Use redis:// with the address of a single server."));
}

} // namespace llmcache::redis
