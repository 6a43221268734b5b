#include "cacheviewtest.h"
#include "sampleentries.h"
#include "waitfortask.h"

#include <QFile>
#include <QFileDialog>
#include <QLineEdit>
#include <QMenu>
#include <QSignalSpy>

using namespace llmcache;
using namespace llmcache::ui;
using llmcache::test::sampleEntry;
using llmcache::test::waitForTask;

/// Entries to files and from them, by the menu.
class TestCacheTransfer : public test::CacheViewTest {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { QApplication::setAttribute(Qt::AA_DontUseNativeDialogs); }
    void whatIsShownIsExported();
    void anExportIsCancelled();
    void importsAreAskedFor();
    void entriesThatAreThereAreReplacedOnDemand();
    void lostUndosAreToldBefore();
    void malformedLinesAreNamed();
    void aFileThatIsNone();

private:
    QString path(const char* name) const { return m_folder->filePath(QString::fromLatin1(name)); }
    /// Entries the samples of which can be told from each other and imported: with a request that is theirs.
    QStringList fillReadable(int count);
    /// Chooses a file in the dialog that the menu opens.
    void choose(int action, const char* dialogName, const QString& file);
    void exportTo(const QString& file) { choose(0, "exportDialog", file); }
    void importFrom(const QString& file) { choose(2, "importDialog", file); }
    QString title() const { return text("transferTitle"); }
};

QStringList TestCacheTransfer::fillReadable(int count)
{
    Agent agent;
    agent.name = QStringLiteral("greeter");
    agent.model = QStringLiteral("test:any-name");
    QStringList fingerprints;
    for (int number = 0; number < count; ++number) {
        agent.task = number % 2 == 0 ? QStringLiteral("even") : QStringLiteral("odd");
        const RunResult result =
            waitForTask(m_session->runner().run(agent, QStringLiteral("Say hello to %1").arg(number), {}));
        fingerprints.append(result.fingerprint());
    }
    return fingerprints;
}

void TestCacheTransfer::choose(int action, const char* dialogName, const QString& file)
{
    QMenu* const menu = find<QPushButton>("filesButton")->menu();
    Q_EMIT menu->aboutToShow(); // it is filled when it opens
    menu->actions().at(action)->trigger();
    QFileDialog* dialog = nullptr;
    QTRY_VERIFY((dialog = find<QFileDialog>(dialogName)) && dialog->isVisible());
    dialog->findChild<QLineEdit*>(QStringLiteral("fileNameEdit"))->setText(file);
    QTest::keyClick(dialog->findChild<QLineEdit*>(QStringLiteral("fileNameEdit")), Qt::Key_Return);
    QTRY_VERIFY(!find<QFileDialog>(dialogName));
}

void TestCacheTransfer::whatIsShownIsExported()
{
    fillReadable(20);
    open();
    waitForRows(20);
    QVERIFY(!find<QWidget>("transferBar")->isVisible());
    find<QLineEdit>("filterField")->setText(QStringLiteral("task:even"));
    waitForRows(10);
    exportTo(path("even.jsonl"));
    QTRY_COMPARE_WITH_TIMEOUT(title(), QStringLiteral("Exported 10 entries"), patience);
    QVERIFY(text("transferText").contains(QStringLiteral("even.jsonl")));
    QFile file(path("even.jsonl"));
    QVERIFY(file.open(QIODevice::ReadOnly));
    const QByteArray lines = file.readAll();
    QCOMPARE(lines.count('\n'), 10);
    QVERIFY(lines.contains("even") && !lines.contains("\"odd\""));
    click("closeTransfer");
    QVERIFY(!find<QWidget>("transferBar")->isVisible());
}

void TestCacheTransfer::anExportIsCancelled()
{
    fill(5000);
    open();
    waitForRows(5000);
    exportTo(path("all.jsonl.zst"));
    QTRY_VERIFY_WITH_TIMEOUT(find<QWidget>("transferBar")->isVisible(), patience);
    if (find<QPushButton>("cancelTransfer")->isVisible())
        click("cancelTransfer");
    QTRY_VERIFY_WITH_TIMEOUT(find<QPushButton>("closeTransfer")->isVisible(), patience);
    // The file is there as a whole or not at all.
    if (title() == QStringLiteral("Not exported")) {
        QCOMPARE(text("transferText"), QStringLiteral("Cancelled"));
        QVERIFY(!QFile::exists(path("all.jsonl.zst")));
    } else {
        QCOMPARE(title(), QStringLiteral("Exported 5,000 entries"));
        QVERIFY(QFile::exists(path("all.jsonl.zst")));
    }
    QVERIFY(!QFile::exists(path("all.jsonl.zst.part")));
}

void TestCacheTransfer::importsAreAskedFor()
{
    const QStringList fingerprints = fillReadable(20);
    open();
    waitForRows(20);
    exportTo(path("all.jsonl.gz"));
    QTRY_COMPARE_WITH_TIMEOUT(title(), QStringLiteral("Exported 20 entries"), patience);
    const auto before = waitForTask(m_session->store().readImages(fingerprints));
    waitForTask(m_session->store().removeEntries(fingerprints.first(5)));
    importFrom(path("all.jsonl.gz"));
    QTRY_COMPARE_WITH_TIMEOUT(title(), QStringLiteral("Import 5 new entries?"), patience);
    QCOMPARE(text("transferText"), QStringLiteral("15 there already"));
    QCOMPARE(storedEntries(), 15); // nothing has happened yet
    click("cancelTransfer");
    QVERIFY(!find<QWidget>("transferBar")->isVisible());
    QCOMPARE(storedEntries(), 15);

    importFrom(path("all.jsonl.gz"));
    QTRY_VERIFY_WITH_TIMEOUT(find<QPushButton>("importEntries")->isVisible(), patience);
    click("importEntries");
    QTRY_COMPARE_WITH_TIMEOUT(title(), QStringLiteral("Imported 5 entries"), patience);
    QCOMPARE(text("transferText"), QStringLiteral("15 were there and stayed"));
    waitForRows(20);
    QVERIFY(waitForTask(m_session->store().readImages(fingerprints)) == before);
}

void TestCacheTransfer::entriesThatAreThereAreReplacedOnDemand()
{
    const QStringList fingerprints = fillReadable(3);
    open();
    waitForRows(3);
    exportTo(path("all.jsonl"));
    QTRY_COMPARE_WITH_TIMEOUT(title(), QStringLiteral("Exported 3 entries"), patience);
    Entry entry = *waitForTask(m_session->store().lookup(fingerprints.front()));
    const Json original = entry.output;
    Commit commit;
    commit.entry = entry;
    commit.entry.output = Json("Another answer");
    waitForTask(m_session->store().commit(commit));
    QString offered;
    std::function<void()> undo;
    const QObject listener; // goes before what it writes to
    connect(m_view.get(), &CacheView::notice, &listener,
        [&](const QString& text, const QString& action, const std::function<void()>& run) {
            offered = text + QLatin1Char('|') + action;
            undo = run;
        });
    importFrom(path("all.jsonl"));
    QTRY_VERIFY_WITH_TIMEOUT(find<QPushButton>("importEntries")->isVisible(), patience);
    const auto choices = find<QWidget>("onConflict")->findChildren<QAbstractButton*>();
    QCOMPARE(choices.size(), 3);
    QTest::mouseClick(choices.at(1), Qt::LeftButton);
    click("importEntries");
    QTRY_COMPARE_WITH_TIMEOUT(offered, QStringLiteral("Imported 1 entry|Undo"), patience);
    QVERIFY(waitForTask(m_session->store().lookup(fingerprints.front()))->output == original);
    undo();
    QTRY_COMPARE_WITH_TIMEOUT(offered, QStringLiteral("Restored 1 entry|"), patience);
    QCOMPARE(waitForTask(m_session->store().lookup(fingerprints.front()))->output, Json("Another answer"));
}

void TestCacheTransfer::lostUndosAreToldBefore()
{
    const QStringList fingerprints = fillReadable(2);
    open();
    waitForRows(2);
    exportTo(path("all.jsonl"));
    QTRY_COMPARE_WITH_TIMEOUT(title(), QStringLiteral("Exported 2 entries"), patience);
    Commit commit;
    commit.entry = *waitForTask(m_session->store().lookup(fingerprints.front()));
    commit.entry.output = Json("Another answer");
    waitForTask(m_session->store().commit(commit));
    QVERIFY(fillUndoJournal());
    const QString forgotten = QStringLiteral("1 earlier change of the last 24 h can't be undone any more");
    importFrom(path("all.jsonl"));
    QTRY_VERIFY_WITH_TIMEOUT(find<QPushButton>("importEntries")->isVisible(), patience);
    QCOMPARE(text("transferText"), QStringLiteral("2 there already")); // which stay
    QCOMPARE(title(), QStringLiteral("Nothing in the file is new"));
    QVERIFY(!find<QPushButton>("importEntries")->isEnabled());
    const auto choices = find<QWidget>("onConflict")->findChildren<QAbstractButton*>();
    QTest::mouseClick(choices.at(1), Qt::LeftButton);
    QCOMPARE(text("transferText"), QStringLiteral("2 there already · ") + forgotten);
    QCOMPARE(title(), QStringLiteral("Import what is there already?"));
    QTest::mouseClick(choices.at(0), Qt::LeftButton);
    QCOMPARE(text("transferText"), QStringLiteral("2 there already"));
    QTest::mouseClick(choices.at(1), Qt::LeftButton);
    QSignalSpy notices(m_view.get(), &CacheView::notice);
    click("importEntries");
    QTRY_COMPARE_WITH_TIMEOUT(notices.count(), 1, patience);
    QCOMPARE(notices.front().front().toString(), QStringLiteral("Imported 1 entry · ") + forgotten);
}

void TestCacheTransfer::malformedLinesAreNamed()
{
    fillReadable(2);
    open();
    waitForRows(2);
    exportTo(path("all.jsonl"));
    QTRY_COMPARE_WITH_TIMEOUT(title(), QStringLiteral("Exported 2 entries"), patience);
    QFile file(path("all.jsonl"));
    QVERIFY(file.open(QIODevice::Append));
    file.write("{\"format\": 1}\n");
    file.close();
    importFrom(file.fileName());
    QTRY_VERIFY_WITH_TIMEOUT(find<QPushButton>("importEntries")->isVisible(), patience);
    QVERIFY2(text("transferText").contains(QStringLiteral("1 malformed (line 3:")),
        qPrintable(text("transferText")));
}

void TestCacheTransfer::aFileThatIsNone()
{
    open();
    QFile file(path("empty.jsonl"));
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.close();
    importFrom(file.fileName());
    QTRY_COMPARE_WITH_TIMEOUT(title(), QStringLiteral("Nothing to import"), patience);
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write("this is a letter\n");
    file.close();
    importFrom(file.fileName());
    QTRY_VERIFY_WITH_TIMEOUT(text("transferText").contains(QStringLiteral("1 malformed")), patience);
    QVERIFY(!find<QPushButton>("importEntries")->isVisible());
}

LLMCACHE_GUI_TEST_MAIN(TestCacheTransfer)
#include "tst_cachetransfer.moc"
