#include "connection/connections.h"
#include "connections/connectionscard.h"
#include "guitest.h"
#include "provider/keyring.h"
#include "theme/theme.h"
#include "waitfortask.h"
#include "widgets/errorbanner.h"

#include <QLineEdit>
#include <QPushButton>
#include <QSignalSpy>
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

LLMCACHE_GUI_TEST_MAIN(TestConnectionsCard)
#include "tst_connectionscard.moc"
