#include "store/entry.h"

#include "base/error.h"

#include <zstd.h>

#include <algorithm>

namespace llmcache {

namespace {

constexpr qsizetype excerptLength = 160;
/// Text up to this size is stored as it is: compressing it saves nothing worth a context.
constexpr qsizetype plainLimit = 1024;
/// Declared sizes up to this are allocated at once; larger ones only as the data really arrives.
constexpr qsizetype trustedSize = 1024 * 1024;
constexpr int compressionLevel = 3;

CacheError damagedField(const QString& reason)
{
    return CacheError(QStringLiteral("A stored value is damaged: %1.").arg(reason),
        QStringLiteral("Delete the entry, or run with the cache policy \"refresh\" to replace it."));
}

QStringList textsMember(const Json& object, const char* key)
{
    QStringList texts;
    const Json* member = findMember(object, key);
    if (!member || !member->is_array())
        return texts;
    for (const Json& item : *member) {
        if (item.is_string())
            texts.append(toQString(item.get_ref<const std::string&>()));
    }
    return texts;
}

bool flagMember(const Json& object, const char* key)
{
    const Json* member = findMember(object, key);
    return member && member->is_boolean() && member->get<bool>();
}

using DecompressionContext = std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)>;

CacheError outOfMemory()
{
    return CacheError(QStringLiteral("There is not enough memory to read a stored value."));
}

QByteArray decompressStream(QByteArrayView compressed, qint64 maxBytes)
{
    const DecompressionContext context(ZSTD_createDCtx(), &ZSTD_freeDCtx);
    if (!context)
        throw outOfMemory();
    QByteArray text;
    QByteArray chunk(static_cast<qsizetype>(ZSTD_DStreamOutSize()), Qt::Uninitialized);
    ZSTD_inBuffer input{compressed.data(), static_cast<std::size_t>(compressed.size()), 0};
    for (;;) {
        ZSTD_outBuffer output{chunk.data(), static_cast<std::size_t>(chunk.size()), 0};
        const std::size_t state = ZSTD_decompressStream(context.get(), &output, &input);
        if (ZSTD_isError(state) != 0)
            throw damagedField(QString::fromLatin1(ZSTD_getErrorName(state)));
        const auto produced = static_cast<qsizetype>(output.pos);
        if (produced > maxBytes - text.size())
            throw damagedField(QStringLiteral("it unpacks to more than %1 bytes").arg(maxBytes));
        text.append(chunk.constData(), produced);
        if (state == 0)
            return text;
        if (input.pos == input.size && output.pos < output.size)
            throw damagedField(QStringLiteral("its compressed data ends early"));
    }
}

} // namespace

bool isFingerprint(QStringView text)
{
    constexpr qsizetype length = 64;
    return text.size() == length && std::all_of(text.begin(), text.end(), [](QChar c) {
        return (c >= QLatin1Char('0') && c <= QLatin1Char('9'))
            || (c >= QLatin1Char('a') && c <= QLatin1Char('f'));
    });
}

QString excerpt(const QString& text)
{
    QString result;
    result.reserve(excerptLength);
    bool gap = false;
    for (const QChar c : text) {
        if (c.isSpace() || c.category() == QChar::Other_Control) {
            gap = !result.isEmpty();
            continue;
        }
        if (gap && result.size() < excerptLength)
            result.append(QLatin1Char(' '));
        gap = false;
        if (result.size() >= excerptLength)
            break;
        result.append(c);
    }
    // Never half of a surrogate pair, nor a space at the end.
    if (!result.isEmpty() && result.back().isHighSurrogate())
        result.chop(1);
    if (result.endsWith(QLatin1Char(' ')))
        result.chop(1);
    return result;
}

QString outputText(const Json& output)
{
    return output.is_string() ? toQString(output.get_ref<const std::string&>())
                              : QString::fromUtf8(toJsonText(output));
}

Json toJson(const EntryMeta& meta)
{
    Json json = Json::object();
    json["model"] = toUtf8(meta.model);
    json["agent"] = toUtf8(meta.agent);
    json["task"] = toUtf8(meta.task);
    json["author"] = toUtf8(meta.author);
    json["created_ms"] = meta.createdMs;
    json["usage"] = toJson(meta.usage);
    json["cost_usd"] = meta.cost ? Json(toUtf8(meta.cost->toDecimal())) : Json();
    json["latency_ms"] = static_cast<qint64>(meta.latency.count());
    json["bytes"] = meta.bytes;
    json["prompt_excerpt"] = toUtf8(meta.promptExcerpt);
    json["answer_excerpt"] = toUtf8(meta.answerExcerpt);
    if (!meta.tags.isEmpty()) {
        Json& tags = json["tags"] = Json::array();
        for (const QString& tag : meta.tags)
            tags.push_back(toUtf8(tag));
    }
    if (meta.staleAfterMs)
        json["stale_after_ms"] = *meta.staleAfterMs;
    if (meta.pinned)
        json["pinned"] = true;
    if (meta.human)
        json["human"] = true;
    if (meta.python)
        json["python"] = true;
    return json;
}

EntryMeta entryMetaFromJson(const Json& json, const QString& fingerprint)
{
    if (!json.is_object())
        throw damagedField(QStringLiteral("the metadata of entry %1 is no object").arg(fingerprint));
    EntryMeta meta;
    meta.fingerprint = fingerprint;
    meta.model = stringMember(json, "model");
    meta.agent = stringMember(json, "agent");
    meta.task = stringMember(json, "task");
    meta.author = stringMember(json, "author");
    meta.createdMs = integerMember(json, "created_ms");
    if (const Json* usage = findMember(json, "usage"))
        meta.usage = usageFromJson(*usage);
    if (const Json* cost = findMember(json, "cost_usd"); cost && !cost->is_null()) {
        // A price that can't be read must not turn into "unpriced" unnoticed.
        meta.cost = Money::fromDecimal(stringMember(json, "cost_usd"));
        if (!meta.cost)
            throw damagedField(QStringLiteral("the cost of entry %1 is no decimal number").arg(fingerprint));
    }
    meta.latency = std::chrono::milliseconds(integerMember(json, "latency_ms"));
    meta.bytes = std::max<qint64>(0, integerMember(json, "bytes"));
    meta.promptExcerpt = stringMember(json, "prompt_excerpt");
    meta.answerExcerpt = stringMember(json, "answer_excerpt");
    meta.tags = textsMember(json, "tags");
    if (findMember(json, "stale_after_ms"))
        meta.staleAfterMs = integerMember(json, "stale_after_ms");
    meta.pinned = flagMember(json, "pinned");
    meta.human = flagMember(json, "human");
    meta.python = flagMember(json, "python");
    return meta;
}

Json responseToJson(const Entry& entry)
{
    Json json = Json::object();
    json["output"] = entry.output;
    json["messages"] = toJson(entry.messages);
    json["finish_reason"] = toUtf8(entry.finishReason);
    json["provider_model"] = toUtf8(entry.providerModel);
    Json& usage = json["usage"] = toJson(entry.usage);
    if (!entry.usage.raw.is_null())
        usage["raw"] = entry.usage.raw;
    json["cost_source"] = toUtf8(entry.costSource);
    return json;
}

void responseFromJson(const Json& json, Entry& entry)
{
    const Json* output = findMember(json, "output");
    const Json* messages = findMember(json, "messages");
    if (!output || !messages)
        throw damagedField(
            QStringLiteral("the response of entry %1 has no output or messages").arg(entry.meta.fingerprint));
    entry.output = *output;
    try {
        entry.messages = messagesFromJson(*messages);
    } catch (const ConfigurationError& error) {
        throw damagedField(QStringLiteral("the response of entry %1 has messages that can't be read (%2)")
                               .arg(entry.meta.fingerprint, error.message()));
    }
    entry.finishReason = stringMember(json, "finish_reason");
    entry.providerModel = stringMember(json, "provider_model");
    entry.usage = {};
    if (const Json* usage = findMember(json, "usage")) {
        entry.usage = usageFromJson(*usage);
        if (const Json* raw = findMember(*usage, "raw"))
            entry.usage.raw = *raw;
    }
    entry.costSource = stringMember(json, "cost_source");
}

QByteArray packField(const QByteArray& jsonText)
{
    if (jsonText.size() > plainLimit) {
        QByteArray packed(
            static_cast<qsizetype>(ZSTD_compressBound(static_cast<std::size_t>(jsonText.size()))) + 1,
            Qt::Uninitialized);
        packed[0] = 'z';
        thread_local const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context(
            ZSTD_createCCtx(), &ZSTD_freeCCtx);
        if (!context)
            throw outOfMemory();
        const std::size_t size =
            ZSTD_compressCCtx(context.get(), packed.data() + 1, static_cast<std::size_t>(packed.size() - 1),
                jsonText.constData(), static_cast<std::size_t>(jsonText.size()), compressionLevel);
        if (ZSTD_isError(size) == 0 && size < static_cast<std::size_t>(jsonText.size())) {
            packed.truncate(static_cast<qsizetype>(size) + 1);
            packed.squeeze();
            return packed;
        }
    }
    QByteArray plain;
    plain.reserve(jsonText.size() + 1);
    plain.append('j');
    plain.append(jsonText);
    return plain;
}

QByteArray unpackField(const QByteArray& field, qint64 maxBytes)
{
    if (field.isEmpty())
        throw damagedField(QStringLiteral("it is empty"));
    const QByteArrayView body = QByteArrayView(field).sliced(1);
    if (field.front() == 'j') {
        if (body.size() > maxBytes)
            throw damagedField(QStringLiteral("it is larger than %1 bytes").arg(maxBytes));
        return body.toByteArray();
    }
    if (field.front() != 'z')
        throw damagedField(QStringLiteral("its first byte marks no known encoding"));

    const auto size = static_cast<std::size_t>(body.size());
    const std::size_t frameSize = ZSTD_findFrameCompressedSize(body.data(), size);
    if (ZSTD_isError(frameSize) != 0)
        throw damagedField(QStringLiteral("its compressed data is broken or ends early"));
    if (frameSize != size)
        throw damagedField(QStringLiteral("something follows its compressed data"));
    const unsigned long long declared = ZSTD_getFrameContentSize(body.data(), size);
    if (declared == ZSTD_CONTENTSIZE_ERROR)
        throw damagedField(QStringLiteral("its compressed data is broken"));
    if (declared == ZSTD_CONTENTSIZE_UNKNOWN)
        return decompressStream(body, maxBytes);
    if (declared > static_cast<unsigned long long>(std::max<qint64>(0, maxBytes)))
        throw damagedField(QStringLiteral("it unpacks to more than %1 bytes").arg(maxBytes));
    if (declared > static_cast<unsigned long long>(trustedSize))
        return decompressStream(body, maxBytes);
    // Making a context takes longer than most values do.
    thread_local const DecompressionContext context(ZSTD_createDCtx(), &ZSTD_freeDCtx);
    if (!context)
        throw outOfMemory();
    QByteArray text(static_cast<qsizetype>(declared), Qt::Uninitialized);
    const std::size_t produced = ZSTD_decompressDCtx(
        context.get(), text.data(), static_cast<std::size_t>(text.size()), body.data(), size);
    if (ZSTD_isError(produced) != 0)
        throw damagedField(QString::fromLatin1(ZSTD_getErrorName(produced)));
    text.truncate(static_cast<qsizetype>(produced));
    return text;
}

} // namespace llmcache
