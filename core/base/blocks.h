#pragma once

#include <QByteArray>
#include <QString>

#include <memory>

class QIODevice;

namespace llmcache {

/// How a file of text is written.
enum class Compression { None, Gzip, Zstd };

/// By the ending of a file's name: ".gz", ".zst", anything else.
Compression compressionOf(const QString& path);

/// A text as a block that can be read by itself: a member of a gzip file (RFC 1952) or a frame of a zstd file
/// (RFC 8878). Such files are any number of blocks one after the other.
QByteArray toBlock(const QByteArray& text, Compression compression);

/// Reads a file of text piece by piece, however it is compressed: that is told by its first bytes. Memory is
/// bounded, whatever the file says about itself. Thread-affine to nothing; used by one thread at a time.
class BlockReader {
public:
    /// From where the device stands. The device must outlive the reader.
    explicit BlockReader(QIODevice* device);
    ~BlockReader();
    BlockReader(const BlockReader&) = delete;
    BlockReader& operator=(const BlockReader&) = delete;

    /// The next piece of text; empty at the end and at damage, which problem() tells apart.
    QByteArray read();
    /// Why the rest can't be read, in words that continue "The file …"; empty when nothing is wrong.
    const QString& problem() const { return m_problem; }
    /// Whether the text so far ends where a block does; always, without compression.
    bool isAtBlockEnd() const { return m_atBlockEnd; }
    /// Bytes of the device up to where the text so far ends. Exact at the end of a block.
    qint64 position() const { return m_consumed; }
    Compression compression() const { return m_compression; }

private:
    class Decoder;
    class GzipDecoder;
    class ZstdDecoder;
    bool refill();

    QIODevice* m_device;
    std::unique_ptr<Decoder> m_decoder;
    QByteArray m_input; ///< compressed bytes that are not decoded yet
    Compression m_compression = Compression::None;
    qint64 m_consumed = 0;
    bool m_begun = false;
    bool m_atBlockEnd = true;
    bool m_holdsText = false; ///< the decoder may have more without further input
    QString m_problem;
};

/// The lines of a device. A line that is longer than `longest` bytes comes as nothing but its beginning.
class LineReader {
public:
    static constexpr qsizetype defaultLongest = qsizetype(512) * 1024 * 1024;
    explicit LineReader(QIODevice* device, qsizetype longest = defaultLongest);

    /// The next line, without its end; false after the last. A line without an end at damage is dropped.
    bool next(QByteArray& line);
    const QString& problem() const { return m_blocks.problem(); }

private:
    BlockReader m_blocks;
    qsizetype m_longest;
    QByteArray m_text; ///< read, and not handed out yet
    qsizetype m_at = 0;
    bool m_ended = false;
};

} // namespace llmcache
