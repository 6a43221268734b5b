#include "entryselection.h"

#include "base/error.h"
#include "cache/entrysearch.h"
#include "interrupt.h"
#include "store/entryid.h"

#include <QLocale>
#include <QTimeZone>

namespace llmcache::app {

EntryFilter filterFrom(const QString& text, qint64 nowMs)
{
    return EntryFilter::parse(text, QTimeZone::systemTimeZone(), nowMs);
}

QCoro::Task<std::vector<EntryMeta>> matchingEntries(Store* store, EntryFilter filter, qint64 nowMs)
{
    std::vector<EntryMeta> rows;
    const Interrupt interrupt;
    SearchOptions options;
    options.nowMs = nowMs;
    options.stop = interrupt.token();
    options.progress = [&rows](const SearchReport&, const std::vector<EntryMeta>& found) {
        rows.insert(rows.end(), found.begin(), found.end());
    };
    auto finding = findEntries(store, std::move(filter), std::move(options));
    co_await finding;
    co_return rows;
}

QCoro::Task<QString> resolveFingerprint(Store* store, QString prefix)
{
    if (isPythonKey(prefix))
        co_return prefix;
    const QString text = prefix.toLower();
    const bool hex = std::all_of(text.begin(), text.end(), [](QChar c) {
        return (c >= QLatin1Char('0') && c <= QLatin1Char('9'))
            || (c >= QLatin1Char('a') && c <= QLatin1Char('f'));
    });
    constexpr int mostMatches = 20;
    constexpr int wholeLength = 64;
    constexpr int shortest = 4;
    if (!hex || text.size() < shortest || text.size() > wholeLength)
        throw UsageError(QStringLiteral("\"%1\" is no fingerprint.").arg(prefix),
            QStringLiteral("Give 4 to 64 hexadecimal digits, or the whole key of an entry of pyai-caching."));
    if (text.size() == wholeLength)
        co_return text;
    const QStringList found = co_await store->resolveFingerprint(text, mostMatches);
    if (found.isEmpty())
        throw CacheError(QStringLiteral("No entry starts with %1.").arg(text),
            QStringLiteral("\"llmcache entries list\" shows them."));
    if (found.size() > 1) {
        QStringList starts;
        for (const QString& one : found)
            starts.append(one.left(16));
        throw UsageError(QStringLiteral("%1 names %2 entries: %3.")
                             .arg(text)
                             .arg(found.size())
                             .arg(starts.join(QStringLiteral(", "))),
            QStringLiteral("Give more digits."));
    }
    co_return found.front();
}

Json rowJson(const EntryMeta& meta)
{
    Json json = Json::object();
    json["fingerprint"] = toUtf8(meta.fingerprint);
    const Json stored = toJson(meta);
    for (const auto& member : stored.items())
        json[member.key()] = member.value();
    json["revision"] = meta.revision;
    json["hits"] = meta.hits;
    json["last_used_ms"] = meta.lastUsedMs == 0 ? Json(nullptr) : Json(meta.lastUsedMs);
    json["expires_ms"] = meta.expiresMs ? Json(*meta.expiresMs) : Json(nullptr);
    return json;
}

EntryWeight weightOf(const std::vector<EntryMeta>& rows, qint64 nowMs)
{
    EntryWeight weight;
    for (const EntryMeta& row : rows)
        weight.add(row, nowMs);
    return weight;
}

QString weightText(const EntryWeight& weight)
{
    QString text = QStringLiteral("%1, %2, %3 used in the last 7 days; refilling costs %4")
                       .arg(entriesText(weight.entries), QLocale::c().formattedDataSize(weight.bytes),
                           QString::number(weight.usedLately), weight.cost.toDisplay());
    if (weight.unpriced > 0)
        text += QStringLiteral(", and %1 have no known price").arg(weight.unpriced);
    return text + QLatin1Char('.');
}

Json toJson(const EntryWeight& weight)
{
    Json json = Json::object();
    json["entries"] = weight.entries;
    json["bytes"] = weight.bytes;
    json["used_last_7_days"] = weight.usedLately;
    json["refill_usd"] = toUtf8(weight.cost.toDecimal());
    json["unpriced"] = weight.unpriced;
    return json;
}

QString entriesText(qint64 count)
{
    return count == 1 ? QStringLiteral("1 entry") : QStringLiteral("%1 entries").arg(count);
}

QString forgottenText(qint64 changes)
{
    if (changes == 0)
        return {};
    return QStringLiteral("%1 of the last 24 hours can't be undone any more: the room to keep it is used up.")
        .arg(changes == 1 ? QStringLiteral("1 earlier change")
                          : QStringLiteral("%1 earlier changes").arg(changes));
}

QString roomText(const UndoRoom& room)
{
    if (!room.fits)
        return QStringLiteral(
            "That is more than can be kept to undo it: choose fewer at a time, or give --no-undo.");
    return forgottenText(room.forgotten);
}

QString sentences(QStringList parts)
{
    parts.removeAll(QString());
    return parts.join(QLatin1Char(' '));
}

} // namespace llmcache::app
