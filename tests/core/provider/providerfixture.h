#pragma once

#include "base/error.h"
#include "httpserver.h"
#include "provider/provider.h"
#include "waitfortask.h"

#include <map>

namespace llmcache::test {

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
