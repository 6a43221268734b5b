#include "base/error.h"
#include "store/agentversions.h"
#include "storecontracttest.h"

using namespace llmcache;
using namespace llmcache::test;
using namespace std::chrono_literals;

namespace {

constexpr std::chrono::milliseconds lockTime = 5min;

} // namespace

/// What every store does with entries and agents, whatever it is made of. Each function runs once a kind of
/// store.
class TestStoreContract final : public StoreContractTest {
    Q_OBJECT
private Q_SLOTS:
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
    void imagesAreListedAsRowsAre();
    void refusesForeignCursor();
    void resolvesPrefixes();
    void largeAndStrangeValues_data();
    void largeAndStrangeValues();
    void manyInFlight();
    void agentsCompareAndSet();
    void agentsAreListedAndRemoved();
    void everySaveOfAnAgentIsKept();
    void workspacesAreApart_data();
    void workspacesAreApart();
    void workspaceNamesAreBounded();

private:
    QStringList listAll(int pageSize);
};

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

/// And whoever lists may go on with either.
void TestStoreContract::imagesAreListedAsRowsAre()
{
    constexpr int count = 95;
    QSet<QString> expected;
    for (int i = 0; i < count; ++i) {
        const QString fingerprint = sampleFingerprint(QString::number(i));
        Commit commit = sampleCommit(fingerprint, QStringLiteral("answer %1").arg(i));
        commit.ttl = i % 2 == 0 ? std::optional(3600s) : std::nullopt;
        await(m_store->commit(commit));
        expected.insert(fingerprint);
    }
    const QString gone = sampleFingerprint(QStringLiteral("gone"));
    await(m_store->commit(sampleCommit(gone)));
    EntryChange expire;
    expire.kind = EntryChange::Kind::Update;
    expire.fingerprint = gone;
    expire.expectedRevision = 1;
    expire.setsExpiry = true;
    expire.expiresMs = QDateTime::currentMSecsSinceEpoch() - 1;
    await(m_store->changeEntries({expire}));
    const auto elsewhere = m_factory->make(m_workspace + QStringLiteral("-other"));
    await(elsewhere->commit(sampleCommit(sampleFingerprint(QStringLiteral("elsewhere")))));

    QSet<QString> found;
    QByteArray cursor;
    qint64 scanned = 0;
    for (int step = 0; step == 0 || !cursor.isEmpty(); ++step) {
        QVERIFY(step < 1000);
        QStringList part;
        if (step % 3 == 1) {
            const EntryPage page = await(m_store->listEntries(cursor, 10));
            for (const EntryMeta& row : page.rows)
                part.append(row.fingerprint);
            cursor = page.cursor;
            scanned = page.scanned;
        } else {
            const ImagePage page = await(m_store->listImages(cursor, 10));
            QVERIFY(page.scanned >= scanned);
            QVERIFY(page.images.size() <= 10U);
            for (const EntryImage& image : page.images) {
                const std::vector<EntryImage> read = await(m_store->readImages({image.fingerprint}));
                QCOMPARE(read.size(), 1U);
                QCOMPARE(image, read.front());
                part.append(image.fingerprint);
            }
            cursor = page.cursor;
            scanned = page.scanned;
        }
        for (const QString& fingerprint : std::as_const(part)) {
            QVERIFY(!found.contains(fingerprint));
            found.insert(fingerprint);
        }
    }
    QCOMPARE(found, expected);
}

void TestStoreContract::refusesForeignCursor()
{
    await(m_store->commit(sampleCommit(sampleFingerprint(QStringLiteral("a")))));
    QVERIFY_EXCEPTION_THROWN(await(m_store->listEntries("no cursor", 10)), CacheError);
    QVERIFY_EXCEPTION_THROWN(await(m_store->listImages("no cursor", 10)), CacheError);
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
