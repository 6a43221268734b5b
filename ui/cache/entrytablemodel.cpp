#include "cache/entrytablemodel.h"

#include "widgets/format.h"
#include "widgets/tablestyle.h"

#include <algorithm>

namespace llmcache::ui {

namespace {

constexpr int chunkCapacity = EntryChunk::capacity;
/// Chunks whose excerpts stay unpacked: more than a screen of rows in any order.
constexpr qsizetype unpackedChunks = 96;
/// More runs than this are moved with one layout change instead of as many insertions.
constexpr std::size_t mostRuns = 24;

/// One sign has room; the tooltip names all of them.
QString flagText(quint8 flags)
{
    if ((flags & EntryChunk::Human) != 0)
        return QStringLiteral("✎");
    if ((flags & EntryChunk::Python) != 0)
        return QStringLiteral("py");
    return (flags & EntryChunk::Pinned) != 0 ? QStringLiteral("pin") : QString();
}

/// With the same number of decimals in every row, so that amounts can be compared at a glance.
QString columnMoney(std::optional<Money> money)
{
    if (!money)
        return format::money(money);
    constexpr qint64 tenthOfAMil = 100'000'000; // picodollars in $0.0001
    const qint64 picodollars = money->picodollars();
    if (picodollars > 0 && picodollars < tenthOfAMil)
        return QStringLiteral("<$0.0001");
    const qint64 rounded = picodollars / tenthOfAMil + (picodollars % tenthOfAMil >= tenthOfAMil / 2 ? 1 : 0);
    return QStringLiteral("$%1.%2")
        .arg(format::count(rounded / 10'000))
        .arg(rounded % 10'000, 4, 10, QLatin1Char('0'));
}

std::optional<Money> costOf(const EntryChunk& chunk, std::size_t slot)
{
    if (chunk.cost[slot] == EntryChunk::unpriced)
        return std::nullopt;
    return Money::fromPicodollars(chunk.cost[slot]);
}

std::optional<Money> savedOf(const EntryChunk& chunk, std::size_t slot)
{
    const auto cost = costOf(chunk, slot);
    return cost ? std::optional(*cost * chunk.hits[slot]) : std::nullopt;
}

QString orDash(const QString& text)
{
    return text.isEmpty() ? QStringLiteral("–") : text;
}

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
        if (result->changed)
            m_excerpts.remove(result->row / chunkCapacity);
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
    for (const QString& fingerprint : fingerprints) {
        if (const auto row = m_entries.find(fingerprint))
            m_entries.remove(*row);
    }
    ++m_removals;
    std::vector<bool> wanted(m_entries.rows(), false);
    for (const quint32 row : m_rows)
        wanted[row] = !m_entries.isRemoved(row);
    m_sums = {};
    leaveOut(wanted);
    for (const quint32 row : m_rows)
        m_sums.add(m_entries.chunk(row), PackedEntries::slot(row));
    requestArrangement(false);
    Q_EMIT arranged();
}

void EntryTableModel::clear()
{
    m_job.cancel();
    m_arrange.stop();
    beginResetModel();
    m_entries.clear();
    m_rows = {};
    m_sums = {};
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
    requestArrangement(true);
}

void EntryTableModel::sort(int column, Qt::SortOrder order)
{
    if (column < 0 || column >= entryColumnCount)
        return;
    m_column = static_cast<EntryColumn>(column);
    m_order = order;
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

void EntryTableModel::requestArrangement(bool urgent)
{
    m_dirty = true;
    if (urgent) {
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
    ArrangementOrder order{m_filter, m_column, m_order, m_nowMs};
    m_job.start([snapshot = m_entries.snapshot(), order = std::move(order)](
                    const std::stop_token& stop) { return arrange(snapshot, order, stop); },
        [this, removals = m_removals](Arrangement arrangement) {
            m_lastJobMs = m_jobTime.elapsed();
            if (arrangement.stopped)
                return;
            if (removals != m_removals) {
                std::erase_if(arrangement.rows, [this](quint32 row) { return m_entries.isRemoved(row); });
                m_dirty = true; // the sums are old
            }
            apply(std::move(arrangement));
            if (m_dirty)
                requestArrangement(false);
        });
}

void EntryTableModel::apply(Arrangement arrangement)
{
    std::vector<bool> wanted(m_entries.rows(), false);
    for (const quint32 row : arrangement.rows)
        wanted[row] = true;
    m_sums = arrangement.sums;
    leaveOut(wanted);

    // What stays is in m_rows now. Where it keeps its order, insert the rest into it; else add and permute.
    std::vector<bool> shown(m_entries.rows(), false);
    for (const quint32 row : m_rows)
        shown[row] = true;
    std::vector<quint32> added;
    std::size_t at = 0;
    std::size_t runs = 0;
    bool inOrder = true;
    bool inRun = false;
    for (const quint32 row : arrangement.rows) {
        if (!shown[row]) {
            added.push_back(row);
            runs += inRun ? 0 : 1;
            inRun = true;
            continue;
        }
        inRun = false;
        inOrder = inOrder && m_rows[at++] == row;
    }
    if (inOrder && runs <= mostRuns) {
        insertRuns(arrangement.rows);
    } else {
        append(added);
        permute(std::move(arrangement.rows));
    }
    Q_EMIT arranged();
}

void EntryTableModel::leaveOut(const std::vector<bool>& wanted)
{
    struct Run {
        int first;
        int last;
    };
    std::vector<Run> runs;
    for (int at = 0; at < rowCount(); ++at) {
        if (wanted[m_rows[static_cast<std::size_t>(at)]])
            continue;
        if (!runs.empty() && runs.back().last == at - 1)
            runs.back().last = at;
        else
            runs.push_back({at, at});
    }
    if (runs.size() > mostRuns) {
        std::vector<quint32> goneLast = m_rows;
        const auto gone = std::stable_partition(
            goneLast.begin(), goneLast.end(), [&](quint32 row) { return bool(wanted[row]); });
        runs = {{static_cast<int>(gone - goneLast.begin()), rowCount() - 1}};
        permute(std::move(goneLast));
    }
    for (auto run = runs.rbegin(); run != runs.rend(); ++run) {
        beginRemoveRows({}, run->first, run->last);
        m_rows.erase(m_rows.begin() + run->first, m_rows.begin() + run->last + 1);
        endRemoveRows();
    }
}

void EntryTableModel::append(const std::vector<quint32>& rows)
{
    if (rows.empty())
        return;
    beginInsertRows({}, rowCount(), rowCount() + static_cast<int>(rows.size()) - 1);
    m_rows.insert(m_rows.end(), rows.begin(), rows.end());
    endInsertRows();
}

void EntryTableModel::insertRuns(const std::vector<quint32>& target)
{
    std::size_t at = 0;
    while (at < target.size()) {
        if (at < m_rows.size() && m_rows[at] == target[at]) {
            ++at;
            continue;
        }
        std::size_t end = at + 1;
        while (end < target.size() && (at >= m_rows.size() || target[end] != m_rows[at]))
            ++end;
        beginInsertRows({}, static_cast<int>(at), static_cast<int>(end) - 1);
        m_rows.insert(m_rows.begin() + static_cast<std::ptrdiff_t>(at),
            target.begin() + static_cast<std::ptrdiff_t>(at),
            target.begin() + static_cast<std::ptrdiff_t>(end));
        endInsertRows();
        at = end;
    }
}

void EntryTableModel::permute(std::vector<quint32> target)
{
    if (target == m_rows)
        return;
    Q_EMIT layoutAboutToBeChanged({}, QAbstractItemModel::VerticalSortHint);
    const QModelIndexList before = persistentIndexList();
    QHash<quint32, int> places; // of rows that somebody holds on to
    for (const QModelIndex& held : before)
        places.insert(m_rows[static_cast<std::size_t>(held.row())], -1);
    for (std::size_t at = 0; !places.isEmpty() && at < target.size(); ++at) {
        if (const auto place = places.find(target[at]); place != places.end())
            *place = static_cast<int>(at);
    }
    QModelIndexList after;
    after.reserve(before.size());
    for (const QModelIndex& held : before)
        after << index(places.value(m_rows[static_cast<std::size_t>(held.row())]), held.column());
    m_rows = std::move(target);
    changePersistentIndexList(before, after);
    Q_EMIT layoutChanged({}, QAbstractItemModel::VerticalSortHint);
}

EntrySums EntryTableModel::sumsOf(const std::vector<int>& rows) const
{
    EntrySums sums;
    for (const int at : rows) {
        const quint32 row = m_rows[static_cast<std::size_t>(at)];
        sums.add(m_entries.chunk(row), PackedEntries::slot(row));
    }
    return sums;
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
    const EntryChunk& chunk = m_entries.chunk(number);
    const std::size_t slot = PackedEntries::slot(number);
    EntryMeta meta;
    meta.fingerprint = m_entries.fingerprint(number);
    meta.revision = chunk.revision[slot];
    meta.model = m_entries.text(chunk.model[slot]);
    meta.agent = m_entries.text(chunk.agent[slot]);
    meta.task = m_entries.text(chunk.task[slot]);
    meta.author = m_entries.text(chunk.author[slot]);
    meta.createdMs = chunk.created[slot];
    meta.usage.inputTokens = chunk.tokens[slot];
    meta.cost = costOf(chunk, slot);
    meta.bytes = chunk.bytes[slot];
    meta.promptExcerpt = excerptText(number, false);
    meta.answerExcerpt = excerptText(number, true);
    const QString tags = m_entries.text(chunk.tags[slot]);
    if (!tags.isEmpty())
        meta.tags = tags.split(tagSeparator);
    meta.pinned = (chunk.flags[slot] & EntryChunk::Pinned) != 0;
    meta.human = (chunk.flags[slot] & EntryChunk::Human) != 0;
    meta.python = (chunk.flags[slot] & EntryChunk::Python) != 0;
    meta.hits = chunk.hits[slot];
    meta.lastUsedMs = chunk.used[slot];
    if (chunk.expires[slot] != EntryChunk::neverExpires)
        meta.expiresMs = chunk.expires[slot];
    return meta;
}

QString EntryTableModel::toTsv(const std::vector<int>& rows, const std::vector<EntryColumn>& columns) const
{
    QStringList header;
    for (const EntryColumn column : columns)
        header << QString::fromLatin1(columnInfo(column).name);
    QStringList lines{header.join(QLatin1Char('\t')) + QStringLiteral("\tfingerprint")};
    for (const int at : rows) {
        const quint32 row = m_rows[static_cast<std::size_t>(at)];
        const EntryChunk& chunk = m_entries.chunk(row);
        QString line;
        for (const EntryColumn column : columns) {
            QString cell = exactValue(chunk, PackedEntries::slot(row), row, column).toString();
            cell.replace(QLatin1Char('\t'), QLatin1Char(' ')).replace(QLatin1Char('\n'), QLatin1Char(' '));
            line += cell + QLatin1Char('\t');
        }
        lines << line + m_entries.fingerprint(row);
    }
    return lines.join(QLatin1Char('\n')) + QLatin1Char('\n');
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

QVariant EntryTableModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const quint32 row = m_rows[static_cast<std::size_t>(index.row())];
    const auto column = static_cast<EntryColumn>(index.column());
    const EntryChunk& chunk = m_entries.chunk(row);
    const std::size_t slot = PackedEntries::slot(row);
    switch (role) {
    case Qt::DisplayRole:
        return displayText(chunk, slot, row, column);
    case Qt::ToolTipRole:
        if (const QString text = toolTip(chunk, slot, column); !text.isEmpty())
            return text;
        return {}; // the delegate shows the cell's own text where it is elided
    case Qt::TextAlignmentRole:
        return int((columnInfo(column).number ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
    case fingerprintRole:
        return m_entries.fingerprint(row);
    case exactRole:
        return exactValue(chunk, slot, row, column);
    case TableDelegate::secondaryRole:
        return columnInfo(column).secondary;
    case TableDelegate::elideMiddleRole:
        return column == EntryColumn::Model;
    case badgeKindRole:
        if (column == EntryColumn::Flags && chunk.flags[slot] != 0) {
            if ((chunk.flags[slot] & EntryChunk::Human) != 0)
                return int(BadgeKind::Human);
            return int(
                (chunk.flags[slot] & EntryChunk::Python) != 0 ? BadgeKind::Python : BadgeKind::Neutral);
        }
        return {};
    case Qt::AccessibleTextRole:
        return QStringLiteral("%1: %2").arg(columnInfo(column).description,
            column == EntryColumn::Flags ? toolTip(chunk, slot, column)
                                         : displayText(chunk, slot, row, column));
    default:
        return {};
    }
}

QString EntryTableModel::displayText(
    const EntryChunk& chunk, std::size_t slot, quint32 row, EntryColumn column) const
{
    switch (column) {
    case EntryColumn::Agent:
        return orDash(m_entries.text(chunk.agent[slot]));
    case EntryColumn::Model:
        return orDash(format::shortModel(m_entries.text(chunk.model[slot])));
    case EntryColumn::Task:
        return orDash(m_entries.text(chunk.task[slot]));
    case EntryColumn::Prompt:
        return excerptText(row, false);
    case EntryColumn::Answer:
        return excerptText(row, true);
    case EntryColumn::Flags:
        return flagText(chunk.flags[slot]);
    case EntryColumn::Age:
        return format::age(chunk.created[slot], m_nowMs);
    case EntryColumn::Ttl: {
        const qint64 expires = chunk.expires[slot];
        if (expires == EntryChunk::neverExpires)
            return (chunk.flags[slot] & EntryChunk::Pinned) != 0 ? tr("pinned") : tr("never");
        // An age counts forwards from a time and a TTL backwards to one: the same words fit both.
        constexpr qint64 shortest = 5000; // below it, an age would say "now"
        return expires <= m_nowMs ? tr("expired")
                                  : format::age(m_nowMs, std::max(expires, m_nowMs + shortest));
    }
    case EntryColumn::Cost:
        return columnMoney(costOf(chunk, slot));
    case EntryColumn::Hits:
        return format::count(chunk.hits[slot]);
    case EntryColumn::Size:
        return format::bytes(chunk.bytes[slot]);
    case EntryColumn::Tokens:
        return format::count(chunk.tokens[slot]);
    case EntryColumn::Author:
        return orDash(m_entries.text(chunk.author[slot]));
    case EntryColumn::Created:
        return format::relativeTime(chunk.created[slot], m_nowMs);
    case EntryColumn::Used:
        return format::relativeTime(chunk.used[slot], m_nowMs);
    case EntryColumn::Saved:
        return columnMoney(savedOf(chunk, slot));
    }
    return {};
}

QString EntryTableModel::toolTip(const EntryChunk& chunk, std::size_t slot, EntryColumn column) const
{
    switch (column) {
    case EntryColumn::Model:
        // Texts of entries may come from anybody; a tooltip would read them as rich text.
        return QStringLiteral("<p>%1</p>").arg(m_entries.text(chunk.model[slot]).toHtmlEscaped());
    case EntryColumn::Flags: {
        QStringList parts;
        if ((chunk.flags[slot] & EntryChunk::Human) != 0)
            parts << tr("answer edited by hand");
        if ((chunk.flags[slot] & EntryChunk::Python) != 0)
            parts << tr("written by pyai-caching");
        if ((chunk.flags[slot] & EntryChunk::Pinned) != 0)
            parts << tr("pinned: kept without TTL");
        return parts.join(QStringLiteral(", "));
    }
    case EntryColumn::Age:
    case EntryColumn::Created:
        return tr("stored %1").arg(format::fullTime(chunk.created[slot]));
    case EntryColumn::Ttl:
        return chunk.expires[slot] == EntryChunk::neverExpires
            ? tr("never expires")
            : tr("expires %1").arg(format::fullTime(chunk.expires[slot]));
    case EntryColumn::Cost:
        return format::moneyToolTip(costOf(chunk, slot));
    case EntryColumn::Saved:
        return format::moneyToolTip(savedOf(chunk, slot));
    case EntryColumn::Used:
        return chunk.used[slot] > 0 ? format::fullTime(chunk.used[slot]) : tr("not used since it was stored");
    case EntryColumn::Size:
        return tr("%1 bytes").arg(format::count(chunk.bytes[slot]));
    default:
        return {};
    }
}

QVariant EntryTableModel::exactValue(
    const EntryChunk& chunk, std::size_t slot, quint32 row, EntryColumn column) const
{
    const auto utc = [](qint64 timeMs) {
        return timeMs > 0 ? QDateTime::fromMSecsSinceEpoch(timeMs, Qt::UTC).toString(Qt::ISODateWithMs)
                          : QString();
    };
    const auto dollars = [](std::optional<Money> money) { return money ? money->toDecimal() : QString(); };
    switch (column) {
    case EntryColumn::Agent:
        return m_entries.text(chunk.agent[slot]);
    case EntryColumn::Model:
        return m_entries.text(chunk.model[slot]);
    case EntryColumn::Task:
        return m_entries.text(chunk.task[slot]);
    case EntryColumn::Author:
        return m_entries.text(chunk.author[slot]);
    case EntryColumn::Prompt:
    case EntryColumn::Answer:
        return excerptText(row, column == EntryColumn::Answer);
    case EntryColumn::Flags:
        return toolTip(chunk, slot, column);
    case EntryColumn::Age:
        return (m_nowMs - chunk.created[slot]) / 1000;
    case EntryColumn::Created:
        return utc(chunk.created[slot]);
    case EntryColumn::Used:
        return utc(chunk.used[slot]);
    case EntryColumn::Ttl:
        return chunk.expires[slot] == EntryChunk::neverExpires
            ? QVariant(QString())
            : QVariant(std::max<qint64>(0, chunk.expires[slot] - m_nowMs) / 1000);
    case EntryColumn::Cost:
        return dollars(costOf(chunk, slot));
    case EntryColumn::Saved:
        return dollars(savedOf(chunk, slot));
    case EntryColumn::Hits:
        return chunk.hits[slot];
    case EntryColumn::Size:
        return chunk.bytes[slot];
    case EntryColumn::Tokens:
        return chunk.tokens[slot];
    }
    return {};
}

QString EntryTableModel::excerptText(quint32 row, bool answer) const
{
    const quint32 key = row / chunkCapacity;
    Excerpts* excerpts = m_excerpts.object(key);
    if (!excerpts) {
        const EntryChunk& chunk = m_entries.chunk(row);
        excerpts = new Excerpts{chunk.prompts.unpack(), chunk.answers.unpack()};
        m_excerpts.insert(key, excerpts);
    }
    const int slot = static_cast<int>(row % chunkCapacity);
    return QString::fromUtf8(answer ? excerpts->answers.at(slot) : excerpts->prompts.at(slot));
}

QVariant EntryTableModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || section < 0 || section >= entryColumnCount)
        return {};
    const EntryColumnInfo& info = columnInfo(static_cast<EntryColumn>(section));
    switch (role) {
    case Qt::DisplayRole:
        return info.title;
    case Qt::ToolTipRole:
    case Qt::AccessibleTextRole:
        return info.description;
    case Qt::TextAlignmentRole:
        return int((info.number ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
    default:
        return {};
    }
}

} // namespace llmcache::ui
