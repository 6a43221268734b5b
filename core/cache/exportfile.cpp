#include "cache/exportfile_p.h"

#include "base/durable.h"
#include "base/error.h"
#include "base/json.h"

#include <QDir>
#include <QFileInfo>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace llmcache {

namespace {

bool isStandardOutput(const QString& path)
{
    return path == QLatin1String("-");
}

/// Takes whole lines from the front of `text`, and their fingerprints.
void takeLines(QByteArray& text, QSet<QString>& fingerprints)
{
    qsizetype at = 0;
    for (qsizetype end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', at)) {
        const auto line = tryParseJson(QByteArrayView(text).sliced(at, end - at));
        if (line && line->is_object())
            fingerprints.insert(stringMember(*line, "fingerprint"));
        at = end + 1;
    }
    text.remove(0, at);
}

} // namespace

ExportFile::ExportFile(const QString& path)
    : m_path(path)
    , m_file(path + QStringLiteral(".part"))
    , m_compression(compressionOf(path))
{
}

void ExportFile::fail(const QString& problem) const
{
    throw ConfigurationError(
        QStringLiteral("\"%1\" can't be written: %2.").arg(QDir::toNativeSeparators(m_path), problem),
        QStringLiteral("See to the disk or the rights of the folder, or name another file."));
}

QSet<QString> ExportFile::open(bool resume)
{
    if (isStandardOutput(m_path)) {
        if (!m_file.open(stdout, QIODevice::WriteOnly | QIODevice::Unbuffered))
            fail(m_file.errorString());
        return {};
    }
    if (QFileInfo(m_path).isDir())
        fail(QStringLiteral("it is a folder"));
    const QIODevice::OpenMode mode = resume ? QIODevice::ReadWrite : QIODevice::WriteOnly;
    if (!m_file.open(mode | QIODevice::Unbuffered))
        fail(m_file.errorString());
    // Prompts and answers are not everybody's.
    m_file.setPermissions(QFile::ReadOwner | QFile::WriteOwner);
    return resume ? keepWholeBlocks() : QSet<QString>();
}

QSet<QString> ExportFile::keepWholeBlocks()
{
    QSet<QString> fingerprints;
    qint64 whole = 0;
    BlockReader reader(&m_file);
    QByteArray text;
    for (QByteArray piece = reader.read(); !piece.isEmpty(); piece = reader.read()) {
        text += piece;
        if (!reader.isAtBlockEnd())
            continue;
        takeLines(text, fingerprints);
        whole = reader.position() - text.size();
        if (reader.compression() != Compression::None && !text.isEmpty())
            fail(QStringLiteral("what is in %1 is no export").arg(m_file.fileName()));
    }
    if (whole > 0 && reader.compression() != m_compression)
        fail(QStringLiteral("what is in %1 is compressed in another way").arg(m_file.fileName()));
    if (!m_file.resize(whole) || !m_file.seek(whole))
        fail(m_file.errorString());
    return fingerprints;
}

void ExportFile::append(const QByteArray& lines)
{
    const QByteArray block = toBlock(lines, m_compression);
    if (m_file.write(block) != block.size())
        fail(m_file.errorString());
}

void ExportFile::finish()
{
    if (isStandardOutput(m_path)) {
        m_file.close();
        return;
    }
    if (!syncFile(m_file))
        fail(m_file.errorString());
    m_file.close();
    // QFile::rename() does not replace.
    if (std::rename(QFile::encodeName(m_file.fileName()).constData(), QFile::encodeName(m_path).constData())
        != 0)
        fail(QString::fromLocal8Bit(std::strerror(errno)));
    syncFolder(QFileInfo(m_path).absolutePath());
}

} // namespace llmcache
