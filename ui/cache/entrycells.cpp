#include "cache/entrycells.h"

#include <QCoreApplication>
#include <QDateTime>

namespace llmcache::ui {

namespace {

QString tr(const char* text)
{
    return QCoreApplication::translate("EntryCells", text);
}

} // namespace

EntryMeta metaOf(const EntryChunk& chunk, std::size_t slot, const QList<QString>& pool)
{
    EntryMeta meta;
    meta.revision = chunk.revision[slot];
    meta.model = pool.at(chunk.model[slot]);
    meta.agent = pool.at(chunk.agent[slot]);
    meta.task = pool.at(chunk.task[slot]);
    meta.author = pool.at(chunk.author[slot]);
    meta.createdMs = chunk.created[slot];
    meta.usage.inputTokens = chunk.tokens[slot];
    meta.cost = chunk.costAt(slot);
    meta.bytes = chunk.bytes[slot];
    const QString tags = pool.at(chunk.tags[slot]);
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

std::optional<Money> savedOf(const EntryChunk& chunk, std::size_t slot)
{
    const auto cost = chunk.costAt(slot);
    return cost ? std::optional(*cost * chunk.hits[slot]) : std::nullopt;
}

QString flagNames(quint8 flags)
{
    QStringList parts;
    if ((flags & EntryChunk::Invalid) != 0)
        parts << tr("does not fit its agent's schema");
    if ((flags & EntryChunk::Human) != 0)
        parts << tr("answer edited by hand");
    if ((flags & EntryChunk::Python) != 0)
        parts << tr("written by pyai-caching");
    if ((flags & EntryChunk::Pinned) != 0)
        parts << tr("pinned: kept without TTL");
    return parts.join(QStringLiteral(", "));
}

QString tagNames(QString joined)
{
    return joined.replace(tagSeparator, QStringLiteral(", "));
}

QVariant EntryCells::exact(EntryColumn column) const
{
    const auto utc = [](qint64 timeMs) {
        return timeMs > 0 ? QDateTime::fromMSecsSinceEpoch(timeMs, Qt::UTC).toString(Qt::ISODateWithMs)
                          : QString();
    };
    const auto dollars = [](std::optional<Money> money) { return money ? money->toDecimal() : QString(); };
    switch (column) {
    case EntryColumn::Agent:
        return pool.at(chunk.agent[slot]);
    case EntryColumn::Model:
        return pool.at(chunk.model[slot]);
    case EntryColumn::Task:
        return pool.at(chunk.task[slot]);
    case EntryColumn::Author:
        return pool.at(chunk.author[slot]);
    case EntryColumn::Tags:
        return tagNames(pool.at(chunk.tags[slot]));
    case EntryColumn::Flags:
        return flagNames(chunk.flags[slot]);
    case EntryColumn::Age:
        return chunk.created[slot] == 0 ? QVariant(QString())
                                        : QVariant((nowMs - chunk.created[slot]) / 1000);
    case EntryColumn::Created:
        return utc(chunk.created[slot]);
    case EntryColumn::Used:
        return utc(chunk.used[slot]);
    case EntryColumn::Ttl:
        return chunk.expires[slot] == EntryChunk::neverExpires
            ? QVariant(QString())
            : QVariant(std::max<qint64>(0, chunk.expires[slot] - nowMs) / 1000);
    case EntryColumn::Cost:
        return dollars(chunk.costAt(slot));
    case EntryColumn::Saved:
        return dollars(savedOf(chunk, slot));
    case EntryColumn::Hits:
        return chunk.hits[slot];
    case EntryColumn::Size:
        return chunk.bytes[slot];
    case EntryColumn::Tokens:
        return chunk.tokens[slot];
    case EntryColumn::Prompt:
    case EntryColumn::Answer:
        break;
    }
    return {};
}

} // namespace llmcache::ui
