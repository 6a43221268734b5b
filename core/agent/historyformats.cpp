#include "agent/historyformats.h"

#include "base/error.h"

#include <algorithm>

namespace llmcache {

namespace {

/// Rewrites messages of other shapes into our own, in order.
class Rewriter {
public:
    Json take() { return std::move(m_messages); }

    void add(const Json& message, std::size_t index)
    {
        m_index = index;
        if (!message.is_object())
            fail(QStringLiteral("is no JSON object."));
        if (const Json* parts = findMember(message, "parts"); parts && message.contains("kind"))
            addPydantic(message, *parts);
        else if (message.contains("role"))
            addWithRole(message);
        else if (message.contains("type"))
            addItem(message);
        else
            fail(QStringLiteral("has neither a role, a type nor parts."));
    }

    void addSystem(const Json& content)
    {
        Json message = {{"role", "system"}};
        message["content"] = content;
        addWithRole(message);
    }

private:
    [[noreturn]] void fail(const QString& what, const QString& remedy = {}) const
    {
        throw ConfigurationError(
            QStringLiteral("Message %1 of the history %2").arg(m_index + 1).arg(what), remedy);
    }
    [[noreturn]] void failKind(const char* what, const QString& kind) const
    {
        fail(
            QStringLiteral("has a %1 \"%2\" that this program does not know.").arg(QLatin1String(what), kind),
            QStringLiteral("Remove it, or turn it into text."));
    }

    const Json::array_t& listOf(const Json& json, const char* what) const
    {
        if (!json.is_array())
            fail(QStringLiteral("has %1 that are no list.").arg(QLatin1String(what)));
        return json.get_ref<const Json::array_t&>();
    }

    static void putMember(Json& to, const char* key, const Json* value)
    {
        if (value)
            to[key] = *value;
    }

    static void appendText(Json& message, const char* key, const std::string& text)
    {
        if (!message.contains(key))
            message[key] = "";
        auto& all = message[key].get_ref<std::string&>();
        if (!all.empty() && !text.empty())
            all += '\n';
        all += text;
    }

    static std::string textMember(const Json& json, const char* key)
    {
        return toUtf8(stringMember(json, key));
    }

    /// Text as it is, anything else as JSON text: what a tool returned.
    static std::string textOf(const Json& json)
    {
        return json.is_string() ? json.get<std::string>() : toJsonText(json).toStdString();
    }

    /// `data:image/png;base64,…` becomes bytes, anything else stays an address.
    static Json attachmentFromUrl(const std::string& url, const std::string& mediaType = {})
    {
        Json attachment = Json::object();
        if (!mediaType.empty())
            attachment["media_type"] = mediaType;
        const std::string scheme = "data:";
        const std::string mark = ";base64,";
        const std::size_t at = url.starts_with(scheme) ? url.find(mark) : std::string::npos;
        if (at == std::string::npos) {
            attachment["url"] = url;
        } else {
            attachment["media_type"] = url.substr(scheme.size(), at - scheme.size());
            attachment["data"] = url.substr(at + mark.size());
        }
        return attachment;
    }

    // --- messages with a role: ours, OpenAI's, Anthropic's

    void addWithRole(const Json& given)
    {
        Json message = given;
        message.erase("content");
        const QString role = stringMember(given, "role");
        if (role == QLatin1String("developer"))
            message["role"] = "system";
        else if (role == QLatin1String("function"))
            message["role"] = "tool";
        else if (role == QLatin1String("model"))
            message["role"] = "assistant";
        const Json* content = findMember(given, "content");
        if (!content || !content->is_array()) {
            if (!content && !given.contains("tool_calls"))
                fail(QStringLiteral("has no content."));
            message["content"] = content && !content->is_null() ? *content : Json("");
            m_messages.push_back(std::move(message));
            return;
        }
        message["content"] = "";
        for (const Json& part : *content)
            addPart(message, part);
        // Results of tools stand in a user's turn, which may have nothing else.
        const bool hadResults = std::exchange(m_hadToolResult, false);
        if (!hadResults || message["content"] != "" || message.contains("attachments"))
            m_messages.push_back(std::move(message));
    }

    void addPart(Json& message, const Json& part)
    {
        if (part.is_string()) {
            appendText(message, "content", part.get<std::string>());
            return;
        }
        const QString type = stringMember(part, "type", QStringLiteral("text"));
        if (type == QLatin1String("text") || type == QLatin1String("input_text")
            || type == QLatin1String("output_text"))
            appendText(message, "content", textMember(part, "text"));
        else if (type == QLatin1String("refusal"))
            appendText(message, "content", textMember(part, "refusal"));
        else if (type == QLatin1String("tool_use"))
            addToolCall(message, findMember(part, "id"), findMember(part, "name"), findMember(part, "input"));
        else if (type == QLatin1String("tool_result"))
            addToolResult(part);
        else if (type == QLatin1String("thinking") || type == QLatin1String("redacted_thinking"))
            addAnthropicThinking(message, part);
        else if (!addFile(message, part, type))
            failKind("content part of type", type);
    }

    bool addFile(Json& message, const Json& part, const QString& type) const
    {
        Json attachment;
        if (type == QLatin1String("image_url") || type == QLatin1String("input_image")) {
            const Json* image = findMember(part, "image_url");
            if (!image)
                fail(QStringLiteral("has an image without image_url."));
            attachment =
                attachmentFromUrl(image->is_string() ? image->get<std::string>() : textMember(*image, "url"));
        } else if (type == QLatin1String("file") || type == QLatin1String("input_file")) {
            const Json* wrapped = findMember(part, "file");
            const Json& file = wrapped ? *wrapped : part;
            const char* source = file.contains("file_data") ? "file_data" : "file_url";
            attachment = attachmentFromUrl(textMember(file, source));
            putMember(attachment, "name", findMember(file, "filename"));
        } else if (type == QLatin1String("image") || type == QLatin1String("document")) {
            const Json* source = findMember(part, "source");
            if (!source)
                fail(QStringLiteral("has a file without a source."));
            const QString kind = stringMember(*source, "type");
            if (kind == QLatin1String("url")) {
                attachment = attachmentFromUrl(textMember(*source, "url"));
            } else {
                attachment = {{"media_type", textMember(*source, "media_type")}};
                const std::string data = textMember(*source, "data");
                attachment["data"] = kind == QLatin1String("text")
                    ? QByteArray::fromStdString(data).toBase64().toStdString()
                    : data;
            }
            putMember(attachment, "name", findMember(part, "title"));
        } else {
            return false;
        }
        message["attachments"].push_back(std::move(attachment));
        return true;
    }

    static void addToolCall(Json& message, const Json* id, const Json* name, const Json* arguments)
    {
        // In OpenAI's shape, whose arguments must be JSON where they are text.
        Json call = Json::object();
        putMember(call, "id", id);
        Json& function = call["function"] = Json::object();
        putMember(function, "name", name);
        // No arguments at all are an empty object to everybody.
        const bool none = !arguments || arguments->is_null() || *arguments == "";
        function["arguments"] = none ? Json::object() : *arguments;
        message["tool_calls"].push_back(std::move(call));
    }

    void addToolResult(const Json& part)
    {
        Json result = {{"role", "tool"}, {"content", ""}};
        putMember(result, "tool_call_id", findMember(part, "tool_use_id"));
        putMember(result, "is_error", findMember(part, "is_error"));
        if (const Json* content = findMember(part, "content")) {
            if (content->is_array()) {
                for (const Json& item : *content)
                    addPart(result, item);
            } else {
                result["content"] = textOf(*content);
            }
        }
        m_messages.push_back(std::move(result));
        m_hadToolResult = true;
    }

    static void addAnthropicThinking(Json& message, const Json& block)
    {
        if (block.contains("thinking"))
            appendText(message, "thinking", textMember(block, "thinking"));
        message["provider_data"]["provider"] = "anthropic";
        message["provider_data"]["thinking"].push_back(block);
    }

    // --- items of OpenAI's Responses

    void addItem(const Json& item)
    {
        const QString type = stringMember(item, "type");
        if (type == QLatin1String("function_call")) {
            Json message = {{"role", "assistant"}, {"content", ""}};
            addToolCall(message, findMember(item, "call_id"), findMember(item, "name"),
                findMember(item, "arguments"));
            m_messages.push_back(std::move(message));
        } else if (type == QLatin1String("function_call_output")) {
            Json message = {{"role", "tool"}};
            const Json* output = findMember(item, "output");
            message["content"] = output ? textOf(*output) : "";
            putMember(message, "tool_call_id", findMember(item, "call_id"));
            m_messages.push_back(std::move(message));
        } else if (type != QLatin1String("reasoning")) { // which only the response that it came from may have
            failKind("type", type);
        }
    }

    // --- PydanticAI

    void addPydantic(const Json& message, const Json& parts)
    {
        const QString kind = stringMember(message, "kind");
        if (kind == QLatin1String("request")) {
            for (const Json& part : listOf(parts, "parts"))
                addRequestPart(part);
        } else if (kind == QLatin1String("response")) {
            Json answer = {{"role", "assistant"}, {"content", ""}};
            for (const Json& part : listOf(parts, "parts"))
                addResponsePart(answer, part);
            m_messages.push_back(std::move(answer));
        } else {
            failKind("kind", kind);
        }
    }

    void addRequestPart(const Json& part)
    {
        const QString kind = stringMember(part, "part_kind");
        const Json* content = findMember(part, "content");
        Json message = Json::object();
        if (kind == QLatin1String("system-prompt")) {
            message = {{"role", "system"}, {"content", textMember(part, "content")}};
        } else if (kind == QLatin1String("user-prompt")) {
            message = {{"role", "user"}, {"content", ""}};
            addUserContent(message, content);
        } else if (kind == QLatin1String("tool-return")
            || (kind == QLatin1String("retry-prompt") && part.contains("tool_name")
                && !part["tool_name"].is_null())) {
            message = {{"role", "tool"}, {"content", content ? textOf(*content) : ""}};
            putMember(message, "tool_call_id", findMember(part, "tool_call_id"));
            putMember(message, "name", findMember(part, "tool_name"));
            if (kind == QLatin1String("retry-prompt"))
                message["is_error"] = true;
        } else if (kind == QLatin1String("retry-prompt")) {
            message = {{"role", "user"}, {"content", content ? textOf(*content) : ""}};
        } else {
            failKind("part of kind", kind);
        }
        m_messages.push_back(std::move(message));
    }

    void addUserContent(Json& message, const Json* content) const
    {
        if (!content || content->is_null())
            return;
        if (content->is_string()) {
            message["content"] = *content;
            return;
        }
        for (const Json& item : listOf(*content, "contents")) {
            if (item.is_string()) {
                appendText(message, "content", item.get<std::string>());
                continue;
            }
            const QString kind = stringMember(item, "kind");
            Json attachment;
            if (kind == QLatin1String("binary")) {
                // Pydantic writes bytes in the URL-safe alphabet.
                std::string data = textMember(item, "data");
                std::replace(data.begin(), data.end(), '-', '+');
                std::replace(data.begin(), data.end(), '_', '/');
                attachment = {{"media_type", textMember(item, "media_type")}, {"data", std::move(data)}};
            } else if (kind.endsWith(QLatin1String("-url"))) {
                attachment = attachmentFromUrl(textMember(item, "url"), textMember(item, "media_type"));
            } else {
                failKind("content of kind", kind);
            }
            message["attachments"].push_back(std::move(attachment));
        }
    }

    void addResponsePart(Json& answer, const Json& part) const
    {
        const QString kind = stringMember(part, "part_kind");
        if (kind == QLatin1String("text")) {
            appendText(answer, "content", textMember(part, "content"));
        } else if (kind == QLatin1String("tool-call")) {
            addToolCall(answer, findMember(part, "tool_call_id"), findMember(part, "tool_name"),
                findMember(part, "args"));
        } else if (kind == QLatin1String("thinking")) {
            const Json* signature = findMember(part, "signature");
            const bool signedByAnthropic = signature && signature->is_string()
                && stringMember(part, "provider_name") == QLatin1String("anthropic");
            if (signedByAnthropic)
                addAnthropicThinking(answer,
                    {{"type", "thinking"}, {"thinking", textMember(part, "content")},
                        {"signature", *signature}});
            else
                appendText(answer, "thinking", textMember(part, "content"));
        } else if (!kind.startsWith(QLatin1String("builtin-tool"))) { // the provider's own doings
            failKind("part of kind", kind);
        }
    }

    Json m_messages = Json::array();
    std::size_t m_index = 0;
    bool m_hadToolResult = false;
};

} // namespace

History historyFromJson(const Json& json)
{
    Rewriter rewriter;
    const Json* list = &json;
    if (json.is_object()) {
        if (const Json* system = findMember(json, "system"))
            rewriter.addSystem(*system);
        list = findMember(json, json.contains("messages") ? "messages" : "input");
    }
    if (!list || !list->is_array())
        throw ConfigurationError(QStringLiteral("The message history is no JSON list."),
            QStringLiteral("Give a list of {\"role\": …, \"content\": …} objects."));
    for (std::size_t index = 0; index < list->size(); ++index)
        rewriter.add((*list)[index], index);
    return messagesFromJson(rewriter.take());
}

} // namespace llmcache
