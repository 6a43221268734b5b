#pragma once

#include <QByteArray>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

/// What libFuzzer and the corpus tests call: one per executable.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace llmcache::fuzz {

/// The input as the parsers take it. A copy, so that reading past its end is seen.
inline QByteArray bytesOf(const std::uint8_t* data, std::size_t size)
{
    QByteArray bytes(static_cast<qsizetype>(size), Qt::Uninitialized);
    for (std::size_t at = 0; at < size; ++at)
        bytes[static_cast<qsizetype>(at)] = static_cast<char>(data[at]);
    return bytes;
}

/// Something that must hold for any input. Crashes where it does not, since that is what a fuzzer notices.
inline void require(bool holds, const char* what)
{
    if (holds)
        return;
    std::fprintf(stderr, "Does not hold: %s\n", what);
    std::abort();
}

/// Where to cut a stream into chunks; the same for the same input.
class Cuts {
public:
    explicit Cuts(unsigned char seed)
        : m_state(seed)
    {
    }
    /// Bytes of the next chunk, from 0 to 15.
    qsizetype next()
    {
        m_state = m_state * 1'103'515'245U + 12'345U;
        return static_cast<qsizetype>((m_state >> 16U) & 15U);
    }

private:
    std::uint32_t m_state;
};

/// Hands `stream` to `feed` in chunks, empty ones among them.
template <typename Feed>
void inChunks(QByteArrayView stream, unsigned char seed, Feed feed)
{
    Cuts cuts(seed);
    while (!stream.isEmpty()) {
        const qsizetype length = std::min(cuts.next(), stream.size());
        feed(stream.first(length));
        stream = stream.sliced(length);
    }
}

} // namespace llmcache::fuzz
