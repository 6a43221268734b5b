#pragma once

#include "agent/message.h"
#include "base/money.h"
#include "base/usage.h"

#include <QStringList>

#include <chrono>
#include <optional>

namespace llmcache {

/// The default lifetime of an entry, that of pyai-caching: 15 days.
inline constexpr std::chrono::seconds defaultTtl{1'296'000};

/// What a list row shows of an entry: readable without the request and the response.
struct EntryMeta {
    QString fingerprint;
    qint64 revision = 1; ///< counts writes of this entry; edits compare and set it
    QString model; ///< `provider:model`
    QString agent;
    QString task;
    QString author; ///< who paid for it, or who edited it last when `human`
    qint64 createdMs = 0; ///< UTC milliseconds
    Usage usage; ///< without the raw object
    std::optional<Money> cost; ///< what it cost; nothing when unpriced
    std::chrono::milliseconds latency{0}; ///< of the original provider call, all attempts
    qint64 bytes = 0; ///< request and response as JSON text, before compression
    QString promptExcerpt; ///< first 160 characters, white space collapsed
    QString answerExcerpt;
    QStringList tags;
    std::optional<qint64> staleAfterMs; ///< UTC milliseconds; from then on kept only to be served while a new
                                        ///< answer is fetched (RunOptions::staleWhileRevalidate)
    bool pinned = false; ///< kept without TTL on purpose
    bool human = false; ///< answer edited by hand
    bool python = false; ///< written by pyai-caching
    // Kept by the store beside the metadata:
    qint64 hits = 0;
    qint64 lastUsedMs = 0; ///< 0 = never since it was stored
    std::optional<qint64> expiresMs; ///< UTC milliseconds; nothing = never
};

/// One stored response with its request.
struct Entry {
    EntryMeta meta;
    Json request; ///< toJson(Request)
    Json output; ///< the data: text or JSON
    History messages; ///< what the run added to the history, the answer last
    QString finishReason;
    QString providerModel; ///< as the provider reported it
    Usage usage; ///< with the raw object
    QString costSource; ///< where the price came from
};

/// Whether a text is a whole fingerprint: 64 lower-case hexadecimal digits.
bool isFingerprint(QStringView text);

/// First 160 characters of a text for a list row, white space collapsed to single spaces.
QString excerpt(const QString& text);
/// Text of an output for people: text as it is, JSON compact.
QString outputText(const Json& output);

/// Metadata as stored: everything but what the store keeps beside it (revision, hits, last use, expiry).
Json toJson(const EntryMeta& meta);
/// Throws CacheError for what is no metadata object. The fingerprint is given: it is the key.
EntryMeta entryMetaFromJson(const Json& json, const QString& fingerprint);
/// The same from its text; also for what is no JSON.
EntryMeta entryMetaFromText(const QByteArray& text, const QString& fingerprint);

/// Response part of an entry as JSON: output, messages, finish reason, model, usage, cost source.
Json responseToJson(const Entry& entry);
/// Fills the response part from JSON; throws CacheError when it does not fit.
void responseFromJson(const Json& json, Entry& entry);

/// JSON text as stored in a field: first byte 'j' (plain) or 'z' (zstd, for text above 1 KiB), then the
/// bytes.
QByteArray packField(const QByteArray& jsonText);
/// Reverse of packField, bounded to `maxBytes`; throws CacheError for anything malformed or larger.
QByteArray unpackField(const QByteArray& field, qint64 maxBytes = qint64(256) * 1024 * 1024);

} // namespace llmcache
