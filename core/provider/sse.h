#pragma once

#include <QByteArray>

#include <vector>

namespace llmcache {

/// One server-sent event.
struct SseEvent {
    QByteArray name; ///< of the `event:` field; empty for the default kind
    QByteArray data; ///< the `data:` lines joined by newlines, UTF-8
    friend bool operator==(const SseEvent&, const SseEvent&) = default;
};

/// Cuts a byte stream into server-sent events (text/event-stream). Chunks may end anywhere: inside a line, a
/// CRLF pair or a UTF-8 character. Comments, ids and retry fields are ignored.
class SseParser {
public:
    /// The events that `bytes` completes.
    std::vector<SseEvent> feed(QByteArrayView bytes);
    /// At the end of the stream: the last event, when the server did not close it with an empty line.
    std::vector<SseEvent> finish();

private:
    void endLine(std::vector<SseEvent>& events);
    void dispatch(std::vector<SseEvent>& events);

    QByteArray m_line;
    SseEvent m_event;
    bool m_hasData = false;
    bool m_afterCarriageReturn = false;
    bool m_firstLine = true;
};

} // namespace llmcache
