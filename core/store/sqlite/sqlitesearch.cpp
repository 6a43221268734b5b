#include "store/sqlite/sqlitestore_p.h"

#include "store/sqlite/entrytable_p.h"
#include "store/sqlite/textquery_p.h"
#include "store/sqlite/texttable_p.h"

#include <QElapsedTimer>

#include <algorithm>

namespace llmcache::sqlite {

namespace {

/// More candidates than this are no help, and take as long to list as to read.
constexpr qint64 mostCandidates = 100'000;
/// Texts are indexed for so long at a time, on the thread that answers lookups.
constexpr qint64 indexingMs = 50;

} // namespace

QCoro::Task<TextIndexState> SqliteStore::indexTexts()
{
    if (!m_indexes)
        co_return TextIndexState();
    auto work = [](Database& database) {
        TextIndexState state;
        state.isAvailable = sqlite::openTextIndex(database);
        if (state.isAvailable)
            indexForAWhile(database, false);
        state.unindexed = sqlite::countUnindexed(database);
        return state;
    };
    auto task = run(std::move(work));
    co_return co_await task;
}

bool SqliteStore::indexForAWhile(Database& database, const std::atomic<bool>& wanted)
{
    QElapsedTimer timer;
    timer.start();
    return sqlite::indexSomeTexts(database, [&] { return wanted || timer.hasExpired(indexingMs); });
}

/// Window by window, so that lookups in between are not kept waiting.
QCoro::Task<std::optional<SqliteStore::Indexed>> SqliteStore::findIndexed(QString query)
{
    Indexed indexed;
    indexed.query = query;
    auto asking = run([](Database& database) {
        return std::pair(sqlite::textGeneration(database), sqlite::countEntries(database, nowMs()));
    });
    std::tie(indexed.generation, indexed.entries) = co_await asking;
    qint64 from = 1;
    while (from > 0) {
        auto work = [this, query, from](Database& database) {
            m_hasReadMuch = true;
            return sqlite::textCandidatesBetween(database, query, from, nowMs());
        };
        auto searching = run(std::move(work));
        const sqlite::TextWindow window = co_await searching;
        for (const QString& fingerprint : window.fingerprints)
            indexed.fingerprints.insert(fingerprint);
        if (indexed.fingerprints.size() > mostCandidates)
            co_return std::nullopt;
        from = window.next;
    }
    co_return indexed;
}

QCoro::Task<std::optional<TextCandidates>> SqliteStore::textCandidates(EntryFilter filter)
{
    struct Rest {
        qint64 generation = 0;
        std::optional<QStringList> unindexed; ///< nothing when reading all is quicker
    };
    const std::optional<QString> query = m_readsIndex ? sqlite::textQuery(filter) : std::nullopt;
    if (!query)
        co_return std::nullopt;
    // Again when entries were indexed meanwhile: they may be in neither list.
    constexpr int mostAttempts = 3;
    for (int attempt = 0; attempt < mostAttempts; ++attempt) {
        auto asking = run([](Database& database) {
            Rest rest;
            const sqlite::Transaction snapshot(database, sqlite::Transaction::Mode::Read);
            rest.generation = sqlite::textGeneration(database);
            const qint64 indexed = sqlite::countIndexed(database);
            if (indexed > 0)
                rest.unindexed = sqlite::unindexedTexts(database, std::min(indexed, mostCandidates), nowMs());
            return rest;
        });
        const Rest rest = co_await asking;
        if (!rest.unindexed)
            co_return std::nullopt;
        if (m_lastIndexed.query == *query && m_lastIndexed.generation == rest.generation) {
            TextCandidates candidates;
            candidates.indexed = m_lastIndexed.fingerprints;
            candidates.unindexed = QSet<QString>(rest.unindexed->begin(), rest.unindexed->end());
            candidates.entries = m_lastIndexed.entries;
            co_return candidates;
        }
        auto finding = findIndexed(*query);
        auto indexed = co_await finding;
        if (!indexed)
            co_return std::nullopt;
        m_lastIndexed = *std::move(indexed);
    }
    co_return std::nullopt;
}

} // namespace llmcache::sqlite
