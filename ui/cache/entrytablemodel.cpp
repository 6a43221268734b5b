#include "cache/entrytablemodel.h"

#include "cache/entrycells.h"
#include "cache/rowtexts.h"

#include <algorithm>

namespace llmcache::ui {

namespace {

constexpr int chunkCapacity = EntryChunk::capacity;
/// Chunks whose excerpts stay unpacked: more than a screen of rows in any order.
constexpr qsizetype unpackedChunks = 96;

} // namespace

EntryTableModel::EntryTableModel(QObject* parent)
    : QAbstractTableModel(parent)
    , m_job(this)
    , m_excerpts(unpackedChunks)
{
    m_arrange.setSingleShot(true);
    connect(&m_arrange, &QTimer::timeout, this, &EntryTableModel::startArrangement);
}

EntryTableModel::~EntryTableModel() = default;

void EntryTableModel::upsert(const std::vector<EntryMeta>& entries)
{
    bool updated = false;
    bool changed = false;
    for (const EntryMeta& entry : entries) {
        const auto result = m_entries.upsert(entry);
        if (!result)
            continue;
        changed = changed || result->changed;
        updated = updated || (result->changed && !result->inserted);
        if (result->changed) {
            m_excerpts.remove(result->row / chunkCapacity);
            m_matches.forget(result->row);
        }
        if (m_scanning) {
            if (result->row >= m_seen.size())
                m_seen.resize(result->row + 1, false);
            m_seen[result->row] = true;
        }
    }
    if (updated && !m_rows.empty())
        Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, entryColumnCount - 1));
    if (changed)
        requestArrangement(false);
}

void EntryTableModel::beginScan()
{
    m_scanning = true;
    m_seen.assign(m_entries.rows(), false);
}

void EntryTableModel::endScan(bool complete)
{
    if (!m_scanning)
        return;
    m_scanning = false;
    bool removed = false;
    for (quint32 row = 0; complete && row < m_seen.size(); ++row) {
        if (m_seen[row] || m_entries.isRemoved(row))
            continue;
        m_entries.remove(row);
        removed = true;
    }
    m_seen = {};
    if (removed)
        ++m_removals;
    requestArrangement(true);
}

void EntryTableModel::removeEntries(const QStringList& fingerprints)
{
    Q_EMIT aboutToArrange();
    std::vector<bool> isGone(m_entries.rows(), false);
    for (const QString& fingerprint : fingerprints) {
        if (const auto row = m_entries.find(fingerprint)) {
            m_entries.remove(*row);
            isGone[*row] = true;
        }
    }
    ++m_removals;
    RowChanges changes = planRemoval(m_rows, isGone);
    for (const int place : changes.leaving) {
        const quint32 row = m_rows[static_cast<std::size_t>(place)];
        m_sums.remove(m_entries.chunk(row), PackedEntries::slot(row));
    }
    apply(std::move(changes));
    requestArrangement(false);
    Q_EMIT arranged();
}

void EntryTableModel::clear()
{
    m_job.cancel();
    m_arrange.stop();
    beginResetModel();
    m_entries.clear();
    m_matches.restart();
    m_rows = {};
    m_sums = {};
    m_groups = {};
    m_seen = {};
    m_scanning = false;
    m_dirty = false;
    m_lastJobMs = 0;
    m_excerpts.clear();
    endResetModel();
    Q_EMIT arranged();
}

void EntryTableModel::setFilter(const EntryFilter& filter)
{
    m_filter = filter;
    m_matches.restart();
    m_isOtherOrder = true;
    requestArrangement(true);
}

QStringList EntryTableModel::takeUnsearched(qint64 nowMs, int most)
{
    return m_matches.take(m_entries, m_filter, nowMs, most);
}

void EntryTableModel::setFound(const std::vector<EntryMeta>& entries)
{
    for (const EntryMeta& entry : entries) {
        if (const auto row = m_entries.find(entry.fingerprint))
            m_matches.setFound(*row);
    }
    if (!entries.empty())
        requestArrangement(false);
}

void EntryTableModel::sort(int column, Qt::SortOrder order)
{
    if (column < 0 || column >= entryColumnCount)
        return;
    m_column = static_cast<EntryColumn>(column);
    m_order = order;
    m_isOtherOrder = true;
    requestArrangement(true);
}

void EntryTableModel::setNow(qint64 nowMs)
{
    m_nowMs = nowMs;
    if (m_rows.empty())
        return;
    const int last = rowCount() - 1;
    Q_EMIT dataChanged(index(0, static_cast<int>(EntryColumn::Age)),
        index(last, static_cast<int>(EntryColumn::Ttl)), {Qt::DisplayRole});
}

void EntryTableModel::setGrouping(std::optional<EntryColumn> by)
{
    m_groupBy = by;
    m_group.reset();
    m_groups.clear();
    m_isOtherOrder = true;
    requestArrangement(true);
}

void EntryTableModel::setGroup(const std::optional<QString>& group)
{
    if (group == m_group)
        return;
    m_group = group;
    m_isOtherOrder = true;
    requestArrangement(true);
}

EntryFilter EntryTableModel::shownFilter() const
{
    if (!m_groupBy || !m_group)
        return m_filter;
    FilterTerm term;
    term.field = *m_groupBy == EntryColumn::Agent ? FilterTerm::Field::Agent
        : *m_groupBy == EntryColumn::Model        ? FilterTerm::Field::Model
                                                  : FilterTerm::Field::Task;
    term.match = m_group->isEmpty() ? FilterTerm::Match::None : FilterTerm::Match::Equals;
    term.text = *m_group;
    return m_filter.narrowed(term);
}

QStringList EntryTableModel::textsIn(EntryColumn column) const
{
    std::vector<bool> used(static_cast<std::size_t>(m_entries.texts().size()), false);
    for (quint32 row = 0; row < m_entries.rows(); ++row) {
        const EntryChunk& chunk = m_entries.chunk(row);
        const std::size_t slot = PackedEntries::slot(row);
        const auto& numbers = column == EntryColumn::Agent ? chunk.agent
            : column == EntryColumn::Model                 ? chunk.model
            : column == EntryColumn::Task                  ? chunk.task
            : column == EntryColumn::Tags                  ? chunk.tags
                                                           : chunk.author;
        used[numbers[slot]] = true;
    }
    QStringList texts;
    for (std::size_t number = 0; number < used.size(); ++number) {
        if (used[number])
            texts += m_entries.text(static_cast<quint32>(number)).split(tagSeparator, Qt::SkipEmptyParts);
    }
    texts.removeDuplicates();
    texts.sort(Qt::CaseInsensitive);
    return texts;
}

void EntryTableModel::setInvalid(const QStringList& fingerprints, bool invalid)
{
    bool isOther = false;
    for (const QString& fingerprint : fingerprints) {
        const auto row = m_entries.find(fingerprint);
        isOther = (row && m_entries.setInvalid(*row, invalid)) || isOther;
    }
    if (!isOther)
        return;
    if (!m_rows.empty())
        Q_EMIT dataChanged(index(0, static_cast<int>(EntryColumn::Flags)),
            index(rowCount() - 1, static_cast<int>(EntryColumn::Flags)));
    if (m_column == EntryColumn::Flags)
        requestArrangement(false);
}

void EntryTableModel::requestArrangement(bool urgent)
{
    m_dirty = true;
    if (urgent) {
        m_isUrgent = true;
        m_arrange.start(0);
        return;
    }
    if (m_job.isRunning() || m_arrange.isActive())
        return; // what comes in meanwhile is taken along afterwards
    // A scan brings pages without end; spend at most a quarter of a core on showing them in order.
    constexpr qint64 shortestPause = 60;
    m_arrange.start(
        m_rows.empty() ? 0 : static_cast<int>(std::clamp<qint64>(3 * m_lastJobMs, shortestPause, 3000)));
}

void EntryTableModel::startArrangement()
{
    m_dirty = false;
    m_jobTime.start();
    ArrangementOrder order{m_filter, m_filter.needsText() ? m_matches.found() : nullptr, m_column, m_order,
        m_nowMs, m_groupBy, m_group, m_isUrgent};
    m_isUrgent = false;
    m_plansInVain = 0;
    m_job.start(
        [snapshot = m_entries.snapshot(), order = std::move(order), shown = m_rows](
            const std::stop_token& stop) {
            Result result{arrange(snapshot, order, stop), {}};
            if (!result.arrangement.stopped)
                result.changes = planChanges(shown, std::move(result.arrangement.rows), snapshot.rows);
            return result;
        },
        [this, removals = m_removals, isOther = m_isOtherOrder](
            Result result) { take(std::move(result), removals, isOther); });
}

void EntryTableModel::take(Result result, quint64 removals, bool isOther)
{
    if (result.arrangement.stopped) {
        m_lastJobMs = m_jobTime.elapsed();
        return;
    }
    if (removals == m_removals) {
        show(std::move(result), isOther);
        return;
    }
    m_dirty = true; // the sums are old
    // Rows leave all the time while many are deleted, and yet the others have to come at last.
    constexpr int mostInVain = 3;
    if (++m_plansInVain <= mostInVain) {
        planAgain(std::move(result), isOther);
        return;
    }
    std::vector<quint32>& target = result.changes.target;
    std::erase_if(target, [this](quint32 row) { return m_entries.isRemoved(row); });
    result.changes = planChanges(m_rows, std::move(target), m_entries.rows());
    show(std::move(result), isOther);
}

void EntryTableModel::planAgain(Result result, bool isOther)
{
    m_job.start(
        [snapshot = m_entries.snapshot(), result = std::move(result), shown = m_rows](
            const std::stop_token&) mutable {
            std::vector<quint32>& target = result.changes.target;
            std::erase_if(target, [&snapshot](quint32 row) { return snapshot.isRemoved(row); });
            result.changes = planChanges(shown, std::move(target), snapshot.rows);
            return std::move(result);
        },
        [this, removals = m_removals, isOther](
            Result planned) { take(std::move(planned), removals, isOther); });
}

void EntryTableModel::show(Result result, bool isOther)
{
    m_lastJobMs = m_jobTime.elapsed();
    if (isOther)
        m_isOtherOrder = false;
    else
        Q_EMIT aboutToArrange();
    m_sums = result.arrangement.sums;
    m_groups = std::move(result.arrangement.groups);
    apply(std::move(result.changes));
    Q_EMIT arranged();
    if (m_dirty)
        requestArrangement(false);
}

std::vector<quint32> EntryTableModel::numbersOf(const std::vector<RowRun>& rows) const
{
    std::vector<quint32> numbers;
    numbers.reserve(static_cast<std::size_t>(countOf(rows)));
    for (const RowRun& run : rows)
        numbers.insert(numbers.end(), m_rows.begin() + run.first, m_rows.begin() + run.last + 1);
    return numbers;
}

std::function<EntrySums(const std::stop_token&)> EntryTableModel::sumsMaker(
    const std::vector<RowRun>& rows) const
{
    return [snapshot = m_entries.snapshot(), numbers = numbersOf(rows), nowMs = m_nowMs](
               const std::stop_token& stop) {
        constexpr qint64 weekMs = qint64(7) * 24 * 3600 * 1000;
        EntrySums sums;
        for (const quint32 row : numbers) {
            const EntryChunk& chunk = snapshot.chunk(row);
            const std::size_t slot = PackedEntries::slot(row);
            if (slot == 0 && stop.stop_requested())
                break; // nobody wants to know any more
            sums.add(chunk, slot);
            sums.usedLately += chunk.used[slot] > nowMs - weekMs ? 1 : 0;
        }
        return sums;
    };
}

std::function<std::vector<BulkTarget>()> EntryTableModel::targetsMaker(const std::vector<RowRun>& rows) const
{
    return [snapshot = m_entries.snapshot(), numbers = numbersOf(rows)] {
        std::vector<BulkTarget> targets;
        targets.reserve(numbers.size());
        for (const quint32 row : numbers) {
            const EntryChunk& chunk = snapshot.chunk(row);
            targets.push_back({snapshot.fingerprint(row), chunk.revision[PackedEntries::slot(row)]});
        }
        return targets;
    };
}

QString EntryTableModel::fingerprintAt(int row) const
{
    return m_entries.fingerprint(m_rows[static_cast<std::size_t>(row)]);
}

int EntryTableModel::rowOf(const QString& fingerprint) const
{
    const auto row = m_entries.find(fingerprint);
    const auto at = row ? std::find(m_rows.begin(), m_rows.end(), *row) : m_rows.end();
    return at == m_rows.end() ? -1 : static_cast<int>(at - m_rows.begin());
}

EntryMeta EntryTableModel::metaAt(int row) const
{
    const quint32 number = m_rows[static_cast<std::size_t>(row)];
    EntryMeta meta = metaOf(m_entries.chunk(number), PackedEntries::slot(number), m_entries.texts());
    meta.fingerprint = m_entries.fingerprint(number);
    meta.promptExcerpt = excerptText(number, false);
    meta.answerExcerpt = excerptText(number, true);
    return meta;
}

std::function<QString(const std::stop_token&)> EntryTableModel::tsvMaker(
    const std::vector<RowRun>& rows, const std::vector<EntryColumn>& columns) const
{
    return [snapshot = m_entries.snapshot(), numbers = numbersOf(rows), columns, nowMs = m_nowMs](
               const std::stop_token& stop) { return entriesToTsv(snapshot, numbers, columns, nowMs, stop); };
}

std::function<QString(const std::stop_token&)> EntryTableModel::jsonMaker(
    const std::vector<RowRun>& rows) const
{
    return [snapshot = m_entries.snapshot(), numbers = numbersOf(rows)](
               const std::stop_token& stop) { return entriesToJson(snapshot, numbers, stop); };
}

std::function<QByteArray(const std::stop_token&)> EntryTableModel::csvMaker(
    const std::vector<EntryColumn>& columns) const
{
    return [snapshot = m_entries.snapshot(), rows = m_rows, columns, nowMs = m_nowMs](
               const std::stop_token& stop) { return entriesToCsv(snapshot, rows, columns, nowMs, stop); };
}

qint64 EntryTableModel::memoryBytes() const
{
    return m_entries.memoryBytes() + qint64(m_rows.capacity() * sizeof(quint32))
        + qint64(m_seen.capacity() / 8);
}

int EntryTableModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_rows.size());
}

int EntryTableModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : entryColumnCount;
}

} // namespace llmcache::ui
