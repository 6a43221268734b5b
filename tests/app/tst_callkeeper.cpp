#include "guitest.h"
#include "shell/mainwindow.h"
#include "theme/theme.h"
#include "waitfortask.h"
#include "workbench.h"

#include <QDir>
#include <QLabel>
#include <QSettings>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QUuid>

using namespace llmcache;
using namespace llmcache::app;

/// Calls leave the ledger by themselves where the settings say so, and the window says it.
class TestCallKeeper : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();
    void cleanup();
    void oldCallsAreArchivedOnceTheStoreIsThere();
    void withoutTheSettingAllStay();
    void whatCantBeArchivedIsSaid();

private:
    static constexpr int patience = 30'000;
    SessionConfig config() const
    {
        SessionConfig config;
        config.dataFolder = m_folder->filePath(QStringLiteral("data"));
        return config;
    }
    void open()
    {
        m_workbench = std::make_unique<Workbench>(config(), m_settings.get(), m_theme.get());
        m_workbench->show();
        QVERIFY(QTest::qWaitForWindowExposed(&m_workbench->window()));
    }
    qint64 callsLeft() const { return qint64(test::waitForTask(m_workbench->session().calls({})).size()); }
    bool says(const QString& text) const
    {
        const QList<QLabel*> labels = m_workbench->window().findChildren<QLabel*>();
        return std::any_of(labels.begin(), labels.end(),
            [&text](const QLabel* label) { return label->isVisible() && label->text().contains(text); });
    }
    QStringList archives() const
    {
        return QDir(config().dataFolder + QStringLiteral("/archive")).entryList(QDir::Files);
    }
    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<QSettings> m_settings;
    std::unique_ptr<ui::Theme> m_theme;
    std::unique_ptr<Workbench> m_workbench;
};

void TestCallKeeper::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    m_settings =
        std::make_unique<QSettings>(m_folder->filePath(QStringLiteral("settings.ini")), QSettings::IniFormat);
    m_theme = std::make_unique<ui::Theme>();
    m_theme->apply(*qApp);
    Session session(config());
    constexpr qint64 dayMs = 86'400'000;
    std::vector<Call> calls(3);
    for (std::size_t at = 0; at < calls.size(); ++at) {
        calls[at].id = QUuid::createUuid().toString(QUuid::WithoutBraces);
        calls[at].timeMs = session.clock().nowMs() - qint64(2 - at) * 40 * dayMs;
        calls[at].model = QStringLiteral("openai:gpt-5");
    }
    test::waitForTask(session.store().recordCalls(calls));
}

void TestCallKeeper::cleanup()
{
    if (m_workbench) {
        QSignalSpy finished(m_workbench.get(), &Workbench::finished);
        m_workbench->window().close();
        QTRY_COMPARE_WITH_TIMEOUT(finished.count(), 1, patience);
    }
    m_workbench.reset();
}

void TestCallKeeper::oldCallsAreArchivedOnceTheStoreIsThere()
{
    m_settings->setValue(QStringLiteral("ledger/keep_days"), 30);
    open();
    QTRY_VERIFY_WITH_TIMEOUT(says(QStringLiteral("2 old calls archived in ")), patience);
    QCOMPARE(archives().size(), 1);
    QCOMPARE(callsLeft(), 1);
    QCOMPARE(test::waitForTask(m_workbench->session().costs({})).total.calls, 3);
}

void TestCallKeeper::withoutTheSettingAllStay()
{
    open();
    QTRY_VERIFY_WITH_TIMEOUT(says(QStringLiteral("sqlite · ")), patience);
    QCOMPARE(callsLeft(), 3);
    QCOMPARE(archives(), QStringList());
}

void TestCallKeeper::whatCantBeArchivedIsSaid()
{
    m_settings->setValue(QStringLiteral("ledger/keep_days"), 30);
    QFile inTheWay(config().dataFolder + QStringLiteral("/archive"));
    QVERIFY(inTheWay.open(QIODevice::WriteOnly));
    open();
    QTRY_VERIFY_WITH_TIMEOUT(says(QStringLiteral("Old calls were not archived")), patience);
    QCOMPARE(callsLeft(), 3);
}

LLMCACHE_GUI_TEST_MAIN(TestCallKeeper)
#include "tst_callkeeper.moc"
