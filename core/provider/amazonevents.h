#pragma once

#include "provider/sse.h"

namespace llmcache {

/// Cuts Amazon's binary event stream (application/vnd.amazon.eventstream) into events: the name is the event
/// type, or "exception:" and the exception's type. Chunks may end anywhere. Checksums are not looked at,
/// since TLS has checked the bytes.
class AmazonEventParser {
public:
    /// The events that `bytes` completes. A stream that is none of this kind gives nothing more.
    std::vector<SseEvent> feed(QByteArrayView bytes);

private:
    QByteArray m_buffer;
    bool m_broken = false;
};

} // namespace llmcache
