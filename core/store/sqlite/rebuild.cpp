#include "store/sqlite/database_p.h"
#include "store/sqlite/ledgertable_p.h"
#include "store/sqlite/packtable_p.h"

namespace llmcache::sqlite {

bool RebuildJob::step(Database& database)
{
    if (!m_begun) {
        if (packSomeCalls(database, 1))
            return true;
        m_begun = true;
        Statement select =
            database.prepare(QStringLiteral("SELECT SUM(calls) FROM packs WHERE workspace = ?"));
        if (select.run(database.workspace()).next())
            m_total = select.integer(0);
    }
    qint64 pack = 0;
    {
        Statement select = database.prepare(
            QStringLiteral("SELECT id FROM packs WHERE workspace = ? AND id > ? ORDER BY id LIMIT 1"));
        if (!select.run(database.workspace(), m_lastPack).next())
            return false;
        pack = select.integer(0);
    }
    checkPack(database, pack);
    m_lastPack = pack;
    return true;
}

void RebuildJob::checkPack(Database& database, qint64 pack)
{
    Transaction transaction(database, Transaction::Mode::Write);
    qint64 calls = 0;
    QByteArray body;
    NameTable names;
    PackWriter writer(names);
    {
        Statement select =
            database.prepare(QStringLiteral("SELECT after, upto, calls, body FROM packs WHERE id = ?"));
        if (!select.run(pack).next())
            return;
        calls = select.integer(2);
        body = select.bytes(3);
        Statement rows = database.prepare(QStringLiteral(
            "SELECT %1, seq FROM calls WHERE +workspace = ? AND seq > ? AND seq <= ? ORDER BY seq")
                                              .arg(QLatin1String(callColumns)));
        rows.run(database.workspace(), select.integer(0), select.integer(1));
        while (rows.next())
            writer.add(rows.integer(callColumnCount), figuresOf(callFromRow(database, rows), names));
    }
    m_result.calls += calls;
    ++m_result.packs;
    // Where calls have been archived the pack is all that is left of them.
    if (writer.count() != calls || writer.finish() == body)
        return;
    ++m_result.repaired;
    database.prepare(QStringLiteral("UPDATE packs SET first_ms = ?, last_ms = ?, body = ? WHERE id = ?"))
        .run(writer.firstMs(), writer.lastMs(), writer.finish(), pack);
    transaction.commit();
    database.keptCalls().forgetAll();
}

} // namespace llmcache::sqlite
