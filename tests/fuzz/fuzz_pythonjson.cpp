// JSON as Python keys need it: what is taken elsewhere is taken, no integer loses a digit, and the text that
// is hashed is the text of what was read.
#include "base/error.h"
#include "fuzzinput.h"
#include "interop/pythonjson.h"

using namespace llmcache;

namespace {

constexpr int maxDepth = 256;

std::optional<Json> parsed(const QByteArray& text)
{
    try {
        return parsePythonJson(text, QStringLiteral("the input"));
    } catch (const ConfigurationError&) {
        return std::nullopt;
    }
}

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const QByteArray text = fuzz::bytesOf(data, size);
    const auto value = parsed(text);
    const auto plain = tryParseJson(text, maxDepth);
    fuzz::require(value.has_value() == plain.has_value(), "the same texts are taken as elsewhere");
    if (!value)
        return 0;
    const QByteArray canonical = toPythonJson(*value);
    const auto again = parsed(canonical);
    fuzz::require(again.has_value(), "the text that is hashed is JSON");
    fuzz::require(toPythonJson(*again) == canonical, "the text that is hashed does not change any more");
    bool isCertain = true;
    const QByteArray repr = pythonRepr(*value, isCertain);
    fuzz::require(!repr.isEmpty(), "whatever was read has a repr()");
    if (!hasDoubtfulNumber(*plain))
        fuzz::require(toPythonJson(*plain) == canonical, "small numbers are the same either way");
    return 0;
}
