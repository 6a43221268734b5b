#include "base/error.h"
#include "base/gate.h"
#include "store/redis/hoursahead_p.h"
#include "store/redis/redispacks_p.h"
#include "store/redis/redisstore_p.h"
#include "store/redis/reportdesk_p.h"
#include "store/storedjson_p.h"

#include <QDateTime>
#include <QRegularExpression>
#include <QScopeGuard>
#include <qcorofuture.h>

#include <algorithm>
#include <map>

namespace llmcache::redisstore {

namespace {

/// Calls that come with one reply.
constexpr int streamPage = 500;
/// Hours that are asked for together.
constexpr qsizetype hoursAtOnce = 128;

/// What stands for the prices that are laid over calls which are kept.
QByteArray versionOf(PriceView view, const std::vector<qint64>& repricings)
{
    QByteArray version(view == PriceView::Current ? "now" : "charged");
    for (const qint64 repricing : repricings)
        version += ' ' + QByteArray::number(repricing);
    return version;
}

qint64 timeOfId(const QByteArray& id)
{
    return id.left(id.indexOf('-')).toLongLong();
}

QByteArray textOfCall(const redis::Reply& fields)
{
    // An entry of the stream: "call" and its JSON.
    if (fields.items.size() < 2)
        throw CacheError(QStringLiteral("A call in the ledger is damaged."),
            QStringLiteral("Restore the store from a backup."));
    return unpackField(fields.items[1].bytes);
}

Call callFromText(const QByteArray& json)
{
    return callFromJson(parseStored(json, QStringLiteral("A call in the ledger")));
}

/// Tells by the bytes of its JSON alone that a call does not pass the filters: decoding it takes a hundred
/// times as long, and of a rare user somebody has to look at many.
class CallSieve {
public:
    explicit CallSieve(const CallSelection& selection)
    {
        for (const auto& [dimension, values] : selection.filters) {
            // Texts that every writer writes alike: the others may be escaped in more than one way.
            static const QRegularExpression plain(QStringLiteral("^[A-Za-z0-9 _.:-]+$"));
            if (std::all_of(values.begin(), values.end(),
                    [](const QString& value) { return plain.match(value).hasMatch(); }))
                m_wanted.push_back(textsOf(dimension, values));
        }
    }
    bool mayPass(const QByteArray& json) const
    {
        return std::all_of(m_wanted.begin(), m_wanted.end(), [&json](const QList<QByteArray>& texts) {
            return std::any_of(
                texts.begin(), texts.end(), [&json](const QByteArray& text) { return json.contains(text); });
        });
    }

private:
    static QList<QByteArray> textsOf(Dimension dimension, const QStringList& values)
    {
        QList<QByteArray> texts;
        for (const QString& value : values) {
            texts.append('"' + value.toUtf8() + '"');
            if (dimension == Dimension::Provider)
                texts.append('"' + value.toUtf8() + ':'); // "provider:model"
        }
        return texts;
    }
    std::vector<QList<QByteArray>> m_wanted; ///< of each filter, the texts of which a call has one
};

/// One part of an hour's calls, read backwards.
struct Tail {
    QByteArray key;
    QByteArray end = "+";
    bool done = false;
};

} // namespace

Call callFrom(const redis::Reply& fields)
{
    return callFromText(textOfCall(fields));
}

QCoro::Task<> RedisStore::readStream(
    int shard, qint64 hour, qint64 fromMs, std::function<void(Call call, qint64 key)> take)
{
    // No call has an id before its time, so those before `fromMs` need not be read.
    QByteArray start = QByteArray::number(std::max(fromMs, hour * hourMs));
    for (;;) {
        redis::Command read =
            redis::Command::idempotent("XRANGE", m_keys.calls(shard, hour), start, "+", "COUNT", streamPage);
        const redis::Reply reply = checked(co_await m_client->command(std::move(read)));
        for (const redis::Reply& item : reply.items) {
            if (item.items.size() == 2)
                take(callFrom(item.items[1]), callKey(item.items[0].bytes, hour));
        }
        if (reply.items.size() < std::size_t(streamPage) || reply.items.back().items.empty())
            co_return;
        start = '(' + reply.items.back().items[0].bytes;
    }
}

QCoro::Task<LedgerReport> RedisStore::report(LedgerQuery query)
{
    if (!query.selection.fingerprint.isEmpty())
        co_return co_await reportOnEntry(std::move(query));
    std::vector<qint64> applied;
    if (query.prices == PriceView::Current) {
        auto listing = repricings();
        const std::vector<AppliedRepricing> list = co_await listing;
        for (const AppliedRepricing& repricing : list)
            applied.push_back(repricing.id);
    }
    if (!m_reports)
        m_reports = std::make_unique<ReportDesk>();
    const auto beginning = m_reports->begin(std::move(query));
    std::shared_ptr<LedgerSummary> summary = co_await beginning;
    auto adding = addCalls(summary, std::move(applied));
    CallBlocks kept = co_await adding;
    const auto finishing = m_reports->finish(std::move(summary), std::move(kept));
    co_return co_await finishing;
}

QCoro::Task<CallBlocks> RedisStore::addCalls(
    std::shared_ptr<LedgerSummary> summary, std::vector<qint64> repricings)
{
    // One after the other: what the first has read is there for those that were asked with it. And what is
    // kept was read after the changes that were noticed last.
    while (m_reading) {
        const std::shared_ptr<Gate> other = m_reading;
        co_await other->passed();
    }
    const auto mine = std::make_shared<Gate>();
    m_reading = mine;
    const auto open = qScopeGuard([this, mine] {
        m_reading.reset();
        mine->open();
    });
    const CallSelection& selection = summary->query().selection;
    auto asking = hoursWithCalls(selection.fromMs, selection.toMs);
    HoursByShard hours = co_await asking;
    auto noticing = noticeChanges();
    co_await noticing;
    const QByteArray version = versionOf(summary->query().prices, repricings);
    const auto finding = m_reports->find(std::move(hours), version);
    FoundHours found = co_await finding;
    auto reading = readAndAdd(std::move(summary), std::move(found.missing), std::move(repricings), version);
    co_await reading;
    co_return std::move(found.kept);
}

QCoro::Task<> RedisStore::readAndAdd(std::shared_ptr<LedgerSummary> summary, HoursByShard hours,
    std::vector<qint64> repricings, QByteArray version)
{
    const qint64 packBefore = m_packs ? QDateTime::currentMSecsSinceEpoch() / hourMs : 0;
    const auto ahead =
        std::make_shared<HoursAhead>(hours, hoursAtOnce, [this, repricings](HoursOfShard part) {
            return readHours(part.shard, std::move(part.hours), repricings);
        });
    QFuture<bool> adding = m_reports->add(summary, {}); // the hours before those that are read
    std::exception_ptr error;
    try {
        while (ahead->hasNext()) {
            auto reading = ahead->next();
            std::vector<StoredHour> stored = co_await reading;
            const int shard = ahead->current().shard;
            const auto decoding = m_reports->decode(shard, std::move(stored), version, packBefore);
            ahead->askAhead();
            DecodedHours decoded = co_await decoding;
            co_await adding;
            adding = m_reports->add(summary, std::move(decoded.blocks));
            for (const RenewedPack& pack : decoded.renewed) {
                // A server that is full or only reads answers with an error; the report is right all the
                // same.
                auto writing = writePack(shard, pack.hour, pack.replaced, pack.pack);
                co_await writing;
            }
        }
    } catch (...) {
        error = std::current_exception();
    }
    if (error) {
        auto givingUp = ahead->giveUp();
        co_await givingUp;
        std::rethrow_exception(error);
    }
    co_await adding;
}

QCoro::Task<> RedisStore::noticeChanges()
{
    std::vector<redis::Pending> pendings;
    for (int shard = 0; shard < Keys::shardCount; ++shard) {
        const QByteArray& last = m_lastChanges[static_cast<std::size_t>(shard)];
        redis::Command ask = last.isEmpty()
            ? redis::Command::idempotent("ZREVRANGE", m_keys.changes(shard), "0", "0", "WITHSCORES")
            : redis::Command::idempotent("ZRANGEBYSCORE", m_keys.changes(shard), last, "+inf", "WITHSCORES");
        pendings.push_back(m_client->command(std::move(ask)));
    }
    HoursByShard changed;
    bool isLost = false;
    for (std::size_t shard = 0; shard < pendings.size(); ++shard) {
        const redis::Reply reply = checked(co_await pendings[shard]);
        QByteArray& last = m_lastChanges[shard];
        if (reply.items.size() < 2) {
            isLost = isLost || !last.isEmpty(); // the last change itself would be there
            last.clear();
            continue;
        }
        for (std::size_t at = 0; at + 1 < reply.items.size(); at += 2) {
            if (reply.items[at + 1].bytes != last)
                changed[shard].append(reply.items[at].toInteger());
        }
        last = reply.items.back().bytes;
    }
    m_reports->forget(isLost ? std::nullopt : std::optional(std::move(changed)));
}

QCoro::Task<LedgerReport> RedisStore::reportOnEntry(LedgerQuery query)
{
    const auto names = std::make_shared<NameTable>();
    auto summary = std::make_shared<LedgerSummary>(query, names);
    auto asking = hoursWithCalls(query.selection.fromMs, query.selection.toMs);
    const HoursByShard hours = co_await asking;
    auto calls = std::make_shared<std::vector<FoundCall>>();
    const auto addCall = [calls, fingerprint = query.selection.fingerprint](Call call, qint64 key) {
        if (call.fingerprint == fingerprint)
            calls->push_back({std::move(call), key});
    };
    for (std::size_t shard = 0; shard < hours.size(); ++shard) {
        for (const qint64 hour : hours[shard])
            co_await readStream(static_cast<int>(shard), hour, query.selection.fromMs, addCall);
    }
    if (query.prices == PriceView::Current) {
        auto pricing = layPricesOver(calls);
        co_await pricing;
    }
    for (const FoundCall& found : *calls)
        summary->add(currentFiguresOf(found.call, *names));
    co_return summary->report();
}

QCoro::Task<> RedisStore::layPricesOver(std::shared_ptr<std::vector<FoundCall>> calls)
{
    auto listing = repricings();
    const std::vector<AppliedRepricing> applied = co_await listing;
    if (applied.empty() || calls->empty())
        co_return;
    std::vector<qint64> numbers;
    for (const AppliedRepricing& repricing : applied)
        numbers.push_back(repricing.id);
    std::map<int, std::map<qint64, QHash<qint64, Call*>>> places; // by shard, hour and key
    for (FoundCall& found : *calls)
        places[Keys::shardOf(found.call.id.toUtf8())][found.call.timeMs / hourMs].insert(
            found.key, &found.call);
    NameTable names;
    for (auto& [shard, hours] : places) {
        QList<qint64> some;
        for (const auto& [hour, keys] : hours)
            some.append(hour);
        auto reading = readPacks(shard, some, numbers);
        const std::vector<StoredHour> stored = co_await reading;
        for (const StoredHour& hour : stored) {
            if (hour.prices.isEmpty())
                continue;
            const QHash<qint64, Call*>& wanted = hours[hour.hour];
            hour.read(names, [&](qint64 key, const CallFigures&, const NewPrice& price) {
                Call* const call = wanted.value(key);
                if (call && price.isRepriced)
                    call->repriced = repricedBy(price, sourceOfPrice(applied, hour.repricing, call->timeMs));
            });
        }
    }
}

QCoro::Task<> RedisStore::readHourBackwards(qint64 hour, QList<int> shards,
    std::shared_ptr<CallSelection> selection, std::optional<CallPosition> position, std::size_t wanted,
    std::shared_ptr<std::vector<FoundCall>> calls)
{
    std::vector<Tail> tails;
    for (const int shard : shards) {
        Tail tail;
        tail.key = m_keys.calls(shard, hour);
        tails.push_back(tail);
    }
    const CallSieve sieve(*selection);
    // Ids, and so times, of what is left of a part are not above the last one that was read.
    qint64 oldestWanted = std::numeric_limits<qint64>::min();
    const QByteArray first = QByteArray::number(std::max(selection->fromMs, hour * hourMs));
    const int count = static_cast<int>(std::min<std::size_t>(wanted, streamPage));
    while (!tails.empty()) {
        std::vector<redis::Pending> pendings;
        for (const Tail& tail : tails) {
            redis::Command read =
                redis::Command::idempotent("XREVRANGE", tail.key, tail.end, first, "COUNT", count);
            pendings.push_back(m_client->command(std::move(read)));
        }
        for (std::size_t i = 0; i < tails.size(); ++i) {
            const redis::Reply reply = checked(co_await pendings[i]);
            tails[i].done = reply.items.size() < std::size_t(count);
            for (const redis::Reply& item : reply.items) {
                if (item.items.size() != 2)
                    continue;
                const QByteArray& id = item.items[0].bytes;
                tails[i].end = '(' + id;
                if (timeOfId(id) < oldestWanted)
                    break;
                const QByteArray text = textOfCall(item.items[1]);
                if (!sieve.mayPass(text))
                    continue;
                Call call = callFromText(text);
                if (accepts(*selection, call) && (!position || position->isBefore(call)))
                    calls->push_back({std::move(call), callKey(id, hour)});
            }
            std::sort(calls->begin(), calls->end(), [](const FoundCall& left, const FoundCall& right) {
                return comesBefore(left.call, right.call);
            });
            if (calls->size() > wanted)
                calls->resize(wanted);
            if (calls->size() == wanted)
                oldestWanted = calls->back().call.timeMs;
        }
        std::erase_if(tails, [oldestWanted](const Tail& tail) {
            return tail.done || timeOfId(tail.end.mid(1)) < oldestWanted;
        });
    }
}

QCoro::Task<CallPage> RedisStore::callPage(CallPageQuery query)
{
    requireSound(query.selection);
    const std::optional<CallPosition> position = positionOf(query.cursor);
    auto selection = std::make_shared<CallSelection>(query.selection);
    if (position)
        selection->toMs = std::min(selection->toMs, position->timeMs + 1);
    const auto limit = static_cast<std::size_t>(std::clamp(query.limit, 1, CallPageQuery::mostCalls));
    const HoursByShard byShard = co_await hoursWithCalls(selection->fromMs, selection->toMs);
    std::map<qint64, QList<int>, std::greater<>> hours; // with the shards that have calls in them
    for (std::size_t shard = 0; shard < byShard.size(); ++shard) {
        for (const qint64 hour : byShard[shard])
            hours[hour].append(static_cast<int>(shard));
    }
    auto calls = std::make_shared<std::vector<FoundCall>>();
    for (const auto& [hour, shards] : hours) {
        if (calls->size() > limit)
            break; // whole hours are newer than those before them
        const std::size_t wanted = limit + 1; // one more tells whether there is another page
        co_await readHourBackwards(hour, shards, selection, position, wanted, calls);
    }
    CallPage page;
    if (calls->size() > limit) {
        calls->resize(limit);
        page.cursor = cursorOf(calls->back().call);
    }
    auto pricing = layPricesOver(calls);
    co_await pricing;
    for (FoundCall& found : *calls)
        page.calls.push_back(std::move(found.call));
    co_return page;
}

QCoro::Task<std::vector<Call>> RedisStore::listCalls(CallQuery query)
{
    if (query.limit <= 0)
        co_return {};
    CallPageQuery first = callPageQueryOf(query);
    CallPage page = co_await callPage(std::move(first));
    co_return std::move(page.calls);
}

} // namespace llmcache::redisstore
