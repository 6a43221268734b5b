#pragma once

#include <QByteArray>

namespace llmcache {

/// SHA-256 of some bytes: 32 bytes. For what is hashed often; the one in Qt 6.4 takes them one by one, which
/// is ten times as long. From any thread.
QByteArray sha256(QByteArrayView bytes);

} // namespace llmcache
