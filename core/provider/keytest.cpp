#include "provider/keytest.h"

#include "base/boundedget_p.h"
#include "base/error.h"
#include "provider/errors.h"
#include "provider/httpprovider.h"
#include "provider/prefixes_p.h"

#include <QDateTime>
#include <QElapsedTimer>
#include <QUrlQuery>

namespace llmcache {

namespace {

constexpr int patienceMs = 20'000;
constexpr qint64 largestBody = qint64(4) * 1024 * 1024;
const QString probeModel = QStringLiteral("key-test");

/// `path` with `tail` at its end replaced; unchanged where it ends otherwise.
QString withTail(QString path, const QString& tail, const QString& replacement)
{
    if (path.endsWith(tail))
        path.replace(path.size() - tail.size(), tail.size(), replacement);
    return path;
}

/// Where a request that costs nothing and needs the key goes, from where a run would go. Lists of models are
/// open to everybody at some providers, which prove nothing; those have something else.
QUrl freeUrl(const PrefixRow& row, QUrl url)
{
    const QString& prefix = row.prefix.prefix;
    const QString& protocol = row.prefix.protocol;
    const QString models = QStringLiteral("/models");
    const QString chat = QStringLiteral("/chat/completions");
    QString path = url.path();
    if (protocol == QLatin1String("anthropic-messages")) {
        path = withTail(path, QStringLiteral("/messages"), models);
    } else if (protocol == QLatin1String("openai-responses")) {
        path = withTail(path, QStringLiteral("/responses"), models);
    } else if (protocol == QLatin1String("cohere-v2-chat")) {
        path = withTail(path, QStringLiteral("/v2/chat"), QStringLiteral("/v1/models"));
        url.setQuery(QStringLiteral("page_size=1"));
    } else if (protocol == QLatin1String("bedrock-converse")) {
        url.setHost(url.host().replace(QLatin1String("bedrock-runtime."), QLatin1String("bedrock.")));
        path = path.left(std::max<qsizetype>(path.indexOf(QLatin1String("/model/")), 0))
            + QStringLiteral("/foundation-models");
    } else if (protocol.startsWith(QLatin1String("gemini"))) {
        path = path.left(path.lastIndexOf(models) + models.size());
        if (const auto project = path.indexOf(QLatin1String("/projects/")); project >= 0)
            path.remove(project, path.indexOf(QLatin1String("/publishers/")) - project);
        url.setQuery(QStringLiteral("pageSize=1"));
    } else if (const auto deployment = path.indexOf(QLatin1String("/openai/deployments/")); deployment >= 0) {
        path = path.left(deployment) + QStringLiteral("/openai/models");
    } else if (prefix == QLatin1String("openrouter")) {
        path = withTail(path, chat, QStringLiteral("/key"));
    } else if (prefix == QLatin1String("vercel")) {
        path = withTail(path, chat, QStringLiteral("/credits"));
    } else if (prefix == QLatin1String("huggingface")
        && url.host() == QLatin1String("router.huggingface.co")) {
        url.setHost(QStringLiteral("huggingface.co"));
        path = QStringLiteral("/api/whoami-v2");
    } else {
        path = withTail(path, chat, models);
    }
    url.setPath(path);
    return url;
}

/// What a run of the prefix would send; its headers carry the key.
HttpRequest outgoing(ProviderRegistry& registry, const QString& prefix)
{
    const auto* const provider = dynamic_cast<const HttpProvider*>(&registry.provider(prefix));
    if (!provider)
        throw ConfigurationError(
            QStringLiteral("%1 needs no key.").arg(prefix), QStringLiteral("There is nothing to test."));
    ProviderRequest request;
    request.model = {prefix, probeModel};
    request.messages = {Message::user(QStringLiteral("-"))};
    return provider->outgoing(request);
}

KeyTest judge(const QString& name, ErrorContext context, const HttpReply& reply)
{
    KeyTest test;
    if (reply.status >= 200 && reply.status < 300) {
        test.verdict = KeyTest::Verdict::Valid;
        test.text = QStringLiteral("%1 accepts the key.").arg(name);
        return test;
    }
    context.nowMs = QDateTime::currentMSecsSinceEpoch();
    const ProviderError error = errorFromReply(context, reply);
    switch (error.details().failure) {
    case ProviderFailure::Authentication:
        test.verdict = KeyTest::Verdict::Refused;
        test.text = QStringLiteral("%1 refuses the key (%2).").arg(name).arg(reply.status);
        test.remedy = error.remedy();
        break;
    case ProviderFailure::RateLimited:
    case ProviderFailure::Overloaded:
        test.verdict = KeyTest::Verdict::RateLimited;
        test.text = QStringLiteral("%1 is over a rate limit now (%2).").arg(name).arg(reply.status);
        test.remedy = QStringLiteral("Try again in a minute.");
        break;
    case ProviderFailure::Quota:
        test.verdict = KeyTest::Verdict::Refused;
        test.text =
            QStringLiteral("%1 knows the key, but its quota is used up (%2).").arg(name).arg(reply.status);
        test.remedy = error.remedy();
        break;
    default:
        test.text =
            QStringLiteral("%1 answered %2, which says nothing about the key.").arg(name).arg(reply.status);
        test.remedy = QStringLiteral("A run will show whether it works.");
    }
    return test;
}

QString problemOf(const GetReply& reply)
{
    QString problem = reply.problem();
    if (!problem.isEmpty())
        return problem;
    return reply.error == QNetworkReply::SslHandshakeFailedError
        ? QStringLiteral("the certificate of %1 is not trusted").arg(reply.host)
        : QStringLiteral("the connection to %1 failed").arg(reply.host);
}

} // namespace

QCoro::Task<KeyTest> testKey(ProviderRegistry* registry, QString prefix, std::stop_token stop)
{
    co_await registry->prepare(prefix);
    const PrefixRow* const row = findPrefix(prefix);
    if (!row)
        throw ConfigurationError(QStringLiteral("There is no provider \"%1\".").arg(prefix));
    const HttpRequest run = outgoing(*registry, prefix);
    QNetworkRequest request(freeUrl(*row, run.url));
    for (const auto& [name, value] : run.headers) {
        if (name.compare("Content-Type", Qt::CaseInsensitive) != 0) // there is no body
            request.setRawHeader(name, value);
    }
    request.setTransferTimeout(patienceMs);
    request.setAttribute(QNetworkRequest::RedirectPolicyAttribute, QNetworkRequest::ManualRedirectPolicy);
    request.setAttribute(QNetworkRequest::CookieLoadControlAttribute, QNetworkRequest::Manual);
    request.setAttribute(QNetworkRequest::CookieSaveControlAttribute, QNetworkRequest::Manual);

    QElapsedTimer elapsed;
    elapsed.start();
    // The status is all that matters of a list without an end.
    auto getting = boundedGet(request, largestBody, std::move(stop));
    const GetReply got = co_await getting;
    HttpReply answer;
    answer.status = got.status;
    answer.body = got.body;
    for (const auto& [header, value] : got.headers)
        answer.headers.emplace_back(header, value);
    const QString name = row->prefix.displayName;
    KeyTest test;
    if (answer.status == 0) {
        test.verdict = KeyTest::Verdict::NoNetwork;
        test.text = QStringLiteral("%1 can't be reached: %2.").arg(name, problemOf(got));
        test.remedy = QStringLiteral("Check the network, the proxy and the base URL.");
    } else {
        ErrorContext context;
        context.provider = prefix;
        context.keyVariable = row->prefix.keyVariables.value(0);
        test = judge(name, std::move(context), answer);
    }
    test.roundTrip = std::chrono::milliseconds(elapsed.elapsed());
    co_return test;
}

} // namespace llmcache
