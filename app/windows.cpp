#include "windows.h"

#include "base/error.h"
#include "base/worker.h"
#include "connection/connectionsecrets.h"
#include "settings/runpreferences.h"
#include "shell/mainwindow.h"
#include "workbench.h"

#include <QDir>
#include <QFile>
#include <QLoggingCategory>
#include <QSettings>
#include <QThreadPool>

#include <algorithm>

namespace llmcache::app {

namespace {

Q_LOGGING_CATEGORY(windowLog, "llmcache.window", QtInfoMsg)

const QString lastKey = QStringLiteral("connections/last");
const QString sampleName = QStringLiteral("Sample");
const QString sampleWorkspace = QStringLiteral("sample");

QCoro::Task<std::pair<ConnectionProfile, QString>> profileUrl(
    Connections* connections, ConnectionProfile profile)
{
    ConnectionProfile copy = profile;
    QString url = co_await connectionUrl(connections->keys(), std::move(copy));
    co_return std::pair(std::move(profile), std::move(url));
}

/// The profile with an id and its URL; nothing when it is not there any more.
QCoro::Task<std::optional<std::pair<ConnectionProfile, QString>>> findProfile(
    Connections* connections, QString id)
{
    const std::vector<ConnectionProfile> all = co_await connections->load();
    for (const ConnectionProfile& one : all) {
        if (one.id == id) {
            ConnectionProfile profile = one;
            co_return co_await profileUrl(connections, std::move(profile));
        }
    }
    co_return std::nullopt;
}

} // namespace

Windows::Windows(QString dataFolder, QSettings* settings, ui::Theme* theme, const LogBook* log)
    : m_dataFolder(std::move(dataFolder))
    , m_settings(settings)
    , m_theme(theme)
    , m_log(log)
    , m_keys(std::make_unique<KeyRing>(m_dataFolder))
    , m_connections(std::make_unique<Connections>(m_dataFolder, m_keys.get()))
{
}

Windows::~Windows()
{
    m_tasks.drop();
    m_windows.clear();
}

std::vector<Workbench*> Windows::open() const
{
    std::vector<Workbench*> list;
    for (const auto& window : m_windows)
        list.push_back(window.get());
    return list;
}

SessionConfig Windows::baseConfig() const
{
    SessionConfig config = m_base;
    config.storeUrl.clear();
    config.workspace = QStringLiteral("default");
    config.connection = {};
    return config;
}

QString Windows::samplePath() const
{
    return QDir(m_dataFolder).filePath(QStringLiteral("sample.sqlite"));
}

void Windows::openFirst(StoreChoice choice)
{
    m_base = choice.config;
    if (choice.profile) {
        openProfile(*choice.profile, nullptr);
        return;
    }
    const QString last = m_settings->value(lastKey).toString();
    if (!choice.source.isEmpty() || last.isEmpty()) {
        openTarget({std::nullopt, choice.config, choice.source, {}, {}}, nullptr);
        return;
    }
    ++m_opening;
    const bool readOnly = choice.config.connection.readOnly;
    m_tasks.run(
        [connections = m_connections.get(), last](std::stop_token) { return findProfile(connections, last); },
        [this, choice, readOnly](const std::optional<std::pair<ConnectionProfile, QString>>& found) {
            --m_opening;
            Target target{std::nullopt, choice.config, {}, {}, {}};
            if (found) {
                target.profile = found->first;
                target.config.storeUrl = found->second;
                target.config.workspace = found->first.workspace;
                target.config.connection = found->first.traits;
                target.config.connection.readOnly = target.config.connection.readOnly || readOnly;
            }
            openTarget(std::move(target), nullptr);
        },
        [this, choice](const ui::Failure& failure) {
            --m_opening;
            openTarget({std::nullopt, choice.config, {},
                           tr("The connection that was open last can't be opened: %1").arg(failure.message),
                           failure.remedy},
                nullptr);
        });
}

void Windows::openProfile(const ConnectionProfile& profile, Workbench* replaced)
{
    for (const auto& window : m_windows) {
        if (window->profileId() == profile.id && window.get() != replaced) {
            window->window().raise();
            window->window().activateWindow();
            return;
        }
    }
    ++m_opening;
    m_tasks.run([connections = m_connections.get(), profile](
                    std::stop_token) { return profileUrl(connections, profile); },
        [this, replaced](const std::pair<ConnectionProfile, QString>& found) {
            --m_opening;
            const auto& [opened, url] = found;
            Target target;
            target.profile = opened;
            target.config = baseConfig();
            target.config.storeUrl = url;
            target.config.workspace = opened.workspace;
            target.config.connection = opened.traits;
            openTarget(std::move(target), replaced);
        },
        [this, replaced](const ui::Failure& failure) {
            --m_opening;
            fail(replaced, failure);
        });
}

void Windows::openEmbedded(const QString& workspace, Workbench* replaced)
{
    Target target;
    target.config = baseConfig();
    if (!workspace.isEmpty())
        target.config.workspace = workspace;
    openTarget(std::move(target), replaced);
}

void Windows::openTarget(Target target, Workbench* replaced)
{
    std::unique_ptr<Workbench> window;
    WindowDesk desk;
    desk.connections = m_connections.get();
    desk.log = m_log;
    desk.source = target.source;
    if (target.profile) {
        desk.profileId = target.profile->id;
        desk.colour = target.profile->colour;
    }
    desk.isSample = target.config.connection.name == sampleName && target.config.workspace == sampleWorkspace;
    if (const QString user = ui::RunPreferences::from(*m_settings).user; !user.isEmpty())
        target.config.identity.user = user;
    try {
        window = std::make_unique<Workbench>(target.config, m_settings, m_theme, desk);
    } catch (const Error& error) {
        if (replaced || !m_windows.empty()) {
            fail(replaced ? replaced : m_windows.front().get(), ui::failureFrom(std::current_exception()));
            return;
        }
        if (target.profile) {
            Target other;
            other.config = baseConfig();
            other.problem = error.message();
            other.remedy = error.remedy();
            openTarget(std::move(other), nullptr);
            return;
        }
        throw;
    }
    qCInfo(windowLog, "Opened %s", qUtf8Printable(window->session().store().info().name));
    if (!desk.isSample)
        m_settings->setValue(lastKey, desk.profileId);
    Workbench* const added = window.get();
    m_windows.push_back(std::move(window));
    connectWindow(added);
    if (replaced) {
        added->window().restoreGeometry(replaced->window().saveGeometry());
    } else if (m_windows.size() > 1) {
        constexpr int step = 32;
        added->window().move(m_windows.front()->window().pos() + QPoint(step, step));
    }
    added->show();
    if (!target.problem.isEmpty())
        added->window().showMessage(target.problem, target.remedy, true);
    if (replaced)
        replaced->window().close();
    Q_EMIT opened(added);
}

void Windows::connectWindow(Workbench* window)
{
    connect(window, &Workbench::finished, this, [this, window] { closed(window); });
    connect(window, &Workbench::connectionChosen, this,
        [this, window](const QString& id, bool inNewWindow) { choose(window, id, inNewWindow); });
    connect(window, &Workbench::profileChosen, this, [this, window](const ConnectionProfile& profile) {
        openProfile(profile, window->isBusy() ? nullptr : window);
    });
    connect(window, &Workbench::workspaceChosen, this,
        [this, window](const QString& workspace) { openWorkspace(window, workspace); });
    connect(window, &Workbench::sampleRequested, this,
        [this, window] { openSample(window->isBusy() ? nullptr : window); });
    connect(window, &Workbench::sampleRemovalRequested, this, [this, window] { removeSample(window); });
}

void Windows::choose(Workbench* window, const QString& id, bool inNewWindow)
{
    // What is under way there goes on there.
    Workbench* const replaced = inNewWindow || window->isBusy() ? nullptr : window;
    if (id.isEmpty()) {
        openEmbedded({}, replaced);
        return;
    }
    m_tasks.run([connections = m_connections.get()](std::stop_token) { return connections->load(); },
        [this, id, replaced](const std::vector<ConnectionProfile>& profiles) {
            const auto found = std::find_if(profiles.begin(), profiles.end(),
                [&id](const ConnectionProfile& one) { return one.id == id; });
            if (found != profiles.end())
                openProfile(*found, replaced);
        },
        [this, window](const ui::Failure& failure) { fail(window, failure); });
}

void Windows::openWorkspace(Workbench* window, const QString& workspace)
{
    Target target;
    target.config = window->session().config();
    target.config.workspace = workspace;
    target.source = window->source();
    openTarget(std::move(target), window->isBusy() ? nullptr : window);
}

void Windows::openSample(Workbench* replaced)
{
    Target target;
    target.config = baseConfig();
    target.config.storeUrl = QStringLiteral("sqlite://") + samplePath();
    target.config.workspace = sampleWorkspace;
    target.config.connection.name = sampleName;
    openTarget(std::move(target), replaced);
}

void Windows::removeSample(Workbench* window)
{
    // The file goes once its window has let go of it.
    connect(window, &QObject::destroyed, m_connections.get(), [path = samplePath()] {
        QThreadPool::globalInstance()->start([path] {
            for (const char* tail : {"", "-wal", "-shm"})
                QFile::remove(path + QLatin1String(tail));
        });
    });
    openEmbedded({}, window);
}

void Windows::closed(Workbench* window)
{
    const auto found = std::find_if(
        m_windows.begin(), m_windows.end(), [window](const auto& one) { return one.get() == window; });
    if (found == m_windows.end())
        return;
    // It is in the middle of a signal.
    Workbench* const ended = found->release();
    m_windows.erase(found);
    ended->disconnect(this);
    ended->deleteLater();
    if (m_windows.empty() && m_opening == 0) {
        connect(ended, &QObject::destroyed, this, &Windows::finished);
    }
}

void Windows::fail(Workbench* window, const ui::Failure& failure)
{
    if (failure.cancelled())
        return;
    if (!window && !m_windows.empty())
        window = m_windows.back().get();
    const bool isOpen = std::any_of(
        m_windows.begin(), m_windows.end(), [window](const auto& one) { return one.get() == window; });
    if (isOpen) {
        window->window().showMessage(failure.message, failure.remedy, true);
        return;
    }
    Target target;
    target.config = baseConfig();
    target.problem = failure.message;
    target.remedy = failure.remedy;
    openTarget(std::move(target), nullptr);
}

} // namespace llmcache::app
