#pragma once

#include <QDateTime>
#include <QMutex>
#include <QObject>
#include <QString>

#include <deque>
#include <vector>

namespace llmcache {

/// The last lines that the program logged, in memory, without secrets.
///
/// add() and lines() may be called from any thread; added() is emitted on the thread of add().
class LogBook : public QObject {
    Q_OBJECT
public:
    enum class Level { Detail, Info, Warning, Error };
    struct Line {
        qint64 number = 0; ///< counts from 1, also those that are gone by now
        qint64 timeMs = 0;
        Level level = Level::Info;
        QString category{};
        QString text{};
    };
    static constexpr std::size_t capacity = 2000;

    using QObject::QObject;
    /// Keeps a line, with secrets and control characters taken out; the oldest goes when there is no room.
    void add(Level level, const QString& category, const QString& text);
    /// Those after a number, oldest first.
    std::vector<Line> lines(qint64 after = 0) const;
    void clear();

Q_SIGNALS:
    void added();

private:
    mutable QMutex m_mutex;
    std::deque<Line> m_lines;
    qint64 m_count = 0;
};
/// "detail", "info", "warning", "error".
QString logLevelName(LogBook::Level level);
/// One line of text, as it is copied: UTC time, level, category, text.
QString logLineText(const LogBook::Line& line);

} // namespace llmcache
