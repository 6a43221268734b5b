#include "store/sqlite/packtable_p.h"

#include "store/ledgersummary.h"
#include "store/sqlite/database_p.h"
#include "store/sqlite/ledgertable_p.h"

#include <algorithm>
#include <map>

namespace llmcache::sqlite {

namespace {

/// Sequence numbers are shared by the workspaces of a file; a busy neighbour must not make the search for the
/// next calls long.
constexpr qint64 longestSearch = 65'536;

qint64 packedUpTo(Database& database)
{
    Statement select = database.prepare(QStringLiteral("SELECT upto FROM packed WHERE workspace = ?"));
    return select.run(database.workspace()).next() ? select.integer(0) : 0;
}

qint64 lastSequenceNumber(Database& database)
{
    return database.number(QStringLiteral("SELECT MAX(seq) FROM calls"));
}

/// Of what the newest repricing laid over a pack.
QString overlayOf(const QString& pack, const QString& column = QStringLiteral("o.body"))
{
    return QStringLiteral("(SELECT %2 FROM overlays o JOIN repricings r ON r.id = o.repricing "
                          "WHERE o.pack = %1 AND r.applied = 1 ORDER BY r.id DESC LIMIT 1)")
        .arg(pack, column);
}

std::shared_ptr<const CallBlock> readPack(Database& database, qint64 pack, PriceView view)
{
    Statement select = database.prepare(QStringLiteral("SELECT p.body, %1 FROM packs p WHERE p.id = ?")
                                            .arg(overlayOf(QStringLiteral("p.id"))));
    auto block = std::make_shared<CallBlock>();
    if (!select.run(pack).next())
        return block;
    const QByteArray overlay = select.bytes(1);
    PackReader reader(select.bytes(0), *database.keptCalls().names());
    std::optional<OverlayReader> prices;
    if (!overlay.isEmpty() && view == PriceView::Current)
        prices.emplace(overlay);
    block->reserve(reader.count());
    CallFigures call;
    while (reader.next(call)) {
        if (prices)
            apply(prices->next(), call);
        block->add(call);
    }
    return block;
}

/// The calls of the workspace that are in no pack.
std::shared_ptr<const CallBlock> readUnpacked(Database& database, qint64 after)
{
    Statement select =
        database.prepare(QStringLiteral("SELECT %1 FROM calls WHERE +workspace = ? AND seq > ? ORDER BY seq")
                             .arg(QLatin1String(callColumns)));
    select.run(database.workspace(), after);
    auto block = std::make_shared<CallBlock>();
    while (select.next())
        block->add(figuresOf(callFromRow(database, select), *database.keptCalls().names()));
    return block;
}

AppliedRepricing repricingFromRow(const Statement& row)
{
    return {row.integer(0), row.integer(1), row.integer(2), row.integer(3), row.text(4), row.text(5)};
}

} // namespace

bool packSomeCalls(Database& database, qint64 atLeast)
{
    if (lastSequenceNumber(database) - packedUpTo(database) < atLeast)
        return false;
    Transaction transaction(database, Transaction::Mode::Write);
    const qint64 after = packedUpTo(database);
    const qint64 last = lastSequenceNumber(database);
    NameTable names;
    PackWriter writer(names);
    qint64 upTo = after;
    {
        // The plus keeps SQLite from walking through all times of the workspace.
        Statement select = database.prepare(
            QStringLiteral("SELECT %1, seq FROM calls WHERE +workspace = ? AND seq > ? AND seq <= ? "
                           "ORDER BY seq LIMIT %2")
                .arg(QLatin1String(callColumns))
                .arg(packSize));
        select.run(database.workspace(), after, after + longestSearch);
        while (select.next()) {
            upTo = select.integer(callColumnCount);
            writer.add(upTo, figuresOf(callFromRow(database, select), names));
        }
    }
    if (writer.count() < packSize) {
        if (writer.count() < atLeast && last - after < longestSearch)
            return false;
        upTo = std::min(last, after + longestSearch);
    }
    if (writer.count() > 0)
        database
            .prepare(
                QStringLiteral("INSERT INTO packs (workspace, after, upto, first_ms, last_ms, calls, body) "
                               "VALUES (?, ?, ?, ?, ?, ?, ?)"))
            .run(database.workspace(), after, upTo, writer.firstMs(), writer.lastMs(), writer.count(),
                writer.finish());
    database.prepare(QStringLiteral("INSERT OR REPLACE INTO packed (workspace, upto) VALUES (?, ?)"))
        .run(database.workspace(), upTo);
    transaction.commit();
    return true;
}

CallBlocks addCalls(Database& database, LedgerSummary& summary)
{
    constexpr quint64 unpacked = 0; // no pack has this id
    const CallSelection& selection = summary.query().selection;
    const PriceView view = summary.query().prices;
    CallCache& cache = database.keptCalls();
    CallBlocks kept;
    const auto add = [&](quint64 part, const QByteArray& version, const auto& read) {
        std::shared_ptr<const CallBlock> block = cache.find(part, version);
        if (block) {
            kept.push_back(std::move(block));
            return;
        }
        block = read();
        cache.keep(part, version, block);
        summary.add(*block); // and not later: of a year they would not all fit in memory
    };
    Statement select = database.prepare(
        QStringLiteral("SELECT p.id, p.upto, length(p.body), %1 FROM packs p WHERE p.workspace = ? "
                       "AND p.last_ms >= ? AND p.first_ms < ? ORDER BY p.id")
            .arg(overlayOf(QStringLiteral("p.id"), QStringLiteral("r.id"))));
    select.run(database.workspace(), selection.fromMs, selection.toMs);
    while (select.next()) {
        const qint64 pack = select.integer(0);
        const bool charged = view == PriceView::AsCharged;
        // The length changes where a rebuild of another process repairs a pack.
        const QByteArray version = QByteArray::number(select.integer(1)) + ' '
            + QByteArray::number(select.integer(2)) + ' '
            + QByteArray::number(charged ? 0 : select.integer(3));
        add(static_cast<quint64>(pack) * 2 + (charged ? 1 : 0), version,
            [&] { return readPack(database, pack, view); });
    }
    const qint64 after = packedUpTo(database);
    const QByteArray version =
        QByteArray::number(after) + ' ' + QByteArray::number(lastSequenceNumber(database));
    add(unpacked, version, [&] { return readUnpacked(database, after); });
    return kept;
}

bool hasRepricing(Database& database)
{
    Statement select = database.prepare(
        QStringLiteral("SELECT 1 FROM repricings WHERE workspace = ? AND applied = 1 LIMIT 1"));
    return select.run(database.workspace()).next();
}

QHash<qint64, LaidPrice> newPricesOf(Database& database, std::vector<qint64> sequenceNumbers)
{
    QHash<qint64, LaidPrice> prices;
    if (!hasRepricing(database))
        return prices;
    std::sort(sequenceNumbers.begin(), sequenceNumbers.end());
    NameTable names;
    for (std::size_t i = 0; i < sequenceNumbers.size();) {
        Statement select = database.prepare(
            QStringLiteral("SELECT p.upto, p.body, %1, %2 FROM packs p WHERE p.workspace = ? AND p.upto >= ? "
                           "ORDER BY p.upto LIMIT 1")
                .arg(overlayOf(QStringLiteral("p.id")),
                    overlayOf(QStringLiteral("p.id"), QStringLiteral("r.id"))));
        if (!select.run(database.workspace(), sequenceNumbers[i]).next())
            break;
        const qint64 upTo = select.integer(0);
        const QByteArray overlay = select.bytes(2);
        const qint64 repricing = select.integer(3);
        if (!overlay.isEmpty()) {
            PackReader reader(select.bytes(1), names);
            OverlayReader overlayReader(overlay);
            CallFigures call;
            while (reader.next(call)) {
                const NewPrice price = overlayReader.next();
                if (price.isRepriced
                    && std::binary_search(sequenceNumbers.begin(), sequenceNumbers.end(), reader.key()))
                    prices.insert(reader.key(), {price, repricing});
            }
        }
        while (i < sequenceNumbers.size() && sequenceNumbers[i] <= upTo)
            ++i;
    }
    return prices;
}

// --- repricing

RepricingJob::RepricingJob(RepricingRequest request, bool apply)
    : m_request(std::move(request))
    , m_apply(apply)
    , m_repricer(m_request, m_names)
{
}

void RepricingJob::begin(Database& database)
{
    m_begun = true;
    {
        // Ended before the transaction: SQLite does not wait for another writer where a read is open.
        Statement total = database.prepare(QStringLiteral(
            "SELECT SUM(calls) FROM packs WHERE workspace = ? AND last_ms >= ? AND first_ms < ?"));
        total.run(database.workspace(), m_request.fromMs, m_request.toMs);
        if (total.next())
            m_total = total.integer(0);
    }
    if (!m_apply)
        return;
    Transaction transaction(database, Transaction::Mode::Write);
    database
        .prepare(
            QStringLiteral("INSERT INTO repricings (workspace, applied, applied_ms, from_ms, to_ms, prices, "
                           "author) VALUES (?, 0, ?, ?, ?, ?, ?)"))
        .run(database.workspace(), m_request.nowMs, m_request.fromMs, m_request.toMs,
            versionOf(m_request.prices), m_request.by);
    m_id = database.number(QStringLiteral("SELECT last_insert_rowid()"));
    transaction.commit();
}

bool RepricingJob::step(Database& database)
{
    if (!m_begun) {
        if (packSomeCalls(database, 1))
            return true;
        begin(database);
    }
    constexpr int packsAtOnce = 24;
    struct Found {
        qint64 id;
        QByteArray body;
        QByteArray overlay;
    };
    std::vector<Found> found;
    Transaction transaction(database, m_apply ? Transaction::Mode::Write : Transaction::Mode::Read);
    {
        Statement select = database.prepare(
            QStringLiteral("SELECT p.id, p.body, %1 FROM packs p WHERE p.workspace = ? AND p.id > ? "
                           "AND p.last_ms >= ? AND p.first_ms < ? ORDER BY p.id LIMIT %2")
                .arg(overlayOf(QStringLiteral("p.id")))
                .arg(packsAtOnce));
        select.run(database.workspace(), m_lastPack, m_request.fromMs, m_request.toMs);
        while (select.next())
            found.push_back({select.integer(0), select.bytes(1), select.bytes(2)});
    }
    for (const Found& pack : found) {
        PackReader reader(pack.body, m_names);
        std::optional<OverlayReader> earlier;
        if (!pack.overlay.isEmpty())
            earlier.emplace(pack.overlay);
        OverlayWriter writer;
        CallFigures call;
        while (reader.next(call)) {
            const NewPrice before = earlier ? earlier->next() : NewPrice();
            const NewPrice price = m_repricer.price(call);
            // Outside of the range an earlier repricing stays.
            if (m_apply)
                writer.add(
                    price.isRepriced || (call.timeMs >= m_request.fromMs && call.timeMs < m_request.toMs)
                        ? price
                        : before);
        }
        if (m_apply)
            database.prepare(QStringLiteral("INSERT INTO overlays (pack, repricing, body) VALUES (?, ?, ?)"))
                .run(pack.id, m_id, writer.finish());
        m_done += reader.count();
        m_lastPack = pack.id;
    }
    if (m_apply)
        transaction.commit();
    if (found.size() == std::size_t(packsAtOnce))
        return true;
    finish(database);
    return false;
}

void RepricingJob::finish(Database& database)
{
    if (!m_apply)
        return;
    Transaction transaction(database, Transaction::Mode::Durable);
    database.prepare(QStringLiteral("UPDATE repricings SET applied = 1 WHERE id = ?")).run(m_id);
    transaction.commit();
}

void RepricingJob::abandon(Database& database)
{
    if (!m_apply || m_id == 0)
        return;
    Transaction transaction(database, Transaction::Mode::Write);
    database.prepare(QStringLiteral("DELETE FROM overlays WHERE repricing = ?")).run(m_id);
    database.prepare(QStringLiteral("DELETE FROM repricings WHERE id = ? AND applied = 0")).run(m_id);
    transaction.commit();
}

std::vector<AppliedRepricing> repricingsOf(Database& database)
{
    std::vector<AppliedRepricing> list;
    Statement select =
        database.prepare(QStringLiteral("SELECT id, applied_ms, from_ms, to_ms, prices, author "
                                        "FROM repricings WHERE workspace = ? AND applied = 1 "
                                        "ORDER BY id DESC"));
    select.run(database.workspace());
    while (select.next())
        list.push_back(repricingFromRow(select));
    return list;
}

std::optional<AppliedRepricing> undoRepricing(Database& database)
{
    Transaction transaction(database, Transaction::Mode::Durable);
    const std::vector<AppliedRepricing> applied = repricingsOf(database);
    if (applied.empty())
        return std::nullopt;
    const qint64 id = applied.front().id;
    database.prepare(QStringLiteral("DELETE FROM overlays WHERE repricing = ?")).run(id);
    database.prepare(QStringLiteral("DELETE FROM repricings WHERE id = ?")).run(id);
    transaction.commit();
    return applied.front();
}

// --- archive

std::vector<Call> callsToArchive(Database& database, qint64 beforeMs, ArchivePlace& place)
{
    constexpr int callsAtOnce = 1000;
    const Transaction snapshot(database, Transaction::Mode::Read);
    // The last row stays: sequence numbers go on from it.
    Statement select = database.prepare(QStringLiteral(
        "SELECT %1, seq FROM calls WHERE workspace = ? AND time_ms < ? AND seq <= ? AND seq < ? "
        "AND (time_ms > ? OR (time_ms = ? AND seq > ?)) ORDER BY time_ms, seq LIMIT %2")
                                            .arg(QLatin1String(callColumns))
                                            .arg(callsAtOnce));
    select.run(database.workspace(), beforeMs, packedUpTo(database), lastSequenceNumber(database),
        place.timeMs, place.timeMs, place.sequenceNumber);
    std::vector<Call> calls;
    while (select.next()) {
        calls.push_back(callFromRow(database, select));
        place = {calls.back().timeMs, select.integer(callColumnCount)};
    }
    return calls;
}

qint64 removeArchived(Database& database, qint64 beforeMs, ArchivePlace upTo)
{
    constexpr int callsAtOnce = 2000;
    Transaction transaction(database, Transaction::Mode::Write);
    Statement remove = database.prepare(QStringLiteral(
        "DELETE FROM calls WHERE seq IN (SELECT seq FROM calls WHERE workspace = ? "
        "AND time_ms < ? AND seq <= ? AND seq < ? AND (time_ms < ? OR (time_ms = ? AND seq <= ?)) "
        "ORDER BY time_ms, seq LIMIT %1)")
                                            .arg(callsAtOnce));
    const qint64 removed =
        remove
            .run(database.workspace(), beforeMs, packedUpTo(database), lastSequenceNumber(database),
                upTo.timeMs, upTo.timeMs, upTo.sequenceNumber)
            .changes();
    transaction.commit();
    return removed;
}

qint64 countCallsBefore(Database& database, qint64 beforeMs)
{
    Statement select =
        database.prepare(QStringLiteral("SELECT COUNT(*) FROM calls WHERE workspace = ? AND time_ms < ?"));
    return select.run(database.workspace(), beforeMs).next() ? select.integer(0) : 0;
}

} // namespace llmcache::sqlite
