#pragma once

#include "../store/storesamples.h"
#include "cache/request.h"
#include "provider/provider.h"

namespace llmcache::test {

/// An entry with a request that can be read, of text or of JSON.
inline Commit readableCommit(bool isJson)
{
    Request request;
    request.model = ModelRef::parse(QStringLiteral("test:small"));
    request.prompt = QStringLiteral("Who?");
    if (isJson)
        request.output = OutputType::json(QStringLiteral("Person"),
            Json::parse(
                R"({"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}})"));
    Commit commit = sampleCommit(fingerprint(request), QStringLiteral("Ada"));
    commit.entry.request = toJson(request);
    commit.entry.meta.human = false;
    if (isJson) {
        commit.entry.output = Json{{"name", "Ada"}};
        Message answer = Message::assistant(QString());
        answer.toolCalls.push_back({QStringLiteral("call-1"), outputToolName, commit.entry.output});
        answer.providerData = Json{{"provider", "anthropic"}, {"signature", "s"}};
        commit.entry.messages.back() = answer;
    }
    return commit;
}

} // namespace llmcache::test
