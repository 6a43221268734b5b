#include "../store/await.h"
#include "../store/storefactory.h"
#include "../store/storesamples.h"
#include "base/blocks.h"
#include "base/error.h"
#include "cache/bulkchange.h"
#include "cache/entryexport.h"
#include "cache/entryimport.h"
#include "cache/request.h"
#include "testenvironment.h"

#include <QRegularExpression>
#include <QTest>

using namespace llmcache;
using namespace llmcache::test;

/// Entries on their way through files, from and to every store.
class TestTransferFiles : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase_data();
    void init();

    void everythingArrives_data();
    void everythingArrives();
    void onlyWhatPassesTheFilter();
    void interruptedExportIsCompleted_data() { everythingArrives_data(); }
    void interruptedExportIsCompleted();
    void tornExportIsCompleted();
    void exportIsThereAsAWholeOrNotAtAll();

    void conflicts_data();
    void conflicts();
    void replacedEntriesComeBack();
    void malformedLinesAreNamed();
    void tornFiles();
    void sameEntryTwice();
    void filesThatAreReadTwice_data();
    void filesThatAreReadTwice();
    void importIsCancelledAndRepeated();

private:
    QStringList fill(int count, int from = 0);
    QString path(const char* name) const { return m_folder->filePath(QLatin1String(name)); }
    ExportReport write(const QString& path, bool resume = false, std::stop_token stop = {});
    ImportReport read(const QString& path, const ImportOptions& options = {})
    {
        return read(m_store.get(), path, options);
    }
    ImportReport read(Store* store, const QString& path, ImportOptions options = {});
    std::vector<EntryImage> images(Store* store, const QStringList& fingerprints);
    void writeFile(const QString& path, const QByteArray& bytes);
    QByteArray readFile(const QString& path);
    std::unique_ptr<Store> another();

    StoreFactories m_factories;
    std::unique_ptr<Store> m_store;
    std::unique_ptr<QTemporaryDir> m_folder;
    qint64 m_nowMs = 0;
};

Q_DECLARE_METATYPE(llmcache::OnConflict)

void TestTransferFiles::initTestCase_data()
{
    QTest::addColumn<QString>("kind");
    for (const QString& kind : storeKinds())
        QTest::newRow(qPrintable(kind)) << kind;
}

void TestTransferFiles::init()
{
    QFETCH_GLOBAL(QString, kind);
    if (!m_factories.of(kind))
        QSKIP(qPrintable(m_factories.missingText()));
    m_store = another();
    m_folder = std::make_unique<QTemporaryDir>();
    m_nowMs = QDateTime::currentMSecsSinceEpoch();
}

std::unique_ptr<Store> TestTransferFiles::another()
{
    QFETCH_GLOBAL(QString, kind);
    return m_factories.of(kind)->make(newId());
}

QStringList TestTransferFiles::fill(int count, int from)
{
    QStringList fingerprints;
    std::vector<EntryChange> puts;
    for (int i = from; i < from + count; ++i) {
        Request request;
        request.model = {QStringLiteral("test"), QStringLiteral("small")};
        request.prompt = QStringLiteral("question %1").arg(i);
        Commit commit = sampleCommit(fingerprint(request), QStringLiteral("answer %1 \u4e2d\n").arg(i));
        commit.entry.request = toJson(request);
        commit.entry.meta.agent = i % 2 == 0 ? QStringLiteral("even") : QStringLiteral("odd");
        EntryChange put;
        put.kind = EntryChange::Kind::Put;
        put.fingerprint = commit.entry.meta.fingerprint;
        put.fields = toFields(commit.entry, 1 + i % 3);
        put.fields["hits"] = QByteArray::number(i);
        put.fields["used"] = QByteArray::number(i == 0 ? 0 : m_nowMs - i);
        if (i % 4 != 0)
            put.expiresMs = m_nowMs + 3'600'000 + i;
        fingerprints.append(put.fingerprint);
        puts.push_back(std::move(put));
    }
    await(m_store->changeEntries(std::move(puts)));
    return fingerprints;
}

ExportReport TestTransferFiles::write(const QString& path, bool resume, std::stop_token stop)
{
    ExportOptions options;
    options.nowMs = m_nowMs;
    options.resume = resume;
    options.stop = stop;
    return await(exportEntries(m_store.get(), path, std::move(options)));
}

ImportReport TestTransferFiles::read(Store* store, const QString& path, ImportOptions options)
{
    options.nowMs = m_nowMs;
    return await(importEntries(store, path, std::move(options)));
}

std::vector<EntryImage> TestTransferFiles::images(Store* store, const QStringList& fingerprints)
{
    auto found = await(store->readImages(fingerprints));
    std::sort(found.begin(), found.end(),
        [](const EntryImage& a, const EntryImage& b) { return a.fingerprint < b.fingerprint; });
    return found;
}

void TestTransferFiles::writeFile(const QString& path, const QByteArray& bytes)
{
    QFile file(path);
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(bytes);
}

QByteArray TestTransferFiles::readFile(const QString& path)
{
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly))
        return {};
    return file.readAll();
}

void TestTransferFiles::everythingArrives_data()
{
    QTest::addColumn<QString>("name");
    for (const char* name : {"entries.jsonl", "entries.jsonl.gz", "entries.jsonl.zst"})
        QTest::newRow(name) << QString::fromLatin1(name);
}

void TestTransferFiles::everythingArrives()
{
    QFETCH(QString, name);
    const QStringList fingerprints = fill(1100);
    const QString file = m_folder->filePath(name);
    const ExportReport exported = write(file);
    QCOMPARE(exported.written, 1100);
    QCOMPARE(exported.damaged, 0);
    QVERIFY(!QFile::exists(file + QStringLiteral(".part")));
    QCOMPARE(QFile::permissions(file) & (QFile::ReadGroup | QFile::ReadOther), QFile::Permissions());

    const std::unique_ptr<Store> target = another();
    const ImportReport imported = read(target.get(), file);
    QCOMPARE(imported.lines, 1100);
    QCOMPARE(imported.imported, 1100);
    QCOMPARE(imported.malformed, 0);
    // Byte for byte, to the millisecond.
    QVERIFY(images(target.get(), fingerprints) == images(m_store.get(), fingerprints));
    // Again: everything is there.
    const ImportReport again = read(target.get(), file);
    QCOMPARE(again.imported, 0);
    QCOMPARE(again.kept, 1100);
}

void TestTransferFiles::onlyWhatPassesTheFilter()
{
    fill(60);
    ExportOptions options;
    options.nowMs = m_nowMs;
    options.filter =
        EntryFilter::parse(QStringLiteral("agent:odd text:\"question 1\""), QTimeZone::utc(), m_nowMs);
    const QString file = path("some.jsonl");
    // 1, 11, 13, 15, 17, 19
    QCOMPARE(await(exportEntries(m_store.get(), file, options)).written, 6);
    QCOMPARE(readFile(file).count('\n'), 6);
}

void TestTransferFiles::interruptedExportIsCompleted()
{
    QFETCH(QString, name);
    const QStringList fingerprints = fill(1600);
    const QString file = m_folder->filePath(name);
    std::stop_source stop;
    ExportOptions options;
    options.nowMs = m_nowMs;
    options.stop = stop.get_token();
    options.progress = [&stop](const ExportReport& report) {
        if (report.written > 0)
            stop.request_stop();
    };
    QVERIFY_EXCEPTION_THROWN(await(exportEntries(m_store.get(), file, options)), Cancelled);
    QVERIFY(!QFile::exists(file));
    const ExportReport rest = write(file, true);
    QVERIFY(rest.kept > 0);
    QVERIFY(rest.written > 0);
    QCOMPARE(rest.kept + rest.written, 1600);
    const std::unique_ptr<Store> target = another();
    const ImportReport imported = read(target.get(), file);
    QCOMPARE(imported.lines, 1600);
    QVERIFY(images(target.get(), fingerprints) == images(m_store.get(), fingerprints));
}

void TestTransferFiles::tornExportIsCompleted()
{
    const QStringList fingerprints = fill(40);
    for (const char* name : {"a.jsonl", "a.jsonl.gz", "a.jsonl.zst"}) {
        const QString file = path(name);
        write(file);
        const QByteArray whole = readFile(file);
        for (const qsizetype size : {qsizetype(0), qsizetype(3), whole.size() / 2, whole.size() - 1}) {
            QFile::remove(file);
            writeFile(file + QStringLiteral(".part"), whole.first(size));
            const ExportReport report = write(file, true);
            QCOMPARE(report.kept + report.written, 40);
            const std::unique_ptr<Store> target = another();
            QCOMPARE(read(target.get(), file).lines, 40);
            QCOMPARE(images(target.get(), fingerprints).size(), std::size_t(40));
        }
    }
    // What is no part of an export of this kind is left alone.
    writeFile(path("b.jsonl.gz.part"), toBlock("{}\n", Compression::Zstd));
    QVERIFY_EXCEPTION_THROWN(write(path("b.jsonl.gz"), true), ConfigurationError);
    QVERIFY(!readFile(path("b.jsonl.gz.part")).isEmpty());
}

void TestTransferFiles::exportIsThereAsAWholeOrNotAtAll()
{
    fill(5);
    writeFile(path("old.jsonl"), "old");
    QVERIFY_EXCEPTION_THROWN(write(path("nowhere/entries.jsonl")), ConfigurationError);
    QVERIFY_EXCEPTION_THROWN(write(m_folder->path()), ConfigurationError);
    std::stop_source stop;
    stop.request_stop();
    QVERIFY_EXCEPTION_THROWN(write(path("old.jsonl"), false, stop.get_token()), Cancelled);
    QCOMPARE(readFile(path("old.jsonl")), QByteArray("old"));
    write(path("old.jsonl"));
    QCOMPARE(readFile(path("old.jsonl")).count('\n'), 5);
}

void TestTransferFiles::conflicts_data()
{
    QTest::addColumn<OnConflict>("policy");
    QTest::addColumn<int>("older"); // what happens to an entry of the store that is older, and newer
    QTest::addColumn<int>("newer");
    QTest::newRow("skip") << OnConflict::Skip << 0 << 0;
    QTest::newRow("replace") << OnConflict::Replace << 1 << 1;
    QTest::newRow("newer") << OnConflict::Newer << 1 << 0;
}

void TestTransferFiles::conflicts()
{
    QFETCH(OnConflict, policy);
    QFETCH(int, older);
    QFETCH(int, newer);
    const QStringList fingerprints = fill(3);
    const QString file = path("e.jsonl");
    write(file);
    // The store's first entry becomes an older one, the second one newer; the third is as in the file.
    for (int i = 0; i < 2; ++i) {
        Commit commit;
        commit.entry = *await(m_store->lookup(fingerprints.at(i)));
        commit.entry.meta.createdMs += i == 0 ? -1000 : 1000;
        commit.entry.output = "mine";
        await(m_store->commit(commit));
    }
    ImportOptions options;
    options.onConflict = policy;
    ImportOptions looking = options;
    looking.dryRun = true;
    const auto before = images(m_store.get(), fingerprints);
    const ImportReport looked = read(file, looking);
    QVERIFY(images(m_store.get(), fingerprints) == before);
    const ImportReport report = read(file, options);
    QCOMPARE(report.imported, older + newer);
    QCOMPARE(report.replaced, older + newer);
    QCOMPARE(report.kept, 3 - older - newer);
    QCOMPARE(looked.imported, report.imported);
    QCOMPARE(looked.kept, report.kept);
    QCOMPARE(await(m_store->lookup(fingerprints.at(0)))->output == Json("mine"), older == 0);
    QCOMPARE(await(m_store->lookup(fingerprints.at(1)))->output == Json("mine"), newer == 0);
    // Replaced or not, a revision is never used twice.
    const qint64 revision = await(m_store->lookup(fingerprints.at(0)))->meta.revision;
    QCOMPARE(revision, older == 1 ? 3 : 2);
}

void TestTransferFiles::replacedEntriesComeBack()
{
    const QStringList fingerprints = fill(10);
    const QString file = path("e.jsonl");
    write(file);
    for (const QString& fingerprint : fingerprints) {
        Commit commit;
        commit.entry = *await(m_store->lookup(fingerprint));
        commit.entry.output = "mine";
        await(m_store->commit(commit));
    }
    UndoJournal journal(m_folder->filePath(QStringLiteral("undo")));
    ImportOptions options;
    options.onConflict = OnConflict::Replace;
    options.journal = &journal;
    const ImportReport report = read(file, options);
    QCOMPARE(report.replaced, 10);
    QVERIFY(!report.undoId.isEmpty());
    QVERIFY(await(m_store->lookup(fingerprints.at(4)))->output != Json("mine"));
    const auto changes = await(journal.list(m_store->info()));
    QCOMPARE(changes.size(), std::size_t(1));
    QCOMPARE(changes.front().action, QStringLiteral("import"));
    BulkOptions undoing;
    undoing.nowMs = m_nowMs;
    undoing.journal = &journal;
    QCOMPARE(await(undoChange(m_store.get(), changes.front(), false, undoing)).changed, 10);
    QCOMPARE(await(m_store->lookup(fingerprints.at(4)))->output, Json("mine"));
}

void TestTransferFiles::malformedLinesAreNamed()
{
    const QStringList fingerprints = fill(2);
    const QString file = path("e.jsonl");
    write(file);
    const QByteArrayList lines = readFile(file).split('\n');
    writeFile(file, lines.at(0) + "\r\n\n{broken\n\"text\"\n" + lines.at(1));
    const std::unique_ptr<Store> target = another();
    QList<qint64> numbers;
    ImportOptions options;
    options.malformed = [&numbers](qint64 number, const QString&) { numbers.append(number); };
    options.strict = true;
    QVERIFY_EXCEPTION_THROWN(read(target.get(), file, options), ConfigurationError);
    QCOMPARE(numbers, QList<qint64>({3, 4}));
    QVERIFY(images(target.get(), fingerprints).empty());
    options.strict = false;
    const ImportReport report = read(target.get(), file, options);
    QCOMPARE(report.lines, 4);
    QCOMPARE(report.malformed, 2);
    QCOMPARE(report.imported, 2);
    QVERIFY(report.problem.isEmpty());
    QVERIFY_EXCEPTION_THROWN(read(target.get(), path("none.jsonl")), ConfigurationError);
}

void TestTransferFiles::tornFiles()
{
    fill(1200);
    const QString file = path("e.jsonl.zst");
    write(file);
    QByteArray bytes = readFile(file);
    bytes.chop(10);
    writeFile(file, bytes);
    const std::unique_ptr<Store> target = another();
    ImportOptions options;
    options.strict = true;
    QVERIFY_EXCEPTION_THROWN(read(target.get(), file, options), ConfigurationError);
    options.strict = false;
    const ImportReport report = read(target.get(), file, options);
    QVERIFY2(report.problem.contains(QStringLiteral("ends in the middle")), qPrintable(report.problem));
    QVERIFY(report.imported >= 1000);
    QVERIFY(report.imported < 1200);
}

void TestTransferFiles::filesThatAreReadTwice_data()
{
    QTest::addColumn<qint64>("mostKeptBytes");
    QTest::newRow("kept as a whole") << ImportOptions().mostKeptBytes;
    QTest::newRow("kept in part") << qint64(1);
    QTest::newRow("not kept") << qint64(0);
}

void TestTransferFiles::filesThatAreReadTwice()
{
    QFETCH(qint64, mostKeptBytes);
    constexpr int count = 5'200; // two batches
    const QStringList fingerprints = fill(count);
    write(path("all.jsonl"));
    QList<QByteArray> lines = readFile(path("all.jsonl")).split('\n');
    lines.insert(5100, "no entry");
    lines.insert(1000, QByteArray());
    lines.insert(10, "no entry");
    writeFile(path("all.jsonl"), lines.join('\n'));
    const std::unique_ptr<Store> target = another();
    ImportOptions options;
    options.mostKeptBytes = mostKeptBytes;
    QList<qint64> malformed;
    options.malformed = [&malformed](qint64 line, const QString&) { malformed.append(line); };
    const ImportReport report = read(target.get(), path("all.jsonl"), options);
    QCOMPARE(report.lines, qint64(count + 2));
    QCOMPARE(report.imported, qint64(count));
    QCOMPARE(malformed, (QList<qint64>{11, 5103}));
    QCOMPARE(images(target.get(), fingerprints), images(m_store.get(), fingerprints));
}

void TestTransferFiles::sameEntryTwice()
{
    const QStringList fingerprints = fill(1);
    const QString file = path("e.jsonl");
    write(file);
    const QByteArray first = readFile(file);
    Json second = Json::parse(first.toStdString());
    second["response"]["output"] = "second";
    second["meta"]["created_ms"] = second["meta"]["created_ms"].get<qint64>() + 1;
    const QByteArray line = toJsonText(second);
    const auto outputAfter = [&](const QByteArray& text, OnConflict policy) {
        writeFile(file, text);
        const std::unique_ptr<Store> target = another();
        ImportOptions options;
        options.onConflict = policy;
        const ImportReport report = read(target.get(), file, options);
        return report.imported == 1 && report.kept == 1
            ? outputText(await(target->lookup(fingerprints.first()))->output)
            : QStringLiteral("wrong numbers");
    };
    const QString other = QStringLiteral("second");
    QVERIFY(outputAfter(first + line, OnConflict::Skip) != other);
    QCOMPARE(outputAfter(first + line, OnConflict::Replace), other);
    QCOMPARE(outputAfter(first + line, OnConflict::Newer), other);
    QCOMPARE(outputAfter(line + '\n' + first, OnConflict::Newer), other);
}

void TestTransferFiles::importIsCancelledAndRepeated()
{
    constexpr int entries = 10'600; // several batches
    const QStringList fingerprints = fill(entries);
    const QString file = path("e.jsonl.gz");
    write(file);
    const std::unique_ptr<Store> target = another();
    std::stop_source stop;
    ImportOptions options;
    options.stop = stop.get_token();
    options.progress = [&stop](const ImportReport& report) {
        if (report.imported > 0)
            stop.request_stop();
    };
    QVERIFY_EXCEPTION_THROWN(read(target.get(), file, options), Cancelled);
    const std::size_t part = images(target.get(), fingerprints).size();
    QVERIFY(part > 0 && part < std::size_t(entries));
    const ImportReport rest = read(target.get(), file);
    QCOMPARE(rest.imported + rest.kept, qint64(entries));
    QCOMPARE(rest.kept, static_cast<qint64>(part));
    QVERIFY(images(target.get(), fingerprints) == images(m_store.get(), fingerprints));
}

LLMCACHE_TEST_MAIN(TestTransferFiles)
#include "tst_transferfiles.moc"
