#include "output.h"

#include "base/error.h"

#include <QTextStream>

#include <algorithm>
#include <cstdio>
#include <termios.h>
#include <unistd.h>

namespace llmcache::app {

namespace {

bool isTerminal(FILE* stream)
{
    return isatty(fileno(stream)) != 0;
}

QString withoutControls(const QString& text)
{
    QString out;
    out.reserve(text.size());
    for (const QChar c : text) {
        const auto code = c.unicode();
        const bool control = (code < 0x20 && c != QLatin1Char('\n') && c != QLatin1Char('\t'))
            || (code >= 0x7F && code < 0xA0);
        out += control ? QChar(0xFFFD) : c;
    }
    return out;
}

void write(FILE* stream, const QString& text)
{
    const QByteArray bytes = (isTerminal(stream) ? withoutControls(text) : text).toUtf8();
    std::fwrite(bytes.constData(), 1, static_cast<std::size_t>(bytes.size()), stream);
    std::fflush(stream);
}

} // namespace

void print(const QString& text)
{
    write(stdout, text);
}

void printLine(const QString& text)
{
    write(stdout, text + QLatin1Char('\n'));
}

void printJson(const Json& value)
{
    printLine(QString::fromUtf8(isTerminal(stdout) ? toPrettyJsonText(value) : toJsonText(value)));
}

void printJsonLine(const Json& value)
{
    printLine(QString::fromUtf8(toJsonText(value)));
}

void printError(const QString& text)
{
    write(stderr, text + QLatin1Char('\n'));
}

bool confirm(const QString& question)
{
    if (!isTerminal(stdin))
        return false;
    write(stderr, question + QStringLiteral(" [y/N] "));
    QTextStream in(stdin);
    return in.readLine().trimmed().compare(QLatin1String("y"), Qt::CaseInsensitive) == 0;
}

QString readSecret(const QString& prompt)
{
    QTextStream in(stdin);
    if (!isTerminal(stdin))
        return in.readLine();
    write(stderr, prompt);
    const int terminal = fileno(stdin);
    termios before{};
    tcgetattr(terminal, &before);
    termios silent = before;
    // Without signals too: Ctrl+C would leave the terminal mute. It comes as a character.
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO | ISIG);
    tcsetattr(terminal, TCSAFLUSH, &silent);
    const QString line = in.readLine();
    tcsetattr(terminal, TCSAFLUSH, &before);
    write(stderr, QStringLiteral("\n"));
    if (line.contains(QChar(0x03)))
        throw Cancelled();
    return line;
}

ProgressLine::ProgressLine()
    : m_isTerminal(isTerminal(stderr))
{
}

void ProgressLine::show(qint64 done, qint64 total)
{
    constexpr qint64 enough = 5000;
    if (!m_isTerminal || std::max(done, total) < enough)
        return;
    if (total >= 0)
        fprintf(stderr, "\r%lld of %lld", static_cast<long long>(done), static_cast<long long>(total));
    else
        fprintf(stderr, "\r%lld", static_cast<long long>(done));
    m_shown = true;
}

void ProgressLine::end()
{
    if (std::exchange(m_shown, false))
        fputc('\n', stderr);
}

TextTable::TextTable(QStringList headers, std::vector<bool> rightAligned)
    : m_headers(std::move(headers))
    , m_rightAligned(std::move(rightAligned))
{
}

void TextTable::add(QStringList cells)
{
    m_rows.push_back(std::move(cells));
}

QString TextTable::toText() const
{
    const auto columns = static_cast<std::size_t>(m_headers.size());
    std::vector<qsizetype> widths(columns, 0);
    const auto measure = [&](const QStringList& cells) {
        for (std::size_t column = 0; column < columns; ++column)
            widths[column] = std::max(widths[column], cells.at(static_cast<qsizetype>(column)).size());
    };
    measure(m_headers);
    for (const QStringList& row : m_rows)
        measure(row);
    QString text;
    const auto append = [&](const QStringList& cells) {
        QString line;
        for (std::size_t column = 0; column < columns; ++column) {
            const QString& cell = cells.at(static_cast<qsizetype>(column));
            if (column > 0)
                line += QStringLiteral("  ");
            line += m_rightAligned[column] ? cell.rightJustified(widths[column])
                                           : cell.leftJustified(widths[column]);
        }
        while (line.endsWith(QLatin1Char(' ')))
            line.chop(1);
        text += line + QLatin1Char('\n');
    };
    append(m_headers);
    for (const QStringList& row : m_rows)
        append(row);
    return text;
}

} // namespace llmcache::app
