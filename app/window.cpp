#include "window.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/proxychoice.h"
#include "logkeeper.h"
#include "settings/runpreferences.h"
#include "settings/settingsview.h"
#include "storechoice.h"
#include "theme/theme.h"
#include "windows.h"

#include <QApplication>
#include <QDir>
#include <QIcon>
#include <QSettings>

namespace llmcache::app {

namespace {

void needDisplay()
{
    const bool chosen = qEnvironmentVariableIsSet("QT_QPA_PLATFORM");
    if (!chosen && qEnvironmentVariableIsEmpty("DISPLAY") && qEnvironmentVariableIsEmpty("WAYLAND_DISPLAY"))
        throw ConfigurationError(QStringLiteral("There is no display to open the window on."),
            QStringLiteral("Use the command line instead, see llmcache --help, or set DISPLAY."));
}

std::unique_ptr<QSettings> openSettings(const CommandLine& line)
{
    if (!line.configFolder.isEmpty())
        return std::make_unique<QSettings>(
            QDir(line.configFolder).filePath(QStringLiteral("settings.ini")), QSettings::IniFormat);
    return std::make_unique<QSettings>(
        QSettings::IniFormat, QSettings::UserScope, QStringLiteral("llmcache"), QStringLiteral("llmcache"));
}

/// All that is seen grows together, so that nothing is cut. What the environment says wins.
void useSize(const QSettings& settings)
{
    constexpr int usual = 100;
    const int percent = ui::appearanceSize(settings);
    if (percent != usual && !qEnvironmentVariableIsSet("QT_SCALE_FACTOR"))
        qputenv("QT_SCALE_FACTOR", QByteArray::number(static_cast<double>(percent) / usual));
}

void useProxyOf(const QSettings& settings)
{
    try {
        useProxy(ui::proxyPreference(settings));
    } catch (const ConfigurationError& error) {
        qWarning("%s", error.what()); // by hand, into the file of the settings
    }
}

} // namespace

void useTimeZone(const QSettings& settings)
{
    const QByteArray zone = settings.value(QStringLiteral("appearance/time_zone")).toByteArray();
    if (!zone.isEmpty())
        qputenv("TZ", ':' + zone);
}

int runWindow(int& argc, char** argv, const CommandLine& line)
{
    needDisplay();
    keepLittleFreeMemory();
    const auto settings = openSettings(line);
    useSize(*settings);
    QApplication application(argc, argv);
    QApplication::setApplicationDisplayName(QStringLiteral("LLM Cache Workbench"));
    QApplication::setDesktopFileName(QStringLiteral("io.github.llmcache.Workbench"));
    QApplication::setWindowIcon(QIcon(QStringLiteral(":/llmcache/package/io.github.llmcache.Workbench.svg")));
    QApplication::setQuitOnLastWindowClosed(false);
    LogBook log;
    const LogKeeper keeper(&log);
    useTimeZone(*settings);
    useProxyOf(*settings);
    ui::Theme theme;
    ui::restoreAppearance(&theme, *settings);
    theme.apply(application);
    StoreChoice choice = chooseStore(line);
    Windows windows(choice.config.dataFolder, settings.get(), &theme, &log);
    QObject::connect(&windows, &Windows::finished, &application, &QCoreApplication::quit);
    windows.openFirst(std::move(choice));
    return QApplication::exec();
}

} // namespace llmcache::app
