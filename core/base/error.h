#pragma once

#include <QString>
#include <QStringList>

#include <chrono>
#include <exception>
#include <optional>

namespace llmcache {

/// Base of everything this library throws.
///
/// A message says what happened and to what; the remedy says what the reader can do about it. Neither ever
/// holds a secret (key, password, URL with user info). Errors are values: they may be copied, kept and
/// rethrown on any thread.
class Error : public std::exception {
public:
    explicit Error(QString message, QString remedy = {});

    const QString& message() const noexcept { return m_message; }
    const QString& remedy() const noexcept { return m_remedy; }
    /// Message and remedy as one text.
    QString text() const;
    /// UTF-8 of text().
    const char* what() const noexcept override { return m_what.constData(); }

    /// The kind as the command line prints it ("configuration", "rate limit", ...).
    virtual QString kind() const;
    /// Process exit code for this kind: 2 usage, 3 configuration, 4 rate limit, 5 cache, 6 provider,
    /// 7 output, 8 cancelled.
    virtual int exitCode() const;
    /// Throws a copy of the most derived object (for waiters that share one failure).
    [[noreturn]] virtual void raise() const;

private:
    QString m_message;
    QString m_remedy;
    QByteArray m_what;
};

/// Adds the virtual copy-and-throw to a concrete error class.
#define LLMCACHE_ERROR_KIND(Class, kindText, code)                                                           \
    QString kind() const override                                                                            \
    {                                                                                                        \
        return QStringLiteral(kindText);                                                                     \
    }                                                                                                        \
    int exitCode() const override                                                                            \
    {                                                                                                        \
        return code;                                                                                         \
    }                                                                                                        \
    [[noreturn]] void raise() const override                                                                 \
    {                                                                                                        \
        throw Class(*this);                                                                                  \
    }

/// Wrong arguments on the command line.
class UsageError : public Error {
public:
    using Error::Error;
    LLMCACHE_ERROR_KIND(UsageError, "usage", 2)
};

/// Something the user set is wrong or missing: an agent file, a URL, a key, a template variable.
class ConfigurationError : public Error {
public:
    using Error::Error;
    LLMCACHE_ERROR_KIND(ConfigurationError, "configuration", 3)
};

/// The provider kept refusing for its rate limit until maxWait was spent, or asked for a longer wait.
class RateLimitError : public Error {
public:
    RateLimitError(QString message, QString remedy, std::chrono::milliseconds waited, int attempts,
        std::optional<std::chrono::milliseconds> hint);
    /// Time spent waiting between attempts.
    std::chrono::milliseconds waited() const noexcept { return m_waited; }
    /// Requests that were sent.
    int attempts() const noexcept { return m_attempts; }
    /// The wait that the provider last asked for, if it did.
    std::optional<std::chrono::milliseconds> hint() const noexcept { return m_hint; }
    LLMCACHE_ERROR_KIND(RateLimitError, "rate limit", 4)

private:
    std::chrono::milliseconds m_waited;
    int m_attempts;
    std::optional<std::chrono::milliseconds> m_hint;
};

/// The store refused or returned something unusable, or a cache-only run found no entry.
class CacheError : public Error {
public:
    using Error::Error;
    LLMCACHE_ERROR_KIND(CacheError, "cache", 5)
};

/// The store can't be reached, or the connection broke. A run turns this into a miss and a warning.
class ConnectionError : public CacheError {
public:
    using CacheError::CacheError;
    LLMCACHE_ERROR_KIND(ConnectionError, "connection", 5)
};

/// What a failed provider request means for the next attempt.
enum class ProviderFailure {
    RateLimited, ///< 429 that time cures
    Overloaded, ///< 503, 529
    Server, ///< other 5xx
    Connection, ///< refused, reset, DNS, TLS, cut in the middle
    Timeout, ///< connect, first byte, idle or total
    Authentication, ///< 401, 403
    NotFound, ///< 404: model or endpoint
    Quota, ///< money or quota used up: 402, insufficient_quota
    BadRequest, ///< other 4xx
    BadReply, ///< HTTP 200 with something that is no reply
    ContentFilter, ///< refused for its content
};

/// The provider failed, for good or after the retries were spent.
class ProviderError : public Error {
public:
    struct Details {
        ProviderFailure failure = ProviderFailure::BadReply;
        int status = 0; ///< HTTP status, 0 when there was no reply
        QString provider; ///< prefix, such as "anthropic"
        QString code; ///< the provider's own code or type
        QString requestId;
        QString bodyExcerpt; ///< at most 2,000 characters
        std::optional<std::chrono::milliseconds> retryHint; ///< Retry-After and its relatives
        std::optional<bool> shouldRetry; ///< the provider's explicit word (x-should-retry)
        bool delivered = false; ///< some text had already reached the caller
        bool mayBeBilled = false; ///< the request was sent and no reply came
    };
    ProviderError(QString message, QString remedy, Details details);

    const Details& details() const noexcept { return m_details; }
    int status() const noexcept { return m_details.status; }
    const QString& bodyExcerpt() const noexcept { return m_details.bodyExcerpt; }
    /// Whether the same request may succeed later (rate limit, overload, 5xx, connection, timeout) and
    /// nothing was delivered yet.
    bool isTransient() const;
    LLMCACHE_ERROR_KIND(ProviderError, "provider", 6)

private:
    Details m_details;
};

/// The model's answer does not fit the output type, also after the agent's retries.
class OutputError : public Error {
public:
    OutputError(QString message, QString remedy, QStringList violations, QString lastAnswer);
    /// One line a violation: JSON pointer and reason.
    const QStringList& violations() const noexcept { return m_violations; }
    /// The last answer, for inspection. It was paid for, and is not in the cache.
    const QString& lastAnswer() const noexcept { return m_lastAnswer; }
    LLMCACHE_ERROR_KIND(OutputError, "output", 7)

private:
    QStringList m_violations;
    QString m_lastAnswer;
};

/// The run was stopped by its caller.
class Cancelled : public Error {
public:
    using Error::Error;
    Cancelled();
    LLMCACHE_ERROR_KIND(Cancelled, "cancelled", 8)
};

} // namespace llmcache
