// Server-sent events: the same ones, wherever the chunks end. The first byte says where that is.
#include "fuzzinput.h"
#include "provider/sse.h"

using namespace llmcache;

namespace {

void append(std::vector<SseEvent>& events, std::vector<SseEvent> more)
{
    for (SseEvent& event : more)
        events.push_back(std::move(event));
}

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size == 0)
        return 0;
    const QByteArray stream = fuzz::bytesOf(data + 1, size - 1);
    SseParser whole;
    std::vector<SseEvent> expected = whole.feed(stream);
    append(expected, whole.finish());
    for (const SseEvent& event : expected) {
        fuzz::require(!event.name.contains('\n') && !event.name.contains('\r'), "a name is one line");
        fuzz::require(!event.data.contains('\r'), "data has no carriage return");
    }

    SseParser cut;
    std::vector<SseEvent> events;
    fuzz::inChunks(stream, data[0], [&](QByteArrayView chunk) { append(events, cut.feed(chunk)); });
    append(events, cut.finish());
    fuzz::require(events == expected, "chunks and the whole stream give the same events");
    return 0;
}
