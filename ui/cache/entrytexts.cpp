#include "cache/entrytexts.h"

#include <QCoreApplication>

namespace llmcache::ui {

namespace {

QString pretty(const Json& json)
{
    return json.is_null() ? QString() : QString::fromUtf8(toPrettyJsonText(json));
}

} // namespace

EntryTexts textsOf(const Entry& entry)
{
    EntryTexts texts;
    if (entry.output.is_string()) {
        texts.answer = outputText(entry.output);
    } else {
        texts.answer = pretty(entry.output);
        texts.answerSyntax = Syntax::Json;
    }
    texts.prompt = entry.meta.python && entry.request.empty()
        ? QCoreApplication::translate("EntryTexts", "Not known: pyai-caching stores the answer alone.")
        : stringMember(entry.request, "prompt");
    texts.request = pretty(entry.request);
    texts.requestSections = requestSections(entry);
    texts.rawUsage = pretty(entry.usage.raw);
    return texts;
}

QString storedText(const Entry& entry)
{
    Json stored = Json::object();
    stored["fingerprint"] = toUtf8(entry.meta.fingerprint);
    stored["revision"] = entry.meta.revision;
    stored["meta"] = toJson(entry.meta);
    stored["hits"] = entry.meta.hits;
    stored["last_used_ms"] = entry.meta.lastUsedMs;
    stored["expires_ms"] = entry.meta.expiresMs ? Json(*entry.meta.expiresMs) : Json();
    stored["request"] = entry.request;
    stored["response"] = responseToJson(entry);
    return pretty(stored);
}

} // namespace llmcache::ui
