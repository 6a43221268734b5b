#include "store/callpack.h"

#include "base/error.h"
#include "store/entry.h"

#include <algorithm>
#include <array>
#include <bit>

namespace llmcache {

namespace {

constexpr char packVersion = 1;

[[noreturn]] void damaged()
{
    throw CacheError(QStringLiteral("A summary of calls in the ledger is damaged."),
        QStringLiteral("Make the summaries again with \"llmcache costs rebuild\"."));
}

void putNumber(QByteArray& bytes, quint64 number)
{
    while (number >= 0x80) {
        bytes.append(static_cast<char>(number | 0x80));
        number >>= 7;
    }
    bytes.append(static_cast<char>(number));
}

quint64 zigzag(qint64 number)
{
    return (static_cast<quint64>(number) << 1) ^ static_cast<quint64>(number >> 63);
}

qint64 unzigzag(quint64 number)
{
    return static_cast<qint64>(number >> 1) ^ -static_cast<qint64>(number & 1);
}

quint64 takeNumber(const char*& at, const char* end)
{
    quint64 number = 0;
    for (int shift = 0; shift < 64; shift += 7) {
        if (at == end)
            damaged();
        const auto byte = static_cast<unsigned char>(*at++);
        number |= quint64{byte & 0x7fU} << shift;
        if (byte < 0x80)
            return number;
    }
    damaged();
}

/// Sums of differences may wrap around where the bytes are hostile.
qint64 wrappingSum(qint64 left, qint64 right)
{
    return static_cast<qint64>(static_cast<quint64>(left) + static_cast<quint64>(right));
}

/// What wrappingSum() adds to `from` to come to `to`.
qint64 wrappingDifference(qint64 to, qint64 from)
{
    return static_cast<qint64>(static_cast<quint64>(to) - static_cast<quint64>(from));
}

/// Numbers that are mostly 0, each with a bit in front of the record.
constexpr std::array countMembers{
    &CallFigures::inputTokens,
    &CallFigures::outputTokens,
    &CallFigures::latencyMs,
    &CallFigures::attempts,
    &CallFigures::requests,
    &CallFigures::cacheReadTokens,
    &CallFigures::cacheWriteTokens,
    &CallFigures::cacheWrite1hTokens,
    &CallFigures::reasoningTokens,
    &CallFigures::inputAudioTokens,
    &CallFigures::cacheReadAudioTokens,
    &CallFigures::outputAudioTokens,
    &CallFigures::webSearches,
    &CallFigures::waitedMs,
    &CallFigures::rateLimits,
};
constexpr std::array nameMembers{
    &CallFigures::model,
    &CallFigures::task,
    &CallFigures::agent,
    &CallFigures::user,
    &CallFigures::host,
    &CallFigures::tags,
    &CallFigures::priceSource,
};
constexpr quint64 hasCost = quint64{1} << countMembers.size();
constexpr quint64 hasAvoided = hasCost << 1;
constexpr quint64 hasFirstToken = hasCost << 2;

constexpr unsigned outcomeMask = 7;
constexpr unsigned pricedFlag = 8;
constexpr unsigned avoidedFlag = 16;
constexpr unsigned repricedFlag = 32;

} // namespace

PackWriter::PackWriter(const NameTable& names)
    : m_names(names)
{
}

quint32 PackWriter::localName(quint32 name)
{
    if (name >= m_local.size())
        m_local.resize(name + 1, 0);
    quint32& local = m_local[name];
    if (local == 0) {
        const QByteArray text = m_names.text(name).toUtf8();
        putNumber(m_texts, static_cast<quint64>(text.size()));
        m_texts.append(text);
        local = ++m_nameCount;
    }
    return local - 1;
}

void PackWriter::add(qint64 key, const CallFigures& call)
{
    ++m_count;
    m_firstMs = std::min(m_firstMs, call.timeMs);
    m_lastMs = std::max(m_lastMs, call.timeMs);
    putNumber(m_records, zigzag(wrappingDifference(key, m_key)));
    putNumber(m_records, zigzag(wrappingDifference(call.timeMs, m_timeMs)));
    m_key = key;
    m_timeMs = call.timeMs;
    for (const auto member : nameMembers)
        putNumber(m_records, localName(call.*member));
    m_records.append(static_cast<char>(static_cast<unsigned>(call.outcome) | (call.isPriced ? pricedFlag : 0)
        | (call.isAvoidedKnown ? avoidedFlag : 0)));
    quint64 present = 0;
    for (std::size_t i = 0; i < countMembers.size(); ++i)
        present |= quint64{call.*countMembers[i] != 0} << i;
    present |= call.cost != Money() ? hasCost : 0;
    present |= call.avoided != Money() ? hasAvoided : 0;
    present |= call.firstTokenMs >= 0 ? hasFirstToken : 0;
    putNumber(m_records, present);
    for (const auto member : countMembers) {
        if (call.*member != 0)
            putNumber(m_records, zigzag(call.*member));
    }
    if ((present & hasCost) != 0)
        putNumber(m_records, zigzag(call.cost.picodollars()));
    if ((present & hasAvoided) != 0)
        putNumber(m_records, zigzag(call.avoided.picodollars()));
    if ((present & hasFirstToken) != 0)
        putNumber(m_records, static_cast<quint64>(call.firstTokenMs));
}

QByteArray PackWriter::finish() const
{
    QByteArray bytes(1, packVersion);
    putNumber(bytes, static_cast<quint64>(m_count));
    putNumber(bytes, m_nameCount);
    bytes += m_texts;
    bytes += m_records;
    return packField(bytes);
}

PackReader::PackReader(const QByteArray& pack, NameTable& names)
    : m_bytes(unpackField(pack))
    , m_at(m_bytes.constData())
    , m_end(m_at + m_bytes.size())
{
    if (m_at == m_end || *m_at != packVersion)
        damaged();
    ++m_at;
    m_count = static_cast<qint64>(takeNumber(m_at, m_end));
    const quint64 nameCount = takeNumber(m_at, m_end);
    if (m_count < 0 || nameCount > static_cast<quint64>(m_end - m_at))
        damaged();
    m_names.reserve(nameCount);
    for (quint64 i = 0; i < nameCount; ++i) {
        const quint64 size = takeNumber(m_at, m_end);
        if (size > static_cast<quint64>(m_end - m_at))
            damaged();
        m_names.push_back(names.idOfUtf8({m_at, static_cast<qsizetype>(size)}));
        m_at += size;
    }
}

bool PackReader::next(CallFigures& call)
{
    if (m_read == m_count)
        return false;
    ++m_read;
    call = CallFigures();
    m_key = wrappingSum(m_key, unzigzag(takeNumber(m_at, m_end)));
    m_timeMs = wrappingSum(m_timeMs, unzigzag(takeNumber(m_at, m_end)));
    call.timeMs = m_timeMs;
    for (const auto member : nameMembers) {
        const quint64 name = takeNumber(m_at, m_end);
        if (name >= m_names.size())
            damaged();
        call.*member = m_names[name];
    }
    if (m_at == m_end)
        damaged();
    const auto flags = static_cast<unsigned char>(*m_at++);
    if ((flags & outcomeMask) > static_cast<unsigned>(Outcome::Cancelled))
        damaged();
    call.outcome = static_cast<Outcome>(flags & outcomeMask);
    call.isPriced = (flags & pricedFlag) != 0;
    call.isAvoidedKnown = (flags & avoidedFlag) != 0;
    quint64 present = takeNumber(m_at, m_end);
    for (quint64 counts = present & (hasCost - 1); counts != 0; counts &= counts - 1)
        call.*countMembers[static_cast<std::size_t>(std::countr_zero(counts))] =
            unzigzag(takeNumber(m_at, m_end));
    if ((present & hasCost) != 0)
        call.cost = Money::fromPicodollars(unzigzag(takeNumber(m_at, m_end)));
    if ((present & hasAvoided) != 0)
        call.avoided = Money::fromPicodollars(unzigzag(takeNumber(m_at, m_end)));
    if ((present & hasFirstToken) != 0)
        call.firstTokenMs = static_cast<qint64>(takeNumber(m_at, m_end));
    return true;
}

void OverlayWriter::add(const NewPrice& price)
{
    m_records.append(static_cast<char>((price.isRepriced ? repricedFlag : 0)
        | (price.isPriced ? pricedFlag : 0) | (price.isAvoidedKnown ? avoidedFlag : 0)));
    if (!price.isRepriced)
        return;
    putNumber(m_records, zigzag(price.cost.picodollars()));
    putNumber(m_records, zigzag(price.avoided.picodollars()));
}

QByteArray OverlayWriter::finish() const
{
    return packField(QByteArray(1, packVersion) + m_records);
}

OverlayReader::OverlayReader(const QByteArray& overlay)
    : m_bytes(unpackField(overlay))
    , m_at(m_bytes.constData())
    , m_end(m_at + m_bytes.size())
{
    if (m_at == m_end || *m_at != packVersion)
        damaged();
    ++m_at;
}

NewPrice OverlayReader::next()
{
    NewPrice price;
    if (m_at == m_end)
        return price;
    const auto flags = static_cast<unsigned char>(*m_at++);
    if ((flags & repricedFlag) == 0)
        return price;
    price.isRepriced = true;
    price.isPriced = (flags & pricedFlag) != 0;
    price.isAvoidedKnown = (flags & avoidedFlag) != 0;
    price.cost = Money::fromPicodollars(unzigzag(takeNumber(m_at, m_end)));
    price.avoided = Money::fromPicodollars(unzigzag(takeNumber(m_at, m_end)));
    return price;
}

void apply(const NewPrice& price, CallFigures& call)
{
    if (!price.isRepriced)
        return;
    call.isRepriced = true;
    call.isPriced = price.isPriced;
    call.isAvoidedKnown = price.isAvoidedKnown;
    call.cost = price.cost;
    call.avoided = price.avoided;
}

Call::Repriced repricedBy(const NewPrice& price, const QString& source)
{
    Call::Repriced repriced;
    if (price.isPriced)
        repriced.cost = price.cost;
    if (price.isAvoidedKnown)
        repriced.avoided = price.avoided;
    repriced.source = source;
    return repriced;
}

CallFigures currentFiguresOf(const Call& call, NameTable& names)
{
    CallFigures figures = figuresOf(call, names);
    if (call.repriced)
        apply({true, call.repriced->cost.has_value(), call.repriced->avoided.has_value(),
                  call.repriced->cost.value_or(Money()), call.repriced->avoided.value_or(Money())},
            figures);
    return figures;
}

} // namespace llmcache
