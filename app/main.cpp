#include "base/error.h"
#include "commands.h"
#include "logkeeper.h"
#include "output.h"
#include "processlist.h"

#ifdef LLMCACHE_WITH_UI
#include "window.h"
#endif

#include <QCoreApplication>
#include <QLoggingCategory>

namespace {

using namespace llmcache;
using namespace llmcache::app;

/// Runs the command from the event loop and ends the loop with its exit code.
QCoro::Task<> runAndExit(CommandLine line)
{
    int code = 1;
    try {
        code = co_await runCommand(std::move(line));
    } catch (const std::exception& error) {
        printError(QStringLiteral("llmcache: error: %1").arg(QString::fromUtf8(error.what())));
    }
    QCoreApplication::exit(code);
}

int runCommandLine(int& argc, char** argv, const CommandLine& line)
{
    QCoreApplication application(argc, argv);
    const LogKeeper keeper;
    if (!line.verbose)
        QLoggingCategory::setFilterRules(QStringLiteral("llmcache.*=false"));
    QMetaObject::invokeMethod(
        &application, [line] { runAndExit(line); }, Qt::QueuedConnection);
    return QCoreApplication::exec();
}

} // namespace

int main(int argc, char** argv)
{
    QCoreApplication::setApplicationName(QStringLiteral("llmcache"));
    QCoreApplication::setApplicationVersion(QStringLiteral(LLMCACHE_VERSION));
    CommandLine line;
    try {
        QStringList arguments;
        for (int at = 1; at < argc; ++at)
            arguments.append(QString::fromLocal8Bit(argv[at]));
        maskPasswords(argc, argv);
        line = CommandLine::parse(arguments, flagNames());
        if (line.version) {
            printLine(QStringLiteral("llmcache ") + QCoreApplication::applicationVersion());
            return 0;
        }
        if (line.help && line.words.isEmpty()) {
            print(helpText());
            return 0;
        }
        if (!line.words.isEmpty() || line.help)
            return runCommandLine(argc, argv, line);
#ifdef LLMCACHE_WITH_UI
        return runWindow(argc, argv, line);
#else
        print(helpText());
        return 0;
#endif
    } catch (const Error& error) {
        printError(QStringLiteral("llmcache: %1: %2").arg(error.kind(), error.text()));
        return error.exitCode();
    }
}
