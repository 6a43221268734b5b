// The window as a person uses it, against a real Redis and a provider that was not written here.
#include "cache/cacheview.h"
#include "cache/entrytable.h"
#include "costs/costsview.h"
#include "guitest.h"
#include "mockprovider.h"
#include "redisserver.h"
#include "shell/mainwindow.h"
#include "theme/theme.h"
#include "widgets/badge.h"
#include "widgets/card.h"
#include "widgets/codeedit.h"
#include "widgets/diffview.h"
#include "widgets/errorbanner.h"
#include "workbench.h"
#include "workbench/comparedialog.h"
#include "workbench/runhistory.h"
#include "workbench/workbenchview.h"

#include <QAction>
#include <QClipboard>
#include <QComboBox>
#include <QDropEvent>
#include <QElapsedTimer>
#include <QLabel>
#include <QLineEdit>
#include <QMimeData>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSettings>
#include <QSignalSpy>
#include <QTabBar>
#include <QTableView>

using namespace llmcache;
using namespace llmcache::ui;
using llmcache::test::MockProvider;
using llmcache::test::RedisServer;

namespace {

constexpr auto patience = 30'000;

} // namespace

class TestE2eWindow : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void init();
    void cleanup();
    void missHitInvalidateAndCosts();
    void rateLimitIsWaitedOutInSight();
    void storeDiesAndComesBack();
    void closesWhileARunIsUnderWay();
    void closesThoughTheStoreHangs();
    void explainedComparedAndReopened();
    void schemaHistoryVariablesAndAttachment();
    void violationsAreMarked();
    void aStoppedRunLeavesNothing();

private:
    void makeAgent();
    template <typename T>
    T* find(const char* name) const
    {
        T* const found = m_workbench->window().findChild<T*>(QString::fromLatin1(name));
        return found ? found : (QTest::qFail(name, __FILE__, __LINE__), nullptr);
    }
    void click(const char* button) { QTest::mouseClick(find<QPushButton>(button), Qt::LeftButton); }
    void type(const QString& prompt)
    {
        auto* const edit = find<CodeEdit>("prompt");
        edit->setFocus();
        QTest::keySequence(edit, QKeySequence::SelectAll);
        QTest::keyClicks(edit, prompt);
    }
    void command(const QString& text)
    {
        for (QAction* action : m_workbench->workbenchView().commands()) {
            if (action->text() == text)
                action->trigger();
        }
    }
    /// Makes the agent answer with a Person, by typing the schema.
    void askForAPerson()
    {
        find<QTabBar>("agent tabs")->setCurrentIndex(2);
        for (QAbstractButton* button : find<QWidget>("output kind")->findChildren<QAbstractButton*>()) {
            if (button->text() == QStringLiteral("JSON"))
                QTest::mouseClick(button, Qt::LeftButton);
        }
        QTest::keyClicks(find<QLineEdit>("output name"), QStringLiteral("Person"));
        auto* const schema = find<CodeEdit>("schema");
        schema->setFocus();
        QTest::keySequence(schema, QKeySequence::SelectAll);
        QTest::keyClicks(schema,
            QStringLiteral(
                R"({"type":"object","properties":{"name":{"type":"string"},"born":{"type":"integer"}},)"
                R"("required":["name","born"],"additionalProperties":false})"));
        QTRY_VERIFY_WITH_TIMEOUT(
            find<QLabel>("schema verdict")->text().contains(QStringLiteral("a valid schema")), patience);
    }
    void press(Qt::Key digit) { QTest::keyClick(&m_workbench->window(), digit, Qt::ControlModifier); }
    void waitForBadge(Outcome outcome)
    {
        QTRY_COMPARE_WITH_TIMEOUT(find<Badge>("answer badge")->text(), badgeOf(outcome).text, patience);
    }
    QString raw() const { return find<CodeView>("answer raw")->text(); }
    QString cost() const { return find<Tile>("tile cost")->accessibleName(); }
    /// Whether a visible label has this text somewhere.
    bool says(const QString& text) const
    {
        for (const QLabel* label : m_workbench->window().findChildren<QLabel*>()) {
            if (label->isVisible() && label->text().contains(text))
                return true;
        }
        return false;
    }

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<RedisServer> m_redis;
    std::unique_ptr<MockProvider> m_provider;
    std::unique_ptr<QSettings> m_settings;
    std::unique_ptr<Theme> m_theme;
    std::unique_ptr<app::Workbench> m_workbench;
};

void TestE2eWindow::initTestCase()
{
    const QString missing = RedisServer::isInstalled() ? MockProvider::missing() : RedisServer::missingText();
    if (!missing.isEmpty()) {
        QVERIFY2(!MockProvider::isRequired(), qUtf8Printable(missing));
        QSKIP(qUtf8Printable(missing));
    }
    qputenv("OPENAI_API_KEY", "sk-e2e-window");
}

void TestE2eWindow::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    m_redis = std::make_unique<RedisServer>();
    QVERIFY2(m_redis->start(), qUtf8Printable(m_redis->log()));
    m_provider = std::make_unique<MockProvider>();
    QVERIFY2(m_provider->start(), qUtf8Printable(m_provider->problem()));
    m_settings =
        std::make_unique<QSettings>(m_folder->filePath(QStringLiteral("settings.ini")), QSettings::IniFormat);
    m_theme = std::make_unique<Theme>();
    m_theme->apply(*qApp);
    SessionConfig config;
    config.storeUrl = m_redis->url();
    config.dataFolder = m_folder->filePath(QStringLiteral("data"));
    config.identity = {QStringLiteral("ana"), QStringLiteral("desk")};
    config.providers.baseUrls.insert(QStringLiteral("openai"), QUrl(m_provider->openAiUrl()));
    m_workbench = std::make_unique<app::Workbench>(config, m_settings.get(), m_theme.get());
    m_workbench->show();
    QVERIFY(QTest::qWaitForWindowExposed(&m_workbench->window()));
    m_workbench->window().activateWindow();
    QTRY_VERIFY_WITH_TIMEOUT(says(QStringLiteral("redis · ")), patience);
    makeAgent();
}

void TestE2eWindow::cleanup()
{
    if (m_workbench && m_workbench->window().isVisible()) {
        QSignalSpy finished(m_workbench.get(), &app::Workbench::finished);
        m_workbench->window().close();
        QTRY_COMPARE_WITH_TIMEOUT(finished.count(), 1, patience);
    }
    m_workbench.reset();
    m_provider.reset();
    m_redis.reset();
}

void TestE2eWindow::makeAgent()
{
    click("new agent");
    QTest::keyClicks(find<QLineEdit>("agent name"), QStringLiteral("helper"));
    auto* const model = find<QComboBox>("model");
    model->setFocus();
    model->lineEdit()->selectAll();
    QTest::keyClicks(model->lineEdit(), QStringLiteral("openai:gpt-4o-mini"));
    click("save agent");
    QTRY_VERIFY_WITH_TIMEOUT(
        find<QLabel>("agent state")->text().startsWith(QStringLiteral("saved")), patience);
}

void TestE2eWindow::missHitInvalidateAndCosts()
{
    type(QStringLiteral("What is the capital of France?"));
    click("run");
    waitForBadge(Outcome::Miss);
    QCOMPARE(raw(), QStringLiteral("Paris."));
    QCOMPARE(cost(), QStringLiteral("Cost: $0.00027"));

    // From now on the provider is not needed.
    m_provider->stop();
    click("run");
    waitForBadge(Outcome::Hit);
    QCOMPARE(raw(), QStringLiteral("Paris."));
    QCOMPARE(cost(), QStringLiteral("Cost: $0"));

    press(Qt::Key_3);
    QTRY_COMPARE_WITH_TIMEOUT(
        find<Tile>("tile spent")->accessibleName(), QStringLiteral("Spent: $0.00027"), patience);
    QCOMPARE(find<Tile>("tile hit rate")->accessibleName(), QStringLiteral("Hit rate: 50.0 %"));
    QTRY_COMPARE_WITH_TIMEOUT(
        find<QTableView>("calls")->model()->rowCount(), 2, patience); // comes after the sums

    press(Qt::Key_2);
    auto* const table = find<EntryTable>("entryTable");
    QTRY_COMPARE_WITH_TIMEOUT(table->model()->rowCount(), 1, patience);
    QTest::mouseClick(
        table->viewport(), Qt::LeftButton, {}, table->visualRect(table->model()->index(0, 0)).center());
    table->setFocus();
    QTest::keyClick(table, Qt::Key_Delete);
    QTRY_VERIFY_WITH_TIMEOUT(find<QPushButton>("confirmInvalidate")->isEnabled(), patience); // counted
    click("confirmInvalidate");
    QTRY_COMPARE_WITH_TIMEOUT(table->model()->rowCount(), 0, patience);

    // Gone for everybody: the next run would have to ask the provider, which is away.
    press(Qt::Key_1);
    QTRY_VERIFY_WITH_TIMEOUT(
        find<Badge>("outlook badge")->text().contains(QStringLiteral("will miss")), patience);
}

void TestE2eWindow::rateLimitIsWaitedOutInSight()
{
    type(QStringLiteral("First too many requests"));
    click("run");
    QTRY_VERIFY_WITH_TIMEOUT(says(QStringLiteral("retry in")), patience);
    QVERIFY(find<QPushButton>("stop")->isVisible());
    waitForBadge(Outcome::Miss);
    QCOMPARE(raw(), QStringLiteral("Now there is room."));
    QVERIFY(says(QStringLiteral("2 attempts")));
}

void TestE2eWindow::storeDiesAndComesBack()
{
    type(QStringLiteral("HOLD while the store dies"));
    click("run");
    QVERIFY(m_provider->waitForArrival());
    m_redis->kill();
    m_provider->release();
    waitForBadge(Outcome::Miss);
    QCOMPARE(raw(), QStringLiteral("Worth the wait."));
    QTRY_VERIFY_WITH_TIMEOUT(says(QStringLiteral("not connected")), patience);
    QVERIFY(find<ErrorBanner>("answer problem")->isVisible());

    // With the store back, the answer that was kept on disk is put into it.
    QVERIFY2(m_redis->start(), qUtf8Printable(m_redis->log()));
    QTRY_VERIFY_WITH_TIMEOUT(!says(QStringLiteral("not connected")), patience);
    QTRY_COMPARE_WITH_TIMEOUT(m_workbench->session().spooled(), 0, patience);
    m_provider->stop();
    click("run");
    waitForBadge(Outcome::Hit);
    QCOMPARE(raw(), QStringLiteral("Worth the wait."));
}

void TestE2eWindow::closesWhileARunIsUnderWay()
{
    type(QStringLiteral("HOLD for ever"));
    click("run");
    QVERIFY(m_provider->waitForArrival());
    QSignalSpy finished(m_workbench.get(), &app::Workbench::finished);
    m_workbench->window().close();
    QTRY_COMPARE_WITH_TIMEOUT(finished.count(), 1, patience);
    m_workbench.reset();
    m_provider->release();
}

void TestE2eWindow::closesThoughTheStoreHangs()
{
    type(QStringLiteral("What is the capital of France?"));
    click("run");
    waitForBadge(Outcome::Miss);
    m_redis->freeze();
    click("run"); // waits for an answer that does not come
    QTRY_VERIFY_WITH_TIMEOUT(m_workbench->isBusy(), patience);
    QSignalSpy finished(m_workbench.get(), &app::Workbench::finished);
    QElapsedTimer elapsed;
    elapsed.start();
    m_workbench->window().close();
    QVERIFY(finished.wait(patience));
    // Five seconds of patience, and what a busy machine adds.
    QVERIFY2(elapsed.elapsed() < 15'000, qPrintable(QString::number(elapsed.elapsed())));
    m_redis->thaw();
    m_workbench.reset();
}

void TestE2eWindow::explainedComparedAndReopened()
{
    const QString prompt = QStringLiteral("Tell a short story");
    type(prompt);
    click("run");
    waitForBadge(Outcome::Miss);
    const QString story = raw();
    QVERIFY(story.startsWith(QStringLiteral("Once upon a time")));

    find<QTabBar>("agent tabs")->setCurrentIndex(3);
    auto* const temperature = find<QLineEdit>("temperature");
    temperature->setFocus();
    QTest::keyClicks(temperature, QStringLiteral("0.3"));
    QTRY_VERIFY_WITH_TIMEOUT(find<QPushButton>("explain outlook")->isVisible(), patience);
    click("explain outlook");
    QTRY_VERIFY_WITH_TIMEOUT(
        find<QLabel>("explain verdict")->text().startsWith(QStringLiteral("temperature")), patience);
    QCOMPARE(m_provider->requests(prompt).size(), std::size_t(1));

    click("run");
    waitForBadge(Outcome::Miss);
    QCOMPARE(m_provider->requests(prompt).size(), std::size_t(2));
    command(QStringLiteral("Compare runs"));
    QTRY_VERIFY_WITH_TIMEOUT(m_workbench->window().findChild<CompareDialog*>(), patience);
    auto* const compare = m_workbench->window().findChild<CompareDialog*>();
    QTRY_VERIFY_WITH_TIMEOUT(compare->findChild<DiffView*>()->changeCount() > 0, patience);
    compare->close();

    command(QStringLiteral("Run history"));
    auto* const history = m_workbench->window().findChild<RunHistoryDialog*>();
    auto* const table = history->findChild<QTableView*>(QStringLiteral("past runs"));
    QTRY_COMPARE_WITH_TIMEOUT(table->model()->rowCount(), 2, patience);
    table->selectRow(1);
    QTest::mouseClick(history->findChild<QPushButton*>(QStringLiteral("reopen run")), Qt::LeftButton);
    QTRY_COMPARE_WITH_TIMEOUT(temperature->text(), QString(), patience);
    m_provider->stop();
    click("run");
    waitForBadge(Outcome::Hit);
    QCOMPARE(raw(), story);
}

void TestE2eWindow::schemaHistoryVariablesAndAttachment()
{
    askForAPerson();
    find<QTabBar>("agent tabs")->setCurrentIndex(4);
    QGuiApplication::clipboard()->setText(QStringLiteral(
        R"([{"role": "user", "content": "I like engines."}, {"role": "assistant", "content": "So do I."}])"));
    click("paste history");
    const QString path = m_folder->filePath(QStringLiteral("ada.png"));
    QFile picture(path);
    QVERIFY(picture.open(QIODevice::WriteOnly) && picture.write("\x89PNG\r\n\x1a\n") > 0);
    picture.close();
    QMimeData dropped;
    dropped.setUrls({QUrl::fromLocalFile(path)});
    auto* const panel = find<QWidget>("prompt panel");
    QDragEnterEvent enter(QPoint(5, 5), Qt::CopyAction, &dropped, Qt::LeftButton, Qt::NoModifier);
    QCoreApplication::sendEvent(panel, &enter);
    QDropEvent drop(QPointF(5, 5), Qt::CopyAction, &dropped, Qt::LeftButton, Qt::NoModifier);
    QCoreApplication::sendEvent(panel, &drop);
    type(QStringLiteral("Describe {{who}}"));
    // A field of the prompt before is deleted when the event loop turns.
    QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
    auto* const who = find<QPlainTextEdit>("variable who");
    who->setFocus();
    QTest::keySequence(who, QKeySequence::SelectAll);
    QTest::keyClicks(who, QStringLiteral("Ada"));
    QTRY_VERIFY_WITH_TIMEOUT(
        m_workbench->window().findChild<QWidget*>(QStringLiteral("attachment 1")), patience);
    QTRY_VERIFY_WITH_TIMEOUT(
        find<Badge>("outlook badge")->text().contains(QStringLiteral("will miss")), patience);
    click("run");
    waitForBadge(Outcome::Miss);
    const QString answer = find<CodeView>("answer json")->text();
    QVERIFY2(answer.contains(QStringLiteral("1815")), qPrintable(answer));
    QVERIFY(says(QStringLiteral("✓ valid Person")));

    // All of it has reached the provider.
    const auto seen = m_provider->requests(QStringLiteral("Describe Ada"));
    QCOMPARE(seen.size(), std::size_t(1));
    const QByteArray body = toJsonText(seen.front().body);
    for (const char* part : {"I like engines.", "So do I.", "Describe Ada", "data:image/png;base64,"})
        QVERIFY2(body.contains(part), body.constData());

    // Something else, and back to what was run: the very same request, so a hit without the provider.
    m_provider->stop();
    command(QStringLiteral("Run history"));
    auto* const history = m_workbench->window().findChild<RunHistoryDialog*>();
    auto* const table = history->findChild<QTableView*>(QStringLiteral("past runs"));
    QTRY_COMPARE_WITH_TIMEOUT(table->model()->rowCount(), 1, patience);
    type(QStringLiteral("Something else"));
    table->selectRow(0);
    QTest::mouseClick(history->findChild<QPushButton*>(QStringLiteral("reopen run")), Qt::LeftButton);
    QTRY_COMPARE_WITH_TIMEOUT(find<CodeEdit>("prompt")->text(), QStringLiteral("Describe {{who}}"), patience);
    QTRY_VERIFY_WITH_TIMEOUT(
        find<Badge>("outlook badge")->text().contains(QStringLiteral("will hit")), patience);
    click("run");
    waitForBadge(Outcome::Hit);
    QCOMPARE(find<CodeView>("answer json")->text(), answer);
}

void TestE2eWindow::violationsAreMarked()
{
    askForAPerson();
    type(QStringLiteral("Describe nobody"));
    click("run");
    waitForBadge(Outcome::Failed);
    QVERIFY2(find<ErrorBanner>("answer problem")->what().contains(QStringLiteral("does not fit the schema")),
        qPrintable(find<ErrorBanner>("answer problem")->what()));
    auto* const json = find<CodeView>("answer json");
    QTRY_VERIFY_WITH_TIMEOUT(json->isVisible(), patience);
    QVERIFY(!json->extraSelections().isEmpty());
}

void TestE2eWindow::aStoppedRunLeavesNothing()
{
    type(QStringLiteral("HOLD until it is stopped"));
    click("run");
    QVERIFY(m_provider->waitForArrival());
    QTRY_VERIFY(find<QPushButton>("stop")->isVisible());
    QTest::keyClick(find<CodeEdit>("prompt"), Qt::Key_Escape);
    waitForBadge(Outcome::Cancelled);
    QVERIFY(!find<QPushButton>("stop")->isVisible());
    m_provider->release();
    QTRY_VERIFY_WITH_TIMEOUT(
        find<Badge>("outlook badge")->text().contains(QStringLiteral("will miss")), patience);
}

LLMCACHE_GUI_TEST_MAIN(TestE2eWindow)
#include "tst_e2e_window.moc"
