// What the cells of the table show.
#include "cache/entrycells.h"
#include "cache/entrytablemodel.h"
#include "widgets/format.h"
#include "widgets/tablestyle.h"

namespace llmcache::ui {

namespace {

constexpr int chunkCapacity = EntryChunk::capacity;

/// One sign has room; the tooltip names all of them.
QString flagText(quint8 flags)
{
    // That a person wrote the answer is never left out.
    if ((flags & EntryChunk::Human) != 0)
        return (flags & EntryChunk::Invalid) != 0 ? QStringLiteral("✎ ✕") : QStringLiteral("✎");
    if ((flags & EntryChunk::Invalid) != 0)
        return QStringLiteral("✕");
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

QString orDash(const QString& text)
{
    return text.isEmpty() ? QStringLiteral("–") : text;
}

} // namespace

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
        if (column == EntryColumn::Prompt || column == EntryColumn::Answer)
            return excerptText(row, column == EntryColumn::Answer);
        return EntryCells{chunk, slot, m_entries.texts(), m_nowMs}.exact(column);
    case TableDelegate::secondaryRole:
        return columnInfo(column).secondary;
    case TableDelegate::elideMiddleRole:
        return column == EntryColumn::Model;
    case badgeKindRole:
        if (column == EntryColumn::Flags && chunk.flags[slot] != 0) {
            if ((chunk.flags[slot] & EntryChunk::Invalid) != 0)
                return int(BadgeKind::Error);
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
    // What a Python entry does not hold is not the same as nothing.
    const auto orUnknown = [&](const QString& text) {
        return text.isEmpty() && (chunk.flags[slot] & EntryChunk::Python) != 0 ? tr("unknown") : text;
    };
    switch (column) {
    case EntryColumn::Agent:
        return orDash(orUnknown(m_entries.text(chunk.agent[slot])));
    case EntryColumn::Model:
        return orDash(format::shortModel(m_entries.text(chunk.model[slot])));
    case EntryColumn::Task:
        return orDash(m_entries.text(chunk.task[slot]));
    case EntryColumn::Prompt:
        return orUnknown(excerptText(row, false));
    case EntryColumn::Answer:
        return excerptText(row, true);
    case EntryColumn::Flags:
        return flagText(chunk.flags[slot]);
    case EntryColumn::Age:
        return chunk.created[slot] == 0 ? orDash({}) : format::age(chunk.created[slot], m_nowMs);
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
        return columnMoney(chunk.costAt(slot));
    case EntryColumn::Hits:
        return format::count(chunk.hits[slot]);
    case EntryColumn::Size:
        return format::bytes(chunk.bytes[slot]);
    case EntryColumn::Tokens:
        return format::count(chunk.tokens[slot]);
    case EntryColumn::Author:
        return orDash(m_entries.text(chunk.author[slot]));
    case EntryColumn::Created:
        return chunk.created[slot] == 0 ? orDash({}) : format::relativeTime(chunk.created[slot], m_nowMs);
    case EntryColumn::Used:
        return format::relativeTime(chunk.used[slot], m_nowMs);
    case EntryColumn::Saved:
        return columnMoney(savedOf(chunk, slot));
    case EntryColumn::Tags:
        return tagNames(m_entries.text(chunk.tags[slot]));
    }
    return {};
}

QString EntryTableModel::toolTip(const EntryChunk& chunk, std::size_t slot, EntryColumn column) const
{
    const bool isPython = (chunk.flags[slot] & EntryChunk::Python) != 0;
    switch (column) {
    case EntryColumn::Agent:
        return isPython && m_entries.text(chunk.agent[slot]).isEmpty()
            ? tr("pyai-caching stores neither agent nor prompt; they show once this workspace has asked the "
                 "same")
            : QString();
    case EntryColumn::Model:
        // Texts of entries may come from anybody; a tooltip would read them as rich text.
        return QStringLiteral("<p>%1</p>").arg(m_entries.text(chunk.model[slot]).toHtmlEscaped());
    case EntryColumn::Flags:
        return flagNames(chunk.flags[slot]);
    case EntryColumn::Tags:
        return QStringLiteral("<p>%1</p>").arg(tagNames(m_entries.text(chunk.tags[slot])).toHtmlEscaped());
    case EntryColumn::Age:
    case EntryColumn::Created:
        return chunk.created[slot] == 0 ? tr("pyai-caching does not keep when it stored an entry")
                                        : tr("stored %1").arg(format::fullTime(chunk.created[slot]));
    case EntryColumn::Ttl:
        return chunk.expires[slot] == EntryChunk::neverExpires
            ? tr("never expires")
            : tr("expires %1").arg(format::fullTime(chunk.expires[slot]));
    case EntryColumn::Cost:
        return format::moneyToolTip(chunk.costAt(slot));
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
