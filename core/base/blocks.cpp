#include "base/blocks.h"

#include <QIODevice>

#include <zlib.h>
#include <zstd.h>

#include <array>
#include <stdexcept>

namespace llmcache {

namespace {

constexpr qsizetype inputSize = 256 * 1024;
constexpr qsizetype outputSize = 512 * 1024;
constexpr int gzipLevel = 4; // twice as fast as zlib's own default, and little larger
constexpr int zstdLevel = 3;
/// Of zlib: the largest window, and gzip's header instead of zlib's.
constexpr int gzipWindow = 15 + 16;
/// Frames that want more memory than this to be read are refused.
constexpr int largestZstdWindow = 27; // 128 MB

QByteArray gzipBlock(const QByteArray& text)
{
    z_stream stream{};
    if (deflateInit2(&stream, gzipLevel, Z_DEFLATED, gzipWindow, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        throw std::bad_alloc();
    QByteArray block(
        static_cast<qsizetype>(deflateBound(&stream, static_cast<uLong>(text.size()))), Qt::Uninitialized);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.constData()));
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(block.data());
    stream.avail_out = static_cast<uInt>(block.size());
    const int state = deflate(&stream, Z_FINISH);
    block.truncate(static_cast<qsizetype>(stream.total_out));
    deflateEnd(&stream);
    if (state != Z_STREAM_END)
        throw std::bad_alloc();
    return block;
}

QByteArray zstdBlock(const QByteArray& text)
{
    const auto size = static_cast<std::size_t>(text.size());
    QByteArray block(static_cast<qsizetype>(ZSTD_compressBound(size)), Qt::Uninitialized);
    const std::size_t written = ZSTD_compress(
        block.data(), static_cast<std::size_t>(block.size()), text.constData(), size, zstdLevel);
    if (ZSTD_isError(written) != 0)
        throw std::bad_alloc();
    block.truncate(static_cast<qsizetype>(written));
    return block;
}

} // namespace

Compression compressionOf(const QString& path)
{
    if (path.endsWith(QLatin1String(".gz"), Qt::CaseInsensitive))
        return Compression::Gzip;
    return path.endsWith(QLatin1String(".zst"), Qt::CaseInsensitive) ? Compression::Zstd : Compression::None;
}

QByteArray toBlock(const QByteArray& text, Compression compression)
{
    switch (compression) {
    case Compression::None:
        return text;
    case Compression::Gzip:
        return gzipBlock(text);
    case Compression::Zstd:
        return zstdBlock(text);
    }
    Q_UNREACHABLE();
}

/// Decodes blocks one after the other.
class BlockReader::Decoder {
public:
    struct Step {
        qsizetype used = 0; ///< bytes of the input
        qsizetype made = 0; ///< bytes of the output
        bool blockEnded = false;
        bool damaged = false;
    };
    Decoder() = default;
    Decoder(const Decoder&) = delete;
    Decoder& operator=(const Decoder&) = delete;
    virtual ~Decoder() = default;
    virtual Step decode(QByteArrayView input, char* output, qsizetype room) = 0;
};

class BlockReader::GzipDecoder final : public Decoder {
public:
    GzipDecoder()
    {
        if (inflateInit2(&m_stream, gzipWindow) != Z_OK)
            throw std::bad_alloc();
    }
    ~GzipDecoder() override { inflateEnd(&m_stream); }
    Step decode(QByteArrayView input, char* output, qsizetype room) override
    {
        m_stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
        m_stream.avail_in = static_cast<uInt>(input.size());
        m_stream.next_out = reinterpret_cast<Bytef*>(output);
        m_stream.avail_out = static_cast<uInt>(room);
        const int state = inflate(&m_stream, Z_NO_FLUSH);
        Step step;
        step.used = input.size() - static_cast<qsizetype>(m_stream.avail_in);
        step.made = room - static_cast<qsizetype>(m_stream.avail_out);
        step.blockEnded = state == Z_STREAM_END;
        step.damaged = state != Z_OK && state != Z_STREAM_END && state != Z_BUF_ERROR;
        if (step.blockEnded)
            inflateReset(&m_stream);
        return step;
    }

private:
    z_stream m_stream{};
};

class BlockReader::ZstdDecoder final : public Decoder {
public:
    ZstdDecoder()
        : m_context(ZSTD_createDCtx(), &ZSTD_freeDCtx)
    {
        if (!m_context)
            throw std::bad_alloc();
        ZSTD_DCtx_setParameter(m_context.get(), ZSTD_d_windowLogMax, largestZstdWindow);
    }
    Step decode(QByteArrayView input, char* output, qsizetype room) override
    {
        ZSTD_inBuffer in{input.data(), static_cast<std::size_t>(input.size()), 0};
        ZSTD_outBuffer out{output, static_cast<std::size_t>(room), 0};
        const std::size_t state = ZSTD_decompressStream(m_context.get(), &out, &in);
        Step step;
        step.used = static_cast<qsizetype>(in.pos);
        step.made = static_cast<qsizetype>(out.pos);
        step.damaged = ZSTD_isError(state) != 0;
        step.blockEnded = state == 0;
        return step;
    }

private:
    std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> m_context;
};

BlockReader::BlockReader(QIODevice* device)
    : m_device(device)
{
}

BlockReader::~BlockReader() = default;

bool BlockReader::refill()
{
    const QByteArray more = m_device->read(inputSize);
    m_input += more;
    return !more.isEmpty();
}

QByteArray BlockReader::read()
{
    if (!m_begun) {
        m_begun = true;
        while (m_input.size() < 4 && refill()) { }
        if (m_input.startsWith("\x1f\x8b")) {
            m_compression = Compression::Gzip;
            m_decoder = std::make_unique<GzipDecoder>();
        } else if (m_input.startsWith("\x28\xb5\x2f\xfd")) {
            m_compression = Compression::Zstd;
            m_decoder = std::make_unique<ZstdDecoder>();
        }
    }
    if (!m_problem.isEmpty())
        return {};
    if (!m_decoder) {
        if (m_input.isEmpty())
            refill();
        m_consumed += m_input.size();
        return std::exchange(m_input, {});
    }
    QByteArray text(outputSize, Qt::Uninitialized);
    for (;;) {
        if (m_input.isEmpty() && !m_holdsText && !refill()) {
            if (!m_atBlockEnd)
                m_problem = QStringLiteral("ends in the middle of its compressed data");
            return {};
        }
        const Decoder::Step step = m_decoder->decode(m_input, text.data(), text.size());
        if (step.damaged) {
            m_problem = QStringLiteral("is damaged: its compressed data can't be read");
            return {};
        }
        m_input.remove(0, step.used);
        m_consumed += step.used;
        m_atBlockEnd = step.blockEnded;
        m_holdsText = step.made == text.size() && !step.blockEnded;
        if (step.made > 0) {
            text.truncate(step.made);
            return text;
        }
        // Neither took nor gave anything: it waits for input that never comes.
        if (step.used == 0 && !step.blockEnded && !refill()) {
            m_problem = QStringLiteral("ends in the middle of its compressed data");
            return {};
        }
    }
}

LineReader::LineReader(QIODevice* device, qsizetype longest)
    : m_blocks(device)
    , m_longest(longest)
{
}

bool LineReader::next(QByteArray& line)
{
    QByteArray cut; // the beginning of a line that is too long
    bool tooLong = false;
    qsizetype searched = m_at;
    for (;;) {
        const qsizetype end = m_text.indexOf('\n', searched);
        if (end >= 0) {
            line = tooLong ? cut : m_text.mid(m_at, end - m_at);
            m_at = end + 1;
            return true;
        }
        if (m_ended) {
            const bool any = tooLong || m_at < m_text.size();
            line = tooLong ? cut : m_text.mid(m_at);
            m_at = m_text.size();
            return any && problem().isEmpty();
        }
        m_text.remove(0, m_at);
        m_at = 0;
        if (m_text.size() > m_longest) {
            constexpr qsizetype shown = 1000;
            if (!tooLong)
                cut = m_text.first(shown);
            tooLong = true;
            m_text.clear();
        }
        searched = m_text.size();
        const QByteArray more = m_blocks.read();
        m_text += more;
        m_ended = more.isEmpty();
    }
}

} // namespace llmcache
