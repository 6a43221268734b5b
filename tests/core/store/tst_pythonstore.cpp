#include "await.h"
#include "base/error.h"
#include "cache/bulkchange.h"
#include "cache/entryedit.h"
#include "cache/entrytransfer.h"
#include "store/entryid.h"
#include "store/pythonentry.h"
#include "store/pythonstore.h"
#include "storefactory.h"
#include "storesamples.h"
#include "testenvironment.h"

#include <QTest>

using namespace llmcache;
using namespace llmcache::test;

namespace {

/// CachedResult(output="hi", ...), as pyai-caching 0.4 stored it.
QByteArray storedPickle()
{
    return QByteArray::fromHex("80049545010000000000008c12707961695f63616368696e672e6167656e74948c0c436163686"
                               "564526573756c749493942981947d"
                               "94288c066f7574707574948c026869948c065f7573616765947d94288c0c696e7075745f746f6"
                               "b656e73944b0a8c1263616368655f"
                               "77726974655f746f6b656e73944b008c1163616368655f726561645f746f6b656e73944b008c0"
                               "d6f75747075745f746f6b656e7394"
                               "4d2c018c12696e7075745f617564696f5f746f6b656e73944b008c1763616368655f617564696"
                               "f5f726561645f746f6b656e73944b"
                               "008c136f75747075745f617564696f5f746f6b656e73944b008c0764657461696c73947d948c0"
                               "d6361636865645f746f6b656e7394"
                               "4a70110100738c087265717565737473944b018c0a746f6f6c5f63616c6c73944b00758c056d6"
                               "f64656c948c066770742d346f948c"
                               "04636f737494473f0797cc39ffd60f75622e");
}

QString keyNumber(int number)
{
    return u"pyai-cache:v3:"_qs + QString::number(number).rightJustified(64, u'0');
}

const QString oldKey = u"Agent(model=OpenAIModel(), name={x})|prompt with ünïcode"_qs;

} // namespace

/// Entries of pyai-caching in a Redis store, alone and in a cluster, where each key may be elsewhere.
class TestPythonStore : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void init();
    void keysAreTold();
    void theyAreReadByTheirKey_data() { kinds(); }
    void theyAreReadByTheirKey();
    void theFirstEntryThatIsThereIsFound_data() { kinds(); }
    void theFirstEntryThatIsThereIsFound();
    void theyAreListedAmongOurOwn_data() { kinds(); }
    void theyAreListedAmongOurOwn();
    void aDamagedOneIsListedAndSaysSo_data() { kinds(); }
    void aDamagedOneIsListedAndSaysSo();
    void whatTheyAnswerIsRemembered_data() { kinds(); }
    void whatTheyAnswerIsRemembered();
    void picklesAreVisited_data() { kinds(); }
    void picklesAreVisited();
    void theyHoldNoTags();
    void locksAreThoseOfPython_data() { kinds(); }
    void locksAreThoseOfPython();
    void changesAreOfTheBytesThatAreMeant_data() { kinds(); }
    void changesAreOfTheBytesThatAreMeant();
    void deletedOnesComeBackByteForByte_data() { kinds(); }
    void deletedOnesComeBackByteForByte();
    void anEditReplacesTheAnswerAlone_data() { kinds(); }
    void anEditReplacesTheAnswerAlone();
    void aLineOfAFileKeepsThePickle();
    void otherStoresAreNone();

private:
    static void kinds()
    {
        QTest::addColumn<QString>("kind");
        for (const char* kind : {"redis", "redis 6", "cluster"})
            QTest::newRow(kind) << QString::fromLatin1(kind);
    }
    PythonStore& python() { return *pythonStoreOf(m_store.get()); }
    void put(const QStringList& keys, const QByteArray& pickle = storedPickle(),
        std::optional<std::chrono::seconds> ttl = std::chrono::hours(1))
    {
        await(python().putForPython(keys, pickle, ttl));
    }
    std::vector<EntryMeta> rows()
    {
        std::vector<EntryMeta> all;
        QByteArray cursor;
        do {
            const EntryPage page = await(m_store->listEntries(cursor, 10));
            all.insert(all.end(), page.rows.begin(), page.rows.end());
            cursor = page.cursor;
        } while (!cursor.isEmpty());
        std::sort(all.begin(), all.end(), [](const EntryMeta& left, const EntryMeta& right) {
            return left.fingerprint < right.fingerprint;
        });
        return all;
    }
    QStringList listed()
    {
        QStringList ids;
        for (const EntryMeta& row : rows())
            ids.append(row.fingerprint);
        return ids;
    }

    std::map<QString, std::unique_ptr<StoreFactory>> m_factories;
    std::unique_ptr<Store> m_store;
};

void TestPythonStore::initTestCase()
{
    for (const char* kind : {"redis", "redis 6", "cluster"}) {
        QString missing;
        auto factory = makeStoreFactory(QString::fromLatin1(kind), missing);
        if (!factory)
            QSKIP(qUtf8Printable(missing));
        m_factories[QString::fromLatin1(kind)] = std::move(factory);
    }
}

void TestPythonStore::init()
{
    QString kind = u"redis"_qs;
    if (QTest::currentDataTag())
        kind = QString::fromLatin1(QTest::currentDataTag());
    m_store = m_factories.at(kind)->make(newId());
    // They belong to no workspace: what the test before left is seen here too.
    QStringList left;
    for (const EntryMeta& row : rows())
        left.append(row.fingerprint);
    await(m_store->removeEntries(left));
}

void TestPythonStore::keysAreTold()
{
    QVERIFY(isPythonKey(QStringView(keyNumber(1))));
    QVERIFY(isPythonKey(QStringView(oldKey)));
    QVERIFY(isPythonKey(QByteArrayView("v0.3.0|Agent(model=x)|prompt")));
    for (const char* other : {"pyai-cache:v3:", "pyai-cache:v3:12", "pyai-cache:v4:", "Agent(",
             "lock:pyai-cache:v3:", "agent", ""})
        QVERIFY2(!isPythonKey(QByteArrayView(other)), other);
    QVERIFY(!isPythonKey(QStringView(sampleFingerprint(u"x"_qs))));
    QVERIFY(isEntryId(sampleFingerprint(u"x"_qs)));
    QCOMPARE(shortEntryId(keyNumber(1)), u"v3:000000000000"_qs);
}

void TestPythonStore::theyAreReadByTheirKey()
{
    for (const QString& key : {keyNumber(1), oldKey}) {
        put({key});
        const std::optional<Entry> entry = await(m_store->lookup(key));
        QVERIFY(entry);
        QCOMPARE(entry->output, Json("hi"));
        QCOMPARE(entry->meta.fingerprint, key);
        QCOMPARE(entry->meta.model, u"gpt-4o"_qs);
        QVERIFY(entry->meta.python);
        QCOMPARE(entry->meta.usage.inputTokens, 10);
        QCOMPARE(entry->meta.usage.outputTokens, 300);
        QCOMPARE(entry->meta.revision, pythonRevision(storedPickle()));
        QVERIFY(entry->meta.cost);
        QVERIFY(entry->meta.expiresMs);
        QCOMPARE(entry->meta.createdMs, 0);
    }
    QVERIFY(!await(m_store->lookup(keyNumber(2))));
}

void TestPythonStore::theFirstEntryThatIsThereIsFound()
{
    const QString own = sampleFingerprint(u"own"_qs);
    put({keyNumber(2)});
    const QStringList ids{own, keyNumber(1), keyNumber(2)};
    QCOMPARE(await(python().lookupFirst(ids, EntryParts::Answer))->meta.fingerprint, keyNumber(2));
    // One that can't be read hides nothing.
    put({keyNumber(1)}, "no pickle");
    QCOMPARE(await(python().lookupFirst(ids, EntryParts::Answer))->meta.fingerprint, keyNumber(2));
    await(m_store->commit(sampleCommit(own)));
    QCOMPARE(await(python().lookupFirst(ids, EntryParts::Answer))->meta.fingerprint, own);
    QVERIFY(!await(python().lookupFirst({keyNumber(8), keyNumber(9)}, EntryParts::Answer)));
    QVERIFY_THROWS_EXCEPTION(
        CacheError, await(python().lookupFirst({keyNumber(8), keyNumber(1)}, EntryParts::All)));
}

void TestPythonStore::theyAreListedAmongOurOwn()
{
    QStringList ids{
        oldKey, u"v0.3.0|Agent(model=x)|prompt"_qs, u"pyai-cache:v2:"_qs + sampleFingerprint(u"second"_qs)};
    for (int number = 0; number < 50; ++number)
        ids.append(keyNumber(number));
    put(ids);
    for (int number = 0; number < 30; ++number) {
        const QString own = sampleFingerprint(QString::number(number));
        await(m_store->commit(sampleCommit(own)));
        ids.append(own);
    }
    // What is locked is not shown.
    QVERIFY(await(m_store->tryLock(keyNumber(1), u"token"_qs, std::chrono::seconds(10))));
    ids.sort();
    const QStringList found = listed();
    await(m_store->unlock(keyNumber(1), u"token"_qs, {}));
    QCOMPARE(found, ids);
    for (const EntryMeta& row : rows())
        QCOMPARE(row.python, isPythonKey(QStringView(row.fingerprint)));
}

void TestPythonStore::aDamagedOneIsListedAndSaysSo()
{
    put({keyNumber(1)}, storedPickle().left(40));
    put({keyNumber(2)});
    const std::vector<EntryMeta> all = rows();
    QCOMPARE(all.size(), std::size_t(2));
    QVERIFY(all[0].model.isEmpty());
    QVERIFY2(all[0].answerExcerpt.contains(u"pickle"_qs), qUtf8Printable(all[0].answerExcerpt));
    QCOMPARE(all[1].answerExcerpt, u"hi"_qs);
    QVERIFY_THROWS_EXCEPTION(CacheError, await(m_store->lookup(keyNumber(1))));
}

void TestPythonStore::whatTheyAnswerIsRemembered()
{
    put({keyNumber(1), keyNumber(2), oldKey});
    PythonOrigin origin;
    origin.agent = u"profiler"_qs;
    origin.task = u"make_profile"_qs;
    origin.request = Json{{"prompt", "Make a  profile"}, {"model", "gpt-4o"}};
    await(python().rememberOrigin({keyNumber(2), oldKey}, origin, std::nullopt));
    for (const EntryMeta& row : rows()) {
        const bool isKnown = row.fingerprint != keyNumber(1);
        QCOMPARE(row.agent, isKnown ? u"profiler"_qs : QString());
        QCOMPARE(row.task, isKnown ? u"make_profile"_qs : QString());
        QCOMPARE(row.promptExcerpt, isKnown ? u"Make a profile"_qs : QString());
        QCOMPARE(row.answerExcerpt, u"hi"_qs);
    }
    const std::optional<Entry> entry = await(m_store->lookup(keyNumber(2)));
    QCOMPARE(entry->request, origin.request);
    QCOMPARE(entry->meta.agent, u"profiler"_qs);
    QVERIFY(await(m_store->lookup(keyNumber(1)))->request.empty());
    // Others in the same database have another workspace.
    const auto elsewhere = m_factories.at(QString::fromLatin1(QTest::currentDataTag()))->make(newId());
    QVERIFY(await(elsewhere->lookup(keyNumber(2)))->meta.agent.isEmpty());
}

void TestPythonStore::picklesAreVisited()
{
    QStringList keys;
    constexpr int count = 40;
    for (int number = 0; number < count; ++number)
        keys.append(keyNumber(number));
    put(keys);
    put({keyNumber(count)}, QByteArray(1024 * 1024, 'x')); // too large to be looked at
    await(m_store->commit(sampleCommit(sampleFingerprint(u"own"_qs))));
    int seen = 0;
    await(python().visitPickles([&seen](const QByteArray& pickle) {
        seen += pickle == storedPickle() ? 1 : 1000;
        return true;
    }));
    QCOMPARE(seen, count);
    seen = 0;
    await(python().visitPickles([&seen](const QByteArray&) { return ++seen < 5; }));
    QCOMPARE(seen, 5);
}

void TestPythonStore::theyHoldNoTags()
{
    put({keyNumber(1)});
    BulkAction tag{BulkAction::Kind::AddTag};
    tag.tag = u"golden"_qs;
    BulkReport report = await(changeMany(m_store.get(), {{keyNumber(1), 0}}, tag, {}));
    QCOMPARE(report.unsuitable, 1);
    QCOMPARE(report.changed + report.unaffected, 0); // or one would take it for tagged
    report = await(changeMany(m_store.get(), {{keyNumber(1), 0}}, {BulkAction::Kind::Pin}, {}));
    QCOMPARE(report.changed, 1);
    QVERIFY(!rows().front().expiresMs);
}

void TestPythonStore::locksAreThoseOfPython()
{
    using namespace std::chrono_literals;
    const QString key = keyNumber(1);
    QVERIFY(await(m_store->tryLock(key, u"mine"_qs, 10s)));
    // Python takes "lock:" + key if it is not there.
    put({u"lock:"_qs + key}, "1"); // as it would be after SET NX
    QVERIFY(!await(m_store->tryLock(key, u"other"_qs, 10s)));
    QVERIFY(!await(m_store->renewLock(key, u"mine"_qs, 10s)));
    await(m_store->unlock(key, u"mine"_qs, {})); // not ours any more
    QVERIFY(!await(m_store->tryLock(key, u"other"_qs, 10s)));
    auto waiting = m_store->awaitUnlock(key, 10s, {});
    QVERIFY(!waiting.isReady());
    await(m_store->removeEntries({}));
    await(m_store->unlock(key, u"1"_qs, {}));
    QCOMPARE(await(waiting), QString());
    QVERIFY(await(m_store->tryLock(key, u"other"_qs, 10s)));
    await(m_store->unlock(key, u"other"_qs, {}));
}

void TestPythonStore::changesAreOfTheBytesThatAreMeant()
{
    const QString key = keyNumber(1);
    put({key});
    EntryChange change;
    change.kind = EntryChange::Kind::Update;
    change.fingerprint = key;
    change.expectedRevision = pythonRevision("something else");
    change.fields.insert(pickleField, "new");
    QCOMPARE(await(m_store->changeEntries({change})), std::vector{ChangeOutcome::Conflict});
    change.expectedRevision = pythonRevision(storedPickle());
    change.kept = "kept";
    QCOMPARE(await(m_store->changeEntries({change})), std::vector{ChangeOutcome::Done});
    const std::vector<EntryImage> images = await(m_store->readImages({key}));
    QCOMPARE(images.size(), std::size_t(1));
    QCOMPARE(images.front().fields.value(pickleField), QByteArray("new"));
    QCOMPARE(images.front().revision(), pythonRevision("new"));
    QVERIFY(images.front().expiresMs); // stays
    change.fingerprint = keyNumber(2);
    QCOMPARE(await(m_store->changeEntries({change})), std::vector{ChangeOutcome::Absent});
}

void TestPythonStore::deletedOnesComeBackByteForByte()
{
    put({keyNumber(1), oldKey});
    const std::vector<EntryImage> before = await(m_store->readImages({keyNumber(1), oldKey}));
    QCOMPARE(before.size(), std::size_t(2));
    std::vector<EntryChange> changes;
    for (const EntryImage& image : before) {
        EntryChange change;
        change.fingerprint = image.fingerprint;
        change.expectedRevision = image.revision();
        changes.push_back(change);
        QCOMPARE(imageFromBytes(toBytes(image)), image);
        QCOMPARE(undoEntryFor(image, change).revisionAfter, 0);
    }
    QCOMPARE(await(m_store->changeEntries(changes)), (std::vector{ChangeOutcome::Done, ChangeOutcome::Done}));
    QVERIFY(listed().isEmpty());
    for (std::size_t i = 0; i < changes.size(); ++i) {
        changes[i].kind = EntryChange::Kind::Put;
        changes[i].expectedRevision = 0;
        changes[i].fields = before[i].fields;
        changes[i].expiresMs = before[i].expiresMs;
    }
    QCOMPARE(await(m_store->changeEntries(changes)), (std::vector{ChangeOutcome::Done, ChangeOutcome::Done}));
    // Where it is there, nothing is put over it.
    QCOMPARE(await(m_store->changeEntries({changes[0]})), std::vector{ChangeOutcome::Conflict});
    const std::vector<EntryImage> after = await(m_store->readImages({keyNumber(1), oldKey}));
    QCOMPARE(after.size(), std::size_t(2));
    for (std::size_t i = 0; i < after.size(); ++i)
        QCOMPARE(after[i].fields, before[i].fields);
}

void TestPythonStore::anEditReplacesTheAnswerAlone()
{
    const QString key = keyNumber(1);
    put({key});
    const Entry entry = *await(m_store->lookup(key));
    const Entry edited = withOutput(entry, Json("bye"), u"ada"_qs);
    const EditResult saved = await(saveEdit(m_store.get(), nullptr, edited, u"ada"_qs, 1));
    QCOMPARE(saved.outcome, ChangeOutcome::Done);
    const Entry now = *await(m_store->lookup(key));
    QCOMPARE(now.output, Json("bye"));
    QCOMPARE(now.meta.revision, saved.revision);
    QCOMPARE(now.meta.model, entry.meta.model);
    QCOMPARE(now.meta.cost, entry.meta.cost);
    QVERIFY(now.meta.expiresMs);
    // What it replaced is known, and by whom.
    const EntryRevisions revisions = await(readRevisions(m_store.get(), key));
    QCOMPARE(revisions.present->revision(), saved.revision);
    QCOMPARE(revisions.earlier.size(), std::size_t(1));
    QCOMPARE(revisions.earlier.front().fields.value(pickleField), storedPickle());
    QCOMPARE(replacementOf(revisions.earlier.front()).timeMs, 1);
    QCOMPARE(replacementOf(revisions.earlier.front()).by, u"ada"_qs);
    QCOMPARE(replacementOf(*revisions.present).timeMs, 0);
    // Of what is there no more.
    const EditResult late = await(saveEdit(m_store.get(), nullptr, edited, u"ada"_qs, 1));
    QCOMPARE(late.outcome, ChangeOutcome::Conflict);
    // Its type stays.
    Entry other = now;
    other.output = Json::array();
    QVERIFY_THROWS_EXCEPTION(
        ConfigurationError, await(saveEdit(m_store.get(), nullptr, other, u"ada"_qs, 1)));
}

void TestPythonStore::aLineOfAFileKeepsThePickle()
{
    const EntryImage image = pythonImage(oldKey, storedPickle(), 1'795'392'000'123);
    qint64 createdMs = -1;
    QCOMPARE(imageFromLine(entryToLine(image), &createdMs), image);
    QCOMPARE(createdMs, 0);
    QCOMPARE(entryFromLine(entryToLine(image)).output, Json("hi"));
    Json line = *tryParseJson(entryToLine(image));
    line["pickle"] = "?";
    QVERIFY_THROWS_EXCEPTION(CacheError, imageFromLine(toJsonText(line), &createdMs));
    line["python_key"] = "lock:pyai-cache:v3:";
    QVERIFY_THROWS_EXCEPTION(CacheError, imageFromLine(toJsonText(line), &createdMs));
}

void TestPythonStore::otherStoresAreNone()
{
    SqliteFactory factory;
    const std::unique_ptr<Store> store = factory.make(u"default"_qs);
    QVERIFY(!pythonStoreOf(store.get()));
    QVERIFY(!python().isWrittenForPython());
}

LLMCACHE_TEST_MAIN(TestPythonStore)
#include "tst_pythonstore.moc"
