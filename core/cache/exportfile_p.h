#pragma once

#include "base/blocks.h"

#include <QFile>
#include <QSet>

namespace llmcache {

/// The file of an export: named as unfinished until it is complete. Blocks; used on one thread at a time.
class ExportFile {
public:
    explicit ExportFile(const QString& path);

    /// Opens it; throws ConfigurationError. With `resume` what an earlier export left is kept as far as it is
    /// whole, and its fingerprints are returned.
    QSet<QString> open(bool resume);
    /// Adds lines, each with its end, so that they are on the disk or not there at all after a crash of the
    /// program. Throws ConfigurationError.
    void append(const QByteArray& lines);
    /// The file is complete.
    void finish();

private:
    QSet<QString> keepWholeBlocks();
    [[noreturn]] void fail(const QString& problem) const;

    QString m_path;
    QFile m_file;
    Compression m_compression;
};

} // namespace llmcache
