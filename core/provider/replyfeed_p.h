#pragma once

#include "provider/httpprovider.h"

namespace llmcache {

/// Feeds the bytes of an event stream to a decoder. Apart from HttpProvider, so that the fuzzers need no
/// network.
struct ReplyFeed {
    std::shared_ptr<ReplyDecoder> decoder;
    EventFraming framing = EventFraming::ServerSent;
    SseParser serverSent;
    AmazonEventParser amazon;

    /// Whether the decoder needs no more. Throws what the decoder throws; likewise below.
    bool feed(const QByteArray& bytes);
    /// At the end of the stream.
    bool finish();

private:
    bool take(const std::vector<SseEvent>& events);
};

/// Reads a reply that came whole; throws ProviderError when it is none. Its bytes are gone afterwards: a
/// large one is not kept three times.
void readWholeReply(ReplyDecoder& decoder, const ErrorContext& context, QByteArray bytes);

} // namespace llmcache
