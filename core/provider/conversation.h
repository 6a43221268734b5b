#pragma once

#include "agent/message.h"

namespace llmcache {

/// A history as providers accept it: answers to calls that nobody made are dropped, calls without an answer
/// get one that says so, answers follow their calls at once, and assistant turns without content are left
/// out. Calls without an id get one. A final assistant turn may keep its open calls.
History repairedHistory(const History& messages);

/// Takes the system messages off the front of `messages` and gives their texts.
QStringList takeLeadingSystem(History& messages);

/// `data:image/png;base64,…`.
QString dataUrl(const Attachment& attachment);

/// Whether it is words, which go into the prompt as they are: text or JSON, and not at an address.
bool isTextAttachment(const Attachment& attachment);

/// The error for an attachment that a protocol has no place for.
[[noreturn]] void refuseAttachment(const QString& provider, const Attachment& attachment);

/// A fresh id for a tool call of a provider that sends none.
QString newToolCallId();

/// `id` for a provider that takes only ids of its own form: Mistral's are nine letters and digits,
/// Anthropic's have no other characters than letters, digits, `_` and `-`. The same id gives the same one.
QString shortToolCallId(const QString& id);
QString plainToolCallId(const QString& id);

/// What goes out as a tool's answer when the history has none.
QString missingToolAnswer();

} // namespace llmcache
