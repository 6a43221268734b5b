// From an empty HOME to a cached answer on a team's Redis, in one sitting: real TLS, real password, real
// keychain.
#include "base/logbook.h"
#include "cache/entrytable.h"
#include "connections/connectionscard.h"
#include "guitest.h"
#include "redisserver.h"
#include "secretservice.h"
#include "settings/keyrow.h"
#include "settings/settingsview.h"
#include "shell/commandpalette.h"
#include "shell/connectionbutton.h"
#include "shell/mainwindow.h"
#include "shell/welcomepane.h"
#include "testcertificates.h"
#include "theme/theme.h"
#include "waitfortask.h"
#include "widgets/badge.h"
#include "widgets/codeedit.h"
#include "widgets/errorbanner.h"
#include "widgets/toast.h"
#include "window.h"
#include "windows.h"
#include "workbench.h"
#include "workbench/workbenchview.h"

#include <QComboBox>
#include <QDirIterator>
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QMenu>
#include <QPushButton>
#include <QSettings>
#include <QSignalSpy>
#include <QTcpServer>
#include <QToolButton>

using namespace llmcache;
using namespace llmcache::ui;
using llmcache::app::Windows;
using llmcache::app::Workbench;
using llmcache::test::RedisServer;
using llmcache::test::SecretService;
using llmcache::test::TestCertificates;

namespace {

constexpr auto patience = 30'000;
const QString secret = QStringLiteral("s3cret/of the team");

} // namespace

class TestE2eFirstStart : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void init();
    void cleanup();
    void fromAnEmptyHomeToATeamsRedis();
    void theWelcomeGoesAndComesBack();
    void bothSamplesAnswerOffline();
    void settingsReachTheCalls();
    void theSampleComesAndGoes();
    void theEnvironmentNamesTheStore();
    void whatCantBeOpenedIsSaid();
    void severalAreOpenAtOnce();
    void theCommandLineHoldsForAConnection();
    void theCommandLineHoldsForTheLastConnection();
    void theLastConnectionIsNotForgotten();
    void aWorkspaceOfAConnectionBelongsToIt();
    void aConnectionMayBeNamedLikeTheSample();
    void aSampleIsCompletedOpenOnceAndRemoved();
    void aWindowMayCloseBeforeItsConnectionIsOpen();
    void aWindowMayCloseAsSoonAsItIsOpen();

private:
    ConnectionProfile keepFile(const QString& name) const;

    void start(const app::CommandLine& line = {});
    void closeAll();
    std::unique_ptr<RedisServer> startRedis();
    Workbench* window() const { return m_windows->open().back(); }
    template <typename T>
    T* find(const QString& name) const
    {
        T* const found = window()->window().findChild<T*>(name);
        return found ? found : (QTest::qFail(qUtf8Printable(name), __FILE__, __LINE__), nullptr);
    }
    void command(const QString& words) const
    {
        QTest::keyClick(&window()->window(), Qt::Key_K, Qt::ControlModifier);
        auto* const field = window()->window().findChild<CommandPalette*>()->findChild<QLineEdit*>();
        QTest::keyClicks(field, words);
        QTest::keyClick(field, Qt::Key_Return);
    }
    void click(const QString& button) const { QTest::mouseClick(find<QPushButton>(button), Qt::LeftButton); }
    void type(const QString& field, const QString& text) const
    {
        auto* const edit = find<QLineEdit>(field);
        edit->setFocus();
        edit->selectAll();
        QTest::keyClicks(edit, text);
    }
    bool says(const QString& text) const
    {
        for (const QLabel* label : window()->window().findChildren<QLabel*>()) {
            if (label->isVisible() && label->text().contains(text))
                return true;
        }
        return false;
    }
    void runAndWaitFor(Outcome outcome) const
    {
        // Once its agents are there.
        QTRY_VERIFY_WITH_TIMEOUT(!find<QLineEdit>(QStringLiteral("agent name"))->text().isEmpty(), patience);
        auto* const prompt = find<CodeEdit>(QStringLiteral("prompt"));
        prompt->setFocus();
        QTest::keySequence(prompt, QKeySequence::SelectAll);
        QTest::keyClicks(prompt, QStringLiteral("Hello"));
        QTRY_VERIFY_WITH_TIMEOUT(find<QPushButton>(QStringLiteral("run"))->isEnabled(), patience);
        click(QStringLiteral("run"));
        QTRY_COMPARE_WITH_TIMEOUT(
            find<Badge>(QStringLiteral("answer badge"))->text(), badgeOf(outcome).text, patience);
    }
    QString problem() const
    {
        for (const ErrorBanner* banner : window()->window().findChildren<ErrorBanner*>()) {
            if (banner->isVisible())
                return banner->what();
        }
        return {};
    }

    SecretService m_service;
    std::unique_ptr<TestCertificates> m_certificates;
    std::unique_ptr<QTemporaryDir> m_home;
    std::unique_ptr<QSettings> m_settings;
    std::unique_ptr<Theme> m_theme;
    std::unique_ptr<LogBook> m_log;
    std::unique_ptr<Windows> m_windows;
};

void TestE2eFirstStart::initTestCase()
{
    if (!RedisServer::isInstalled())
        QSKIP(qPrintable(RedisServer::missingText()));
    if (!SecretService::isInstalled())
        QSKIP(qPrintable(SecretService::missingText()));
    if (!TestCertificates::isInstalled())
        QSKIP(qPrintable(TestCertificates::missingText()));
    QVERIFY(m_service.start());
    m_certificates = std::make_unique<TestCertificates>();
    QVERIFY(m_certificates->isValid());
    QVERIFY(m_certificates->issue(QStringLiteral("server"), QStringLiteral("IP:127.0.0.1"), 400));
}

void TestE2eFirstStart::init()
{
    m_home = std::make_unique<QTemporaryDir>();
    m_settings =
        std::make_unique<QSettings>(m_home->filePath(QStringLiteral("settings.ini")), QSettings::IniFormat);
    m_theme = std::make_unique<Theme>();
    m_theme->apply(*qApp);
    m_log = std::make_unique<LogBook>();
}

void TestE2eFirstStart::cleanup()
{
    qunsetenv("LLM_CACHE_REDIS_URL");
    if (m_windows)
        closeAll();
}

void TestE2eFirstStart::start(const app::CommandLine& line)
{
    app::CommandLine here = line;
    here.configFolder = m_home->filePath(QStringLiteral("data"));
    app::StoreChoice choice = app::chooseStore(here);
    m_windows =
        std::make_unique<Windows>(choice.config.dataFolder, m_settings.get(), m_theme.get(), m_log.get());
    m_windows->openFirst(std::move(choice));
    QTRY_COMPARE_WITH_TIMEOUT(m_windows->open().size(), std::size_t(1), patience);
    QVERIFY(QTest::qWaitForWindowExposed(&window()->window()));
    window()->window().activateWindow();
}

void TestE2eFirstStart::closeAll()
{
    QSignalSpy finished(m_windows.get(), &Windows::finished);
    for (Workbench* one : m_windows->open())
        one->window().close();
    QTRY_COMPARE_WITH_TIMEOUT(finished.count(), 1, patience);
    m_windows.reset();
}

std::unique_ptr<RedisServer> TestE2eFirstStart::startRedis()
{
    auto server = std::make_unique<RedisServer>();
    server->addArguments({QStringLiteral("--requirepass"), secret, QStringLiteral("--tls-cert-file"),
        m_certificates->certificate(QStringLiteral("server")), QStringLiteral("--tls-key-file"),
        m_certificates->key(QStringLiteral("server")), QStringLiteral("--tls-ca-cert-file"),
        m_certificates->authority(), QStringLiteral("--tls-auth-clients"), QStringLiteral("no"),
        QStringLiteral("--port"), QStringLiteral("0"), QStringLiteral("--tls-port"),
        QString::number(server->port())});
    return server->start() ? std::move(server) : nullptr;
}

void TestE2eFirstStart::fromAnEmptyHomeToATeamsRedis()
{
    const auto redis = startRedis();
    QVERIFY(redis);
    start();
    // No question: the embedded file is open, and an agent answers offline.
    QVERIFY(window()->window().welcome()->isVisible());
    QTRY_VERIFY_WITH_TIMEOUT(says(QStringLiteral("sqlite · ")), patience);
    runAndWaitFor(Outcome::Miss);
    runAndWaitFor(Outcome::Hit);

    // The welcome leads to the form; a pasted address fills it in.
    click(QStringLiteral("welcome connect"));
    QVERIFY(find<QLineEdit>(QStringLiteral("connection url"))->isVisible());
    type(QStringLiteral("connection url"),
        QStringLiteral("rediss://127.0.0.1:%1/0?ca=%2").arg(redis->port()).arg(m_certificates->authority()));
    type(QStringLiteral("connection name"), QStringLiteral("Team cache"));
    QCOMPARE(find<QLineEdit>(QStringLiteral("connection hosts"))->text(),
        QStringLiteral("127.0.0.1:%1").arg(redis->port()));

    // Without its password the test says what is missing; with it everything is fine.
    click(QStringLiteral("test connection"));
    QTRY_VERIFY_WITH_TIMEOUT(says(QStringLiteral("wants a password")), patience);
    type(QStringLiteral("connection password"), secret);
    QCOMPARE(find<QLineEdit>(QStringLiteral("connection password"))->echoMode(), QLineEdit::Password);
    click(QStringLiteral("test connection"));
    QTRY_VERIFY_WITH_TIMEOUT(says(QStringLiteral("may read and write")), patience);
    QTRY_COMPARE_WITH_TIMEOUT(
        find<QPushButton>(QStringLiteral("test connection"))->text(), QStringLiteral("Test"), patience);
    click(QStringLiteral("save connection"));
    QTRY_VERIFY_WITH_TIMEOUT(says(QStringLiteral("is saved")), patience);
    QTRY_VERIFY_WITH_TIMEOUT(
        window()->window().findChild<QPushButton*>(QStringLiteral("open Team cache")), patience);
    const QPointer<Workbench> before = window();
    click(QStringLiteral("open Team cache"));

    // The same window, on the team's Redis.
    QTRY_VERIFY_WITH_TIMEOUT(!before, patience);
    QTRY_COMPARE_WITH_TIMEOUT(m_windows->open().size(), std::size_t(1), patience);
    QTRY_VERIFY_WITH_TIMEOUT(says(QStringLiteral("redis · ")), patience);
    QVERIFY(window()->window().windowTitle().contains(QStringLiteral("Team cache")));
    QTest::keyClick(&window()->window(), Qt::Key_1, Qt::ControlModifier);
    runAndWaitFor(Outcome::Miss);
    runAndWaitFor(Outcome::Hit);
    QCOMPARE(window()->session().store().info().kind, QStringLiteral("redis"));

    // The password is in the keychain and in no file; the next start needs no question.
    closeAll();
    for (QDirIterator all(m_home->path(), QDir::Files | QDir::Hidden, QDirIterator::Subdirectories);
         all.hasNext();) {
        QFile file(all.next());
        QVERIFY(file.open(QIODevice::ReadOnly));
        QVERIFY2(!file.readAll().contains(secret.toUtf8()), qUtf8Printable(file.fileName()));
    }
    for (const LogBook::Line& line : m_log->lines())
        QVERIFY2(!line.text.contains(secret), qUtf8Printable(line.text));
    start();
    QTRY_VERIFY_WITH_TIMEOUT(says(QStringLiteral("redis · ")), patience);
    runAndWaitFor(Outcome::Hit);
}

void TestE2eFirstStart::theWelcomeGoesAndComesBack()
{
    start();
    const auto welcome = [this] { return window()->window().welcome(); };
    QVERIFY(welcome()->isVisible());
    QTest::mouseClick(find<QToolButton>(QStringLiteral("dismiss welcome")), Qt::LeftButton);
    QVERIFY(!welcome()->isVisible());
    closeAll();
    start();
    QVERIFY(!welcome()->isVisible());
    command(QStringLiteral("Show the welcome"));
    QVERIFY(welcome()->isVisible());
    // It leads to the keys.
    click(QStringLiteral("welcome key"));
    QVERIFY(find<KeyRow>(QStringLiteral("key ANTHROPIC_API_KEY"))->isVisible());
    // In the settings it would only take the room.
    QVERIFY(!welcome()->isVisible());
    closeAll();
    start();
    QTest::keyClick(&window()->window(), Qt::Key_1, Qt::ControlModifier);
    QVERIFY(welcome()->isVisible());
}

void TestE2eFirstStart::bothSamplesAnswerOffline()
{
    start();
    auto* const agents = find<QListView>(QStringLiteral("agents"));
    QTRY_COMPARE_WITH_TIMEOUT(agents->model()->rowCount(), 2, patience);
    for (int row = 0; row < 2; ++row) {
        agents->setFocus();
        QTest::keyClick(agents, row == 0 ? Qt::Key_Home : Qt::Key_End);
        runAndWaitFor(Outcome::Miss);
        runAndWaitFor(Outcome::Hit);
    }
    QStringList names;
    for (const Call& call : test::waitForTask(window()->session().calls({})))
        names.append(call.agent);
    names.removeDuplicates();
    names.sort();
    QCOMPARE(names, (QStringList{QStringLiteral("sample: echo"), QStringLiteral("sample: profile")}));
}

void TestE2eFirstStart::settingsReachTheCalls()
{
    start();
    window()->window().showView(&window()->settingsView());
    window()->settingsView().showPage(SettingsView::Page::Runs);
    type(QStringLiteral("ledger user"), QStringLiteral("maria"));
    window()->settingsView().showPage(SettingsView::Page::Appearance);
    auto* const zone = find<QComboBox>(QStringLiteral("time zone"));
    zone->setFocus();
    zone->lineEdit()->selectAll();
    QTest::keyClicks(zone, QStringLiteral("Asia/Tokyo"));
    QTest::keyClick(zone, Qt::Key_Return);
    closeAll();
    // The next start has both.
    const QByteArray before = qgetenv("TZ");
    const auto restore = qScopeGuard([&before] { qputenv("TZ", before); });
    app::useTimeZone(*m_settings);
    QCOMPARE(QDateTime::fromMSecsSinceEpoch(0).time(), QTime(9, 0));
    start();
    QTest::keyClick(&window()->window(), Qt::Key_1, Qt::ControlModifier);
    runAndWaitFor(Outcome::Miss);
    const std::vector<Call> calls = test::waitForTask(window()->session().calls({}));
    QCOMPARE(calls.size(), std::size_t(1));
    QCOMPARE(calls.front().user, QStringLiteral("maria"));
}

void TestE2eFirstStart::theSampleComesAndGoes()
{
    start();
    click(QStringLiteral("welcome sample"));
    // Some ten thousand records take their time on a busy machine.
    QTRY_VERIFY_WITH_TIMEOUT(says(QStringLiteral("This is the sample workspace")), 4 * patience);
    QCOMPARE(window()->session().config().workspace, QStringLiteral("sample"));
    QTest::keyClick(&window()->window(), Qt::Key_2, Qt::ControlModifier);
    auto* const table = find<EntryTable>(QStringLiteral("entryTable"));
    QTRY_VERIFY_WITH_TIMEOUT(table->model()->rowCount() > 1000, patience);
    const CostReport all = test::waitForTask(window()->session().costs({}));
    QVERIFY2(all.total.calls > 20'000, qPrintable(QString::number(all.total.calls)));
    const QString file = m_home->filePath(QStringLiteral("data/sample.sqlite"));
    QVERIFY(QFile::exists(file));
    for (QPushButton* button : window()->window().findChildren<QPushButton*>()) {
        if (button->text() == QStringLiteral("Remove the sample"))
            QTest::mouseClick(button, Qt::LeftButton);
    }
    QTRY_VERIFY_WITH_TIMEOUT(!QFile::exists(file), patience);
    QCOMPARE(window()->session().config().workspace, QStringLiteral("default"));
}

void TestE2eFirstStart::theEnvironmentNamesTheStore()
{
    RedisServer redis;
    QVERIFY2(redis.start(), qPrintable(redis.log()));
    qputenv("LLM_CACHE_REDIS_URL", redis.url().toUtf8());
    start();
    QTRY_VERIFY_WITH_TIMEOUT(says(QStringLiteral("redis · ")), patience);
    QVERIFY(window()->window().connectionButton()->text().contains(QStringLiteral("LLM_CACHE_REDIS_URL")));
}

void TestE2eFirstStart::whatCantBeOpenedIsSaid()
{
    ConnectionProfile profile;
    profile.id = ConnectionProfile::newId();
    profile.traits.name = QStringLiteral("Elsewhere");
    profile.address = StoreAddress::fromUrl(QStringLiteral("redis://127.0.0.1"));
    profile.passwordVariable = QStringLiteral("NO_SUCH_VARIABLE");
    ConnectionList(m_home->filePath(QStringLiteral("data"))).save(profile);
    m_settings->setValue(QStringLiteral("connections/last"), profile.id);
    start();
    QTRY_VERIFY_WITH_TIMEOUT(problem().contains(QStringLiteral("NO_SUCH_VARIABLE")), patience);
    QTRY_VERIFY_WITH_TIMEOUT(says(QStringLiteral("sqlite · ")), patience);
}

void TestE2eFirstStart::severalAreOpenAtOnce()
{
    ConnectionProfile profile;
    profile.id = ConnectionProfile::newId();
    profile.traits.name = QStringLiteral("Live");
    profile.traits.production = true;
    profile.traits.readOnly = true;
    profile.colour = QStringLiteral("red");
    profile.address.kind = StoreAddress::Kind::File;
    profile.address.path = m_home->filePath(QStringLiteral("live.sqlite"));
    ConnectionList(m_home->filePath(QStringLiteral("data"))).save(profile);
    start();
    Workbench* const first = window();
    QVERIFY(!first->window().findChild<ProductionEdge*>()->isVisible());
    QVERIFY(QMetaObject::invokeMethod(
        first->window().connectionButton(), "chosen", Q_ARG(QString, profile.id), Q_ARG(bool, true)));
    QTRY_COMPARE_WITH_TIMEOUT(m_windows->open().size(), std::size_t(2), patience);
    Workbench* const second = window();
    QVERIFY(second->window().findChild<ProductionEdge*>()->isVisible());
    QCOMPARE(second->window().findChild<ProductionEdge*>()->height(), 3);
    QVERIFY(says(QStringLiteral("PRODUCTION")));
    QVERIFY(says(QStringLiteral("READ-ONLY")));
    QVERIFY(second->session().isReadOnly());
    QVERIFY(!first->session().isReadOnly());
    // A key that is replaced in one is replaced in all.
    second->session().keys().keepForSession(QStringLiteral("OPENAI_API_KEY"), secret);
    QCOMPARE(first->session().keys().value(QStringLiteral("OPENAI_API_KEY")), secret);
    // One that is open is brought forward, not opened again.
    first->window().activateWindow();
    QTRY_COMPARE_WITH_TIMEOUT(QApplication::activeWindow(), &first->window(), patience);
    QVERIFY(QMetaObject::invokeMethod(
        first->window().connectionButton(), "chosen", Q_ARG(QString, profile.id), Q_ARG(bool, true)));
    QTRY_COMPARE_WITH_TIMEOUT(QApplication::activeWindow(), &second->window(), patience);
    QCOMPARE(m_windows->open().size(), std::size_t(2));
    second->window().close();
    QTRY_COMPARE_WITH_TIMEOUT(m_windows->open().size(), std::size_t(1), patience);
}

/// A connection to a file of its own.
ConnectionProfile TestE2eFirstStart::keepFile(const QString& name) const
{
    ConnectionProfile profile;
    profile.id = ConnectionProfile::newId();
    profile.traits.name = name;
    profile.colour = QStringLiteral("green");
    profile.address.kind = StoreAddress::Kind::File;
    profile.address.path = m_home->filePath(name + QStringLiteral(".sqlite"));
    ConnectionList(m_home->filePath(QStringLiteral("data"))).save(profile);
    return profile;
}

void TestE2eFirstStart::theCommandLineHoldsForAConnection()
{
    const ConnectionProfile profile = keepFile(QStringLiteral("Live"));
    app::CommandLine line;
    line.connection = profile.traits.name;
    line.readOnly = true;
    line.workspace = QStringLiteral("elsewhere");
    start(line);
    QCOMPARE(window()->profileId(), profile.id);
    QVERIFY(window()->session().isReadOnly());
    QVERIFY(says(QStringLiteral("READ-ONLY")));
    QCOMPARE(window()->session().config().workspace, QStringLiteral("elsewhere"));
    // Nor does another window of this program change anything.
    QVERIFY(QMetaObject::invokeMethod(
        window()->window().connectionButton(), "chosen", Q_ARG(QString, QString()), Q_ARG(bool, true)));
    QTRY_COMPARE_WITH_TIMEOUT(m_windows->open().size(), std::size_t(2), patience);
    QCOMPARE(window()->profileId(), QString());
    QVERIFY(window()->session().isReadOnly());
}

void TestE2eFirstStart::theCommandLineHoldsForTheLastConnection()
{
    const ConnectionProfile profile = keepFile(QStringLiteral("Live"));
    m_settings->setValue(QStringLiteral("connections/last"), profile.id);
    app::CommandLine line;
    line.readOnly = true;
    line.workspace = QStringLiteral("elsewhere");
    start(line);
    QCOMPARE(window()->profileId(), profile.id);
    QVERIFY(window()->session().isReadOnly());
    QCOMPARE(window()->session().config().workspace, QStringLiteral("elsewhere"));
}

void TestE2eFirstStart::theLastConnectionIsNotForgotten()
{
    const ConnectionProfile profile = keepFile(QStringLiteral("Live"));
    const QString last = QStringLiteral("connections/last");
    m_settings->setValue(last, profile.id);
    app::CommandLine line;
    line.store = QStringLiteral("sqlite://") + m_home->filePath(QStringLiteral("once.sqlite"));
    start(line);
    QCOMPARE(window()->profileId(), QString());
    closeAll();
    QCOMPARE(m_settings->value(last).toString(), profile.id);
    // One that can't be opened today may be there tomorrow.
    ConnectionProfile locked = profile;
    locked.address = StoreAddress::fromUrl(QStringLiteral("redis://127.0.0.1"));
    locked.passwordVariable = QStringLiteral("NO_SUCH_VARIABLE");
    ConnectionList(m_home->filePath(QStringLiteral("data"))).save(locked);
    start();
    QTRY_VERIFY_WITH_TIMEOUT(problem().contains(QStringLiteral("NO_SUCH_VARIABLE")), patience);
    closeAll();
    QCOMPARE(m_settings->value(last).toString(), profile.id);
    // What is chosen in the window is what the next start opens.
    ConnectionList(m_home->filePath(QStringLiteral("data"))).save(profile);
    start();
    QCOMPARE(window()->profileId(), profile.id);
    const QPointer<Workbench> before = window();
    QVERIFY(QMetaObject::invokeMethod(
        window()->window().connectionButton(), "chosen", Q_ARG(QString, QString()), Q_ARG(bool, false)));
    QTRY_VERIFY_WITH_TIMEOUT(!before, patience);
    closeAll();
    QCOMPARE(m_settings->value(last).toString(), QString());
}

void TestE2eFirstStart::aWorkspaceOfAConnectionBelongsToIt()
{
    const ConnectionProfile profile = keepFile(QStringLiteral("Live"));
    m_settings->setValue(QStringLiteral("connections/last"), profile.id);
    start();
    const QPointer<Workbench> before = window();
    Q_EMIT before->workspaceChosen(QStringLiteral("second"));
    QTRY_VERIFY_WITH_TIMEOUT(!before, patience);
    QCOMPARE(window()->session().config().workspace, QStringLiteral("second"));
    QCOMPARE(window()->profileId(), profile.id);
    QVERIFY(window()->window().windowTitle().contains(QStringLiteral("Live")));
    // The connection with its own workspace is another window, not this one.
    QVERIFY(QMetaObject::invokeMethod(
        window()->window().connectionButton(), "chosen", Q_ARG(QString, profile.id), Q_ARG(bool, true)));
    QTRY_COMPARE_WITH_TIMEOUT(m_windows->open().size(), std::size_t(2), patience);
    QCOMPARE(window()->session().config().workspace, QStringLiteral("default"));
}

void TestE2eFirstStart::aConnectionMayBeNamedLikeTheSample()
{
    ConnectionProfile profile = keepFile(QStringLiteral("Sample"));
    profile.workspace = QStringLiteral("sample");
    ConnectionList(m_home->filePath(QStringLiteral("data"))).save(profile);
    m_settings->setValue(QStringLiteral("connections/last"), profile.id);
    start();
    QVERIFY(!window()->isSample());
    QTRY_VERIFY_WITH_TIMEOUT(says(QStringLiteral("sqlite · ")), patience);
    QVERIFY(!says(QStringLiteral("sample workspace is being filled")));
    QVERIFY(!says(QStringLiteral("This is the sample workspace")));
}

void TestE2eFirstStart::aSampleIsCompletedOpenOnceAndRemoved()
{
    start();
    click(QStringLiteral("welcome sample"));
    QTRY_VERIFY_WITH_TIMEOUT(window()->isSample(), patience);
    // Closed in the middle of it, with a part of the entries in the file.
    QTRY_VERIFY_WITH_TIMEOUT(says(QStringLiteral("filled: 1")), 4 * patience);
    closeAll();
    QVERIFY(QFile::exists(m_home->filePath(QStringLiteral("data/sample.sqlite"))));
    start();
    click(QStringLiteral("welcome sample"));
    QTRY_VERIFY_WITH_TIMEOUT(says(QStringLiteral("This is the sample workspace")), 4 * patience);
    const CostReport all = test::waitForTask(window()->session().costs({}));
    QVERIFY2(all.total.calls > 20'000, qPrintable(QString::number(all.total.calls)));
    // Asked for again it is brought forward.
    Q_EMIT window()->sampleRequested();
    QCOMPARE(m_windows->open().size(), std::size_t(1));
    Workbench* const sample = window();
    // Another window on the same file, and a message where the offer to remove it was.
    Q_EMIT sample->workspaceChosen(QStringLiteral("other"));
    QTRY_VERIFY_WITH_TIMEOUT(!window()->isSample(), patience);
    Q_EMIT window()->sampleRequested();
    QTRY_VERIFY_WITH_TIMEOUT(window()->isSample(), patience);
    window()->window().showMessage(QStringLiteral("Something"), {}, true);
    command(QStringLiteral("Remove the sample"));
    QTRY_VERIFY_WITH_TIMEOUT(
        !QFile::exists(m_home->filePath(QStringLiteral("data/sample.sqlite"))), patience);
    QTRY_COMPARE_WITH_TIMEOUT(m_windows->open().size(), std::size_t(1), patience);
    QCOMPARE(window()->session().config().workspace, QStringLiteral("default"));
    QVERIFY(!window()->isSample());
}

void TestE2eFirstStart::aWindowMayCloseBeforeItsConnectionIsOpen()
{
    // A password in the keychain, which takes its time.
    const ConnectionProfile profile = keepFile(QStringLiteral("Live"));
    ConnectionProfile redis = profile;
    redis.id = ConnectionProfile::newId();
    redis.traits.name = QStringLiteral("Team");
    redis.address =
        StoreAddress::fromUrl(QStringLiteral("redis://127.0.0.1:%1").arg(RedisServer::freePort()));
    start();
    test::waitForTask(m_windows->connections().save(redis, {secret, {}}, Connections::Keep::Keychain));
    closeAll();
    start();
    QVERIFY(QMetaObject::invokeMethod(
        window()->window().connectionButton(), "chosen", Q_ARG(QString, profile.id), Q_ARG(bool, true)));
    QTRY_COMPARE_WITH_TIMEOUT(m_windows->open().size(), std::size_t(2), patience);
    const QPointer<Workbench> asking = window();
    Q_EMIT asking->profileChosen(redis);
    QVERIFY(asking);
    asking->window().close();
    QTRY_COMPARE_WITH_TIMEOUT(window()->profileId(), redis.id, patience);
    QTRY_VERIFY_WITH_TIMEOUT(!asking, patience);
    QCOMPARE(m_windows->open().size(), std::size_t(2));
}

/// What is asked of the store once the window has been painted comes after the end then.
void TestE2eFirstStart::aWindowMayCloseAsSoonAsItIsOpen()
{
    const ConnectionProfile profile = keepFile(QStringLiteral("Live"));
    start();
    bool isOpen = false;
    connect(m_windows.get(), &Windows::opened, this, [&isOpen](Workbench* opened) {
        isOpen = true;
        opened->window().close();
    });
    QVERIFY(QMetaObject::invokeMethod(
        window()->window().connectionButton(), "chosen", Q_ARG(QString, profile.id), Q_ARG(bool, true)));
    QTRY_VERIFY_WITH_TIMEOUT(isOpen, patience);
    QTRY_COMPARE_WITH_TIMEOUT(m_windows->open().size(), std::size_t(1), patience);
}

LLMCACHE_GUI_TEST_MAIN(TestE2eFirstStart)
#include "tst_e2e_firststart.moc"
