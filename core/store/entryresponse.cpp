// The quick way from a stored response to an answer, which every hit takes: without a JSON tree of all of it.
#include "base/jsondom_p.h"
#include "store/entry.h"
#include "store/storedjson_p.h"

namespace llmcache {

namespace {

namespace dom = simdjson::dom;

/// As deep as parseJson() goes, below the members of the response.
constexpr int depthBelow = 255;

bool take(const dom::element& from, QString& to)
{
    std::string_view text;
    if (from.get(text) != simdjson::SUCCESS)
        return false;
    to = QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size()));
    return true;
}

bool take(const dom::element& from, Role& to)
{
    std::string_view name;
    if (from.get(name) != simdjson::SUCCESS)
        return false;
    if (name == "assistant")
        to = Role::Assistant;
    else if (name == "user")
        to = Role::User;
    else
        return false;
    return true;
}

/// A message that is nothing but a text; the others are for messagesFromJson().
bool take(const dom::element& from, Message& to)
{
    dom::object members;
    if (from.get(members) != simdjson::SUCCESS)
        return false;
    bool hasRole = false;
    bool hasText = false;
    for (const auto& [key, value] : members) {
        if (key == "role")
            hasRole = take(value, to.role);
        else if (key == "content")
            hasText = take(value, to.text);
        else
            return false;
    }
    return hasRole && hasText;
}

bool take(const dom::element& from, History& to)
{
    dom::array items;
    if (from.get(items) != simdjson::SUCCESS)
        return false;
    to.clear();
    for (const dom::element item : items) {
        if (!take(item, to.emplace_back()))
            return false;
    }
    return true;
}

bool take(const dom::element& from, Usage& to)
{
    dom::object counts;
    if (from.get(counts) != simdjson::SUCCESS)
        return false;
    to = {};
    for (const auto& [key, value] : counts) {
        std::int64_t number = 0;
        if (key == "raw") {
            if (!jsonFromDom(value, to.raw, depthBelow - 1))
                return false;
        } else if (value.type() != dom::element_type::INT64 || value.get(number) != simdjson::SUCCESS
            || number < 0 || !setCount(to, key, number)) {
            return false;
        }
    }
    return true;
}

/// What of an entry a response says.
struct Answer {
    Json output;
    History messages;
    QString finishReason;
    QString providerModel;
    Usage usage;
    QString costSource;
};

/// Whether the response is what this program writes, and nothing else.
bool take(const dom::object& from, Answer& answer)
{
    bool hasOutput = false;
    bool hasMessages = false;
    for (const auto& [key, value] : from) {
        const bool known = key == "output" ? (hasOutput = jsonFromDom(value, answer.output, depthBelow))
            : key == "messages"            ? (hasMessages = take(value, answer.messages))
            : key == "finish_reason"       ? take(value, answer.finishReason)
            : key == "provider_model"      ? take(value, answer.providerModel)
            : key == "usage"               ? take(value, answer.usage)
            : key == "cost_source"         ? take(value, answer.costSource)
                                           : false;
        if (!known)
            return false;
    }
    return hasOutput && hasMessages;
}

} // namespace

void responseFromText(const QByteArray& text, Entry& entry)
{
    thread_local dom::parser parser;
    dom::object object;
    constexpr qsizetype largest = 256 * 1024; // the parser keeps its memory
    Answer answer;
    if (!text.isEmpty() && text.size() <= largest
        && parser.parse(text.constData(), static_cast<std::size_t>(text.size())).get(object)
            == simdjson::SUCCESS
        && take(object, answer)) {
        entry.output = std::move(answer.output);
        entry.messages = std::move(answer.messages);
        entry.finishReason = std::move(answer.finishReason);
        entry.providerModel = std::move(answer.providerModel);
        entry.usage = std::move(answer.usage);
        entry.costSource = std::move(answer.costSource);
        return;
    }
    responseFromJson(
        parseStored(text, QStringLiteral("The response of entry %1").arg(entry.meta.fingerprint)), entry);
}

} // namespace llmcache
