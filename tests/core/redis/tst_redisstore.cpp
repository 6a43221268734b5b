#include "base/error.h"
#include "cache/entrysearch.h"
#include "redis/client.h"
#include "redisserver.h"
#include "redistest.h"
#include "store/listing.h"
#include "store/pythonstore.h"
#include "store/readonlystore.h"
#include "store/redis/redisstore.h"
#include "store/spool.h"
#include "storedtest.h"
#include "testenvironment.h"

#include <QSet>
#include <QTemporaryDir>

using namespace llmcache;
using namespace llmcache::test;
using redis::Command;
using redis::RedisUrl;
using redis::Reply;

/// What is particular to Redis; what every store does is in tst_storecontract.
class TestRedisStore : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void init();
    void layoutOfAnEntry();
    void timeToLiveIsTheKeys();
    void aHitIsOneRoundTrip();
    void lookupsAtOnceAreWrittenTogether();
    void listingSkipsWhatIsNotOurs();
    void listingShowsEachEntryOnceWhileTheTableGrows();
    void aListingSurvivesALostConnection();
    void aListingThatIsGivenUpIsForgotten();
    void aSearchThatIsStoppedEndsItsListing();
    void namesWithSpecialCharacters_data();
    void namesWithSpecialCharacters();
    void agentsCarryTheirRevision();
    void ledgerKeys();
    void lateCallsAreListedByTheirTime();
    void aCallThatWaitedForLongIsCountedOnce();
    void damagedEntriesAreTold();
    void aFewPermissionsAreEnough();
    void commandsThatAreRenamedAreNotMissed();
    void aMissingPermissionIsNamedAlsoInScripts();
    void anUncheckedCertificateIsACaution();
    void aDeadServerIsAConnectionError();

private:
    std::unique_ptr<Store> store(const QString& workspace = u"default"_qs) const;
    Reply redis(Command command) { return ask(*m_client, std::move(command)); }
    static std::vector<EntryMeta> listAll(Store& store, int pageSize);
    /// How often the server has read from a connection.
    qint64 readsOfServer();

    std::unique_ptr<RedisServer> m_server;
    std::unique_ptr<redis::Client> m_client;
};

void TestRedisStore::initTestCase()
{
    if (!RedisServer::isInstalled())
        QSKIP(qPrintable(RedisServer::missingText()));
}

void TestRedisStore::init()
{
    m_client.reset();
    m_server = std::make_unique<RedisServer>();
    QVERIFY2(m_server->start(), qPrintable(m_server->log()));
    m_client = redis::makeClient(RedisUrl::parse(m_server->url()));
}

std::unique_ptr<Store> TestRedisStore::store(const QString& workspace) const
{
    return makeRedisStore(RedisUrl::parse(m_server->url()), workspace);
}

std::vector<EntryMeta> TestRedisStore::listAll(Store& store, int pageSize)
{
    std::vector<EntryMeta> rows;
    QByteArray cursor;
    do {
        EntryPage page = await(store.listEntries(cursor, pageSize));
        rows.insert(rows.end(), page.rows.begin(), page.rows.end());
        cursor = page.cursor;
    } while (!cursor.isEmpty());
    return rows;
}

void TestRedisStore::layoutOfAnEntry()
{
    const auto cache = store(u"team"_qs);
    const QString fingerprint = fingerprintNumber(0xabc);
    Commit commit = commitOf(fingerprint, QString(5000, u'x'));
    QCOMPARE(await(cache->commit(commit)), qint64(1));
    QCOMPARE(await(cache->commit(commit)), qint64(2));
    const QByteArray key = "llmcache:team:entry:{" + fingerprint.toLatin1() + '}';
    const Reply all = redis(Command::idempotent("HGETALL", key));
    QHash<QByteArray, QByteArray> fields;
    for (std::size_t i = 0; i + 1 < all.items.size(); i += 2)
        fields.insert(all.items[i].bytes, all.items[i + 1].bytes);
    QCOMPARE(QSet<QByteArray>(fields.keyBegin(), fields.keyEnd()),
        (QSet<QByteArray>{"v", "rev", "meta", "request", "response", "hits", "used"}));
    QCOMPARE(fields["v"], QByteArray("1"));
    QCOMPARE(fields["rev"], QByteArray("2"));
    QCOMPARE(fields["request"], QByteArray("j{\"prompt\":\"hi\"}"));
    QCOMPARE(fields["response"].front(), 'z');
    QVERIFY(fields["meta"].startsWith("{\"model\":\"test:echo\""));
}

void TestRedisStore::timeToLiveIsTheKeys()
{
    const auto cache = store();
    const QString fingerprint = fingerprintNumber(1);
    const QByteArray key = "llmcache:default:entry:{" + fingerprint.toLatin1() + '}';
    Commit commit = commitOf(fingerprint, u"a"_qs);
    commit.ttl = std::chrono::seconds(1000);
    await(cache->commit(commit));
    const qint64 left = redis(Command::idempotent("PTTL", key)).integer;
    QVERIFY(left > 900'000 && left <= 1'000'000);
    QVERIFY(await(cache->lookup(fingerprint))->meta.expiresMs.has_value());
    commit.ttl.reset();
    await(cache->commit(commit));
    QCOMPARE(redis(Command::idempotent("PTTL", key)).integer, qint64(-1));
    QVERIFY(!await(cache->lookup(fingerprint))->meta.expiresMs.has_value());
    commit.ttl = std::chrono::seconds(std::numeric_limits<qint64>::max());
    await(cache->commit(commit));
    QCOMPARE(redis(Command::idempotent("PTTL", key)).integer, qint64(-1));
}

qint64 TestRedisStore::readsOfServer()
{
    const QList<QByteArray> lines = redis(Command::idempotent("INFO", "stats")).bytes.split('\n');
    for (const QByteArray& line : lines) {
        if (line.startsWith("total_reads_processed:"))
            return line.mid(line.indexOf(':') + 1).trimmed().toLongLong();
    }
    return -1;
}

void TestRedisStore::aHitIsOneRoundTrip()
{
    const auto cache = store();
    const QString fingerprint = fingerprintNumber(2);
    await(cache->commit(commitOf(fingerprint, u"answer"_qs)));
    const qint64 before = readsOfServer();
    const auto entry = await(cache->lookup(fingerprint));
    QCOMPARE(entry->output, Json("answer"));
    QCOMPARE(readsOfServer() - before, qint64(2)); // the lookup, and the question
}

void TestRedisStore::lookupsAtOnceAreWrittenTogether()
{
    constexpr int count = 60;
    const auto cache = store();
    QVERIFY(!await(cache->lookup(fingerprintNumber(3))));
    const qint64 before = readsOfServer();
    std::vector<QCoro::Task<std::optional<Entry>>> lookups;
    for (int number = 0; number < count; ++number)
        lookups.push_back(
            pythonStoreOf(cache.get())->lookupFirst({fingerprintNumber(100 + number)}, EntryParts::Answer));
    for (auto& lookup : lookups)
        QVERIFY(!await(std::move(lookup)));
    // The first at once, since nothing is under way, and the others, which are more than the server reads at
    // a time.
    const qint64 used = readsOfServer() - before;
    QVERIFY2(used < count / 4, qPrintable(QString::number(used)));
}

void TestRedisStore::listingSkipsWhatIsNotOurs()
{
    const auto cache = store();
    const QString ours = fingerprintNumber(4);
    await(cache->commit(commitOf(ours, u"a"_qs)));
    await(store(u"other"_qs)->commit(commitOf(fingerprintNumber(5), u"b"_qs)));
    redis(Command::once("SET", "unrelated", "x"));
    redis(Command::once("HSET", "llmcache:default:entry:{short}", "v", "1"));
    redis(Command::once("SET", "llmcache:default:entry:{" + fingerprintNumber(6).toLatin1() + '}', "text"));
    const auto rows = listAll(*cache, 10);
    QCOMPARE(rows.size(), std::size_t(1));
    QCOMPARE(rows[0].fingerprint, ours);
}

void TestRedisStore::listingShowsEachEntryOnceWhileTheTableGrows()
{
    const auto cache = store();
    const auto fill = [&](int first, int last) {
        std::vector<QCoro::Task<qint64>> tasks;
        for (int i = first; i < last; ++i)
            tasks.push_back(cache->commit(commitOf(fingerprintNumber(i), u"x"_qs)));
        for (auto& task : tasks)
            await(std::move(task));
    };
    fill(0, 1500);
    QSet<QString> seen;
    qsizetype rows = 0;
    QByteArray cursor;
    int round = 0;
    do {
        const EntryPage page = await(cache->listEntries(cursor, 100));
        for (const EntryMeta& row : page.rows) {
            seen.insert(row.fingerprint);
            ++rows;
        }
        cursor = page.cursor;
        QVERIFY(page.scanned <= page.total);
        if (round++ < 4)
            fill(10'000 + round * 1000, 10'000 + round * 1000 + 1000);
    } while (!cursor.isEmpty());
    QCOMPARE(rows, seen.size());
    for (int i = 0; i < 1500; ++i)
        QVERIFY(seen.contains(fingerprintNumber(i)));
    QCOMPARE(await(cache->status()).entries, qint64(seen.size()));
}

void TestRedisStore::aListingSurvivesALostConnection()
{
    const auto cache = store();
    for (int i = 0; i < 50; ++i)
        await(cache->commit(commitOf(fingerprintNumber(i), u"x"_qs)));
    EntryPage page = await(cache->listEntries(QByteArray(), 20));
    redis(Command::once("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"));
    QSet<QString> seen;
    for (;;) {
        for (const EntryMeta& row : page.rows)
            seen.insert(row.fingerprint);
        if (page.cursor.isEmpty())
            break;
        page = await(cache->listEntries(page.cursor, 20));
    }
    QCOMPARE(seen.size(), 50);
    QVERIFY_THROWS_EXCEPTION(CacheError, await(cache->listEntries("listing 99", 20)));
}

void TestRedisStore::aListingThatIsGivenUpIsForgotten()
{
    const auto cache = store();
    for (int i = 0; i < 50; ++i)
        await(cache->commit(commitOf(fingerprintNumber(i), u"x"_qs)));
    const QByteArray first = await(cache->listEntries({}, 20)).cursor;
    const QByteArray second = await(cache->listEntries({}, 20)).cursor;
    endListing(cache.get(), first);
    QVERIFY_THROWS_EXCEPTION(CacheError, await(cache->listEntries(first, 20)));
    QCOMPARE(await(cache->listEntries(second, 20)).rows.size(), std::size_t(20)); // another one goes on
    endListing(cache.get(), {});

    // Also through a connection that reads alone.
    const auto reading = makeReadOnly(store(), {});
    const QByteArray read = await(reading->listEntries({}, 20)).cursor;
    endListing(reading.get(), read);
    QVERIFY_THROWS_EXCEPTION(CacheError, await(reading->listEntries(read, 20)));
}

void TestRedisStore::aSearchThatIsStoppedEndsItsListing()
{
    const auto cache = store();
    for (int i = 0; i < 2500; ++i) // more than a page of a search
        await(cache->commit(commitOf(fingerprintNumber(i), u"x"_qs)));
    std::stop_source source;
    SearchOptions options;
    options.stop = source.get_token();
    options.progress = [&source](
                           const SearchReport&, const std::vector<EntryMeta>&) { source.request_stop(); };
    QVERIFY_THROWS_EXCEPTION(Cancelled, await(findEntries(cache.get(), {}, options)));
    QVERIFY_THROWS_EXCEPTION(CacheError, await(cache->listEntries("listing 1", 20)));
}

void TestRedisStore::namesWithSpecialCharacters_data()
{
    QTest::addColumn<QString>("workspace");
    QTest::newRow("glob") << "a*b?[c]^\\";
    QTest::newRow("braces") << "a{b}c";
    QTest::newRow("one brace") << "a{b";
    QTest::newRow("percent") << "100%7B";
    QTest::newRow("colons") << "team:dev";
    QTest::newRow("not ASCII") << QString::fromUtf8("größe 測試");
}

void TestRedisStore::namesWithSpecialCharacters()
{
    QFETCH(QString, workspace);
    const auto cache = store(workspace);
    // A name that the pattern of the first would match if it were not escaped.
    await(store(u"aXXbYc^\\"_qs)->commit(commitOf(fingerprintNumber(9), u"not this"_qs)));
    await(store(u"a"_qs)->commit(commitOf(fingerprintNumber(8), u"not this"_qs)));
    const QString fingerprint = fingerprintNumber(7);
    await(cache->commit(commitOf(fingerprint, u"this"_qs)));
    const auto rows = listAll(*cache, 10);
    QCOMPARE(rows.size(), std::size_t(1));
    QCOMPARE(rows[0].fingerprint, fingerprint);
    QCOMPARE(await(cache->resolveFingerprint(fingerprint.left(10), 5)), QStringList{fingerprint});
    QCOMPARE(await(cache->removeEntries({fingerprint})), qint64(1));
}

void TestRedisStore::agentsCarryTheirRevision()
{
    const auto cache = store();
    Agent agent;
    agent.name = u"pro\"filer}"_qs;
    agent.model = u"test:echo"_qs;
    await(cache->saveAgent(agent, 0, u"ada"_qs, 1000));
    agent.instructions = QString::fromUtf8("{\"revision\":77} größer");
    QCOMPARE(await(cache->saveAgent(agent, 1, u"bob"_qs, 2000)).revision, qint64(2));
    QVERIFY_THROWS_EXCEPTION(CacheError, await(cache->saveAgent(agent, 1, u"bob"_qs, 3000)));
    const QByteArray stored =
        redis(Command::idempotent("HGET", "llmcache:default:agents", agent.name.toUtf8())).bytes;
    QVERIFY2(stored.startsWith("{\"revision\":2,\"saved_ms\":2000,\"saved_by\":\"bob\""), stored.constData());
    const auto loaded = await(cache->loadAgent(agent.name));
    QCOMPARE(loaded->agent, agent);
    QCOMPARE(loaded->savedBy, u"bob"_qs);
}

void TestRedisStore::ledgerKeys()
{
    const auto cache = store();
    Call call;
    call.id = u"b1d2"_qs;
    call.timeMs = 1'795'392'000'000;
    call.model = u"test:echo"_qs;
    call.task = u"t"_qs;
    call.cost = Money::fromPicodollars(std::numeric_limits<qint64>::max());
    QCOMPARE(await(cache->recordCalls({call, call})), qint64(1));
    QCOMPARE(await(cache->recordCalls({call})), qint64(0));
    QSet<QByteArray> kinds;
    QSet<QByteArray> shards;
    for (const Reply& key : redis(Command::idempotent("KEYS", "*")).items) {
        kinds.insert(key.bytes.split(':').value(2));
        shards.insert(key.bytes.mid(key.bytes.indexOf('{'), 3));
    }
    QCOMPARE(kinds, (QSet<QByteArray>{"call", "calls", "changes", "hours"}));
    QCOMPARE(shards.size(), 1); // all in one slot
    // Sums saturate, like Money.
    const QString shard = QString::fromLatin1(*shards.begin());
    for (int i = 0; i < 40; ++i) {
        call.id = QString::number(i);
        await(cache->recordCalls({call}));
    }
    QCOMPARE(await(cache->costs({})).total.cost.picodollars(), std::numeric_limits<qint64>::max());
    QCOMPARE(await(cache->costs({})).total.calls, qint64(41));
}

void TestRedisStore::lateCallsAreListedByTheirTime()
{
    const auto cache = store();
    constexpr qint64 hour = 1'795'392'000'000;
    std::vector<qint64> expected;
    for (int i = 0; i < 1500; ++i) {
        Call call;
        call.id = u"call-"_qs + QString::number(i);
        // All over three hours, in no order at all.
        call.timeMs = hour + (i * 7'919'317LL) % 10'800'000;
        call.model = i % 3 == 0 ? u"test:echo"_qs : u"test:other"_qs;
        expected.push_back(call.timeMs);
        if (i % 100 == 99 || i < 100)
            await(cache->recordCalls({call}));
        else
            QCOMPARE(await(cache->recordCalls({call})), qint64(1));
    }
    std::sort(expected.rbegin(), expected.rend());
    for (const int limit : {1, 10, 700, 5000}) {
        CallQuery query;
        query.limit = limit;
        const auto calls = await(cache->listCalls(query));
        QCOMPARE(calls.size(), std::min(expected.size(), std::size_t(limit)));
        for (std::size_t i = 0; i < calls.size(); ++i)
            QCOMPARE(calls[i].timeMs, expected[i]);
    }
    CallQuery query;
    query.limit = 5000;
    query.fromMs = hour + 1'000'000;
    query.toMs = hour + 5'000'000;
    query.filters.emplace_back(Dimension::Model, QStringList{u"test:echo"_qs});
    const auto calls = await(cache->listCalls(query));
    QVERIFY(!calls.empty());
    for (const Call& call : calls) {
        QVERIFY(call.timeMs >= query.fromMs && call.timeMs < query.toMs);
        QCOMPARE(call.model, u"test:echo"_qs);
    }
}

void TestRedisStore::aCallThatWaitedForLongIsCountedOnce()
{
    const auto cache = store();
    const QTemporaryDir folder;
    Spool spool(folder.path());
    constexpr qint64 dayMs = 24 * 3600 * 1000;
    Call recorded;
    recorded.id = u"recorded"_qs;
    recorded.timeMs = QDateTime::currentMSecsSinceEpoch() - 3 * dayMs;
    recorded.model = u"test:echo"_qs;
    recorded.cost = Money::fromPicodollars(7);
    Call other = recorded;
    other.id = u"other"_qs;
    // The store took it, and the reply was lost; two days later its mark is gone.
    QCOMPARE(await(cache->recordCalls({recorded})), qint64(1));
    const Reply marks =
        redis(Command::once("KEYS", QByteArrayLiteral("llmcache:default:call:*")).setKeyIndex(-1));
    QCOMPARE(marks.items.size(), std::size_t(1));
    redis(Command::once("DEL", marks.items.front().bytes));
    spool.add(cache->info(), recorded);
    spool.add(cache->info(), other);
    QCOMPARE(await(spool.replay(cache.get())), 2);
    QCOMPARE(spool.pending(), 0);
    const CostSums total = await(cache->costs({})).total;
    QCOMPARE(total.calls, qint64(2));
    QCOMPARE(total.cost, Money::fromPicodollars(14));
}

void TestRedisStore::damagedEntriesAreTold()
{
    const auto cache = store();
    const QString fingerprint = fingerprintNumber(12);
    const QByteArray key = "llmcache:default:entry:{" + fingerprint.toLatin1() + '}';
    await(cache->commit(commitOf(fingerprint, u"a"_qs)));
    redis(Command::once("HSET", key, "response", "q"));
    QVERIFY_THROWS_EXCEPTION(CacheError, await(cache->lookup(fingerprint)));
    redis(Command::once("HSET", key, "v", "2"));
    QVERIFY_THROWS_EXCEPTION(CacheError, await(cache->lookup(fingerprint)));
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"format"_qs));
    QVERIFY(listAll(*cache, 10).empty());
    redis(Command::once("DEL", key));
    redis(Command::once("SET", key, "text"));
    QVERIFY_THROWS_EXCEPTION(CacheError, await(cache->lookup(fingerprint)));
}

void TestRedisStore::aFewPermissionsAreEnough()
{
    redis(
        Command::once("ACL", "SETUSER", "modest", "on", ">pw", "~llmcache:*", "resetchannels", "&llmcache:*",
            "+@read", "+@write", "+@scripting", "+@pubsub", "+@connection", "-@dangerous", "-@admin"));
    const auto cache = makeRedisStore(
        RedisUrl::parse(QStringLiteral("redis://modest:pw@127.0.0.1:%1").arg(m_server->port())),
        u"default"_qs);
    const QString fingerprint = fingerprintNumber(13);
    QVERIFY(await(cache->status()).connected);
    QVERIFY(await(cache->tryLock(fingerprint, u"t"_qs, std::chrono::seconds(1))));
    QVERIFY(await(cache->renewLock(fingerprint, u"t"_qs, std::chrono::seconds(15))));
    Commit commit = commitOf(fingerprint, u"a"_qs);
    commit.lockToken = u"t"_qs;
    await(cache->commit(commit));
    QVERIFY(await(cache->lookup(fingerprint)).has_value());
    Call call;
    call.id = u"x"_qs;
    call.outcome = Outcome::Hit;
    call.fingerprint = fingerprint;
    QCOMPARE(await(cache->recordCalls({call})), qint64(1));
    const auto rows = listAll(*cache, 10);
    QCOMPARE(rows.size(), std::size_t(1));
    QCOMPARE(rows[0].hits, qint64(1));
    QCOMPARE(await(cache->costs({})).total.hits, qint64(1));
    QCOMPARE(await(cache->removeEntries({fingerprint})), qint64(1));
}

void TestRedisStore::commandsThatAreRenamedAreNotMissed()
{
    // As hosters do it, and what Redis 6.2 lacks.
    QByteArrayList names{
        "CONFIG", "KEYS", "FLUSHDB", "FLUSHALL", "DEBUG", "INFO", "GETEX", "OBJECT", "MEMORY", "CLIENT"};
    if (RedisServer::majorVersion() >= 7)
        names += {"FUNCTION", "FCALL", "PEXPIRETIME", "EXPIRETIME", "SSUBSCRIBE", "LMPOP"};
    RedisServer modest;
    for (const QByteArray& name : std::as_const(names))
        modest.addArguments({u"--rename-command"_qs, QString::fromLatin1(name), u""_qs});
    QVERIFY2(modest.start(), qPrintable(modest.log()));
    const auto cache = makeRedisStore(RedisUrl::parse(modest.url()), u"default"_qs);
    const QString fingerprint = fingerprintNumber(21);
    QVERIFY(await(cache->status()).connected);
    QVERIFY(await(cache->tryLock(fingerprint, u"t"_qs, std::chrono::seconds(15))));
    auto waiting = cache->awaitUnlock(fingerprint, std::chrono::minutes(1), {});
    Commit commit = commitOf(fingerprint, u"a"_qs);
    commit.lockToken = u"t"_qs;
    QCOMPARE(await(cache->commit(commit)), qint64(1));
    QCOMPARE(await(std::move(waiting)), QString());
    QVERIFY(await(cache->lookup(fingerprint)).has_value());
    await(cache->extendCooldown(u"k"_qs, u"p"_qs, std::chrono::minutes(1)));
    QVERIFY(await(cache->cooldown(u"k"_qs)).left > std::chrono::seconds(30));
    Call call;
    call.id = u"x"_qs;
    call.fingerprint = fingerprint;
    QCOMPARE(await(cache->recordCalls({call})), qint64(1));
    QCOMPARE(await(cache->costs({})).total.calls, qint64(1));
    QCOMPARE(await(cache->listCalls({})).size(), std::size_t(1));
    QCOMPARE(listAll(*cache, 10).size(), std::size_t(1));
    QCOMPARE(await(cache->resolveFingerprint(fingerprint.left(8), 5)), QStringList{fingerprint});
    QCOMPARE(await(cache->removeEntries({fingerprint})), qint64(1));
}

void TestRedisStore::aMissingPermissionIsNamedAlsoInScripts()
{
    redis(Command::once(
        "ACL", "SETUSER", "poor", "on", ">pw", "~*", "&*", "+@all", "-hset", "-subscribe", "-get"));
    const auto cache = makeRedisStore(
        RedisUrl::parse(QStringLiteral("redis://poor:pw@127.0.0.1:%1").arg(m_server->port())), u"default"_qs);
    QString text;
    try {
        await(cache->commit(commitOf(fingerprintNumber(22), u"a"_qs)));
    } catch (const ConfigurationError& error) {
        text = error.text();
    }
    QVERIFY2(text.contains(u"hset"_qs, Qt::CaseInsensitive) || text.contains(u"can't run this command"_qs),
        qPrintable(text));
    QVERIFY2(text.contains(u"ACL"_qs) && !text.contains(u"pw@"_qs), qPrintable(text));
}

void TestRedisStore::anUncheckedCertificateIsACaution()
{
    const auto caution = [](const QString& url) {
        return makeRedisStore(RedisUrl::parse(url), u"default"_qs)->info().caution;
    };
    QVERIFY(caution(u"rediss://cache.example/0?verify=none"_qs).contains(u"verify=none"_qs));
    QCOMPARE(caution(u"rediss://cache.example/0"_qs), QString());
    QCOMPARE(caution(u"redis://cache.example/0"_qs), QString());
}

void TestRedisStore::aDeadServerIsAConnectionError()
{
    const auto cache = store();
    const QString fingerprint = fingerprintNumber(14);
    await(cache->commit(commitOf(fingerprint, u"a"_qs)));
    Call call;
    call.id = u"x"_qs;
    m_server->kill();
    QVERIFY_THROWS_EXCEPTION(ConnectionError, await(cache->lookup(fingerprint)));
    QVERIFY_THROWS_EXCEPTION(ConnectionError, await(cache->commit(commitOf(fingerprint, u"b"_qs))));
    QVERIFY_THROWS_EXCEPTION(ConnectionError, await(cache->recordCalls({call})));
    QVERIFY_THROWS_EXCEPTION(ConnectionError, await(cache->listEntries(QByteArray(), 10)));
    QVERIFY_THROWS_EXCEPTION(
        ConnectionError, await(cache->awaitUnlock(fingerprint, std::chrono::minutes(1), {})));
    StoreStatus status = await(cache->status());
    QVERIFY(!status.connected);
    QVERIFY2(status.problem.contains(u"refused the connection"_qs), qPrintable(status.problem));
    QVERIFY2(m_server->start(), qPrintable(m_server->log()));
    status = await(cache->status());
    QVERIFY2(status.connected, qPrintable(status.problem));
    QVERIFY2(status.serverVersion.contains(QRegularExpression(u"^(Redis|Valkey) \\d"_qs)),
        qPrintable(status.serverVersion));
    QVERIFY(!await(cache->lookup(fingerprint)).has_value());
}

LLMCACHE_TEST_MAIN(TestRedisStore)
#include "tst_redisstore.moc"
