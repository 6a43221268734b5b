#include "cache/entrycsv.h"

#include "base/csv.h"

#include <QCoreApplication>
#include <QDateTime>

#include <unordered_map>

namespace llmcache::ui {

namespace {

QString tr(const char* text)
{
    return QCoreApplication::translate("EntryCells", text);
}

} // namespace

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

QByteArray entriesToCsv(const EntrySnapshot& snapshot, const std::vector<quint32>& rows,
    const std::vector<EntryColumn>& columns, qint64 nowMs, const std::stop_token& stop)
{
    QByteArray csv;
    for (const EntryColumn column : columns)
        csv += QByteArray(columnInfo(column).name) + ',';
    csv += "fingerprint\r\n";
    struct Texts {
        PackedTexts::Unpacked prompts;
        PackedTexts::Unpacked answers;
    };
    std::unordered_map<quint32, Texts> texts; // a few chunks at a time: rows that follow each other are near
    constexpr std::size_t mostUnpacked = 256;
    for (const quint32 row : rows) {
        if (stop.stop_requested())
            break;
        const quint32 number = row / EntryChunk::capacity;
        const EntryChunk& chunk = *snapshot.chunks[number];
        const std::size_t slot = PackedEntries::slot(row);
        const EntryCells cells{chunk, slot, snapshot.pool, nowMs};
        for (const EntryColumn column : columns) {
            QString text;
            if (column == EntryColumn::Prompt || column == EntryColumn::Answer) {
                if (texts.size() > mostUnpacked)
                    texts.clear();
                auto unpacked = texts.find(number);
                if (unpacked == texts.end())
                    unpacked =
                        texts.emplace(number, Texts{chunk.prompts.unpack(), chunk.answers.unpack()}).first;
                const auto& part =
                    column == EntryColumn::Prompt ? unpacked->second.prompts : unpacked->second.answers;
                text = QString::fromUtf8(part.at(static_cast<int>(slot)));
            } else {
                text = cells.exact(column).toString();
            }
            csv += csvField(text, columnInfo(column).number).toUtf8() + ',';
        }
        csv += csvField(snapshot.fingerprint(row), false).toUtf8() + "\r\n";
    }
    return csv;
}

} // namespace llmcache::ui
