#include "window.h"

#include "base/error.h"
#include "commands.h"
#include "theme/theme.h"
#include "workbench.h"

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

} // namespace

int runWindow(int& argc, char** argv, const CommandLine& line)
{
    needDisplay();
    QApplication application(argc, argv);
    QApplication::setApplicationDisplayName(QStringLiteral("LLM Cache Workbench"));
    QApplication::setDesktopFileName(QStringLiteral("io.github.llmcache.Workbench"));
    QApplication::setWindowIcon(QIcon(QStringLiteral(":/llmcache/package/io.github.llmcache.Workbench.svg")));
    QApplication::setQuitOnLastWindowClosed(false);
    const auto settings = openSettings(line);
    ui::Theme theme;
    ui::restoreAppearance(&theme, *settings);
    theme.apply(application);
    Workbench workbench(sessionConfig(line), settings.get(), &theme);
    QObject::connect(&workbench, &Workbench::finished, &application, &QCoreApplication::quit);
    workbench.show();
    return QApplication::exec();
}

} // namespace llmcache::app
