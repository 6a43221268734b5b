#include "store/redis/redislisting_p.h"

#include "base/error.h"
#include "base/sha256_p.h"
#include "store/entryid.h"
#include "store/redis/redisstore_p.h"

#include <QElapsedTimer>
#include <QSet>
#include <QThreadPool>

#include <algorithm>

namespace llmcache::redisstore {

namespace {

constexpr int largestPage = 10'000;
/// A page is handed out, even if it is short, after this many scans that found little: whoever lists can
/// then show progress and stop.
constexpr int mostScansPerPage = 32;
constexpr std::size_t mostListings = 8;

/// Of 64 lower-case hex digits.
Digest digestOf(QByteArrayView fingerprint)
{
    const auto value = [](char digit) { return digit <= '9' ? digit - '0' : digit - 'a' + 10; };
    Digest digest{};
    const char* digit = fingerprint.data();
    for (char& byte : digest) {
        byte = static_cast<char>(value(digit[0]) << 4 | value(digit[1]));
        digit += 2;
    }
    return digest;
}

constexpr QByteArrayView prefixV3 = "pyai-cache:v3:";
constexpr QByteArrayView prefixV2 = "pyai-cache:v2:";

QByteArray idOf(const FoundEntry& found)
{
    QByteArray digits =
        QByteArray::fromRawData(found.digest.data(), static_cast<qsizetype>(found.digest.size())).toHex();
    switch (found.kind) {
    case FoundKind::Own:
        break;
    case FoundKind::PythonV3:
        return prefixV3.toByteArray() + digits;
    case FoundKind::PythonV2:
        return prefixV2.toByteArray() + digits;
    }
    return digits;
}

/// Nothing for the key of an old pyai-caching.
std::optional<FoundEntry> foundFrom(QByteArrayView id)
{
    constexpr auto digits = Keys::fingerprintLength;
    if (id.size() == digits)
        return FoundEntry{digestOf(id), FoundKind::Own};
    if (id.size() != digits + prefixV3.size())
        return std::nullopt;
    if (id.startsWith(prefixV3))
        return FoundEntry{digestOf(id.last(digits)), FoundKind::PythonV3};
    if (id.startsWith(prefixV2))
        return FoundEntry{digestOf(id.last(digits)), FoundKind::PythonV2};
    return std::nullopt;
}

void keep(Listing& listing, const QByteArray& id)
{
    const std::optional<FoundEntry> found = foundFrom(id);
    if (!found) {
        if (listing.seen.insert(digestOf(sha256(id).toHex())).second)
            listing.foundKeys.push_back(id);
    } else if (listing.seen.insert(found->digest).second) {
        listing.found.push_back(*found);
    }
}

} // namespace

Listing::~Listing()
{
    // To give a million nodes back takes a third of a second, for which no window should stand still.
    constexpr std::size_t few = 10'000;
    if (seen.size() > few)
        QThreadPool::globalInstance()->start([seen = std::make_shared<Seen>(std::move(seen))] {});
}

QCoro::Task<std::shared_ptr<Listing>> RedisStore::beginListing()
{
    auto listing = std::make_shared<Listing>();
    listing->nodes = co_await m_client->nodes();
    std::vector<redis::Pending> pendings;
    QElapsedTimer timer;
    timer.start();
    for (const QByteArray& node : std::as_const(listing->nodes)) {
        redis::Command size = redis::Command::idempotent("DBSIZE");
        size.setNode(node);
        pendings.push_back(m_client->command(std::move(size)));
    }
    qint64 total = 0;
    for (redis::Pending& pending : pendings) {
        const redis::Reply reply = co_await pending;
        listing->pace.noteRoundTrip(timer.nsecsElapsed());
        // Without the right to ask, the listing has no end in sight, and works all the same.
        total = reply.isError() || total < 0 ? -1 : total + reply.toInteger();
    }
    listing->total = total;
    // Others may have keys here too, but a table that has to grow costs more than one that is too large.
    constexpr qint64 mostReserved = 4'000'000;
    listing->seen.reserve(static_cast<std::size_t>(std::clamp<qint64>(total, 0, mostReserved)));
    listing->number = ++m_listingNumber;
    listing->cursor = "listing " + QByteArray::number(listing->number);
    co_return listing;
}

redis::Pending RedisStore::askForScan(const Listing& listing) const
{
    redis::Command scan = redis::Command::idempotent(
        "SCAN", listing.position, "MATCH", Keys::anyEntryPattern(), "COUNT", listing.pace.count());
    scan.setNode(listing.nodes.at(listing.node));
    return m_client->command(std::move(scan));
}

QCoro::Task<> RedisStore::scanOnce(std::shared_ptr<Listing> listing)
{
    std::optional<redis::Pending> asked = std::exchange(listing->scanAhead, std::nullopt);
    const bool wasAsked = asked.has_value();
    QElapsedTimer timer;
    timer.start();
    if (!asked)
        asked = askForScan(*listing);
    const redis::Reply reply = checked(co_await *asked);
    const qint64 elapsedNs = timer.nsecsElapsed();
    if (reply.items.size() != 2 || !reply.items[1].isArray())
        throw CacheError(
            QStringLiteral("The Redis server at %1 answered a SCAN with something else.").arg(server()),
            QStringLiteral("Check that it is a Redis 6.2 or newer."));
    for (const redis::Reply& key : reply.items[1].items) {
        const QByteArrayView fingerprint = m_keys.fingerprintOf(key.bytes);
        if (!fingerprint.isEmpty())
            keep(*listing, fingerprint.toByteArray());
        else if (isPythonKey(QByteArrayView(key.bytes)))
            keep(*listing, key.bytes);
    }
    listing->scanned += listing->pace.count();
    if (listing->total >= 0)
        listing->scanned = std::min(listing->scanned, listing->total);
    // How long one took that was asked for earlier is not known.
    if (!wasAsked)
        listing->pace.noteScan(elapsedNs);
    listing->position = reply.items[0].bytes;
    if (listing->position == "0")
        ++listing->node;
}

QCoro::Task<> RedisStore::scanFor(std::shared_ptr<Listing> listing, std::size_t wanted)
{
    for (int scans = 0; scans < mostScansPerPage; ++scans) {
        if (listing->waiting() >= wanted || listing->isScanned())
            break;
        co_await scanOnce(listing);
    }
}

QList<QByteArray> RedisStore::takeFound(Listing& listing, std::size_t most)
{
    const auto end = listing.found.begin()
        + static_cast<std::deque<FoundEntry>::difference_type>(std::min(most, listing.found.size()));
    QList<QByteArray> taken;
    taken.reserve(static_cast<qsizetype>(most));
    std::transform(listing.found.begin(), end, std::back_inserter(taken), idOf);
    listing.found.erase(listing.found.begin(), end);
    while (static_cast<std::size_t>(taken.size()) < most && !listing.foundKeys.empty()) {
        taken.append(listing.foundKeys.front());
        listing.foundKeys.pop_front();
    }
    return taken;
}

void RedisStore::putBack(Listing& listing, const QList<QByteArray>& fingerprints)
{
    for (auto id = fingerprints.crbegin(); id != fingerprints.crend(); ++id) {
        if (const std::optional<FoundEntry> found = foundFrom(*id))
            listing.found.push_front(*found);
        else
            listing.foundKeys.push_front(*id);
    }
}

void RedisStore::scanAhead(Listing& listing, std::size_t pageSize)
{
    if (!listing.isScanned() && !listing.scanAhead && listing.pace.isSteady()
        && listing.waiting() < 2 * pageSize)
        listing.scanAhead = askForScan(listing);
    m_client->flush();
}

QCoro::Task<std::shared_ptr<Listing>> RedisStore::listingAt(QByteArray cursor)
{
    if (cursor.isEmpty()) {
        auto beginning = beginListing();
        co_return co_await beginning;
    }
    const auto known = m_listings.find(cursor);
    if (known == m_listings.end())
        throw CacheError(QStringLiteral("The position in the list of entries is not known any more."),
            QStringLiteral("List from the beginning."));
    co_return known->second;
}

template <typename Page>
void RedisStore::endPage(const std::shared_ptr<Listing>& listing, Page& page)
{
    const bool complete =
        listing->isScanned() && listing->waiting() == 0 && listing->ahead.fingerprints.isEmpty();
    if (listing->isScanned())
        listing->scanned = listing->total =
            std::max(listing->total, static_cast<qint64>(listing->seen.size()));
    page.scanned = listing->scanned;
    page.total = listing->total;
    if (complete) {
        m_entryCount = static_cast<qint64>(listing->seen.size());
        m_listings.erase(listing->cursor);
    } else {
        page.cursor = listing->cursor;
        m_listings[listing->cursor] = listing;
        if (m_listings.size() > mostListings)
            forgetOldestListing();
    }
}

QCoro::Task<EntryPage> RedisStore::listEntries(QByteArray cursor, int pageSize)
{
    auto finding = listingAt(std::move(cursor));
    const std::shared_ptr<Listing> listing = co_await finding;
    const auto size = static_cast<std::size_t>(std::clamp(pageSize, 1, largestPage));
    RowsOnTheirWay rows = std::exchange(listing->ahead, {});
    constexpr qint64 oldMs = 1000;
    const bool asked = !rows.fingerprints.isEmpty();
    if (asked && (rows.fingerprints.size() > pageSize || rows.since.hasExpired(oldMs))) {
        // Nobody came for them in time, or fewer are wanted: ask again.
        putBack(*listing, rows.fingerprints);
        rows = {};
    }
    if (rows.fingerprints.isEmpty()) {
        co_await scanFor(listing, size);
        rows = askForRows(takeFound(*listing, size));
    }
    const QList<QByteArray> fingerprints = rows.fingerprints;
    EntryPage page;
    std::exception_ptr failure;
    try {
        if (listing->scanAhead && listing->waiting() < size)
            co_await scanOnce(listing);
        if (listing->waiting() > 0)
            listing->ahead = askForRows(takeFound(*listing, size));
        scanAhead(*listing, size);
        auto reading = readRows(std::move(rows));
        page.rows = co_await reading;
    } catch (...) {
        failure = std::current_exception();
    }
    if (failure) {
        // The same cursor gives the same page.
        putBack(*listing, std::exchange(listing->ahead, {}).fingerprints);
        putBack(*listing, fingerprints);
        std::rethrow_exception(failure);
    }
    endPage(listing, page);
    co_return page;
}

QCoro::Task<ImagePage> RedisStore::listImages(QByteArray cursor, int pageSize)
{
    auto finding = listingAt(std::move(cursor));
    const std::shared_ptr<Listing> listing = co_await finding;
    const auto size = static_cast<std::size_t>(std::clamp(pageSize, 1, largestPage));
    putBack(*listing, std::exchange(listing->ahead, {}).fingerprints); // rows, which nobody wants now
    auto scanning = scanFor(listing, size);
    co_await scanning;
    const QList<QByteArray> ids = takeFound(*listing, size);
    QStringList fingerprints;
    fingerprints.reserve(ids.size());
    for (const QByteArray& id : ids)
        fingerprints.append(QString::fromUtf8(id));
    ImagePage page;
    std::exception_ptr failure;
    try {
        auto reading = readImages(std::move(fingerprints));
        scanAhead(*listing, size);
        page.images = co_await reading;
    } catch (...) {
        failure = std::current_exception();
    }
    if (failure) {
        putBack(*listing, ids); // the same cursor gives the same page
        std::rethrow_exception(failure);
    }
    endPage(listing, page);
    co_return page;
}

void RedisStore::forgetOldestListing()
{
    const auto oldest = std::min_element(m_listings.begin(), m_listings.end(),
        [](const auto& left, const auto& right) { return left.second->number < right.second->number; });
    m_listings.erase(oldest);
}

QCoro::Task<QStringList> RedisStore::resolveFingerprint(QString prefix, int limit)
{
    constexpr qsizetype shortest = 4;
    const QByteArray digits = prefix.toUtf8();
    const bool isHex = std::all_of(digits.begin(), digits.end(),
        [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
    if (!isHex || digits.size() < shortest || digits.size() > Keys::fingerprintLength)
        throw ConfigurationError(QStringLiteral("\"%1\" is no beginning of a fingerprint.").arg(prefix),
            QStringLiteral("Give 4 to 64 lower-case hex digits."));
    QStringList found;
    if (limit <= 0)
        co_return found;
    if (digits.size() == Keys::fingerprintLength) {
        redis::Command exists = redis::Command::idempotent("EXISTS", m_keys.entry(prefix));
        const redis::Reply reply = checked(co_await m_client->command(std::move(exists)));
        if (reply.toInteger() == 1)
            found += prefix;
        co_return found;
    }
    const QByteArray pattern = m_keys.entryPattern(digits);
    QSet<QByteArray> seen;
    const QList<QByteArray> nodes = co_await m_client->nodes();
    for (const QByteArray& node : nodes) {
        QByteArray position = "0";
        do {
            redis::Command scan =
                redis::Command::idempotent("SCAN", position, "MATCH", pattern, "COUNT", 1000);
            scan.setNode(node);
            const redis::Reply reply = checked(co_await m_client->command(std::move(scan)));
            if (reply.items.size() != 2)
                break;
            for (const redis::Reply& key : reply.items[1].items) {
                const QByteArrayView fingerprint = m_keys.fingerprintOf(key.bytes);
                if (!fingerprint.isEmpty())
                    seen.insert(fingerprint.toByteArray());
            }
            position = reply.items[0].bytes;
        } while (position != "0" && seen.size() < limit);
        if (seen.size() >= limit)
            break;
    }
    for (const QByteArray& fingerprint : std::as_const(seen))
        found += QString::fromLatin1(fingerprint);
    found.sort();
    found.resize(std::min(found.size(), qsizetype(limit)));
    co_return found;
}

} // namespace llmcache::redisstore
