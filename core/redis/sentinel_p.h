#pragma once

#include "redis/redisurl.h"

#include <memory>

namespace llmcache::redis {

/// Asks sentinels where the master is. A value; copies share what they learn.
///
/// The sentinel that answered last is asked first; those that do not answer within a second are passed
/// over. Throws ConnectionError when none can be reached, ConfigurationError when those that can do not know
/// the master's name or refuse the login.
class SentinelResolver {
public:
    explicit SentinelResolver(const RedisUrl& url);
    QCoro::Task<Endpoint> resolve() const;

private:
    struct State;
    static QCoro::Task<Endpoint> ask(std::shared_ptr<State> state);
    std::shared_ptr<State> m_state;
};

} // namespace llmcache::redis
