#include "commands.h"

#include "base/error.h"
#include "output.h"
#include "storechoice.h"

#include <QDateTime>
#include <QRegularExpression>
#include <QTimeZone>

#include <limits>

namespace llmcache::app {

const std::vector<Command>& commands()
{
    static const std::vector<Command> all = [] {
        std::vector<Command> list;
        for (auto part : {runCommands(), explainCommands(), requestCommands(), entryCommands(),
                 watchCommands(), indexCommands(), changeCommands(), editCommands(), transferCommands(),
                 agentCommands(), ledgerCommands(), costCommands(), priceCommands(), keyCommands(),
                 connectionCommands(), pickleCommands()})
            list.insert(
                list.end(), std::make_move_iterator(part.begin()), std::make_move_iterator(part.end()));
        return list;
    }();
    return all;
}

QSet<QString> flagNames()
{
    QSet<QString> names;
    for (const Command& command : commands()) {
        for (const OptionSpec& option : command.options) {
            if (option.value.isEmpty())
                names.insert(option.name);
        }
    }
    return names;
}

const Command& findCommand(const QStringList& words)
{
    QStringList known;
    for (const Command& command : commands()) {
        if (words.mid(0, command.name.count(QLatin1Char(' ')) + 1).join(QLatin1Char(' ')) == command.name)
            return command;
        if (words.size() == 1 && command.name.startsWith(words.front() + QLatin1Char(' ')))
            known.append(command.name);
    }
    if (!known.isEmpty())
        throw UsageError(QStringLiteral("\"%1\" needs a second word.").arg(words.front()),
            QStringLiteral("Known: %1.").arg(known.join(QStringLiteral(", "))));
    for (const Command& command : commands())
        known.append(command.name);
    throw UsageError(
        QStringLiteral("There is no command \"%1\".").arg(words.mid(0, 2).join(QLatin1Char(' '))),
        QStringLiteral("Known: %1.").arg(known.join(QStringLiteral(", "))));
}

namespace {

QString optionLines(const std::vector<OptionSpec>& options)
{
    QString text;
    for (const OptionSpec& option : options) {
        QString left = QStringLiteral("  --") + option.name;
        if (!option.value.isEmpty())
            left += QLatin1Char(' ') + option.value;
        constexpr int column = 28;
        text += left.leftJustified(column) + QLatin1Char(' ') + option.help + QLatin1Char('\n');
    }
    return text;
}

} // namespace

QString helpText()
{
    QString text = QStringLiteral(
        "LLM Cache Workbench: run prompts through a shared cache, and see what it holds and saves.\n\n"
        "  llmcache                     open the window\n");
    for (const Command& command : commands())
        text += QStringLiteral("  llmcache ") + command.name.leftJustified(19) + QLatin1Char(' ')
            + command.summary + QLatin1Char('\n');
    text += QStringLiteral("\nOptions of every command:\n") + optionLines(globalOptions());
    text += QStringLiteral("\n\"llmcache COMMAND --help\" shows the options of one. Exit codes: 0 ok, 2 "
                           "usage, 3 configuration,\n"
                           "4 rate limit, 5 cache, 6 provider, 7 output, 8 cancelled.\n");
    return text;
}

QString helpText(const Command& command)
{
    QString text =
        QStringLiteral("llmcache %1 %2\n\n%3\n").arg(command.name, command.synopsis, command.summary);
    if (!command.options.empty())
        text += QLatin1Char('\n') + optionLines(command.options);
    return text;
}

SessionConfig sessionConfig(const CommandLine& line)
{
    SessionConfig config = SessionConfig::fromEnvironment();
    if (!line.store.isEmpty())
        config.storeUrl = line.store;
    if (!line.workspace.isEmpty())
        config.workspace = line.workspace;
    if (!line.configFolder.isEmpty())
        config.dataFolder = line.configFolder;
    for (const QString& pair : line.baseUrls) {
        const auto equals = pair.indexOf(QLatin1Char('='));
        const QUrl url(pair.mid(equals + 1), QUrl::StrictMode);
        if (equals <= 0 || !url.isValid()
            || (url.scheme() != QLatin1String("http") && url.scheme() != QLatin1String("https"))
            || url.host().isEmpty())
            throw UsageError(QStringLiteral("--base-url \"%1\" is not PROVIDER=URL.").arg(pair),
                QStringLiteral("Write it like openai=http://127.0.0.1:8080/v1."));
        config.providers.baseUrls.insert(pair.left(equals), url);
    }
    return config;
}

QCoro::Task<int> runCommand(CommandLine line)
{
    int code = 0;
    std::unique_ptr<Session> session;
    try {
        const Command& command = findCommand(line.words);
        const QStringList words = line.words.mid(command.name.count(QLatin1Char(' ')) + 1);
        if (line.help) {
            print(helpText(command));
            co_return 0;
        }
        Arguments arguments(words, command.options, command.mostOperands);
        StoreChoice choice = chooseStore(line);
        CommandContext context;
        context.agentsFolder = choice.agentsFolder;
        if (line.verbose && !choice.source.isEmpty())
            printError(QStringLiteral("llmcache: the store is named by %1").arg(choice.source));
        KeyRing keys(choice.config.dataFolder);
        SessionConfig config = co_await openable(std::move(choice), &keys);
        session = std::make_unique<Session>(std::move(config));
        if (!session->priceProblem().isEmpty())
            printError(QStringLiteral("llmcache: warning: %1 The built-in prices are used.")
                           .arg(session->priceProblem()));
        context.session = session.get();
        if (const QString caution = session->store().info().caution; !caution.isEmpty())
            printError(QStringLiteral("llmcache: warning: %1").arg(caution));
        context.words = words;
        context.verbose = line.verbose;
        code = co_await command.run(std::move(context), std::move(arguments));
    } catch (const Error& error) {
        printError(QStringLiteral("llmcache: %1: %2").arg(error.kind(), error.text()));
        if (session && !session->keys().problem().isEmpty())
            printError(QStringLiteral("llmcache: warning: %1").arg(session->keys().problem()));
        code = error.exitCode();
    }
    if (session)
        co_await session->runner().drain();
    co_return code;
}

qint64 parseTime(const QString& text, const QString& option, qint64 nowMs, const QByteArray& timeZone)
{
    if (text == QLatin1String("all"))
        return std::numeric_limits<qint64>::min();
    static const QRegularExpression span(QStringLiteral("^(\\d{1,6})([mhdw])$"));
    if (const auto match = span.match(text); match.hasMatch()) {
        constexpr qint64 minute = 60'000;
        const QChar unit = match.capturedView(2).front();
        const qint64 each = unit == QLatin1Char('m') ? minute
            : unit == QLatin1Char('h')               ? 60 * minute
            : unit == QLatin1Char('d')               ? 24 * 60 * minute
                                                     : 7 * 24 * 60 * minute;
        return nowMs - match.capturedView(1).toLongLong() * each;
    }
    const QTimeZone zone(timeZone);
    QDateTime time = QDateTime::fromString(text, Qt::ISODate);
    if (!time.isValid())
        throw UsageError(QStringLiteral("--%1 \"%2\" is no time.").arg(option, text),
            QStringLiteral("Write it like 7d, 12h, 2026-11-01 or 2026-11-01T14:00."));
    if (time.timeSpec() == Qt::LocalTime)
        time = QDateTime(time.date(), time.time(), zone);
    return time.toMSecsSinceEpoch();
}

} // namespace llmcache::app
