#pragma once

#include <QByteArray>
#include <QString>

#include <memory>
#include <vector>

namespace llmcache {
class Error;
}

namespace llmcache::redis {

/// What a server answered to one command. A plain value.
struct Reply {
    enum class Type { Nil, Integer, Status, Bytes, Array, Error };

    Type type = Type::Nil;
    qint64 integer = 0;
    QByteArray bytes; ///< of a status, a bulk string or an error
    std::vector<Reply> items; ///< of an array

    bool isNil() const { return type == Type::Nil; }
    bool isError() const { return type == Type::Error; }
    bool isArray() const { return type == Type::Array; }
    /// Whether this is an error whose first word is `code` ("MOVED", "NOSCRIPT").
    bool isError(QByteArrayView code) const;
    /// An integer reply, or bytes that are a decimal; otherwise `fallback`.
    qint64 toInteger(qint64 fallback = 0) const;
};

/// The error that an error reply stands for, in words for people: LOADING, CLUSTERDOWN and the like are a
/// ConnectionError, rights and passwords a ConfigurationError, all else a CacheError. `server` names it.
std::shared_ptr<const Error> errorOf(const Reply& reply, const QString& server);
/// Returns the reply, or throws errorOf() it.
Reply checked(Reply reply, const QString& server);

} // namespace llmcache::redis
