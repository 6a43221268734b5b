#include "provider/amazonevents.h"

#include <QtEndian>

namespace llmcache {

namespace {

// Total length, length of the headers, checksum of both; then headers, payload, checksum of all.
constexpr qsizetype preludeSize = 12;
constexpr qsizetype checksumSize = 4;
constexpr qsizetype largestFrame = 24 * 1024 * 1024;

qsizetype lengthAt(QByteArrayView bytes, qsizetype at)
{
    return static_cast<qsizetype>(qFromBigEndian<quint32>(bytes.data() + at));
}

/// Bytes of a header value by its type; -1 for texts and bytes, which bring their own length.
qsizetype fixedSize(char type)
{
    switch (type) {
    case 0:
    case 1:
        return 0;
    case 2:
        return 1;
    case 3:
        return 2;
    case 4:
        return 4;
    case 5:
    case 8:
        return 8;
    case 9:
        return 16;
    default:
        return -1;
    }
}

/// The name of an event from its headers.
QByteArray nameOf(QByteArrayView headers)
{
    QByteArray eventType;
    QByteArray exceptionType;
    qsizetype at = 0;
    while (at < headers.size()) {
        const qsizetype nameSize = static_cast<quint8>(headers[at]);
        if (at + 1 + nameSize + 1 > headers.size())
            break;
        const QByteArrayView name = headers.sliced(at + 1, nameSize);
        const char type = headers[at + 1 + nameSize];
        at += 1 + nameSize + 1;
        qsizetype size = fixedSize(type);
        if (size < 0) {
            if (at + 2 > headers.size())
                break;
            size = qFromBigEndian<quint16>(headers.data() + at);
            at += 2;
        }
        if (at + size > headers.size())
            break;
        if (name == ":event-type")
            eventType = headers.sliced(at, size).toByteArray();
        else if (name == ":exception-type" || name == ":error-code")
            exceptionType = headers.sliced(at, size).toByteArray();
        at += size;
    }
    return exceptionType.isEmpty() ? eventType : "exception:" + exceptionType;
}

} // namespace

std::vector<SseEvent> AmazonEventParser::feed(QByteArrayView bytes)
{
    std::vector<SseEvent> events;
    if (m_broken)
        return events;
    m_buffer.append(bytes);
    qsizetype at = 0;
    while (m_buffer.size() - at >= preludeSize) {
        const QByteArrayView rest = QByteArrayView(m_buffer).sliced(at);
        const qsizetype total = lengthAt(rest, 0);
        const qsizetype headers = lengthAt(rest, 4);
        if (total > largestFrame || total < preludeSize + checksumSize
            || headers > total - preludeSize - checksumSize) {
            m_broken = true;
            break;
        }
        if (rest.size() < total)
            break;
        SseEvent event;
        event.name = nameOf(rest.sliced(preludeSize, headers));
        event.data =
            rest.sliced(preludeSize + headers, total - preludeSize - headers - checksumSize).toByteArray();
        events.push_back(std::move(event));
        at += total;
    }
    m_buffer.remove(0, at);
    return events;
}

} // namespace llmcache
