#include "connection/serververdict_p.h"

namespace llmcache {

using State = TestStep::State;

ServerFacts factsOf(const redis::Reply& reply)
{
    ServerFacts facts;
    for (const QByteArray& line : reply.bytes.split('\n')) {
        const auto colon = line.indexOf(':');
        if (colon > 0)
            facts.insert(line.left(colon), QString::fromUtf8(line.mid(colon + 1).trimmed()));
    }
    return facts;
}

ServerVerdict permissionVerdict(const WantedRights& wanted, const MissingRights& missing, const QString& user)
{
    if (!missing.problem.isEmpty())
        return {State::Failed,
            QStringLiteral("The server refuses to store anything: %1.").arg(missing.problem),
            QStringLiteral("See to the server, name its master, or open the connection read-only.")};
    const QString setUser = QStringLiteral("On the server: ACL SETUSER %1 %2");
    if (!missing.isEmpty()) {
        QStringList parts;
        if (!missing.commands.isEmpty())
            parts << QStringLiteral("use %1").arg(missing.commands.join(QStringLiteral(", ")));
        if (missing.keys)
            parts << QStringLiteral("touch the keys llmcache:%1:*").arg(wanted.workspace);
        if (missing.channels)
            parts << QStringLiteral("use the channels llmcache:%1:*").arg(wanted.workspace);
        if (missing.pythonKeys)
            parts << QStringLiteral("touch the keys pyai-cache:* and lock:pyai-cache:*");
        return {State::Failed,
            QStringLiteral("The user \"%1\" may not %2.").arg(user, parts.join(QStringLiteral(", nor "))),
            setUser.arg(user, missing.rules(wanted.workspace))};
    }
    const QString detail = wanted.readOnly ? QStringLiteral("may read all that is needed")
                                           : QStringLiteral("may read and write all that is needed");
    // Nothing to repair: a user of a cache need not know how its server is set.
    const QString settings = missing.settings
        ? QStringLiteral("; may not ask for the server's settings, which is never needed")
        : QString();
    QStringList rules;
    for (const QString& one : missing.comforts)
        rules.append(QLatin1Char('+') + one);
    QStringList without = missing.comforts;
    if (missing.news) {
        rules.append(QStringLiteral("+psubscribe &") + QString::fromUtf8(newsPattern(wanted)));
        without.append(QStringLiteral("hear of changes"));
    }
    if (rules.isEmpty())
        return {State::Passed, detail + settings, {}};
    return {State::Advice,
        detail + QStringLiteral(", but not %1").arg(without.join(QStringLiteral(", "))) + settings,
        QStringLiteral("Counts, versions and news of changes are less exact without. ")
            + setUser.arg(user, rules.join(QLatin1Char(' ')))};
}

ServerVerdict serverVerdict(const ServerFacts& facts)
{
    const QString valkey = facts.value("valkey_version");
    const QString version = facts.value("redis_version");
    if (valkey.isEmpty() && version.isEmpty())
        return {State::Advice, QStringLiteral("its version is not told"),
            QStringLiteral("Allow the user INFO (+info) to see version, memory and persistence.")};
    const QString name =
        valkey.isEmpty() ? QStringLiteral("Redis ") + version : QStringLiteral("Valkey ") + valkey;
    constexpr int oldest = 6;
    if (valkey.isEmpty() && version.section(QLatin1Char('.'), 0, 0).toInt() < oldest)
        return {State::Advice, name,
            QStringLiteral("Versions before 6 get no security fixes any more: update the server.")};
    return {State::Passed, name, {}};
}

ServerVerdict evictionVerdict(const ServerFacts& facts)
{
    const QString policy = facts.value("maxmemory_policy");
    const qint64 limit = facts.value("maxmemory").toLongLong();
    if (policy.isEmpty())
        return {State::Skipped, QStringLiteral("not told (needs +info)"), {}};
    const QString used = facts.value("used_memory_human");
    const QString most = limit > 0 ? facts.value("maxmemory_human") : QStringLiteral("no limit");
    const QString detail = QStringLiteral("%1; %2 used of %3").arg(policy, used, most);
    if (limit == 0)
        return {State::Advice, detail,
            QStringLiteral("Without maxmemory the server grows until the system stops it. Set maxmemory, and "
                           "maxmemory-policy volatile-lru.")};
    if (policy == QLatin1String("noeviction"))
        return {State::Advice, detail,
            QStringLiteral("A full server refuses new answers. maxmemory-policy volatile-lru makes room by "
                           "dropping entries that were not used for long.")};
    if (policy.startsWith(QLatin1String("allkeys")))
        return {State::Advice, detail,
            QStringLiteral("A full server may drop ledger, agents and pinned entries, too. maxmemory-policy "
                           "volatile-lru drops only what has a lifetime.")};
    return {State::Passed, detail, {}};
}

ServerVerdict persistenceVerdict(const ServerFacts& facts, const redis::Reply& save)
{
    if (!facts.contains("aof_enabled"))
        return {State::Skipped, QStringLiteral("not told (needs +info)"), {}};
    const QString remedy = QStringLiteral("appendonly yes keeps the ledger and the cache over a restart.");
    if (facts.value("rdb_last_bgsave_status") == QLatin1String("err")
        || facts.value("aof_last_write_status") == QLatin1String("err"))
        return {State::Advice, QStringLiteral("the last save to disk failed"),
            QStringLiteral("See the server's log, its disk and rights.")};
    if (facts.value("aof_enabled") == QLatin1String("1"))
        return {State::Passed, QStringLiteral("append-only file"), {}};
    if (!save.isArray() || save.items.size() < 2) {
        return {State::Advice,
            QStringLiteral("no append-only file; snapshots are not told (needs +config|get)"), remedy};
    }
    if (save.items[1].bytes.isEmpty())
        return {State::Advice, QStringLiteral("off: a restart empties cache and ledger"), remedy};
    return {State::Advice,
        QStringLiteral("snapshots now and then (save %1)").arg(QString::fromUtf8(save.items[1].bytes)),
        QStringLiteral("What came after the last snapshot is lost with a crash. ") + remedy};
}

} // namespace llmcache
