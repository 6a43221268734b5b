#include "workbench.h"

#include "cache/cacheview.h"
#include "cache/sampleworkspace.h"
#include "callkeeper.h"
#include "connection/connections.h"
#include "connections/connectionscard.h"
#include "costs/costsview.h"
#include "shell/connectionbutton.h"
#include "shell/mainwindow.h"
#include "shell/welcomepane.h"
#include "theme/theme.h"
#include "widgets/format.h"
#include "widgets/toast.h"
#include "workbench/workbenchview.h"

#include <QAction>
#include <QCoreApplication>
#include <QDateTime>
#include <QInputDialog>
#include <QLoggingCategory>
#include <QPointer>
#include <QSettings>

#include <utility>

namespace llmcache::app {

namespace {

using namespace std::chrono_literals;

Q_LOGGING_CATEGORY(storeLog, "llmcache.store", QtInfoMsg)
Q_LOGGING_CATEGORY(runLog, "llmcache.run", QtInfoMsg)

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

QCoro::Task<> fillIfIncomplete(
    Session* session, bool wasFilled, std::stop_token stop, std::function<void(int percent)> progress)
{
    if (wasFilled) {
        auto listing = session->store().listEntries({}, 1);
        const EntryPage page = co_await listing;
        if (!page.rows.empty())
            co_return;
    }
    auto filling = fillSampleWorkspace(session, stop, std::move(progress));
    co_await filling;
}

} // namespace

Workbench::Workbench(SessionConfig config, QSettings* settings, ui::Theme* theme, WindowDesk desk)
    : m_settings(settings)
    , m_desk(std::move(desk))
    , m_session(std::make_unique<Session>(std::move(config)))
    , m_window(std::make_unique<ui::MainWindow>(theme, settings))
{
    Session* const session = m_session.get();
    m_workbench = new ui::WorkbenchView(theme, session, settings);
    m_cache = new ui::CacheView(theme, settings);
    m_cache->setSession(session);
    m_costs = new ui::CostsView(theme, session, settings);
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
    m_window->setConnection(look());
    connectDesk();
    connectViews();
    m_window->finishSetup();
    m_keeper = std::make_unique<CallKeeper>(m_session.get(), m_window.get(), m_settings);

    m_statusTimer.setInterval(5s);
    connect(&m_statusTimer, &QTimer::timeout, this, &Workbench::pollStatus);
    m_savedTimer.setSingleShot(true);
    m_savedTimer.setInterval(500ms);
    connect(&m_savedTimer, &QTimer::timeout, this, &Workbench::updateSaved);
    connect(&m_savedTimer, &QTimer::timeout, this, &Workbench::pollStatus);
}

Workbench::~Workbench()
{
    // The session's end waits in an event loop, in which tasks may end that nobody is left to hear of.
    m_ended = true;
    m_closeTasks.drop();
    // Views first: they use the session.
    m_keeper.reset();
    m_window.reset();
    m_session.reset();
}

void Workbench::connectViews()
{
    connect(m_window.get(), &ui::MainWindow::retryRequested, this, &Workbench::pollStatus);
    connect(m_window.get(), &ui::MainWindow::idle, this, &Workbench::close);
    connect(
        &m_session->store(), &Store::connectionChanged, this, [this](bool connected, const QString& problem) {
            if (connected)
                qCInfo(storeLog, "Connected");
            else
                qCWarning(storeLog, "Not connected: %s", qUtf8Printable(problem));
            const StoreInfo info = m_session->store().info();
            m_window->setStore(info.kind, info.name, connected, connected ? info.caution : problem);
        });
    connect(m_workbench, &ui::WorkbenchView::runningChanged, m_window.get(), &ui::MainWindow::setRunning);
    connect(
        m_workbench, &ui::WorkbenchView::runningChanged, this, [this](int running) { m_running = running; });
    connect(m_workbench, &ui::WorkbenchView::runFinished, this, [this](const RunResult& result) {
        const RunData& data = result.data();
        qCInfo(runLog, "Run of %s: %s after %lld ms, %d requests", qUtf8Printable(data.model),
            qUtf8Printable(outcomeName(data.outcome)), static_cast<long long>(data.latency.count() / 1000),
            data.attempts);
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
    connect(m_costs, &ui::CostsView::openRun, this, [this](const QString& fingerprint) {
        m_window->showView(m_workbench);
        m_workbench->openEntryRequest(fingerprint);
    });
    connect(m_costs, &ui::CostsView::notice, this,
        [this](const QString& text, const QString& action, const std::function<void()>& run) {
            m_window->toasts()->show(text, action, run);
        });
    connect(m_costs, &ui::CostsView::openEntry, this, [this](const QString& fingerprint) {
        m_window->showView(m_cache);
        m_cache->showEntry(fingerprint);
    });
}

ui::ConnectionLook Workbench::look() const
{
    const StoreInfo info = m_session->store().info();
    const ConnectionTraits& traits = m_session->connection();
    ui::ConnectionLook look;
    look.id = profileId();
    look.name = traits.name.isEmpty() ? m_desk.source : traits.name;
    if (m_desk.isSample)
        look.colour = QStringLiteral("violet");
    else if (m_desk.profile)
        look.colour = m_desk.profile->colour;
    look.workspace = info.workspace;
    look.store = info.kind + QStringLiteral(" · ") + ui::format::path(info.name);
    look.source = m_desk.source.isEmpty() ? QString() : tr("chosen by %1").arg(m_desk.source);
    look.production = traits.production;
    look.readOnly = m_session->isReadOnly();
    look.isSample = m_desk.isSample;
    return look;
}

void Workbench::connectDesk()
{
    ui::ConnectionButton* const button = m_window->connectionButton();
    if (m_desk.log)
        m_settingsView->setLog(m_desk.log);
    button->setVisible(m_desk.connections != nullptr);
    if (!m_desk.connections)
        return;
    m_settingsView->setConnections(m_desk.connections);
    m_settingsView->connections()->setCurrent(profileId());
    connect(
        m_settingsView->connections(), &ui::ConnectionsCard::openRequested, this, &Workbench::profileChosen);
    connect(m_desk.connections, &Connections::changed, this, &Workbench::showConnections);
    connect(button, &ui::ConnectionButton::chosen, this, &Workbench::connectionChosen);
    connect(button, &ui::ConnectionButton::workspaceRequested, this, &Workbench::askWorkspace);
    connect(button, &ui::ConnectionButton::manageRequested, this,
        [this] { showSettings(ui::SettingsView::Page::Connections); });
    const auto addConnection = [this] {
        showSettings(ui::SettingsView::Page::Connections);
        m_settingsView->connections()->add();
    };
    connect(button, &ui::ConnectionButton::addRequested, this, addConnection);
    connect(button, &ui::ConnectionButton::sampleRemovalRequested, this, &Workbench::sampleRemovalRequested);
    if (m_desk.isSample) {
        // The banner that offers it may be dismissed, or say something else by now.
        auto* removal = new QAction(tr("Remove the sample"), this);
        connect(removal, &QAction::triggered, this, &Workbench::sampleRemovalRequested);
        m_window->addCommands(tr("Sample"), {removal});
    }
    ui::WelcomePane* const welcome = m_window->welcome();
    connect(welcome, &ui::WelcomePane::connectRequested, this, addConnection);
    connect(welcome, &ui::WelcomePane::keyRequested, this,
        [this] { showSettings(ui::SettingsView::Page::Keys); });
    connect(welcome, &ui::WelcomePane::sampleRequested, this, &Workbench::sampleRequested);
    showConnections();
}

void Workbench::showConnections()
{
    m_deskTasks.run([connections = m_desk.connections](std::stop_token) { return connections->load(); },
        [this](const std::vector<ConnectionProfile>& profiles) {
            QList<ui::ConnectionItem> items{{QString(), tr("Embedded file"), {}, QStringLiteral("grey")}};
            for (const ConnectionProfile& one : profiles)
                items.append({one.id, one.traits.name, one.address.url(), one.colour});
            m_window->connectionButton()->setItems(items);
        },
        [this](const ui::Failure& failure) {
            if (!failure.cancelled())
                m_window->showMessage(failure.message, failure.remedy, true);
        });
}

void Workbench::showSettings(ui::SettingsView::Page page)
{
    m_window->showView(m_settingsView);
    m_settingsView->showPage(page);
}

void Workbench::askWorkspace()
{
    auto* dialog = new QInputDialog(m_window.get());
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setObjectName(QStringLiteral("workspace dialog"));
    dialog->setWindowTitle(tr("Another workspace"));
    dialog->setLabelText(tr("Name of the workspace; one that is new begins empty."));
    dialog->setTextValue(m_session->config().workspace);
    dialog->setOkButtonText(tr("Open workspace"));
    connect(dialog, &QInputDialog::textValueSelected, this,
        [this](const QString& name) { Q_EMIT workspaceChosen(name.trimmed()); });
    dialog->open();
}

bool Workbench::isBusy() const
{
    return m_running > 0;
}

void Workbench::fillSample()
{
    const auto marked = [this] {
        m_window->showMessage(tr("This is the sample workspace: its agents, entries and calls are made up."),
            tr("It is in a file of its own, which goes with it."), false, tr("Remove the sample"),
            [this] { Q_EMIT sampleRemovalRequested(); });
    };
    // Until closing, what is dropped runs on without its window.
    const auto tell = [window = QPointer<ui::MainWindow>(m_window.get())](int percent) {
        if (window)
            window->showMessage(tr("The sample workspace is being filled: %1 %").arg(percent), {}, false);
    };
    tell(0);
    // Not by what is there: closed in the middle, a part of it is.
    const bool wasFilled = m_settings->value(sampleFilledKey).toBool();
    m_deskTasks.run(
        [session = m_session.get(), wasFilled, tell](
            std::stop_token stop) { return fillIfIncomplete(session, wasFilled, std::move(stop), tell); },
        [this, marked] {
            m_settings->setValue(sampleFilledKey, true);
            marked();
            for (ui::View* view : {static_cast<ui::View*>(m_workbench), static_cast<ui::View*>(m_cache),
                     static_cast<ui::View*>(m_costs)}) {
                if (view == m_window->currentView())
                    view->activate();
            }
            m_savedTimer.start();
        },
        [this](const ui::Failure& failure) {
            if (!failure.cancelled())
                m_window->showMessage(failure.message, failure.remedy, true);
        });
}

void Workbench::show()
{
    m_window->show();
    const bool isFirst = !m_settings->contains(QStringLiteral("window/welcome"));
    if (m_desk.connections && !m_desk.isSample
        && m_settings->value(QStringLiteral("window/welcome"), isFirst).toBool())
        m_window->showWelcome(true);
    if (m_desk.isSample)
        fillSample();
    m_statusTimer.start();
    // After the first paint: the window is there before the store is.
    QTimer::singleShot(0, this, &Workbench::pollStatus);
    m_savedTimer.start();
}

void Workbench::pollStatus()
{
    // Also asked for by what was on its way when the window closed.
    if (m_closes)
        return;
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
        // What is made up does not grow.
        if (!m_desk.isSample)
            m_keeper->check();
    }
}

void Workbench::updateSaved()
{
    if (m_closes)
        return;
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
    m_closes = true;
    m_statusTimer.stop();
    m_savedTimer.stop();
    m_statusTasks.drop();
    m_savedTasks.drop();
    m_deskTasks.drop();
    m_keeper->tasks().drop();
    // A store that hangs must not keep the program alive; what is unwritten then is lost to the ledger only.
    constexpr auto patience = 5s;
    QTimer::singleShot(patience, this, &Workbench::end);
    m_closeTasks.run([session = m_session.get()](std::stop_token) { return drain(session); },
        [this] { finishWhenIdle(); }, [this](const ui::Failure&) { finishWhenIdle(); });
}

void Workbench::finishWhenIdle()
{
    if (m_ended)
        return;
    // What was dropped still runs to its end, and uses the session.
    if (usesSession()) {
        callWhenTasksEnd(&Workbench::finishWhenIdle);
        return;
    }
    end();
}

void Workbench::end()
{
    if (!std::exchange(m_ended, true))
        Q_EMIT finished();
}

bool Workbench::usesSession() const
{
    return (m_window && m_window->activeTasks() > 0) || m_closeTasks.active() > 0
        || m_statusTasks.active() > 0 || m_savedTasks.active() > 0 || m_deskTasks.active() > 0
        || (m_keeper && m_keeper->tasks().active() > 0);
}

void Workbench::callWhenTasksEnd(void (Workbench::*slot)())
{
    constexpr auto once = static_cast<Qt::ConnectionType>(Qt::QueuedConnection | Qt::UniqueConnection);
    for (ui::TaskScope* tasks :
        {&m_closeTasks, &m_statusTasks, &m_savedTasks, &m_deskTasks, &m_keeper->tasks()})
        connect(tasks, &ui::TaskScope::activeChanged, this, slot, once);
    connect(m_window.get(), &ui::MainWindow::idle, this, slot, once);
}

void Workbench::deleteWhenIdle()
{
    if (usesSession())
        callWhenTasksEnd(&Workbench::deleteWhenIdle);
    else
        deleteLater();
}

ui::SettingsView::Facts Workbench::facts() const
{
    const StoreInfo info = m_session->store().info();
    ui::SettingsView::Facts facts;
    facts.store = info.kind + QStringLiteral(" · ") + ui::format::path(info.name);
    facts.source = m_session->connection().name.isEmpty()
        ? m_desk.source
        : tr("the connection \"%1\"").arg(m_session->connection().name);
    facts.workspace = info.workspace;
    facts.dataFolder = ui::format::path(m_session->config().dataFolder);
    facts.settingsFile = ui::format::path(m_settings->fileName());
    facts.version = QCoreApplication::applicationVersion();
    return facts;
}

} // namespace llmcache::app
