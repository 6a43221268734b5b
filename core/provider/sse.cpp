#include "provider/sse.h"

namespace llmcache {

std::vector<SseEvent> SseParser::feed(QByteArrayView bytes)
{
    std::vector<SseEvent> events;
    qsizetype start = 0;
    for (qsizetype i = 0; i < bytes.size(); ++i) {
        const char c = bytes[i];
        if (c != '\n' && c != '\r') {
            m_afterCarriageReturn = false;
            continue;
        }
        // The line feed of a CRLF pair, perhaps cut from its carriage return.
        if (c == '\n' && m_afterCarriageReturn) {
            m_afterCarriageReturn = false;
            start = i + 1;
            continue;
        }
        m_line.append(bytes.sliced(start, i - start));
        start = i + 1;
        m_afterCarriageReturn = c == '\r';
        endLine(events);
    }
    m_line.append(bytes.sliced(start));
    return events;
}

std::vector<SseEvent> SseParser::finish()
{
    std::vector<SseEvent> events;
    if (!m_line.isEmpty())
        endLine(events);
    dispatch(events);
    return events;
}

void SseParser::endLine(std::vector<SseEvent>& events)
{
    QByteArray line;
    line.swap(m_line);
    if (m_firstLine) {
        m_firstLine = false;
        if (line.startsWith("\xEF\xBB\xBF"))
            line.remove(0, 3);
    }
    if (line.isEmpty()) {
        dispatch(events);
        return;
    }
    const auto colon = line.indexOf(':');
    if (colon == 0)
        return;
    const QByteArray field = colon < 0 ? line : line.left(colon);
    QByteArray value;
    if (colon >= 0) {
        const auto from = colon + 1 < line.size() && line[colon + 1] == ' ' ? colon + 2 : colon + 1;
        value = line.mid(from);
    }
    if (field == "data") {
        if (m_hasData)
            m_event.data.append('\n');
        m_event.data.append(value);
        m_hasData = true;
    } else if (field == "event") {
        m_event.name = value;
    }
}

void SseParser::dispatch(std::vector<SseEvent>& events)
{
    if (m_hasData)
        events.push_back(std::move(m_event));
    m_event = {};
    m_hasData = false;
}

} // namespace llmcache
