// JSON: what nlohmann::json takes is taken, and means the same; the rest is refused.
#include "base/canonicaljson_p.h"
#include "base/error.h"
#include "base/json.h"
#include "fuzzinput.h"

using namespace llmcache;

namespace {

constexpr int maxDepth = 256;

/// Whether values nest at most `left` levels deep.
bool isShallow(const Json& value, int left)
{
    if (!value.is_structured())
        return true;
    if (left == 0)
        return false;
    return std::all_of(
        value.begin(), value.end(), [&](const Json& item) { return isShallow(item, left - 1); });
}

std::optional<Json> parsed(const QByteArray& text)
{
    try {
        return parseJson(text, QStringLiteral("the input"), maxDepth);
    } catch (const ConfigurationError&) {
        return std::nullopt;
    }
}

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const QByteArray text = fuzz::bytesOf(data, size);
    const Json reference = Json::parse(text.cbegin(), text.cend(), nullptr, false);
    const auto value = tryParseJson(text, maxDepth);
    const bool isTaken = !reference.is_discarded() && isShallow(reference, maxDepth);
    fuzz::require(value.has_value() == isTaken, "tryParseJson() takes what nlohmann takes");
    fuzz::require(parsed(text) == value, "parseJson() and tryParseJson() agree");
    const auto quick = canonicalTextOf(text, maxDepth);
    fuzz::require(!quick || (value && value->is_object()), "canonical text is that of an object");
    if (!value)
        return 0;
    fuzz::require(value->dump() == reference.dump(), "the value is nlohmann's");
    fuzz::require(toJsonText(*value).toStdString() == reference.dump(), "so is its text");
    fuzz::require(toPrettyJsonText(*value).toStdString() == reference.dump(2), "so is its pretty text");

    const QByteArray canonical = toCanonicalJson(*value);
    fuzz::require(!quick || *quick == canonical, "it is the same when no value is made");
    const auto again = tryParseJson(canonical, maxDepth);
    fuzz::require(again.has_value(), "canonical text is JSON");
    fuzz::require(toCanonicalJson(*again) == canonical, "canonical text is canonical");
    fuzz::require(tryParseJson(toPrettyJsonText(*value), maxDepth) == value, "pretty text is the same value");
    return 0;
}
