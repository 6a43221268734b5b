#include "costs/callsexport.h"

#include "base/csv.h"
#include "base/error.h"
#include "base/worker.h"

#include <qcorofuture.h>

#include <QCoreApplication>
#include <QDateTime>
#include <QSaveFile>
#include <QTimeZone>

#include <array>

namespace llmcache::ui {

namespace {

QString tr(const char* text)
{
    return QCoreApplication::translate("llmcache::ui::CallsExport", text);
}

QString decimal(const std::optional<Money>& amount)
{
    return amount ? amount->toDecimal() : QString(); // unpriced is not 0
}

/// The columns of the file, and what each says of a call.
struct Column {
    const char* name;
    QString (*text)(const Call& call, const QTimeZone& zone);
};

QString number(qint64 value)
{
    return QString::number(value);
}

QString timeText(qint64 timeMs, const QTimeZone& zone)
{
    return QDateTime::fromMSecsSinceEpoch(timeMs, zone).toString(Qt::ISODateWithMs);
}

constexpr std::array columns{
    Column{
        "time", [](const Call& call, const QTimeZone&) { return timeText(call.timeMs, QTimeZone::utc()); }},
    Column{"local_time", [](const Call& call, const QTimeZone& zone) { return timeText(call.timeMs, zone); }},
    Column{"id", [](const Call& call, const QTimeZone&) { return call.id; }},
    Column{"agent", [](const Call& call, const QTimeZone&) { return call.agent; }},
    Column{"task", [](const Call& call, const QTimeZone&) { return call.task; }},
    Column{"user", [](const Call& call, const QTimeZone&) { return call.user; }},
    Column{"host", [](const Call& call, const QTimeZone&) { return call.host; }},
    Column{"model", [](const Call& call, const QTimeZone&) { return call.model; }},
    Column{"outcome", [](const Call& call, const QTimeZone&) { return outcomeName(call.outcome); }},
    Column{"error", [](const Call& call, const QTimeZone&) { return call.error; }},
    Column{"cost_usd", [](const Call& call, const QTimeZone&) { return decimal(call.cost); }},
    Column{"avoided_cost_usd", [](const Call& call, const QTimeZone&) { return decimal(call.avoided); }},
    Column{"price_source", [](const Call& call, const QTimeZone&) { return call.priceSource; }},
    Column{"repriced_cost_usd",
        [](const Call& call, const QTimeZone&) {
            return call.repriced ? decimal(call.repriced->cost) : QString();
        }},
    Column{"repriced_avoided_cost_usd",
        [](const Call& call, const QTimeZone&) {
            return call.repriced ? decimal(call.repriced->avoided) : QString();
        }},
    Column{"repriced_source",
        [](const Call& call, const QTimeZone&) { return call.repriced ? call.repriced->source : QString(); }},
    Column{"input_tokens", [](const Call& call, const QTimeZone&) { return number(call.usage.inputTokens); }},
    Column{
        "output_tokens", [](const Call& call, const QTimeZone&) { return number(call.usage.outputTokens); }},
    Column{"cache_read_tokens",
        [](const Call& call, const QTimeZone&) { return number(call.usage.cacheReadTokens); }},
    Column{"cache_write_tokens",
        [](const Call& call, const QTimeZone&) { return number(call.usage.cacheWriteTokens); }},
    Column{"cache_write_1h_tokens",
        [](const Call& call, const QTimeZone&) { return number(call.usage.cacheWrite1hTokens); }},
    Column{"reasoning_tokens",
        [](const Call& call, const QTimeZone&) { return number(call.usage.reasoningTokens); }},
    Column{"input_audio_tokens",
        [](const Call& call, const QTimeZone&) { return number(call.usage.inputAudioTokens); }},
    Column{"cache_read_audio_tokens",
        [](const Call& call, const QTimeZone&) { return number(call.usage.cacheReadAudioTokens); }},
    Column{"output_audio_tokens",
        [](const Call& call, const QTimeZone&) { return number(call.usage.outputAudioTokens); }},
    Column{"web_searches", [](const Call& call, const QTimeZone&) { return number(call.usage.webSearches); }},
    Column{"requests", [](const Call& call, const QTimeZone&) { return number(call.usage.requests); }},
    Column{"latency_ms", [](const Call& call, const QTimeZone&) { return number(call.latency.count()); }},
    Column{"time_to_first_token_ms",
        [](const Call& call, const QTimeZone&) {
            return call.timeToFirstToken ? number(call.timeToFirstToken->count()) : QString();
        }},
    Column{"attempts", [](const Call& call, const QTimeZone&) { return number(call.attempts); }},
    Column{"rate_limits", [](const Call& call, const QTimeZone&) { return number(call.rateLimits); }},
    Column{"waited_ms", [](const Call& call, const QTimeZone&) { return number(call.waited.count()); }},
    Column{"fingerprint", [](const Call& call, const QTimeZone&) { return call.fingerprint; }},
    Column{"tags", [](const Call& call, const QTimeZone&) { return call.tags.join(QLatin1Char(' ')); }},
};

QByteArray header()
{
    QStringList names;
    for (const Column& column : columns)
        names.append(QLatin1String(column.name));
    return csvRecord(names);
}

QByteArray record(const Call& call, const QTimeZone& zone)
{
    QStringList cells;
    for (const Column& column : columns)
        cells.append(column.text(call, zone));
    return csvRecord(cells);
}

void check(bool written, const QSaveFile& file)
{
    if (!written)
        throw ConfigurationError(tr("%1 can't be written: %2.").arg(file.fileName(), file.errorString()),
            tr("Choose another folder, or make room on the disk."));
}

} // namespace

QCoro::Task<qint64> exportCalls(Session* session, CallSelection selection, QByteArray timeZone, QString path,
    std::function<bool(const Call&)> accepts, std::function<void(qint64)> progress, std::stop_token stop)
{
    constexpr int pageSize = 5'000;
    const auto file = std::make_shared<QSaveFile>(path);
    auto open = [file] {
        check(file->open(QIODevice::WriteOnly) && file->write(header()) > 0, *file);
        return true;
    };
    QFuture<bool> opened = runOn(*QThreadPool::globalInstance(), std::move(open));
    co_await opened;
    qint64 count = 0;
    QByteArray cursor;
    do {
        if (stop.stop_requested())
            throw Cancelled();
        CallPageQuery query;
        query.selection = selection;
        query.cursor = cursor;
        query.limit = pageSize;
        CallPage page = co_await session->callPage(std::move(query));
        cursor = page.cursor;
        auto work = [file, timeZone, accepts, calls = std::move(page.calls)] {
            const QTimeZone zone(timeZone);
            QByteArray text;
            qint64 records = 0;
            for (const Call& call : calls) {
                if (!accepts(call))
                    continue;
                text += record(call, zone);
                ++records;
            }
            check(file->write(text) == text.size(), *file);
            return records;
        };
        QFuture<qint64> written = runOn(*QThreadPool::globalInstance(), std::move(work));
        const qint64 records = co_await written;
        count += records;
        progress(count);
    } while (!cursor.isEmpty());
    auto close = [file] {
        // commit() does not notice a disk that is full.
        check(file->flush() && file->commit(), *file);
        return true;
    };
    QFuture<bool> closed = runOn(*QThreadPool::globalInstance(), std::move(close));
    co_await closed;
    co_return count;
}

} // namespace llmcache::ui
