#pragma once

#include "base/json.h"

#include <QStringList>

namespace llmcache::app {

/// Writes text to stdout as UTF-8. Terminal control characters from entries and replies are made visible when
/// stdout is a terminal, so that a hostile answer can't drive it.
void print(const QString& text);
void printLine(const QString& text = {});
/// One object, indented on a terminal, compact otherwise.
void printJson(const Json& value);
/// One object a line, always compact.
void printJsonLine(const Json& value);
/// A line to stderr.
void printError(const QString& text);
/// Asks on the terminal; false without one.
bool confirm(const QString& question);
/// The first line of standard input; on a terminal, after a prompt, and without showing what is typed. Throws
/// Cancelled after Ctrl+C.
QString readSecret(const QString& prompt);

/// Shows on a terminal how far something long has come, on a line of stderr. One at a time.
class ProgressLine {
public:
    ProgressLine();
    ~ProgressLine() { end(); }
    ProgressLine(const ProgressLine&) = delete;
    ProgressLine& operator=(const ProgressLine&) = delete;
    /// Little is not worth a line. `total` is -1 when it is not known.
    void show(qint64 done, qint64 total);
    /// Ends the line, if there is one, before something else is printed.
    void end();

private:
    bool m_isTerminal;
    bool m_shown = false;
};

/// Columns aligned with spaces; numbers right-aligned where `rightAligned` says so.
class TextTable {
public:
    TextTable(QStringList headers, std::vector<bool> rightAligned);
    void add(QStringList cells);
    QString toText() const;

private:
    QStringList m_headers;
    std::vector<bool> m_rightAligned;
    std::vector<QStringList> m_rows;
};

} // namespace llmcache::app
