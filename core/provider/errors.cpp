#include "provider/errors.h"

#include "provider/replyjson.h"

#include <QDateTime>
#include <QHash>
#include <QRegularExpression>

#include <algorithm>
#include <cmath>

namespace llmcache {

namespace {

using std::chrono::milliseconds;

constexpr qsizetype longestExcerpt = 2000;
constexpr qsizetype longestMessage = 500;

QString scalarText(const Json* value)
{
    if (!value || value->is_null() || value->is_structured())
        return {};
    if (value->is_string())
        return toQString(value->get_ref<const std::string&>());
    return toQString(value->dump());
}

bool isOneOf(const QString& text, std::initializer_list<const char*> words)
{
    return std::any_of(words.begin(), words.end(),
        [&](const char* word) { return text.compare(QLatin1String(word), Qt::CaseInsensitive) == 0; });
}

std::optional<ProviderFailure> failureOfCode(const QString& code)
{
    if (isOneOf(code,
            {"insufficient_quota", "credit_balance_exhausted", "billing_hard_limit_reached",
                "billing_not_active", "billing_error", "enforced_spend_limit_reached", "quota_exceeded",
                "insufficient_balance", "insufficient_credits", "ServiceQuotaExceededException"}))
        return ProviderFailure::Quota;
    if (isOneOf(code,
            {"rate_limit_error", "rate_limit_exceeded", "rate_limited", "slow_down", "too_many_requests",
                "RESOURCE_EXHAUSTED", "ThrottlingException", "tokens", "requests"}))
        return ProviderFailure::RateLimited;
    if (isOneOf(code,
            {"overloaded_error", "overloaded", "UNAVAILABLE", "engine_overloaded", "service_unavailable",
                "ServiceUnavailableException", "ModelNotReadyException"}))
        return ProviderFailure::Overloaded;
    if (isOneOf(code,
            {"api_error", "server_error", "internal_error", "internal_server_error", "INTERNAL",
                "InternalServerException", "ModelErrorException"}))
        return ProviderFailure::Server;
    if (isOneOf(code, {"timeout", "timeout_error", "DEADLINE_EXCEEDED", "ModelTimeoutException"}))
        return ProviderFailure::Timeout;
    if (isOneOf(code,
            {"authentication_error", "invalid_api_key", "permission_error", "permission_denied",
                "PERMISSION_DENIED", "UNAUTHENTICATED", "AccessDeniedException",
                "UnrecognizedClientException", "API_KEY_INVALID"}))
        return ProviderFailure::Authentication;
    if (isOneOf(code,
            {"not_found_error", "model_not_found", "NOT_FOUND", "ResourceNotFoundException",
                "DeploymentNotFound"}))
        return ProviderFailure::NotFound;
    if (isOneOf(code,
            {"content_filter", "content_policy_violation", "ResponsibleAIPolicyViolation",
                "moderation_blocked"}))
        return ProviderFailure::ContentFilter;
    return std::nullopt;
}

ProviderFailure failureOfStatus(int status)
{
    switch (status) {
    case 401:
    case 403:
        return ProviderFailure::Authentication;
    case 402:
        return ProviderFailure::Quota;
    case 404:
        return ProviderFailure::NotFound;
    case 408:
    case 504:
    case 524:
        return ProviderFailure::Timeout;
    case 409:
    case 425:
    case 498:
    case 503:
    case 529:
        return ProviderFailure::Overloaded;
    case 429:
        return ProviderFailure::RateLimited;
    default:
        return status >= 500 ? ProviderFailure::Server : ProviderFailure::BadRequest;
    }
}

/// Calls `visit` with every `details` entry of a Google error.
template <typename Visit>
void eachDetail(const Json& body, Visit visit)
{
    const Json& object = body.is_array() && !body.empty() ? body.front() : body;
    const Json* error = findMember(object, "error");
    const Json* details = error ? findMember(*error, "details") : nullptr;
    if (!details || !details->is_array())
        return;
    for (const Json& detail : *details)
        visit(detail);
}

/// A day's or month's quota of Gemini, which no wait of minutes cures.
bool isLongQuota(const Json& body)
{
    bool found = false;
    eachDetail(body, [&](const Json& detail) {
        const Json* violations = findMember(detail, "violations");
        if (!violations || !violations->is_array())
            return;
        for (const Json& violation : *violations) {
            const QString id = stringMember(violation, "quotaId");
            found = found || id.contains(QLatin1String("PerDay")) || id.contains(QLatin1String("PerMonth"));
        }
    });
    return found;
}

QString reasonOf(const Json& body)
{
    QString reason;
    eachDetail(body, [&](const Json& detail) {
        if (reason.isEmpty())
            reason = stringMember(detail, "reason");
    });
    return reason;
}

ProviderFailure classify(int status, const ErrorBody& error, const Json& body, const HttpHeaders& headers)
{
    if (isLongQuota(body))
        return ProviderFailure::Quota;
    // Groq calls a request that is larger than a minute's allowance a rate limit; no wait cures it.
    if (status == 413)
        return ProviderFailure::BadRequest;
    if (const auto failure = failureOfCode(reasonOf(body)))
        return *failure;
    if (const auto failure = failureOfCode(error.code))
        return *failure;
    // Anthropic reports an empty account as an invalid request.
    if (error.message.contains(QLatin1String("credit balance is too low"), Qt::CaseInsensitive))
        return ProviderFailure::Quota;
    if (status == 402 && !headerValue(headers, "retry-after").isEmpty())
        return ProviderFailure::RateLimited;
    if (const auto failure = failureOfCode(error.type))
        return *failure;
    return failureOfStatus(status);
}

/// For what is an identifier, which the patterns of withoutSecrets() could take for a key.
QString withoutKey(QString text, const QString& key)
{
    // A host name comes in lower case.
    return key.size() < 4 ? text : text.replace(key, QString(3, QChar(0x2022)), Qt::CaseInsensitive);
}

QString remedyFor(ProviderFailure failure, const ErrorContext& context)
{
    switch (failure) {
    case ProviderFailure::RateLimited:
    case ProviderFailure::Overloaded:
    case ProviderFailure::Server:
    case ProviderFailure::Connection:
    case ProviderFailure::Timeout:
        return QStringLiteral("Try again later.");
    case ProviderFailure::Authentication:
        return context.keyVariable.isEmpty()
            ? QStringLiteral("Check the key and what it may use.")
            : QStringLiteral("Check the key in %1 and what it may use.").arg(context.keyVariable);
    case ProviderFailure::NotFound:
        return QStringLiteral("Check the model name \"%1\" and the base URL.").arg(context.model);
    case ProviderFailure::Quota:
        return QStringLiteral("Add credit or raise the spending limit of the account at %1.")
            .arg(context.provider);
    case ProviderFailure::BadRequest:
        return QStringLiteral("Change the agent's settings or the prompt.");
    case ProviderFailure::BadReply:
        return QStringLiteral("Check that the base URL belongs to this kind of provider.");
    case ProviderFailure::ContentFilter:
        return QStringLiteral("Change the prompt.");
    }
    return {};
}

QString shortened(const QString& text, qsizetype length)
{
    return text.size() <= length ? text : text.left(length - 1) + QChar(0x2026);
}

ProviderError makeError(const ErrorContext& context, const Json& body, const ErrorBody& error,
    ProviderError::Details details, const QString& subject)
{
    details.provider = context.provider;
    // A code that only repeats the status says less than the type.
    bool isNumber = false;
    error.code.toInt(&isNumber);
    details.code = withoutKey(
        error.code.isEmpty() || (isNumber && !error.type.isEmpty()) ? error.type : error.code, context.key);
    QString what = details.code;
    if (details.status > 0 && details.status != 200) {
        const QString status = QStringLiteral("HTTP %1").arg(details.status);
        what = what.isEmpty() || what == QString::number(details.status)
            ? status
            : status + QStringLiteral(", ") + what;
    }
    const Json& object = body.is_array() && !body.empty() ? body.front() : body;
    if (details.requestId.isEmpty())
        details.requestId = withoutKey(stringMember(object, "request_id"), context.key);
    QString message = QStringLiteral("%1 %2").arg(context.provider, subject);
    if (!what.isEmpty())
        message += QStringLiteral(" (%1)").arg(what);
    const QString said = shortened(withoutSecrets(error.message, context.key).simplified(), longestMessage);
    if (said.isEmpty())
        message += QLatin1Char('.');
    else
        message +=
            QStringLiteral(": ") + said + (said.endsWith(QLatin1Char('.')) ? QString() : QStringLiteral("."));
    return ProviderError(message, remedyFor(details.failure, context), details);
}

/// "6m0s", "12ms", "1.5s", "2h", "1d"; also plain seconds and, from a billion on, points in time.
std::optional<milliseconds> parseReset(const QByteArray& raw, qint64 nowMs)
{
    const QString text = QString::fromLatin1(raw).trimmed();
    constexpr qsizetype longestTime = 64;
    if (text.isEmpty() || text.size() > longestTime)
        return std::nullopt;
    bool isNumber = false;
    const double number = text.toDouble(&isNumber);
    if (isNumber) {
        if (!std::isfinite(number) || number < 0)
            return std::nullopt;
        if (number > 1e11)
            return milliseconds(std::llround(std::min(number, 1e15)) - nowMs);
        if (number > 1e9)
            return milliseconds(std::llround(number * 1000) - nowMs);
        return milliseconds(std::llround(number * 1000));
    }
    if (const auto date = QDateTime::fromString(text, Qt::ISODateWithMs); date.isValid())
        return milliseconds(date.toMSecsSinceEpoch() - nowMs);
    static const QRegularExpression whole(QStringLiteral("^(?:\\d+(?:\\.\\d+)?(?:ms|us|µs|ns|d|h|m|s))+$"));
    if (!whole.match(text).hasMatch())
        return std::nullopt;
    static const QRegularExpression part(QStringLiteral("(\\d+(?:\\.\\d+)?)(ms|us|µs|ns|d|h|m|s)"));
    double total = 0;
    for (auto matches = part.globalMatch(text); matches.hasNext();) {
        const auto match = matches.next();
        const QString unit = match.captured(2);
        const double factor = unit == QLatin1String("d") ? 86'400'000.0
            : unit == QLatin1String("h")                 ? 3'600'000.0
            : unit == QLatin1String("m")                 ? 60'000.0
            : unit == QLatin1String("s")                 ? 1'000.0
            : unit == QLatin1String("ms")                ? 1.0
                                                         : 0.001;
        total += match.captured(1).toDouble() * factor;
    }
    return milliseconds(static_cast<qint64>(std::ceil(std::min(total, 1e15))));
}

std::optional<milliseconds> parseRetryAfter(const QByteArray& raw, qint64 nowMs)
{
    const QString text = QString::fromLatin1(raw).trimmed();
    bool isNumber = false;
    const double seconds = text.toDouble(&isNumber);
    if (isNumber) {
        if (!std::isfinite(seconds) || seconds < 0)
            return std::nullopt;
        return milliseconds(static_cast<qint64>(std::ceil(std::min(seconds, 1e9) * 1000)));
    }
    // Qt's reader of mail dates knows offsets, but not the GMT that HTTP prescribes.
    QString dated = text;
    if (dated.endsWith(QLatin1String("GMT")))
        dated.replace(dated.size() - 3, 3, QStringLiteral("+0000"));
    const auto date = QDateTime::fromString(dated, Qt::RFC2822Date);
    if (date.isValid())
        return milliseconds(date.toMSecsSinceEpoch() - nowMs);
    return std::nullopt;
}

/// The latest reset of the limits that are used up, as far as the headers tell.
std::optional<milliseconds> resetOfExhausted(const HttpHeaders& headers, qint64 nowMs)
{
    std::optional<milliseconds> latest;
    QHash<QByteArray, QByteArray> values; // there may be thousands of them, from a server that means no good
    for (const auto& [name, value] : headers)
        values.insert(name.toLower(), value.trimmed());
    for (auto header = values.cbegin(); header != values.cend(); ++header) {
        const QByteArray& lower = header.key();
        QByteArray remaining;
        if (lower.startsWith("x-ratelimit-reset") || lower.startsWith("ratelimit-reset")) {
            remaining = lower;
            remaining.replace("-reset", "-remaining");
        } else if (lower.startsWith("anthropic-") && lower.endsWith("-reset")) {
            remaining = lower.chopped(6) + "-remaining";
        } else {
            continue;
        }
        const QByteArray left = values.value(remaining);
        if (!left.isEmpty() && left.toDouble() > 0)
            continue;
        const auto reset = parseReset(*header, nowMs);
        if (reset && (!latest || *reset > *latest))
            latest = reset;
    }
    return latest;
}

} // namespace

std::optional<ErrorBody> readErrorBody(const Json& body)
{
    const Json& object = body.is_array() && !body.empty() ? body.front() : body;
    if (!object.is_object())
        return std::nullopt;
    ErrorBody result;
    const Json* error = findMember(object, "error");
    if (error && error->is_string()) {
        result.message = scalarText(error);
        result.type = scalarText(findMember(object, "error_type"));
        return result;
    }
    const Json* source = error && error->is_object() ? error : &object;
    result.message = scalarText(findMember(*source, "message"));
    if (result.message.isEmpty())
        result.message = scalarText(findMember(*source, "Message"));
    result.type = scalarText(findMember(*source, "type"));
    if (result.type.isEmpty())
        result.type = scalarText(findMember(*source, "status"));
    if (result.type.isEmpty())
        result.type = scalarText(findMember(*source, "__type")).section(QLatin1Char('#'), -1);
    const Json* code = findMember(*source, "code");
    result.code = scalarText(code);
    if (code && code->is_number_integer())
        result.status = static_cast<int>(std::clamp<qint64>(integerMember(*source, "code"), 0, 999));
    if (const qint64 status = integerMember(*source, "status_code"); status > 0 && status < 1000)
        result.status = static_cast<int>(status);
    if (result.status < 400)
        result.status = 0;
    if (const Json* detail = findMember(*source, "detail"); detail && result.message.isEmpty())
        result.message = detail->is_string() ? scalarText(detail) : QString::fromUtf8(toJsonText(*detail));
    if (error && error->is_object())
        return result;
    return result.message.isEmpty() ? std::nullopt : std::optional(result);
}

std::optional<milliseconds> retryHint(const HttpHeaders& headers, const Json& body, qint64 nowMs)
{
    std::optional<milliseconds> hint;
    bool isNumber = false;
    const double exact = headerValue(headers, "retry-after-ms").trimmed().toDouble(&isNumber);
    if (isNumber && std::isfinite(exact) && exact >= 0)
        hint = milliseconds(static_cast<qint64>(std::ceil(std::min(exact, 1e12))));
    if (!hint)
        hint = parseRetryAfter(headerValue(headers, "retry-after"), nowMs);
    if (!hint) {
        eachDetail(body, [&](const Json& detail) {
            if (const QString delay = stringMember(detail, "retryDelay"); !delay.isEmpty())
                hint = parseReset(delay.toLatin1(), nowMs);
        });
    }
    if (!hint)
        hint = resetOfExhausted(headers, nowMs);
    if (hint && *hint < milliseconds(0))
        hint = milliseconds(0);
    return hint;
}

QString withoutSecrets(QString text, const QString& key)
{
    text = withoutKey(std::move(text), key);
    static const QRegularExpression looksLikeKey(QStringLiteral(
        "\\b(?:sk|pk|gsk|xai|hf|csk|key|fw|rk)[-_][A-Za-z0-9_*-]{6,}|\\bAIza[A-Za-z0-9_*-]{10,}"
        "|\\bBearer\\s+[A-Za-z0-9._*~+/=-]{6,}"));
    return text.replace(looksLikeKey, QString(3, QChar(0x2022)));
}

QString requestIdOf(const HttpHeaders& headers)
{
    for (const char* name : {"x-request-id", "request-id", "apim-request-id", "x-amzn-requestid",
             "x-goog-request-id", "cf-ray"}) {
        if (const QByteArray value = headerValue(headers, name); !value.isEmpty())
            return QString::fromLatin1(value);
    }
    return {};
}

ProviderError errorFromReply(const ErrorContext& context, const HttpReply& reply)
{
    ProviderError::Details details;
    details.status = reply.status;
    details.requestId = withoutKey(requestIdOf(reply.headers), context.key);
    const QString text = withoutSecrets(QString::fromUtf8(reply.body), context.key);
    details.bodyExcerpt = shortened(text, longestExcerpt);

    if (reply.status < 400) {
        details.provider = context.provider;
        details.failure = ProviderFailure::BadRequest;
        const QUrl target(QString::fromLatin1(headerValue(reply.headers, "location")));
        QString message = QStringLiteral("%1 answered with HTTP %2 instead of a reply.")
                              .arg(context.provider)
                              .arg(reply.status);
        if (!target.host().isEmpty())
            message += QStringLiteral(" It points to %1, and keys are not sent on to other places.")
                           .arg(withoutKey(target.host(), context.key));
        return ProviderError(message, QStringLiteral("Check the base URL."), details);
    }
    const Json body = readJson(reply.body).value_or(Json());
    ErrorBody error = readErrorBody(body).value_or(ErrorBody{});
    if (error.type.isEmpty())
        error.type = QString::fromLatin1(headerValue(reply.headers, "x-amzn-errortype"))
                         .section(QLatin1Char(':'), 0, 0);
    // HTML pages of proxies say less than their status.
    if (error.message.isEmpty() && body.is_null() && !text.trimmed().startsWith(QLatin1Char('<')))
        error.message = shortened(text.simplified(), 200);
    details.failure = classify(reply.status, error, body, reply.headers);
    if (details.failure == ProviderFailure::RateLimited || details.failure == ProviderFailure::Overloaded
        || reply.status >= 500 || reply.status == 408 || reply.status == 409)
        details.retryHint = retryHint(reply.headers, body, context.nowMs);
    const QByteArray word = headerValue(reply.headers, "x-should-retry").trimmed().toLower();
    const bool hopeless = details.failure == ProviderFailure::Quota
        || details.failure == ProviderFailure::Authentication
        || details.failure == ProviderFailure::ContentFilter;
    if (word == "false" || (word == "true" && !hopeless))
        details.shouldRetry = word == "true";
    return makeError(context, body, error, details, QStringLiteral("refused the request"));
}

ProviderError errorInBand(const ErrorContext& context, const Json& body, bool delivered)
{
    const ErrorBody error = readErrorBody(body).value_or(ErrorBody{});
    ProviderError::Details details;
    details.status = error.status > 0 ? error.status : 200;
    details.delivered = delivered;
    details.bodyExcerpt =
        shortened(withoutSecrets(QString::fromUtf8(toJsonText(body)), context.key), longestExcerpt);
    const int status = error.status > 0 ? error.status : 500;
    details.failure = classify(status, error, body, {});
    details.retryHint = retryHint({}, body, context.nowMs);
    return makeError(context, body, error, details, QStringLiteral("reported an error in its reply"));
}

ProviderError badReply(const ErrorContext& context, const QString& what, const QByteArray& body)
{
    ProviderError::Details details;
    details.failure = ProviderFailure::BadReply;
    details.status = 200;
    details.provider = context.provider;
    details.bodyExcerpt = shortened(withoutSecrets(QString::fromUtf8(body), context.key), longestExcerpt);
    return ProviderError(QStringLiteral("%1 sent %2.").arg(context.provider, what),
        remedyFor(ProviderFailure::BadReply, context), details);
}

ProviderError cutStream(const ErrorContext& context, bool delivered)
{
    ProviderError::Details details;
    details.failure = ProviderFailure::Connection;
    details.status = 200;
    details.provider = context.provider;
    details.delivered = delivered;
    details.mayBeBilled = true;
    return ProviderError(QStringLiteral("%1 ended its reply before it was complete.").arg(context.provider),
        QStringLiteral("Try again; the request may have been billed."), details);
}

} // namespace llmcache
