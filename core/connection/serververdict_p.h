#pragma once

#include "connection/connectiontest.h"
#include "connection/permissionprobe_p.h"
#include "redis/reply.h"

#include <QHash>

namespace llmcache {

/// What a server says of itself in INFO, by name.
using ServerFacts = QHash<QByteArray, QString>;
ServerFacts factsOf(const redis::Reply& reply);

/// How good something about a server is for a cache with a ledger.
struct ServerVerdict {
    TestStep::State state = TestStep::State::Passed;
    QString detail;
    QString remedy;
};
/// What the user may not do, and the rules that would allow it.
ServerVerdict permissionVerdict(
    const WantedRights& wanted, const MissingRights& missing, const QString& user);
ServerVerdict serverVerdict(const ServerFacts& facts);
ServerVerdict evictionVerdict(const ServerFacts& facts);
/// `save` is the answer to CONFIG GET save, which may be refused.
ServerVerdict persistenceVerdict(const ServerFacts& facts, const redis::Reply& save);

} // namespace llmcache
