#include "await.h"
#include "base/error.h"
#include "store/undojournal.h"
#include "storesamples.h"
#include "testenvironment.h"

#include <QDataStream>
#include <QDateTime>
#include <QDir>
#include <QFileInfo>
#include <QMap>
#include <QTemporaryDir>
#include <QTest>

using namespace llmcache;
using namespace llmcache::test;

namespace {

const StoreInfo here{
    QStringLiteral("sqlite"), QStringLiteral("/somewhere/cache.sqlite"), QStringLiteral("default")};

UndoEntry undoEntry(const QString& name, qint64 revisionAfter = 0, qsizetype padding = 0)
{
    UndoEntry entry;
    entry.before.fingerprint = sampleFingerprint(name);
    entry.before.fields = {
        {"rev", "4"}, {"meta", QByteArray("\0 \xff", 3)}, {"pad", QByteArray(padding, 'x')}};
    entry.before.expiresMs = 1'795'392'000'123;
    entry.revisionAfter = revisionAfter;
    return entry;
}

} // namespace

class TestUndoJournal : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();
    void cleanup();
    void changesSurviveARestart();
    void blocksAreAsEarlierVersionsWroteThem();
    void filesAreTheOwnersAlone();
    void emptyChangesAreForgotten();
    void eachStoreHasItsOwn();
    void tornFilesEndWhereTheyAreWhole_data();
    void tornFilesEndWhereTheyAreWhole();
    void damagedFilesAreLeftOut();
    void theOldestMakeRoom();
    void allOfTheLastDayStay();
    void promisesThatAreBrokenAreCounted();
    void oneThatIsTooLargeIsRefused();
    void changesUnderWayStay();
    void oneAtATime();
    void whoWasKilledKeepsNoChange();
    void longChangesStayLocked();
    void foldersThatCantBeUsed();

private:
    QString record(const QString& action, std::vector<std::vector<UndoEntry>> blocks, qint64 timeMs = 1000);
    QString path(const QString& id) const
    {
        return m_folder->filePath(QStringLiteral("undo/%1.undo").arg(id));
    }
    std::vector<UndoEntry> readAll(const QString& id);

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<UndoJournal> m_journal;
};

void TestUndoJournal::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    m_journal = std::make_unique<UndoJournal>(m_folder->filePath(QStringLiteral("undo")));
}

void TestUndoJournal::cleanup()
{
    m_journal.reset();
    m_folder.reset();
}

QString TestUndoJournal::record(
    const QString& action, std::vector<std::vector<UndoEntry>> blocks, qint64 timeMs)
{
    const QString id = await(m_journal->begin(here, action, QStringLiteral("ada"), timeMs));
    for (const auto& block : blocks)
        await(m_journal->append(id, block));
    await(m_journal->end(id));
    return id;
}

std::vector<UndoEntry> TestUndoJournal::readAll(const QString& id)
{
    std::vector<UndoEntry> all;
    qint64 position = 0;
    while (position >= 0) {
        const auto part = await(m_journal->read(id, &position));
        all.insert(all.end(), part.begin(), part.end());
    }
    return all;
}

void TestUndoJournal::changesSurviveARestart()
{
    const QString first = record(QStringLiteral("edit"), {{undoEntry(QStringLiteral("a"), 5)}}, 1000);
    const QString second = record(QStringLiteral("delete"),
        {{undoEntry(QStringLiteral("b")), undoEntry(QStringLiteral("c"))}, {undoEntry(QStringLiteral("d"))}},
        2000);
    m_journal = std::make_unique<UndoJournal>(m_folder->filePath(QStringLiteral("undo")));
    const auto changes = await(m_journal->list(here));
    QCOMPARE(changes.size(), 2U);
    QCOMPARE(changes[0].id, second);
    QCOMPARE(changes[0].action, QStringLiteral("delete"));
    QCOMPARE(changes[0].by, QStringLiteral("ada"));
    QCOMPARE(changes[0].timeMs, 2000);
    QCOMPARE(changes[0].entries, 3);
    QCOMPARE(changes[0].bytes, QFileInfo(path(second)).size());
    QCOMPARE(changes[1].id, first);
    const auto entries = readAll(second);
    QCOMPARE(entries.size(), 3U);
    QVERIFY(entries[0].before == undoEntry(QStringLiteral("b")).before);
    QVERIFY(entries[2].before == undoEntry(QStringLiteral("d")).before);
    QCOMPARE(entries[0].revisionAfter, 0);
    QCOMPARE(readAll(first).front().revisionAfter, 5);
}

void TestUndoJournal::blocksAreAsEarlierVersionsWroteThem()
{
    std::vector<UndoEntry> entries{undoEntry(QStringLiteral("a")), undoEntry(QStringLiteral("b"), 5, 3000)};
    entries.back().contentAfter = "digest";
    entries.back().before.expiresMs.reset();
    QByteArray expected;
    QDataStream stream(&expected, QIODevice::WriteOnly);
    stream.setVersion(QDataStream::Qt_6_0);
    stream << quint32(2);
    for (const UndoEntry& entry : entries) {
        QByteArray image;
        QDataStream part(&image, QIODevice::WriteOnly);
        part.setVersion(QDataStream::Qt_6_0);
        QMap<QByteArray, QByteArray> fields;
        for (const EntryField& field : entry.before.fields)
            fields.insert(field.name, field.value);
        part << quint8(1) << entry.before.fingerprint.toUtf8() << entry.before.expiresMs.has_value()
             << entry.before.expiresMs.value_or(0) << fields;
        stream << entry.revisionAfter << entry.contentAfter << image;
    }
    QCOMPARE(undoBlockToBytes(entries), expected);
    QCOMPARE(undoBlockFromBytes(expected).back().before, entries.back().before);
}

void TestUndoJournal::filesAreTheOwnersAlone()
{
    const QString id = record(QStringLiteral("delete"), {{undoEntry(QStringLiteral("a"))}});
    const auto forOthers = QFile::ReadGroup | QFile::WriteGroup | QFile::ExeGroup | QFile::ReadOther
        | QFile::WriteOther | QFile::ExeOther;
    QVERIFY(!(QFileInfo(path(id)).permissions() & forOthers));
    QVERIFY(!(QFileInfo(m_folder->filePath(QStringLiteral("undo"))).permissions() & forOthers));
}

void TestUndoJournal::emptyChangesAreForgotten()
{
    const QString id = record(QStringLiteral("delete"), {});
    QVERIFY(!QFile::exists(path(id)));
    QVERIFY(await(m_journal->list(here)).empty());
    qint64 position = 0;
    QVERIFY_EXCEPTION_THROWN(await(m_journal->read(id, &position)), ConfigurationError);
}

void TestUndoJournal::eachStoreHasItsOwn()
{
    record(QStringLiteral("delete"), {{undoEntry(QStringLiteral("a"))}});
    StoreInfo other = here;
    other.workspace = QStringLiteral("other");
    QVERIFY(await(m_journal->list(other)).empty());
    QCOMPARE(await(m_journal->list(here)).size(), 1U);
}

void TestUndoJournal::tornFilesEndWhereTheyAreWhole_data()
{
    QTest::addColumn<int>("cut");
    QTest::newRow("one byte") << 1;
    QTest::newRow("most of the block") << 150;
    QTest::newRow("in the head") << 200;
}

void TestUndoJournal::tornFilesEndWhereTheyAreWhole()
{
    QFETCH(int, cut);
    const QString id = record(QStringLiteral("delete"),
        {{undoEntry(QStringLiteral("a"))}, {undoEntry(QStringLiteral("b")), undoEntry(QStringLiteral("c"))}});
    const qint64 whole = QFileInfo(path(id)).size();
    const qint64 lastBlock =
        24 + undoBlockToBytes({undoEntry(QStringLiteral("b")), undoEntry(QStringLiteral("c"))}).size();
    QVERIFY(QFile::resize(path(id), cut == 200 ? whole - lastBlock + 5 : whole - cut));
    const auto entries = readAll(id);
    QCOMPARE(entries.size(), 1U);
    QCOMPARE(await(m_journal->list(here)).front().entries, 1);
}

void TestUndoJournal::damagedFilesAreLeftOut()
{
    const QString id = record(QStringLiteral("delete"), {{undoEntry(QStringLiteral("a"))}});
    const QString other = record(QStringLiteral("edit"), {{undoEntry(QStringLiteral("b"))}});
    QFile file(path(id));
    QVERIFY(file.open(QIODevice::ReadWrite));
    const QByteArray whole = file.readAll();
    // A bit of the last block: its checksum does not fit any more.
    file.seek(whole.size() - 1);
    file.putChar(static_cast<char>(whole.back() ^ 1));
    file.close();
    QVERIFY(readAll(id).empty());
    // And of the header.
    QVERIFY(file.open(QIODevice::ReadWrite));
    file.seek(30);
    file.putChar(static_cast<char>(whole.at(30) ^ 1));
    file.close();
    const auto changes = await(m_journal->list(here));
    QCOMPARE(changes.size(), 1U);
    QCOMPARE(changes.front().id, other);
}

void TestUndoJournal::theOldestMakeRoom()
{
    m_journal = std::make_unique<UndoJournal>(m_folder->filePath(QStringLiteral("undo")), 10'000);
    const QString first = record(QStringLiteral("delete"), {{undoEntry(QStringLiteral("a"), 0, 4000)}}, 1);
    const QString second = record(QStringLiteral("delete"), {{undoEntry(QStringLiteral("b"), 0, 4000)}}, 2);
    QCOMPARE(await(m_journal->list(here)).size(), 2U);
    const QString third = record(QStringLiteral("delete"), {{undoEntry(QStringLiteral("c"), 0, 4000)}}, 3);
    const auto changes = await(m_journal->list(here));
    QCOMPARE(changes.size(), 2U);
    QCOMPARE(changes[0].id, third);
    QCOMPARE(changes[1].id, second);
    QVERIFY(!QFile::exists(path(first)));
}

void TestUndoJournal::allOfTheLastDayStay()
{
    const qint64 day = std::chrono::milliseconds(UndoJournal::promised).count();
    const QString old = record(QStringLiteral("delete"), {{undoEntry(QStringLiteral("a"))}}, 1000);
    const QString last = record(QStringLiteral("delete"), {{undoEntry(QStringLiteral("b"))}}, 1001);
    for (int i = 0; i < 3 * UndoJournal::mostChanges; ++i) {
        const QString copy = QStringLiteral("%1-copy").arg(2000 + i, 15, 10, QLatin1Char('0'));
        QVERIFY(QFile::copy(path(last), path(copy)));
    }
    const std::size_t all = 3 * UndoJournal::mostChanges + 3;
    record(QStringLiteral("edit"), {{undoEntry(QStringLiteral("c"))}}, 999 + day);
    QCOMPARE(await(m_journal->list(here)).size(), all);
    // One of them is a day old now, and there are more than enough without it.
    record(QStringLiteral("edit"), {{undoEntry(QStringLiteral("d"))}}, 1000 + day);
    QVERIFY(!QFile::exists(path(old)));
    QVERIFY(QFile::exists(path(last)));
    QCOMPARE(await(m_journal->list(here)).size(), all);
    // After a week without changes it is the number that counts.
    record(QStringLiteral("edit"), {{undoEntry(QStringLiteral("e"))}}, 7 * day);
    QCOMPARE(await(m_journal->list(here)).size(), std::size_t(UndoJournal::mostChanges));
}

void TestUndoJournal::promisesThatAreBrokenAreCounted()
{
    m_journal = std::make_unique<UndoJournal>(m_folder->filePath(QStringLiteral("undo")), 10'000);
    const qint64 day = std::chrono::milliseconds(UndoJournal::promised).count();
    record(QStringLiteral("delete"), {{undoEntry(QStringLiteral("a"), 0, 2000)}}, 1);
    record(QStringLiteral("delete"), {{undoEntry(QStringLiteral("b"), 0, 2000)}}, day / 2);
    record(QStringLiteral("delete"), {{undoEntry(QStringLiteral("c"), 0, 2000)}}, day / 2);
    const auto room = [this](qint64 bytes, qint64 nowMs) {
        const UndoRoom needed = await(m_journal->roomFor(bytes, nowMs));
        return std::pair(needed.forgotten, needed.fits);
    };
    QCOMPARE(room(2000, day), std::pair(qint64(0), true));
    QCOMPARE(room(5000, day), std::pair(qint64(1), true));
    QCOMPARE(room(5000, day + 1), std::pair(qint64(0), true));
    QCOMPARE(room(9000, day + 1), std::pair(qint64(2), true));
    QCOMPARE(room(10'001, day + 1), std::pair(qint64(0), false));
    const QString id =
        await(m_journal->begin(here, QStringLiteral("delete"), QStringLiteral("ada"), day + 1));
    QCOMPARE(await(m_journal->append(id, {undoEntry(QStringLiteral("d"), 0, 4000)})), 0);
    QCOMPARE(await(m_journal->append(id, {undoEntry(QStringLiteral("e"), 0, 5000)})), 2);
    await(m_journal->end(id));
    QCOMPARE(await(m_journal->list(here)).size(), 1U);
}

void TestUndoJournal::oneThatIsTooLargeIsRefused()
{
    m_journal = std::make_unique<UndoJournal>(m_folder->filePath(QStringLiteral("undo")), 10'000);
    const QString other = record(QStringLiteral("edit"), {{undoEntry(QStringLiteral("c"))}}, 1);
    const QString id = await(m_journal->begin(here, QStringLiteral("delete"), QStringLiteral("ada"), 1));
    await(m_journal->append(id, {undoEntry(QStringLiteral("a"), 0, 4000)}));
    QVERIFY_EXCEPTION_THROWN(
        await(m_journal->append(id, {undoEntry(QStringLiteral("b"), 0, 8000)})), ConfigurationError);
    // What was kept before stays.
    await(m_journal->end(id));
    QCOMPARE(readAll(id).size(), 1U);
    QCOMPARE(readAll(other).size(), 1U);
}

void TestUndoJournal::changesUnderWayStay()
{
    m_journal = std::make_unique<UndoJournal>(m_folder->filePath(QStringLiteral("undo")), 10'000);
    const QString underWay =
        await(m_journal->begin(here, QStringLiteral("delete"), QStringLiteral("ada"), 1));
    await(m_journal->append(underWay, {undoEntry(QStringLiteral("a"), 0, 6000)}));
    // Another process would have to make room of it.
    UndoJournal other(m_folder->filePath(QStringLiteral("undo")), 10'000);
    const QString id = await(other.begin(here, QStringLiteral("delete"), QStringLiteral("ada"), 2));
    QVERIFY_EXCEPTION_THROWN(
        await(other.append(id, {undoEntry(QStringLiteral("b"), 0, 6000)})), ConfigurationError);
    await(other.end(id));
    await(m_journal->end(underWay));
    QCOMPARE(readAll(underWay).size(), 1U);
}

void TestUndoJournal::oneAtATime()
{
    const QString id = record(QStringLiteral("delete"), {{undoEntry(QStringLiteral("a"))}});
    UndoJournal other(m_folder->filePath(QStringLiteral("undo")));
    QVERIFY(await(m_journal->claim(id)));
    QVERIFY(!await(m_journal->claim(id)));
    QVERIFY(!await(other.claim(id)));
    await(m_journal->release(id));
    QVERIFY(await(other.claim(id)));
    await(other.forget(id));
    await(other.release(id));
    QVERIFY(!QFile::exists(path(id)));
    QVERIFY(QDir(m_folder->filePath(QStringLiteral("undo"))).isEmpty());
}

/// Killed after the lock file was made, and before it said whose it is.
void TestUndoJournal::whoWasKilledKeepsNoChange()
{
    const QString id = record(QStringLiteral("delete"), {{undoEntry(QStringLiteral("a"))}});
    QFile torn(path(id) + QStringLiteral(".lock"));
    QVERIFY(torn.open(QIODevice::WriteOnly));
    QVERIFY(
        torn.setFileTime(QDateTime::currentDateTimeUtc().addSecs(-60), QFileDevice::FileModificationTime));
    torn.close();
    UndoJournal journal(m_folder->filePath(QStringLiteral("undo")));
    QVERIFY(await(journal.claim(id)));
}

void TestUndoJournal::longChangesStayLocked()
{
    const QString id = record(QStringLiteral("delete"), {{undoEntry(QStringLiteral("a"))}});
    QVERIFY(await(m_journal->claim(id)));
    QFile held(path(id) + QStringLiteral(".lock"));
    QVERIFY(held.open(QIODevice::ReadWrite));
    QVERIFY(
        held.setFileTime(QDateTime::currentDateTimeUtc().addSecs(-3600), QFileDevice::FileModificationTime));
    held.close();
    UndoJournal other(m_folder->filePath(QStringLiteral("undo")));
    QVERIFY(!await(other.claim(id)));
    await(m_journal->release(id));
    QVERIFY(await(other.claim(id)));
}

void TestUndoJournal::foldersThatCantBeUsed()
{
    QFile file(m_folder->filePath(QStringLiteral("file")));
    QVERIFY(file.open(QIODevice::WriteOnly));
    UndoJournal journal(m_folder->filePath(QStringLiteral("file/undo")));
    QVERIFY_EXCEPTION_THROWN(
        await(journal.begin(here, QStringLiteral("delete"), QString(), 1)), ConfigurationError);
    QVERIFY(await(journal.list(here)).empty());
}

LLMCACHE_TEST_MAIN(TestUndoJournal)
#include "tst_undojournal.moc"
