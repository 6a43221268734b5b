#include "cache/rowtexts.h"

#include "base/csv.h"
#include "cache/entrycells.h"

#include <unordered_map>

namespace llmcache::ui {

namespace {

/// Unpacks the excerpts of a few chunks at a time: rows that follow each other are near.
class ExcerptReader {
public:
    explicit ExcerptReader(const EntrySnapshot& snapshot)
        : m_snapshot(snapshot)
    {
    }
    QString prompt(quint32 row) { return at(row, unpacked(row).prompts); }
    QString answer(quint32 row) { return at(row, unpacked(row).answers); }

private:
    struct Texts {
        PackedTexts::Unpacked prompts;
        PackedTexts::Unpacked answers;
    };
    static QString at(quint32 row, const PackedTexts::Unpacked& texts)
    {
        return QString::fromUtf8(texts.at(static_cast<int>(PackedEntries::slot(row))));
    }
    const Texts& unpacked(quint32 row)
    {
        constexpr std::size_t mostUnpacked = 256;
        const quint32 number = row / EntryChunk::capacity;
        if (const auto known = m_texts.find(number); known != m_texts.end())
            return known->second;
        if (m_texts.size() == mostUnpacked)
            m_texts.clear();
        const EntryChunk& chunk = m_snapshot.chunk(row);
        return m_texts.emplace(number, Texts{chunk.prompts.unpack(), chunk.answers.unpack()}).first->second;
    }

    const EntrySnapshot& m_snapshot;
    std::unordered_map<quint32, Texts> m_texts;
};

/// Calls `take` for the text of each cell of a row, from the left.
template <typename Take>
void forEachCell(const EntrySnapshot& snapshot, ExcerptReader& excerpts, quint32 row,
    const std::vector<EntryColumn>& columns, qint64 nowMs, Take take)
{
    const EntryCells cells{snapshot.chunk(row), PackedEntries::slot(row), snapshot.pool, nowMs};
    for (const EntryColumn column : columns) {
        if (column == EntryColumn::Prompt)
            take(column, excerpts.prompt(row));
        else if (column == EntryColumn::Answer)
            take(column, excerpts.answer(row));
        else
            take(column, cells.exact(column).toString());
    }
}

} // namespace

QByteArray entriesToCsv(const EntrySnapshot& snapshot, const std::vector<quint32>& rows,
    const std::vector<EntryColumn>& columns, qint64 nowMs, const std::stop_token& stop)
{
    QByteArray csv;
    for (const EntryColumn column : columns)
        csv += QByteArray(columnInfo(column).name) + ',';
    csv += "fingerprint\r\n";
    ExcerptReader excerpts(snapshot);
    for (const quint32 row : rows) {
        if (stop.stop_requested())
            break;
        forEachCell(snapshot, excerpts, row, columns, nowMs, [&csv](EntryColumn column, const QString& text) {
            csv += csvField(text, columnInfo(column).number).toUtf8() + ',';
        });
        csv += csvField(snapshot.fingerprint(row), false).toUtf8() + "\r\n";
    }
    return csv;
}

QString entriesToTsv(const EntrySnapshot& snapshot, const std::vector<quint32>& rows,
    const std::vector<EntryColumn>& columns, qint64 nowMs, const std::stop_token& stop)
{
    QString text;
    for (const EntryColumn column : columns)
        text += QLatin1String(columnInfo(column).name) + QLatin1Char('\t');
    text += QStringLiteral("fingerprint\n");
    ExcerptReader excerpts(snapshot);
    for (const quint32 row : rows) {
        if (stop.stop_requested())
            break;
        forEachCell(snapshot, excerpts, row, columns, nowMs, [&text](EntryColumn, QString cell) {
            cell.replace(QLatin1Char('\t'), QLatin1Char(' ')).replace(QLatin1Char('\n'), QLatin1Char(' '));
            text += cell + QLatin1Char('\t');
        });
        text += snapshot.fingerprint(row) + QLatin1Char('\n');
    }
    return text;
}

QString entriesToJson(
    const EntrySnapshot& snapshot, const std::vector<quint32>& rows, const std::stop_token& stop)
{
    Json list = Json::array();
    ExcerptReader excerpts(snapshot);
    for (const quint32 row : rows) {
        if (stop.stop_requested())
            break;
        EntryMeta meta = metaOf(snapshot.chunk(row), PackedEntries::slot(row), snapshot.pool);
        meta.promptExcerpt = excerpts.prompt(row);
        meta.answerExcerpt = excerpts.answer(row);
        Json object = Json::object();
        object["fingerprint"] = toUtf8(snapshot.fingerprint(row));
        object["revision"] = meta.revision;
        const Json stored = toJson(meta);
        for (const char* key : {"model", "agent", "task", "author", "created_ms", "cost_usd", "bytes",
                 "prompt_excerpt", "answer_excerpt", "tags", "pinned", "human", "python"}) {
            if (const Json* const value = findMember(stored, key))
                object[key] = *value;
        }
        object["tokens"] = meta.usage.inputTokens;
        object["hits"] = meta.hits;
        object["last_used_ms"] = meta.lastUsedMs > 0 ? Json(meta.lastUsedMs) : Json();
        object["expires_ms"] = meta.expiresMs ? Json(*meta.expiresMs) : Json();
        list.push_back(std::move(object));
    }
    return QString::fromUtf8(toPrettyJsonText(list));
}

} // namespace llmcache::ui
