#include "workbenchtest.h"

#include "workbench/runpanel.h"
#include "workbench/samples.h"

#include <QAction>
#include <QLineEdit>
#include <QListView>
#include <QVBoxLayout>

using namespace llmcache::ui;

namespace llmcache::test {

void WorkbenchTest::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    m_theme = std::make_unique<Theme>();
    m_theme->apply(*qApp);
    m_settings =
        std::make_unique<QSettings>(m_folder->filePath(QStringLiteral("settings.ini")), QSettings::IniFormat);
    if (qEnvironmentVariableIsSet("LLMCACHE_TEST_REDIS")) {
        if (!RedisServer::isInstalled())
            QSKIP(qPrintable(RedisServer::missingText()));
        m_redis = std::make_unique<RedisServer>();
        QVERIFY2(m_redis->start(), qPrintable(m_redis->log()));
    }
    openSession();
    // An embedded store gets the sample agents by itself; a team's Redis does only when somebody saves them.
    if (m_redis) {
        for (Agent& sample : sampleAgents())
            waitForTask(m_session->store().saveAgent(
                std::move(sample), -1, m_session->config().identity.user, m_session->clock().nowMs()));
    }
}

qint64 WorkbenchTest::storedEntries() const
{
    return static_cast<qint64>(waitForTask(m_session->store().listEntries({}, 100)).rows.size());
}

void WorkbenchTest::openSession(const QString& storeUrl)
{
    SessionConfig config;
    config.dataFolder = m_folder->filePath(QStringLiteral("data"));
    config.storeUrl = storeUrl.isEmpty() && m_redis ? m_redis->url() : storeUrl;
    config.identity = {QStringLiteral("ana"), QStringLiteral("desk")};
    m_session = std::make_unique<Session>(config);
}

void WorkbenchTest::cleanup()
{
    if (m_view) {
        m_view->stopTasks();
        QTRY_COMPARE_WITH_TIMEOUT(m_view->activeTasks(), 0, patience);
    }
    m_window.reset();
    m_view = nullptr;
    if (m_session)
        waitForTask([](Session* session) -> QCoro::Task<bool> {
            co_await session->runner().drain();
            co_return true;
        }(m_session.get()));
    m_session.reset();
    m_redis.reset();
}

void WorkbenchTest::openAtOnce()
{
    m_window = std::make_unique<QWidget>();
    m_view = new WorkbenchView(m_theme.get(), m_session.get(), m_settings.get());
    auto* column = new QVBoxLayout(m_window.get());
    column->addWidget(m_view->createHeader());
    column->addWidget(m_view, 1);
    m_window->resize(1384, 840);
    m_window->show();
    QVERIFY(QTest::qWaitForWindowExposed(m_window.get()));
    m_window->activateWindow();
    m_view->activate();
}

void WorkbenchTest::open()
{
    openAtOnce();
    QTRY_VERIFY_WITH_TIMEOUT(find<QListView>("agents")->model()->rowCount() > 0, patience);
    QTRY_COMPARE_WITH_TIMEOUT(m_view->activeTasks(), 0, patience);
}

void WorkbenchTest::type(const char* editor, const QString& text)
{
    auto* const edit = find<CodeEdit>(editor);
    edit->setFocus();
    QTest::keySequence(edit, QKeySequence::SelectAll);
    QTest::keyClicks(edit, text);
}

void WorkbenchTest::choose(const QString& agent)
{
    auto* const list = find<QListView>("agents");
    for (int row = 0; row < list->model()->rowCount(); ++row) {
        const QModelIndex index = list->model()->index(row, 0);
        if (index.data().toString() == agent) {
            QTest::mouseClick(list->viewport(), Qt::LeftButton, {}, list->visualRect(index).center());
            QCOMPARE(find<QLineEdit>("agent name")->text(), agent);
            return;
        }
    }
    QFAIL(qPrintable(QStringLiteral("no agent ") + agent));
}

void WorkbenchTest::run(const QString& prompt)
{
    type("prompt", prompt);
    const int before = m_view->runPanel()->runs()->rowCount();
    click("run");
    QTRY_COMPARE_WITH_TIMEOUT(m_view->runPanel()->runs()->rowCount(), before + 1, patience);
    QTRY_COMPARE_WITH_TIMEOUT(m_view->runPanel()->running(), 0, patience);
}

void WorkbenchTest::command(const QString& text)
{
    const QList<QAction*> actions = m_view->commands();
    const auto found = std::find_if(
        actions.begin(), actions.end(), [&text](const QAction* action) { return action->text() == text; });
    QVERIFY2(found != actions.end(), qPrintable(text));
    (*found)->trigger();
}

ScriptedProvider* WorkbenchTest::script()
{
    auto provider = std::make_unique<ScriptedProvider>();
    ScriptedProvider* const scripted = provider.get();
    m_session->providers().setProvider(QStringLiteral("test"), std::move(provider));
    return scripted;
}

} // namespace llmcache::test
