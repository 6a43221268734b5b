#include "cache/entryexport.h"

#include "base/worker.h"
#include "cache/entrysearch.h"
#include "cache/entrytransfer.h"
#include "cache/exportfile_p.h"
#include "cache/imagesahead_p.h"
#include "store/listing.h"

#include <qcorofuture.h>

#include <algorithm>

namespace llmcache {

namespace {

/// Entries that are written as lines and compressed together.
constexpr qsizetype largestBatch = 500;
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

/// What is being written while the next batch is read.
class Writing {
public:
    explicit Writing(ExportWriter* writer)
        : m_writer(writer)
    {
    }
    /// Begins with a batch when the one before is written, which is counted.
    QCoro::Task<> start(std::vector<EntryImage> images, ExportReport* report)
    {
        auto ending = end(report);
        co_await ending;
        m_lines = m_writer->write(std::move(images));
    }
    QCoro::Task<> end(ExportReport* report)
    {
        if (!m_lines)
            co_return;
        const auto coming = *std::exchange(m_lines, std::nullopt);
        const Lines lines = co_await coming;
        report->written += lines.written;
        report->damaged += lines.damaged;
    }

private:
    ExportWriter* m_writer;
    std::optional<QFuture<Lines>> m_lines;
};

/// An export under way.
struct Export {
    const ExportOptions* options;
    QSet<QString> kept; ///< entries that the file has already
    Writing writing;
    ExportReport report{};
};

void leaveOutKept(std::vector<EntryImage>& images, Export& exporting)
{
    if (exporting.kept.isEmpty())
        return;
    const auto isKept = [&](const EntryImage& image) { return exporting.kept.contains(image.fingerprint); };
    exporting.report.kept += static_cast<qint64>(std::erase_if(images, isKept));
}

/// Writes what a reader gives.
QCoro::Task<> writeAll(ImageReader* reader, Export* exporting)
{
    std::exception_ptr failure;
    try {
        while (!reader->atEnd()) {
            if (exporting->options->stop.stop_requested())
                throw Cancelled();
            auto reading = reader->next();
            std::vector<EntryImage> images = co_await reading;
            reader->noteProgress(exporting->report.scanned, exporting->report.total);
            leaveOutKept(images, *exporting);
            auto starting = exporting->writing.start(std::move(images), &exporting->report);
            co_await starting;
            if (exporting->options->progress)
                exporting->options->progress(exporting->report);
        }
    } catch (...) {
        failure = std::current_exception();
    }
    if (failure) {
        auto draining = reader->drain();
        co_await draining;
        std::rethrow_exception(failure);
    }
}

/// Without a filter the entries themselves are listed.
QCoro::Task<> exportAll(Store* store, Export* exporting)
{
    ListingPosition position(store);
    ListingAhead reader(store, &position, largestBatch);
    auto writing = writeAll(&reader, exporting);
    co_await writing;
}

/// With one the metadata come first: what they rule out need not be read.
QCoro::Task<> exportFiltered(Store* store, Export* exporting)
{
    SearchOptions search;
    search.nowMs = exporting->options->nowMs;
    search.stop = exporting->options->stop;
    ExportReport& report = exporting->report;
    ListingPosition position(store);
    do {
        if (search.stop.stop_requested())
            throw Cancelled();
        auto finding = findPage(store, position.cursor, exporting->options->filter, search);
        const EntryPage page = co_await finding;
        position.cursor = page.cursor;
        report.scanned = page.scanned;
        report.total = page.total;
        QStringList fingerprints;
        for (const EntryMeta& row : page.rows) {
            if (exporting->kept.contains(row.fingerprint))
                ++report.kept;
            else
                fingerprints.append(row.fingerprint);
        }
        ImagesAhead reader(store, std::move(fingerprints), largestBatch);
        auto writing = writeAll(&reader, exporting);
        co_await writing;
    } while (!position.cursor.isEmpty());
}

} // namespace

QCoro::Task<ExportReport> exportEntries(Store* store, QString path, ExportOptions options)
{
    ExportWriter writer(path);
    const auto opening = writer.open(options.resume);
    QSet<QString> kept = co_await opening;
    Export exporting{&options, std::move(kept), Writing(&writer)};
    auto going = options.filter.isEmpty() ? exportAll(store, &exporting) : exportFiltered(store, &exporting);
    co_await going;
    auto ending = exporting.writing.end(&exporting.report);
    co_await ending;
    const auto finishing = writer.finish();
    co_await finishing;
    co_return exporting.report;
}

} // namespace llmcache
