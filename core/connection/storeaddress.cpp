#include "connection/storeaddress.h"

#include "base/error.h"
#include "redis/redisurl.h"

#include <QStringList>
#include <QUrl>

namespace llmcache {

namespace {

using Kind = StoreAddress::Kind;

QString encoded(const QString& text, const QByteArray& kept = {})
{
    return QString::fromLatin1(QUrl::toPercentEncoding(text, kept));
}

QString schemeOf(const StoreAddress& address)
{
    QString base = address.tls ? QStringLiteral("rediss") : QStringLiteral("redis");
    switch (address.kind) {
    case Kind::Socket:
        return QStringLiteral("redis+unix");
    case Kind::Sentinel:
        return base + QStringLiteral("+sentinel");
    case Kind::Cluster:
        return base + QStringLiteral("+cluster");
    default:
        return base;
    }
}

QString build(const StoreAddress& address, const QString& userInfo, const QString& sentinelPassword,
    const QString& sentinelUser)
{
    QString url = schemeOf(address) + QStringLiteral("://") + userInfo;
    QStringList query;
    const auto add = [&query](const char* name, const QString& value) {
        if (!value.isEmpty())
            query.append(QLatin1String(name) + QLatin1Char('=') + encoded(value, "/"));
    };
    if (address.kind == Kind::Socket) {
        url += encoded(address.path, "/");
        if (address.database != 0)
            add("db", QString::number(address.database));
    } else {
        url += QString(address.hosts).remove(QLatin1Char(' '));
        if (address.kind == Kind::Sentinel)
            url += QLatin1Char('/') + encoded(address.masterName);
        if (address.kind != Kind::Cluster)
            url += QLatin1Char('/') + QString::number(address.database);
    }
    if (address.tls && address.kind != Kind::Socket) {
        add("ca", address.caFile);
        add("cert", address.certificateFile);
        add("key", address.keyFile);
        if (!address.verify)
            add("verify", QStringLiteral("none"));
    }
    add("sentinel_user", sentinelUser);
    add("sentinel_password", sentinelPassword);
    return query.isEmpty() ? url : url + QLatin1Char('?') + query.join(QLatin1Char('&'));
}

} // namespace

StoreAddress StoreAddress::fromUrl(const QString& url, StoreSecrets* secrets)
{
    StoreAddress address;
    const QString text = url.trimmed();
    if (text.isEmpty())
        return address;
    if (text.startsWith(QLatin1String("sqlite:"))) {
        address.kind = Kind::File;
        address.path = QUrl(text).path();
        if (address.path.isEmpty() || address.path == QLatin1String("/"))
            throw ConfigurationError(QStringLiteral("The store URL names no file."),
                QStringLiteral("Write it like sqlite:///home/me/cache.sqlite."));
        return address;
    }
    const redis::RedisUrl parsed = redis::RedisUrl::parse(text);
    switch (parsed.kind()) {
    case redis::RedisUrl::Kind::Single:
        address.kind = parsed.endpoints().front().socketPath.isEmpty() ? Kind::Server : Kind::Socket;
        break;
    case redis::RedisUrl::Kind::Sentinel:
        address.kind = Kind::Sentinel;
        break;
    case redis::RedisUrl::Kind::Cluster:
        address.kind = Kind::Cluster;
        break;
    }
    if (address.kind == Kind::Socket) {
        address.path = parsed.endpoints().front().socketPath;
    } else {
        QStringList hosts;
        for (const redis::Endpoint& endpoint : parsed.endpoints())
            hosts.append(endpoint.display());
        address.hosts = hosts.join(QStringLiteral(", "));
    }
    address.database = parsed.database();
    address.masterName = parsed.masterName();
    address.user = parsed.user();
    address.sentinelUser = parsed.sentinelUser();
    address.tls = parsed.tls().enabled;
    address.verify = parsed.tls().verify;
    address.caFile = parsed.tls().caFile;
    address.certificateFile = parsed.tls().certificateFile;
    address.keyFile = parsed.tls().keyFile;
    if (secrets)
        *secrets = {parsed.password(), parsed.sentinelPassword()};
    return address;
}

QString StoreAddress::url() const
{
    if (kind == Kind::Embedded)
        return {};
    if (kind == Kind::File)
        return QStringLiteral("sqlite://") + encoded(path, "/");
    return build(*this, {}, {}, {});
}

QString StoreAddress::urlWith(const StoreSecrets& secrets) const
{
    if (!isRedis())
        return url();
    QString userInfo;
    if (!secrets.password.isEmpty())
        userInfo = encoded(user) + QLatin1Char(':') + encoded(secrets.password) + QLatin1Char('@');
    else if (!user.isEmpty())
        throw ConfigurationError(QStringLiteral("There is no password for the user \"%1\".").arg(user),
            QStringLiteral("Give the password, or leave the user out."));
    const QString text = build(*this, userInfo, secrets.sentinelPassword, sentinelUser);
    redis::RedisUrl::parse(text);
    return text;
}

} // namespace llmcache
