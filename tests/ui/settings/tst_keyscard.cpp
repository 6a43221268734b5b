#include "cache/session.h"
#include "guitest.h"
#include "secretservice.h"
#include "settings/keyrow.h"
#include "settings/settingsview.h"
#include "theme/theme.h"
#include "waitfortask.h"
#include "widgets/badge.h"
#include "widgets/controls.h"
#include "widgets/errorbanner.h"

#include <QLineEdit>
#include <QSettings>
#include <QSignalSpy>

using namespace llmcache;
using namespace llmcache::test;
using namespace llmcache::ui;

namespace {

constexpr int patience = 10'000;
const QString variable = QStringLiteral("ANTHROPIC_API_KEY");
const QString secret = QStringLiteral("sk-ant-very-secret");

} // namespace

class TestKeysCard : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void init();
    void cleanup();
    void withoutAKeychain(); // first: a process connects to one bus in its life
    void startTheKeychain();
    void aKeyIsTypedAndStored();
    void aKeyIsReplacedAndDeleted();
    void aKeyForThisSession();
    void typedKeysAreMasked();
    void theEnvironmentIsShownAndWins();
    void oneEditorAtATime();
    void keysOfOtherProgramsAreSeen();

private:
    void open();
    KeyRow* row(const QString& name = variable) const
    {
        auto* const found = m_view->findChild<KeyRow*>(QStringLiteral("key ") + name);
        return found ? found : (QTest::qFail(qPrintable(name), __FILE__, __LINE__), nullptr);
    }
    QString badge() const { return row()->findChild<Badge*>()->text(); }
    QPushButton* button(const QString& text) const
    {
        for (QPushButton* found : row()->findChildren<QPushButton*>()) {
            if (found->text() == text)
                return found;
        }
        QTest::qFail(qPrintable(text), __FILE__, __LINE__);
        return nullptr;
    }
    void click(const QString& text) const { QTest::mouseClick(button(text), Qt::LeftButton); }
    QLineEdit* field() const { return row()->findChild<QLineEdit*>(); }
    void settle() const { QTRY_COMPARE_WITH_TIMEOUT(m_view->activeTasks(), 0, patience); }
    QString problem() const
    {
        for (const ErrorBanner* banner : m_view->findChildren<ErrorBanner*>()) {
            if (banner->isVisible())
                return banner->what();
        }
        return {};
    }
    /// Whether any text of the window holds the key.
    bool shows(const QString& text) const
    {
        for (const QLabel* label : m_view->findChildren<QLabel*>()) {
            if (label->text().contains(text) || label->toolTip().contains(text))
                return true;
        }
        return false;
    }

    SecretService m_service;
    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<Theme> m_theme;
    std::unique_ptr<QSettings> m_settings;
    std::unique_ptr<Session> m_session;
    std::unique_ptr<SettingsView> m_view;
};

void TestKeysCard::initTestCase()
{
    if (!SecretService::isInstalled())
        QSKIP(qUtf8Printable(SecretService::missingText()));
    qputenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere");
}

void TestKeysCard::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    m_theme = std::make_unique<Theme>();
    m_theme->apply(*qApp);
    m_settings =
        std::make_unique<QSettings>(m_folder->filePath(QStringLiteral("settings.ini")), QSettings::IniFormat);
}

void TestKeysCard::cleanup()
{
    if (m_view) {
        m_view->stopTasks();
        settle();
    }
    m_view.reset();
    if (m_session && m_session->keys().isStored(variable))
        waitForTask(m_session->keys().remove(variable));
    m_session.reset();
    qunsetenv(variable.toLatin1().constData());
}

void TestKeysCard::open()
{
    SessionConfig config;
    config.dataFolder = m_folder->path();
    m_session = std::make_unique<Session>(config);
    m_view = std::make_unique<SettingsView>(m_theme.get(), m_settings.get());
    m_view->setSession(m_session.get());
    m_view->resize(900, 1400);
    m_view->showPage(SettingsView::Page::Keys);
    m_view->show();
    QVERIFY(QTest::qWaitForWindowExposed(m_view.get()));
    m_view->activateWindow();
    settle();
}

void TestKeysCard::withoutAKeychain()
{
    open();
    click(QStringLiteral("Set…"));
    QTest::keyClicks(field(), secret);
    click(QStringLiteral("Save in keychain"));
    settle();
    QVERIFY2(problem().contains(QStringLiteral("keychain")), qUtf8Printable(problem()));
    QCOMPARE(badge(), QStringLiteral("not set"));
    QVERIFY(!QFile::exists(m_folder->filePath(QStringLiteral("keys.json"))));
    // What was typed is still there, and can be kept otherwise.
    QCOMPARE(field()->text(), secret);
    click(QStringLiteral("This session only"));
    QCOMPARE(badge(), QStringLiteral("✓ this session"));
    QCOMPARE(problem(), QString());
    QCOMPARE(m_session->keys().value(variable), secret);
}

void TestKeysCard::startTheKeychain()
{
    QVERIFY(m_service.start());
}

void TestKeysCard::aKeyIsTypedAndStored()
{
    open();
    QCOMPARE(badge(), QStringLiteral("not set"));
    QVERIFY(!field()->isVisible());
    const QSignalSpy notices(m_view.get(), &SettingsView::notice);
    click(QStringLiteral("Set…"));
    QVERIFY(field()->hasFocus());
    QVERIFY(!button(QStringLiteral("Save in keychain"))->isEnabled());
    QTest::keyClicks(field(), QStringLiteral(" ") + secret + QStringLiteral(" "));
    QTest::keyClick(field(), Qt::Key_Return);
    settle();
    QCOMPARE(problem(), QString());
    QCOMPARE(badge(), QStringLiteral("✓ keychain"));
    QCOMPARE(m_session->keys().value(variable), secret);
    QVERIFY(!field()->isVisible());
    QVERIFY(field()->text().isEmpty());
    QVERIFY(!shows(secret));
    QCOMPARE(notices.count(), 1);
    QVERIFY(m_session->providers().hasKey(QStringLiteral("anthropic")));
}

void TestKeysCard::aKeyIsReplacedAndDeleted()
{
    open();
    waitForTask(m_session->keys().store(variable, secret));
    QCOMPARE(badge(), QStringLiteral("✓ keychain"));
    click(QStringLiteral("Replace…"));
    QTest::keyClicks(field(), QStringLiteral("another"));
    click(QStringLiteral("Save in keychain"));
    settle();
    QCOMPARE(m_session->keys().value(variable), QStringLiteral("another"));
    click(QStringLiteral("Replace…"));
    click(QStringLiteral("Delete"));
    settle();
    QCOMPARE(badge(), QStringLiteral("not set"));
    QCOMPARE(m_session->keys().value(variable), QString());
    QVERIFY(!m_session->keys().isStored(variable));
}

void TestKeysCard::aKeyForThisSession()
{
    open();
    click(QStringLiteral("Set…"));
    QTest::keyClicks(field(), secret);
    click(QStringLiteral("This session only"));
    QCOMPARE(badge(), QStringLiteral("✓ this session"));
    QVERIFY(!m_session->keys().isStored(variable));
    click(QStringLiteral("Replace…"));
    click(QStringLiteral("Delete"));
    settle();
    QCOMPARE(badge(), QStringLiteral("not set"));
}

void TestKeysCard::typedKeysAreMasked()
{
    open();
    click(QStringLiteral("Set…"));
    QTest::keyClicks(field(), secret);
    QCOMPARE(field()->echoMode(), QLineEdit::Password);
    click(QStringLiteral("Show"));
    QCOMPARE(field()->echoMode(), QLineEdit::Normal);
    // Escape forgets what was typed, and the next one is masked again.
    QTest::keyClick(field(), Qt::Key_Escape);
    QVERIFY(!field()->isVisible());
    click(QStringLiteral("Set…"));
    QCOMPARE(field()->text(), QString());
    QCOMPARE(field()->echoMode(), QLineEdit::Password);
}

void TestKeysCard::theEnvironmentIsShownAndWins()
{
    qputenv(variable.toLatin1().constData(), "from-the-environment");
    open();
    QCOMPARE(badge(), QStringLiteral("✓ environment"));
    QVERIFY(!button(QStringLiteral("Replace…"))->isEnabled());
    QVERIFY(button(QStringLiteral("Replace…"))->toolTip().contains(variable));
    QVERIFY(!shows(QStringLiteral("from-the-environment")));
}

void TestKeysCard::oneEditorAtATime()
{
    open();
    click(QStringLiteral("Set…"));
    QTest::keyClicks(field(), secret);
    KeyRow* const other = row(QStringLiteral("OPENAI_API_KEY"));
    for (QPushButton* found : other->findChildren<QPushButton*>()) {
        if (found->text() == QStringLiteral("Set…"))
            QTest::mouseClick(found, Qt::LeftButton);
    }
    QVERIFY(other->isEditing());
    QVERIFY(!row()->isEditing());
    QVERIFY(field()->text().isEmpty());
}

void TestKeysCard::keysOfOtherProgramsAreSeen()
{
    open();
    KeyRing other(m_folder->path());
    waitForTask(other.store(variable, secret));
    QCOMPARE(badge(), QStringLiteral("not set"));
    m_view->activate();
    settle();
    QCOMPARE(badge(), QStringLiteral("✓ keychain"));
}

LLMCACHE_GUI_TEST_MAIN(TestKeysCard)
#include "tst_keyscard.moc"
