#pragma once

#include "redisgroup.h"
#include "redisserver.h"
#include "store/redis/redisstore.h"
#include "store/sqlite/sqlitestore.h"

#include <QTemporaryDir>

#include <map>

namespace llmcache::test {

/// Makes stores of one kind for the contract test; all that one factory makes share a place.
class StoreFactory {
public:
    virtual ~StoreFactory() = default;
    virtual std::unique_ptr<Store> make(QString workspace) = 0;
    /// The file, or the URL.
    virtual QString path() const = 0;
};

class SqliteFactory final : public StoreFactory {
public:
    std::unique_ptr<Store> make(QString workspace) override
    {
        return makeSqliteStore(path(), std::move(workspace));
    }
    QString path() const override { return m_directory.filePath(QStringLiteral("folder/store.db")); }

private:
    QTemporaryDir m_directory;
};

class RedisFactory final : public StoreFactory {
public:
    explicit RedisFactory(const QStringList& arguments = {})
        : m_server(arguments)
    {
    }
    bool start() { return m_server.start(); }
    std::unique_ptr<Store> make(QString workspace) override
    {
        return makeRedisStore(redis::RedisUrl::parse(path()), std::move(workspace));
    }
    QString path() const override { return m_server.url(); }

private:
    RedisServer m_server;
};

class ClusterFactory final : public StoreFactory {
public:
    bool start() { return m_cluster.start(); }
    std::unique_ptr<Store> make(QString workspace) override
    {
        return makeRedisStore(redis::RedisUrl::parse(path()), std::move(workspace));
    }
    QString path() const override { return m_cluster.url(); }

private:
    RedisCluster m_cluster{3, false};
};

inline QStringList storeKinds()
{
    return {QStringLiteral("sqlite"), QStringLiteral("redis")};
}

/// Besides those of storeKinds(): a cluster, and a Redis that lacks what came with version 7.
inline QStringList moreStoreKinds()
{
    return storeKinds() + QStringList{QStringLiteral("cluster"), QStringLiteral("redis 6")};
}

/// Null, and why in `missing`, when this machine lacks what the kind needs.
inline std::unique_ptr<StoreFactory> makeStoreFactory(const QString& kind, QString& missing)
{
    if (kind == QLatin1String("sqlite"))
        return std::make_unique<SqliteFactory>();
    if (!RedisServer::isInstalled()) {
        missing = RedisServer::missingText();
        return nullptr;
    }
    if (kind == QLatin1String("cluster")) {
        auto factory = std::make_unique<ClusterFactory>();
        if (factory->start())
            return factory;
    } else {
        const QStringList arguments = kind == QLatin1String("redis 6")
            ? QStringList{QStringLiteral("--rename-command"), QStringLiteral("PEXPIRETIME"), QString()}
            : QStringList();
        auto factory = std::make_unique<RedisFactory>(arguments);
        if (factory->start())
            return factory;
    }
    qFatal("redis-server is installed but did not start");
    return nullptr;
}

/// Factories by kind, each made when it is first asked for: a server may take a while to start.
class StoreFactories {
public:
    /// Null where this machine lacks what the kind needs; missingText() says what.
    StoreFactory* of(const QString& kind)
    {
        if (const auto known = m_factories.find(kind); known != m_factories.end())
            return known->second.get();
        return (m_factories[kind] = makeStoreFactory(kind, m_missing)).get();
    }
    QString missingText() const { return m_missing; }

private:
    std::map<QString, std::unique_ptr<StoreFactory>> m_factories;
    QString m_missing;
};

} // namespace llmcache::test
