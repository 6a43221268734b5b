#include "redis/client.h"

#include "redis/clusterclient.h"
#include "redis/connection.h"
#include "redis/sentinel_p.h"

namespace llmcache::redis {

Client::~Client() = default;

std::unique_ptr<Client> makeClient(const RedisUrl& url)
{
    switch (url.kind()) {
    case RedisUrl::Kind::Single:
        return std::make_unique<Connection>(url.settingsFor(url.endpoints().first()));
    case RedisUrl::Kind::Sentinel: {
        ConnectionSettings settings = url.settingsFor(url.endpoints().first());
        settings.mustBeMaster = true;
        const SentinelResolver sentinels(url);
        return std::make_unique<Connection>(settings, [sentinels] { return sentinels.resolve(); });
    }
    case RedisUrl::Kind::Cluster:
        break;
    }
    return std::make_unique<ClusterClient>(url);
}

} // namespace llmcache::redis
