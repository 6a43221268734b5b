#include "cache/packedtexts.h"

#include <zstd.h>

#include <memory>

namespace llmcache::ui {

namespace {

constexpr int level = 3;
// An excerpt has at most 160 characters; whoever sends more loses the rest here and not elsewhere.
constexpr qsizetype longestText = 4000;

ZSTD_CCtx* compressor()
{
    thread_local const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context(
        ZSTD_createCCtx(), &ZSTD_freeCCtx);
    return context.get();
}

ZSTD_DCtx* decompressor()
{
    thread_local const std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context(
        ZSTD_createDCtx(), &ZSTD_freeDCtx);
    return context.get();
}

} // namespace

QByteArray PackedTexts::encode(const QString& text)
{
    return text.left(longestText).toUtf8();
}

void PackedTexts::append(const QString& text)
{
    Q_ASSERT(m_size < capacity && !m_sealed);
    const QByteArray bytes = encode(text);
    m_bytes.append(bytes);
    m_lengths[static_cast<std::size_t>(m_size++)] = static_cast<quint16>(bytes.size());
    m_plainSize = static_cast<quint32>(m_bytes.size());
}

void PackedTexts::replace(int row, const QString& text)
{
    Unpacked plain = unpack();
    const QByteArray bytes = encode(text);
    const auto at = static_cast<std::size_t>(row);
    plain.bytes.replace(plain.offsets[at], m_lengths[at], bytes);
    m_lengths[at] = static_cast<quint16>(bytes.size());
    m_bytes = plain.bytes;
    m_plainSize = static_cast<quint32>(m_bytes.size());
    if (m_sealed) {
        m_sealed = false;
        seal();
    }
}

void PackedTexts::seal()
{
    QByteArray packed(static_cast<qsizetype>(ZSTD_compressBound(m_plainSize)), Qt::Uninitialized);
    const std::size_t size = ZSTD_compressCCtx(compressor(), packed.data(),
        static_cast<std::size_t>(packed.size()), m_bytes.constData(), m_plainSize, level);
    if (ZSTD_isError(size) != 0U || size >= m_plainSize) {
        // Whether it is compressed can be told from the size: a packed piece is always smaller.
        m_bytes = QByteArray(m_bytes.constData(), m_bytes.size());
    } else {
        m_bytes = QByteArray(packed.constData(), static_cast<qsizetype>(size));
    }
    m_sealed = true;
}

PackedTexts::Unpacked PackedTexts::unpack() const
{
    Unpacked plain;
    quint32 offset = 0;
    for (std::size_t row = 0; row < static_cast<std::size_t>(capacity); ++row) {
        plain.offsets[row] = offset;
        offset += row < static_cast<std::size_t>(m_size) ? m_lengths[row] : 0U;
    }
    plain.offsets[capacity] = offset;
    if (static_cast<quint32>(m_bytes.size()) == m_plainSize) {
        plain.bytes = m_bytes;
        return plain;
    }
    plain.bytes = QByteArray(static_cast<qsizetype>(m_plainSize), Qt::Uninitialized);
    const std::size_t size = ZSTD_decompressDCtx(decompressor(), plain.bytes.data(), m_plainSize,
        m_bytes.constData(), static_cast<std::size_t>(m_bytes.size()));
    Q_ASSERT(size == m_plainSize);
    Q_UNUSED(size)
    return plain;
}

void lowerAscii(QByteArray& utf8)
{
    // Without a branch, so that the compiler does many at once.
    for (char& c : utf8) {
        const bool isUpper = static_cast<unsigned char>(c - 'A') <= 'Z' - 'A';
        c = static_cast<char>(c | (isUpper ? 0x20 : 0));
    }
}

} // namespace llmcache::ui
