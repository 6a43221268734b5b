#include "provider/anthropic.h"
#include "provider/bedrock.h"
#include "provider/cohere.h"
#include "provider/gemini.h"
#include "provider/openaichat.h"
#include "provider/openairesponses.h"
#include "provider/protocols_p.h"

namespace llmcache {

std::unique_ptr<WireProtocol> makeProtocol(const PrefixRow& row,
    std::function<QString(const QUrl& baseUrl)> vertexPath, std::function<QString()> azureVersion)
{
    const QString& name = row.prefix.protocol;
    if (name == QLatin1String("anthropic-messages"))
        return std::make_unique<AnthropicMessages>(row.prefix.prefix);
    if (name == QLatin1String("openai-responses"))
        return std::make_unique<OpenAiResponses>(row.prefix.prefix);
    if (name == QLatin1String("gemini-generatecontent"))
        return std::make_unique<Gemini>(row.prefix.prefix, nullptr);
    if (name == QLatin1String("gemini-vertex"))
        return std::make_unique<Gemini>(row.prefix.prefix, std::move(vertexPath));
    if (name == QLatin1String("cohere-v2-chat"))
        return std::make_unique<CohereChat>(row.prefix.prefix);
    if (name == QLatin1String("bedrock-converse"))
        return std::make_unique<BedrockConverse>(row.prefix.prefix);
    if (name == QLatin1String("openai-chat"))
        return std::make_unique<OpenAiChat>(row.prefix.prefix, std::move(azureVersion));
    return nullptr;
}

} // namespace llmcache
