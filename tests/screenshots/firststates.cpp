#include "firststates.h"

#include "connection/connections.h"
#include "connections/connectionscard.h"
#include "provider/keyring.h"
#include "redisserver.h"
#include "settings/keyrow.h"
#include "settings/settingsview.h"
#include "shell/mainwindow.h"
#include "theme/theme.h"
#include "workbench.h"
#include "workbenchstates.h"

#include <QEventLoop>
#include <QLineEdit>
#include <QPushButton>
#include <QSettings>
#include <QTemporaryDir>

namespace llmcache::screenshots {

namespace {

/// A window of somebody who has nothing yet, until it is closed again.
class NewUser {
public:
    NewUser(ui::Theme& theme, const QSize& size, const QString& storeUrl,
        std::optional<ConnectionProfile> profile = {})
        : m_settings(m_folder.filePath(QStringLiteral("settings.ini")), QSettings::IniFormat)
        , m_keys(m_folder.path())
        , m_connections(m_folder.path(), &m_keys)
    {
        SessionConfig config;
        config.dataFolder = m_folder.path();
        config.storeUrl = storeUrl;
        config.keys = &m_keys;
        app::WindowDesk desk;
        desk.connections = &m_connections;
        if (profile)
            config.connection = profile->traits;
        else if (!storeUrl.isEmpty())
            desk.source = QStringLiteral("LLM_CACHE_REDIS_URL");
        desk.profile = std::move(profile);
        ui::saveAppearance(theme, m_settings); // the window takes it from there
        m_workbench = std::make_unique<app::Workbench>(config, &m_settings, &theme, desk);
        window().resize(size);
        m_workbench->show();
    }
    ~NewUser()
    {
        QEventLoop closing;
        QObject::connect(m_workbench.get(), &app::Workbench::finished, &closing, &QEventLoop::quit);
        window().close();
        closing.exec();
    }
    NewUser(const NewUser&) = delete;
    NewUser& operator=(const NewUser&) = delete;

    ui::MainWindow& window() { return m_workbench->window(); }
    void showPage(ui::SettingsView::Page page)
    {
        window().showView(&m_workbench->settingsView());
        m_workbench->settingsView().showPage(page);
    }
    ui::ConnectionsCard* connections() { return m_workbench->settingsView().connections(); }
    void type(const char* field, const QString& text)
    {
        window().findChild<QLineEdit*>(QString::fromLatin1(field))->setText(text);
    }
    void press(const char* button) { window().findChild<QPushButton*>(QString::fromLatin1(button))->click(); }

private:
    QTemporaryDir m_folder;
    QSettings m_settings;
    KeyRing m_keys;
    Connections m_connections;
    std::unique_ptr<app::Workbench> m_workbench;
};

} // namespace

void keepSampleConnections(const QString& folder)
{
    const auto keep = [&folder](const char* name, const char* colour, const char* url, bool production) {
        ConnectionProfile profile;
        profile.id = ConnectionProfile::newId();
        profile.traits.name = QString::fromLatin1(name);
        profile.traits.production = production;
        profile.traits.readOnly = production;
        profile.colour = QString::fromLatin1(colour);
        profile.address = StoreAddress::fromUrl(QString::fromLatin1(url));
        ConnectionList(folder).save(profile);
    };
    keep("Team cache", "green", "rediss://cache.example:6380/0?ca=/etc/ssl/team-ca.pem", false);
    keep("Production", "red", "rediss+sentinel://one.example:26379,two.example:26379/mymaster/0", true);
    keep("Benchmarks", "grey", "sqlite:///home/ana/benchmarks.sqlite", false);
}

void takeFirstStates(ui::Theme& theme, const QSize& size,
    const std::function<void(const ui::MainWindow&)>& settle,
    const std::function<void(const QString&, QWidget*)>& take)
{
    using Page = ui::SettingsView::Page;
    qputenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere");
    const QString nobody = QStringLiteral("redis://127.0.0.1:%1/0").arg(test::RedisServer::freePort());
    {
        NewUser user(theme, size, {});
        settle(user.window());
        take(QStringLiteral("first-start"), &user.window());
        user.showPage(Page::Connections);
        user.connections()->add();
        user.type("connection url", nobody);
        user.type("connection name", QStringLiteral("Team cache"));
        user.press("test connection");
        settle(user.window());
        take(QStringLiteral("connection-test-failed"), &user.window());
        user.type("connection password", QStringLiteral("hunter2"));
        user.press("save connection");
        settle(user.window());
        take(QStringLiteral("connection-no-keychain"), &user.window());
        user.showPage(Page::Keys);
        auto* const row = user.window().findChild<ui::KeyRow*>(QStringLiteral("key ANTHROPIC_API_KEY"));
        row->openEditor();
        row->findChild<QLineEdit*>(QStringLiteral("key"))->setText(QStringLiteral("sk-ant-0123456789"));
        row->findChild<QPushButton*>(QStringLiteral("store key"))->click();
        settle(user.window());
        take(QStringLiteral("key-no-keychain"), &user.window());
    }
    {
        NewUser user(theme, size, nobody);
        settle(user.window());
        take(QStringLiteral("store-down"), &user.window());
    }
    if (!test::RedisServer::isInstalled())
        return;
    {
        test::RedisServer redis({QStringLiteral("--requirepass"), QStringLiteral("hunter2")});
        if (!redis.start())
            return;
        ConnectionProfile profile;
        profile.id = ConnectionProfile::newId();
        profile.traits.name = QStringLiteral("Production");
        profile.traits.production = true;
        profile.traits.readOnly = true;
        profile.colour = QStringLiteral("red");
        profile.address = StoreAddress::fromUrl(redis.url());
        QString url = redis.url();
        url.replace(QStringLiteral("://"), QStringLiteral("://:hunter2@"));
        NewUser user(theme, size, url, profile);
        settle(user.window());
        take(QStringLiteral("production"), &user.window());
        user.showPage(Page::Connections);
        user.connections()->add();
        user.type("connection url", redis.url());
        user.press("test connection");
        settle(user.window());
        take(QStringLiteral("connection-test-password"), &user.window());
        user.type("connection url", url);
        user.press("test connection");
        settle(user.window());
        take(QStringLiteral("connection-test-advice"), &user.window());
    }
    test::RedisServer slow;
    if (!slow.start())
        return;
    slow.freeze();
    NewUser user(theme, size, slow.url());
    glance();
    take(QStringLiteral("store-slow"), &user.window());
    slow.thaw();
}

} // namespace llmcache::screenshots
