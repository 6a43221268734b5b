#include "base/error.h"
#include "cache/bulkchange.h"
#include "cache/entrydetail.h"
#include "cache/pickletreemodel.h"
#include "cache/session.h"
#include "guitest.h"
#include "interop/pickleedit.h"
#include "interop/picklereader.h"
#include "interop/picklewriter.h"
#include "picklesamples.h"
#include "redisserver.h"
#include "store/pythonentry.h"
#include "store/pythonstore.h"
#include "theme/theme.h"
#include "waitfortask.h"
#include "widgets/codeedit.h"
#include "widgets/diffview.h"
#include "widgets/hexview.h"

#include <QAbstractItemModelTester>
#include <QLabel>
#include <QListWidget>
#include <QPushButton>
#include <QSignalSpy>
#include <QTabBar>
#include <QTreeView>

using namespace llmcache;
using namespace llmcache::ui;
using llmcache::test::waitForTask;

/// The pickle of an entry that a Python program wrote, in the details of the Cache view.
class TestPicklePane : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void init();
    void cleanup();
    void theTreeKeepsItsPromises();
    void largePicklesAreFetchedInParts();
    void anEditKeepsWhatIsOpen();
    void everythingInItIsShown();
    void onlyPythonEntriesHaveOne();
    void aValueIsEdited();
    void theKeyboardSuffices();
    void whatDoesNotFitIsSaid();
    void noneIsStored();
    void textsHaveLines();
    void otherValuesWait();
    void aConflictIsShown();
    void theirsIsKept();
    void typedTextStaysWithItsEntry();
    void whatIsGoneIsSaid();
    void earlierPicklesComeBack();
    void aReadOnlyStoreIsNotEdited();
    void brokenPicklesAreShownInHex();
    void whatIsThrownAwayIsShown();

private:
    static constexpr int patience = 30'000;

    void open(const QByteArray& pickle, bool readOnly = false);
    void put(const QString& key, const QByteArray& pickle);
    EntryImage stored(const QString& key = QString()) const;
    /// As another program would, in place of what is there.
    void storeOther(const QString& place, const QString& text);
    template <typename T>
    T* find(const char* name) const
    {
        return m_detail->findChild<T*>(QString::fromLatin1(name));
    }
    QPushButton* button(const char* name) const { return find<QPushButton>(name); }
    void click(const char* name) const { QTest::mouseClick(button(name), Qt::LeftButton); }
    CodeEdit* editor() const { return find<CodeEdit>("leafEdit"); }
    QTreeView* tree() const { return find<QTreeView>("pickleTree"); }
    QString says(const char* label) const { return find<QLabel>(label)->text(); }
    PickleTreeModel* model() const { return qobject_cast<PickleTreeModel*>(tree()->model()); }
    QModelIndex at(const QString& place) const;
    void choose(const QString& place) const;
    void doubleClick(const QString& place) const;
    void type(const QString& text) const
    {
        editor()->selectAll();
        QTest::keyClicks(editor(), text);
    }
    void saveAndWait();

    test::RedisServer m_server;
    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<Theme> m_theme;
    std::unique_ptr<Session> m_session;
    std::unique_ptr<EntryDetail> m_detail;
    const QString m_key = QStringLiteral("pyai-cache:v3:") + QString(64, u'a');
};

namespace {

/// "output/home/street" in a tree whose children are fetched on the way.
QModelIndex findPlace(QAbstractItemModel* model, const QString& place)
{
    QModelIndex at = model->index(0, 0);
    for (const QString& name : place.split(u'/', Qt::SkipEmptyParts)) {
        while (model->canFetchMore(at))
            model->fetchMore(at);
        QModelIndex next;
        for (int row = 0; row < model->rowCount(at); ++row) {
            if (model->index(row, 0, at).data().toString() == name)
                next = model->index(row, 0, at);
        }
        if (!next.isValid())
            return {};
        at = next;
    }
    return at;
}

QByteArray edited(const QByteArray& pickle, const QString& place, const QString& text)
{
    const PickleDocument document = readPickle(pickle);
    Theme theme;
    PickleTreeModel model(&theme);
    model.setDocument(document);
    return editLeaf(document, model.valueOf(findPlace(&model, place)), text).source();
}

QString column(const QModelIndex& index, PickleTreeModel::Column column)
{
    return index.siblingAtColumn(column).data().toString();
}

} // namespace

void TestPicklePane::initTestCase()
{
    if (!test::RedisServer::isInstalled())
        QSKIP(qPrintable(test::RedisServer::missingText()));
    QVERIFY2(m_server.start(), qPrintable(m_server.log()));
}

void TestPicklePane::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    m_theme = std::make_unique<Theme>();
    m_theme->setScheme(ColorScheme::Light);
    m_theme->apply(*qApp);
}

void TestPicklePane::cleanup()
{
    if (m_detail) {
        m_detail->stopTasks();
        QTRY_COMPARE_WITH_TIMEOUT(m_detail->activeTasks(), 0, patience);
    }
    m_detail.reset();
    m_session.reset();
}

void TestPicklePane::open(const QByteArray& pickle, bool readOnly)
{
    SessionConfig config;
    config.dataFolder = m_folder->filePath(QStringLiteral("data"));
    config.storeUrl = m_server.url();
    config.identity.user = QStringLiteral("eve");
    m_session = std::make_unique<Session>(config);
    put(m_key, pickle);
    if (readOnly) {
        config.connection.readOnly = true;
        m_session = std::make_unique<Session>(config);
    }
    m_detail = std::make_unique<EntryDetail>(m_theme.get());
    m_detail->resize(434, 720);
    m_detail->setSession(m_session.get());
    if (readOnly)
        m_detail->setObstacle(QStringLiteral("This connection is read-only."));
    m_detail->setVisible(true);
    QVERIFY(QTest::qWaitForWindowExposed(m_detail.get()));
    m_detail->activateWindow();
    m_detail->show(m_key);
    auto* tabs = find<QTabBar>("detailTabs");
    QTRY_VERIFY_WITH_TIMEOUT(tabs->isTabVisible(tabs->count() - 1), patience);
    tabs->setCurrentIndex(tabs->count() - 1);
    QTRY_VERIFY_WITH_TIMEOUT(
        model()->rowCount() > 0 || !find<HexView>("pickleHex")->bytes().isEmpty(), patience);
}

void TestPicklePane::put(const QString& key, const QByteArray& pickle)
{
    waitForTask(pythonStoreOf(&m_session->store())->putForPython({key}, pickle, std::chrono::hours(48)));
}

EntryImage TestPicklePane::stored(const QString& key) const
{
    return waitForTask(m_session->store().readImages({key.isEmpty() ? m_key : key})).front();
}

void TestPicklePane::storeOther(const QString& place, const QString& text)
{
    put(m_key, edited(stored().fields.value(pickleField), place, text));
}

QModelIndex TestPicklePane::at(const QString& place) const
{
    return findPlace(model(), place);
}

void TestPicklePane::choose(const QString& place) const
{
    const QModelIndex index = at(place);
    QVERIFY2(index.isValid(), qPrintable(place));
    tree()->scrollTo(index);
    QTest::mouseClick(tree()->viewport(), Qt::LeftButton, {}, tree()->visualRect(index).center());
    QCOMPARE(tree()->currentIndex().siblingAtColumn(0), index);
}

void TestPicklePane::doubleClick(const QString& place) const
{
    choose(place);
    QTest::mouseDClick(tree()->viewport(), Qt::LeftButton, {}, tree()->visualRect(at(place)).center());
    QVERIFY(editor()->isVisible() && editor()->hasFocus());
}

void TestPicklePane::saveAndWait()
{
    QSignalSpy saved(m_detail.get(), &EntryDetail::saved);
    QTRY_VERIFY_WITH_TIMEOUT(button("saveLeaf")->isEnabled(), patience);
    click("saveLeaf");
    QTRY_COMPARE_WITH_TIMEOUT(saved.size(), 1, patience);
    QCOMPARE(saved.front()[0].toString(), m_key);
    QVERIFY(!saved.front()[1].value<EditResult>().undoId.isEmpty());
}

void TestPicklePane::theTreeKeepsItsPromises()
{
    PickleTreeModel model(m_theme.get());
    QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    tester.setUseFetchMore(false); // it would fetch while the model is reset
    const QByteArray pickle = test::profileResult();
    model.setDocument(readPickle(pickle));
    findPlace(&model, QStringLiteral("output/others/[0]/street"));
    model.setDocument(readPickle(edited(pickle, QStringLiteral("output/name"), QStringLiteral("Bo"))));
    model.setDocument(readPickle(test::dictResult()));
    findPlace(&model, QStringLiteral("output/'a'/[1]"));
    model.setDocument({});
    QCOMPARE(model.rowCount(), 0);
}

void TestPicklePane::largePicklesAreFetchedInParts()
{
    constexpr int count = 100'000;
    PickleBuilder builder;
    builder.emptyList();
    builder.mark();
    for (int number = 0; number < count; ++number)
        builder.integer(qint64(number));
    builder.appendFromMark();
    PickleTreeModel model(m_theme.get());
    model.setDocument(readPickle(builder.finish()));
    const QModelIndex list = model.index(0, 0);
    QCOMPARE(column(list, PickleTreeModel::Value), QStringLiteral("100000 items"));
    QCOMPARE(model.rowCount(list), 0);
    model.fetchMore(list);
    QCOMPARE(model.rowCount(list), PickleTreeModel::batch);
    const QModelIndex last = model.indexOf({0, count - 1});
    QCOMPARE(column(last, PickleTreeModel::Value), QStringLiteral("99999"));
    QCOMPARE(model.pathOf(last), (PicklePath{0, count - 1}));
    QVERIFY(!model.indexOf({0, count}).isValid());
}

void TestPicklePane::anEditKeepsWhatIsOpen()
{
    PickleTreeModel model(m_theme.get());
    const QByteArray pickle = test::profileResult();
    model.setDocument(readPickle(pickle));
    const QPersistentModelIndex street(findPlace(&model, QStringLiteral("output/home/street")));
    QSignalSpy resets(&model, &QAbstractItemModel::modelReset);
    model.setDocument(
        readPickle(edited(pickle, QStringLiteral("output/home/street"), QStringLiteral("Ash"))));
    QCOMPARE(resets.size(), 0);
    QCOMPARE(column(street, PickleTreeModel::Value), QStringLiteral("'Ash'"));
    QCOMPARE(model.nameOf(street), QStringLiteral("output.home.street"));
    // Another class with other fields is another tree.
    model.setDocument(readPickle(test::dictResult()));
    QCOMPARE(resets.size(), 1);
    QVERIFY(!street.isValid());
}

void TestPicklePane::everythingInItIsShown()
{
    open(test::profileResult());
    QCOMPARE(column(model()->index(0, 0), PickleTreeModel::Type),
        QStringLiteral("pyai_caching.agent.CachedResult"));
    const auto shows = [this](const char* place, const char* type, const char* value) {
        const QModelIndex index = at(QString::fromUtf8(place));
        QVERIFY2(index.isValid(), place);
        QCOMPARE(column(index, PickleTreeModel::Type), QString::fromUtf8(type));
        QCOMPARE(column(index, PickleTreeModel::Value), QString::fromUtf8(value));
    };
    shows("output", "app.models.Profile", "20 fields");
    shows("output/born", "datetime.date", "1994-05-06");
    shows("output/seen", "datetime.datetime", "2024-01-02T03:04:05.120000Z");
    shows("output/took", "datetime.timedelta", "P1DT2H0.5S");
    shows("output/balance", "decimal.Decimal", "1.50");
    shows("output/level", "app.models.Level", "'high'");
    shows("output/id", "uuid.UUID", "12345678-1234-5678-1234-567812345678");
    shows("output/home", "app.models.Address", "2 fields");
    shows("output/home/fields set", "set", "1 item");
    shows("output/pair/[1]", "str", "'a'");
    shows("output/nick", "str", "'Al'"); // beyond the fields
    shows("output/private/'_seen'", "int", "3");
    shows("cost", "float", "0.00075");
    QVERIFY2(says("pickleSummary").contains(QStringLiteral("protocol 4")), qPrintable(says("pickleSummary")));
    QVERIFY(find<QLabel>("pickleSummary")->toolTip().contains(QStringLiteral("app.models.Profile")));
    choose(QStringLiteral("output/seen"));
    QCOMPARE(says("leafName"), QStringLiteral("output.seen"));
    QCOMPARE(says("leafType"), QStringLiteral("datetime.datetime"));
    choose(QStringLiteral("output/home"));
    QVERIFY(!button("editLeaf")->isEnabled());
}

void TestPicklePane::onlyPythonEntriesHaveOne()
{
    open(test::profileResult());
    Commit commit;
    commit.entry.meta.fingerprint = QString(64, u'b');
    commit.entry.request = Json::object();
    commit.entry.output = "native";
    waitForTask(m_session->store().commit(std::move(commit)));
    m_detail->show(QString(64, u'b'));
    QTRY_VERIFY_WITH_TIMEOUT(m_detail->isLoaded(), patience);
    auto* tabs = find<QTabBar>("detailTabs");
    QVERIFY(!tabs->isTabVisible(tabs->count() - 1));
    QCOMPARE(tabs->tabText(tabs->currentIndex()), QStringLiteral("Answer"));
}

void TestPicklePane::aValueIsEdited()
{
    open(test::profileResult());
    const EntryImage before = stored();
    doubleClick(QStringLiteral("output/name"));
    QCOMPARE(editor()->text(), QStringLiteral("Alex"));
    type(QStringLiteral("Grace"));
    saveAndWait();
    const EntryImage after = stored();
    QCOMPARE(after.fields.value(pickleField),
        edited(test::profileResult(), QStringLiteral("output/name"), QStringLiteral("Grace")));
    // The TTL to the millisecond, unless the server only says how much is left.
    QVERIFY(after.expiresMs);
    QVERIFY(qAbs(*after.expiresMs - *before.expiresMs) <= (test::RedisServer::majorVersion() < 7 ? 1000 : 0));
    QTRY_COMPARE_WITH_TIMEOUT(column(at(QStringLiteral("output/name")), PickleTreeModel::Value),
        QStringLiteral("'Grace'"), patience);
    QVERIFY(!editor()->isVisible());
    QVERIFY(tree()->hasFocus());
    QCOMPARE(m_detail->fingerprint(), m_key);
    // It is taken back.
    const auto changes = waitForTask(m_session->undoJournal().list(m_session->store().info()));
    QCOMPARE(changes.size(), std::size_t(1));
    QCOMPARE(changes.front().by, QStringLiteral("eve"));
    BulkOptions options;
    options.journal = &m_session->undoJournal();
    options.nowMs = m_session->clock().nowMs();
    QCOMPARE(waitForTask(undoChange(&m_session->store(), changes.front(), false, options)).changed, 1);
    QCOMPARE(stored().fields.value(pickleField), test::profileResult());
    m_detail->reload();
    QTRY_COMPARE_WITH_TIMEOUT(column(at(QStringLiteral("output/name")), PickleTreeModel::Value),
        QStringLiteral("'Alex'"), patience);
}

void TestPicklePane::theKeyboardSuffices()
{
    open(test::profileResult());
    tree()->setFocus();
    tree()->setCurrentIndex(at(QStringLiteral("output/home/zip"))); // None
    QTest::keyClick(tree(), Qt::Key_F2);
    QVERIFY(editor()->hasFocus());
    QTest::keyClicks(editor(), QStringLiteral("8001"));
    QSignalSpy saved(m_detail.get(), &EntryDetail::saved);
    QTest::keyClick(editor(), Qt::Key_Return);
    QTRY_COMPARE_WITH_TIMEOUT(saved.size(), 1, patience);
    QTRY_COMPARE_WITH_TIMEOUT(column(at(QStringLiteral("output/home/zip")), PickleTreeModel::Value),
        QStringLiteral("8001"), patience);
    QCOMPARE(column(at(QStringLiteral("output/home/zip")), PickleTreeModel::Type), QStringLiteral("int"));
    // Enter begins, Escape gives up.
    QTest::keyClick(tree(), Qt::Key_Return);
    QTRY_VERIFY(editor()->hasFocus());
    type(QStringLiteral("9"));
    QTest::keyClick(editor(), Qt::Key_Escape);
    QVERIFY(!editor()->isVisible());
    QVERIFY(tree()->hasFocus());
    QCOMPARE(column(at(QStringLiteral("output/home/zip")), PickleTreeModel::Value), QStringLiteral("8001"));
}

void TestPicklePane::whatDoesNotFitIsSaid()
{
    open(test::profileResult());
    doubleClick(QStringLiteral("output/born"));
    type(QStringLiteral("yesterday"));
    QTRY_VERIFY2(
        says("leafStatus").contains(QStringLiteral("\"yesterday\" is no date. Write it like 2024-01-31.")),
        qPrintable(says("leafStatus")));
    QVERIFY(!button("saveLeaf")->isEnabled());
    QTest::keyClick(editor(), Qt::Key_Return);
    QTRY_VERIFY(!says("leafStatus").isEmpty());
    QCOMPARE(stored().fields.value(pickleField), test::profileResult());
    type(QStringLiteral("1994-05-07"));
    saveAndWait();
    QTRY_COMPARE_WITH_TIMEOUT(column(at(QStringLiteral("output/born")), PickleTreeModel::Value),
        QStringLiteral("1994-05-07"), patience);
}

void TestPicklePane::noneIsStored()
{
    open(test::profileResult());
    doubleClick(QStringLiteral("output/balance"));
    QSignalSpy saved(m_detail.get(), &EntryDetail::saved);
    click("clearLeaf");
    QTRY_COMPARE_WITH_TIMEOUT(saved.size(), 1, patience);
    QTRY_COMPARE_WITH_TIMEOUT(column(at(QStringLiteral("output/balance")), PickleTreeModel::Value),
        QStringLiteral("None"), patience);
}

void TestPicklePane::textsHaveLines()
{
    open(test::profileResult());
    doubleClick(QStringLiteral("output/name"));
    type(QStringLiteral("Ada"));
    QTest::keyClick(editor(), Qt::Key_Return);
    QTest::keyClicks(editor(), QStringLiteral("Lovelace"));
    QVERIFY(editor()->isVisible());
    QSignalSpy saved(m_detail.get(), &EntryDetail::saved);
    QTest::keySequence(editor(), QKeySequence::Save);
    QTRY_COMPARE_WITH_TIMEOUT(saved.size(), 1, patience);
    QCOMPARE(stored().fields.value(pickleField),
        edited(test::profileResult(), QStringLiteral("output/name"), QStringLiteral("Ada\nLovelace")));
}

void TestPicklePane::otherValuesWait()
{
    open(test::profileResult());
    doubleClick(QStringLiteral("output/name"));
    type(QStringLiteral("Grace"));
    const QModelIndex other = at(QStringLiteral("output/seen"));
    QTest::mouseClick(tree()->viewport(), Qt::LeftButton, {}, tree()->visualRect(other).center());
    QTRY_COMPARE(tree()->currentIndex().siblingAtColumn(0), at(QStringLiteral("output/name")));
    QVERIFY(editor()->isVisible());
    QCOMPARE(editor()->text(), QStringLiteral("Grace"));
    QCOMPARE(says("leafStatus"), QStringLiteral("Save or discard this value first."));
    click("discardLeaf");
    choose(QStringLiteral("output/seen"));
    QCOMPARE(says("leafName"), QStringLiteral("output.seen"));
}

void TestPicklePane::aConflictIsShown()
{
    open(test::profileResult());
    doubleClick(QStringLiteral("output/name"));
    type(QStringLiteral("Grace"));
    QTRY_VERIFY(button("saveLeaf")->isEnabled());
    storeOther(QStringLiteral("output/name"), QStringLiteral("Bob"));
    storeOther(QStringLiteral("output/home/street"), QStringLiteral("Ash"));
    click("saveLeaf");
    QTRY_VERIFY_WITH_TIMEOUT(find<QLabel>("leafConflict")->isVisible(), patience);
    QVERIFY(says("leafConflict").startsWith(QStringLiteral("Somebody stored another pickle meanwhile.")));
    QCOMPARE(find<QWidget>("leafValue")->findChild<QTextEdit*>()->toPlainText(), QStringLiteral("Bob"));
    QCOMPARE(editor()->text(), QStringLiteral("Grace"));
    QCOMPARE(button("saveLeaf")->text(), QStringLiteral("Save mine over it"));
    saveAndWait();
    // The value is mine, and all else theirs.
    QByteArray both = edited(test::profileResult(), QStringLiteral("output/name"), QStringLiteral("Grace"));
    both = edited(both, QStringLiteral("output/home/street"), QStringLiteral("Ash"));
    QCOMPARE(stored().fields.value(pickleField), both);
}

void TestPicklePane::theirsIsKept()
{
    open(test::profileResult());
    doubleClick(QStringLiteral("output/name"));
    type(QStringLiteral("Grace"));
    put(m_key, test::dictResult()); // has no such value
    m_detail->reload(); // as when the list is told of it
    QTRY_VERIFY_WITH_TIMEOUT(find<QLabel>("leafConflict")->isVisible(), patience);
    QVERIFY(says("leafConflict").endsWith(QStringLiteral("which has no such value:")));
    QTRY_COMPARE(says("leafStatus"), QStringLiteral("There is no such value any more."));
    QVERIFY(!button("saveLeaf")->isEnabled());
    QCOMPARE(button("discardLeaf")->text(), QStringLiteral("Keep theirs"));
    click("discardLeaf");
    QVERIFY(!editor()->isVisible());
    QTRY_COMPARE_WITH_TIMEOUT(m_detail->activeTasks(), 0, patience);
    QCOMPARE(stored().fields.value(pickleField), test::dictResult());
}

void TestPicklePane::typedTextStaysWithItsEntry()
{
    open(test::profileResult());
    const QString other = QStringLiteral("pyai-cache:v3:") + QString(64, u'c');
    put(other, test::dictResult());
    doubleClick(QStringLiteral("output/name"));
    type(QStringLiteral("Grace"));
    m_detail->show(other);
    QTRY_VERIFY_WITH_TIMEOUT(at(QStringLiteral("output/'a'")).isValid(), patience);
    QVERIFY(!editor()->isVisible());
    m_detail->show(m_key);
    QTRY_VERIFY_WITH_TIMEOUT(editor()->isVisible(), patience);
    QCOMPARE(editor()->text(), QStringLiteral("Grace"));
    QCOMPARE(says("leafName"), QStringLiteral("output.name"));
    saveAndWait();
    QCOMPARE(stored(other).fields.value(pickleField), test::dictResult());
}

void TestPicklePane::whatIsGoneIsSaid()
{
    open(test::profileResult());
    doubleClick(QStringLiteral("output/name"));
    type(QStringLiteral("Grace"));
    waitForTask(m_session->store().removeEntries({m_key}));
    QTRY_VERIFY(button("saveLeaf")->isEnabled());
    click("saveLeaf");
    QTRY_VERIFY_WITH_TIMEOUT(find<QLabel>("leafConflict")->isVisible(), patience);
    QVERIFY(says("leafConflict").startsWith(QStringLiteral("This entry is gone")));
    QCOMPARE(editor()->text(), QStringLiteral("Grace"));
    QVERIFY(!button("saveLeaf")->isVisible());
}

void TestPicklePane::earlierPicklesComeBack()
{
    open(test::profileResult());
    const EntryImage before = stored();
    const auto kept = [this] { return waitForTask(m_session->store().revisions(m_key)).size(); };
    const std::size_t earlier = kept(); // of the other tests
    doubleClick(QStringLiteral("output/home/street"));
    type(QStringLiteral("Elsewhere 1"));
    saveAndWait();
    QVERIFY(stored().fields != before.fields);
    m_detail->reload();
    QTRY_COMPARE_WITH_TIMEOUT(m_detail->revision(), stored().revision(), patience);
    click("pickleRevisions"); // where it was edited
    QTRY_VERIFY_WITH_TIMEOUT(find<QListWidget>("revisionList"), patience);
    auto* const list = find<QListWidget>("revisionList");
    QCOMPARE(list->count(), static_cast<int>(earlier + 1));
    QVERIFY2(list->item(0)->text().startsWith(QStringLiteral("until ")), qPrintable(list->item(0)->text()));
    QVERIFY(list->item(0)->toolTip().startsWith(QStringLiteral("Replaced by eve")));
    QCOMPARE(find<DiffView>("revisionDifferences")->changeCount(), 1); // the street alone
    QSignalSpy saved(m_detail.get(), &EntryDetail::saved);
    click("restoreRevision");
    QTRY_COMPARE_WITH_TIMEOUT(saved.size(), 1, patience);
    QVERIFY(!saved.front()[1].value<EditResult>().undoId.isEmpty());
    QCOMPARE(stored().fields, before.fields); // byte for byte, without the note of who replaced it
    QVERIFY(std::abs(stored().expiresMs.value() - before.expiresMs.value()) < 1000);
}

void TestPicklePane::aReadOnlyStoreIsNotEdited()
{
    open(test::profileResult(), true);
    choose(QStringLiteral("output/name"));
    QCOMPARE(find<QWidget>("leafValue")->findChild<QTextEdit*>()->toPlainText(), QStringLiteral("Alex"));
    QVERIFY(!button("editLeaf")->isEnabled());
    QCOMPARE(button("editLeaf")->toolTip(), QStringLiteral("This connection is read-only."));
    tree()->setFocus();
    QTest::keyClick(tree(), Qt::Key_F2);
    QVERIFY(!editor()->isVisible());
    QCOMPARE(says("leafStatus"), QStringLiteral("This connection is read-only."));
    QCOMPARE(stored().fields.value(pickleField), test::profileResult());
}

void TestPicklePane::brokenPicklesAreShownInHex()
{
    const QByteArray broken = test::profileResult().left(1000);
    open(broken);
    auto* hex = find<HexView>("pickleHex");
    QTRY_VERIFY_WITH_TIMEOUT(hex->isVisible(), patience);
    QCOMPARE(hex->bytes(), broken);
    const auto labels = find<QWidget>("pickleProblem")->findChildren<QLabel*>();
    QVERIFY(std::any_of(labels.begin(), labels.end(),
        [](const QLabel* label) { return label->text().contains(QStringLiteral("byte ")); }));
    auto* tabs = find<QTabBar>("detailTabs");
    QVERIFY(!tabs->isTabVisible(0)); // there is no answer to show
    // The next one is shown as ever.
    put(m_key, test::profileResult());
    m_detail->reload();
    QTRY_VERIFY_WITH_TIMEOUT(tree()->isVisible() && model()->rowCount() == 1, patience);
    QCOMPARE(tree()->currentIndex().data().toString(), QStringLiteral("output"));
    QVERIFY(tabs->isTabVisible(0));
}

void TestPicklePane::whatIsThrownAwayIsShown()
{
    // (os.system("true"), thrown away) and an answer.
    open("cos\nsystem\n(Vtrue\ntR0Vhello\n.");
    QTRY_COMPARE_WITH_TIMEOUT(model()->rowCount(), 2, patience);
    const QModelIndex thrown = model()->index(1, 0);
    QCOMPARE(thrown.data().toString(), QStringLiteral("thrown away"));
    QCOMPARE(column(thrown, PickleTreeModel::Type), QStringLiteral("os.system"));
    QVERIFY(find<QLabel>("pickleSummary")->toolTip().contains(QStringLiteral("os.system")));
    tree()->setCurrentIndex(thrown);
    QVERIFY(!button("editLeaf")->isEnabled());
}

LLMCACHE_GUI_TEST_MAIN(TestPicklePane)
#include "tst_picklepane.moc"
