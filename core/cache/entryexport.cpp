#include "cache/entryexport.h"

#include "base/worker.h"
#include "cache/entrysearch.h"
#include "cache/entrytransfer.h"
#include "cache/exportfile_p.h"

#include <qcorofuture.h>

#include <algorithm>

namespace llmcache {

namespace {

/// Entries that are read, written as lines and compressed together.
constexpr qsizetype largestBatch = 500;
/// Of the metadata's sizes in a batch, so that huge entries do not pile up.
constexpr qint64 batchBytes = 32 * 1024 * 1024;

struct Lines {
    qint64 written = 0;
    qint64 damaged = 0;
};

/// What happens off the thread of the store, in order.
class ExportWriter {
public:
    explicit ExportWriter(const QString& path)
        : m_file(path)
    {
        m_thread.setMaxThreadCount(1);
    }
    ~ExportWriter() { m_thread.waitForDone(); }
    ExportWriter(const ExportWriter&) = delete;
    ExportWriter& operator=(const ExportWriter&) = delete;

    QFuture<QSet<QString>> open(bool resume)
    {
        return runOn(m_thread, [this, resume] { return m_file.open(resume); });
    }
    QFuture<Lines> write(std::vector<EntryImage> images)
    {
        return runOn(m_thread, [this, images = std::move(images)] {
            Lines lines;
            QByteArray text;
            for (const EntryImage& image : images) {
                try {
                    text += entryToLine(image) + '\n';
                    ++lines.written;
                } catch (const CacheError& error) {
                    qWarning("%s", error.what());
                    ++lines.damaged;
                }
            }
            if (!text.isEmpty())
                m_file.append(text);
            return lines;
        });
    }
    QFuture<bool> finish()
    {
        return runOn(m_thread, [this] {
            m_file.finish();
            return true;
        });
    }

private:
    ExportFile m_file;
    QThreadPool m_thread; // last: its jobs use the file
};

/// Fingerprints from the front, as many as make a batch.
QStringList takeBatch(std::vector<EntryMeta>& rows)
{
    QStringList batch;
    qint64 bytes = 0;
    while (!rows.empty() && batch.size() < largestBatch && bytes < batchBytes) {
        batch.append(rows.back().fingerprint);
        bytes += rows.back().bytes;
        rows.pop_back();
    }
    return batch;
}

} // namespace

QCoro::Task<ExportReport> exportEntries(Store* store, QString path, ExportOptions options)
{
    ExportWriter writer(path);
    const auto opening = writer.open(options.resume);
    const QSet<QString> kept = co_await opening;
    ExportReport report;
    std::optional<QFuture<Lines>> writing; // one batch is written while the next one is read
    SearchOptions search;
    search.nowMs = options.nowMs;
    search.stop = options.stop;
    QByteArray cursor;
    do {
        auto finding = findPage(store, std::move(cursor), options.filter, search);
        EntryPage page = co_await finding;
        cursor = page.cursor;
        report.scanned = page.scanned;
        report.total = page.total;
        report.kept += static_cast<qint64>(std::erase_if(
            page.rows, [&kept](const EntryMeta& row) { return kept.contains(row.fingerprint); }));
        while (!page.rows.empty()) {
            if (options.stop.stop_requested())
                throw Cancelled();
            auto reading = store->readImages(takeBatch(page.rows));
            std::vector<EntryImage> images = co_await reading;
            if (writing) {
                const Lines lines = co_await *writing;
                report.written += lines.written;
                report.damaged += lines.damaged;
            }
            writing = writer.write(std::move(images));
            if (options.progress)
                options.progress(report);
        }
    } while (!cursor.isEmpty());
    if (writing) {
        const Lines lines = co_await *writing;
        report.written += lines.written;
        report.damaged += lines.damaged;
    }
    const auto finishing = writer.finish();
    co_await finishing;
    co_return report;
}

} // namespace llmcache
