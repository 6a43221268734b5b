#include "base/error.h"
#include "storecontracttest.h"

using namespace llmcache;
using namespace llmcache::test;
using namespace std::chrono_literals;

namespace {

/// Beyond the time limit of the test: who waits for it has failed.
constexpr std::chrono::milliseconds forever = 10min;
constexpr std::chrono::milliseconds lockTime = 5min;

} // namespace

/// Locks, those who wait for them, and cooldowns, in every kind of store.
class TestLockContract final : public StoreContractTest {
    Q_OBJECT
private Q_SLOTS:
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
};

void TestLockContract::lockHasOneHolder()
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

void TestLockContract::lockExpires()
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

void TestLockContract::commitReleasesTheLock()
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

void TestLockContract::oneOfManyTakesTheLock()
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

void TestLockContract::awaitWithoutLockReturns()
{
    QCOMPARE(await(m_store->awaitUnlock(sampleFingerprint(QStringLiteral("a")), forever, {})), QString());
}

void TestLockContract::awaitEndsWithCommit_data()
{
    QTest::addColumn<bool>("sameObject");
    QTest::newRow("same process") << true;
    QTest::newRow("another client") << false;
}

void TestLockContract::awaitEndsWithCommit()
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

void TestLockContract::awaitLearnsTheFailure_data()
{
    awaitEndsWithCommit_data();
}

void TestLockContract::awaitLearnsTheFailure()
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

void TestLockContract::awaitEndsWhenTheLockExpires()
{
    const QString fingerprint = sampleFingerprint(QStringLiteral("a"));
    QVERIFY(await(another()->tryLock(fingerprint, newId(), 200ms)));
    QCOMPARE(await(m_store->awaitUnlock(fingerprint, forever, {})), QString());
    QVERIFY(await(m_store->tryLock(fingerprint, newId(), lockTime)));
}

void TestLockContract::awaitTimesOut()
{
    const QString fingerprint = sampleFingerprint(QStringLiteral("a"));
    const QString token = newId();
    QVERIFY(await(m_store->tryLock(fingerprint, token, lockTime)));
    QCOMPARE(await(m_store->awaitUnlock(fingerprint, 30ms, {})), QString());
    QVERIFY(await(m_store->renewLock(fingerprint, token, lockTime)));
}

void TestLockContract::awaitCanBeStopped()
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

void TestLockContract::cooldownsAreExtendedOnly()
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

LLMCACHE_TEST_MAIN(TestLockContract)
#include "tst_lockcontract.moc"
