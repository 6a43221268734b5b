#pragma once

#include <QByteArray>
#include <QtEndian>

namespace llmcache {

// What QDataStream writes, appended to bytes without a device between them, which for many small values takes
// longer than the values.

template <typename Number>
void putNumber(QByteArray& bytes, Number number)
{
    char buffer[sizeof(Number)];
    qToBigEndian(number, buffer);
    bytes.append(buffer, sizeof buffer);
}

inline void putBytes(QByteArray& bytes, const QByteArray& value)
{
    constexpr quint32 null = 0xffffffff;
    putNumber(bytes, value.isNull() ? null : static_cast<quint32>(value.size()));
    bytes.append(value);
}

} // namespace llmcache
