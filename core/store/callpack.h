#pragma once

#include "store/callfigures.h"

#include <QByteArray>

namespace llmcache {

// Calls as reports and repricing read them: about 25 bytes a call, and some 15 million calls a second. Stores
// keep packs beside the calls that they were made of, in the order in which those were appended, and may make
// them again at any time. Packs explain themselves: names are in them.

/// Makes a pack.
class PackWriter {
public:
    /// `names` are those of the calls that are added; must outlive it.
    explicit PackWriter(const NameTable& names);
    /// `key` finds the call again in the store; keys that grow by little take little space.
    void add(qint64 key, const CallFigures& call);
    qint64 count() const { return m_count; }
    qint64 firstMs() const { return m_firstMs; }
    qint64 lastMs() const { return m_lastMs; }
    QByteArray finish() const;

private:
    quint32 localName(quint32 name);
    const NameTable& m_names;
    std::vector<quint32> m_local; ///< by name, number in the pack + 1
    QByteArray m_texts;
    quint32 m_nameCount = 0;
    QByteArray m_records;
    qint64 m_count = 0;
    qint64 m_key = 0;
    qint64 m_timeMs = 0;
    qint64 m_firstMs = std::numeric_limits<qint64>::max();
    qint64 m_lastMs = 0;
};

/// Reads a pack. Throws CacheError for one that is damaged, whatever is in it.
class PackReader {
public:
    /// The calls' names are added to `names`, which must outlive it.
    PackReader(const QByteArray& pack, NameTable& names);
    /// The next call; false after the last.
    bool next(CallFigures& call);
    qint64 key() const { return m_key; } ///< of the last call that was read
    qint64 count() const { return m_count; }

private:
    QByteArray m_bytes;
    const char* m_at = nullptr;
    const char* m_end = nullptr;
    std::vector<quint32> m_names; ///< by number in the pack
    qint64 m_count = 0;
    qint64 m_read = 0;
    qint64 m_key = 0;
    qint64 m_timeMs = 0;
};

/// What a repricing says of a call.
struct NewPrice {
    bool isRepriced = false; ///< false: as charged
    bool isPriced = false;
    bool isAvoidedKnown = false;
    Money cost;
    Money avoided;
};

/// Prices laid over the calls of a pack: one for each of them, in its order.
class OverlayWriter {
public:
    void add(const NewPrice& price);
    QByteArray finish() const;

private:
    QByteArray m_records;
};
class OverlayReader {
public:
    explicit OverlayReader(const QByteArray& overlay);
    /// The price of the next call; as charged when the overlay is shorter than its pack.
    NewPrice next();

private:
    QByteArray m_bytes;
    const char* m_at = nullptr;
    const char* m_end = nullptr;
};
/// The same for a call by itself; `source` as Call::priceSource.
Call::Repriced repricedBy(const NewPrice& price, const QString& source);
/// Lays a price over a call.
void apply(const NewPrice& price, CallFigures& call);
/// The figures of a call, with the price that a repricing lays over it if there is one.
CallFigures currentFiguresOf(const Call& call, NameTable& names);

} // namespace llmcache
