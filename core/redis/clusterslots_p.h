#pragma once

#include "redis/endpoint.h"
#include "redis/reply.h"

#include <QHash>
#include <QList>

#include <array>
#include <optional>

namespace llmcache::redis {

inline constexpr int clusterSlotCount = 16384;

/// The slot of a key: CRC-16 (XMODEM) of the key, or of what stands in its first non-empty braces.
int slotOf(QByteArrayView key);

/// Which master holds which slot.
class SlotMap {
public:
    /// Reads CLUSTER SLOTS. A node without an address is the one that was asked. False when the reply is none
    /// or covers nothing.
    bool read(const Reply& reply, const Endpoint& asked);
    /// The master of a slot; nothing when nobody holds it.
    std::optional<Endpoint> masterOf(int slot) const;
    /// Corrects one slot after a redirection.
    void move(int slot, const Endpoint& master);
    /// All masters that hold slots, in the order of their slots.
    const QList<Endpoint>& masters() const { return m_masters; }
    bool isEmpty() const { return m_masters.isEmpty(); }

private:
    qint16 indexOf(const Endpoint& master);
    QList<Endpoint> m_masters;
    std::array<qint16, clusterSlotCount> m_owners = filled();
    static constexpr std::array<qint16, clusterSlotCount> filled()
    {
        std::array<qint16, clusterSlotCount> none{};
        none.fill(-1);
        return none;
    }
};

/// Where a MOVED or ASK error sends its command: "MOVED 3999 127.0.0.1:6381". A missing host is the one
/// that said so.
struct Redirection {
    bool ask = false;
    int slot = 0;
    Endpoint target;
};
std::optional<Redirection> redirectionOf(const Reply& reply, const Endpoint& from);

} // namespace llmcache::redis
