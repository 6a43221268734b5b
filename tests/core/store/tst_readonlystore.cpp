#include "await.h"
#include "base/error.h"
#include "cache/session.h"
#include "fakeclock.h"
#include "scriptedprovider.h"
#include "store/pythonstore.h"
#include "store/readonlystore.h"
#include "store/spool.h"
#include "store/textindex.h"
#include "storefactory.h"
#include "storesamples.h"

#include <QDir>
#include <QTest>

using namespace llmcache;
using namespace llmcache::test;
using namespace std::chrono_literals;

namespace {

const QString workspace = QStringLiteral("default");

QString refusal(const std::function<void()>& call)
{
    try {
        call();
    } catch (const CacheError& error) {
        return error.text();
    }
    return {};
}

} // namespace

class TestReadOnlyStore : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void everyChangeIsRefused_data();
    void everyChangeIsRefused();
    void everythingIsRead_data();
    void everythingIsRead();
    void runsPayAndStoreNothing();
    void sessionLeavesTheSpoolAlone();
};

void TestReadOnlyStore::everyChangeIsRefused_data()
{
    QTest::addColumn<QString>("kind");
    for (const QString& kind : moreStoreKinds())
        QTest::newRow(qPrintable(kind)) << kind;
}

void TestReadOnlyStore::everyChangeIsRefused()
{
    QFETCH(QString, kind);
    QString missing;
    const auto factory = makeStoreFactory(kind, missing);
    if (!factory)
        QSKIP(qPrintable(missing));
    const auto writer = factory->make(workspace);
    const QString id = sampleFingerprint(QStringLiteral("a"));
    await(writer->commit(sampleCommit(id)));
    const Agent agent{.name = QStringLiteral("a"), .model = QStringLiteral("test:x")};
    await(writer->saveAgent(agent, 0, QStringLiteral("ana"), 1));

    const auto store = makeReadOnly(factory->make(workspace), QStringLiteral("Turn it off to allow that."));
    QVERIFY(store->isReadOnly());
    std::vector<std::pair<const char*, std::function<void()>>> calls{
        {"commit", [&] { await(store->commit(sampleCommit(id))); }},
        {"removeEntries", [&] { await(store->removeEntries({id})); }},
        {"changeEntries",
            [&] {
                std::vector<EntryChange> changes(1);
                changes.front().fingerprint = id;
                await(store->changeEntries(std::move(changes)));
            }},
        {"tryLock", [&] { await(store->tryLock(id, QStringLiteral("t"), 5s)); }},
        {"renewLock", [&] { await(store->renewLock(id, QStringLiteral("t"), 5s)); }},
        {"unlock", [&] { await(store->unlock(id, QStringLiteral("t"), {})); }},
        {"extendCooldown",
            [&] { await(store->extendCooldown(QStringLiteral("k"), QStringLiteral("p"), 5s)); }},
        {"saveAgent", [&] { await(store->saveAgent(agent, -1, QStringLiteral("ana"), 2)); }},
        {"removeAgent", [&] { await(store->removeAgent(QStringLiteral("a"))); }},
        {"recordCalls", [&] { await(store->recordCalls({sampleCall()})); }},
    };
    if (auto* const index = dynamic_cast<TextIndex*>(store.get()))
        calls.emplace_back("indexTexts", [index] { await(index->indexTexts()); });
    if (auto* const python = pythonStoreOf(store.get())) {
        const QStringList keys{QStringLiteral("pyai-cache:v3:") + id};
        calls.emplace_back("putForPython", [=] { await(python->putForPython(keys, "pickle", 5s)); });
        calls.emplace_back("rememberOrigin", [=] { await(python->rememberOrigin(keys, {}, 5s)); });
    }
    for (const auto& [name, call] : calls) {
        const QString text = refusal(call);
        QVERIFY2(text.contains(QLatin1String("read-only")), name);
        QVERIFY2(text.endsWith(QLatin1String("Turn it off to allow that.")), name);
    }
    QCOMPARE(await(writer->lookup(id))->meta.revision, qint64(1));
    QCOMPARE(await(writer->listAgents()).size(), std::size_t(1));
    QVERIFY(await(writer->listCalls({})).empty());
    QVERIFY(await(writer->tryLock(id, QStringLiteral("mine"), 5s)));
    await(writer->unlock(id, QStringLiteral("mine"), {}));
}

void TestReadOnlyStore::everythingIsRead_data()
{
    everyChangeIsRefused_data();
}

void TestReadOnlyStore::everythingIsRead()
{
    QFETCH(QString, kind);
    QString missing;
    const auto factory = makeStoreFactory(kind, missing);
    if (!factory)
        QSKIP(qPrintable(missing));
    const auto writer = factory->make(workspace);
    const QString id = sampleFingerprint(QStringLiteral("a"));
    await(writer->commit(sampleCommit(id)));
    await(writer->recordCalls({sampleCall()}));
    const Agent agent{.name = QStringLiteral("a"), .model = QStringLiteral("test:x")};
    await(writer->saveAgent(agent, 0, QStringLiteral("ana"), 1));

    const auto store = makeReadOnly(factory->make(workspace), {});
    QVERIFY(await(store->status()).connected);
    QCOMPARE(store->info().name, writer->info().name);
    QVERIFY(await(store->lookup(id)));
    QCOMPARE(await(store->listEntries({}, 100)).rows.size(), std::size_t(1));
    QCOMPARE(await(store->readImages({id})).size(), std::size_t(1));
    QCOMPARE(await(store->listImages({}, 100)).images.size(), std::size_t(1));
    QVERIFY(await(store->revisions(id)).empty());
    QCOMPARE(await(store->resolveFingerprint(id.left(8), 2)), QStringList{id});
    QCOMPARE(await(store->listAgents()).size(), std::size_t(1));
    QVERIFY(await(store->loadAgent(QStringLiteral("a"))));
    QCOMPARE(await(store->listCalls({})).size(), std::size_t(1));
    QCOMPARE(await(store->costs({})).total.calls, qint64(1));
    QVERIFY(await(store->cooldown(QStringLiteral("k"))).publisher.isEmpty());
    await(store->entryNews({}));
}

void TestReadOnlyStore::runsPayAndStoreNothing()
{
    SqliteFactory factory;
    const auto writer = factory.make(workspace);
    const auto store = makeReadOnly(factory.make(workspace), {});
    const QTemporaryDir folder;
    Spool spool(folder.filePath(QStringLiteral("spool")));
    ProviderRegistry providers(ProviderConfig{{}, [](const QString&) { return QString(); }});
    auto owned = std::make_unique<ScriptedProvider>();
    ScriptedProvider* const provider = owned.get();
    providers.setProvider(QStringLiteral("scripted"), std::move(owned));
    FakeClock clock;
    const Identity who{QStringLiteral("ana"), QStringLiteral("desk")};
    const Agent agent{.name = QStringLiteral("helper"), .model = QStringLiteral("scripted:model")};
    {
        Runner runner(*store, providers, clock, PriceTable::builtIn(), who, &spool);
        for (const CachePolicy policy : {CachePolicy::Use, CachePolicy::Refresh}) {
            provider->reply(QStringLiteral("Answer"));
            RunOptions options;
            options.cachePolicy = policy;
            int expenses = 0;
            options.expenseRecorder = [&expenses](const Call&) { ++expenses; };
            const RunResult result = await(runner.run(agent, QStringLiteral("Q"), options));
            QVERIFY(!result.cached());
            QVERIFY(!result.data().stored);
            QVERIFY2(result.warnings().join(u' ').contains(QLatin1String("read-only")),
                qPrintable(result.warnings().join(u' ')));
            QCOMPARE(expenses, 1);
        }
        await(runner.drain());
    }
    QCOMPARE(provider->requests(), 2);
    QCOMPARE(spool.pending(), qint64(0));
    QCOMPARE(await(writer->status()).entries, qint64(0));
    QVERIFY(await(writer->listCalls({})).empty());

    // What others stored is read.
    {
        Runner runner(*writer, providers, clock, PriceTable::builtIn(), who, &spool);
        provider->reply(QStringLiteral("Answer"));
        await(runner.run(agent, QStringLiteral("Q"), {}));
        await(runner.drain());
    }
    Runner runner(*store, providers, clock, PriceTable::builtIn(), who, &spool);
    const RunResult hit = await(runner.run(agent, QStringLiteral("Q"), {}));
    QVERIFY(hit.cached());
    QVERIFY(hit.warnings().isEmpty());
    await(runner.drain());
    QCOMPARE(await(writer->listCalls({})).size(), std::size_t(1));
}

void TestReadOnlyStore::sessionLeavesTheSpoolAlone()
{
    const QTemporaryDir folder;
    SessionConfig config;
    config.dataFolder = folder.path();
    config.connection.name = QStringLiteral("mine");
    config.connection.readOnly = true;
    Spool(folder.filePath(QStringLiteral("spool")))
        .add(openStore({}, workspace, folder.path())->info(), sampleCall());
    Session session(config);
    QVERIFY(session.isReadOnly());
    QCOMPARE(session.connection().name, QStringLiteral("mine"));
    QCOMPARE(await(session.replaySpool()), 0);
    QCOMPARE(session.spooled(), qint64(1));
    const QString text =
        refusal([&] { await(session.store().removeEntries({sampleFingerprint(QStringLiteral("a"))})); });
    QVERIFY2(text.contains(QLatin1String("\"mine\"")), qPrintable(text));
}

QTEST_GUILESS_MAIN(TestReadOnlyStore)
#include "tst_readonlystore.moc"
