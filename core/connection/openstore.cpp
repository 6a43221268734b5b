#include "connection/openstore.h"

#include "base/error.h"
#include "connection/connectionprofile.h"
#include "redis/redisurl.h"
#include "store/redis/redisstore.h"
#include "store/sqlite/sqlitestore.h"

#include <QDir>
#include <QUrl>

namespace llmcache {

namespace {

SqliteOptions sqliteOptions(const QString& url)
{
    const QUrl parsed(url);
    SqliteOptions options;
    options.indexesTexts = parsed.query() != QLatin1String("index=off");
    if (parsed.hasQuery() && options.indexesTexts)
        throw ConfigurationError(QStringLiteral("\"%1\" in the store URL is unknown.").arg(parsed.query()),
            QStringLiteral("index=off is all that may stand there."));
    return options;
}

} // namespace

std::unique_ptr<Store> openStore(const QString& url, const QString& workspace, const QString& dataFolder)
{
    checkWorkspaceName(workspace);
    if (url.isEmpty()) {
        if (dataFolder.isEmpty())
            throw ConfigurationError(QStringLiteral("There is no data folder for the embedded cache."),
                QStringLiteral("Give a store with --store or LLM_CACHE_REDIS_URL."));
        return makeSqliteStore(QDir(dataFolder).filePath(QStringLiteral("cache.sqlite")), workspace);
    }
    if (const StoreAddress address = StoreAddress::fromUrl(url); address.kind == StoreAddress::Kind::File)
        return makeSqliteStore(address.path, workspace, sqliteOptions(url));
    return makeRedisStore(redis::RedisUrl::parse(url), workspace);
}

} // namespace llmcache
