#pragma once

#include <QByteArray>
#include <QString>

namespace llmcache {

/// Who may read a file that is written.
enum class FileAccess { Usual, OwnerOnly };

/// Writes a file as a whole, in place of what was there. Throws ConfigurationError that names it. Blocks:
/// call it on a worker thread, as the other.
void writeWholeFile(const QString& path, const QByteArray& bytes, FileAccess access = FileAccess::Usual);
/// Reads a file of at most `mostBytes`. Throws ConfigurationError that names it.
QByteArray readWholeFile(const QString& path, qint64 mostBytes);

} // namespace llmcache
