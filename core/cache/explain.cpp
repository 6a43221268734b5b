#include "cache/explain.h"

#include "base/error.h"
#include "base/worker.h"
#include "cache/request.h"
#include "store/listing.h"

#include <qcorofuture.h>

#include <QSet>

#include <algorithm>

namespace llmcache {

namespace {

using std::chrono::milliseconds;
using Reason = Explanation::Reason;

constexpr int pageSize = 1000;
constexpr int callsLookedAt = 100;
/// Requests are read of so many entries whose metadata look most alike.
constexpr std::size_t mostCandidates = 64;
constexpr qsizetype readTogether = 16;
/// Journals may be huge; what was deleted long ago is not worth reading all of them.
constexpr qint64 mostJournalBytes = qint64(128) * 1024 * 1024;
/// Requests that are further apart than this have nothing to do with each other.
constexpr double farthest = 6.5;
constexpr qsizetype verdictsNamed = 3;

QString spanText(qint64 ms)
{
    struct Unit {
        qint64 ms;
        const char* name;
    };
    for (const Unit& unit : {Unit{86'400'000, "d"}, Unit{3'600'000, "h"}, Unit{60'000, "min"}}) {
        if (ms >= unit.ms)
            return QStringLiteral("%1 %2").arg(ms / unit.ms).arg(QLatin1String(unit.name));
    }
    return QStringLiteral("%1 s").arg(std::max<qint64>(ms, 0) / 1000);
}

QString byWhom(const QString& user)
{
    return user.isEmpty() ? QString() : QStringLiteral(" by ") + user;
}

/// What makes entries alike before their requests are read.
class Resemblance {
public:
    Resemblance(const Json& request, const ExplainOptions& options)
        : m_model(stringMember(request, "provider") + QLatin1Char(':') + stringMember(request, "model"))
        , m_agent(options.agent)
        , m_task(options.task)
        , m_prompt(excerpt(stringMember(request, "prompt")))
    {
    }

    double of(const EntryMeta& meta) const
    {
        double score = 4 * textLikeness(meta.promptExcerpt, m_prompt);
        if (meta.model == m_model)
            score += 1.5;
        if (!m_agent.isEmpty() && meta.agent == m_agent)
            score += 1.5;
        if (!m_task.isEmpty() && meta.task == m_task)
            score += 0.5;
        return score;
    }

private:
    QString m_model;
    QString m_agent;
    QString m_task;
    QString m_prompt;
};

/// The entries that look most alike so far.
class Candidates {
public:
    explicit Candidates(Resemblance resemblance)
        : m_resemblance(std::move(resemblance))
    {
    }

    void add(const EntryMeta& meta)
    {
        if (meta.python) // holds no request to compare with
            return;
        const double score = m_resemblance.of(meta);
        const auto worse = [](const Candidate& left, const Candidate& right) {
            return std::pair(left.score, left.createdMs) > std::pair(right.score, right.createdMs);
        };
        Candidate candidate{score, meta.createdMs, meta.fingerprint};
        if (m_best.size() == mostCandidates) {
            if (!worse(candidate, m_best.front()))
                return;
            std::pop_heap(m_best.begin(), m_best.end(), worse);
            m_best.pop_back();
        }
        m_best.push_back(std::move(candidate));
        std::push_heap(m_best.begin(), m_best.end(), worse);
    }

    QStringList fingerprints() const
    {
        QStringList list;
        for (const Candidate& candidate : m_best)
            list.append(candidate.fingerprint);
        return list;
    }

private:
    struct Candidate {
        double score;
        qint64 createdMs;
        QString fingerprint;
    };
    Resemblance m_resemblance;
    std::vector<Candidate> m_best; ///< a heap, the worst in front
};

/// The verdicts of the differences in one line.
QString summary(const std::vector<RequestDifference>& differences)
{
    QStringList verdicts;
    for (const RequestDifference& difference : differences)
        verdicts.append(difference.verdict);
    QString text = verdicts.mid(0, verdictsNamed).join(QStringLiteral("; "));
    if (verdicts.size() > verdictsNamed)
        text += QStringLiteral("; and %1 more").arg(verdicts.size() - verdictsNamed);
    return text;
}

/// An entry and how far its request is from the one that missed.
struct Nearest {
    double distance = farthest;
    EntryMeta meta;
    Json request;
};

/// The nearest of some entries; one that is farther than `limit` is none.
std::optional<Nearest> nearestOf(
    const std::vector<EntryImage>& images, const Json& request, qint64 asOfMs, double limit)
{
    std::optional<Nearest> nearest;
    for (const EntryImage& image : images) {
        try {
            Entry entry = entryFromImage(image);
            if (entry.meta.createdMs >= asOfMs || !entry.request.is_object())
                continue;
            const double distance = requestDistance(entry.request, request);
            if (distance >= (nearest ? nearest->distance : limit))
                continue;
            nearest = Nearest{distance, std::move(entry.meta), std::move(entry.request)};
        } catch (const CacheError&) {
            // A damaged entry explains nothing.
        }
    }
    return nearest;
}

/// An explanation under way.
class Explaining {
public:
    Explaining(Store* store, const Request& request, ExplainOptions options)
        : m_store(store)
        , m_options(std::move(options))
    {
        m_explanation.verdict = QStringLiteral("never stored, and no entry is like it");
        m_explanation.request = toJson(request);
        m_explanation.fingerprint = llmcache::fingerprint(m_explanation.request);
        if (m_options.asOfMs == 0)
            m_options.asOfMs = m_options.nowMs;
    }

    QCoro::Task<Explanation> explain()
    {
        if (m_options.policy == CachePolicy::Refresh || m_options.policy == CachePolicy::Bypass) {
            settle(Reason::Bypassed,
                m_options.policy == CachePolicy::Refresh
                    ? QStringLiteral("bypassed: a refresh pays for a new answer, whatever is stored")
                    : QStringLiteral("bypassed: the run was told not to use the cache"));
            co_return m_explanation;
        }
        auto presence = findOwnEntry();
        bool settled = co_await presence;
        if (!settled) {
            auto past = askLedger();
            settled = co_await past;
        }
        if (!settled) {
            auto quick = lookAtRecent();
            co_await quick;
            auto thorough = lookAtAll();
            co_await thorough;
        }
        co_return m_explanation;
    }

private:
    void settle(Reason reason, const QString& verdict)
    {
        m_explanation.reason = reason;
        m_explanation.verdict = verdict;
    }

    void checkStop() const
    {
        if (m_options.stop.stop_requested())
            throw Cancelled();
    }

    bool isOlder(qint64 timeMs) const { return timeMs < m_options.asOfMs; }
    QString ago(qint64 timeMs) const { return spanText(m_options.nowMs - timeMs) + QStringLiteral(" ago"); }

    QCoro::Task<bool> findOwnEntry()
    {
        const QString fingerprint = m_explanation.fingerprint;
        auto looking = m_store->lookup(fingerprint, EntryParts::Meta);
        const std::optional<Entry> entry = co_await looking;
        if (!entry || !isOlder(entry->meta.createdMs))
            co_return false;
        const auto staleAfter = entry->meta.staleAfterMs;
        m_explanation.nearest = entry->meta;
        if (staleAfter && *staleAfter <= m_options.asOfMs)
            settle(Reason::Expired,
                QStringLiteral("expired %1; it is kept only for runs that take a stale answer")
                    .arg(ago(*staleAfter)));
        else
            settle(Reason::Present,
                QStringLiteral("an entry is there: stored %1%2")
                    .arg(ago(entry->meta.createdMs), byWhom(entry->meta.author)));
        co_return true;
    }

    /// What became of the same request, as the ledger remembers it.
    QCoro::Task<bool> askLedger()
    {
        CallQuery query;
        query.fingerprint = m_explanation.fingerprint;
        query.limit = callsLookedAt;
        query.toMs = m_options.asOfMs;
        auto asking = m_store->listCalls(std::move(query));
        const std::vector<Call> calls = co_await asking;
        const auto wasStored = [](const Call& call) {
            return (call.outcome == Outcome::Miss || call.outcome == Outcome::Refreshed) && !call.unstored;
        };
        const auto stored = std::find_if(calls.begin(), calls.end(), wasStored);
        if (stored != calls.end()) {
            const Call paid = *stored;
            auto explaining = explainLoss(paid);
            co_await explaining;
            co_return true;
        }
        if (calls.empty())
            co_return false;
        const Call& last = calls.front();
        const bool wasBypass = last.outcome == Outcome::Bypassed;
        const bool wasStopped = last.outcome == Outcome::Cancelled;
        if (!wasBypass && !wasStopped && !last.unstored && last.outcome != Outcome::Failed)
            co_return false; // hits of an entry that the ledger did not see stored
        const QString how = wasBypass ? QStringLiteral("bypassed the cache")
            : wasStopped              ? QStringLiteral("was stopped")
            : last.unstored           ? QStringLiteral("paid for an answer and did not store it")
                                      : QStringLiteral("failed (%1)").arg(last.error);
        settle(Reason::NotStored,
            QStringLiteral("never stored: the run %1%2 %3").arg(ago(last.timeMs), byWhom(last.user), how));
        co_return true;
    }

    /// An entry was stored by `paid` and is not there any more.
    QCoro::Task<> explainLoss(Call paid)
    {
        const QString stored = QStringLiteral("stored %1%2").arg(ago(paid.timeMs), byWhom(paid.user));
        auto searching = findDeletion(paid.timeMs);
        const std::optional<UndoSummary> deletion = co_await searching;
        if (deletion) {
            settle(Reason::Invalidated,
                QStringLiteral("invalidated%1 %2; it was %3")
                    .arg(byWhom(deletion->by), ago(deletion->timeMs), stored));
            co_return;
        }
        const auto ttl = m_options.ttl.value_or(defaultTtl);
        const qint64 endMs = paid.timeMs + std::chrono::duration_cast<milliseconds>(ttl).count();
        if (ttl.count() > 0 && endMs <= m_options.asOfMs)
            settle(Reason::Expired, QStringLiteral("expired %1; it was %2").arg(ago(endMs), stored));
        else
            settle(Reason::Gone, QStringLiteral("gone: %1, and deleted or evicted since").arg(stored));
    }

    /// The deletion of this entry in the undo journal, the newest first.
    QCoro::Task<std::optional<UndoSummary>> findDeletion(qint64 storedMs)
    {
        std::optional<UndoSummary> found;
        if (!m_options.journal)
            co_return found;
        try {
            StoreInfo where = m_store->info();
            auto listing = m_options.journal->list(std::move(where));
            const std::vector<UndoSummary> changes = co_await listing;
            qint64 bytes = 0;
            for (const UndoSummary& change : changes) {
                const bool mayHold = change.action == QLatin1String("delete") && change.timeMs >= storedMs
                    && isOlder(change.timeMs);
                bytes += mayHold ? change.bytes : 0;
                if (!mayHold || bytes > mostJournalBytes)
                    continue;
                auto searching = holds(change.id);
                const bool isIn = co_await searching;
                if (isIn) {
                    found = change;
                    break;
                }
            }
        } catch (const ConfigurationError&) {
            // A folder that can't be read: who deleted the entry stays unknown.
        } catch (const CacheError&) {
        }
        co_return found;
    }

    QCoro::Task<bool> holds(QString change)
    {
        qint64 position = 0;
        while (position >= 0) {
            checkStop();
            auto reading = m_options.journal->read(change, &position);
            const std::vector<UndoEntry> entries = co_await reading;
            for (const UndoEntry& entry : entries) {
                if (entry.before.fingerprint == m_explanation.fingerprint && entry.revisionAfter == 0)
                    co_return true;
            }
        }
        co_return false;
    }

    /// What the agent asked last is most often what was changed a little since.
    QCoro::Task<> lookAtRecent()
    {
        CallQuery query;
        query.limit = callsLookedAt;
        query.toMs = m_options.asOfMs;
        if (!m_options.agent.isEmpty())
            query.filters = {{Dimension::Agent, {m_options.agent}}};
        auto asking = m_store->listCalls(std::move(query));
        const std::vector<Call> calls = co_await asking;
        QStringList fingerprints;
        for (const Call& call : calls) {
            if (!fingerprints.contains(call.fingerprint) && !call.fingerprint.isEmpty()
                && fingerprints.size() < static_cast<qsizetype>(mostCandidates))
                fingerprints.append(call.fingerprint);
        }
        auto comparing = compareWith(std::move(fingerprints));
        co_await comparing;
        if (m_options.progress)
            m_options.progress(m_explanation);
    }

    QCoro::Task<> lookAtAll()
    {
        const auto candidates = std::make_shared<Candidates>(Resemblance(m_explanation.request, m_options));
        ListingPosition position(m_store);
        do {
            checkStop();
            auto listing = m_store->listEntries(position.cursor, pageSize);
            EntryPage page = co_await listing;
            position.cursor = page.cursor;
            m_explanation.scanned = page.scanned;
            m_explanation.total = page.total;
            const auto work = [candidates, rows = std::move(page.rows), asOfMs = m_options.asOfMs] {
                for (const EntryMeta& meta : rows) {
                    if (meta.createdMs < asOfMs)
                        candidates->add(meta);
                }
                return true;
            };
            const QFuture<bool> ranking = runOn(*QThreadPool::globalInstance(), work);
            co_await ranking;
            if (m_options.progress)
                m_options.progress(m_explanation);
        } while (!position.cursor.isEmpty());
        auto comparing = compareWith(candidates->fingerprints());
        co_await comparing;
    }

    /// Keeps the nearest of these entries, unless a nearer one is known.
    QCoro::Task<> compareWith(QStringList fingerprints)
    {
        for (qsizetype from = 0; from < fingerprints.size(); from += readTogether) {
            checkStop();
            QStringList batch;
            const QStringList part = fingerprints.mid(from, readTogether);
            for (const QString& fingerprint : part) {
                if (fingerprint != m_explanation.fingerprint && !m_compared.contains(fingerprint))
                    batch.append(fingerprint);
                m_compared.insert(fingerprint);
            }
            if (batch.isEmpty())
                continue;
            auto reading = m_store->readImages(std::move(batch));
            std::vector<EntryImage> images = co_await reading;
            const auto work = [images = std::move(images), request = m_explanation.request,
                                  asOfMs = m_options.asOfMs,
                                  limit = m_distance] { return nearestOf(images, request, asOfMs, limit); };
            const QFuture<std::optional<Nearest>> finding = runOn(*QThreadPool::globalInstance(), work);
            std::optional<Nearest> nearest = co_await finding;
            take(std::move(nearest));
        }
    }

    void take(std::optional<Nearest> nearest)
    {
        if (!nearest || nearest->distance >= m_distance)
            return;
        m_distance = nearest->distance;
        m_explanation.nearest = std::move(nearest->meta);
        m_explanation.nearestRequest = std::move(nearest->request);
        m_explanation.differences = compareRequests(m_explanation.nearestRequest, m_explanation.request);
        settle(Reason::Changed, summary(m_explanation.differences));
    }

    Store* m_store;
    ExplainOptions m_options;
    Explanation m_explanation;
    double m_distance = farthest;
    QSet<QString> m_compared;
};

} // namespace

QString reasonName(Explanation::Reason reason)
{
    switch (reason) {
    case Reason::Bypassed:
        return QStringLiteral("bypassed");
    case Reason::Present:
        return QStringLiteral("present");
    case Reason::Expired:
        return QStringLiteral("expired");
    case Reason::Invalidated:
        return QStringLiteral("invalidated");
    case Reason::Gone:
        return QStringLiteral("gone");
    case Reason::NotStored:
        return QStringLiteral("not_stored");
    case Reason::Changed:
        return QStringLiteral("changed");
    case Reason::NeverStored:
        break;
    }
    return QStringLiteral("never_stored");
}

QCoro::Task<Explanation> explainMiss(Store* store, Request request, ExplainOptions options)
{
    const auto explaining = std::make_unique<Explaining>(store, request, std::move(options));
    auto task = explaining->explain();
    Explanation explanation = co_await task;
    co_return explanation;
}

} // namespace llmcache
