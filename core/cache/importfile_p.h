#pragma once

#include "base/blocks.h"
#include "store/entryimage.h"

#include <QBuffer>
#include <QFile>

#include <optional>
#include <vector>

namespace llmcache {

/// A line of a file, counted from 1.
struct NumberedLine {
    qint64 number = 0;
    QByteArray text;
};

/// The file of an import, which is read twice where it is too large to keep: to check it, and to import it.
/// Blocks; used on one thread at a time.
class ImportFile {
public:
    explicit ImportFile(const QString& path);
    /// Begins behind the first `skipped` lines that are not empty; throws ConfigurationError for a file that
    /// can't be read.
    void rewind(qint64 skipped = 0);
    /// The next lines that are not empty; none at the end.
    std::vector<NumberedLine> next();
    /// Why the file could not be read to its end; empty when it was.
    QString problem() const { return m_reader ? m_reader->problem() : QString(); }

private:
    QString m_path;
    QFile m_file;
    QByteArray m_kept; ///< what came from a stream that can't be read again
    QBuffer m_buffer;
    bool m_isOpen = false;
    std::optional<LineReader> m_reader;
    qint64 m_number = 0;
};

/// What the lines of a batch say.
struct ImportedLines {
    struct Malformed {
        qint64 line = 0;
        QString problem;
    };
    std::vector<EntryImage> images; ///< with the revisions of the file
    std::vector<qint64> createdMs; ///< of the images
    std::vector<Malformed> malformed;
    qint64 lines = 0;
};

/// Reads lines; `onlyCheck` leaves the images out. Entries of pyai-caching are malformed where the store does
/// not take them. Pure.
ImportedLines readLines(const std::vector<NumberedLine>& lines, std::size_t from, std::size_t to,
    bool onlyCheck, bool takesPython);

} // namespace llmcache
