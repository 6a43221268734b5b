#pragma once

#include "agent/outputvalidation.h"
#include "base/error.h"
#include "httpserver.h"
#include "provider/provider.h"
#include "waitfortask.h"

#include <QFile>
#include <QTest>

#include <map>

namespace llmcache::test {

/// What is wrong with a request's body by the schema of its protocol (schemas/), which the path tells;
/// nothing for a path of none.
inline QStringList requestFaults(const QByteArray& path, const Json& body)
{
    static const std::vector<std::pair<QByteArray, QString>> protocols{
        {"/chat/completions", QStringLiteral("openai-chat")},
        {"/v2/chat", QStringLiteral("cohere-v2-chat")},
        {"/messages", QStringLiteral("anthropic-messages")},
        {"/responses", QStringLiteral("openai-responses")},
        {"enerateContent", QStringLiteral("gemini-generatecontent")},
        {"/converse", QStringLiteral("bedrock-converse")},
    };
    for (const auto& [part, name] : protocols) {
        if (!path.contains(part))
            continue;
        QFile file(QStringLiteral(LLMCACHE_REQUEST_SCHEMAS "/%1.json").arg(name));
        if (!file.open(QIODevice::ReadOnly))
            return {file.fileName() + QStringLiteral(": ") + file.errorString()};
        const Validation validation = validateOutput(parseJson(file.readAll(), name), body);
        QStringList faults = validation.violations;
        if (faults.isEmpty() && validation.value != body)
            faults << QStringLiteral("a value of another type");
        return faults;
    }
    return {};
}

/// A registry whose providers all point to one scripted server, with a key for each.
class ProviderFixture {
public:
    explicit ProviderFixture(const QString& basePath = {})
    {
        for (const ProviderPrefix& prefix : ProviderRegistry::prefixes()) {
            config.baseUrls[prefix.prefix] = server.url(basePath);
            for (const QString& variable : prefix.keyVariables)
                secrets[variable] = QStringLiteral("secret-of-") + variable;
        }
        secrets[QStringLiteral("GOOGLE_CLOUD_PROJECT")] = QStringLiteral("my-project");
        const auto* const values = &secrets;
        config.secret = [values](const QString& name) {
            const auto found = values->find(name);
            return found == values->end() ? QString() : found->second;
        };
    }

    ProviderReply complete(const ProviderRequest& request, ProviderContext context = {})
    {
        if (!registry)
            registry = std::make_unique<ProviderRegistry>(config);
        const std::size_t before = server.requests().size();
        const auto check = qScopeGuard([&] {
            for (std::size_t index = before; index < server.requests().size(); ++index)
                checkRequest(server.requests()[index], request.settings.extraBody);
        });
        return waitForTask(registry->provider(request.model.provider).complete(request, std::move(context)));
    }

    std::optional<ProviderError> failure(const ProviderRequest& request, ProviderContext context = {})
    {
        try {
            complete(request, std::move(context));
        } catch (const ProviderError& error) {
            return error;
        }
        return std::nullopt;
    }

    /// The body of the last request.
    Json sent() const
    {
        const QByteArray& body = server.requests().back().body;
        return Json::parse(body.cbegin(), body.cend());
    }

    /// A request that does not fit the protocol's schema fails the test. What the user adds is the user's.
    static void checkRequest(const RecordedRequest& sent, const Json& extraBody)
    {
        auto body = tryParseJson(sent.body);
        if (!body)
            return;
        if (extraBody.is_object()) {
            for (const auto& [key, value] : extraBody.items())
                body->erase(key);
        }
        const QStringList faults = requestFaults(sent.path, *body);
        if (!faults.isEmpty())
            QTest::qFail(qPrintable(faults.join(QLatin1Char('\n')) + QLatin1Char('\n')
                             + QString::fromUtf8(toJsonText(*body))),
                __FILE__, __LINE__);
    }

    HttpServer server;
    std::map<QString, QString> secrets;
    ProviderConfig config;
    std::unique_ptr<ProviderRegistry> registry;
};

inline ProviderRequest requestFor(const QString& model, const QString& prompt = QStringLiteral("Hello"))
{
    ProviderRequest request;
    request.model = ModelRef::parse(model);
    request.messages = {Message::user(prompt)};
    return request;
}

} // namespace llmcache::test
