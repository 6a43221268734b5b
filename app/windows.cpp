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
#include <QPointer>
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
    config.connection.readOnly = m_readOnly;
    return config;
}

QString Windows::samplePath() const
{
    return QDir(m_dataFolder).filePath(QStringLiteral("sample.sqlite"));
}

QString Windows::sampleUrl() const
{
    return QStringLiteral("sqlite://") + samplePath();
}

Windows::Target Windows::targetOf(const ConnectionProfile& profile) const
{
    Target target;
    target.profile = profile;
    target.config = baseConfig();
    target.config.workspace = profile.workspace;
    target.config.connection = profile.traits;
    target.config.connection.readOnly = profile.traits.readOnly || m_readOnly;
    return target;
}

void Windows::openFirst(StoreChoice choice)
{
    m_base = choice.config;
    m_readOnly = choice.readOnly;
    const QString last = m_settings->value(lastKey).toString();
    Target target;
    target.profile = choice.profile;
    target.config = choice.config;
    target.source = choice.source;
    if (choice.profile)
        openProfile(std::move(target), nullptr);
    else if (!choice.source.isEmpty() || last.isEmpty())
        openTarget(std::move(target), nullptr);
    else
        openLast(choice, last);
}

void Windows::openLast(const StoreChoice& choice, const QString& id)
{
    ++m_opening;
    m_tasks.run(
        [connections = m_connections.get(), id](std::stop_token) { return findProfile(connections, id); },
        [this, choice](const std::optional<std::pair<ConnectionProfile, QString>>& found) {
            --m_opening;
            Target target;
            target.config = choice.config;
            if (found) {
                target = targetOf(found->first);
                target.config.storeUrl = found->second;
                if (!choice.workspace.isEmpty())
                    target.config.workspace = choice.workspace;
            }
            openTarget(std::move(target), nullptr);
        },
        [this, choice](const ui::Failure& failure) {
            --m_opening;
            Target target;
            target.config = choice.config;
            target.problem = tr("The connection that was open last can't be opened: %1").arg(failure.message);
            target.remedy = failure.remedy;
            openTarget(std::move(target), nullptr);
        });
}

/// Whether the same is open in another window, which is shown then.
bool Windows::bringForward(const Target& target, const Workbench* replaced)
{
    for (const auto& window : m_windows) {
        const SessionConfig& open = window->session().config();
        const bool isSame = target.profile ? window->profileId() == target.profile->id
                                           : target.isSample && window->isSample();
        // One that was closed may still have something to write; it does not come back.
        const bool isClosed = !window->window().isVisible();
        if (!isSame || isClosed || open.workspace != target.config.workspace || window.get() == replaced)
            continue;
        window->window().raise();
        window->window().activateWindow();
        return true;
    }
    return false;
}

/// With the passwords of its profile.
void Windows::openProfile(Target target, Workbench* replaced)
{
    if (bringForward(target, replaced))
        return;
    ++m_opening;
    // The keychain may ask its owner first; meanwhile windows come and go.
    const QPointer<Workbench> guarded = replaced;
    const ConnectionProfile profile = *target.profile;
    m_tasks.run([connections = m_connections.get(), profile](
                    std::stop_token) { return profileUrl(connections, profile); },
        [this, guarded, target](const std::pair<ConnectionProfile, QString>& found) {
            --m_opening;
            Target ready = target;
            ready.config.storeUrl = found.second;
            if (!bringForward(ready, guarded))
                openTarget(std::move(ready), guarded);
        },
        [this, guarded](const ui::Failure& failure) {
            --m_opening;
            fail(guarded, failure);
        });
}

void Windows::openChosen(const ConnectionProfile& profile, Workbench* replaced)
{
    Target target = targetOf(profile);
    target.remembers = true;
    openProfile(std::move(target), replaced);
}

void Windows::openEmbedded(Workbench* replaced)
{
    Target target;
    target.config = baseConfig();
    target.remembers = true;
    openTarget(std::move(target), replaced);
}

void Windows::openTarget(Target target, Workbench* replaced)
{
    std::unique_ptr<Workbench> window;
    WindowDesk desk;
    desk.connections = m_connections.get();
    desk.log = m_log;
    desk.source = target.source;
    desk.profile = target.profile;
    desk.isSample = target.isSample;
    target.config.keys = m_keys.get();
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
    // What the environment or a fallback opened is for this time alone.
    if (target.remembers)
        m_settings->setValue(lastKey, window->profileId());
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
        openChosen(profile, window->isBusy() ? nullptr : window);
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
    const QPointer<Workbench> replaced = inNewWindow || window->isBusy() ? nullptr : window;
    if (id.isEmpty()) {
        openEmbedded(replaced);
        return;
    }
    m_tasks.run([connections = m_connections.get()](std::stop_token) { return connections->load(); },
        [this, id, replaced](const std::vector<ConnectionProfile>& profiles) {
            const auto found = std::find_if(profiles.begin(), profiles.end(),
                [&id](const ConnectionProfile& one) { return one.id == id; });
            if (found != profiles.end())
                openChosen(*found, replaced);
        },
        [this, asking = QPointer<Workbench>(window)](const ui::Failure& failure) { fail(asking, failure); });
}

void Windows::openWorkspace(Workbench* window, const QString& workspace)
{
    Target target;
    target.profile = window->profile();
    target.config = window->session().config();
    target.config.workspace = workspace;
    target.source = window->source();
    target.isSample = window->isSample() && workspace == sampleWorkspace;
    if (!bringForward(target, window))
        openTarget(std::move(target), window->isBusy() ? nullptr : window);
}

void Windows::openSample(Workbench* replaced)
{
    Target target;
    target.config = baseConfig();
    target.config.storeUrl = sampleUrl();
    target.config.workspace = sampleWorkspace;
    target.config.connection.name = sampleName;
    target.config.connection.readOnly = false; // it is made now
    target.isSample = true;
    if (!bringForward(target, nullptr))
        openTarget(std::move(target), replaced);
}

void Windows::removeSample(Workbench* window)
{
    m_settings->remove(sampleFilledKey);
    // The file goes once the last window has let go of it, also those on other workspaces in it.
    const std::shared_ptr<void> inUse(nullptr, [path = samplePath()](void*) {
        QThreadPool::globalInstance()->start([path] {
            for (const char* tail : {"", "-wal", "-shm"})
                QFile::remove(path + QLatin1String(tail));
        });
    });
    std::vector<Workbench*> others;
    for (const auto& one : m_windows) {
        if (one->session().config().storeUrl != sampleUrl())
            continue;
        connect(one.get(), &QObject::destroyed, m_connections.get(), [inUse] {});
        if (one.get() != window)
            others.push_back(one.get());
    }
    Target target;
    target.config = baseConfig();
    openTarget(std::move(target), window);
    for (Workbench* other : others)
        other->window().close();
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
    if (m_windows.empty() && m_opening == 0) {
        // A store that hangs must not keep the program alive.
        if (ended->usesSession())
            QMetaObject::invokeMethod(this, &Windows::finished, Qt::QueuedConnection);
        else
            connect(ended, &QObject::destroyed, this, &Windows::finished);
    }
    ended->deleteWhenIdle();
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
