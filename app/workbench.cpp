#include "workbench.h"

#include "cache/cacheview.h"
#include "costs/costsview.h"
#include "shell/mainwindow.h"
#include "theme/theme.h"
#include "widgets/format.h"
#include "widgets/toast.h"
#include "workbench/workbenchview.h"

#include <QCoreApplication>
#include <QDateTime>
#include <QSettings>

namespace llmcache::app {

namespace {

using namespace std::chrono_literals;

/// Ends whatever the store still owes us, and puts what it does not take into the spool.
QCoro::Task<> drain(Session* session)
{
    co_await session->runner().drain();
}

QCoro::Task<StoreStatus> statusOf(Session* session)
{
    StoreStatus status = co_await session->store().status();
    if (status.connected && session->spooled() > 0)
        co_await session->replaySpool();
    co_return status;
}

} // namespace

Workbench::Workbench(SessionConfig config, QSettings* settings, ui::Theme* theme)
    : m_settings(settings)
    , m_session(std::make_unique<Session>(std::move(config)))
    , m_window(std::make_unique<ui::MainWindow>(theme, settings))
{
    Session* const session = m_session.get();
    m_workbench = new ui::WorkbenchView(theme, session, settings);
    m_cache = new ui::CacheView(theme, settings);
    m_cache->setSession(session);
    m_costs = new ui::CostsView(theme, session);
    m_settingsView = new ui::SettingsView(theme, settings);
    m_window->addView(m_workbench, ui::IconName::Workbench, tr("Work"));
    m_window->addView(m_cache, ui::IconName::Cache, tr("Cache"));
    m_window->addView(m_costs, ui::IconName::Costs, tr("Costs"));
    m_window->addView(m_settingsView, ui::IconName::Settings, tr("Settings"), ui::MainWindow::Place::Bottom);
    m_window->addHelp();
    m_settingsView->setFacts(facts());
    m_settingsView->setSession(session);
    const StoreInfo info = session->store().info();
    m_window->setStore(info.kind, info.name, false, {});
    m_window->setWorkspace(info.workspace);
    connectViews();
    m_window->finishSetup();

    m_statusTimer.setInterval(5s);
    connect(&m_statusTimer, &QTimer::timeout, this, &Workbench::pollStatus);
    m_savedTimer.setSingleShot(true);
    m_savedTimer.setInterval(500ms);
    connect(&m_savedTimer, &QTimer::timeout, this, &Workbench::updateSaved);
    connect(&m_savedTimer, &QTimer::timeout, this, &Workbench::pollStatus);
}

Workbench::~Workbench()
{
    // Views first: they use the session.
    m_window.reset();
    m_session.reset();
}

void Workbench::connectViews()
{
    connect(m_window.get(), &ui::MainWindow::retryRequested, this, &Workbench::pollStatus);
    connect(m_window.get(), &ui::MainWindow::idle, this, &Workbench::close);
    connect(
        &m_session->store(), &Store::connectionChanged, this, [this](bool connected, const QString& problem) {
            const StoreInfo info = m_session->store().info();
            m_window->setStore(info.kind, info.name, connected, connected ? info.caution : problem);
        });
    connect(m_workbench, &ui::WorkbenchView::runningChanged, m_window.get(), &ui::MainWindow::setRunning);
    connect(m_workbench, &ui::WorkbenchView::runFinished, this, [this](const RunResult& result) {
        if (result.data().stored)
            m_cache->noteStored(result.fingerprint());
        m_costs->scheduleReload();
        m_savedTimer.start();
    });
    connect(m_workbench, &ui::WorkbenchView::openEntry, this, [this](const QString& fingerprint) {
        m_window->showView(m_cache);
        m_cache->showEntry(fingerprint);
    });
    connect(m_workbench, &ui::WorkbenchView::notice, this,
        [this](const QString& text, const QString& action, const std::function<void()>& run) {
            m_window->toasts()->show(text, action, run);
        });
    connect(m_cache, &ui::CacheView::notice, this,
        [this](const QString& text, const QString& action, const std::function<void()>& run) {
            m_window->toasts()->show(text, action, run);
        });
    connect(m_settingsView, &ui::SettingsView::notice, this,
        [this](const QString& text, const QString& action, const std::function<void()>& run) {
            m_window->toasts()->show(text, action, run);
        });
    connect(m_cache, &ui::CacheView::workbenchRequested, this, [this] { m_window->showView(m_workbench); });
    connect(m_cache, &ui::CacheView::runAgain, this, [this](const QString& fingerprint) {
        m_window->showView(m_workbench);
        m_workbench->openEntryRequest(fingerprint);
    });
    connect(m_costs, &ui::CostsView::openWorkbench, this, [this] { m_window->showView(m_workbench); });
    connect(m_costs, &ui::CostsView::openEntry, this, [this](const QString& fingerprint) {
        m_window->showView(m_cache);
        m_cache->showEntry(fingerprint);
    });
}

void Workbench::show()
{
    m_window->show();
    m_statusTimer.start();
    // After the first paint: the window is there before the store is.
    QTimer::singleShot(0, this, &Workbench::pollStatus);
    m_savedTimer.start();
}

void Workbench::pollStatus()
{
    m_statusTasks.drop();
    m_statusTasks.run([session = m_session.get()](std::stop_token) { return statusOf(session); },
        [this](const StoreStatus& status) { showStatus(status); },
        [this](const ui::Failure& failure) {
            if (failure.cancelled())
                return;
            StoreStatus status;
            status.problem = failure.remedy.isEmpty() ? failure.message
                                                      : failure.message + QLatin1Char(' ') + failure.remedy;
            showStatus(status);
        });
}

void Workbench::showStatus(const StoreStatus& status)
{
    const StoreInfo info = m_session->store().info();
    m_window->setStore(
        info.kind, info.name, status.connected, status.connected ? info.caution : status.problem);
    if (status.connected) {
        m_window->setLatency(status.roundTrip);
        m_window->setEntries(status.entries);
    }
}

void Workbench::updateSaved()
{
    CostQuery query;
    query.fromMs = QDateTime::currentDateTime().date().startOfDay().toMSecsSinceEpoch();
    m_savedTasks.drop();
    m_savedTasks.run([session = m_session.get(), query](std::stop_token) { return session->costs(query); },
        [this](const CostReport& report) { m_window->setSavedToday(report.total.avoided); },
        [](const ui::Failure&) {
            // The status line already says that the store is away.
        });
}

void Workbench::close()
{
    m_statusTimer.stop();
    m_savedTimer.stop();
    m_statusTasks.drop();
    m_savedTasks.drop();
    // A store that hangs must not keep the program alive; what is unwritten then is lost to the ledger only.
    constexpr auto patience = 5s;
    QTimer::singleShot(patience, this, &Workbench::finished);
    m_closeTasks.run([session = m_session.get()](std::stop_token) { return drain(session); },
        [this] { Q_EMIT finished(); }, [this](const ui::Failure&) { Q_EMIT finished(); });
}

ui::SettingsView::Facts Workbench::facts() const
{
    const StoreInfo info = m_session->store().info();
    ui::SettingsView::Facts facts;
    facts.store = info.kind + QStringLiteral(" · ") + ui::format::path(info.name);
    facts.workspace = info.workspace;
    facts.dataFolder = ui::format::path(m_session->config().dataFolder);
    facts.settingsFile = ui::format::path(m_settings->fileName());
    facts.version = QCoreApplication::applicationVersion();
    return facts;
}

} // namespace llmcache::app
