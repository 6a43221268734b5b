#include "base/logbook.h"

#include "base/redact.h"

namespace llmcache {

void LogBook::add(Level level, const QString& category, const QString& text)
{
    constexpr qsizetype longest = 2000;
    Line line;
    line.timeMs = QDateTime::currentMSecsSinceEpoch();
    line.level = level;
    line.category = category;
    // Not the other way round: a secret that is cut in two is no longer seen as one.
    line.text = redacted(text).left(longest);
    for (QChar& c : line.text) {
        if (c.unicode() < 0x20 || c.unicode() == 0x7F)
            c = QLatin1Char(' ');
    }
    {
        const QMutexLocker lock(&m_mutex);
        line.number = ++m_count;
        m_lines.push_back(std::move(line));
        if (m_lines.size() > capacity)
            m_lines.pop_front();
    }
    Q_EMIT added();
}

std::vector<LogBook::Line> LogBook::lines(qint64 after) const
{
    const QMutexLocker lock(&m_mutex);
    std::vector<Line> found;
    for (const Line& line : m_lines) {
        if (line.number > after)
            found.push_back(line);
    }
    return found;
}

void LogBook::clear()
{
    {
        const QMutexLocker lock(&m_mutex);
        m_lines.clear();
    }
    Q_EMIT added();
}

QString logLevelName(LogBook::Level level)
{
    switch (level) {
    case LogBook::Level::Detail:
        return QStringLiteral("detail");
    case LogBook::Level::Info:
        return QStringLiteral("info");
    case LogBook::Level::Warning:
        return QStringLiteral("warning");
    case LogBook::Level::Error:
        return QStringLiteral("error");
    }
    return {};
}

QString logLineText(const LogBook::Line& line)
{
    return QStringLiteral("%1 %2 %3: %4")
        .arg(QDateTime::fromMSecsSinceEpoch(line.timeMs, Qt::UTC).toString(Qt::ISODateWithMs),
            logLevelName(line.level), line.category, line.text);
}

} // namespace llmcache
