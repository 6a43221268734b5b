#include "store/imagefilter.h"

#include "store/pythonentry.h"
#include "store/storedjson_p.h"

#include <algorithm>
#include <cstring>
#include <initializer_list>

namespace llmcache {

namespace {

bool contains(QByteArrayView bytes, QByteArrayView needle)
{
    // Either may be null when it is empty, which memmem() does not take.
    if (needle.isEmpty() || bytes.isEmpty())
        return needle.isEmpty();
    return memmem(bytes.data(), static_cast<std::size_t>(bytes.size()), needle.data(),
               static_cast<std::size_t>(needle.size()))
        != nullptr;
}

/// Whether one of the places where `first` stands goes on with one of `rests`. By memchr(), which is many
/// times faster than memmem() with so short a needle.
bool hasSequence(QByteArrayView bytes, char first, std::initializer_list<QByteArrayView> rests)
{
    const char* at = bytes.data();
    const char* const end = at + bytes.size();
    while (at < end) {
        at = static_cast<const char*>(std::memchr(at, first, static_cast<std::size_t>(end - at)));
        if (!at)
            return false;
        ++at;
        const QByteArrayView rest(at, end - at);
        if (std::any_of(
                rests.begin(), rests.end(), [rest](QByteArrayView each) { return rest.startsWith(each); }))
            return true;
    }
    return false;
}

/// Escapes under which a text may hide, and the two letters outside of ASCII that fold into it.
bool hidesText(QByteArrayView json)
{
    return hasSequence(json, '\\', {"u", "/"}) || hasSequence(json, '\xe2', {"\x84\xaa"})
        || hasSequence(json, '\xc5', {"\xbf"});
}

/// Rules texts out by the bytes of their JSON, without reading it.
class ByteScreen {
public:
    ByteScreen(QByteArrayView request, QByteArrayView response)
        : m_hides(hidesText(request) || hidesText(response))
        , m_bytes(request.size() + response.size(), Qt::Uninitialized)
    {
        const auto toLower = [](char c) {
            return static_cast<char>(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
        };
        char* const behind = std::transform(request.begin(), request.end(), m_bytes.data(), toLower);
        std::transform(response.begin(), response.end(), behind, toLower);
    }
    bool rulesOut(const FilterTerm& term) const
    {
        const bool looksForWords =
            term.match == FilterTerm::Match::Contains || term.match == FilterTerm::Match::Equals;
        if (m_hides || !looksForWords)
            return false;
        for (const QChar c : term.text) {
            // What JSON escapes, and what may be written in several ways.
            if (c.unicode() >= 0x80 || c == QLatin1Char('"') || c == QLatin1Char('\\'))
                return false;
        }
        const QByteArray lowered = term.text.toLatin1().toLower();
        const auto words = lowered.split(' ');
        return std::any_of(
            words.begin(), words.end(), [this](const QByteArray& word) { return !contains(m_bytes, word); });
    }

private:
    bool m_hides;
    QByteArray m_bytes; ///< lower-case
};

void addText(QStringList& texts, const Json& value)
{
    if (value.is_string())
        texts.append(toQString(value.get_ref<const std::string&>()).simplified());
    else if (!value.is_null())
        texts.append(QString::fromUtf8(toJsonText(value)).simplified());
}

void addMember(QStringList& texts, const Json& object, const char* key)
{
    if (const Json* const member = findMember(object, key))
        addText(texts, *member);
}

/// Messages as they are stored; files in them are not text.
void addMessages(QStringList& texts, const Json* messages)
{
    if (!messages || !messages->is_array())
        return;
    for (const Json& message : *messages) {
        for (const char* const key : {"content", "thinking"})
            addMember(texts, message, key);
        const Json* const calls = findMember(message, "tool_calls");
        if (!calls || !calls->is_array())
            continue;
        for (const Json& call : *calls) {
            for (const char* const key : {"name", "arguments"})
                addMember(texts, call, key);
        }
    }
}

} // namespace

QStringList searchedTexts(const Json& request, const Json& response)
{
    QStringList texts;
    if (const Json* const system = findMember(request, "system"); system && system->is_array()) {
        for (const Json& text : *system)
            addText(texts, text);
    }
    addMember(texts, request, "instructions");
    addMessages(texts, findMember(request, "history"));
    addMember(texts, request, "prompt");
    addMember(texts, response, "output");
    addMessages(texts, findMember(response, "messages"));
    return texts;
}

ImageFilter::ImageFilter(EntryFilter filter, qint64 nowMs, Check isInvalid)
    : m_filter(std::move(filter))
    , m_nowMs(nowMs)
    , m_isInvalid(std::move(isInvalid))
{
}

bool ImageFilter::matches(const EntryImage& image, const EntryMeta& meta) const
{
    if (const std::optional<bool> decided = m_filter.decide(meta, m_nowMs))
        return *decided;
    std::optional<bool> invalid;
    const auto holds = [&](const QStringList& texts, const FilterTerm& term) -> std::optional<bool> {
        if (term.field == FilterTerm::Field::Is) {
            if (m_isInvalid && !invalid)
                invalid = m_isInvalid(image);
            return invalid;
        }
        if (term.match == FilterTerm::Match::None)
            return std::all_of(
                texts.begin(), texts.end(), [](const QString& text) { return text.isEmpty(); });
        return std::any_of(
            texts.begin(), texts.end(), [&term](const QString& text) { return term.matchesText(text); });
    };
    if (isPythonImage(image)) {
        const Entry entry = entryFromImage(image);
        const QStringList texts{outputText(entry.output).simplified()};
        const auto byAnswer = [&](const FilterTerm& term) { return holds(texts, term); };
        return m_filter.decide(meta, m_nowMs, byAnswer).value_or(false);
    }
    const QByteArray request = unpackField(image.fields.value(QByteArrayLiteral("request")));
    const QByteArray response = unpackField(image.fields.value(QByteArrayLiteral("response")));
    const ByteScreen screen(request, response);
    const auto byBytes = [&screen](const FilterTerm& term) -> std::optional<bool> {
        const bool isText = term.field == FilterTerm::Field::Text;
        return isText && screen.rulesOut(term) ? std::optional(false) : std::nullopt;
    };
    if (const std::optional<bool> decided = m_filter.decide(meta, m_nowMs, byBytes))
        return *decided;
    const QStringList texts =
        searchedTexts(parseStored(request, QStringLiteral("The request of entry %1").arg(meta.fingerprint)),
            parseStored(response, QStringLiteral("The response of entry %1").arg(meta.fingerprint)));
    const auto byText = [&](const FilterTerm& term) { return holds(texts, term); };
    return m_filter.decide(meta, m_nowMs, byText).value_or(false);
}

} // namespace llmcache
