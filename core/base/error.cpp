#include "base/error.h"

namespace llmcache {

Error::Error(QString message, QString remedy)
    : m_message(std::move(message))
    , m_remedy(std::move(remedy))
    , m_what(text().toUtf8())
{
}

QString Error::text() const
{
    return m_remedy.isEmpty() ? m_message : m_message + QLatin1Char(' ') + m_remedy;
}

QString Error::kind() const
{
    return QStringLiteral("error");
}

int Error::exitCode() const
{
    return 1;
}

void Error::raise() const
{
    throw Error(*this);
}

RateLimitError::RateLimitError(QString message, QString remedy, std::chrono::milliseconds waited,
    int attempts, std::optional<std::chrono::milliseconds> hint)
    : Error(std::move(message), std::move(remedy))
    , m_waited(waited)
    , m_attempts(attempts)
    , m_hint(hint)
{
}

ProviderError::ProviderError(QString message, QString remedy, Details details)
    : Error(std::move(message), std::move(remedy))
    , m_details(std::move(details))
{
}

bool ProviderError::isTransient() const
{
    if (m_details.delivered)
        return false;
    if (m_details.shouldRetry)
        return *m_details.shouldRetry;
    switch (m_details.failure) {
    case ProviderFailure::RateLimited:
    case ProviderFailure::Overloaded:
    case ProviderFailure::Server:
    case ProviderFailure::Connection:
    case ProviderFailure::Timeout:
        return true;
    case ProviderFailure::Authentication:
    case ProviderFailure::NotFound:
    case ProviderFailure::Quota:
    case ProviderFailure::BadRequest:
    case ProviderFailure::BadReply:
    case ProviderFailure::ContentFilter:
        return false;
    }
    return false;
}

OutputError::OutputError(QString message, QString remedy, QStringList violations, QString lastAnswer)
    : Error(std::move(message), std::move(remedy))
    , m_violations(std::move(violations))
    , m_lastAnswer(std::move(lastAnswer))
{
}

Cancelled::Cancelled()
    : Error(QStringLiteral("The run was cancelled."))
{
}

} // namespace llmcache
