#pragma once

#include "base/error.h"
#include "base/json.h"
#include "provider/httpclient.h"

#include <optional>

namespace llmcache {

/// An error body of any provider, reduced to what they have in common.
struct ErrorBody {
    QString message;
    QString code; ///< code, or type where there is no code
    QString type;
    int status = 0; ///< in-band HTTP status, 0 when there is none
};

/// Reads `{"error": {…}}`, `{"error": "…"}`, `{"message": …}`, `{"detail": …}` and lists of those. Nothing
/// when `body` has none of these shapes.
std::optional<ErrorBody> readErrorBody(const Json& body);

/// How long the provider asks to wait: retry-after-ms, Retry-After (seconds or date), Gemini's RetryInfo, and
/// the resets of exhausted rate limits. Only for error replies; some providers put Retry-After on good ones.
std::optional<std::chrono::milliseconds> retryHint(
    const HttpHeaders& headers, const Json& body, qint64 nowMs);

/// Text without anything that looks like a key.
QString withoutSecrets(QString text, const QString& key);

/// What an error needs besides the reply.
struct ErrorContext {
    QString provider; ///< prefix
    QString key; ///< blotted out of texts
    QString keyVariable; ///< named in the remedy for a refused key
    QString model;
    qint64 nowMs = 0;
};

/// The id that the provider gave this request, from its headers.
QString requestIdOf(const HttpHeaders& headers);

/// The error for a reply with a status that is not 2xx.
ProviderError errorFromReply(const ErrorContext& context, const HttpReply& reply);
/// The error for an error object inside an HTTP 200, or inside its event stream.
ProviderError errorInBand(const ErrorContext& context, const Json& body, bool delivered);
/// The error for an HTTP 200 that is no reply.
ProviderError badReply(const ErrorContext& context, const QString& what, const QByteArray& body);
/// The error for an event stream that ended too early.
ProviderError cutStream(const ErrorContext& context, bool delivered);

} // namespace llmcache
