#include "connection/connections.h"
#include "connections/connectionscard.h"
#include "connections/teststeplist.h"
#include "guitest.h"
#include "provider/keyring.h"
#include "redisserver.h"
#include "theme/theme.h"
#include "waitfortask.h"
#include "widgets/elidedlabel.h"
#include "widgets/errorbanner.h"

#include <QCheckBox>
#include <QClipboard>
#include <QComboBox>
#include <QGuiApplication>
#include <QLineEdit>
#include <QPushButton>
#include <QScrollArea>
#include <QScrollBar>
#include <QSignalSpy>
#include <QSpinBox>
#include <QTemporaryDir>

using namespace llmcache;
using namespace llmcache::test;
using namespace llmcache::ui;

namespace {

constexpr int patience = 10'000;
const QString secret = QStringLiteral("team-password");

} // namespace

/// Connections are kept, copied, deleted and put back, where there is no keychain.
class TestConnectionsCard : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { qputenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere"); }
    void init();
    void cleanup();
    void passwordForThisSession();
    void duplicateBeginsACopy();
    void deletedAndPutBack();
    void aKeptPasswordSaysWhereAndIsForgotten();
    void aPastedPasswordIsHiddenAtOnce();
    void aTypedPasswordIsHiddenAfterwards();
    void aPasswordAndAVariableAreRefused();
    void anAddressIsReadableBesideItsBadges();
    void whatATestFoundIsInSight();
    void everyFieldIsKept_data();
    void everyFieldIsKept();

private:
    void add(const QString& name, const QString& host);
    template <typename T>
    T* find(const QString& name) const
    {
        T* const found = m_card->findChild<T*>(name);
        return found ? found : (QTest::qFail(qPrintable(name), __FILE__, __LINE__), nullptr);
    }
    void click(const QString& name) const { QTest::mouseClick(find<QPushButton>(name), Qt::LeftButton); }
    void type(const QString& name, const QString& text) const
    {
        auto* const field = find<QLineEdit>(name);
        field->setFocus();
        QTest::keySequence(field, QKeySequence::SelectAll);
        QTest::keyClicks(field, text);
    }
    void settle() const
    {
        QTRY_COMPARE_WITH_TIMEOUT(m_card->activeTasks(), 0, patience);
        QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
    }
    QStringList names() const
    {
        QStringList all;
        for (const ConnectionProfile& one : waitForTask(m_connections->load()))
            all.append(one.traits.name);
        return all;
    }

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<Theme> m_theme;
    std::unique_ptr<KeyRing> m_keys;
    std::unique_ptr<Connections> m_connections;
    std::unique_ptr<ConnectionsCard> m_card;
    std::function<void()> m_undo;
};

void TestConnectionsCard::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    m_theme = std::make_unique<Theme>();
    m_theme->apply(*qApp);
    m_keys = std::make_unique<KeyRing>(m_folder->path());
    m_connections = std::make_unique<Connections>(m_folder->path(), m_keys.get());
    m_card = std::make_unique<ConnectionsCard>(m_theme.get(), m_connections.get());
    m_undo = {};
    connect(m_card.get(), &ConnectionsCard::notice, this,
        [this](const QString&, const QString&, const std::function<void()>& undo) { m_undo = undo; });
    m_card->resize(860, 900);
    m_card->setVisible(true); // show() is the card's own
    QVERIFY(QTest::qWaitForWindowExposed(m_card.get()));
    m_card->activateWindow();
    m_card->reload();
    settle();
}

void TestConnectionsCard::cleanup()
{
    m_card->stopTasks();
    settle();
    m_card.reset();
    m_connections.reset();
    m_keys.reset();
}

void TestConnectionsCard::add(const QString& name, const QString& host)
{
    m_card->add();
    type(QStringLiteral("connection url"), QStringLiteral("redis://%1:6379/0").arg(host));
    type(QStringLiteral("connection name"), name);
    click(QStringLiteral("save connection"));
    settle();
}

void TestConnectionsCard::passwordForThisSession()
{
    m_card->add();
    type(QStringLiteral("connection url"), QStringLiteral("redis://cache.example:6379/0"));
    type(QStringLiteral("connection name"), QStringLiteral("team"));
    type(QStringLiteral("connection password"), secret);
    click(QStringLiteral("save connection"));
    settle();
    // Not silently into a file: it says so, and offers what there is.
    QCOMPARE(names(), QStringList());
    auto* const keep = find<QPushButton>(QStringLiteral("keep connection password"));
    QVERIFY(keep->isVisible());
    QTest::mouseClick(keep, Qt::LeftButton);
    settle();
    QCOMPARE(names(), QStringList(QStringLiteral("team")));
    const ConnectionProfile kept = waitForTask(m_connections->load()).front();
    QCOMPARE(m_keys->value(kept.secretName()), secret);
    QCOMPARE(static_cast<int>(m_keys->place(kept.secretName())), static_cast<int>(KeyRing::Place::Session));
    for (const QString& name : QDir(m_folder->path()).entryList(QDir::Files | QDir::Hidden)) {
        QFile file(m_folder->filePath(name));
        QVERIFY(file.open(QIODevice::ReadOnly));
        QVERIFY2(!file.readAll().contains(secret.toUtf8()), qPrintable(name));
    }
}

void TestConnectionsCard::duplicateBeginsACopy()
{
    add(QStringLiteral("team"), QStringLiteral("cache.example"));
    click(QStringLiteral("duplicate team"));
    QCOMPARE(find<QLineEdit>(QStringLiteral("connection name"))->text(), QStringLiteral("team (copy)"));
    QCOMPARE(
        find<QLineEdit>(QStringLiteral("connection hosts"))->text(), QStringLiteral("cache.example:6379"));
    // It is nothing before it is saved, and then another one.
    QCOMPARE(names(), QStringList(QStringLiteral("team")));
    click(QStringLiteral("save connection"));
    settle();
    QCOMPARE(names(), (QStringList{QStringLiteral("team"), QStringLiteral("team (copy)")}));
    const auto both = waitForTask(m_connections->load());
    QVERIFY(both.front().id != both.back().id);
}

void TestConnectionsCard::deletedAndPutBack()
{
    passwordForThisSession();
    add(QStringLiteral("other"), QStringLiteral("other.example"));
    const ConnectionProfile before = waitForTask(m_connections->load()).front();
    click(QStringLiteral("delete team"));
    settle();
    QCOMPARE(names(), QStringList(QStringLiteral("other")));
    QCOMPARE(m_keys->value(before.secretName()), QString());
    QVERIFY(m_undo);
    m_undo();
    settle();
    // At its place, with its password where that was: there is no keychain that could have taken it.
    QCOMPARE(names(), (QStringList{QStringLiteral("team"), QStringLiteral("other")}));
    QCOMPARE(m_keys->value(before.secretName()), secret);
    QCOMPARE(static_cast<int>(m_keys->place(before.secretName())), static_cast<int>(KeyRing::Place::Session));
}

void TestConnectionsCard::aKeptPasswordSaysWhereAndIsForgotten()
{
    passwordForThisSession();
    const ConnectionProfile kept = waitForTask(m_connections->load()).front();
    // A copy has none, and says so.
    click(QStringLiteral("duplicate team"));
    auto* const password = find<QLineEdit>(QStringLiteral("connection password"));
    auto* const forget = find<QPushButton>(QStringLiteral("forget connection password"));
    QVERIFY(password->placeholderText().contains(QStringLiteral("not copied from \"team\"")));
    QVERIFY(!forget->isVisible());
    click(QStringLiteral("edit team"));
    QVERIFY(password->placeholderText().contains(QStringLiteral("until the program ends")));
    QVERIFY(forget->isVisible());
    QTest::mouseClick(forget, Qt::LeftButton);
    settle();
    QCOMPARE(m_keys->value(kept.secretName()), QString());
    QVERIFY(password->placeholderText().contains(QStringLiteral("none")));
    QVERIFY(!forget->isVisible());
    QCOMPARE(names(), QStringList(QStringLiteral("team")));
}

void TestConnectionsCard::aPastedPasswordIsHiddenAtOnce()
{
    m_card->add();
    auto* const url = find<QLineEdit>(QStringLiteral("connection url"));
    auto* const password = find<QLineEdit>(QStringLiteral("connection password"));
    url->setFocus();
    QGuiApplication::clipboard()->setText(QStringLiteral("redis://ana:hunter2@cache.example:6379/3"));
    QTest::keySequence(url, QKeySequence::Paste);
    QTRY_VERIFY(!url->text().contains(QStringLiteral("hunter2")));
    QVERIFY(url->text().contains(QStringLiteral("cache.example:6379/3")));
    // The fields keep what the URL no longer says.
    QCOMPARE(password->text(), QStringLiteral("hunter2"));
    QCOMPARE(password->echoMode(), QLineEdit::Password);
    QCOMPARE(find<QLineEdit>(QStringLiteral("connection user"))->text(), QStringLiteral("ana"));
    // It is not for the next server.
    QTest::keySequence(url, QKeySequence::SelectAll);
    QGuiApplication::clipboard()->setText(QStringLiteral("redis://other.example:6379/0"));
    QTest::keySequence(url, QKeySequence::Paste);
    QCOMPARE(password->text(), QString());
}

void TestConnectionsCard::aTypedPasswordIsHiddenAfterwards()
{
    m_card->add();
    type(QStringLiteral("connection url"), QStringLiteral("redis://:hunter2@cache.example:6379/0"));
    auto* const url = find<QLineEdit>(QStringLiteral("connection url"));
    QVERIFY(url->text().contains(QStringLiteral("hunter2"))); // it can't be typed otherwise
    find<QLineEdit>(QStringLiteral("connection name"))->setFocus();
    QTRY_VERIFY(!url->text().contains(QStringLiteral("hunter2")));
    QCOMPARE(find<QLineEdit>(QStringLiteral("connection password"))->text(), QStringLiteral("hunter2"));
}

void TestConnectionsCard::aPasswordAndAVariableAreRefused()
{
    m_card->add();
    type(QStringLiteral("connection url"), QStringLiteral("redis://:hunter2@cache.example:6379/0"));
    type(QStringLiteral("connection name"), QStringLiteral("team"));
    type(QStringLiteral("connection variable"), QStringLiteral("TEAM_PASSWORD"));
    click(QStringLiteral("save connection"));
    settle();
    QCOMPARE(names(), QStringList());
    QStringList said;
    for (const ErrorBanner* banner : m_card->findChildren<ErrorBanner*>()) {
        if (banner->isVisible())
            said.append(banner->what());
    }
    QVERIFY2(said.join(u' ').contains(QStringLiteral("TEAM_PASSWORD")), qPrintable(said.join(u' ')));
}

void TestConnectionsCard::anAddressIsReadableBesideItsBadges()
{
    ConnectionProfile profile;
    profile.id = ConnectionProfile::newId();
    profile.traits.name = QStringLiteral("Production");
    profile.traits.production = true;
    profile.traits.readOnly = true;
    profile.address = StoreAddress::fromUrl(
        QStringLiteral("rediss+sentinel://one.example:26379,two.example:26379/mymaster/0"));
    waitForTask(m_connections->save(profile, {}, Connections::Keep::Unchanged));
    settle();
    m_card->setCurrent(profile.id);
    m_card->resize(740, 500); // what a window of 1024 leaves
    constexpr int enough = 300;
    QTRY_VERIFY2(find<ElidedLabel>(QStringLiteral("address of Production"))->width() >= enough,
        qPrintable(QString::number(find<ElidedLabel>(QStringLiteral("address of Production"))->width())));
}

/// The list of steps is long and makes the page longer still.
void TestConnectionsCard::whatATestFoundIsInSight()
{
    QScrollArea page;
    page.setWidgetResizable(true);
    page.setWidget(m_card.get());
    const auto giveBack = qScopeGuard([this, &page] { page.takeWidget(); });
    page.resize(740, 620);
    page.show();
    QVERIFY(QTest::qWaitForWindowExposed(&page));
    page.activateWindow();
    m_card->add();
    type(QStringLiteral("connection url"),
        QStringLiteral("redis://127.0.0.1:%1/0").arg(RedisServer::freePort()));
    auto* const save = find<QPushButton>(QStringLiteral("save connection"));
    const auto isInSight = [save] { return save->visibleRegion().boundingRect() == save->rect(); };
    page.verticalScrollBar()->setValue(0);
    click(QStringLiteral("test connection"));
    settle();
    QVERIFY(find<TestStepList>(QStringLiteral("test steps"))->isVisible());
    QTRY_VERIFY(isInSight());
}

void TestConnectionsCard::everyFieldIsKept_data()
{
    using Fields = QMap<QString, QString>;
    QTest::addColumn<QString>("kind");
    QTest::addColumn<Fields>("fields");
    QTest::addColumn<QStringList>("flags");
    QTest::addColumn<QString>("url");
    QTest::newRow("server with TLS files")
        << QStringLiteral("Redis server")
        << Fields{{QStringLiteral("hosts"), QStringLiteral("cache.example:6380")},
               {QStringLiteral("user"), QStringLiteral("ana")},
               {QStringLiteral("variable"), QStringLiteral("TEAM_PASSWORD")},
               {QStringLiteral("ca"), QStringLiteral("/etc/ca.pem")},
               {QStringLiteral("certificate"), QStringLiteral("/etc/me.pem")},
               {QStringLiteral("key"), QStringLiteral("/etc/me.key")},
               {QStringLiteral("workspace"), QStringLiteral("shop")}}
        << QStringList{QStringLiteral("tls"), QStringLiteral("read-only"), QStringLiteral("production")}
        << QStringLiteral("rediss://cache.example:6380/3?ca=/etc/ca.pem&cert=/etc/me.pem&key=/etc/me.key");
    QTest::newRow("any certificate") << QStringLiteral(
        "Redis server") << Fields{{QStringLiteral("hosts"), QStringLiteral("cache.example:6379")}}
                                     << QStringList{QStringLiteral("tls"), QStringLiteral("verify")}
                                     << QStringLiteral("rediss://cache.example:6379/3?verify=none");
    QTest::newRow("Sentinel") << QStringLiteral("Redis behind Sentinel")
                              << Fields{{QStringLiteral("hosts"), QStringLiteral("a:26379, b:26379")},
                                     {QStringLiteral("master"), QStringLiteral("mymaster")},
                                     {QStringLiteral("sentinel user"), QStringLiteral("watch")}}
                              << QStringList{QStringLiteral("python")}
                              << QStringLiteral("redis+sentinel://a:26379,b:26379/mymaster/3");
    QTest::newRow("Cluster") << QStringLiteral("Redis Cluster")
                             << Fields{{QStringLiteral("hosts"), QStringLiteral("a:1, b:2")}}
                             << QStringList{QStringLiteral("tls")}
                             << QStringLiteral("rediss+cluster://a:1,b:2");
    QTest::newRow("socket") << QStringLiteral("Redis on a Unix socket")
                            << Fields{{QStringLiteral("path"), QStringLiteral("/run/redis.sock")}}
                            << QStringList() << QStringLiteral("redis+unix:///run/redis.sock?db=3");
    QTest::newRow("file") << QStringLiteral("SQLite file")
                          << Fields{{QStringLiteral("path"), QStringLiteral("/home/me/c.sqlite")}}
                          << QStringList{QStringLiteral("read-only")}
                          << QStringLiteral("sqlite:///home/me/c.sqlite");
}

/// Chooses, types and ticks as a person does; then what is saved is what the form shows again.
void TestConnectionsCard::everyFieldIsKept()
{
    using Fields = QMap<QString, QString>;
    QFETCH(QString, kind);
    QFETCH(Fields, fields);
    QFETCH(QStringList, flags);
    QFETCH(QString, url);
    m_card->add();
    type(QStringLiteral("connection name"), QStringLiteral("all"));
    const auto choose = [this](const QString& name, const QString& text) {
        auto* const box = find<QComboBox>(name);
        box->setFocus();
        QTest::keyClick(box, Qt::Key_Home);
        for (int i = 0; i < box->count() && box->currentText() != text; ++i)
            QTest::keyClick(box, Qt::Key_Down);
        QCOMPARE(box->currentText(), text);
    };
    choose(QStringLiteral("connection kind"), kind);
    choose(QStringLiteral("connection colour"), QStringLiteral("Violet"));
    if (auto* const database = find<QSpinBox>(QStringLiteral("connection database")); database->isVisible())
        database->setValue(3);
    for (const QString& flag : flags)
        QTest::keyClick(find<QCheckBox>(QStringLiteral("connection ") + flag), Qt::Key_Space);
    for (auto field = fields.cbegin(); field != fields.cend(); ++field) {
        const QString name = QStringLiteral("connection ") + field.key();
        QVERIFY2(find<QLineEdit>(name)->isVisible(), qPrintable(name));
        type(name, field.value());
    }
    click(QStringLiteral("save connection"));
    settle();
    const auto all = waitForTask(m_connections->load());
    QCOMPARE(all.size(), std::size_t(1));
    const ConnectionProfile kept = all.front();
    QCOMPARE(kept.address.url(), url);
    QCOMPARE(kept.colour, QStringLiteral("violet"));
    QCOMPARE(kept.address.user, fields.value(QStringLiteral("user")));
    QCOMPARE(kept.address.sentinelUser, fields.value(QStringLiteral("sentinel user")));
    QCOMPARE(kept.passwordVariable, fields.value(QStringLiteral("variable")));
    QCOMPARE(kept.workspace, fields.value(QStringLiteral("workspace"), QStringLiteral("default")));
    QCOMPARE(kept.traits.readOnly, flags.contains(QStringLiteral("read-only")));
    QCOMPARE(kept.traits.production, flags.contains(QStringLiteral("production")));
    QCOMPARE(kept.traits.writeForPython, flags.contains(QStringLiteral("python")));
    click(QStringLiteral("edit all"));
    for (auto field = fields.cbegin(); field != fields.cend(); ++field)
        QCOMPARE(find<QLineEdit>(QStringLiteral("connection ") + field.key())->text(), field.value());
    click(QStringLiteral("save connection"));
    settle();
    QCOMPARE(waitForTask(m_connections->load()).front(), kept);
}

LLMCACHE_GUI_TEST_MAIN(TestConnectionsCard)
#include "tst_connectionscard.moc"
