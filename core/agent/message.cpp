#include "agent/message.h"

#include "base/error.h"

#include <optional>

namespace llmcache {

namespace {

struct RoleName {
    Role role;
    const char* name;
};
constexpr RoleName roleNames[] = {
    {Role::System, "system"},
    {Role::User, "user"},
    {Role::Assistant, "assistant"},
    {Role::Tool, "tool"},
};

std::optional<Role> roleFromName(const QString& name)
{
    for (const RoleName& candidate : roleNames) {
        if (name == QLatin1String(candidate.name))
            return candidate.role;
    }
    return std::nullopt;
}

/// Reads one message and says where in the list it stands when it is wrong.
class MessageReader {
public:
    explicit MessageReader(std::size_t index)
        : m_where(QStringLiteral("Message %1 of the history").arg(index + 1))
    {
    }

    Message read(const Json& json) const
    {
        if (!json.is_object())
            fail(QStringLiteral("is no JSON object."));
        const auto role = roleFromName(stringMember(json, "role"));
        if (!role)
            fail(
                QStringLiteral("has no known role."), QStringLiteral("Use system, user, assistant or tool."));
        Message message;
        message.role = *role;
        if (const Json* content = findMember(json, "content"))
            readContent(*content, message);
        else if (!json.contains("tool_calls"))
            fail(QStringLiteral("has no content."));
        if (const Json* calls = findMember(json, "tool_calls"))
            readToolCalls(*calls, message);
        if (const Json* attachments = findMember(json, "attachments"))
            readAttachments(*attachments, message);
        message.toolCallId = stringMember(json, "tool_call_id");
        message.toolName = stringMember(json, "name");
        message.isError = json.value("is_error", Json(false)) == Json(true);
        message.thinking = stringMember(json, "thinking");
        if (const Json* data = findMember(json, "provider_data"))
            message.providerData = *data;
        return message;
    }

private:
    [[noreturn]] void fail(const QString& what, const QString& remedy = {}) const
    {
        throw ConfigurationError(m_where + QLatin1Char(' ') + what, remedy);
    }

    void readContent(const Json& content, Message& message) const
    {
        if (content.is_null())
            return;
        if (content.is_string()) {
            message.text = toQString(content.get_ref<const std::string&>());
            return;
        }
        if (!content.is_array())
            fail(QStringLiteral("has content that is neither text nor a list of parts."));
        QStringList texts;
        for (const Json& part : content) {
            if (part.is_string())
                texts.append(toQString(part.get_ref<const std::string&>()));
            else if (const Json* text = findMember(part, "text"); text && text->is_string())
                texts.append(toQString(text->get_ref<const std::string&>()));
            else
                fail(QStringLiteral("has a content part without text."),
                    QStringLiteral("Give each part as {\"type\": \"text\", \"text\": \"…\"}."));
        }
        message.text = texts.join(QLatin1Char('\n'));
    }

    void readToolCalls(const Json& calls, Message& message) const
    {
        if (!calls.is_array())
            fail(QStringLiteral("has tool_calls that are no list."));
        for (const Json& item : calls) {
            ToolCall call;
            call.id = stringMember(item, "id");
            // OpenAI's shape wraps name and arguments in "function", the arguments as JSON text.
            const Json* wrapped = findMember(item, "function");
            const Json& body = wrapped ? *wrapped : item;
            call.name = stringMember(body, "name");
            if (call.name.isEmpty())
                fail(QStringLiteral("has a tool call without a name."));
            if (const Json* arguments = findMember(body, "arguments"))
                call.arguments = argumentsOf(*arguments, call.name, wrapped != nullptr);
            message.toolCalls.push_back(std::move(call));
        }
    }

    Json argumentsOf(const Json& arguments, const QString& name, bool isOpenAiShape) const
    {
        if (!arguments.is_string())
            return arguments;
        const QByteArray text = QByteArray::fromStdString(arguments.get_ref<const std::string&>());
        if (isOpenAiShape)
            return parseJson(
                text, m_where + QStringLiteral(", arguments of the tool call %1").arg(name), storableDepth);
        // What a model cut or garbled is stored as the text that it sent, and must come back as that.
        auto value = tryParseJson(text, storableDepth);
        return value && value->is_object() ? *std::move(value) : arguments;
    }

    void readAttachments(const Json& attachments, Message& message) const
    {
        if (!attachments.is_array())
            fail(QStringLiteral("has attachments that are no list."));
        for (const Json& item : attachments) {
            Attachment attachment;
            attachment.mediaType = stringMember(item, "media_type");
            attachment.url = stringMember(item, "url");
            attachment.name = stringMember(item, "name");
            attachment.data = QByteArray::fromBase64(stringMember(item, "data").toLatin1());
            if (attachment.url.isEmpty() && attachment.data.isEmpty())
                fail(QStringLiteral("has an attachment with neither data nor url."));
            message.attachments.push_back(std::move(attachment));
        }
    }

    QString m_where;
};

void putText(Json& json, const char* key, const QString& text)
{
    if (!text.isEmpty())
        json[key] = toUtf8(text);
}

} // namespace

QString roleName(Role role)
{
    for (const RoleName& candidate : roleNames) {
        if (candidate.role == role)
            return QLatin1String(candidate.name);
    }
    return {};
}

Message Message::system(QString text)
{
    Message message;
    message.role = Role::System;
    message.text = std::move(text);
    return message;
}

Message Message::user(QString text)
{
    Message message;
    message.text = std::move(text);
    return message;
}

Message Message::assistant(QString text)
{
    Message message;
    message.role = Role::Assistant;
    message.text = std::move(text);
    return message;
}

History messagesFromJson(const Json& json)
{
    if (!json.is_array())
        throw ConfigurationError(QStringLiteral("The message history is no JSON list."),
            QStringLiteral("Give a list of {\"role\": …, \"content\": …} objects."));
    History history;
    history.reserve(json.size());
    for (std::size_t index = 0; index < json.size(); ++index)
        history.push_back(MessageReader(index).read(json[index]));
    return history;
}

Json toJson(const Message& message)
{
    Json json = Json::object();
    json["role"] = toUtf8(roleName(message.role));
    json["content"] = toUtf8(message.text);
    for (const ToolCall& call : message.toolCalls)
        json["tool_calls"].push_back(
            {{"id", toUtf8(call.id)}, {"name", toUtf8(call.name)}, {"arguments", call.arguments}});
    for (const Attachment& attachment : message.attachments) {
        Json item = Json::object();
        putText(item, "media_type", attachment.mediaType);
        putText(item, "name", attachment.name);
        putText(item, "url", attachment.url);
        if (!attachment.data.isEmpty())
            item["data"] = attachment.data.toBase64().toStdString();
        json["attachments"].push_back(std::move(item));
    }
    putText(json, "tool_call_id", message.toolCallId);
    putText(json, "name", message.toolName);
    if (message.isError)
        json["is_error"] = true;
    putText(json, "thinking", message.thinking);
    if (!message.providerData.is_null())
        json["provider_data"] = message.providerData;
    return json;
}

Json toJson(const History& messages)
{
    Json json = Json::array();
    for (const Message& message : messages)
        json.push_back(toJson(message));
    return json;
}

} // namespace llmcache
