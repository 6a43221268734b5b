#include "store/redis/redisstore.h"

#include "base/error.h"
#include "redis/subscriber.h"
#include "store/redis/redisnews_p.h"
#include "store/redis/redisstore_p.h"
#include "store/redis/reportdesk_p.h"

#include <QElapsedTimer>

namespace llmcache {

namespace redisstore {

namespace {

/// Relatives of Redis report the version that they are compatible with, and their own beside it.
QString serverVersionOf(const QByteArray& info)
{
    QString version;
    for (const QByteArray& line : info.split('\n')) {
        const QString value = QString::fromUtf8(line.mid(line.indexOf(':') + 1).trimmed());
        if (line.startsWith("valkey_version:"))
            return QStringLiteral("Valkey ") + value;
        if (line.startsWith("redis_version:"))
            version = QStringLiteral("Redis ") + value;
    }
    return version;
}

} // namespace

RedisStore::RedisStore(const redis::RedisUrl& url, QString workspace)
    : m_url(url)
    , m_workspace(std::move(workspace))
    , m_keys(m_workspace)
    , m_client(redis::makeClient(url))
{
    m_info = {QStringLiteral("redis"), m_url.display(), m_workspace};
    if (m_url.isUnverified())
        m_info.caution = QStringLiteral("The certificate of this server is not checked (verify=none): "
                                        "whoever is in between can read and change everything.");
    connect(m_client.get(), &redis::Client::stateChanged, this, &Store::connectionChanged);
}

RedisStore::~RedisStore() = default;

StoreInfo RedisStore::info() const
{
    return m_info;
}

QCoro::Task<StoreStatus> RedisStore::status()
{
    StoreStatus status;
    status.entries = m_entryCount;
    status.serverVersion = m_serverVersion;
    try {
        if (!m_client->isConnected()) {
            // Whoever asks wants to know now, whatever the circuit breaker remembers.
            redis::Command connectNow = redis::Command::idempotent("PING");
            connectNow.setKeyIndex(-1).setProbe();
            checked(co_await m_client->command(std::move(connectNow)));
        }
        redis::Command ping = redis::Command::idempotent("PING");
        ping.setKeyIndex(-1);
        QElapsedTimer timer;
        timer.start();
        redis::Reply pong = co_await m_client->command(std::move(ping));
        status.roundTrip = std::chrono::microseconds(timer.nsecsElapsed() / 1000);
        // A user without the right to PING is connected all the same.
        if (!pong.isError("NOPERM"))
            checked(std::move(pong));
        status.connected = true;
        redis::Command info = redis::Command::idempotent("INFO", "server");
        info.setKeyIndex(-1);
        const redis::Reply reply = co_await m_client->command(std::move(info));
        if (!reply.isError())
            m_serverVersion = serverVersionOf(reply.bytes);
        status.serverVersion = m_serverVersion;
    } catch (const Error& error) {
        status.connected = false;
        status.problem = error.text();
    }
    co_return status;
}

} // namespace redisstore

std::unique_ptr<Store> makeRedisStore(redis::RedisUrl url, QString workspace)
{
    constexpr qsizetype longestName = 200;
    if (workspace.isEmpty() || workspace.size() > longestName)
        throw ConfigurationError(QStringLiteral("The name of the workspace is empty or too long."),
            QStringLiteral("Choose 1 to %1 characters, or leave it out for \"default\".").arg(longestName));
    return std::make_unique<redisstore::RedisStore>(url, std::move(workspace));
}

} // namespace llmcache
