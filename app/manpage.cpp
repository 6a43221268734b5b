#include "manpage.h"

#include "commands.h"

namespace llmcache::app {

namespace {

/// Text as roff prints it: no escapes, hyphens that can be copied, no line that begins a request.
QString roff(QString text)
{
    text.replace(QLatin1Char('\\'), QLatin1String("\\e"));
    text.replace(QLatin1Char('-'), QLatin1String("\\-"));
    text.replace(QStringLiteral("…"), QLatin1String("..."));
    if (text.startsWith(QLatin1Char('.')) || text.startsWith(QLatin1Char('\'')))
        text.prepend(QLatin1String("\\&"));
    return text;
}

QString section(const QString& name)
{
    return QStringLiteral(".SH %1\n").arg(name);
}

QString tagged(const QString& tag, const QString& text)
{
    return QStringLiteral(".TP\n%1\n%2\n").arg(tag, roff(text));
}

QString bold(const QString& text)
{
    return QStringLiteral("\\fB%1\\fR").arg(roff(text));
}

QString optionEntries(const std::vector<OptionSpec>& options)
{
    QString text;
    for (const OptionSpec& option : options) {
        QString tag = bold(QStringLiteral("--") + option.name);
        if (!option.value.isEmpty())
            tag += QStringLiteral(" \\fI%1\\fR").arg(roff(option.value));
        text += tagged(tag, option.help);
    }
    return text;
}

QString commandEntry(const Command& command)
{
    QString text = QStringLiteral(".SS \"llmcache %1\"\n").arg(roff(command.name));
    if (!command.synopsis.isEmpty())
        text += bold(QStringLiteral("llmcache ") + command.name) + QLatin1Char(' ') + roff(command.synopsis)
            + QStringLiteral("\n.PP\n");
    text += roff(command.summary) + QLatin1Char('\n');
    return text + optionEntries(command.options);
}

QString exitCodes()
{
    const std::pair<const char*, const char*> codes[] = {{"0", "The command did what it was told."},
        {"2", "Usage: an unknown option or a missing value."},
        {"3", "Configuration: a wrong agent file, a missing key or template variable."},
        {"4", "Rate limit: the provider kept refusing for longer than the run may wait."},
        {"5", "Cache: an entry or a store that is needed is not there."},
        {"6", "Provider: it refused the request, or failed after all retries."},
        {"7", "Output: the answer does not fit the agent's schema."},
        {"8", "Cancelled, for example with Ctrl+C."}};
    QString text;
    for (const auto& [code, meaning] : codes)
        text += tagged(QStringLiteral("\\fB%1\\fR").arg(QLatin1String(code)), QLatin1String(meaning));
    return text;
}

QString environment()
{
    return tagged(bold(QStringLiteral("LLM_CACHE_REDIS_URL")),
               QStringLiteral("The store to use where --store names none."))
        + tagged(bold(QStringLiteral("ANTHROPIC_API_KEY, OPENAI_API_KEY, GOOGLE_API_KEY")),
            QStringLiteral(
                "and the like: keys of providers. What the environment says wins over the keychain; "
                "\"llmcache keys list\" shows which are known."));
}

QString files()
{
    return tagged(QStringLiteral("\\fI~/.local/share/llmcache\\fR"),
        QStringLiteral("The embedded cache, answers that wait for their store, and what changes can be taken "
                       "back; --config names another folder. No key is ever in it."));
}

} // namespace

QString manualPage(const QString& version, const QString& day)
{
    QString page = QStringLiteral(".TH LLMCACHE 1 \"%1\" \"LLM Cache Workbench %2\" \"User Commands\"\n")
                       .arg(day, roff(version));
    page += section(QStringLiteral("NAME"))
        + QStringLiteral(
            "llmcache \\- run prompts through a shared cache, and see what it holds and saves\n");
    page += section(QStringLiteral("SYNOPSIS")) + QStringLiteral(".B llmcache\n.RI [ OPTIONS ]\n.br\n")
        + QStringLiteral(".B llmcache\n.I COMMAND\n.RI [ OPTIONS ]\n");
    page += section(QStringLiteral("DESCRIPTION"))
        + roff(QStringLiteral(
            "A workbench and a command line over a shared cache of LLM responses. The same "
            "request is paid for once: the next person, process or test run that asks it gets "
            "the stored answer. The cache lives in a Redis that a team shares, or in a file of "
            "your own. Without a command the window opens."))
        + QLatin1Char('\n');
    page += section(QStringLiteral("OPTIONS")) + optionEntries(globalOptions());
    page += section(QStringLiteral("COMMANDS"));
    for (const Command& command : commands())
        page += commandEntry(command);
    page += section(QStringLiteral("EXIT STATUS")) + exitCodes();
    page += section(QStringLiteral("ENVIRONMENT")) + environment();
    page += section(QStringLiteral("FILES")) + files();
    return page;
}

} // namespace llmcache::app
