#pragma once

#include "agent/message.h"

namespace llmcache {

/// Reads a message history in any of the shapes that programs have at hand, told apart message by message:
///
/// - the project's own, as messagesFromJson() reads it, and any list of `{"role": …, "content": …}`;
/// - OpenAI Chat Completions: content parts, `tool_calls`, roles `developer`, `tool` and `function`;
/// - OpenAI Responses input items: `message`, `function_call`, `function_call_output`, `reasoning`;
/// - Anthropic Messages: blocks `text`, `image`, `document`, `tool_use`, `tool_result`, `thinking`;
/// - PydanticAI's `ModelMessagesTypeAdapter.dump_json()`: `{"kind": "request" | "response", "parts": …}`.
///
/// The list may stand alone, or as `messages` or `input` of a request body, whose `system` comes first then.
/// Instructions of PydanticAI requests are left out: they are an agent's, not part of the conversation.
/// Throws ConfigurationError that names the message by its number for anything it can't read.
History historyFromJson(const Json& json);

} // namespace llmcache
