#include "cache/entrysearch.h"

#include "base/worker.h"
#include "cache/imagesahead_p.h"
#include "cache/schemacheck.h"
#include "store/listing.h"
#include "store/textindex.h"

#include <qcorofuture.h>

#include <QThreadPool>

#include <algorithm>

namespace llmcache {

namespace {

/// Small enough that a cancel is felt at once.
constexpr qsizetype largestBatch = 500;
constexpr int pageSize = 2000;

using Images = std::vector<EntryImage>;
using Rows = std::vector<EntryMeta>;

Rows filtered(const Images& images, std::size_t from, std::size_t to, const ImageFilter& filter)
{
    Rows rows;
    for (std::size_t at = from; at < to; ++at) {
        try {
            EntryMeta meta = metaFromImage(images[at]);
            if (filter.matches(images[at], meta))
                rows.push_back(std::move(meta));
        } catch (const CacheError& error) {
            // One damaged entry must not hide the others.
            qWarning("%s", error.what());
        }
    }
    return rows;
}

/// Decodes a batch on the threads of the pool, a share each.
std::vector<QFuture<Rows>> decode(const std::shared_ptr<const Images>& images, const ImageFilter& filter)
{
    QThreadPool& pool = *QThreadPool::globalInstance();
    const auto shares = static_cast<std::size_t>(std::max(1, pool.maxThreadCount()));
    const std::size_t share = (images->size() + shares - 1) / shares;
    std::vector<QFuture<Rows>> futures;
    for (std::size_t from = 0; from < images->size(); from += share) {
        const auto work = [images, filter, from, to = std::min(from + share, images->size())] {
            return filtered(*images, from, to, filter);
        };
        futures.push_back(runOn(pool, work));
    }
    return futures;
}

/// What is being decoded while the next batch is read.
struct Decoding {
    std::vector<QFuture<Rows>> futures;
    qint64 read = 0;
};

QCoro::Task<Rows> results(std::vector<QFuture<Rows>> futures)
{
    Rows rows;
    for (const QFuture<Rows>& future : futures) {
        Rows part = co_await future;
        std::move(part.begin(), part.end(), std::back_inserter(rows));
    }
    co_return rows;
}

/// Adds what a batch came to, and tells it.
QCoro::Task<> take(Decoding decoding, SearchReport* report, const SearchOptions* options)
{
    auto collecting = results(std::move(decoding.futures));
    const Rows rows = co_await collecting;
    report->read += decoding.read;
    report->found += static_cast<qint64>(rows.size());
    if (options->progress)
        options->progress(*report, rows);
}

/// What the store's index leaves of a search; nothing where it has none, or it does not help.
QCoro::Task<std::optional<TextCandidates>> candidatesOf(Store* store, EntryFilter filter)
{
    auto* const index = dynamic_cast<TextIndex*>(store);
    if (!index)
        co_return std::nullopt;
    auto asking = index->textCandidates(std::move(filter));
    co_return co_await asking;
}

double indexedShare(const TextCandidates& candidates)
{
    if (candidates.entries <= 0)
        return 1;
    const auto unknown = static_cast<double>(candidates.unindexed.size());
    return std::max(0.0, 1 - unknown / static_cast<double>(candidates.entries));
}

QCoro::Task<ImageFilter> imageFilterFor(Store* store, EntryFilter filter, qint64 nowMs)
{
    auto listing = validityCheck(store, filter);
    ImageFilter::Check isInvalid = co_await listing;
    co_return ImageFilter(std::move(filter), nowMs, std::move(isInvalid));
}

/// Looks into all entries that a reader gives.
QCoro::Task<> decodeAll(
    ImageReader* reader, ImageFilter filter, SearchReport* report, const SearchOptions* options)
{
    std::exception_ptr failure;
    try {
        Decoding decoding;
        while (!reader->atEnd()) {
            if (options->stop.stop_requested())
                throw Cancelled();
            auto reading = reader->next();
            Images read = co_await reading;
            const auto images = std::make_shared<const Images>(std::move(read));
            auto next = decode(images, filter);
            Decoding before = std::exchange(decoding, {std::move(next), static_cast<qint64>(images->size())});
            auto taking = take(std::move(before), report, options);
            co_await taking;
            reader->noteProgress(report->scanned, report->total);
        }
        auto taking = take(std::move(decoding), report, options);
        co_await taking;
    } catch (...) {
        failure = std::current_exception();
    }
    if (failure) {
        auto draining = reader->drain();
        co_await draining;
        std::rethrow_exception(failure);
    }
}

/// Reads all of these entries.
QCoro::Task<SearchReport> readEntries(
    Store* store, QStringList fingerprints, EntryFilter filter, SearchOptions options, SearchReport report)
{
    auto preparing = imageFilterFor(store, std::move(filter), options.nowMs);
    ImageFilter imageFilter = co_await preparing;
    ImagesAhead reader(store, std::move(fingerprints), largestBatch);
    auto decoding = decodeAll(&reader, std::move(imageFilter), &report, &options);
    co_await decoding;
    co_return report;
}

/// Reads all entries from a position on.
QCoro::Task<SearchReport> readListing(
    Store* store, ListingPosition* position, EntryFilter filter, SearchOptions options, SearchReport report)
{
    auto preparing = imageFilterFor(store, std::move(filter), options.nowMs);
    ImageFilter imageFilter = co_await preparing;
    ListingAhead reader(store, position, largestBatch);
    auto decoding = decodeAll(&reader, std::move(imageFilter), &report, &options);
    co_await decoding;
    co_return report;
}

} // namespace

QCoro::Task<ImageFilter::Check> validityCheck(Store* store, EntryFilter filter)
{
    if (!filter.needsAgents())
        co_return {};
    auto listing = store->listAgents();
    const std::vector<StoredAgent> stored = co_await listing;
    auto agents = std::make_shared<QHash<QString, Agent>>();
    for (const StoredAgent& one : stored)
        agents->insert(one.agent.name, one.agent);
    co_return [known = std::shared_ptr<const QHash<QString, Agent>>(agents)](const EntryImage& image) {
        const Entry entry = entryFromImage(image);
        const auto agent = known->constFind(entry.meta.agent);
        return checkAnswer(entry, agent == known->cend() ? std::nullopt : std::optional(*agent)).state
            == SchemaCheck::State::DoesNotFit;
    };
}

QCoro::Task<SearchReport> searchEntries(
    Store* store, QStringList fingerprints, EntryFilter filter, SearchOptions options)
{
    SearchReport report;
    auto asking = candidatesOf(store, filter);
    const std::optional<TextCandidates> candidates = co_await asking;
    if (candidates) {
        const qsizetype asked = fingerprints.size();
        fingerprints.removeIf([&candidates](const QString& each) { return !candidates->contains(each); });
        report.read = asked - fingerprints.size();
        report.indexed = indexedShare(*candidates);
    }
    auto reading = readEntries(store, std::move(fingerprints), std::move(filter), std::move(options), report);
    co_return co_await reading;
}

namespace {

/// A page of the entries that pass, and whether most of those listed had to be read to know.
struct FilteredPage {
    EntryPage page;
    bool readMost = false;
};

/// `readsAll`: without asking the index, which has said already that it can't help.
QCoro::Task<FilteredPage> filteredPage(
    Store* store, QByteArray cursor, EntryFilter filter, SearchOptions options, bool readsAll)
{
    auto listing = store->listEntries(std::move(cursor), pageSize);
    EntryPage page = co_await listing;
    Rows rows;
    QStringList undecided;
    for (EntryMeta& row : page.rows) {
        const std::optional<bool> decided = filter.decide(row, options.nowMs);
        if (!decided)
            undecided.append(row.fingerprint);
        else if (*decided)
            rows.push_back(std::move(row));
    }
    const bool readMost = 2 * static_cast<std::size_t>(undecided.size()) > page.rows.size();
    options.progress = [&rows](const SearchReport&, const Rows& found) {
        rows.insert(rows.end(), found.begin(), found.end());
    };
    if (!undecided.isEmpty()) {
        auto searching = readsAll
            ? readEntries(store, std::move(undecided), std::move(filter), std::move(options), {})
            : searchEntries(store, std::move(undecided), std::move(filter), std::move(options));
        co_await searching;
    }
    page.rows = std::move(rows);
    co_return FilteredPage{std::move(page), readMost};
}

} // namespace

QCoro::Task<EntryPage> findPage(Store* store, QByteArray cursor, EntryFilter filter, SearchOptions options)
{
    auto finding = filteredPage(store, std::move(cursor), std::move(filter), std::move(options), false);
    FilteredPage found = co_await finding;
    co_return std::move(found.page);
}

QCoro::Task<SearchReport> findEntries(Store* store, EntryFilter filter, SearchOptions options)
{
    SearchReport report;
    auto asking = candidatesOf(store, filter);
    const std::optional<TextCandidates> candidates = co_await asking;
    if (candidates) {
        // Nothing else passes: the others need not even be listed.
        const QSet<QString> both = candidates->indexed + candidates->unindexed;
        QStringList fingerprints(both.begin(), both.end());
        report.scanned = report.total = std::max<qint64>(candidates->entries, both.size());
        report.read = report.total - both.size();
        report.indexed = indexedShare(*candidates);
        auto reading =
            readEntries(store, std::move(fingerprints), std::move(filter), std::move(options), report);
        co_return co_await reading;
    }
    ListingPosition position(store);
    do {
        if (options.stop.stop_requested())
            throw Cancelled();
        auto finding = filteredPage(store, position.cursor, filter, options, true);
        const FilteredPage filtered = co_await finding;
        const EntryPage& page = filtered.page;
        position.cursor = page.cursor;
        report.scanned = page.scanned;
        report.total = page.total;
        report.found += static_cast<qint64>(page.rows.size());
        if (options.progress)
            options.progress(report, page.rows);
        if (filtered.readMost && !position.cursor.isEmpty()) {
            // Then the metadata of the others need not be asked for first.
            auto reading = readListing(store, &position, std::move(filter), std::move(options), report);
            co_return co_await reading;
        }
    } while (!position.cursor.isEmpty());
    co_return report;
}

} // namespace llmcache
