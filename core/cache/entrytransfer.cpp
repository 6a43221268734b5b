#include "cache/entrytransfer.h"

#include "base/canonicaljson_p.h"
#include "base/error.h"
#include "base/jsoncheck.h"
#include "cache/request.h"
#include "store/entryid.h"
#include "store/pythonentry.h"
#include "store/storedjson_p.h"

#include <simdjson.h>

#include <algorithm>
#include <set>

namespace llmcache {

namespace {

constexpr int format = 1;

[[noreturn]] void fail(const QString& problem)
{
    throw CacheError(QStringLiteral("This is no exported entry: %1.").arg(problem),
        QStringLiteral("Export it again with \"llmcache entries export\"."));
}

const Json& objectMember(const Json& object, const char* key)
{
    const Json* const member = findMember(object, key);
    if (!member || !member->is_object())
        fail(QStringLiteral("it has no object \"%1\"").arg(QLatin1String(key)));
    return *member;
}

} // namespace

QByteArray entryToLine(const Entry& entry)
{
    const EntryMeta& meta = entry.meta;
    Json line = Json::object();
    line["format"] = format;
    line["fingerprint"] = toUtf8(meta.fingerprint);
    line["meta"] = toJson(meta);
    line["request"] = entry.request;
    line["response"] = responseToJson(entry);
    line["revision"] = meta.revision;
    line["hits"] = meta.hits;
    line["last_used_ms"] = meta.lastUsedMs;
    line["expires_ms"] = meta.expiresMs ? Json(*meta.expiresMs) : Json(nullptr);
    return toJsonText(line);
}

namespace {

/// With the answer for people to read; only the pickle counts.
QByteArray pythonToLine(const EntryImage& image)
{
    const QByteArray pickle = image.fields.value(pickleField);
    Json line = Json::object();
    line["format"] = format;
    line["python_key"] = toUtf8(image.fingerprint);
    line["meta"] = toJson(pythonMeta(image.fingerprint, pickle));
    try {
        line["output"] = pythonEntry(image.fingerprint, pickle).output;
    } catch (const CacheError&) {
        line["output"] = nullptr; // the pickle is kept all the same
    }
    line["pickle"] = pickle.toBase64().toStdString();
    line["expires_ms"] = image.expiresMs ? Json(*image.expiresMs) : Json(nullptr);
    return toJsonText(line);
}

EntryImage pythonFromLine(const Json& line)
{
    const QString key = stringMember(line, "python_key");
    if (!isPythonKey(key))
        fail(QStringLiteral("its python_key is none of pyai-caching"));
    const auto pickle = QByteArray::fromBase64Encoding(
        stringMember(line, "pickle").toLatin1(), QByteArray::AbortOnBase64DecodingErrors);
    if (!pickle || pickle.decoded.isEmpty())
        fail(QStringLiteral("its pickle is no base64"));
    std::optional<qint64> expiresMs;
    if (const Json* expires = findMember(line, "expires_ms"); expires && expires->is_number_integer())
        expiresMs = integerMember(line, "expires_ms");
    return pythonImage(key, pickle.decoded, expiresMs);
}

} // namespace

QByteArray entryToLine(const EntryImage& image)
{
    if (isPythonImage(image))
        return pythonToLine(image);
    const EntryFields& fields = image.fields;
    const QByteArray meta = fields.value(QByteArrayLiteral("meta"));
    const QByteArray request = unpackField(fields.value(QByteArrayLiteral("request")));
    const QByteArray response = unpackField(fields.value(QByteArrayLiteral("response")));
    const auto isOneLine = [](const QByteArray& json) { return !json.contains('\n') && isJsonObject(json); };
    const bool canBeCopied = fields.value(QByteArrayLiteral("v")).toLongLong() == entryFormat
        && isOneLine(meta) && isOneLine(request) && isOneLine(response);
    if (!canBeCopied)
        return entryToLine(entryFromImage(image));
    const auto number = [&fields](const QByteArray& name) {
        return QByteArray::number(fields.value(name).toLongLong());
    };
    return R"({"format":)" + QByteArray::number(format) + R"(,"fingerprint":")" + image.fingerprint.toLatin1()
        + R"(","meta":)" + meta + R"(,"request":)" + request + R"(,"response":)" + response
        + R"(,"revision":)" + number("rev") + R"(,"hits":)" + number("hits") + R"(,"last_used_ms":)"
        + number("used") + R"(,"expires_ms":)"
        + (image.expiresMs ? QByteArray::number(*image.expiresMs) : QByteArray("null")) + '}';
}

namespace {

Json parsedLine(const QByteArray& text)
{
    auto line = tryParseJson(text);
    if (!line || !line->is_object())
        fail(QStringLiteral("it is no JSON object"));
    if (integerMember(*line, "format") != format)
        fail(QStringLiteral("its format is not %1").arg(format));
    return std::move(*line);
}

Entry ownFromLine(const Json& parsed)
{
    const Json* const line = &parsed;
    const QString fingerprint = stringMember(*line, "fingerprint");
    if (!isFingerprint(fingerprint))
        fail(QStringLiteral("its fingerprint is not 64 hexadecimal digits"));
    Entry entry;
    entry.meta = entryMetaFromJson(objectMember(*line, "meta"), fingerprint);
    entry.request = objectMember(*line, "request");
    responseFromJson(objectMember(*line, "response"), entry);
    if (!entry.meta.python && llmcache::fingerprint(entry.request) != fingerprint)
        fail(QStringLiteral("its fingerprint is not that of its request"));
    entry.meta.revision = std::max<qint64>(1, integerMember(*line, "revision"));
    entry.meta.hits = std::max<qint64>(0, integerMember(*line, "hits"));
    entry.meta.lastUsedMs = std::max<qint64>(0, integerMember(*line, "last_used_ms"));
    if (const Json* expires = findMember(*line, "expires_ms"); expires && expires->is_number_integer())
        entry.meta.expiresMs = integerMember(*line, "expires_ms");
    return entry;
}

} // namespace

Entry entryFromLine(const QByteArray& text)
{
    const Json line = parsedLine(text);
    return line.contains("python_key") ? entryFromImage(pythonFromLine(line)) : ownFromLine(line);
}

namespace {

namespace ondemand = simdjson::ondemand;

/// A line as its parts stand in it.
struct LineParts {
    std::string_view fingerprint;
    std::string_view meta;
    std::string_view request;
    std::string_view response;
    std::int64_t format = 0;
    std::int64_t revision = 0;
    std::int64_t hits = 0;
    std::int64_t lastUsedMs = 0;
    std::optional<qint64> expiresMs;
};

bool take(ondemand::value value, std::string_view& to)
{
    return value.get_string().get(to) == simdjson::SUCCESS;
}

bool take(ondemand::value value, std::int64_t& to)
{
    return value.get_int64().get(to) == simdjson::SUCCESS;
}

bool takeObject(ondemand::value value, std::string_view& to)
{
    ondemand::object object;
    return value.get_object().get(object) == simdjson::SUCCESS
        && object.raw_json().get(to) == simdjson::SUCCESS;
}

bool takeMember(std::string_view key, ondemand::value value, LineParts& parts)
{
    if (key == "format")
        return take(value, parts.format);
    if (key == "fingerprint")
        return take(value, parts.fingerprint);
    if (key == "meta")
        return takeObject(value, parts.meta);
    if (key == "request")
        return takeObject(value, parts.request);
    if (key == "response")
        return takeObject(value, parts.response);
    if (key == "revision")
        return take(value, parts.revision);
    if (key == "hits")
        return take(value, parts.hits);
    if (key == "last_used_ms")
        return take(value, parts.lastUsedMs);
    if (key != "expires_ms")
        return false;
    if (value.is_null())
        return true;
    std::int64_t expiresMs = 0;
    const bool isNumber = take(value, expiresMs);
    parts.expiresMs = expiresMs;
    return isNumber;
}

/// The parts of a line, each of them once and nothing else. That brackets inside of a part match is for
/// whoever reads it.
bool takeParts(ondemand::parser& parser, const std::string& padded, std::size_t size, LineParts& parts)
{
    constexpr std::size_t members = 9;
    ondemand::document document;
    ondemand::object object;
    const simdjson::padded_string_view view(padded.data(), size, padded.size());
    if (parser.iterate(view).get(document) != simdjson::SUCCESS
        || document.get_object().get(object) != simdjson::SUCCESS)
        return false;
    std::set<std::string_view> seen;
    for (auto field : object) {
        std::string_view key;
        ondemand::value value;
        if (field.unescaped_key().get(key) != simdjson::SUCCESS
            || field.value().get(value) != simdjson::SUCCESS || !takeMember(key, value, parts)
            || !seen.insert(key).second)
            return false;
    }
    // Behind the last brace there must be nothing: no place any more.
    return seen.size() == members && document.current_location().error() == simdjson::OUT_OF_BOUNDS;
}

/// What a line says, checked, with its parts as they stand there.
struct CheckedLine {
    LineParts parts;
    EntryMeta meta;
};

/// The quick way to read a line that this program wrote. Nothing for whatever is not quite as expected, about
/// which the other way has the words. The parts are valid until it is called again on this thread.
std::optional<CheckedLine> checkedLine(const QByteArray& text)
{
    constexpr qsizetype largest = 256 * 1024; // the parser and the buffer keep their memory
    if (text.size() > largest)
        return std::nullopt;
    thread_local ondemand::parser parser;
    thread_local std::string padded;
    const auto size = static_cast<std::size_t>(text.size());
    padded.assign(text.constData(), size);
    padded.append(simdjson::SIMDJSON_PADDING, ' ');
    CheckedLine line;
    LineParts& parts = line.parts;
    if (!takeParts(parser, padded, size, parts) || parts.format != format)
        return std::nullopt;
    const auto textOf = [](std::string_view part) {
        return QByteArray::fromRawData(part.data(), static_cast<qsizetype>(part.size()));
    };
    const QString fingerprint =
        QString::fromUtf8(parts.fingerprint.data(), static_cast<qsizetype>(parts.fingerprint.size()));
    const auto canonical = canonicalTextOf(parts.request);
    if (!canonical || canonicalDigest(*canonical) != fingerprint)
        return std::nullopt;
    Entry entry;
    line.meta = entryMetaFromText(textOf(parts.meta), fingerprint);
    responseFromText(textOf(parts.response), entry);
    if (line.meta.python
        || line.meta.bytes != static_cast<qint64>(parts.request.size() + parts.response.size()))
        return std::nullopt;
    return line;
}

EntryImage imageOf(const CheckedLine& line)
{
    const auto bytesOf = [](std::string_view part) {
        return QByteArray(part.data(), static_cast<qsizetype>(part.size()));
    };
    const auto atLeast = [](std::int64_t least, std::int64_t number) {
        return QByteArray::number(std::max<qint64>(least, number));
    };
    const LineParts& parts = line.parts;
    EntryImage image;
    image.fingerprint = line.meta.fingerprint;
    image.expiresMs = parts.expiresMs;
    image.fields = {{"hits", atLeast(0, parts.hits)}, {"meta", bytesOf(parts.meta)},
        {"request", packField(bytesOf(parts.request))}, {"response", packField(bytesOf(parts.response))},
        {"rev", atLeast(1, parts.revision)}, {"used", atLeast(0, parts.lastUsedMs)},
        {"v", QByteArray::number(entryFormat)}};
    return image;
}

/// What the line says of an entry beside what this version knows, such as why it is pinned, stays.
QByteArray withOtherMembers(const QByteArray& metaText, const Json& metaOfLine)
{
    Json meta = parseStored(metaText, QStringLiteral("The metadata"));
    for (const auto& [key, value] : metaOfLine.items()) {
        if (!meta.contains(key))
            meta[key] = value;
    }
    return toJsonText(meta);
}

} // namespace

EntryImage imageFromLine(const QByteArray& text, qint64* createdMs)
{
    *createdMs = 0;
    if (const auto quick = checkedLine(text)) {
        *createdMs = quick->meta.createdMs;
        return imageOf(*quick);
    }
    const Json line = parsedLine(text);
    if (line.contains("python_key"))
        return pythonFromLine(line);
    const Entry entry = ownFromLine(line);
    *createdMs = entry.meta.createdMs;
    EntryImage image{entry.meta.fingerprint, toFields(entry, entry.meta.revision), entry.meta.expiresMs};
    image.fields["meta"] = withOtherMembers(image.fields.value("meta"), objectMember(line, "meta"));
    image.fields["hits"] = QByteArray::number(entry.meta.hits);
    image.fields["used"] = QByteArray::number(entry.meta.lastUsedMs);
    return image;
}

bool isPlainlyAnEntry(const QByteArray& text)
{
    try {
        return checkedLine(text).has_value();
    } catch (const CacheError&) {
        return false;
    }
}

} // namespace llmcache
