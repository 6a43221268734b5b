#include "../store/await.h"
#include "../store/storefactory.h"
#include "../store/storesamples.h"
#include "cache/bulkchange.h"
#include "testenvironment.h"

#include <QCryptographicHash>
#include <QTemporaryDir>
#include <QTest>

using namespace llmcache;
using namespace llmcache::test;

namespace {

QByteArray hashOf(const EntryImage& image)
{
    QByteArray all = QByteArray::number(image.expiresMs.value_or(-1));
    for (const auto& [name, value] : image.fields)
        all += '\0' + name + '=' + QByteArray::number(value.size()) + ':' + value;
    return QCryptographicHash::hash(all, QCryptographicHash::Sha1);
}

} // namespace

/// Deletion and undo at the size of a team's cache.
class TestBulkUndo : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void aHundredThousandComeBack_data();
    void aHundredThousandComeBack();
};

void TestBulkUndo::aHundredThousandComeBack_data()
{
    QTest::addColumn<QString>("kind");
    for (const char* kind : {"sqlite", "redis", "cluster"})
        QTest::newRow(kind) << QString::fromLatin1(kind);
}

void TestBulkUndo::aHundredThousandComeBack()
{
    QFETCH(QString, kind);
    QString missing;
    const auto factory = makeStoreFactory(kind, missing);
    if (!factory)
        QSKIP(qPrintable(missing));
    const auto store = factory->make(QStringLiteral("default"));
    const QTemporaryDir folder;
    UndoJournal journal(folder.path());
    constexpr int count = 100'000;
    constexpr int batch = 2000;
    const qint64 now = QDateTime::currentMSecsSinceEpoch();
    const EntryFields sample = toFields(sampleCommit(sampleFingerprint(QString())).entry, 3);
    std::vector<BulkTarget> targets;
    QStringList fingerprints;
    for (int start = 0; start < count; start += batch) {
        std::vector<EntryChange> puts;
        for (int i = start; i < start + batch; ++i) {
            EntryChange put;
            put.kind = EntryChange::Kind::Put;
            put.fingerprint = sampleFingerprint(QString::number(i));
            put.fields = sample;
            put.fields["hits"] = QByteArray::number(i); // each is another
            put.fields["used"] = "0";
            if (i % 10 != 0)
                put.expiresMs = now + 3'600'000 + i;
            targets.push_back({put.fingerprint, 3});
            fingerprints.append(put.fingerprint);
            puts.push_back(std::move(put));
        }
        await(store->changeEntries(std::move(puts)));
    }
    // Hashes of all that is stored of each: the entries themselves would fill the memory twice.
    const auto readAll = [&] {
        QHash<QString, QByteArray> all;
        for (int start = 0; start < count; start += batch) {
            for (const EntryImage& image : await(store->readImages(fingerprints.mid(start, batch))))
                all.insert(image.fingerprint, hashOf(image));
        }
        return all;
    };
    const auto before = readAll();
    QCOMPARE(before.size(), count);

    BulkOptions options;
    options.nowMs = now;
    options.journal = &journal;
    const BulkReport deleted = await(changeMany(store.get(), targets, BulkAction{}, options));
    QCOMPARE(deleted.changed, count);
    QVERIFY(readAll().isEmpty());
    const auto changes = await(journal.list(store->info()));
    QCOMPARE(changes.front().entries, count);
    const BulkReport undone = await(undoChange(store.get(), changes.front(), false, options));
    QCOMPARE(undone.changed, count);
    QVERIFY(readAll() == before);
}

LLMCACHE_TEST_MAIN(TestBulkUndo)
#include "tst_bulkundo.moc"
