#include "redis/redisurl.h"

#include "base/error.h"

#include <QStringList>

#include <utility>

namespace llmcache::redis {

namespace {

constexpr int highestDatabase = 1'000'000;

[[noreturn]] void refuse(const QString& message, const QString& remedy = {})
{
    throw ConfigurationError(message,
        remedy.isEmpty() ? QStringLiteral("Write it as redis://[user]:[password]@host:port/db.") : remedy);
}

/// Strict percent-decoding; `part` names the place in the error, which never shows the text.
QString decode(const QString& text, const QString& part)
{
    QByteArray bytes;
    const QByteArray utf8 = text.toUtf8();
    for (qsizetype i = 0; i < utf8.size(); ++i) {
        if (utf8[i] != '%') {
            bytes += utf8[i];
            continue;
        }
        const QByteArray code = utf8.mid(i + 1, 2);
        bool ok = false;
        const uint value = code.size() == 2 ? code.toUInt(&ok, 16) : 0;
        if (!ok || !std::isxdigit(static_cast<unsigned char>(code[0])))
            refuse(
                QStringLiteral("The %1 of the Redis URL has a percent sign that starts no percent-encoding.")
                    .arg(part),
                QStringLiteral("Write a percent sign as %25."));
        bytes += static_cast<char>(value);
        i += 2;
    }
    const QString decoded = QString::fromUtf8(bytes);
    if (decoded.toUtf8() != bytes || decoded.contains(QChar(0)))
        refuse(QStringLiteral("The %1 of the Redis URL is not valid UTF-8 once it is percent-decoded.")
                   .arg(part));
    return decoded;
}

} // namespace

QString Endpoint::display() const
{
    if (!socketPath.isEmpty())
        return socketPath;
    const bool isIpv6 = host.contains(QLatin1Char(':'));
    return (isIpv6 ? QLatin1Char('[') + host + QLatin1Char(']') : host) + QLatin1Char(':')
        + QString::number(port);
}

/// Fills a RedisUrl part by part.
class RedisUrlParser {
public:
    RedisUrl parse(const QString& url);

private:
    void parseScheme(const QString& scheme);
    void parseUserInfo(const QString& userInfo);
    void parseHosts(const QString& hosts);
    Endpoint parseHost(const QString& text) const;
    void parsePath(const QString& path);
    void parseQuery(const QString& query);
    void setDatabase(const QString& text);
    void setTlsFile(QString& file, const QString& name, const QString& value);

    RedisUrl m_url;
    bool m_unix = false;
    bool m_databaseGiven = false;
};

RedisUrl RedisUrlParser::parse(const QString& url)
{
    const QString text = url.trimmed();
    const auto schemeEnd = text.indexOf(QLatin1String("://"));
    if (schemeEnd <= 0)
        refuse(QStringLiteral("The Redis URL has no scheme."));
    parseScheme(text.left(schemeEnd).toLower());

    QString rest = text.mid(schemeEnd + 3);
    if (rest.contains(QLatin1Char('#')))
        refuse(QStringLiteral("The Redis URL has a # in it."), QStringLiteral("Write it as %23."));
    QString query;
    // The last @ ends the user info, so that an unencoded ? in a password is noticed and not taken for a
    // query.
    const auto at = rest.lastIndexOf(QLatin1Char('@'));
    const auto questionMark = rest.indexOf(QLatin1Char('?'));
    const auto slash = rest.indexOf(QLatin1Char('/'));
    if (at >= 0 && ((questionMark >= 0 && questionMark < at) || (slash >= 0 && slash < at)))
        refuse(
            QStringLiteral("The user or the password of the Redis URL has a character that must be encoded."),
            QStringLiteral("Write / as %2F, ? as %3F and @ as %40."));
    if (questionMark >= 0) {
        query = rest.mid(questionMark + 1);
        rest.truncate(questionMark);
    }
    QString authority = slash >= 0 ? rest.left(slash) : rest;
    const QString path = slash >= 0 ? rest.mid(slash) : QString();
    if (at >= 0) {
        parseUserInfo(authority.left(at));
        authority = authority.mid(at + 1);
    }
    if (m_unix) {
        if (!authority.isEmpty())
            refuse(QStringLiteral("The Redis URL of a Unix socket has a host."),
                QStringLiteral("Write it with three slashes: redis+unix:///path/to/socket."));
        Endpoint endpoint;
        endpoint.socketPath = decode(path, QStringLiteral("path"));
        if (endpoint.socketPath.size() < 2)
            refuse(QStringLiteral("The Redis URL of a Unix socket has no path."),
                QStringLiteral("Write it as redis+unix:///path/to/socket."));
        m_url.m_endpoints.append(endpoint);
    } else {
        parseHosts(authority);
        parsePath(path);
    }
    parseQuery(query);
    if (m_url.m_kind == RedisUrl::Kind::Cluster && m_url.m_database != 0)
        refuse(QStringLiteral("The Redis URL of a cluster has a database number."),
            QStringLiteral("A cluster has database 0 only; leave the number out."));
    return m_url;
}

void RedisUrlParser::parseScheme(const QString& scheme)
{
    static const QString plain = QStringLiteral("redis");
    QString base = scheme;
    if (base.startsWith(QLatin1String("rediss"))) {
        m_url.m_tls.enabled = true;
        base.remove(5, 1);
    }
    if (base == plain) {
        m_url.m_kind = RedisUrl::Kind::Single;
    } else if (base == QLatin1String("redis+unix") && !m_url.m_tls.enabled) {
        m_unix = true;
    } else if (base == QLatin1String("redis+sentinel")) {
        m_url.m_kind = RedisUrl::Kind::Sentinel;
    } else if (base == QLatin1String("redis+cluster")) {
        m_url.m_kind = RedisUrl::Kind::Cluster;
    } else {
        refuse(QStringLiteral("The scheme of the Redis URL is unknown."),
            QStringLiteral(
                "Known are redis, rediss, redis+unix, redis+sentinel, redis+cluster, rediss+sentinel "
                "and rediss+cluster."));
    }
}

void RedisUrlParser::parseUserInfo(const QString& userInfo)
{
    const auto colon = userInfo.indexOf(QLatin1Char(':'));
    if (colon < 0 && !userInfo.isEmpty())
        refuse(QStringLiteral("The Redis URL has a user and no password."),
            QStringLiteral("Write user:password@host, or :password@host for a password alone."));
    m_url.m_user = decode(userInfo.left(colon < 0 ? 0 : colon), QStringLiteral("user"));
    m_url.m_password = decode(colon < 0 ? QString() : userInfo.mid(colon + 1), QStringLiteral("password"));
    if (!m_url.m_user.isEmpty() && m_url.m_password.isEmpty())
        refuse(QStringLiteral("The Redis URL has a user and an empty password."),
            QStringLiteral("Write user:password@host, or leave both out."));
}

void RedisUrlParser::parseHosts(const QString& hosts)
{
    const QStringList parts = hosts.split(QLatin1Char(','));
    if (parts.size() > 1 && m_url.m_kind == RedisUrl::Kind::Single)
        refuse(QStringLiteral("The Redis URL names several hosts."),
            QStringLiteral("Several hosts go with redis+sentinel:// and redis+cluster:// only."));
    for (const QString& part : parts)
        m_url.m_endpoints.append(parseHost(part));
}

Endpoint RedisUrlParser::parseHost(const QString& text) const
{
    Endpoint endpoint;
    endpoint.port = m_url.m_kind == RedisUrl::Kind::Sentinel ? 26379 : 6379;
    QString port;
    bool hasPort = false;
    if (text.startsWith(QLatin1Char('['))) {
        const auto end = text.indexOf(QLatin1Char(']'));
        if (end < 0)
            refuse(QStringLiteral("The host of the Redis URL starts with [ and has no ]."));
        endpoint.host = text.mid(1, end - 1);
        const QString tail = text.mid(end + 1);
        hasPort = tail.startsWith(QLatin1Char(':'));
        port = tail.mid(1);
        if ((!tail.isEmpty() && !hasPort) || !endpoint.host.contains(QLatin1Char(':')))
            refuse(QStringLiteral("The host of the Redis URL is no IPv6 address in brackets."));
    } else {
        const auto colon = text.indexOf(QLatin1Char(':'));
        hasPort = colon >= 0;
        endpoint.host = decode(hasPort ? text.left(colon) : text, QStringLiteral("host"));
        port = hasPort ? text.mid(colon + 1) : QString();
        if (port.contains(QLatin1Char(':')))
            refuse(QStringLiteral("The host of the Redis URL has several colons."),
                QStringLiteral("Put an IPv6 address in brackets: redis://[::1]:6379/0."));
    }
    if (endpoint.host.isEmpty())
        refuse(QStringLiteral("The Redis URL has no host."));
    for (const QChar c : std::as_const(endpoint.host)) {
        if (c.isSpace() || c == QLatin1Char('@') || c == QLatin1Char('['))
            refuse(QStringLiteral("The host of the Redis URL has a character that no host name has."));
    }
    if (hasPort) {
        bool ok = false;
        const int number = port.toInt(&ok);
        if (!ok || number < 1 || number > 65535)
            refuse(QStringLiteral("The port of the Redis URL is no number from 1 to 65535."));
        endpoint.port = static_cast<quint16>(number);
    }
    return endpoint;
}

void RedisUrlParser::parsePath(const QString& path)
{
    QStringList parts = path.split(QLatin1Char('/'), Qt::SkipEmptyParts);
    if (m_url.m_kind == RedisUrl::Kind::Sentinel) {
        if (parts.isEmpty())
            refuse(QStringLiteral("The Redis URL of a Sentinel has no master name."),
                QStringLiteral("Write it as redis+sentinel://host:port/master/db."));
        m_url.m_masterName = decode(parts.takeFirst(), QStringLiteral("master name"));
    }
    if (parts.size() > 1)
        refuse(QStringLiteral("The path of the Redis URL has more than a database number."));
    if (!parts.isEmpty())
        setDatabase(parts.first());
}

void RedisUrlParser::setDatabase(const QString& text)
{
    bool ok = false;
    const int number = text.toInt(&ok);
    if (!ok || number < 0 || number > highestDatabase)
        refuse(QStringLiteral("The database of the Redis URL is no number from 0."));
    if (m_databaseGiven && number != m_url.m_database)
        refuse(QStringLiteral("The Redis URL names two databases, in its path and in its query."));
    m_databaseGiven = true;
    m_url.m_database = number;
}

void RedisUrlParser::setTlsFile(QString& file, const QString& name, const QString& value)
{
    if (!m_url.m_tls.enabled)
        refuse(QStringLiteral("The Redis URL sets %1, which needs TLS.").arg(name),
            QStringLiteral("Write rediss:// instead of redis://."));
    if (value.isEmpty())
        refuse(QStringLiteral("The %1 of the Redis URL names no file.").arg(name));
    file = value;
}

void RedisUrlParser::parseQuery(const QString& query)
{
    for (const QString& item : query.split(QLatin1Char('&'), Qt::SkipEmptyParts)) {
        const QString name = item.section(QLatin1Char('='), 0, 0);
        const QString value = decode(item.section(QLatin1Char('='), 1), QStringLiteral("query"));
        if (name == QLatin1String("db")) {
            setDatabase(value);
        } else if (name == QLatin1String("ca")) {
            setTlsFile(m_url.m_tls.caFile, name, value);
        } else if (name == QLatin1String("cert")) {
            setTlsFile(m_url.m_tls.certificateFile, name, value);
        } else if (name == QLatin1String("key")) {
            setTlsFile(m_url.m_tls.keyFile, name, value);
        } else if (name == QLatin1String("verify")) {
            if (!m_url.m_tls.enabled)
                refuse(QStringLiteral("The Redis URL sets verify, which needs TLS."),
                    QStringLiteral("Write rediss:// instead of redis://."));
            if (value != QLatin1String("full") && value != QLatin1String("none"))
                refuse(QStringLiteral("The value of verify in the Redis URL is unknown."),
                    QStringLiteral("Known are full (the default) and none."));
            m_url.m_tls.verify = value == QLatin1String("full");
        } else if (m_url.m_kind == RedisUrl::Kind::Sentinel && name == QLatin1String("sentinel_user")) {
            m_url.m_sentinelUser = value;
        } else if (m_url.m_kind == RedisUrl::Kind::Sentinel && name == QLatin1String("sentinel_password")) {
            m_url.m_sentinelPassword = value;
        } else {
            refuse(QStringLiteral("The query of the Redis URL has an unknown parameter."),
                QStringLiteral("Known are db; ca, cert, key and verify with TLS; sentinel_user and "
                               "sentinel_password with Sentinel."));
        }
    }
    if (m_url.m_tls.certificateFile.isEmpty() != m_url.m_tls.keyFile.isEmpty())
        refuse(QStringLiteral("The Redis URL has only one of cert and key."),
            QStringLiteral("A client certificate needs both files."));
}

RedisUrl RedisUrl::parse(const QString& url)
{
    return RedisUrlParser().parse(url);
}

QString RedisUrl::display() const
{
    QStringList hosts;
    for (const Endpoint& endpoint : m_endpoints)
        hosts += endpoint.display();
    QString text = hosts.join(QLatin1Char(','));
    if (!m_masterName.isEmpty())
        text += QLatin1Char('/') + m_masterName;
    if (m_kind == Kind::Cluster)
        return text;
    if (!m_endpoints.isEmpty() && !m_endpoints.first().socketPath.isEmpty())
        return m_database == 0 ? text : text + QStringLiteral("?db=") + QString::number(m_database);
    return text + QLatin1Char('/') + QString::number(m_database);
}

ConnectionSettings RedisUrl::settingsFor(const Endpoint& endpoint) const
{
    ConnectionSettings settings;
    settings.endpoint = endpoint;
    settings.user = m_user;
    settings.password = m_password;
    settings.database = m_database;
    settings.tls = m_tls;
    return settings;
}

ConnectionSettings RedisUrl::sentinelSettingsFor(const Endpoint& endpoint) const
{
    ConnectionSettings settings = settingsFor(endpoint);
    settings.user = m_sentinelUser;
    settings.password = m_sentinelPassword;
    settings.database = 0;
    settings.connectTimeout = std::chrono::milliseconds(1'000);
    settings.commandTimeout = std::chrono::milliseconds(1'000);
    return settings;
}

} // namespace llmcache::redis
