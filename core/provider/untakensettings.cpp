#include "provider/untakensettings.h"

#include "base/error.h"
#include "provider/protocols_p.h"

namespace llmcache {

namespace {

/// What the protocol leaves out of a request with these settings.
QStringList droppedOf(const WireProtocol& protocol, const ModelRef& model, const ModelSettings& settings)
{
    ProviderRequest request;
    request.model = model;
    request.messages = {Message::user(QStringLiteral("-"))};
    request.settings = settings;
    Endpoint endpoint;
    endpoint.prefix = model.provider;
    endpoint.baseUrl = QUrl(QStringLiteral("https://localhost"));
    try {
        return protocol.encode(request, endpoint, false).dropped;
    } catch (const Error&) {
        return {}; // said when it is run
    }
}

} // namespace

QStringList untakenSettings(const ModelRef& model, const Json& thinking)
{
    const PrefixRow* const row = findPrefix(model.provider);
    if (!row)
        return {};
    const auto protocol = makeProtocol(
        *row, [](const QUrl&) { return QString(); }, [] { return QStringLiteral("-"); });
    if (!protocol)
        return {};
    ModelSettings settings;
    settings.temperature = 1;
    settings.topP = 1;
    settings.topK = 1;
    settings.seed = 1;
    settings.stopSequences = {QStringLiteral("-")};
    settings.thinking = thinking;
    QStringList dropped = droppedOf(*protocol, model, settings);
    if (thinking.is_null()) {
        ModelSettings thoughtful;
        thoughtful.thinking = "low";
        dropped += droppedOf(*protocol, model, thoughtful);
    }
    dropped.removeDuplicates();
    return dropped;
}

} // namespace llmcache
