#include "commands.h"

#include "base/error.h"
#include "interop/pickledump.h"
#include "interop/picklereader.h"
#include "output.h"

#include <QFile>

#include <cstdio>

namespace llmcache::app {

namespace {

QByteArray readInput(const QString& path)
{
    QFile input(path);
    const bool isOpen =
        path == QLatin1String("-") ? input.open(stdin, QIODevice::ReadOnly) : input.open(QIODevice::ReadOnly);
    if (!isOpen)
        throw ConfigurationError(QStringLiteral("%1 can't be read: %2.").arg(path, input.errorString()));
    const qint64 most = PickleLimits().maxBytes;
    QByteArray bytes = input.read(most + 1);
    if (bytes.size() > most)
        throw ConfigurationError(
            QStringLiteral("%1 is larger than a pickle may be, %2 bytes.").arg(path).arg(most));
    return bytes;
}

/// The beginning of what can't be read, 16 bytes a line.
QString hexLines(const QByteArray& bytes)
{
    constexpr qsizetype shown = 256;
    constexpr qsizetype perLine = 16;
    QString text;
    for (qsizetype at = 0; at < std::min(bytes.size(), shown); at += perLine) {
        const QByteArray line = bytes.mid(at, perLine);
        QString readable;
        for (const char c : line)
            readable += c >= ' ' && c <= '~' ? QLatin1Char(c) : QLatin1Char('.');
        text += QStringLiteral("%1  %2  %3\n")
                    .arg(at, 8, 16, QLatin1Char('0'))
                    .arg(QString::fromLatin1(line.toHex(' ')), -3 * perLine)
                    .arg(readable);
    }
    if (bytes.size() > shown)
        text += QStringLiteral("… %1 bytes in all\n").arg(bytes.size());
    return text;
}

QCoro::Task<int> dump(CommandContext /*context*/, Arguments arguments)
{
    if (arguments.operands().isEmpty())
        throw UsageError(
            QStringLiteral("Which pickle?"), QStringLiteral("Name a file, or - for standard input."));
    const QByteArray bytes = readInput(arguments.operands().front());
    PickleDocument document;
    try {
        document = readPickle(bytes);
    } catch (const PickleError&) {
        print(hexLines(bytes));
        throw;
    }
    if (arguments.has(QStringLiteral("json")))
        printJson(pickleToJson(document));
    else
        print(pickleToText(document));
    co_return 0;
}

} // namespace

std::vector<Command> pickleCommands()
{
    Command dumping;
    dumping.name = QStringLiteral("pickle dump");
    dumping.synopsis = QStringLiteral("FILE|- [--json]");
    dumping.summary = QStringLiteral("show what a pickle of Python holds, without running anything in it");
    dumping.options = {{QStringLiteral("json"), {}, QStringLiteral("print a typed tree as JSON")}};
    dumping.mostOperands = 1;
    dumping.run = dump;
    return {dumping};
}

} // namespace llmcache::app
