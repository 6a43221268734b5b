#include "cache/entrytransfer.h"

#include "base/error.h"
#include "base/jsoncheck.h"
#include "cache/request.h"
#include "store/entryid.h"
#include "store/pythonentry.h"

#include <algorithm>

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

EntryImage imageFromLine(const QByteArray& text, qint64* createdMs)
{
    const Json line = parsedLine(text);
    *createdMs = 0;
    if (line.contains("python_key"))
        return pythonFromLine(line);
    const Entry entry = ownFromLine(line);
    *createdMs = entry.meta.createdMs;
    EntryImage image{entry.meta.fingerprint, toFields(entry, entry.meta.revision), entry.meta.expiresMs};
    image.fields[QByteArrayLiteral("hits")] = QByteArray::number(entry.meta.hits);
    image.fields[QByteArrayLiteral("used")] = QByteArray::number(entry.meta.lastUsedMs);
    return image;
}

} // namespace llmcache
