#include "await.h"
#include "base/error.h"
#include "redis/client.h"
#include "redisgroup.h"
#include "redisserver.h"
#include "store/redis/redisstore.h"
#include "store/sqlite/sqlitestore.h"
#include "storesamples.h"
#include "testenvironment.h"

#include <QSet>
#include <QTemporaryDir>
#include <QTest>

using namespace llmcache;
using namespace llmcache::test;

namespace {

const QStringList telling{QStringLiteral("--notify-keyspace-events"), QStringLiteral("KA")};

redis::Reply ask(const RedisServer& server, redis::Command command)
{
    const auto client = redis::makeClient(redis::RedisUrl::parse(server.url()));
    struct Asking {
        static QCoro::Task<redis::Reply> now(redis::Client* client, redis::Command command)
        {
            auto pending = client->command(std::move(command));
            co_return co_await pending;
        }
    };
    return await(Asking::now(client.get(), std::move(command)));
}

std::unique_ptr<Store> storeOn(const RedisServer& server, const QString& workspace)
{
    return makeRedisStore(redis::RedisUrl::parse(server.url()), workspace);
}

} // namespace

/// What a store says of changes that others make. Some functions run once a kind of store.
class TestEntryNews : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void changesAreTold_data() { kinds(); }
    void changesAreTold();
    void onlyOfItsWorkspace_data() { kinds(); }
    void onlyOfItsWorkspace();
    void eachOneIsToldOnce_data() { kinds(); }
    void eachOneIsToldOnce();
    void tooMuchIsMissed_data() { kinds(); }
    void tooMuchIsMissed();
    void nonsenseIsMissed_data() { kinds(); }
    void nonsenseIsMissed();
    void usesAndExpiriesAreTold();
    void entriesOfPythonAreTold();
    void aSilentServerIsLeftAsItIs();
    void aUserWithoutRightsIsNotTold();
    void aRestartIsMissed();

private:
    static void kinds();
    std::unique_ptr<Store> make(const QString& workspace);
    static void change(Store& store, EntryChange::Kind kind, const QStringList& fingerprints);
    /// What is told from `position` on, until all of `expected` is.
    static QSet<QString> told(Store& store, QByteArray& position, const QStringList& expected);

    QTemporaryDir m_directory;
    RedisServer m_server{telling};
    std::unique_ptr<RedisCluster> m_cluster;
};

void TestEntryNews::initTestCase()
{
    if (!RedisServer::isInstalled())
        QSKIP(qPrintable(RedisServer::missingText()));
    QVERIFY2(m_server.start(), qPrintable(m_server.log()));
    m_cluster = std::make_unique<RedisCluster>(3, false, telling);
    QVERIFY(m_cluster->start());
}

void TestEntryNews::kinds()
{
    QTest::addColumn<QString>("kind");
    for (const char* const kind : {"sqlite", "redis", "cluster"})
        QTest::newRow(kind) << QString::fromLatin1(kind);
}

std::unique_ptr<Store> TestEntryNews::make(const QString& workspace)
{
    QFETCH(QString, kind);
    if (kind == QLatin1String("sqlite"))
        return makeSqliteStore(m_directory.filePath(QStringLiteral("store.db")), workspace);
    const QString url = kind == QLatin1String("redis") ? m_server.url() : m_cluster->url();
    return makeRedisStore(redis::RedisUrl::parse(url), workspace);
}

void TestEntryNews::change(Store& store, EntryChange::Kind kind, const QStringList& fingerprints)
{
    std::vector<EntryChange> changes;
    for (const QString& fingerprint : fingerprints) {
        EntryChange change;
        change.kind = kind;
        change.fingerprint = fingerprint;
        if (kind == EntryChange::Kind::Put)
            change.fields = toFields(sampleCommit(fingerprint).entry, 1);
        else
            change.expectedRevision = 1;
        if (kind == EntryChange::Kind::Update)
            change.setsExpiry = true;
        changes.push_back(std::move(change));
    }
    const auto outcomes = await(store.changeEntries(std::move(changes)));
    for (const ChangeOutcome outcome : outcomes)
        QCOMPARE(int(outcome), int(ChangeOutcome::Done));
}

QSet<QString> TestEntryNews::told(Store& store, QByteArray& position, const QStringList& expected)
{
    const QSet<QString> all(expected.begin(), expected.end());
    QSet<QString> heard;
    const auto listen = [&] {
        const EntryNews news = await(store.entryNews(position));
        position = news.position;
        heard.unite(QSet<QString>(news.changed.begin(), news.changed.end()));
        return !news.missed && news.isTold && heard.contains(all);
    };
    // Bad news comes as what is missing in the set.
    [&] { QTRY_VERIFY(listen()); }();
    return heard;
}

void TestEntryNews::changesAreTold()
{
    const QString workspace = newId();
    const auto store = make(workspace);
    const auto other = make(workspace);
    const QString one = sampleFingerprint(QStringLiteral("one"));
    const QString two = sampleFingerprint(QStringLiteral("two"));
    await(other->commit(sampleCommit(one)));

    const EntryNews first = await(store->entryNews({}));
    QVERIFY(first.isTold && !first.missed && first.changed.isEmpty());
    QByteArray position = first.position;
    await(other->commit(sampleCommit(two)));
    QCOMPARE(told(*store, position, {two}), QSet<QString>{two});
    change(*other, EntryChange::Kind::Update, {one}); // its expiry alone
    QCOMPARE(told(*store, position, {one}), QSet<QString>{one});
    await(other->removeEntries({one}));
    change(*other, EntryChange::Kind::Remove, {two});
    QCOMPARE(told(*store, position, {one, two}), (QSet<QString>{one, two}));
    // Its own as well.
    await(store->commit(sampleCommit(one)));
    QCOMPARE(told(*store, position, {one}), QSet<QString>{one});
    QVERIFY(await(store->entryNews(position)).changed.isEmpty());
    // Whoever asks from an earlier place hears it all.
    position = first.position;
    QCOMPARE(told(*store, position, {one, two}), (QSet<QString>{one, two}));
}

void TestEntryNews::onlyOfItsWorkspace()
{
    const QString workspace = newId() + QStringLiteral("[*]{%}?");
    const auto store = make(workspace);
    const auto neighbour = make(newId());
    QByteArray position = await(store->entryNews({})).position;
    const QString one = sampleFingerprint(QStringLiteral("one"));
    const QString two = sampleFingerprint(QStringLiteral("two"));
    await(neighbour->commit(sampleCommit(one)));
    QVERIFY(await(store->tryLock(two, QStringLiteral("token"), std::chrono::seconds(9)))); // not an entry
    await(store->commit(sampleCommit(two)));
    QCOMPARE(told(*store, position, {two}), QSet<QString>{two});
}

void TestEntryNews::eachOneIsToldOnce()
{
    const auto store = make(newId());
    QByteArray position = await(store->entryNews({})).position;
    const QString one = sampleFingerprint(QStringLiteral("one"));
    for (int round = 0; round < 20; ++round)
        await(store->commit(sampleCommit(one)));
    told(*store, position, {one});
    const auto last = sampleFingerprint(QStringLiteral("last"));
    await(store->commit(sampleCommit(one)));
    await(store->commit(sampleCommit(one)));
    await(store->commit(sampleCommit(last)));
    QStringList heard;
    const auto listen = [&] {
        const EntryNews news = await(store->entryNews(position));
        if (news.changed.contains(last))
            heard = news.changed;
        return !heard.isEmpty();
    };
    QTRY_VERIFY(listen());
    heard.sort();
    QStringList both{one, last};
    both.sort();
    QCOMPARE(heard, both);
}

void TestEntryNews::tooMuchIsMissed()
{
    const auto store = make(newId());
    QByteArray position = await(store->entryNews({})).position;
    QStringList fingerprints;
    for (int number = 0; number < Store::mostNews + 100; ++number)
        fingerprints << sampleFingerprint(QString::number(number));
    change(*store, EntryChange::Kind::Put, fingerprints);
    const auto missed = [&] { return await(store->entryNews(position)).missed; };
    QTRY_VERIFY(missed());
    // From there on it is heard again.
    position = await(store->entryNews(position)).position;
    await(store->removeEntries(fingerprints.first(3)));
    QVERIFY(told(*store, position, fingerprints.first(3)).contains(fingerprints.first()));
}

void TestEntryNews::nonsenseIsMissed()
{
    const auto store = make(newId());
    await(store->entryNews({}));
    for (const char* const position : {"elsewhere", "99999999999", "-5"})
        QVERIFY2(await(store->entryNews(position)).missed, position);
}

void TestEntryNews::usesAndExpiriesAreTold()
{
    const QString workspace = newId();
    const auto store = storeOn(m_server, workspace);
    const auto other = storeOn(m_server, workspace);
    const QString one = sampleFingerprint(QStringLiteral("one"));
    change(*other, EntryChange::Kind::Put, {one});
    QByteArray position = await(store->entryNews({})).position;
    Call call = sampleCall();
    call.fingerprint = one;
    call.outcome = Outcome::Hit;
    await(other->recordCalls({call}));
    told(*store, position, {one});
    EntryChange expiry;
    expiry.kind = EntryChange::Kind::Update;
    expiry.fingerprint = one;
    expiry.expectedRevision = 1;
    expiry.setsExpiry = true;
    expiry.expiresMs = QDateTime::currentMSecsSinceEpoch() + 300;
    await(other->changeEntries({expiry}));
    told(*store, position, {one});
    told(*store, position, {one}); // it is gone
    QVERIFY(!await(store->lookup(one)));
}

void TestEntryNews::entriesOfPythonAreTold()
{
    const auto store = storeOn(m_server, newId());
    QByteArray position = await(store->entryNews({})).position;
    const QString key = QStringLiteral("pyai-cache:v3:") + sampleFingerprint(QStringLiteral("python"));
    ask(m_server, redis::Command::once("SET", "lock:" + key.toUtf8(), "1"));
    ask(m_server, redis::Command::once("SET", key.toUtf8(), "pickle"));
    QCOMPARE(told(*store, position, {key}), QSet<QString>{key});
    ask(m_server, redis::Command::once("DEL", key.toUtf8()));
    QCOMPARE(told(*store, position, {key}), QSet<QString>{key});
}

void TestEntryNews::aSilentServerIsLeftAsItIs()
{
    RedisServer silent;
    QVERIFY2(silent.start(), qPrintable(silent.log()));
    const auto store = storeOn(silent, newId());
    const EntryNews first = await(store->entryNews({}));
    QVERIFY(!first.isTold && !first.missed);
    await(store->commit(sampleCommit(sampleFingerprint(QStringLiteral("one")))));
    const EntryNews second = await(store->entryNews(first.position));
    QVERIFY(!second.isTold && second.changed.isEmpty());
    const redis::Reply setting =
        ask(silent, redis::Command::idempotent("CONFIG", "GET", "notify-keyspace-events"));
    QCOMPARE(setting.items.at(1).bytes, QByteArray());
}

void TestEntryNews::aUserWithoutRightsIsNotTold()
{
    if (RedisServer::majorVersion() < 6)
        QSKIP("This server has no users.");
    RedisServer server(telling);
    QVERIFY2(server.start(), qPrintable(server.log()));
    // Entries only: neither settings nor channels.
    QVERIFY(!ask(server,
        redis::Command::once("ACL", "SETUSER", "reader", "on", ">pass", "~*", "resetchannels", "+@all",
            "-config", "-psubscribe"))
                 .isError());
    const QString url = server.url().replace(QLatin1String("//"), QLatin1String("//reader:pass@"));
    const auto store = makeRedisStore(redis::RedisUrl::parse(url), newId());
    const EntryNews news = await(store->entryNews({}));
    QVERIFY(!news.isTold && !news.missed);
}

void TestEntryNews::aRestartIsMissed()
{
    RedisServer server(telling);
    QVERIFY2(server.start(), qPrintable(server.log()));
    const QString workspace = newId();
    const auto store = storeOn(server, workspace);
    QByteArray position = await(store->entryNews({})).position;
    server.kill();
    QVERIFY2(server.start(), qPrintable(server.log()));
    const auto missed = [&] {
        try {
            const EntryNews news = await(store->entryNews(position));
            return news.missed && news.isTold;
        } catch (const ConnectionError&) {
            return false; // not back yet
        }
    };
    QTRY_VERIFY_WITH_TIMEOUT(missed(), 20'000);
    position = await(store->entryNews(position)).position;
    const QString one = sampleFingerprint(QStringLiteral("one"));
    await(store->commit(sampleCommit(one)));
    QCOMPARE(told(*store, position, {one}), QSet<QString>{one});
}

LLMCACHE_TEST_MAIN(TestEntryNews)

#include "tst_entrynews.moc"
