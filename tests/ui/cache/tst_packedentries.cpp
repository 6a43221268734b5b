#include "cache/arrangement.h"
#include "sampleentries.h"
#include "testenvironment.h"

#include <QTest>

using namespace llmcache;
using namespace llmcache::ui;
using llmcache::test::sampleMeta;
using llmcache::test::sampleNowMs;

namespace {

PackedEntries samples(quint32 count)
{
    PackedEntries entries;
    for (quint32 number = 0; number < count; ++number)
        entries.upsert(sampleMeta(number));
    return entries;
}

ArrangementOrder ordered(const QString& filter, EntryColumn column, Qt::SortOrder order)
{
    ArrangementOrder result;
    result.filter = EntryFilter::parse(filter, QTimeZone::utc(), sampleNowMs);
    result.column = column;
    result.order = order;
    result.nowMs = sampleNowMs;
    return result;
}

} // namespace

class TestPackedEntries : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void textsComeBackWhateverTheirSize();
    void findsByFingerprint();
    void findsWhileItGrows();
    void updatesInPlace();
    void snapshotsDoNotChange();
    void filterAgreesWithTheLanguage_data();
    void filterAgreesWithTheLanguage();
    void removedRowsAreNotArranged();
    void sortsByEveryColumn_data();
    void sortsByEveryColumn();
    void sumsWhatIsShown();
    void stopsWhenAsked();
    void aMillionRows();
};

void TestPackedEntries::textsComeBackWhateverTheirSize()
{
    PackedTexts texts;
    QStringList expected;
    for (int row = 0; row < PackedTexts::capacity; ++row) {
        QString text = QStringLiteral("Grüße %1 🎈").arg(row).repeated(row % 4);
        if (row == 9)
            text = QString(10'000, QLatin1Char('x'));
        texts.append(text);
        expected << text.left(4000);
    }
    const auto compare = [&] {
        const PackedTexts::Unpacked plain = texts.unpack();
        for (int row = 0; row < PackedTexts::capacity; ++row)
            QCOMPARE(QString::fromUtf8(plain.at(row)), expected.at(row));
    };
    compare();
    const qint64 before = texts.memoryBytes();
    texts.seal();
    compare();
    QVERIFY(texts.memoryBytes() < before / 2);
    texts.replace(7, QStringLiteral("another"));
    texts.replace(255, QString());
    expected[7] = QStringLiteral("another");
    expected[255].clear();
    compare();
}

void TestPackedEntries::findsByFingerprint()
{
    PackedEntries entries = samples(5000);
    QCOMPARE(entries.liveRows(), 5000);
    for (const quint32 number : {0U, 1U, 255U, 256U, 4999U}) {
        const QString fingerprint = sampleMeta(number).fingerprint;
        QCOMPARE(entries.find(fingerprint), std::optional(number));
        QCOMPARE(entries.fingerprint(number), fingerprint);
    }
    QVERIFY(!entries.find(sampleMeta(5000).fingerprint));
    QVERIFY(!entries.find(QStringLiteral("9f2c")));
    QVERIFY(!entries.find(QString(64, QLatin1Char('g'))));
    EntryMeta broken = sampleMeta(1);
    broken.fingerprint = QStringLiteral("not hexadecimal");
    QVERIFY(!entries.upsert(broken));
    QCOMPARE(entries.rows(), 5000U);
}

void TestPackedEntries::findsWhileItGrows()
{
    // The index moves to a larger one at 768, 1536 and 3072 rows, a few rows at a time.
    PackedEntries entries;
    constexpr quint32 count = 3300;
    for (quint32 number = 0; number < count; ++number) {
        entries.upsert(sampleMeta(number));
        for (const quint32 known : {0U, number / 2, number - std::min(number, 10U), number})
            QCOMPARE(entries.find(sampleMeta(known).fingerprint), std::optional(known));
    }
    QCOMPARE(entries.rows(), count);
    QVERIFY(!entries.find(sampleMeta(count).fingerprint));
}

void TestPackedEntries::updatesInPlace()
{
    PackedEntries entries = samples(600);
    EntryMeta meta = sampleMeta(300);
    QVERIFY(!entries.upsert(meta)->changed);
    meta.hits += 5;
    meta.lastUsedMs = sampleNowMs;
    auto result = entries.upsert(meta);
    QVERIFY(result->changed && !result->inserted);
    QCOMPARE(result->row, 300U);
    QCOMPARE(qint64(entries.chunk(300).hits[PackedEntries::slot(300)]), meta.hits);
    // Read from Redis, the same expiry is never the same to the millisecond.
    meta.expiresMs = meta.expiresMs.value_or(sampleNowMs) + 5000;
    QVERIFY(entries.upsert(meta)->changed);
    *meta.expiresMs += 300;
    QVERIFY(!entries.upsert(meta)->changed);
    *meta.expiresMs -= 5000;
    QVERIFY(entries.upsert(meta)->changed);
    meta.revision = 2;
    meta.answerExcerpt = QStringLiteral("a better answer");
    meta.cost.reset();
    entries.upsert(meta);
    const EntryChunk& chunk = entries.chunk(300);
    const int slot = static_cast<int>(PackedEntries::slot(300));
    QCOMPARE(QString::fromUtf8(chunk.answers.unpack().at(slot)), meta.answerExcerpt);
    QCOMPARE(QString::fromUtf8(chunk.prompts.unpack().at(slot)), meta.promptExcerpt);
    QCOMPARE(chunk.cost[PackedEntries::slot(300)], EntryChunk::unpriced);
    QCOMPARE(entries.rows(), 600U);

    entries.remove(300);
    QVERIFY(!entries.find(meta.fingerprint));
    QCOMPARE(entries.liveRows(), 599);
    result = entries.upsert(meta);
    QVERIFY(result->inserted);
    QCOMPARE(result->row, 300U);
    QCOMPARE(entries.liveRows(), 600);
}

void TestPackedEntries::snapshotsDoNotChange()
{
    PackedEntries entries = samples(300);
    const EntrySnapshot snapshot = entries.snapshot();
    EntryMeta meta = sampleMeta(10);
    meta.hits = 1'000'000;
    meta.agent = QStringLiteral("never seen before");
    entries.upsert(meta);
    entries.remove(11);
    for (quint32 number = 300; number < 600; ++number)
        entries.upsert(sampleMeta(number));
    QCOMPARE(snapshot.rows, 300U);
    QCOMPARE(snapshot.chunks.size(), std::size_t(2));
    QCOMPARE(snapshot.chunks[1]->size, 300 - 256);
    QCOMPARE(qint64(snapshot.chunks[0]->hits[10]), sampleMeta(10).hits);
    QCOMPARE(int(snapshot.chunks[0]->flags[11] & EntryChunk::Removed), 0);
    QVERIFY(!snapshot.pool.contains(meta.agent));
}

void TestPackedEntries::filterAgreesWithTheLanguage_data()
{
    QTest::addColumn<QString>("filter");
    const EntryMeta some = sampleMeta(42);
    for (const QString& filter : {QString(), QStringLiteral("refund"), QStringLiteral("REFUND -triage"),
             QStringLiteral("weiß"), QStringLiteral("\"says: a\" OR jürgen"), QStringLiteral("arrive a"),
             QStringLiteral("gpt"), some.fingerprint.left(4), some.fingerprint,
             QStringLiteral("fingerprint:a"), QStringLiteral("fingerprint=zz"), QStringLiteral("agent:tri"),
             QStringLiteral("agent=tri"), QStringLiteral("agent:any"), QStringLiteral("tag:night"),
             QStringLiteral("tag=batch-1"), QStringLiteral("tag:none"), QStringLiteral("-tag:any"),
             QStringLiteral("author:CHLOÉ"), QStringLiteral("cost>0.01"), QStringLiteral("cost<0.0001"),
             QStringLiteral("-cost<0.0001"), QStringLiteral("saved>0.1"), QStringLiteral("saved=0"),
             QStringLiteral("tokens:1k..2k"), QStringLiteral("age>3d"), QStringLiteral("age<1h OR age:10d"),
             QStringLiteral("ttl<2d"), QStringLiteral("ttl>14d"), QStringLiteral("ttl:never"),
             QStringLiteral("hits=0"), QStringLiteral("hits>30"), QStringLiteral("size>=5kb"),
             QStringLiteral("created:2026-11-20"), QStringLiteral("used:2026-11"),
             QStringLiteral("-used:2026-11"), QStringLiteral("is:pinned"), QStringLiteral("is:human|python"),
             QStringLiteral("is:expired"), QStringLiteral("is:expired-soon"),
             QStringLiteral("is:unpriced (model:gpt OR task:reply) -hits=0")})
        QTest::addRow("%s", qUtf8Printable(filter)) << filter;
}

void TestPackedEntries::filterAgreesWithTheLanguage()
{
    QFETCH(QString, filter);
    constexpr quint32 count = 3000;
    const PackedEntries entries = samples(count);
    const ArrangementOrder order = ordered(filter, EntryColumn::Age, Qt::AscendingOrder);
    auto rows = arrange(entries.snapshot(), order, {}).rows;
    std::sort(rows.begin(), rows.end());
    std::vector<quint32> expected;
    for (quint32 number = 0; number < count; ++number) {
        if (order.filter.matches(sampleMeta(number), sampleNowMs))
            expected.push_back(number);
    }
    QCOMPARE(rows, expected);
}

void TestPackedEntries::removedRowsAreNotArranged()
{
    PackedEntries entries = samples(600);
    for (quint32 row = 0; row < 600; row += 2)
        entries.remove(row);
    const Arrangement shown =
        arrange(entries.snapshot(), ordered({}, EntryColumn::Agent, Qt::AscendingOrder), {});
    QCOMPARE(shown.rows.size(), std::size_t(300));
    for (const quint32 row : shown.rows)
        QCOMPARE(row % 2, 1U);
}

void TestPackedEntries::sortsByEveryColumn_data()
{
    QTest::addColumn<int>("column");
    for (int column = 0; column < entryColumnCount; ++column)
        QTest::newRow(columnInfo(static_cast<EntryColumn>(column)).name) << column;
}

void TestPackedEntries::sortsByEveryColumn()
{
    QFETCH(int, column);
    constexpr quint32 count = 2000;
    const PackedEntries entries = samples(count);
    // What a column compares, written down a second time; texts compare as folded bytes.
    const auto key = [&](quint32 row) -> std::pair<qint64, QByteArray> {
        const EntryMeta meta = sampleMeta(row);
        const qint64 cost = meta.cost ? meta.cost->picodollars() : std::numeric_limits<qint64>::min();
        const auto folded = [](const QString& text) {
            QByteArray bytes = text.toUtf8();
            for (char& c : bytes)
                c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
            return std::pair(qint64(0), bytes);
        };
        switch (static_cast<EntryColumn>(column)) {
        case EntryColumn::Agent:
            return folded(meta.agent);
        case EntryColumn::Model:
            return folded(meta.model);
        case EntryColumn::Task:
            return folded(meta.task);
        case EntryColumn::Author:
            return folded(meta.author);
        case EntryColumn::Prompt:
            return folded(meta.promptExcerpt);
        case EntryColumn::Answer:
            return folded(meta.answerExcerpt);
        case EntryColumn::Flags:
            return {(meta.pinned ? 1 : 0) + (meta.human ? 2 : 0) + (meta.python ? 4 : 0), {}};
        case EntryColumn::Age:
            return {-meta.createdMs, {}};
        case EntryColumn::Created:
            return {meta.createdMs, {}};
        case EntryColumn::Ttl:
            return {meta.expiresMs.value_or(std::numeric_limits<qint64>::max()), {}};
        case EntryColumn::Cost:
            return {cost, {}};
        case EntryColumn::Saved:
            return {meta.cost ? cost * meta.hits : cost, {}};
        case EntryColumn::Hits:
            return {meta.hits, {}};
        case EntryColumn::Size:
            return {meta.bytes, {}};
        case EntryColumn::Tokens:
            return {meta.usage.totalTokens(), {}};
        case EntryColumn::Used:
            return {meta.lastUsedMs, {}};
        case EntryColumn::Tags:
            return folded(meta.tags.join(QChar(0x1F)));
        }
        return {};
    };
    for (const Qt::SortOrder order : {Qt::AscendingOrder, Qt::DescendingOrder}) {
        const auto rows =
            arrange(entries.snapshot(), ordered({}, static_cast<EntryColumn>(column), order), {}).rows;
        QCOMPARE(rows.size(), std::size_t(count));
        for (std::size_t at = 1; at < rows.size(); ++at) {
            const auto above = key(rows[at - 1]);
            const auto below = key(rows[at]);
            QVERIFY(order == Qt::AscendingOrder ? above <= below : above >= below);
            if (above == below)
                QVERIFY(sampleMeta(rows[at - 1]).createdMs >= sampleMeta(rows[at]).createdMs);
        }
    }
}

void TestPackedEntries::sumsWhatIsShown()
{
    const PackedEntries entries = samples(1000);
    const ArrangementOrder order =
        ordered(QStringLiteral("agent:triage"), EntryColumn::Cost, Qt::DescendingOrder);
    const EntrySums sums = arrange(entries.snapshot(), order, {}).sums;
    EntrySums expected;
    for (quint32 number = 0; number < 1000; ++number) {
        const EntryMeta meta = sampleMeta(number);
        if (meta.agent != QStringLiteral("triage"))
            continue;
        ++expected.entries;
        expected.bytes += meta.bytes;
        expected.unpriced += meta.cost ? 0 : 1;
        expected.cost += meta.cost.value_or(Money());
    }
    QCOMPARE(sums.entries, expected.entries);
    QCOMPARE(sums.bytes, expected.bytes);
    QCOMPARE(sums.unpriced, expected.unpriced);
    QCOMPARE(sums.cost, expected.cost);
    QVERIFY(sums.unpriced > 0);
}

void TestPackedEntries::stopsWhenAsked()
{
    std::stop_source source;
    source.request_stop();
    const Arrangement shown = arrange(
        samples(1000).snapshot(), ordered({}, EntryColumn::Prompt, Qt::AscendingOrder), source.get_token());
    QVERIFY(shown.stopped);
}

void TestPackedEntries::aMillionRows()
{
    constexpr quint32 count = 1'000'000;
    PackedEntries entries;
    QElapsedTimer timer;
    timer.start();
    for (quint32 number = 0; number < count; ++number)
        entries.upsert(sampleMeta(number));
    qInfo("filled in %lld ms, the making of the samples included", timer.elapsed());
    const double perRow = double(entries.memoryBytes()) / count;
    qInfo("%.1f bytes a row", perRow);
    QVERIFY(perRow <= 250);

    const EntrySnapshot snapshot = entries.snapshot();
    const auto measure = [&](const char* what, const ArrangementOrder& order) {
        timer.start();
        const Arrangement shown = arrange(snapshot, order, {});
        qInfo("%s: %lld ms, %zu rows", what, timer.elapsed(), shown.rows.size());
        return shown.rows.size();
    };
    QCOMPARE(measure("newest first", ordered({}, EntryColumn::Age, Qt::AscendingOrder)), std::size_t(count));
    measure("by cost", ordered({}, EntryColumn::Cost, Qt::DescendingOrder));
    measure("by agent", ordered({}, EntryColumn::Agent, Qt::AscendingOrder));
    measure("by prompt", ordered({}, EntryColumn::Prompt, Qt::AscendingOrder));
    QVERIFY(
        measure("filter by metadata",
            ordered(QStringLiteral("agent:triage cost>0.0001 -hits=0"), EntryColumn::Age, Qt::AscendingOrder))
        < count);
    QVERIFY(
        measure("filter by words", ordered(QStringLiteral("refund"), EntryColumn::Age, Qt::AscendingOrder))
        < count);
    measure("filter by words that are not ASCII",
        ordered(QStringLiteral("jürgen"), EntryColumn::Age, Qt::AscendingOrder));
}

LLMCACHE_TEST_MAIN(TestPackedEntries)
#include "tst_packedentries.moc"
