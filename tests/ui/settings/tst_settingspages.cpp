#include "base/logbook.h"
#include "base/proxychoice.h"
#include "cache/session.h"
#include "guitest.h"
#include "httpserver.h"
#include "settings/keyrow.h"
#include "settings/logcard.h"
#include "settings/runpreferences.h"
#include "settings/settingsview.h"
#include "theme/theme.h"
#include "widgets/controls.h"
#include "widgets/errorbanner.h"

#include <QClipboard>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QGuiApplication>
#include <QLineEdit>
#include <QNetworkProxy>
#include <QPlainTextEdit>
#include <QSettings>
#include <QSignalSpy>
#include <QTemporaryDir>

using namespace llmcache;
using namespace llmcache::test;
using namespace llmcache::ui;

namespace {

constexpr int patience = 10'000;
const QString variable = QStringLiteral("ANTHROPIC_API_KEY");
const QString secret = QStringLiteral("sk-ant-very-secret");

} // namespace

class TestSettingsPages : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();
    void cleanup();
    void runsAreMadeAsOneChooses();
    void unusableValuesAreTheUsualOnes();
    void aProxyOfOnesOwn();
    void textSizeIsForTheNextStart();
    void aKeyIsTested_data();
    void aKeyIsTested();
    void aTestIsCancelled();
    void anotherKeyIsNotTheOneThatWasTested();
    void noTelemetryIsSaid();
    void theLogHasLevels();
    void diagnosticsHoldNoSecret();

private:
    void open(SettingsView::Page page);
    template <typename T>
    T* find(const char* name) const
    {
        T* const found = m_view->findChild<T*>(QString::fromLatin1(name));
        return found ? found : (QTest::qFail(name, __FILE__, __LINE__), nullptr);
    }
    static void type(QWidget* field, const QString& text)
    {
        field->setFocus();
        QTest::keySequence(field, QKeySequence::SelectAll);
        QTest::keyClicks(field, text);
    }
    KeyRow* row() const { return find<KeyRow>("key ANTHROPIC_API_KEY"); }
    QPushButton* testButton() const { return row()->findChild<QPushButton*>(QStringLiteral("test key")); }
    QLabel* verdict() const { return row()->findChild<QLabel*>(QStringLiteral("key test")); }

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<Theme> m_theme;
    std::unique_ptr<QSettings> m_settings;
    std::unique_ptr<HttpServer> m_server;
    std::unique_ptr<Session> m_session;
    std::unique_ptr<LogBook> m_log;
    std::unique_ptr<SettingsView> m_view;
};

void TestSettingsPages::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    m_theme = std::make_unique<Theme>();
    m_theme->apply(*qApp);
    m_settings =
        std::make_unique<QSettings>(m_folder->filePath(QStringLiteral("settings.ini")), QSettings::IniFormat);
    m_server = std::make_unique<HttpServer>();
    m_log = std::make_unique<LogBook>();
}

void TestSettingsPages::cleanup()
{
    if (m_view) {
        m_view->stopTasks();
        QTRY_COMPARE_WITH_TIMEOUT(m_view->activeTasks(), 0, patience);
    }
    m_view.reset();
    m_session.reset();
    m_server.reset();
    useProxy({});
}

void TestSettingsPages::open(SettingsView::Page page)
{
    SessionConfig config;
    config.dataFolder = m_folder->path();
    config.providers.baseUrls[QStringLiteral("anthropic")] = m_server->url();
    m_session = std::make_unique<Session>(config);
    m_view = std::make_unique<SettingsView>(m_theme.get(), m_settings.get());
    m_view->setSession(m_session.get());
    m_view->setLog(m_log.get());
    m_view->resize(1000, 900);
    m_view->showPage(page);
    m_view->show();
    QVERIFY(QTest::qWaitForWindowExposed(m_view.get()));
    m_view->activateWindow();
    QTRY_COMPARE_WITH_TIMEOUT(m_view->activeTasks(), 0, patience);
}

void TestSettingsPages::runsAreMadeAsOneChooses()
{
    open(SettingsView::Page::Runs);
    type(find<QLineEdit>("ledger user"), QStringLiteral(" maria "));
    type(find<QSpinBox>("default life"), QStringLiteral("30"));
    type(find<QDoubleSpinBox>("initial wait"), QStringLiteral("1.5"));
    type(find<QSpinBox>("longest wait"), QStringLiteral("90"));
    type(find<QSpinBox>("runs at once"), QStringLiteral("3"));
    type(find<QSpinBox>("calls kept"), QStringLiteral("90"));
    const RunPreferences found = RunPreferences::from(*m_settings);
    QCOMPARE(found.user, QStringLiteral("maria"));
    QCOMPARE(found.lifeDays, 30);
    QCOMPARE(found.initialWait, std::chrono::milliseconds(1500));
    QCOMPARE(found.maxWait, std::chrono::seconds(90));
    QCOMPARE(found.atOnce, 3);
    QCOMPARE(found.keepDays, 90);
    // They are there when the page is opened again.
    m_view.reset();
    open(SettingsView::Page::Runs);
    QCOMPARE(find<QSpinBox>("default life")->value(), 30);
    QCOMPARE(find<QLineEdit>("ledger user")->text(), QStringLiteral("maria"));
}

void TestSettingsPages::unusableValuesAreTheUsualOnes()
{
    m_settings->setValue(QStringLiteral("runs/life_days"), -4);
    m_settings->setValue(QStringLiteral("runs/initial_wait_ms"), QStringLiteral("soon"));
    m_settings->setValue(QStringLiteral("runs/at_once"), 1'000'000);
    m_settings->setValue(QStringLiteral("ledger/keep_days"), -1);
    const RunPreferences found = RunPreferences::from(*m_settings);
    QCOMPARE(found.lifeDays, RunPreferences().lifeDays);
    QCOMPARE(found.initialWait, RunPreferences().initialWait);
    QCOMPARE(found.atOnce, RunPreferences().atOnce);
    QCOMPARE(found.keepDays, 0);
}

void TestSettingsPages::aProxyOfOnesOwn()
{
    open(SettingsView::Page::Runs);
    auto* const choice = find<QComboBox>("proxy");
    auto* const address = find<QLineEdit>("proxy address");
    QVERIFY(!address->isVisible());
    choice->setCurrentIndex(2);
    QVERIFY(address->isVisible());
    type(address, QStringLiteral("gate:3128"));
    QTest::keyClick(address, Qt::Key_Return);
    QVERIFY(find<ErrorBanner>("runs problem")->isVisible());
    QCOMPARE(proxyPreference(*m_settings), QString());
    type(address, QStringLiteral("http://gate.example:3128"));
    QTest::keyClick(address, Qt::Key_Return);
    QCOMPARE(proxyPreference(*m_settings), QStringLiteral("http://gate.example:3128"));
    QVERIFY(!find<ErrorBanner>("runs problem")->isVisible());
    QCOMPARE(QNetworkProxy::applicationProxy().hostName(), QStringLiteral("gate.example"));
    choice->setCurrentIndex(1);
    QCOMPARE(int(QNetworkProxy::applicationProxy().type()), int(QNetworkProxy::NoProxy));
    choice->setCurrentIndex(0);
    QCOMPARE(proxyPreference(*m_settings), QString());
}

void TestSettingsPages::textSizeIsForTheNextStart()
{
    open(SettingsView::Page::Appearance);
    QCOMPARE(appearanceSize(*m_settings), 100);
    auto* const size = find<QComboBox>("text size");
    size->setFocus();
    QTest::keyClick(size, Qt::Key_Down);
    QCOMPARE(appearanceSize(*m_settings), 110);
    m_settings->setValue(QStringLiteral("appearance/size"), 3000);
    QCOMPARE(appearanceSize(*m_settings), 100);
}

void TestSettingsPages::aKeyIsTested_data()
{
    QTest::addColumn<int>("status");
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<QString>("text");
    QTest::newRow("valid") << 200 << QByteArray(R"({"data": []})") << QStringLiteral("accepts the key");
    QTest::newRow("refused") << 401
                             << QByteArray(R"({"error": {"type": "authentication_error", "message": "no"}})")
                             << QStringLiteral("refuses the key (401)");
    QTest::newRow("rate limit") << 429
                                << QByteArray(R"({"error": {"type": "rate_limit_error", "message": "no"}})")
                                << QStringLiteral("rate limit");
}

void TestSettingsPages::aKeyIsTested()
{
    QFETCH(int, status);
    QFETCH(QByteArray, body);
    QFETCH(QString, text);
    open(SettingsView::Page::Keys);
    QVERIFY(!testButton()->isVisible());
    m_session->keys().keepForSession(variable, secret);
    QTRY_VERIFY(testButton()->isVisible());
    m_server->enqueue(ScriptedReply::json(body, status));
    QTest::mouseClick(testButton(), Qt::LeftButton);
    QTRY_COMPARE_WITH_TIMEOUT(m_view->activeTasks(), 0, patience);
    QVERIFY2(verdict()->text().contains(text), qUtf8Printable(verdict()->text()));
    QVERIFY(verdict()->isVisible());
    QCOMPARE(m_server->requests().size(), std::size_t(1));
    QCOMPARE(m_server->requests().front().header("x-api-key"), secret.toUtf8());
    QCOMPARE(testButton()->text(), QStringLiteral("Test"));
}

void TestSettingsPages::aTestIsCancelled()
{
    open(SettingsView::Page::Keys);
    m_session->keys().keepForSession(variable, secret);
    ScriptedReply held = ScriptedReply::json("{}");
    held.holdBefore = 0;
    m_server->enqueue(held);
    QSignalSpy arrived(m_server.get(), &HttpServer::requestArrived);
    QTest::mouseClick(testButton(), Qt::LeftButton);
    QVERIFY(arrived.wait(patience));
    QCOMPARE(testButton()->text(), QStringLiteral("Cancel"));
    QTest::mouseClick(testButton(), Qt::LeftButton);
    QTRY_COMPARE_WITH_TIMEOUT(m_view->activeTasks(), 0, patience);
    QCOMPARE(testButton()->text(), QStringLiteral("Test"));
    QVERIFY(!verdict()->isVisible());
}

void TestSettingsPages::anotherKeyIsNotTheOneThatWasTested()
{
    open(SettingsView::Page::Keys);
    m_session->keys().keepForSession(variable, secret);
    m_server->enqueue(ScriptedReply::json("{}"));
    QTest::mouseClick(testButton(), Qt::LeftButton);
    QTRY_VERIFY_WITH_TIMEOUT(verdict()->text().contains(QStringLiteral("accepts")), patience);
    for (QPushButton* const button : row()->findChildren<QPushButton*>()) {
        if (button->text() == QStringLiteral("Replace…"))
            QTest::mouseClick(button, Qt::LeftButton);
    }
    QTest::keyClicks(row()->findChild<QLineEdit*>(QStringLiteral("key")), QStringLiteral("another"));
    QTest::mouseClick(row()->findChild<QPushButton*>(QStringLiteral("keep key")), Qt::LeftButton);
    QVERIFY(!verdict()->isVisible());
}

void TestSettingsPages::noTelemetryIsSaid()
{
    open(SettingsView::Page::About);
    m_view->setFacts({});
    const auto isSaid = [this] {
        const auto labels = m_view->findChildren<QLabel*>();
        return std::any_of(labels.begin(), labels.end(), [](const QLabel* label) {
            return label->isVisible() && label->text().startsWith(QStringLiteral("No telemetry"));
        });
    };
    QTRY_VERIFY_WITH_TIMEOUT(isSaid(), patience);
}

void TestSettingsPages::theLogHasLevels()
{
    open(SettingsView::Page::Log);
    m_log->add(LogBook::Level::Info, QStringLiteral("llmcache.run"), QStringLiteral("a run ended"));
    m_log->add(LogBook::Level::Error, QStringLiteral("llmcache.store"), QStringLiteral("it broke"));
    auto* const text = find<QPlainTextEdit>("log");
    QTRY_VERIFY(text->toPlainText().contains(QStringLiteral("it broke")));
    QVERIFY(text->toPlainText().contains(QStringLiteral("a run ended")));
    auto* const level = m_view->log()->findChild<SegmentedControl*>();
    level->setCurrentIndex(2);
    QVERIFY(text->toPlainText().contains(QStringLiteral("it broke")));
    QVERIFY(!text->toPlainText().contains(QStringLiteral("a run ended")));
}

void TestSettingsPages::diagnosticsHoldNoSecret()
{
    open(SettingsView::Page::Log);
    SettingsView::Facts facts;
    facts.version = QStringLiteral("1.2.3");
    facts.store = QStringLiteral("redis · redis://ana:hidden-password@host:6379");
    m_view->setFacts(facts);
    m_log->add(LogBook::Level::Warning, QStringLiteral("llmcache.store"),
        QStringLiteral("no answer from rediss://:hidden-password@host"));
    const QSignalSpy notices(m_view.get(), &SettingsView::notice);
    QTest::mouseClick(find<QPushButton>("copy diagnostics"), Qt::LeftButton);
    const QString copied = QGuiApplication::clipboard()->text();
    QVERIFY(copied.contains(QStringLiteral("1.2.3")));
    QVERIFY(copied.contains(QStringLiteral("no answer from")));
    QVERIFY2(!copied.contains(QStringLiteral("hidden-password")), qUtf8Printable(copied));
    QCOMPARE(notices.count(), 1);
}

LLMCACHE_GUI_TEST_MAIN(TestSettingsPages)
#include "tst_settingspages.moc"
