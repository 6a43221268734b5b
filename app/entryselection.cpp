#include "entryselection.h"

#include <QTimeZone>

namespace llmcache::app {

EntryFilter filterFrom(const QString& text, qint64 nowMs)
{
    return EntryFilter::parse(text, QTimeZone::systemTimeZone(), nowMs);
}

QCoro::Task<std::vector<EntryMeta>> matchingEntries(Store* store, EntryFilter filter, qint64 nowMs)
{
    constexpr int pageSize = 500;
    std::vector<EntryMeta> rows;
    QByteArray cursor;
    do {
        const QByteArray from = cursor;
        EntryPage page = co_await store->listEntries(from, pageSize);
        std::copy_if(std::make_move_iterator(page.rows.begin()), std::make_move_iterator(page.rows.end()),
            std::back_inserter(rows),
            [&filter, nowMs](const EntryMeta& row) { return filter.matches(row, nowMs); });
        cursor = page.cursor;
    } while (!cursor.isEmpty());
    co_return rows;
}

QString entriesText(qint64 count)
{
    return count == 1 ? QStringLiteral("1 entry") : QStringLiteral("%1 entries").arg(count);
}

} // namespace llmcache::app
