#include "provider/prefixes_p.h"

#include <algorithm>

namespace llmcache {

namespace {

struct Row {
    const char* prefix;
    const char* displayName;
    const char* protocol;
    const char* baseUrl;
    const char* keys; ///< separated by spaces
    const char* baseUrlVariables;
    bool keyRequired = true;
};

// PydanticAI 1.x names Chat Completions "openai", 2.x the Responses API. Here "openai" is Chat Completions,
// which every compatible server speaks; "openai-responses" names the other one.
constexpr Row rows[] = {
    {"test", "Offline test model", "test", "", "", "", false},
    {"openai", "OpenAI", "openai-chat", "https://api.openai.com/v1", "OPENAI_API_KEY", "OPENAI_BASE_URL"},
    {"openai-chat", "OpenAI (Chat Completions)", "openai-chat", "https://api.openai.com/v1", "OPENAI_API_KEY",
        "OPENAI_BASE_URL"},
    {"openai-responses", "OpenAI (Responses)", "openai-responses", "https://api.openai.com/v1",
        "OPENAI_API_KEY", "OPENAI_BASE_URL"},
    {"anthropic", "Anthropic", "anthropic-messages", "https://api.anthropic.com", "ANTHROPIC_API_KEY",
        "ANTHROPIC_BASE_URL"},
    {"azure", "Azure OpenAI", "openai-chat", "", "AZURE_OPENAI_API_KEY", "AZURE_OPENAI_ENDPOINT"},
    {"azure-responses", "Azure OpenAI (Responses)", "openai-responses", "", "AZURE_OPENAI_API_KEY",
        "AZURE_OPENAI_ENDPOINT"},
    {"google", "Google AI Studio", "gemini-generatecontent",
        "https://generativelanguage.googleapis.com/v1beta", "GOOGLE_API_KEY GEMINI_API_KEY",
        "GOOGLE_GEMINI_BASE_URL"},
    {"google-gla", "Google AI Studio", "gemini-generatecontent",
        "https://generativelanguage.googleapis.com/v1beta", "GOOGLE_API_KEY GEMINI_API_KEY",
        "GOOGLE_GEMINI_BASE_URL"},
    {"google-vertex", "Google Vertex AI", "gemini-vertex", "https://us-central1-aiplatform.googleapis.com",
        "GOOGLE_OAUTH_ACCESS_TOKEN CLOUDSDK_AUTH_ACCESS_TOKEN", "GOOGLE_VERTEX_BASE_URL"},
    {"google-cloud", "Google Vertex AI", "gemini-vertex", "https://us-central1-aiplatform.googleapis.com",
        "GOOGLE_OAUTH_ACCESS_TOKEN CLOUDSDK_AUTH_ACCESS_TOKEN", "GOOGLE_VERTEX_BASE_URL"},
    {"cohere", "Cohere", "cohere-v2-chat", "https://api.cohere.com", "CO_API_KEY COHERE_API_KEY",
        "CO_API_URL"},
    {"bedrock", "Amazon Bedrock", "bedrock-converse", "https://bedrock-runtime.us-east-1.amazonaws.com",
        "AWS_BEARER_TOKEN_BEDROCK", "AWS_ENDPOINT_URL_BEDROCK_RUNTIME"},
    {"deepseek", "DeepSeek", "openai-chat", "https://api.deepseek.com", "DEEPSEEK_API_KEY",
        "DEEPSEEK_BASE_URL"},
    {"openrouter", "OpenRouter", "openai-chat", "https://openrouter.ai/api/v1", "OPENROUTER_API_KEY",
        "OPENROUTER_BASE_URL"},
    {"ollama", "Ollama", "openai-chat", "http://localhost:11434/v1", "OLLAMA_API_KEY", "OLLAMA_BASE_URL",
        false},
    {"groq", "Groq", "openai-chat", "https://api.groq.com/openai/v1", "GROQ_API_KEY", "GROQ_BASE_URL"},
    {"mistral", "Mistral", "openai-chat", "https://api.mistral.ai/v1", "MISTRAL_API_KEY", "MISTRAL_BASE_URL"},
    {"huggingface", "Hugging Face", "openai-chat", "https://router.huggingface.co/v1", "HF_TOKEN",
        "HF_BASE_URL"},
    {"together", "Together AI", "openai-chat", "https://api.together.xyz/v1", "TOGETHER_API_KEY", ""},
    {"fireworks", "Fireworks AI", "openai-chat", "https://api.fireworks.ai/inference/v1", "FIREWORKS_API_KEY",
        ""},
    {"cerebras", "Cerebras", "openai-chat", "https://api.cerebras.ai/v1", "CEREBRAS_API_KEY", ""},
    {"moonshotai", "Moonshot AI", "openai-chat", "https://api.moonshot.ai/v1",
        "MOONSHOTAI_API_KEY MOONSHOT_API_KEY", ""},
    {"github", "GitHub Models", "openai-chat", "https://models.github.ai/inference",
        "GITHUB_API_KEY GITHUB_TOKEN", ""},
    {"grok", "xAI", "openai-chat", "https://api.x.ai/v1", "GROK_API_KEY XAI_API_KEY", ""},
    {"xai", "xAI", "openai-chat", "https://api.x.ai/v1", "XAI_API_KEY GROK_API_KEY", ""},
    {"litellm", "LiteLLM proxy", "openai-chat", "http://localhost:4000", "LITELLM_API_KEY OPENAI_API_KEY",
        "LITELLM_BASE_URL OPENAI_BASE_URL", false},
    {"alibaba", "Alibaba Cloud", "openai-chat", "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
        "ALIBABA_API_KEY DASHSCOPE_API_KEY", ""},
    {"heroku", "Heroku", "openai-chat", "https://us.inference.heroku.com/v1", "HEROKU_INFERENCE_KEY",
        "HEROKU_INFERENCE_URL"},
    {"nebius", "Nebius", "openai-chat", "https://api.studio.nebius.com/v1", "NEBIUS_API_KEY", ""},
    {"ovhcloud", "OVHcloud", "openai-chat", "https://oai.endpoints.kepler.ai.cloud.ovh.net/v1",
        "OVHCLOUD_API_KEY", ""},
    {"sambanova", "SambaNova", "openai-chat", "https://api.sambanova.ai/v1", "SAMBANOVA_API_KEY",
        "SAMBANOVA_BASE_URL"},
    {"vercel", "Vercel AI Gateway", "openai-chat", "https://ai-gateway.vercel.sh/v1",
        "VERCEL_AI_GATEWAY_API_KEY VERCEL_OIDC_TOKEN", ""},
    {"zai", "Z.AI", "openai-chat", "https://api.z.ai/api/paas/v4", "ZAI_API_KEY", ""},
};

QStringList words(const char* text)
{
    return QString::fromLatin1(text).split(QLatin1Char(' '), Qt::SkipEmptyParts);
}

} // namespace

const std::vector<PrefixRow>& prefixRows()
{
    static const std::vector<PrefixRow> table = [] {
        std::vector<PrefixRow> result;
        for (const Row& row : rows) {
            PrefixRow entry;
            entry.prefix.prefix = QString::fromLatin1(row.prefix);
            entry.prefix.displayName = QString::fromLatin1(row.displayName);
            entry.prefix.protocol = QString::fromLatin1(row.protocol);
            entry.prefix.defaultBaseUrl = QString::fromLatin1(row.baseUrl);
            entry.prefix.keyVariables = words(row.keys);
            entry.prefix.keyRequired = row.keyRequired;
            entry.baseUrlVariables = words(row.baseUrlVariables);
            result.push_back(std::move(entry));
        }
        return result;
    }();
    return table;
}

const PrefixRow* findPrefix(const QString& prefix)
{
    const auto& table = prefixRows();
    const auto found = std::find_if(
        table.begin(), table.end(), [&](const PrefixRow& row) { return row.prefix.prefix == prefix; });
    return found == table.end() ? nullptr : &*found;
}

} // namespace llmcache
