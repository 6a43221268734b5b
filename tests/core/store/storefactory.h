#pragma once

#include "redisserver.h"
#include "store/redis/redisstore.h"
#include "store/sqlite/sqlitestore.h"

#include <QTemporaryDir>

namespace llmcache::test {

/// Makes stores of one kind for the contract test; all that one factory makes share a place.
class StoreFactory {
public:
    virtual ~StoreFactory() = default;
    virtual std::unique_ptr<Store> make(QString workspace) = 0;
};

class SqliteFactory final : public StoreFactory {
public:
    std::unique_ptr<Store> make(QString workspace) override
    {
        return makeSqliteStore(m_directory.filePath(QStringLiteral("folder/store.db")), std::move(workspace));
    }

private:
    QTemporaryDir m_directory;
};

class RedisFactory final : public StoreFactory {
public:
    bool start() { return m_server.start(); }
    std::unique_ptr<Store> make(QString workspace) override
    {
        return makeRedisStore(redis::RedisUrl::parse(m_server.url()), std::move(workspace));
    }

private:
    RedisServer m_server;
};

inline QStringList storeKinds()
{
    return {QStringLiteral("sqlite"), QStringLiteral("redis")};
}

/// Null, and why in `missing`, when this machine lacks what the kind needs.
inline std::unique_ptr<StoreFactory> makeStoreFactory(const QString& kind, QString& missing)
{
    if (kind == QLatin1String("sqlite"))
        return std::make_unique<SqliteFactory>();
    if (kind == QLatin1String("redis")) {
        if (!RedisServer::isInstalled()) {
            missing = RedisServer::missingText();
            return nullptr;
        }
        auto factory = std::make_unique<RedisFactory>();
        if (factory->start())
            return factory;
        qFatal("redis-server is installed but did not start");
    }
    qFatal("no such kind of store");
    return nullptr;
}

} // namespace llmcache::test
