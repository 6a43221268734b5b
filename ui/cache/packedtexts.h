#pragma once

#include <QByteArray>
#include <QString>

#include <array>

namespace llmcache::ui {

/// Up to 256 short texts in one piece of memory, compressed once the piece is full: excerpts are most of
/// what a row weighs. A value; copies share the bytes.
class PackedTexts {
public:
    static constexpr int capacity = 256;

    /// The texts of all rows, one after the other, as UTF-8.
    struct Unpacked {
        QByteArray bytes;
        std::array<quint32, capacity + 1> offsets{};
        QByteArrayView at(int row) const
        {
            const auto from = offsets[static_cast<std::size_t>(row)];
            const auto to = offsets[static_cast<std::size_t>(row) + 1];
            return QByteArrayView(bytes).sliced(from, to - from);
        }
    };

    void append(const QString& text);
    void replace(int row, const QString& text);
    /// Compresses; append() is not called any more.
    void seal();
    Unpacked unpack() const;
    int size() const { return m_size; }
    /// Heap memory, without the object itself.
    qint64 memoryBytes() const { return m_bytes.capacity(); }

private:
    static QByteArray encode(const QString& text);
    QByteArray m_bytes;
    std::array<quint16, capacity> m_lengths{};
    qint32 m_size = 0;
    quint32 m_plainSize = 0;
    bool m_sealed = false;
};

/// Makes A to Z small and leaves all else as it is.
void lowerAscii(QByteArray& utf8);

} // namespace llmcache::ui
