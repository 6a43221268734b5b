#include "redis/clusterslots_p.h"

#include <algorithm>

namespace llmcache::redis {

namespace {

quint16 crc16(QByteArrayView bytes)
{
    static constexpr std::array<quint16, 256> table = [] {
        std::array<quint16, 256> values{};
        for (std::size_t i = 0; i < values.size(); ++i) {
            auto crc = static_cast<unsigned>(i << 8U);
            for (int bit = 0; bit < 8; ++bit)
                crc = (crc & 0x8000U) != 0 ? (crc << 1U) ^ 0x1021U : crc << 1U;
            values[i] = static_cast<quint16>(crc);
        }
        return values;
    }();
    quint16 crc = 0;
    for (const char c : bytes) {
        const auto index = static_cast<std::size_t>((crc >> 8U) ^ static_cast<unsigned char>(c));
        crc = static_cast<quint16>((crc << 8U) ^ table[index & 0xFFU]);
    }
    return crc;
}

} // namespace

int slotOf(QByteArrayView key)
{
    const qsizetype open = key.indexOf('{');
    if (open >= 0) {
        const qsizetype close = key.indexOf('}', open + 1);
        if (close > open + 1)
            key = key.sliced(open + 1, close - open - 1);
    }
    return crc16(key) % clusterSlotCount;
}

bool SlotMap::read(const Reply& reply, const Endpoint& asked)
{
    SlotMap fresh;
    if (!reply.isArray())
        return false;
    for (const Reply& range : reply.items) {
        if (range.items.size() < 3 || range.items[2].items.size() < 2)
            continue;
        const qint64 first = range.items[0].toInteger(-1);
        const qint64 last = range.items[1].toInteger(-1);
        const qint64 port = range.items[2].items[1].toInteger();
        if (first < 0 || last >= clusterSlotCount || port < 1 || port > 65535)
            continue;
        Endpoint master;
        master.host = QString::fromUtf8(range.items[2].items[0].bytes);
        if (master.host.isEmpty() || master.host == QLatin1String("?"))
            master.host = asked.host;
        master.port = static_cast<quint16>(port);
        const qint16 index = fresh.indexOf(master);
        for (qint64 slot = first; slot <= last; ++slot)
            fresh.m_owners[static_cast<std::size_t>(slot)] = index;
    }
    if (fresh.isEmpty())
        return false;
    *this = fresh;
    return true;
}

std::optional<Endpoint> SlotMap::masterOf(int slot) const
{
    const qint16 index = m_owners[static_cast<std::size_t>(slot)];
    if (index < 0)
        return std::nullopt;
    return m_masters.at(index);
}

void SlotMap::move(int slot, const Endpoint& master)
{
    m_owners[static_cast<std::size_t>(slot)] = indexOf(master);
}

qint16 SlotMap::indexOf(const Endpoint& master)
{
    const auto known = m_masters.indexOf(master);
    if (known >= 0)
        return static_cast<qint16>(known);
    m_masters.append(master);
    return static_cast<qint16>(m_masters.size() - 1);
}

std::optional<Redirection> redirectionOf(const Reply& reply, const Endpoint& from)
{
    const bool ask = reply.isError("ASK");
    if (!ask && !reply.isError("MOVED"))
        return std::nullopt;
    const QList<QByteArray> words = reply.bytes.split(' ');
    if (words.size() < 3)
        return std::nullopt;
    Redirection redirection;
    redirection.ask = ask;
    bool slotOk = false;
    redirection.slot = words[1].toInt(&slotOk);
    const auto colon = words[2].lastIndexOf(':'); // an IPv6 address has colons of its own, and no brackets
    bool portOk = false;
    redirection.target.port = words[2].mid(colon + 1).toUShort(&portOk);
    redirection.target.host = QString::fromUtf8(words[2].left(colon));
    if (redirection.target.host.isEmpty())
        redirection.target.host = from.host;
    if (!slotOk || !portOk || colon < 0 || redirection.slot < 0 || redirection.slot >= clusterSlotCount)
        return std::nullopt;
    return redirection;
}

} // namespace llmcache::redis
