#include "await.h"
#include "base/error.h"
#include "costaccumulator.h"
#include "store/agentversions.h"
#include "storefactory.h"
#include "storesamples.h"
#include "testenvironment.h"

#include <QTest>

using namespace llmcache;
using namespace llmcache::test;
using namespace std::chrono_literals;

namespace {

/// Beyond the time limit of the test: who waits for it has failed.
constexpr std::chrono::milliseconds forever = 10min;
constexpr std::chrono::milliseconds lockTime = 5min;

} // namespace

/// What every store must do, whatever it is made of. Each function runs once a kind of store.
class TestStoreContract : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase_data();
    void init();
    void cleanup();

    void statusOfALiveStore();
    void entryComesBackUnchanged();
    void lookupReadsThePartsThatAreAskedFor();
    void outputThatIsJsonComesBackUnchanged();
    void revisionCountsWrites();
    void unpricedStaysUnpriced();
    void entryExpires();
    void entryWithoutTtlNeverExpires();
    void removedEntriesAreGone();
    void listingHasEveryEntryOnce();
    void listingOfNothing();
    void listingUnderChanges();
    void refusesForeignCursor();
    void resolvesPrefixes();
    void largeAndStrangeValues_data();
    void largeAndStrangeValues();
    void manyInFlight();

    void lockHasOneHolder();
    void lockExpires();
    void commitReleasesTheLock();
    void oneOfManyTakesTheLock();
    void awaitWithoutLockReturns();
    void awaitEndsWithCommit_data();
    void awaitEndsWithCommit();
    void awaitLearnsTheFailure_data();
    void awaitLearnsTheFailure();
    void awaitEndsWhenTheLockExpires();
    void awaitTimesOut();
    void awaitCanBeStopped();

    void cooldownsAreExtendedOnly();

    void agentsCompareAndSet();
    void agentsAreListedAndRemoved();
    void everySaveOfAnAgentIsKept();

    void callComesBackUnchanged();
    void callsAreRecordedOnce();
    void sumsOfManyCallsAtOnceAreExact();
    void hitsAreCountedOnEntries();
    void costsAgreeWithTheAccumulator_data();
    void costsAgreeWithTheAccumulator();
    void costsOfNothing();
    void costsRefuseUnknownZones();
    void listsCallsNewestFirst();
    void filtersCalls();
    void reportsAgreeWithTheSummary_data();
    void reportsAgreeWithTheSummary();
    void reportsOfNothing();
    void reportsRefuseUnknownZones();
    void pagesHaveEveryCallOnce_data();
    void pagesHaveEveryCallOnce();
    void pagesStayWhileCallsArrive();
    void pagesRefuseForeignCursors();

    void workspacesAreApart_data();
    void workspacesAreApart();
    void workspaceNamesAreBounded();

private:
    std::unique_ptr<Store> another() { return m_factory->make(m_workspace); }
    QStringList listAll(int pageSize);

    StoreFactories m_factories;
    StoreFactory* m_factory = nullptr;
    QString m_workspace;
    std::unique_ptr<Store> m_store;
};

void TestStoreContract::initTestCase_data()
{
    QTest::addColumn<QString>("kind");
    const QStringList kinds = storeKinds();
    for (const QString& kind : kinds)
        QTest::newRow(qPrintable(kind)) << kind;
}

void TestStoreContract::init()
{
    QFETCH_GLOBAL(QString, kind);
    m_factory = m_factories.of(kind);
    if (!m_factory)
        QSKIP(qPrintable(m_factories.missingText()));
    m_workspace = newId();
    m_store = another();
}

void TestStoreContract::cleanup()
{
    m_store.reset();
}

QStringList TestStoreContract::listAll(int pageSize)
{
    QStringList fingerprints;
    QByteArray cursor;
    int pages = 0;
    do {
        const EntryPage page = await(m_store->listEntries(cursor, pageSize));
        for (const EntryMeta& meta : page.rows)
            fingerprints.append(meta.fingerprint);
        cursor = page.cursor;
    } while (!cursor.isEmpty() && ++pages < 10'000);
    return fingerprints;
}

void TestStoreContract::statusOfALiveStore()
{
    const StoreStatus status = await(m_store->status());
    QVERIFY2(status.connected, qPrintable(status.problem));
    QVERIFY(status.problem.isEmpty());
    QVERIFY(!status.serverVersion.isEmpty());
    QVERIFY(status.roundTrip > 0us);
    QFETCH_GLOBAL(QString, kind);
    QCOMPARE(m_store->info().kind, kind.section(QLatin1Char(' '), 0, 0));
    QCOMPARE(m_store->info().workspace, m_workspace);
    QVERIFY(!m_store->info().name.isEmpty());
}

void TestStoreContract::entryComesBackUnchanged()
{
    const QString fingerprint = sampleFingerprint(QStringLiteral("a"));
    QVERIFY(!await(m_store->lookup(fingerprint)));
    const Commit commit = sampleCommit(fingerprint);
    QCOMPARE(await(m_store->commit(commit)), 1);
    const auto entry = await(another()->lookup(fingerprint));
    QVERIFY(entry);
    QCOMPARE(describe(*entry), describe(commit.entry));
    QCOMPARE(entry->messages, commit.entry.messages);
    QCOMPARE(entry->meta.revision, 1);
    QCOMPARE(entry->meta.hits, 0);
    QCOMPARE(entry->meta.lastUsedMs, 0);
    QVERIFY(entry->meta.expiresMs);
    // 15 days from about now.
    const qint64 expected =
        QDateTime::currentMSecsSinceEpoch() + std::chrono::milliseconds(defaultTtl).count();
    QVERIFY(qAbs(*entry->meta.expiresMs - expected) < std::chrono::milliseconds(1h).count());
}

void TestStoreContract::lookupReadsThePartsThatAreAskedFor()
{
    const Commit commit = sampleCommit(sampleFingerprint(QStringLiteral("a")));
    await(m_store->commit(commit));
    const auto meta = await(m_store->lookup(commit.entry.meta.fingerprint, EntryParts::Meta));
    QCOMPARE(toJson(meta->meta), toJson(commit.entry.meta));
    QVERIFY(meta->output.is_null());
    QVERIFY(meta->request.is_null());
    const auto answer = await(m_store->lookup(commit.entry.meta.fingerprint, EntryParts::Answer));
    QCOMPARE(responseToJson(*answer), responseToJson(commit.entry));
    QVERIFY(answer->request.is_null());
    QVERIFY(!await(m_store->lookup(sampleFingerprint(QStringLiteral("b")), EntryParts::Meta)));
}

void TestStoreContract::outputThatIsJsonComesBackUnchanged()
{
    Commit commit = sampleCommit(sampleFingerprint(QStringLiteral("json")));
    commit.entry.output =
        Json::parse(R"({"zulu": 1, "alpha": [1.0, 1, null, true, "x"], "big": 9007199254740993})");
    await(m_store->commit(commit));
    const auto entry = await(m_store->lookup(commit.entry.meta.fingerprint));
    QCOMPARE(toJsonText(entry->output), toJsonText(commit.entry.output));
}

void TestStoreContract::revisionCountsWrites()
{
    const QString fingerprint = sampleFingerprint(QStringLiteral("a"));
    QCOMPARE(await(m_store->commit(sampleCommit(fingerprint, QStringLiteral("one")))), 1);
    QCOMPARE(await(m_store->commit(sampleCommit(fingerprint, QStringLiteral("two")))), 2);
    QCOMPARE(await(another()->commit(sampleCommit(fingerprint, QStringLiteral("three")))), 3);
    const auto entry = await(m_store->lookup(fingerprint));
    QCOMPARE(entry->meta.revision, 3);
    QCOMPARE(outputText(entry->output), QStringLiteral("three"));
    await(m_store->removeEntries({fingerprint}));
    QCOMPARE(await(m_store->commit(sampleCommit(fingerprint))), 1);
}

void TestStoreContract::unpricedStaysUnpriced()
{
    Commit commit = sampleCommit(sampleFingerprint(QStringLiteral("a")));
    commit.entry.meta.cost = std::nullopt;
    await(m_store->commit(commit));
    QVERIFY(!await(m_store->lookup(commit.entry.meta.fingerprint))->meta.cost);
    commit.entry.meta.cost = Money();
    await(m_store->commit(commit));
    QCOMPARE(await(m_store->lookup(commit.entry.meta.fingerprint))->meta.cost, Money());
}

void TestStoreContract::entryExpires()
{
    Commit commit = sampleCommit(sampleFingerprint(QStringLiteral("a")));
    commit.ttl = 1s;
    const QString fingerprint = commit.entry.meta.fingerprint;
    await(m_store->commit(commit));
    QVERIFY(await(m_store->lookup(fingerprint)));
    QTRY_VERIFY(!await(m_store->lookup(fingerprint)));
    QCOMPARE(listAll(100), QStringList());
    QCOMPARE(await(m_store->resolveFingerprint(fingerprint.first(8), 10)), QStringList());
    QCOMPARE(await(m_store->removeEntries({fingerprint})), 0);
    QCOMPARE(await(m_store->commit(commit)), 1);
}

void TestStoreContract::entryWithoutTtlNeverExpires()
{
    Commit commit = sampleCommit(sampleFingerprint(QStringLiteral("a")));
    commit.ttl = 1s;
    await(m_store->commit(commit));
    commit.ttl = std::nullopt;
    await(m_store->commit(commit)); // the earlier lifetime goes too
    QVERIFY(!await(m_store->lookup(commit.entry.meta.fingerprint))->meta.expiresMs);
    const EntryPage page = await(m_store->listEntries({}, 10));
    QCOMPARE(page.rows.size(), 1U);
    QVERIFY(!page.rows.front().expiresMs);
}

void TestStoreContract::removedEntriesAreGone()
{
    QStringList fingerprints;
    for (int i = 0; i < 5; ++i) {
        fingerprints.append(sampleFingerprint(QString::number(i)));
        await(m_store->commit(sampleCommit(fingerprints.last())));
    }
    const QString unknown = sampleFingerprint(QStringLiteral("unknown"));
    QCOMPARE(await(m_store->removeEntries({fingerprints[0], unknown, fingerprints[3]})), 2);
    QVERIFY(!await(m_store->lookup(fingerprints[0])));
    QVERIFY(!await(m_store->lookup(fingerprints[3])));
    QVERIFY(await(m_store->lookup(fingerprints[1])));
    QCOMPARE(await(m_store->removeEntries({fingerprints[0]})), 0);
    QCOMPARE(await(m_store->removeEntries({})), 0);
    QCOMPARE(listAll(10).size(), 3);
}

void TestStoreContract::listingHasEveryEntryOnce()
{
    QStringList expected;
    for (int i = 0; i < 57; ++i) {
        expected.append(sampleFingerprint(QString::number(i)));
        await(m_store->commit(sampleCommit(expected.last(), QStringLiteral("answer %1").arg(i))));
    }
    expected.sort();
    for (const int pageSize : {1, 10, 57, 1000}) {
        QStringList found = listAll(pageSize);
        found.sort();
        QCOMPARE(found, expected);
    }
    const EntryPage page = await(m_store->listEntries({}, 1000));
    const auto first = std::find_if(page.rows.begin(), page.rows.end(),
        [](const EntryMeta& meta) { return meta.fingerprint == sampleFingerprint(QStringLiteral("7")); });
    if (page.cursor.isEmpty()) {
        QVERIFY(first != page.rows.end());
        const Commit commit = sampleCommit(first->fingerprint, QStringLiteral("answer 7"));
        QCOMPARE(toPrettyJsonText(toJson(*first)), toPrettyJsonText(toJson(commit.entry.meta)));
        QCOMPARE(first->revision, 1);
        QVERIFY(first->expiresMs);
        QVERIFY(page.scanned >= 57);
    }
}

void TestStoreContract::listingOfNothing()
{
    QCOMPARE(listAll(10), QStringList());
}

void TestStoreContract::listingUnderChanges()
{
    QStringList stable;
    for (int i = 0; i < 120; ++i) {
        stable.append(sampleFingerprint(QStringLiteral("stable %1").arg(i)));
        await(m_store->commit(sampleCommit(stable.last())));
        await(m_store->commit(sampleCommit(sampleFingerprint(QStringLiteral("doomed %1").arg(i)))));
        await(m_store->commit(sampleCommit(sampleFingerprint(QStringLiteral("fading %1").arg(i)))));
    }
    const auto other = another();
    QStringList found;
    QByteArray cursor;
    int step = 0;
    do {
        const EntryPage page = await(m_store->listEntries(cursor, 10));
        for (const EntryMeta& meta : page.rows)
            found.append(meta.fingerprint);
        cursor = page.cursor;
        for (int i = 0; i < 5; ++i, ++step) {
            await(other->removeEntries({sampleFingerprint(QStringLiteral("doomed %1").arg(step))}));
            EntryChange expire;
            expire.kind = EntryChange::Kind::Update;
            expire.fingerprint = sampleFingerprint(QStringLiteral("fading %1").arg(step));
            expire.expectedRevision = 1;
            expire.setsExpiry = true;
            expire.expiresMs = QDateTime::currentMSecsSinceEpoch() - 1;
            await(other->changeEntries({expire}));
            await(other->commit(sampleCommit(sampleFingerprint(QStringLiteral("new %1").arg(step)))));
            await(other->commit(sampleCommit(stable.at(step % stable.size()), QStringLiteral("rewritten"))));
        }
    } while (!cursor.isEmpty() && step < 10'000);
    for (const QString& fingerprint : std::as_const(stable))
        QCOMPARE(found.count(fingerprint), 1);
    QCOMPARE(QSet<QString>(found.begin(), found.end()).size(), found.size());
}

void TestStoreContract::refusesForeignCursor()
{
    await(m_store->commit(sampleCommit(sampleFingerprint(QStringLiteral("a")))));
    QVERIFY_EXCEPTION_THROWN(await(m_store->listEntries("no cursor", 10)), CacheError);
}

void TestStoreContract::resolvesPrefixes()
{
    const QString tail(60, QLatin1Char('0'));
    const QStringList alike{QStringLiteral("abcd") + tail, QStringLiteral("abce") + tail,
        QStringLiteral("abcd") + QString(60, QLatin1Char('f'))};
    for (const QString& fingerprint : alike)
        await(m_store->commit(sampleCommit(fingerprint)));
    const auto resolve = [this](const QString& prefix, int limit) {
        QStringList found = await(m_store->resolveFingerprint(prefix, limit));
        found.sort();
        return found;
    };
    QCOMPARE(resolve(QStringLiteral("abce"), 10), QStringList{alike[1]});
    QCOMPARE(resolve(QStringLiteral("abcd"), 10), (QStringList{alike[0], alike[2]}));
    QCOMPARE(resolve(QStringLiteral("abcd"), 1).size(), 1);
    QCOMPARE(resolve(alike[2], 10), QStringList{alike[2]});
    QCOMPARE(resolve(QStringLiteral("abcd1"), 10), QStringList());
    // Too short, or no prefix at all: refused, whatever a pattern would match.
    for (const char* bad : {"", "abc", "****", "abc?", "%%%%", "[a-f]bcd", "ABCD'"})
        QVERIFY_EXCEPTION_THROWN(await(m_store->resolveFingerprint(QString::fromLatin1(bad), 10)), Error);
}

void TestStoreContract::largeAndStrangeValues_data()
{
    QTest::addColumn<QString>("answer");
    QString mixed;
    for (int i = 0; mixed.size() < 5'000'000; ++i)
        mixed += QStringLiteral("%1 ÄÖÜ 東京 🦀 \"quoted\" \\ ").arg(i * 7919);
    QTest::newRow("5 MB") << mixed;
    QTest::newRow("empty") << QString();
    QTest::newRow("quotes") << QStringLiteral("'; DROP TABLE entries; -- \" \\ `");
    QTest::newRow("NUL and controls")
        << QString(QStringLiteral("a") + QChar(0) + QStringLiteral("b\r\n\t") + QChar(0x1f));
    QTest::newRow("bidi and joiners") << QString::fromUtf8("\u202Eabc\u200D\u2028👩‍👩‍👧");
    QTest::newRow("redis protocol") << QStringLiteral("$-1\r\n*2\r\n+OK\r\n");
}

void TestStoreContract::largeAndStrangeValues()
{
    QFETCH(QString, answer);
    Commit commit = sampleCommit(sampleFingerprint(QStringLiteral("strange")), answer);
    commit.entry.request["prompt"] = toUtf8(answer);
    commit.entry.meta.task = answer.left(200);
    commit.entry.meta.author = answer.left(50);
    commit.entry.meta.bytes =
        toJsonText(commit.entry.request).size() + toJsonText(responseToJson(commit.entry)).size();
    await(m_store->commit(commit));
    const auto entry = await(another()->lookup(commit.entry.meta.fingerprint));
    QVERIFY(entry);
    QCOMPARE(outputText(entry->output), answer);
    QVERIFY(describe(*entry) == describe(commit.entry)); // too long to print
    const EntryPage page = await(m_store->listEntries({}, 10));
    QCOMPARE(page.rows.at(0).task, answer.left(200));

    Call call = sampleCall();
    call.task = answer.left(200);
    call.user = answer.left(50);
    await(m_store->recordCalls({call}));
    const auto calls = await(m_store->listCalls({}));
    QCOMPARE(calls.size(), 1U);
    QCOMPARE(calls[0].task, call.task);
    QCOMPARE(calls[0].user, call.user);
    CostQuery query;
    query.groupBy = {Dimension::Task};
    QCOMPARE(await(m_store->costs(query)).rows.at(0).keys, QStringList{call.task});
}

void TestStoreContract::manyInFlight()
{
    std::vector<QCoro::Task<qint64>> commits;
    for (int i = 0; i < 100; ++i) {
        const QString number = QString::number(i);
        commits.push_back(m_store->commit(sampleCommit(sampleFingerprint(number), number)));
    }
    std::vector<QCoro::Task<std::optional<Entry>>> lookups;
    for (int i = 0; i < 100; ++i)
        lookups.push_back(m_store->lookup(sampleFingerprint(QString::number(i))));
    for (auto& task : commits)
        QCOMPARE(await(task), 1);
    // Calls of one store are worked off in order: each lookup sees the commit before it.
    for (std::size_t i = 0; i < lookups.size(); ++i) {
        const auto entry = await(lookups[i]);
        QVERIFY(entry);
        QCOMPARE(outputText(entry->output), QString::number(i));
    }
}

// --- locks

void TestStoreContract::lockHasOneHolder()
{
    const QString fingerprint = sampleFingerprint(QStringLiteral("a"));
    const QString mine = newId();
    const QString theirs = newId();
    const auto other = another();
    QVERIFY(await(m_store->tryLock(fingerprint, mine, lockTime)));
    QVERIFY(!await(other->tryLock(fingerprint, theirs, lockTime)));
    QVERIFY(await(other->tryLock(sampleFingerprint(QStringLiteral("b")), theirs, lockTime)));
    QVERIFY(!await(other->renewLock(fingerprint, theirs, lockTime)));
    QVERIFY(await(m_store->renewLock(fingerprint, mine, lockTime)));
    await(other->unlock(fingerprint, theirs, QString())); // not theirs: nothing happens
    QVERIFY(!await(other->tryLock(fingerprint, theirs, lockTime)));
    await(m_store->unlock(fingerprint, mine, QString()));
    QVERIFY(!await(m_store->renewLock(fingerprint, mine, lockTime)));
    QVERIFY(await(other->tryLock(fingerprint, theirs, lockTime)));
}

void TestStoreContract::lockExpires()
{
    const QString fingerprint = sampleFingerprint(QStringLiteral("a"));
    const QString dead = newId();
    const QString heir = newId();
    QVERIFY(await(m_store->tryLock(fingerprint, dead, 30ms)));
    const auto other = another();
    bool taken = false; // QTRY_VERIFY would try once more after it was
    QTRY_VERIFY(taken = taken || await(other->tryLock(fingerprint, heir, lockTime)));
    QVERIFY(!await(m_store->renewLock(fingerprint, dead, lockTime)));
    await(m_store->unlock(fingerprint, dead, QString()));
    QVERIFY(await(other->renewLock(fingerprint, heir, lockTime)));
}

void TestStoreContract::commitReleasesTheLock()
{
    Commit commit = sampleCommit(sampleFingerprint(QStringLiteral("a")));
    const QString fingerprint = commit.entry.meta.fingerprint;
    const QString token = newId();
    const QString next = newId();
    QVERIFY(await(m_store->tryLock(fingerprint, token, lockTime)));
    commit.lockToken = newId(); // a lock that was lost: the answer is stored, the new holder keeps it
    QCOMPARE(await(m_store->commit(commit)), 1);
    QVERIFY(!await(m_store->tryLock(fingerprint, next, lockTime)));
    commit.lockToken = token;
    QCOMPARE(await(m_store->commit(commit)), 2);
    QVERIFY(await(m_store->tryLock(fingerprint, next, lockTime)));
}

void TestStoreContract::oneOfManyTakesTheLock()
{
    std::vector<std::unique_ptr<Store>> stores;
    for (int i = 0; i < 4; ++i)
        stores.push_back(another());
    for (int round = 0; round < 10; ++round) {
        std::vector<QCoro::Task<bool>> tasks;
        for (const auto& store : stores) {
            for (int i = 0; i < 5; ++i)
                tasks.push_back(store->tryLock(sampleFingerprint(QString::number(round)), newId(), lockTime));
        }
        int winners = 0;
        for (auto& task : tasks)
            winners += await(task) ? 1 : 0;
        QCOMPARE(winners, 1);
    }
}

void TestStoreContract::awaitWithoutLockReturns()
{
    QCOMPARE(await(m_store->awaitUnlock(sampleFingerprint(QStringLiteral("a")), forever, {})), QString());
}

void TestStoreContract::awaitEndsWithCommit_data()
{
    QTest::addColumn<bool>("sameObject");
    QTest::newRow("same process") << true;
    QTest::newRow("another client") << false;
}

void TestStoreContract::awaitEndsWithCommit()
{
    QFETCH(bool, sameObject);
    const auto other = another();
    Store& holder = sameObject ? *m_store : *other;
    Commit commit = sampleCommit(sampleFingerprint(QStringLiteral("a")));
    commit.lockToken = newId();
    const QString fingerprint = commit.entry.meta.fingerprint;
    QVERIFY(await(holder.tryLock(fingerprint, commit.lockToken, lockTime)));
    std::vector<QCoro::Task<QString>> waiters;
    for (int i = 0; i < 3; ++i)
        waiters.push_back(m_store->awaitUnlock(fingerprint, forever, {}));
    await(m_store->status());
    for (const auto& waiter : waiters)
        QVERIFY(!waiter.isReady());
    await(holder.commit(commit));
    for (auto& waiter : waiters)
        QCOMPARE(await(waiter), QString());
    QVERIFY(await(m_store->lookup(fingerprint)));
}

void TestStoreContract::awaitLearnsTheFailure_data()
{
    awaitEndsWithCommit_data();
}

void TestStoreContract::awaitLearnsTheFailure()
{
    QFETCH(bool, sameObject);
    const auto other = another();
    Store& holder = sameObject ? *m_store : *other;
    const QString fingerprint = sampleFingerprint(QStringLiteral("a"));
    const QString token = newId();
    const QString failure = QString::fromUtf8("The key of \"anthropic\" was refused – 401 🦀");
    QVERIFY(await(holder.tryLock(fingerprint, token, lockTime)));
    auto waiter = m_store->awaitUnlock(fingerprint, forever, {});
    await(m_store->status());
    await(holder.unlock(fingerprint, newId(), QStringLiteral("not the holder")));
    await(m_store->status());
    QVERIFY(!waiter.isReady());
    await(holder.unlock(fingerprint, token, failure));
    QCOMPARE(await(waiter), failure);
    // The failure is for those who waited then, not for the next.
    QVERIFY(await(holder.tryLock(fingerprint, newId(), 30ms)));
    QCOMPARE(await(m_store->awaitUnlock(fingerprint, forever, {})), QString());
}

void TestStoreContract::awaitEndsWhenTheLockExpires()
{
    const QString fingerprint = sampleFingerprint(QStringLiteral("a"));
    QVERIFY(await(another()->tryLock(fingerprint, newId(), 200ms)));
    QCOMPARE(await(m_store->awaitUnlock(fingerprint, forever, {})), QString());
    QVERIFY(await(m_store->tryLock(fingerprint, newId(), lockTime)));
}

void TestStoreContract::awaitTimesOut()
{
    const QString fingerprint = sampleFingerprint(QStringLiteral("a"));
    const QString token = newId();
    QVERIFY(await(m_store->tryLock(fingerprint, token, lockTime)));
    QCOMPARE(await(m_store->awaitUnlock(fingerprint, 30ms, {})), QString());
    QVERIFY(await(m_store->renewLock(fingerprint, token, lockTime)));
}

void TestStoreContract::awaitCanBeStopped()
{
    const QString fingerprint = sampleFingerprint(QStringLiteral("a"));
    QVERIFY(await(m_store->tryLock(fingerprint, newId(), lockTime)));
    std::stop_source stop;
    auto waiter = m_store->awaitUnlock(fingerprint, forever, stop.get_token());
    await(m_store->status());
    QVERIFY(!waiter.isReady());
    stop.request_stop();
    QVERIFY_EXCEPTION_THROWN(await(waiter), Cancelled);
    QVERIFY_EXCEPTION_THROWN(await(m_store->awaitUnlock(fingerprint, forever, stop.get_token())), Cancelled);
}

// --- agents

void TestStoreContract::cooldownsAreExtendedOnly()
{
    const auto store = m_factory->make(QStringLiteral("default"));
    const auto other = m_factory->make(QStringLiteral("default"));
    const auto elsewhere = m_factory->make(QStringLiteral("elsewhere"));
    const QString key = QStringLiteral("openai");
    QCOMPARE(await(store->cooldown(key)).left, 0ms);
    await(store->extendCooldown(key, QStringLiteral("a"), 60s));
    await(other->extendCooldown(key, QStringLiteral("b"), 5s));
    Cooldown cooldown = await(other->cooldown(key));
    QCOMPARE(cooldown.publisher, QStringLiteral("a"));
    QVERIFY(cooldown.left > 30s && cooldown.left <= 60s);
    await(other->extendCooldown(key, QStringLiteral("b"), 300s));
    cooldown = await(store->cooldown(key));
    QCOMPARE(cooldown.publisher, QStringLiteral("b"));
    QVERIFY(cooldown.left > 60s && cooldown.left <= 300s);
    QCOMPARE(await(store->cooldown(QStringLiteral("another"))).left, 0ms);
    QCOMPARE(await(elsewhere->cooldown(key)).left, 0ms);
    // It is no lock of an entry.
    QVERIFY(await(store->tryLock(key, QStringLiteral("t"), 1s)));
}

void TestStoreContract::agentsCompareAndSet()
{
    Agent agent;
    agent.name = QString::fromUtf8("Zürich's \"agent\" {x}:*");
    agent.model = QStringLiteral("anthropic:claude-haiku-4-5");
    agent.systemPrompt = SystemPrompt(QStringList{QStringLiteral("one"), QStringLiteral("two")});
    agent.output = OutputType::json(QStringLiteral("Profile"), Json{{"type", "object"}});
    agent.settings.temperature = 0.2;
    QVERIFY(!await(m_store->loadAgent(agent.name)));
    const StoredAgent first = await(m_store->saveAgent(agent, 0, QStringLiteral("ada"), 1'000));
    QCOMPARE(first.revision, 1);
    QCOMPARE(first.savedBy, QStringLiteral("ada"));
    QCOMPARE(first.savedMs, 1'000);

    Agent changed = agent;
    changed.instructions = QStringLiteral("be brief");
    QVERIFY_EXCEPTION_THROWN(await(m_store->saveAgent(changed, 0, QStringLiteral("bob"), 2'000)), CacheError);
    QVERIFY_EXCEPTION_THROWN(await(m_store->saveAgent(changed, 7, QStringLiteral("bob"), 2'000)), CacheError);
    QVERIFY(await(m_store->loadAgent(agent.name))->agent == agent);
    QCOMPARE(await(another()->saveAgent(changed, 1, QStringLiteral("bob"), 2'000)).revision, 2);
    const auto loaded = await(m_store->loadAgent(agent.name));
    QVERIFY(loaded->agent == changed);
    QCOMPARE(loaded->revision, 2);
    QCOMPARE(loaded->savedBy, QStringLiteral("bob"));
    QCOMPARE(await(m_store->saveAgent(agent, -1, QStringLiteral("eve"), 3'000)).revision, 3);
    QVERIFY(await(m_store->loadAgent(agent.name))->agent == agent);
}

void TestStoreContract::everySaveOfAnAgentIsKept()
{
    Agent agent;
    agent.name = QStringLiteral("prüfer: {a}");
    agent.model = QStringLiteral("test:echo");
    for (int save = 1; save <= 3; ++save) {
        agent.instructions = QStringLiteral("version %1").arg(save);
        const QString by = save == 2 ? QStringLiteral("ben") : QStringLiteral("ana");
        await(m_store->saveAgent(agent, save - 1, by, 1000 * save));
    }
    const auto versions = await(agentVersions(m_store.get(), agent.name, 3));
    QCOMPARE(versions.size(), std::size_t(3));
    QCOMPARE(versions[0].revision, 3);
    QCOMPARE(versions[1].savedBy, QStringLiteral("ben"));
    QCOMPARE(versions[1].savedMs, 2000);
    QCOMPARE(versions[2].agent.instructions, QStringLiteral("version 1"));
    QCOMPARE(versions[2].agent.name, agent.name);
    // They are no agents of their own, and one that was deleted can still be had.
    QCOMPARE(await(m_store->listAgents()).size(), std::size_t(1));
    QVERIFY(await(m_store->removeAgent(agent.name)));
    QVERIFY(await(m_store->listAgents()).empty());
    QCOMPARE(await(agentVersions(m_store.get(), agent.name, 3)).size(), std::size_t(3));
    // One that is made again does not write over them.
    Agent other = agent;
    other.name += QStringLiteral("2");
    await(m_store->saveAgent(other, 0, {}, 1));
    QCOMPARE(await(m_store->saveAgent(agent, 0, QStringLiteral("ana"), 4000)).revision, 4);
    QCOMPARE(await(agentVersions(m_store.get(), agent.name, 4)).size(), std::size_t(4));
    agent.name = agentVersionName(agent.name, 3);
    QVERIFY_EXCEPTION_THROWN(await(m_store->saveAgent(agent, 0, {}, 1)), CacheError);
}

void TestStoreContract::agentsAreListedAndRemoved()
{
    QCOMPARE(await(m_store->listAgents()).size(), 0U);
    for (const char* name : {"beta", "alpha", "gamma"}) {
        Agent agent;
        agent.name = QString::fromLatin1(name);
        agent.model = QStringLiteral("test:x");
        await(m_store->saveAgent(agent, -1, QStringLiteral("ada"), 1));
    }
    QStringList names;
    const auto agents = await(m_store->listAgents());
    for (const StoredAgent& stored : agents)
        names.append(stored.agent.name);
    names.sort();
    QCOMPARE(names, (QStringList{QStringLiteral("alpha"), QStringLiteral("beta"), QStringLiteral("gamma")}));
    QVERIFY(await(m_store->removeAgent(QStringLiteral("beta"))));
    QVERIFY(!await(m_store->removeAgent(QStringLiteral("beta"))));
    QVERIFY(!await(m_store->loadAgent(QStringLiteral("beta"))));
    QCOMPARE(await(m_store->listAgents()).size(), 2U);
    Agent stale;
    stale.name = QStringLiteral("beta");
    stale.model = QStringLiteral("test:x");
    QVERIFY_EXCEPTION_THROWN(await(m_store->saveAgent(stale, 1, QString(), 1)), CacheError);
}

// --- ledger

void TestStoreContract::callComesBackUnchanged()
{
    Call call = sampleCall();
    Call bare;
    bare.id = newId();
    bare.timeMs = call.timeMs - 1;
    bare.outcome = Outcome::Failed;
    bare.error = QStringLiteral("provider");
    QCOMPARE(await(m_store->recordCalls({call, bare})), 2);
    const auto calls = await(another()->listCalls({}));
    QCOMPARE(calls.size(), 2U);
    QCOMPARE(toPrettyJsonText(toJson(calls[0])), toPrettyJsonText(toJson(call)));
    QCOMPARE(toPrettyJsonText(toJson(calls[1])), toPrettyJsonText(toJson(bare)));
    QVERIFY(!calls[1].cost);
}

void TestStoreContract::callsAreRecordedOnce()
{
    const Call call = sampleCall();
    const Call second = sampleCall();
    QCOMPARE(await(m_store->recordCalls({})), 0);
    QCOMPARE(await(m_store->recordCalls({call, call})), 1);
    QCOMPARE(await(another()->recordCalls({call, second})), 1);
    Call changed = call;
    changed.cost = Money::fromPicodollars(1);
    changed.task = QStringLiteral("other");
    QCOMPARE(await(m_store->recordCalls({changed})), 0);
    const CostReport report = await(m_store->costs({}));
    QCOMPARE(report.total.calls, 2);
    QCOMPARE(report.total.cost, *call.cost + *second.cost);
    QCOMPARE(await(m_store->listCalls({})).size(), 2U);
}

void TestStoreContract::sumsOfManyCallsAtOnceAreExact()
{
    // Beyond what a double holds, in one hour, more than one script takes.
    constexpr qint64 odd = 9'007'199'254'740'993;
    CostQuery byTask;
    byTask.groupBy = {Dimension::Task};
    CostAccumulator expected(byTask);
    std::vector<Call> calls;
    for (int i = 0; i < 900; ++i) {
        Call call = sampleCall();
        call.task = QStringLiteral("task %1").arg(i % 3);
        call.cost = Money::fromPicodollars(i % 3 == 2 ? -1'000'000'007 - i : odd + i);
        call.avoided = Money::fromPicodollars(i % 7 == 0 ? -odd : 999'999'999 + i);
        calls.push_back(call);
        expected.add(call);
    }
    QCOMPARE(await(m_store->recordCalls({calls.begin(), calls.begin() + 10})), 10);
    QCOMPARE(await(m_store->recordCalls(calls)), 890);
    const CostReport report = await(m_store->costs(byTask));
    QCOMPARE(describe(report), describe(expected.report()));
    QCOMPARE(report.total.calls, 900);
}

void TestStoreContract::hitsAreCountedOnEntries()
{
    const Commit commit = sampleCommit(sampleFingerprint(QStringLiteral("a")));
    const QString fingerprint = commit.entry.meta.fingerprint;
    await(m_store->commit(commit));
    Call hit = sampleCall();
    hit.outcome = Outcome::Hit;
    hit.fingerprint = fingerprint;
    hit.timeMs = 1'795'400'000'000;
    Call shared = hit;
    shared.id = newId();
    shared.outcome = Outcome::Shared;
    shared.timeMs -= 5'000;
    Call miss = hit;
    miss.id = newId();
    miss.outcome = Outcome::Miss;
    miss.timeMs += 5'000;
    Call elsewhere = hit;
    elsewhere.id = newId();
    elsewhere.fingerprint = sampleFingerprint(QStringLiteral("not stored"));
    await(m_store->recordCalls({hit, shared, miss, elsewhere}));
    await(m_store->recordCalls({hit}));
    const auto entry = await(m_store->lookup(fingerprint));
    QCOMPARE(entry->meta.hits, 2);
    QCOMPARE(entry->meta.lastUsedMs, hit.timeMs);
    QCOMPARE(entry->meta.revision, 1);
    QVERIFY(entry->meta.expiresMs);
    QVERIFY(!await(m_store->lookup(elsewhere.fingerprint)));
    const EntryPage page = await(m_store->listEntries({}, 10));
    QCOMPARE(page.rows.size(), 1U);
    QCOMPARE(page.rows[0].hits, 2);
    QCOMPARE(page.rows[0].lastUsedMs, hit.timeMs);
}

void TestStoreContract::costsAgreeWithTheAccumulator_data()
{
    QTest::addColumn<QByteArray>("zone");
    // Daylight saving time begins or ends within the ledger for Los Angeles and Lord Howe (by half an hour).
    QTest::addColumn<qint64>("fromMs");
    QTest::newRow("UTC") << QByteArray("UTC") << qint64{1'795'392'000'000};
    QTest::newRow("Los Angeles, autumn") << QByteArray("America/Los_Angeles") << qint64{1'793'491'200'000};
    QTest::newRow("Los Angeles, spring") << QByteArray("America/Los_Angeles") << qint64{1'772'841'600'000};
    QTest::newRow("Kolkata") << QByteArray("Asia/Kolkata") << qint64{1'795'392'000'000};
    QTest::newRow("Kathmandu") << QByteArray("Asia/Kathmandu") << qint64{1'795'392'000'000};
    QTest::newRow("Lord Howe, spring") << QByteArray("Australia/Lord_Howe") << qint64{1'790'985'600'000};
}

void TestStoreContract::costsAgreeWithTheAccumulator()
{
    QFETCH(QByteArray, zone);
    QFETCH(qint64, fromMs);
    constexpr qint64 spanMs = qint64{3} * 24 * 3'600'000;
    const std::vector<Call> ledger = randomLedger(4711, 300, fromMs, spanMs);
    // In batches, and the first twice.
    await(m_store->recordCalls({ledger.begin(), ledger.begin() + 100}));
    await(m_store->recordCalls(ledger));

    const std::vector<std::vector<Dimension>> groupings{{}, {Dimension::Model}, {Dimension::Provider},
        {Dimension::Task, Dimension::Model}, {Dimension::User}, {Dimension::Agent}, {Dimension::Outcome},
        {Dimension::Hour}, {Dimension::Day, Dimension::Task}, {Dimension::Month, Dimension::Provider},
        {Dimension::Model, Dimension::Day}};
    const std::vector<std::pair<qint64, qint64>> ranges{{0, std::numeric_limits<qint64>::max()},
        {fromMs + 24 * 3'600'000, fromMs + 48 * 3'600'000}, {fromMs + 1'234'567, fromMs + spanMs - 7'654'321},
        {fromMs + 600'000, fromMs + 1'800'000}, {fromMs, fromMs}, {fromMs + spanMs, fromMs}};
    const std::vector<std::vector<std::pair<Dimension, QStringList>>> filters{{},
        {{Dimension::Provider, {QStringLiteral("openai"), QStringLiteral("bare")}}},
        {{Dimension::Task, {QStringLiteral("task 1"), QStringLiteral("task 2")}},
            {Dimension::Outcome, {QStringLiteral("miss"), QStringLiteral("hit")}}},
        {{Dimension::User, {QStringLiteral("nobody")}}}};
    for (const auto& groupBy : groupings) {
        for (const auto& [from, to] : ranges) {
            for (const auto& filter : filters) {
                CostQuery query;
                query.fromMs = from;
                query.toMs = to;
                query.groupBy = groupBy;
                query.timeZone = zone;
                query.filters = filter;
                CostAccumulator accumulator(query);
                for (const Call& call : ledger)
                    accumulator.add(call);
                QCOMPARE(describe(await(m_store->costs(query))), describe(accumulator.report()));
            }
        }
    }
}

void TestStoreContract::costsOfNothing()
{
    CostQuery query;
    query.groupBy = {Dimension::Model};
    const CostReport report = await(m_store->costs(query));
    QCOMPARE(report.rows.size(), 0U);
    QCOMPARE(report.total, CostSums());
}

void TestStoreContract::costsRefuseUnknownZones()
{
    CostQuery query;
    query.groupBy = {Dimension::Day};
    query.timeZone = "Mars/Olympus_Mons";
    QVERIFY_EXCEPTION_THROWN(await(m_store->costs(query)), ConfigurationError);
}

void TestStoreContract::listsCallsNewestFirst()
{
    std::vector<Call> ledger = randomLedger(7, 60, 1'795'392'000'000, 36'000'000);
    await(m_store->recordCalls(ledger));
    std::sort(ledger.begin(), ledger.end(),
        [](const Call& left, const Call& right) { return left.timeMs > right.timeMs; });
    CallQuery query;
    query.limit = 25;
    const auto newest = await(m_store->listCalls(query));
    QCOMPARE(newest.size(), 25U);
    for (std::size_t i = 0; i < newest.size(); ++i)
        QCOMPARE(newest[i].id, ledger[i].id);
    query.limit = 1000;
    query.fromMs = ledger[40].timeMs;
    query.toMs = ledger[10].timeMs;
    const auto middle = await(m_store->listCalls(query));
    QCOMPARE(middle.size(), 30U);
    QCOMPARE(middle.front().id, ledger[11].id);
    QCOMPARE(middle.back().id, ledger[40].id);
}

void TestStoreContract::filtersCalls()
{
    const std::vector<Call> ledger = randomLedger(8, 120, 1'795'392'000'000, 36'000'000);
    await(m_store->recordCalls(ledger));
    const auto count = [this](const std::vector<std::pair<Dimension, QStringList>>& filters) {
        CallQuery query;
        query.filters = filters;
        return static_cast<qint64>(await(m_store->listCalls(query)).size());
    };
    const auto expected = [&ledger](const auto& predicate) {
        return static_cast<qint64>(std::count_if(ledger.begin(), ledger.end(), predicate));
    };
    QCOMPARE(count({{Dimension::Provider, {QStringLiteral("openai")}}}),
        expected([](const Call& call) { return call.provider() == QLatin1String("openai"); }));
    QCOMPARE(count({{Dimension::Task, {QStringLiteral("task 1"), QStringLiteral("task 3")}},
                 {Dimension::Outcome, {QStringLiteral("failed")}}}),
        expected([](const Call& call) {
            return (call.task == QLatin1String("task 1") || call.task == QLatin1String("task 3"))
                && call.outcome == Outcome::Failed;
        }));
    QCOMPARE(count({{Dimension::Agent, {QString()}}}),
        expected([](const Call& call) { return call.agent.isEmpty(); }));
    QCOMPARE(count({{Dimension::User, {QStringLiteral("nobody")}}}), 0);

    Call marked = sampleCall();
    marked.fingerprint = sampleFingerprint(QStringLiteral("marked"));
    await(m_store->recordCalls({marked}));
    CallQuery query;
    query.fingerprint = marked.fingerprint;
    const auto found = await(m_store->listCalls(query));
    QCOMPARE(found.size(), 1U);
    QCOMPARE(found[0].id, marked.id);
}

void TestStoreContract::reportsAgreeWithTheSummary_data()
{
    costsAgreeWithTheAccumulator_data();
}

void TestStoreContract::reportsAgreeWithTheSummary()
{
    QFETCH(QByteArray, zone);
    QFETCH(qint64, fromMs);
    constexpr qint64 spanMs = qint64{3} * 24 * 3'600'000;
    const std::vector<Call> ledger = labelledLedger(4712, 300, fromMs, spanMs);
    await(m_store->recordCalls({ledger.begin(), ledger.begin() + 100}));
    await(m_store->recordCalls(ledger));

    const std::vector<std::vector<Dimension>> groupings{{}, {Dimension::Model},
        {Dimension::Provider, Dimension::Day}, {Dimension::Task, Dimension::User},
        {Dimension::Agent, Dimension::Host}, {Dimension::Outcome}, {Dimension::Minute},
        {Dimension::Hour, Dimension::Model}, {Dimension::Week, Dimension::Tag},
        {Dimension::Month, Dimension::Task}};
    const std::vector<std::pair<qint64, qint64>> ranges{{0, std::numeric_limits<qint64>::max()},
        {fromMs + 24 * 3'600'000, fromMs + 48 * 3'600'000}, {fromMs + 1'234'567, fromMs + spanMs - 7'654'321},
        {0, std::numeric_limits<qint64>::max()}, {fromMs + spanMs, fromMs}};
    const std::vector<std::vector<std::pair<Dimension, QStringList>>> filters{{},
        {{Dimension::Provider, {QStringLiteral("openai"), QStringLiteral("bare")}}},
        {{Dimension::Task, {QStringLiteral("task 1")}},
            {Dimension::Outcome, {QStringLiteral("miss"), QStringLiteral("hit")}}},
        {{Dimension::Tag, {QStringLiteral("tag 1")}}, {Dimension::Host, {QStringLiteral("host 0")}}},
        {{Dimension::Tag, {QString()}}}, {{Dimension::User, {QStringLiteral("nobody")}}}};
    std::size_t number = 0;
    for (const auto& groupBy : groupings) {
        for (const auto& [from, to] : ranges) {
            LedgerQuery query;
            query.selection.fromMs = from;
            query.selection.toMs = to;
            query.selection.filters = filters[number++ % filters.size()];
            query.groupBy = groupBy;
            query.timeZone = zone;
            query.distributions = groupBy.size() < 2;
            if (groupBy.size() == 2 && !isTimeDimension(groupBy[1]))
                query.top = {{groupBy[1], 2, Measure::Calls}};
            QCOMPARE(describe(await(m_store->report(query))), describe(reportOfCalls(ledger, query)));
        }
    }
    LedgerQuery one;
    one.selection.fingerprint = ledger[7].fingerprint;
    QCOMPARE(await(m_store->report(one)).total.sums.calls(), 1);
}

void TestStoreContract::reportsOfNothing()
{
    LedgerQuery query;
    query.groupBy = {Dimension::Model, Dimension::Day};
    const LedgerReport report = await(m_store->report(query));
    QCOMPARE(report.rows.size(), 0U);
    QCOMPARE(report.total.sums, LedgerSums());
    QCOMPARE(report.firstMs, 0);
}

void TestStoreContract::reportsRefuseUnknownZones()
{
    LedgerQuery query;
    query.timeZone = "Mars/Olympus_Mons";
    QVERIFY_EXCEPTION_THROWN(await(m_store->report(query)), ConfigurationError);
    query.timeZone = "UTC";
    query.selection.filters = {{Dimension::Day, {QStringLiteral("2026-11-23")}}};
    QVERIFY_EXCEPTION_THROWN(await(m_store->report(query)), ConfigurationError);
}

void TestStoreContract::pagesHaveEveryCallOnce_data()
{
    QTest::addColumn<int>("limit");
    QTest::addColumn<QString>("tag"); // of the filter
    for (const int limit : {1, 7, 60, 61, 1000}) {
        QTest::addRow("%d", limit) << limit << QString();
        QTest::addRow("%d, filtered", limit) << limit << QStringLiteral("tag 1");
    }
}

void TestStoreContract::pagesHaveEveryCallOnce()
{
    QFETCH(int, limit);
    QFETCH(QString, tag);
    // Over several hours, and with many at the same time.
    std::vector<Call> ledger = labelledLedger(77, 61, 1'795'392'000'000, 20'000'000);
    for (Call& call : ledger)
        call.timeMs -= call.timeMs % 1'000'000;
    await(m_store->recordCalls(ledger));
    CallPageQuery query;
    query.limit = limit;
    query.selection.toMs = 1'795'392'000'000 + 18'000'001;
    if (!tag.isEmpty())
        query.selection.filters = {{Dimension::Tag, {tag}}};
    std::vector<Call> expected;
    std::copy_if(ledger.begin(), ledger.end(), std::back_inserter(expected),
        [&query](const Call& call) { return accepts(query.selection, call); });
    std::sort(expected.begin(), expected.end(), comesBefore);
    QStringList expectedIds;
    for (const Call& call : expected)
        expectedIds.append(call.id);
    QVERIFY(expectedIds.size() > 10);
    QStringList found;
    do {
        const CallPage page = await(m_store->callPage(query));
        QVERIFY(page.calls.size() <= static_cast<std::size_t>(limit));
        for (const Call& call : page.calls)
            found.append(call.id);
        query.cursor = page.cursor;
    } while (!query.cursor.isEmpty() && found.size() < 100);
    QCOMPARE(found, expectedIds);
}

void TestStoreContract::pagesStayWhileCallsArrive()
{
    const std::vector<Call> ledger = randomLedger(78, 40, 1'795'392'000'000, 20'000'000);
    await(m_store->recordCalls(ledger));
    CallPageQuery query;
    query.limit = 15;
    const CallPage first = await(m_store->callPage(query));
    Call newer = sampleCall();
    newer.timeMs = 1'795'392'000'000 + 30'000'000;
    Call asOld = sampleCall(); // late, and on a page that was read
    asOld.timeMs = first.calls[3].timeMs;
    await(m_store->recordCalls({newer, asOld}));
    query.cursor = first.cursor;
    query.limit = 100;
    const CallPage second = await(m_store->callPage(query));
    QCOMPARE(second.calls.size(), 25U);
    QVERIFY(second.cursor.isEmpty());
    QVERIFY(second.calls.front().timeMs <= first.calls.back().timeMs);
}

void TestStoreContract::pagesRefuseForeignCursors()
{
    CallPageQuery query;
    query.cursor = "no cursor";
    QVERIFY_EXCEPTION_THROWN(await(m_store->callPage(query)), CacheError);
}

// --- workspaces

void TestStoreContract::workspacesAreApart_data()
{
    QTest::addColumn<QString>("name");
    QTest::newRow("empty-looking") << QStringLiteral(" ");
    QTest::newRow("star") << QStringLiteral("*");
    QTest::newRow("glob") << QStringLiteral("[a-z0-9-]?*");
    QTest::newRow("separator") << QStringLiteral("a:entry:{b}");
    QTest::newRow("braces") << QStringLiteral("{tag}");
    QTest::newRow("quotes") << QStringLiteral("it's \"quoted\" \\ `");
    QTest::newRow("percent") << QStringLiteral("%_%");
    QTest::newRow("NUL") << QString(QStringLiteral("a") + QChar(0) + QStringLiteral("b"));
    QTest::newRow("line end") << QStringLiteral("a\r\nb");
    QTest::newRow("Unicode") << QString::fromUtf8("作業場 🦀");
}

void TestStoreContract::workspacesAreApart()
{
    QFETCH(QString, name);
    const QString fingerprint = sampleFingerprint(QStringLiteral("a"));
    const auto strange = m_factory->make(m_workspace + name);
    // A lock of its own, an entry, an agent, a call.
    await(strange->commit(sampleCommit(fingerprint, QStringLiteral("strange"))));
    QVERIFY(await(strange->tryLock(fingerprint, newId(), lockTime)));
    Agent agent;
    agent.name = QStringLiteral("agent");
    agent.model = QStringLiteral("test:x");
    await(strange->saveAgent(agent, 0, QString(), 1));
    const Call call = sampleCall();
    QCOMPARE(await(strange->recordCalls({call})), 1);

    QVERIFY(!await(m_store->lookup(fingerprint)));
    QCOMPARE(listAll(10), QStringList());
    QCOMPARE(await(m_store->resolveFingerprint(fingerprint.first(6), 10)), QStringList());
    QCOMPARE(await(m_store->removeEntries({fingerprint})), 0);
    QVERIFY(await(m_store->tryLock(fingerprint, newId(), lockTime)));
    QCOMPARE(await(m_store->listAgents()).size(), 0U);
    QVERIFY(!await(m_store->removeAgent(agent.name)));
    QCOMPARE(await(m_store->listCalls({})).size(), 0U);
    QCOMPARE(await(m_store->costs({})).total.calls, 0);
    QCOMPARE(await(m_store->recordCalls({call})), 1); // ids are one workspace's

    const auto again = m_factory->make(m_workspace + name);
    QCOMPARE(outputText(await(again->lookup(fingerprint))->output), QStringLiteral("strange"));
    const EntryPage page = await(again->listEntries({}, 100));
    QCOMPARE(page.rows.size(), 1U);
    QCOMPARE(await(again->listAgents()).size(), 1U);
    QCOMPARE(await(again->listCalls({})).size(), 1U);
    QCOMPARE(await(again->resolveFingerprint(fingerprint.first(6), 10)), QStringList{fingerprint});
}

void TestStoreContract::workspaceNamesAreBounded()
{
    QVERIFY_EXCEPTION_THROWN(m_factory->make(QString()), ConfigurationError);
    QVERIFY_EXCEPTION_THROWN(m_factory->make(QString(201, QLatin1Char('w'))), ConfigurationError);
    const auto longest = m_factory->make(QString(200, QChar(0x754c)));
    QCOMPARE(await(longest->listEntries({}, 10)).rows.size(), 0U);
}

LLMCACHE_TEST_MAIN(TestStoreContract)
#include "tst_storecontract.moc"
