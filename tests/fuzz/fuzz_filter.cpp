// Filters as people type them, and the entries that they are asked of: the first line is a filter, the second
// and third ones are a stored request and response.
#include "base/error.h"
#include "fuzzinput.h"
#include "store/imagefilter.h"

using namespace llmcache;

namespace {

constexpr qint64 nowMs = 1'795'435'200'000;

std::optional<EntryFilter> filterOf(const QByteArray& line)
{
    const QString text = QString::fromUtf8(line);
    try {
        return EntryFilter::parse(text, QTimeZone::utc(), nowMs);
    } catch (const FilterError& error) {
        fuzz::require(error.offset() >= 0 && error.length() > 0 && error.offset() <= text.size(),
            "an error points into the filter");
        return std::nullopt;
    }
}

/// What ImageFilter is to find out, the long way.
bool matchesTexts(const EntryFilter& filter, const EntryMeta& meta, const QStringList& texts)
{
    const auto decided = filter.decide(meta, nowMs, [&texts](const FilterTerm& term) {
        const bool none = term.match == FilterTerm::Match::None;
        const auto passes = [&term](const QString& text) { return term.matchesText(text); };
        return std::optional(none ? std::all_of(texts.begin(), texts.end(), passes)
                                  : std::any_of(texts.begin(), texts.end(), passes));
    });
    fuzz::require(decided.has_value(), "with the texts everything is known");
    return *decided;
}

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const QList<QByteArray> lines = fuzz::bytesOf(data, size).split('\n');
    const auto filter = filterOf(lines.first());
    if (!filter)
        return 0;
    EntryMeta meta;
    meta.agent = QStringLiteral("triage");
    meta.createdMs = nowMs - 1000;
    const auto byMeta = filter->decide(meta, nowMs);
    fuzz::require(byMeta.has_value() || filter->needsText(), "metadata decide what is about them alone");
    const auto request = tryParseJson(lines.value(1));
    const auto response = tryParseJson(lines.value(2));
    if (!request || !response)
        return 0;
    const EntryImage image{
        QString(), {{"request", packField(lines.at(1))}, {"response", packField(lines.at(2))}}, {}};
    const bool found = ImageFilter(*filter, nowMs).matches(image, meta);
    fuzz::require(found == matchesTexts(*filter, meta, searchedTexts(*request, *response)),
        "what the bytes rule out is not in the texts");
    fuzz::require(!byMeta || *byMeta == found, "texts do not overrule metadata");
    return 0;
}
