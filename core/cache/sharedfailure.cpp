#include "cache/sharedfailure.h"

#include "base/json.h"

namespace llmcache {

namespace {

struct KindName {
    ProviderFailure failure;
    const char* name;
};
constexpr KindName kindNames[] = {
    {ProviderFailure::Authentication, "authentication"},
    {ProviderFailure::Quota, "quota"},
    {ProviderFailure::NotFound, "not_found"},
    {ProviderFailure::BadRequest, "bad_request"},
    {ProviderFailure::ContentFilter, "content_filter"},
};

/// Whether another key might have fared better.
bool concernsAccount(ProviderFailure failure)
{
    return failure == ProviderFailure::Authentication || failure == ProviderFailure::Quota
        || failure == ProviderFailure::NotFound;
}

} // namespace

bool isPermanent(const ProviderError& error)
{
    if (error.isTransient() || error.details().delivered)
        return false;
    for (const KindName& kind : kindNames) {
        if (kind.failure == error.details().failure)
            return true;
    }
    return false;
}

QString sharedFailure(const ProviderError& error, const QString& account)
{
    if (!isPermanent(error))
        return {};
    Json json = Json::object();
    for (const KindName& kind : kindNames) {
        if (kind.failure == error.details().failure)
            json["failure"] = kind.name;
    }
    json["account"] = toUtf8(account);
    json["provider"] = toUtf8(error.details().provider);
    json["status"] = error.details().status;
    json["code"] = toUtf8(error.details().code);
    json["message"] = toUtf8(error.message());
    json["remedy"] = toUtf8(error.remedy());
    return QString::fromUtf8(toJsonText(json));
}

std::optional<ProviderError> failureFromShared(const QString& text, const QString& account)
{
    Json json;
    try {
        json = parseJson(text.toUtf8(), QStringLiteral("The failure of another run"));
    } catch (const Error&) {
        return std::nullopt;
    }
    const QString name = stringMember(json, "failure");
    for (const KindName& kind : kindNames) {
        if (name != QLatin1String(kind.name))
            continue;
        if (concernsAccount(kind.failure) && stringMember(json, "account") != account)
            return std::nullopt;
        ProviderError::Details details;
        details.failure = kind.failure;
        details.status = static_cast<int>(integerMember(json, "status"));
        details.provider = stringMember(json, "provider");
        details.code = stringMember(json, "code");
        return ProviderError(QStringLiteral("Another run of the same request failed for good: %1")
                                 .arg(stringMember(json, "message")),
            stringMember(json, "remedy"), std::move(details));
    }
    return std::nullopt;
}

} // namespace llmcache
