#include "provider/replyfeed_p.h"

#include "provider/replyjson.h"

namespace llmcache {

bool ReplyFeed::feed(const QByteArray& bytes)
{
    return take(framing == EventFraming::Amazon ? amazon.feed(bytes) : serverSent.feed(bytes));
}

bool ReplyFeed::finish()
{
    return framing == EventFraming::Amazon || take(serverSent.finish());
}

bool ReplyFeed::take(const std::vector<SseEvent>& events)
{
    for (const SseEvent& event : events) {
        // Some servers send empty events to keep the line open. Data that is no JSON is null.
        if (!decoder->isFinished() && !event.data.trimmed().isEmpty())
            decoder->readEvent(event, readJson(event.data).value_or(Json()));
    }
    return decoder->isFinished();
}

void readWholeReply(ReplyDecoder& decoder, const ErrorContext& context, QByteArray bytes)
{
    if (const auto body = takeJson(bytes)) {
        decoder.readBody(*body);
        return;
    }
    const QByteArray start = bytes.trimmed().left(1);
    // A chunked reply that was cut looks complete to Qt.
    if (start.isEmpty() || start == "{" || start == "[")
        throw cutStream(context, false);
    throw badReply(context, QStringLiteral("HTTP 200 with something that is not JSON"), bytes);
}

} // namespace llmcache
