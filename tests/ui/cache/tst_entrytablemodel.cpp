#include "cache/entrytablemodel.h"
#include "cache/selectionsums.h"
#include "guitest.h"
#include "sampleentries.h"

#include <QAbstractItemModelTester>
#include <QItemSelectionModel>
#include <QSignalSpy>

using namespace llmcache;
using namespace llmcache::ui;
using llmcache::test::sampleMeta;
using llmcache::test::sampleNowMs;

namespace {

std::vector<EntryMeta> page(quint32 from, quint32 count)
{
    std::vector<EntryMeta> rows;
    for (quint32 number = from; number < from + count; ++number)
        rows.push_back(sampleMeta(number));
    return rows;
}

EntryFilter filter(const char* text)
{
    return EntryFilter::parse(QString::fromUtf8(text), QTimeZone::utc(), sampleNowMs);
}

QStringList fingerprints(const EntryTableModel& model)
{
    QStringList list;
    for (int row = 0; row < model.rowCount(); ++row)
        list << model.fingerprintAt(row);
    return list;
}

} // namespace

class TestEntryTableModel : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();
    void cleanup();
    void pagesArriveInOrder();
    void selectionStaysWithItsEntries();
    void rowsInsertedNotReset();
    void aScanRemovesWhatIsGone();
    void anIncompleteScanRemovesNothing();
    void removal();
    void updatesShowAndSort();
    void textForTheClipboard();
    void cells();
    void manyChangesAtRandom();
    void manyRows();
    void manySelectedRowsAreAddedUpElsewhere();

private:
    void settle() { QTRY_VERIFY_WITH_TIMEOUT(!m_model->isArranging(), 30'000); }
    std::unique_ptr<EntryTableModel> m_model;
    std::unique_ptr<QAbstractItemModelTester> m_tester;
};

void TestEntryTableModel::init()
{
    m_model = std::make_unique<EntryTableModel>();
    m_model->setNow(sampleNowMs);
    m_tester = std::make_unique<QAbstractItemModelTester>(
        m_model.get(), QAbstractItemModelTester::FailureReportingMode::QtTest);
}

void TestEntryTableModel::cleanup()
{
    m_tester.reset();
    m_model.reset();
}

void TestEntryTableModel::pagesArriveInOrder()
{
    m_model->upsert(page(0, 200));
    settle();
    QCOMPARE(m_model->rowCount(), 200);
    for (quint32 from = 200; from < 3000; from += 400) {
        m_model->upsert(page(from, 400));
        settle();
    }
    QCOMPARE(m_model->rowCount(), 3000);
    QCOMPARE(m_model->total(), 3000);
    for (int row = 1; row < 3000; ++row)
        QVERIFY(m_model->metaAt(row - 1).createdMs >= m_model->metaAt(row).createdMs);

    m_model->sort(static_cast<int>(EntryColumn::Cost), Qt::DescendingOrder);
    settle();
    for (int row = 1; row < 3000; ++row)
        QVERIFY(m_model->metaAt(row - 1).cost.value_or(Money::fromPicodollars(-1))
            >= m_model->metaAt(row).cost.value_or(Money::fromPicodollars(-1)));
}

void TestEntryTableModel::selectionStaysWithItsEntries()
{
    m_model->upsert(page(0, 1000));
    settle();
    QItemSelectionModel selection(m_model.get());
    const QStringList chosen{
        m_model->fingerprintAt(3), m_model->fingerprintAt(500), m_model->fingerprintAt(999)};
    for (const QString& fingerprint : chosen)
        selection.select(m_model->index(m_model->rowOf(fingerprint), 0),
            QItemSelectionModel::Select | QItemSelectionModel::Rows);
    const auto selected = [&] {
        QStringList list;
        for (const QModelIndex& index : selection.selectedRows())
            list << index.data(EntryTableModel::fingerprintRole).toString();
        list.sort();
        return list;
    };
    QStringList expected = chosen;
    expected.sort();
    m_model->upsert(page(1000, 1000));
    settle();
    QCOMPARE(m_model->rowCount(), 2000);
    QCOMPARE(selected(), expected);
    m_model->sort(static_cast<int>(EntryColumn::Prompt), Qt::DescendingOrder);
    settle();
    QCOMPARE(selected(), expected);
    // A filter that keeps one of them keeps it selected, and forgets the others.
    const EntryMeta kept = m_model->metaAt(m_model->rowOf(chosen.at(1)));
    m_model->setFilter(EntryFilter::parse(kept.fingerprint, QTimeZone::utc(), sampleNowMs));
    settle();
    QCOMPARE(m_model->rowCount(), 1);
    QCOMPARE(selected(), QStringList{kept.fingerprint});
    m_model->setFilter({});
    settle();
    QCOMPARE(m_model->rowCount(), 2000);
    QCOMPARE(selected(), QStringList{kept.fingerprint});
}

void TestEntryTableModel::rowsInsertedNotReset()
{
    m_model->upsert(page(0, 500));
    settle();
    const QSignalSpy resets(m_model.get(), &QAbstractItemModel::modelReset);
    const QSignalSpy insertions(m_model.get(), &QAbstractItemModel::rowsInserted);
    const QSignalSpy layouts(m_model.get(), &QAbstractItemModel::layoutChanged);
    m_model->upsert(page(500, 3));
    settle();
    QCOMPARE(layouts.count(), 0); // three places at most: inserted where they belong
    QVERIFY(insertions.count() >= 1 && insertions.count() <= 3);
    m_model->upsert(page(503, 2000));
    settle();
    m_model->setFilter(filter("agent:triage"));
    settle();
    m_model->setFilter({});
    settle();
    QCOMPARE(m_model->rowCount(), 2503);
    QCOMPARE(resets.count(), 0);
}

void TestEntryTableModel::aScanRemovesWhatIsGone()
{
    m_model->upsert(page(0, 1000));
    settle();
    m_model->beginScan();
    m_model->upsert(page(0, 400));
    m_model->upsert(page(700, 400)); // 400 to 699 are gone, 1000 to 1099 are new
    QCOMPARE(m_model->total(), 1100);
    m_model->endScan(true);
    settle();
    QCOMPARE(m_model->total(), 800);
    QCOMPARE(m_model->rowCount(), 800);
    QVERIFY(m_model->contains(sampleMeta(399).fingerprint));
    QVERIFY(!m_model->contains(sampleMeta(400).fingerprint));
    QVERIFY(m_model->contains(sampleMeta(1099).fingerprint));
}

void TestEntryTableModel::anIncompleteScanRemovesNothing()
{
    m_model->upsert(page(0, 300));
    m_model->beginScan();
    m_model->upsert(page(0, 10));
    m_model->endScan(false);
    settle();
    QCOMPARE(m_model->rowCount(), 300);
}

void TestEntryTableModel::removal()
{
    m_model->upsert(page(0, 500));
    settle();
    QStringList gone;
    for (int row = 0; row < 500; row += 3)
        gone << m_model->fingerprintAt(row);
    QItemSelectionModel selection(m_model.get());
    const QString kept = m_model->fingerprintAt(301);
    for (const int row : {300, 301})
        selection.select(m_model->index(row, 0), QItemSelectionModel::Select | QItemSelectionModel::Rows);
    m_model->removeEntries(gone);
    QCOMPARE(m_model->rowCount(), 500 - gone.size()); // at once, not after the next arrangement
    QCOMPARE(m_model->sums().entries, qint64(m_model->rowCount()));
    settle();
    const QStringList left = fingerprints(*m_model);
    QCOMPARE(selection.selectedRows().size(), 1); // what left is selected no more
    QCOMPARE(m_model->fingerprintAt(selection.selectedRows().at(0).row()), kept);
    for (const QString& fingerprint : gone)
        QVERIFY(!left.contains(fingerprint));
    // A result that was being computed meanwhile does not bring them back.
    m_model->sort(static_cast<int>(EntryColumn::Hits), Qt::DescendingOrder);
    QTRY_VERIFY(m_model->isArranging());
    m_model->removeEntries({left.first()});
    settle();
    QCOMPARE(m_model->rowOf(left.first()), -1);
    QCOMPARE(m_model->rowCount(), left.size() - 1);
}

void TestEntryTableModel::updatesShowAndSort()
{
    m_model->upsert(page(0, 300));
    m_model->sort(static_cast<int>(EntryColumn::Hits), Qt::DescendingOrder);
    settle();
    EntryMeta meta = m_model->metaAt(299);
    const QSignalSpy changes(m_model.get(), &QAbstractItemModel::dataChanged);
    meta.hits = 5000;
    meta.lastUsedMs = sampleNowMs;
    m_model->upsert({meta});
    QCOMPARE(changes.count(), 1);
    settle();
    QCOMPARE(m_model->rowOf(meta.fingerprint), 0);
    QCOMPARE(
        m_model->index(0, static_cast<int>(EntryColumn::Hits)).data().toString(), QStringLiteral("5,000"));
    // The same once more is no change.
    m_model->upsert({meta});
    QCOMPARE(changes.count(), 1);
}

void TestEntryTableModel::textForTheClipboard()
{
    EntryMeta meta = sampleMeta(5);
    meta.promptExcerpt = QStringLiteral("a\ttab and a\nnew line");
    meta.cost = Money::fromDecimal(QStringLiteral("0.00289"));
    meta.createdMs = sampleNowMs - 1000;
    m_model->upsert({meta});
    settle();
    const auto write = m_model->tsvMaker(
        {{0, 0}}, {EntryColumn::Agent, EntryColumn::Prompt, EntryColumn::Cost, EntryColumn::Created});
    m_model->clear(); // it writes what there was
    const QString text = write({});
    QCOMPARE(text,
        QStringLiteral("agent\tprompt\tcost\tcreated\tfingerprint\n%1\ta tab and a new line\t0.00289\t"
                       "2026-11-23T11:59:59.000Z\t%2\n")
            .arg(meta.agent, meta.fingerprint));
}

void TestEntryTableModel::cells()
{
    EntryMeta meta = sampleMeta(5);
    meta.agent.clear();
    meta.model = QStringLiteral("openai:<b>gpt-5</b>");
    meta.cost.reset();
    meta.human = true;
    meta.python = true;
    meta.pinned = true;
    meta.expiresMs.reset();
    meta.createdMs = sampleNowMs - 3 * 86'400'000LL;
    m_model->upsert({meta});
    settle();
    const auto cell = [&](EntryColumn column, int role = Qt::DisplayRole) {
        return m_model->index(0, static_cast<int>(column)).data(role).toString();
    };
    QCOMPARE(cell(EntryColumn::Agent), QStringLiteral("unknown")); // a Python entry holds none
    QVERIFY(cell(EntryColumn::Agent, Qt::ToolTipRole).contains(QStringLiteral("pyai-caching")));
    QCOMPARE(cell(EntryColumn::Model), QStringLiteral("<b>gpt-5</b>"));
    QVERIFY2(!cell(EntryColumn::Model, Qt::ToolTipRole).contains(QStringLiteral("<b>")),
        "texts of entries must not become markup");
    QCOMPARE(cell(EntryColumn::Prompt, Qt::ToolTipRole), QString());
    QCOMPARE(cell(EntryColumn::Cost), QStringLiteral("unpriced"));
    QCOMPARE(cell(EntryColumn::Saved), QStringLiteral("unpriced"));
    QCOMPARE(cell(EntryColumn::Ttl), QStringLiteral("pinned"));
    QCOMPARE(cell(EntryColumn::Age), QStringLiteral("3 d"));
    QCOMPARE(cell(EntryColumn::Flags), QStringLiteral("✎"));
    const QString flags = cell(EntryColumn::Flags, Qt::AccessibleTextRole);
    QVERIFY(flags.contains(QStringLiteral("by hand")) && flags.contains(QStringLiteral("pinned")));
    for (const auto& [exact, shown] :
        {std::pair("0.00289", "$0.0029"), std::pair("0", "$0.0000"), std::pair("0.00005", "<$0.0001"),
            std::pair("0.00995", "$0.0100"), std::pair("1234.56789", "$1,234.5679")}) {
        EntryMeta priced = meta;
        priced.revision = ++meta.revision;
        priced.cost = Money::fromDecimal(QLatin1String(exact));
        m_model->upsert({priced});
        QCOMPARE(cell(EntryColumn::Cost), QLatin1String(shown));
    }
    EntryMeta expired = meta;
    expired.expiresMs = sampleNowMs - 1;
    expired.python = false;
    m_model->upsert({expired});
    QCOMPARE(cell(EntryColumn::Ttl), QStringLiteral("expired"));
    QCOMPARE(cell(EntryColumn::Agent), QStringLiteral("–"));
}

void TestEntryTableModel::manyChangesAtRandom()
{
    quint32 state = 99;
    const auto random = [&state](quint32 below) {
        state = state * 1664525 + 1013904223;
        return (state >> 8) % below;
    };
    QItemSelectionModel selection(m_model.get());
    const QList<const char*> filters{
        "", "agent:triage", "refund", "cost>0.001", "hits=0 OR is:python", "zzz"};
    for (int round = 0; round < 150; ++round) {
        switch (random(6)) {
        case 0:
        case 1:
            m_model->upsert(page(random(2000), random(300)));
            break;
        case 2:
            m_model->setFilter(filter(filters.at(random(quint32(filters.size())))));
            break;
        case 3:
            m_model->sort(
                int(random(entryColumnCount)), random(2) ? Qt::AscendingOrder : Qt::DescendingOrder);
            break;
        case 4: {
            QStringList gone;
            for (int row = 0; row < m_model->rowCount(); row += 1 + int(random(40)))
                gone << m_model->fingerprintAt(row);
            m_model->removeEntries(gone);
            break;
        }
        default:
            if (m_model->rowCount() > 0)
                selection.select(m_model->index(int(random(quint32(m_model->rowCount()))), 0),
                    QItemSelectionModel::Toggle | QItemSelectionModel::Rows);
        }
        if (random(3) == 0)
            settle();
    }
    m_model->setFilter({});
    settle();
    QCOMPARE(qint64(m_model->rowCount()), m_model->total());
    QStringList all = fingerprints(*m_model);
    QCOMPARE(QSet<QString>(all.begin(), all.end()).size(), all.size());
}

void TestEntryTableModel::manyRows()
{
    // Without the tester, which looks at rows after every signal.
    m_tester.reset();
    constexpr quint32 count = 200'000; // tst_packedentries has the million
    QElapsedTimer timer;
    timer.start();
    for (quint32 from = 0; from < count; from += 10'000) {
        m_model->upsert(page(from, 10'000));
        QCoreApplication::processEvents();
    }
    settle();
    QCOMPARE(m_model->rowCount(), int(count));
    qInfo("all rows came in and are in order after %lld ms, the making of the samples included",
        timer.elapsed());
    const double perRow = double(m_model->memoryBytes()) / count;
    qInfo("%.1f bytes a row", perRow);
    QVERIFY(perRow <= 250);
    timer.start();
    m_model->setFilter(filter("agent:triage cost>0.0001"));
    settle();
    qInfo("a filter is applied after %lld ms: %d rows", timer.elapsed(), m_model->rowCount());
    timer.start();
    m_model->sort(static_cast<int>(EntryColumn::Cost), Qt::DescendingOrder);
    settle();
    qInfo("sorted after %lld ms", timer.elapsed());
    timer.start();
    m_model->setFilter({});
    settle();
    qInfo("all rows again after %lld ms", timer.elapsed());
    QCOMPARE(m_model->rowCount(), int(count));
}

void TestEntryTableModel::manySelectedRowsAreAddedUpElsewhere()
{
    const auto many = static_cast<int>(SelectionSums::mostAtOnce) + 1;
    m_tester.reset(); // looks at every row
    m_model->upsert(page(0, static_cast<quint32>(many) + 10));
    settle();
    SelectionSums sums(m_model.get());
    std::vector<EntrySums> told;
    connect(&sums, &SelectionSums::summed, this, [&told](const EntrySums& one) { told.push_back(one); });
    const auto isSame = [](const EntrySums& left, const EntrySums& right) {
        return left.entries == right.entries && left.bytes == right.bytes && left.cost == right.cost
            && left.unpriced == right.unpriced && left.usedLately == right.usedLately;
    };
    // Few at once.
    sums.start({{3, 4}, {7, 7}});
    QCOMPARE(told.size(), std::size_t(1));
    QCOMPARE(told.back().entries, qint64(3));
    QVERIFY(isSame(told.back(), m_model->sumsOf({{3, 4}, {7, 7}})));
    QCOMPARE(
        told.back().bytes, m_model->metaAt(3).bytes + m_model->metaAt(4).bytes + m_model->metaAt(7).bytes);
    const std::vector<BulkTarget> targets = m_model->targetsMaker({{3, 4}, {7, 7}})();
    QCOMPARE(targets.size(), std::size_t(3));
    QCOMPARE(targets[0].fingerprint, m_model->fingerprintAt(3));
    QCOMPARE(targets[2].fingerprint, m_model->fingerprintAt(7));
    QCOMPARE(targets[2].revision, m_model->metaAt(7).revision);
    // Many in their own time: the window goes on meanwhile. Of two questions the newer one is answered.
    sums.start({{0, many}});
    sums.start({{1, 4}, {6, many + 3}});
    QCOMPARE(told.size(), std::size_t(1));
    QTRY_COMPARE_WITH_TIMEOUT(told.size(), std::size_t(2), 30'000);
    QCOMPARE(told.back().entries, qint64(many) + 2);
    QVERIFY(isSame(told.back(), m_model->sumsOf({{1, 4}, {6, many + 3}})));
    // Another selection comes in between.
    sums.start({{0, many}});
    sums.start({});
    QCOMPARE(told.size(), std::size_t(3));
    QCOMPARE(told.back().entries, qint64(0));
}

LLMCACHE_GUI_TEST_MAIN(TestEntryTableModel)
#include "tst_entrytablemodel.moc"
