#include "cache/importfile_p.h"

#include "base/error.h"
#include "cache/entrytransfer.h"
#include "store/pythonentry.h"

#include <QDir>

#include <cstdio>

namespace llmcache {

namespace {

/// Of a batch. An SQLite file writes a page of its index once for all of its lines.
constexpr std::size_t mostLines = 5000;
constexpr qsizetype mostBytes = 16 * 1024 * 1024;

} // namespace

ImportFile::ImportFile(const QString& path)
    : m_path(path)
    , m_file(path)
{
}

void ImportFile::rewind(qint64 skipped)
{
    if (!m_isOpen) {
        const bool open = m_path == QLatin1String("-") ? m_file.open(stdin, QIODevice::ReadOnly)
                                                       : m_file.open(QIODevice::ReadOnly);
        if (!open)
            throw ConfigurationError(QStringLiteral("\"%1\" can't be read: %2.")
                                         .arg(QDir::toNativeSeparators(m_path), m_file.errorString()),
                QStringLiteral("Name a file that \"llmcache entries export\" wrote."));
        if (m_file.isSequential()) {
            m_kept = m_file.readAll();
            m_buffer.setBuffer(&m_kept);
            m_buffer.open(QIODevice::ReadOnly);
        }
        m_isOpen = true;
    }
    m_number = 0;
    QIODevice* const device = m_file.isSequential() ? static_cast<QIODevice*>(&m_buffer) : &m_file;
    device->seek(0);
    m_reader.emplace(device);
    QByteArray line;
    while (skipped > 0 && m_reader->next(line)) {
        ++m_number;
        if (!line.trimmed().isEmpty())
            --skipped;
    }
}

std::vector<NumberedLine> ImportFile::next()
{
    std::vector<NumberedLine> lines;
    qsizetype bytes = 0;
    QByteArray line;
    while (lines.size() < mostLines && bytes < mostBytes && m_reader->next(line)) {
        ++m_number;
        line = line.trimmed();
        if (line.isEmpty())
            continue;
        bytes += line.size();
        lines.push_back({m_number, line});
    }
    return lines;
}

ImportedLines readLines(const std::vector<NumberedLine>& lines, std::size_t from, std::size_t to,
    bool onlyCheck, bool takesPython)
{
    ImportedLines read;
    for (std::size_t at = from; at < to; ++at) {
        ++read.lines;
        if (onlyCheck && isPlainlyAnEntry(lines[at].text))
            continue;
        try {
            qint64 createdMs = 0;
            EntryImage image = imageFromLine(lines[at].text, &createdMs);
            if (isPythonImage(image) && !takesPython)
                throw CacheError(QStringLiteral("An entry of pyai-caching can be kept in Redis only."));
            if (onlyCheck)
                continue;
            read.createdMs.push_back(createdMs);
            read.images.push_back(std::move(image));
        } catch (const Error& error) {
            read.malformed.push_back({lines[at].number, error.message()});
        }
    }
    return read;
}

} // namespace llmcache
