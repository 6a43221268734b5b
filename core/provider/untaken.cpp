#include "provider/untaken.h"

#include "base/error.h"
#include "provider/conversation.h"
#include "provider/modelfamily.h"
#include "provider/protocols_p.h"

namespace llmcache {

namespace {

/// The protocol that a provider speaks, without a key; null when there is none.
std::unique_ptr<WireProtocol> protocolOf(const ModelRef& model)
{
    const PrefixRow* const row = findPrefix(model.provider);
    if (!row)
        return nullptr;
    return makeProtocol(
        *row, [](const QUrl&) { return QString(); }, [] { return QStringLiteral("-"); });
}

WireRequest encoded(const WireProtocol& protocol, const ModelRef& model, ProviderRequest request)
{
    request.model = model;
    Endpoint endpoint;
    endpoint.prefix = model.provider;
    endpoint.baseUrl = QUrl(QStringLiteral("https://localhost"));
    return protocol.encode(request, endpoint, false);
}

/// What the protocol leaves out of a request with these settings.
QStringList droppedOf(const WireProtocol& protocol, const ModelRef& model, const ModelSettings& settings)
{
    ProviderRequest request;
    request.messages = {Message::user(QStringLiteral("-"))};
    request.settings = settings;
    try {
        return encoded(protocol, model, std::move(request)).dropped;
    } catch (const Error&) {
        return {}; // said when it is run
    }
}

} // namespace

QStringList untakenSettings(const ModelRef& model, const Json& thinking)
{
    const auto protocol = protocolOf(model);
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

QString untakenAttachment(const ModelRef& model, const std::vector<Attachment>& attachments)
{
    const auto protocol = protocolOf(model);
    if (!protocol)
        return {};
    const bool textOnly = readsTextAlone(model.model);
    try {
        for (const Attachment& attachment : attachments) {
            if (textOnly && !isTextAttachment(attachment))
                refuseAttachment(model.toString(), attachment);
            // The kind decides; what is in it would be encoded for nothing.
            Attachment hollow = attachment;
            hollow.data.clear();
            ProviderRequest request;
            request.messages = {Message::user(QStringLiteral("-"))};
            request.messages.back().attachments = {hollow};
            encoded(*protocol, model, std::move(request));
        }
    } catch (const Error& error) {
        return error.text();
    }
    return {};
}

} // namespace llmcache
