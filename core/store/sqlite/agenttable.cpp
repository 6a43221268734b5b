#include "agent/agentjson.h"
#include "store/agentversions.h"
#include "store/sqlite/database_p.h"
#include "store/sqlite/entrytable_p.h"

namespace llmcache::sqlite {

namespace {

/// Columns name, rev, saved_ms, saved_by, definition, from the first.
StoredAgent agentFromRow(const Statement& row)
{
    const QString name = row.text(0);
    StoredAgent stored;
    try {
        stored.agent = parseAgent(row.bytes(4), QStringLiteral("stored agent %1").arg(name));
    } catch (const ConfigurationError& error) {
        throw CacheError(QStringLiteral("The stored agent %1 can't be read: %2").arg(name, error.message()),
            QStringLiteral("Update the program, or save the agent again."));
    }
    stored.revision = row.integer(1);
    stored.savedMs = row.integer(2);
    stored.savedBy = row.text(3);
    return stored;
}

/// The highest revision that is kept of a name, also of an agent that was deleted; 0 for none.
qint64 lastVersion(Database& database, const QString& name)
{
    // "…9" is followed by "…:", which begins no number.
    const QString first = agentVersionName(name, 0);
    const QString behind = first.chopped(1) + QLatin1Char(':');
    Statement select = database.prepare(
        QStringLiteral("SELECT max(rev) FROM agents WHERE workspace = ? AND name >= ? AND name < ?"));
    return select.run(database.workspace(), first, behind).next() ? select.integer(0) : 0;
}

} // namespace

std::vector<StoredAgent> listAgents(Database& database)
{
    std::vector<StoredAgent> agents;
    Statement select =
        database.prepare(QStringLiteral("SELECT name, rev, saved_ms, saved_by, definition FROM agents "
                                        "WHERE workspace = ? ORDER BY name"));
    select.run(database.workspace());
    while (select.next()) {
        if (isAgentVersionName(select.text(0)))
            continue;
        try {
            agents.push_back(agentFromRow(select));
        } catch (const CacheError& error) {
            // One that a newer version wrote must not hide the others; loading it says what is wrong.
            qWarning("%s", error.what());
        }
    }
    return agents;
}

std::optional<StoredAgent> loadAgent(Database& database, const QString& name)
{
    Statement select =
        database.prepare(QStringLiteral("SELECT name, rev, saved_ms, saved_by, definition FROM agents "
                                        "WHERE workspace = ? AND name = ?"));
    if (!select.run(database.workspace(), name).next())
        return std::nullopt;
    return agentFromRow(select);
}

StoredAgent saveAgent(
    Database& database, const Agent& agent, qint64 expectedRevision, const QString& savedBy, qint64 nowMs)
{
    if (agent.name.isEmpty())
        throw CacheError(
            QStringLiteral("An agent without a name can't be saved."), QStringLiteral("Give it a name."));
    if (isAgentVersionName(agent.name))
        throw CacheError(QStringLiteral("The name of an agent can't begin with a control character."),
            QStringLiteral("Give it another name."));
    const QByteArray definition = toJsonText(toJson(agent));
    Transaction transaction(database, Transaction::Mode::Durable);
    qint64 revision = 0;
    {
        Statement select =
            database.prepare(QStringLiteral("SELECT rev FROM agents WHERE workspace = ? AND name = ?"));
        if (select.run(database.workspace(), agent.name).next())
            revision = select.integer(0);
    }
    if (expectedRevision >= 0 && expectedRevision != revision) {
        if (revision == 0)
            throw CacheError(QStringLiteral("The agent %1 was deleted meanwhile.").arg(agent.name),
                QStringLiteral("Save it as a new one."));
        if (expectedRevision == 0)
            throw CacheError(QStringLiteral("There is an agent %1 already.").arg(agent.name),
                QStringLiteral("Choose another name, or open that agent and change it."));
        throw CacheError(QStringLiteral("The agent %1 was changed meanwhile (revision %2, expected %3).")
                             .arg(agent.name)
                             .arg(revision)
                             .arg(expectedRevision),
            QStringLiteral("Load it again and repeat the change."));
    }
    // One that is made again goes on where the deleted one ended, whose versions are still there.
    if (revision == 0)
        revision = lastVersion(database, agent.name);
    StoredAgent stored{agent, revision + 1, nowMs, savedBy};
    // Once as what it is now, and once as a version that stays.
    for (const QString& name : {agent.name, agentVersionName(agent.name, stored.revision)})
        database
            .prepare(QStringLiteral("INSERT OR REPLACE INTO agents (workspace, name, rev, saved_ms, "
                                    "saved_by, definition) VALUES (?, ?, ?, ?, ?, ?)"))
            .run(database.workspace(), name, stored.revision, nowMs, savedBy, definition);
    database.prepare(QStringLiteral("DELETE FROM agents WHERE workspace = ? AND name = ?"))
        .run(database.workspace(), agentVersionName(agent.name, stored.revision - mostAgentVersions));
    transaction.commit();
    return stored;
}

bool removeAgent(Database& database, const QString& name)
{
    Statement remove =
        database.prepare(QStringLiteral("DELETE FROM agents WHERE workspace = ? AND name = ?"));
    remove.run(database.workspace(), name);
    return remove.changes() == 1;
}

} // namespace llmcache::sqlite
