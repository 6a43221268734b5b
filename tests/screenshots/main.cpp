// Renders the views in both schemes and at both window sizes into a folder: llmcache_screenshots FOLDER. With
// --states also what they look like in the middle of something; with --first-states, --workbench-states or
// --cache-states that of a first start, the Workbench or the Cache view alone, which takes less long.

#include "base/logbook.h"
#include "cache/cacheview.h"
#include "cache/sampleworkspace.h"
#include "cachestates.h"
#include "connection/connections.h"
#include "connections/connectionscard.h"
#include "cost/pricefiles.h"
#include "costs/costsview.h"
#include "costsstates.h"
#include "firststates.h"
#include "provider/keyring.h"
#include "sampledata.h"
#include "settings/settingsview.h"
#include "shell/mainwindow.h"
#include "testenvironment.h"
#include "theme/theme.h"
#include "workbench.h"
#include "workbench/answerpanel.h"
#include "workbench/runpanel.h"
#include "workbench/workbenchview.h"
#include "workbenchstates.h"

#include <QApplication>
#include <QDir>
#include <QEventLoop>
#include <QSettings>
#include <QTextStream>
#include <QTimer>

namespace {

using namespace llmcache;

QCoro::Task<> fillAndQuit(Session* session, QEventLoop* loop)
{
    co_await fillSampleWorkspace(session);
    QMetaObject::invokeMethod(loop, &QEventLoop::quit, Qt::QueuedConnection);
}

/// Lets the window load and paint until nothing is under way for a moment.
void settle(const ui::MainWindow& window)
{
    constexpr int quietRounds = 6;
    constexpr int roundMs = 60;
    constexpr int mostRounds = 200;
    int quiet = 0;
    for (int round = 0; round < mostRounds && quiet < quietRounds; ++round) {
        QEventLoop loop;
        QTimer::singleShot(roundMs, &loop, &QEventLoop::quit);
        loop.exec();
        quiet = window.activeTasks() == 0 ? quiet + 1 : 0;
    }
}

/// Of what to show also how it looks in the middle of something.
enum class States { None, First, Workbench, Cache, All };

class Photographer {
public:
    Photographer(app::Workbench& workbench, ui::Theme& theme, const QString& folder, States states)
        : m_workbench(workbench)
        , m_theme(theme)
        , m_folder(folder)
        , m_states(states)
    {
    }

    void takeAll()
    {
        for (const ui::ColorScheme scheme : {ui::ColorScheme::Light, ui::ColorScheme::Dark}) {
            m_theme.setScheme(scheme);
            for (const QSize size : {QSize(1440, 900), QSize(1024, 700)}) {
                m_workbench.window().resize(size);
                if (m_states == States::First) {
                    takeFirst(scheme, size);
                    continue;
                }
                if (m_states == States::Workbench) {
                    takeWorkbench(scheme, size);
                    continue;
                }
                if (m_states == States::Cache) {
                    takeCache(scheme, size);
                    continue;
                }
                take(&m_workbench.workbenchView(), QStringLiteral("workbench"), scheme, size);
                // What it shows is the entry of the last run.
                m_workbench.cacheView().showEntry(
                    m_workbench.workbenchView().runPanel()->answer()->shownFingerprint());
                take(&m_workbench.cacheView(), QStringLiteral("cache"), scheme, size);
                takeCosts(scheme, size);
                take(&m_workbench.settingsView(), QStringLiteral("settings"), scheme, size);
                if (m_states == States::All) {
                    takeFirst(scheme, size);
                    takeSettings(scheme, size);
                    takeCache(scheme, size);
                    screenshots::takeCostsStates(m_theme, size, [&](const QString& name, QWidget* window) {
                        save(window, fileName(name, scheme, size));
                    });
                    takeWorkbench(scheme, size);
                }
            }
        }
    }

private:
    void takeFirst(ui::ColorScheme scheme, const QSize& size)
    {
        screenshots::takeFirstStates(
            m_theme, size, [](const ui::MainWindow& window) { settle(window); },
            [&](const QString& name, QWidget* window) { save(window, fileName(name, scheme, size)); });
    }

    void takeWorkbench(ui::ColorScheme scheme, const QSize& size)
    {
        screenshots::takeWorkbenchStates(
            m_workbench, [this] { settle(m_workbench.window()); },
            [&](const QString& name, QWidget* window) { save(window, fileName(name, scheme, size)); });
    }

    void takeCache(ui::ColorScheme scheme, const QSize& size)
    {
        take(&m_workbench.cacheView(), QStringLiteral("cache"), scheme, size);
        screenshots::showCacheStates(
            m_theme, m_workbench.cacheView(), m_workbench.session(),
            [&](const QString& name) { take(&m_workbench.cacheView(), name, scheme, size); },
            [&](const QString& name, QWidget* window) {
                settle(m_workbench.window());
                save(window, fileName(name, scheme, size));
                window->close();
            });
    }

    void takeCosts(ui::ColorScheme scheme, const QSize& size)
    {
        ui::CostsView& costs = m_workbench.costsView();
        for (const auto& [page, name] :
            {std::pair(ui::CostsPage::Cache, "costs-cache"), std::pair(ui::CostsPage::Tokens, "costs-tokens"),
                std::pair(ui::CostsPage::Latency, "costs-latency"),
                std::pair(ui::CostsPage::Prices, "costs-prices"), std::pair(ui::CostsPage::Spend, "costs")}) {
            costs.setPage(page);
            take(&costs, QString::fromLatin1(name), scheme, size);
        }
    }

    void takeSettings(ui::ColorScheme scheme, const QSize& size)
    {
        using Page = ui::SettingsView::Page;
        ui::SettingsView& settings = m_workbench.settingsView();
        for (const auto& [page, name] : {std::pair(Page::Runs, "settings-runs"),
                 std::pair(Page::Connections, "settings-connections"), std::pair(Page::Keys, "settings-keys"),
                 std::pair(Page::Prices, "settings-prices"), std::pair(Page::Log, "settings-log"),
                 std::pair(Page::About, "settings-about"), std::pair(Page::Appearance, "settings")}) {
            settings.showPage(page);
            take(&settings, QString::fromLatin1(name), scheme, size);
        }
    }

    void take(ui::View* view, const QString& name, ui::ColorScheme scheme, const QSize& size)
    {
        m_workbench.window().showView(view);
        settle(m_workbench.window());
        save(&m_workbench.window(), fileName(name, scheme, size));
    }

    static QString fileName(const QString& name, ui::ColorScheme scheme, const QSize& size)
    {
        QString file = QStringLiteral("%1-%2").arg(name, ui::colorSchemeName(scheme));
        if (size.width() != 1440)
            file += QStringLiteral("-%1").arg(size.width());
        return file;
    }

    void save(QWidget* window, const QString& name)
    {
        const QString path = QDir(m_folder).filePath(name + QStringLiteral(".png"));
        if (!window || !window->grab().save(path))
            QTextStream(stderr) << "can't write " << path << '\n';
        QTextStream(stdout) << path << '\n';
    }

    app::Workbench& m_workbench;
    ui::Theme& m_theme;
    QString m_folder;
    States m_states;
};

} // namespace

int main(int argc, char** argv)
{
    const llmcache::test::TestEnvironment environment;
    if (qEnvironmentVariableIsEmpty("QT_QPA_PLATFORM"))
        qputenv("QT_QPA_PLATFORM", "offscreen");
    QApplication application(argc, argv);
    QApplication::setApplicationVersion(QStringLiteral(LLMCACHE_VERSION));
    const QByteArray option = argc == 3 ? argv[2] : "";
    const States states = option == "--states" ? States::All
        : option == "--first-states"           ? States::First
        : option == "--workbench-states"       ? States::Workbench
        : option == "--cache-states"           ? States::Cache
                                               : States::None;
    if ((argc != 2 && states == States::None) || !QDir().mkpath(QString::fromLocal8Bit(argv[1]))) {
        QTextStream(stderr) << "usage: llmcache_screenshots FOLDER [--states | --first-states | "
                               "--workbench-states | --cache-states]\n";
        return 2;
    }
    QSettings settings(environment.path(QStringLiteral("settings.ini")), QSettings::IniFormat);
    ui::Theme theme;
    theme.apply(application);
    SessionConfig config;
    config.dataFolder = QDir::homePath() + QStringLiteral("/.local/share/llmcache");
    config.identity = {QStringLiteral("ana"), QStringLiteral("desk")};
    PriceFiles(config.dataFolder)
        .setCosts(QStringLiteral("acme:large"),
            {QStringLiteral("3"), QStringLiteral("15"), QStringLiteral("3.75"), QStringLiteral("0.30")});
    {
        Session session(config);
        QEventLoop loop;
        fillAndQuit(&session, &loop);
        loop.exec();
    }
    settings.setValue(QStringLiteral("workbench/agent"), QStringLiteral("profiler"));
    settings.setValue(QStringLiteral("window/welcome"), false);
    screenshots::keepSampleConnections(config.dataFolder);
    KeyRing keys(config.dataFolder);
    Connections connections(config.dataFolder, &keys);
    LogBook log;
    log.add(LogBook::Level::Info, QStringLiteral("llmcache.store"), QStringLiteral("Connected"));
    log.add(LogBook::Level::Warning, QStringLiteral("llmcache.run"),
        QStringLiteral("The rate limit of anthropic was reached; waiting 1.2 s"));
    app::WindowDesk desk;
    desk.connections = &connections;
    desk.log = &log;
    app::Workbench workbench(config, &settings, &theme, desk);
    workbench.session().providers().setProvider(QStringLiteral("anthropic"), screenshots::cannedProvider());
    workbench.window().resize(1440, 900);
    workbench.show();
    settle(workbench.window());
    workbench.workbenchView().setPrompt(
        QStringLiteral("Make a profile on {{who}} from the transcript.\nUse {{language}}."),
        {{QStringLiteral("who"), QStringLiteral("the user")},
            {QStringLiteral("language"), QStringLiteral("English")}});
    for (int runs = 0; runs < 3; ++runs) {
        workbench.workbenchView().run();
        settle(workbench.window());
    }
    Photographer(workbench, theme, QString::fromLocal8Bit(argv[1]), states).takeAll();
    QEventLoop closing;
    QObject::connect(&workbench, &app::Workbench::finished, &closing, &QEventLoop::quit);
    workbench.window().close();
    closing.exec();
    return 0;
}
