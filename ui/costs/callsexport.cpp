#include "costs/callsexport.h"

#include "base/csv.h"
#include "base/error.h"
#include "base/worker.h"

#include <qcorofuture.h>

#include <QCoreApplication>
#include <QDateTime>
#include <QSaveFile>
#include <QTimeZone>

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

QByteArray header()
{
    return QByteArrayLiteral("time,local_time,id,agent,task,user,host,model,outcome,error,cost_usd,avoided_"
                             "cost_usd,repriced_cost_usd,"
                             "price_source,input_tokens,output_tokens,cache_read_tokens,cache_write_tokens,"
                             "reasoning_tokens,latency_ms,"
                             "time_to_first_token_ms,attempts,rate_limits,waited_ms,fingerprint,tags\n");
}

QByteArray record(const Call& call, const QTimeZone& zone)
{
    const auto number = [](auto value) { return QString::number(static_cast<qint64>(value)); };
    const Usage& usage = call.usage;
    return csvRecord({QDateTime::fromMSecsSinceEpoch(call.timeMs, Qt::UTC).toString(Qt::ISODateWithMs),
        QDateTime::fromMSecsSinceEpoch(call.timeMs, zone).toString(Qt::ISODateWithMs), call.id, call.agent,
        call.task, call.user, call.host, call.model, outcomeName(call.outcome), call.error,
        decimal(call.cost), decimal(call.avoided), call.repriced ? decimal(call.repriced->cost) : QString(),
        call.priceSource, number(usage.inputTokens), number(usage.outputTokens),
        number(usage.cacheReadTokens), number(usage.cacheWriteTokens), number(usage.reasoningTokens),
        number(call.latency.count()),
        call.timeToFirstToken ? number(call.timeToFirstToken->count()) : QString(), number(call.attempts),
        number(call.rateLimits), number(call.waited.count()), call.fingerprint,
        call.tags.join(QLatin1Char(' '))});
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
