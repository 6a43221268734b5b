#pragma once

#include "base/json.h"

#include <QString>

#include <functional>
#include <vector>

namespace llmcache {

enum class Role { System, User, Assistant, Tool };

/// "system", "user", "assistant" or "tool".
QString roleName(Role role);

/// A tool that the model asked for.
struct ToolCall {
    QString id; ///< the provider's, or one made here where it sends none
    QString name;
    Json arguments = Json::object(); ///< text when the model sent what is no JSON
    friend bool operator==(const ToolCall&, const ToolCall&) = default;
};

/// A picture or file that goes with a message.
struct Attachment {
    QString mediaType; ///< such as "image/png"
    QByteArray data; ///< the bytes, or empty when `url` is set
    QString url;
    QString name;
    friend bool operator==(const Attachment&, const Attachment&) = default;
};

/// One turn of a conversation. A plain value.
struct Message {
    Role role = Role::User;
    QString text;
    std::vector<Attachment> attachments;
    std::vector<ToolCall> toolCalls; ///< assistant only
    QString toolCallId; ///< tool only: the call that this answers
    QString toolName; ///< tool only
    bool isError = false; ///< tool only: the tool failed, or its arguments were refused
    QString thinking; ///< assistant only: reasoning text, shown but not part of the answer
    /// What the provider wants back with this message and nobody else understands (thinking signatures):
    /// `{"provider": …, …}`; null when there is nothing.
    Json providerData;

    static Message system(QString text);
    static Message user(QString text);
    static Message assistant(QString text);
    friend bool operator==(const Message&, const Message&) = default;
};

using History = std::vector<Message>;
/// Turns somebody's own history format into messages. Throws ConfigurationError for what it can't read.
using MessageConverter = std::function<History(const Json&)>;

/// Reads a JSON list of `{"role": …, "content": …}` objects; content is text or a list of parts with "text".
/// Unknown roles, missing content and other shapes are a ConfigurationError that names the list index.
History messagesFromJson(const Json& json);
/// The stored and exported form; messagesFromJson reads it back unchanged.
Json toJson(const Message& message);
Json toJson(const History& messages);

} // namespace llmcache
