#include "store/ledgersummary.h"
#include "store/sqlite/database_p.h"
#include "store/sqlite/ledgertable_p.h"
#include "store/sqlite/packtable_p.h"

#include <algorithm>
#include <map>

namespace llmcache::sqlite {

namespace {

constexpr qint64 dayMs = 86'400'000;

} // namespace

bool RebuildJob::step(Database& database)
{
    switch (m_phase) {
    case Phase::Begin: {
        if (packSomeCalls(database, 1))
            return true;
        Statement select = database.prepare(
            QStringLiteral("SELECT SUM(calls), MIN(first_ms), MAX(last_ms) FROM packs WHERE workspace = ?"));
        if (select.run(database.workspace()).next() && !select.isNull(0)) {
            m_total = select.integer(0);
            m_dayMs = select.integer(1) / dayMs * dayMs;
            m_endMs = select.integer(2) + 1;
        }
        // Sums of days without any call are wrong too.
        Statement sums = database.prepare(
            QStringLiteral("SELECT MIN(time_ms), MAX(time_ms) FROM hours WHERE workspace = ?"));
        if (sums.run(database.workspace()).next() && !sums.isNull(0)) {
            m_dayMs = m_total == 0 ? sums.integer(0) / dayMs * dayMs
                                   : std::min(m_dayMs, sums.integer(0) / dayMs * dayMs);
            m_endMs = std::max(m_endMs, sums.integer(1) + 1);
        }
        m_phase = Phase::Packs;
        return true;
    }
    case Phase::Packs: {
        qint64 pack = 0;
        {
            Statement select = database.prepare(
                QStringLiteral("SELECT id FROM packs WHERE workspace = ? AND id > ? ORDER BY id LIMIT 1"));
            if (select.run(database.workspace(), m_lastPack).next())
                pack = select.integer(0);
        }
        if (pack == 0)
            m_phase = Phase::Days;
        else
            checkPack(database, pack);
        m_lastPack = pack;
        return true;
    }
    case Phase::Days:
        if (m_dayMs < m_endMs) {
            checkDay(database);
            m_dayMs += dayMs;
            return true;
        }
        m_phase = Phase::Done;
        break;
    case Phase::Done:
        break;
    }
    return false;
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
    // Where calls have been archived the pack is all that is left of them.
    if (writer.count() != calls || writer.finish() == body)
        return;
    ++m_result.repaired;
    database.prepare(QStringLiteral("UPDATE packs SET first_ms = ?, last_ms = ?, body = ? WHERE id = ?"))
        .run(writer.firstMs(), writer.lastMs(), writer.finish(), pack);
    transaction.commit();
}

void RebuildJob::checkDay(Database& database)
{
    Transaction transaction(database, Transaction::Mode::Write);
    NameTable names;
    std::map<HourKey, LedgerSums> sums;
    readFigures(
        database, m_dayMs, m_dayMs + dayMs, PriceView::AsCharged, names, [&](const CallFigures& call) {
            if (call.timeMs < m_dayMs || call.timeMs >= m_dayMs + dayMs)
                return;
            const HourKey key{call.timeMs, database.nameId(names.text(call.model)),
                database.nameId(names.text(call.task)), database.nameId(names.text(call.agent)),
                database.nameId(names.text(call.user)), database.nameId(outcomeName(call.outcome))};
            addTo(sums[hourKeyOf(key)], call);
        });
    std::map<HourKey, CostSums> expected;
    for (const auto& [key, value] : sums)
        expected.emplace(key, costSumsOf(value));
    m_result.sums += static_cast<qint64>(expected.size());
    m_result.repaired += correctHours(database, m_dayMs, m_dayMs + dayMs, expected);
    transaction.commit();
}

} // namespace llmcache::sqlite
