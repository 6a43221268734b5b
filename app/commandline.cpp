#include "commandline.h"

#include "base/error.h"

#include <algorithm>

namespace llmcache::app {

namespace {

struct Word {
    QString name;
    std::optional<QString> value;
};

/// "--name" or "--name=value"; nothing for an operand.
std::optional<Word> optionOf(const QString& word)
{
    if (!word.startsWith(QLatin1String("--")) || word.size() == 2)
        return std::nullopt;
    const auto equals = word.indexOf(QLatin1Char('='));
    if (equals < 0)
        return Word{word.mid(2), std::nullopt};
    return Word{word.mid(2, equals - 2), word.mid(equals + 1)};
}

QString takeValue(const Word& word, const QStringList& words, qsizetype& at, const QString& placeholder)
{
    if (word.value)
        return *word.value;
    if (at + 1 >= words.size())
        throw UsageError(QStringLiteral("--%1 needs a value (%2).").arg(word.name, placeholder));
    return words.at(++at);
}

} // namespace

std::vector<OptionSpec> globalOptions()
{
    return {
        {QStringLiteral("store"), QStringLiteral("URL"),
            QStringLiteral("redis://…, sqlite:///…; default: LLM_CACHE_REDIS_URL, then the embedded file")},
        {QStringLiteral("connection"), QStringLiteral("NAME"),
            QStringLiteral("a store that you keep, see \"llmcache connections list\"")},
        {QStringLiteral("workspace"), QStringLiteral("NAME"),
            QStringLiteral("namespace within the store (default: default)")},
        {QStringLiteral("config"), QStringLiteral("DIR"),
            QStringLiteral("folder for settings, embedded cache and spool")},
        {QStringLiteral("base-url"), QStringLiteral("PROVIDER=URL"),
            QStringLiteral("endpoint instead of the provider's own; may be repeated"), true},
        {QStringLiteral("read-only"), {}, QStringLiteral("change nothing in the store")},
        {QStringLiteral("verbose"), {}, QStringLiteral("say on stderr what happens")},
        {QStringLiteral("help"), {}, QStringLiteral("show help")},
        {QStringLiteral("version"), {}, QStringLiteral("show the version")},
    };
}

CommandLine CommandLine::parse(const QStringList& arguments, const QSet<QString>& flags)
{
    CommandLine line;
    for (qsizetype at = 0; at < arguments.size(); ++at) {
        const QString& text = arguments.at(at);
        if (text == QLatin1String("--")) {
            line.words += arguments.mid(at);
            break;
        }
        if (text == QLatin1String("-h")) {
            line.help = true;
            continue;
        }
        const auto word = optionOf(text);
        if (!word) {
            line.words.append(text);
        } else if (word->name == QLatin1String("store")) {
            line.store = takeValue(*word, arguments, at, QStringLiteral("URL"));
        } else if (word->name == QLatin1String("connection")) {
            line.connection = takeValue(*word, arguments, at, QStringLiteral("NAME"));
        } else if (word->name == QLatin1String("read-only")) {
            line.readOnly = true;
        } else if (word->name == QLatin1String("workspace")) {
            line.workspace = takeValue(*word, arguments, at, QStringLiteral("NAME"));
        } else if (word->name == QLatin1String("config")) {
            line.configFolder = takeValue(*word, arguments, at, QStringLiteral("DIR"));
        } else if (word->name == QLatin1String("base-url")) {
            line.baseUrls.append(takeValue(*word, arguments, at, QStringLiteral("PROVIDER=URL")));
        } else if (word->name == QLatin1String("verbose")) {
            line.verbose = true;
        } else if (word->name == QLatin1String("help")) {
            line.help = true;
        } else if (word->name == QLatin1String("version")) {
            line.version = true;
        } else {
            line.words.append(text);
            // The value of a command's own option is not looked at here, lest `--prompt --help` asks for
            // help.
            if (!word->value && at + 1 < arguments.size() && !flags.contains(word->name))
                line.words.append(arguments.at(++at));
        }
    }
    return line;
}

Arguments::Arguments(const QStringList& words, const std::vector<OptionSpec>& options, int mostOperands)
{
    bool operandsOnly = false;
    for (qsizetype at = 0; at < words.size(); ++at) {
        const QString& text = words.at(at);
        if (!operandsOnly && text == QLatin1String("--")) {
            operandsOnly = true;
            continue;
        }
        const auto word = operandsOnly ? std::nullopt : optionOf(text);
        if (!word) {
            if (!operandsOnly && text.size() > 1 && text.startsWith(QLatin1Char('-')))
                throw UsageError(
                    QStringLiteral("Unknown option %1.").arg(text), QStringLiteral("Try --help."));
            m_operands.append(text);
            continue;
        }
        const auto spec = std::find_if(options.begin(), options.end(),
            [&word](const OptionSpec& candidate) { return candidate.name == word->name; });
        if (spec == options.end())
            throw UsageError(
                QStringLiteral("Unknown option --%1.").arg(word->name), QStringLiteral("Try --help."));
        if (!spec->repeats && has(spec->name))
            throw UsageError(QStringLiteral("--%1 is given twice.").arg(spec->name));
        if (spec->value.isEmpty()) {
            if (word->value)
                throw UsageError(QStringLiteral("--%1 takes no value.").arg(spec->name));
            m_given.emplace_back(spec->name, QStringLiteral("yes"));
        } else {
            m_given.emplace_back(spec->name, takeValue(*word, words, at, spec->value));
        }
    }
    if (m_operands.size() > mostOperands)
        throw UsageError(QStringLiteral("Unexpected argument \"%1\".").arg(m_operands.at(mostOperands)),
            QStringLiteral("Try --help."));
}

QStringList Arguments::values(const QString& name) const
{
    QStringList list;
    for (const auto& [given, value] : m_given) {
        if (given == name)
            list.append(value);
    }
    return list;
}

QString Arguments::value(const QString& name, const QString& fallback) const
{
    const QStringList list = values(name);
    return list.isEmpty() ? fallback : list.front();
}

QString Arguments::required(const QString& name) const
{
    if (!has(name))
        throw UsageError(QStringLiteral("--%1 is required.").arg(name), QStringLiteral("Try --help."));
    return value(name);
}

std::optional<qint64> Arguments::integer(const QString& name, qint64 least, qint64 most) const
{
    if (!has(name))
        return std::nullopt;
    bool ok = false;
    const qint64 number = value(name).toLongLong(&ok);
    if (!ok || number < least || number > most)
        throw UsageError(QStringLiteral("--%1 must be a whole number from %2 to %3, not \"%4\".")
                             .arg(name)
                             .arg(least)
                             .arg(most)
                             .arg(value(name)));
    return number;
}

} // namespace llmcache::app
