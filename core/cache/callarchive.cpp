#include "cache/callarchive.h"

#include "base/blocks.h"
#include "base/durable.h"
#include "base/error.h"
#include "base/privatefolder.h"

#include <QDateTime>
#include <QDir>
#include <QFile>
#include <QRegularExpression>

namespace llmcache {

namespace {

class ArchiveFile {
public:
    explicit ArchiveFile(const QString& path)
        : m_file(path)
        , m_compression(compressionOf(path))
    {
        // Never over something: it may be the only copy of earlier calls. Who asked what is not everybody's.
        if (!m_file.open(
                QIODevice::WriteOnly | QIODevice::NewOnly, QFileDevice::ReadOwner | QFileDevice::WriteOwner))
            fail();
    }
    void add(const Call& call)
    {
        m_lines += toJsonText(toJson(call)) + '\n';
        constexpr qsizetype blockSize = 1 << 20;
        if (m_lines.size() >= blockSize)
            write();
    }
    /// All is on the disk when it returns.
    void finish()
    {
        write();
        if (!m_file.flush() || !syncFile(m_file))
            fail();
    }
    void discard() { m_file.remove(); }

private:
    void write()
    {
        const QByteArray block = toBlock(m_lines, m_compression);
        if (!m_lines.isEmpty() && m_file.write(block) != block.size())
            fail();
        m_lines.clear();
    }
    [[noreturn]] void fail() const
    {
        throw ConfigurationError(QStringLiteral("The archive %1 can't be written: %2.")
                                     .arg(QDir::toNativeSeparators(m_file.fileName()), m_file.errorString()),
            QStringLiteral("Name a file that does not exist yet, on a disk with space."));
    }
    QFile m_file;
    Compression m_compression;
    QByteArray m_lines;
};

} // namespace

QString archivePath(const SessionConfig& config, qint64 nowMs)
{
    const QDir folder(config.dataFolder + QStringLiteral("/archive"));
    if (!createPrivateFolder(folder.path()))
        throw ConfigurationError(
            QStringLiteral("The folder %1 can't be made.").arg(QDir::toNativeSeparators(folder.path())),
            QStringLiteral("Name a file for the archive."));
    QString workspace = config.workspace;
    static const QRegularExpression others(QStringLiteral("[^A-Za-z0-9_-]"));
    workspace.replace(others, QStringLiteral("_"));
    return folder.filePath(QStringLiteral("calls-%1-%2.jsonl.zst")
                               .arg(workspace,
                                   QDateTime::fromMSecsSinceEpoch(nowMs, Qt::UTC)
                                       .toString(QStringLiteral("yyyyMMdd'T'HHmmsszzz'Z'"))));
}

QCoro::Task<qint64> archiveToFile(
    LedgerUpkeep* upkeep, qint64 beforeMs, QString path, LedgerProgress progress, std::stop_token stop)
{
    ArchiveFile file(path);
    CallSink sink = [&file](const Call& call) { file.add(call); };
    bool isSafe = false;
    ArchiveEnd end = [&file, &isSafe] {
        file.finish();
        isSafe = true;
    };
    qint64 archived = 0;
    try {
        auto task =
            upkeep->archiveCalls(beforeMs, std::move(sink), std::move(end), std::move(progress), stop);
        archived = co_await task;
    } catch (const Error&) {
        // Later some calls may have left the ledger already, and be nowhere else.
        if (!isSafe)
            file.discard();
        throw;
    }
    if (archived == 0)
        file.discard();
    co_return archived;
}

QCoro::Task<KeptCalls> keepCalls(
    Session* session, int days, qint64 nowMs, LedgerProgress progress, std::stop_token stop)
{
    KeptCalls kept;
    auto* const upkeep = dynamic_cast<LedgerUpkeep*>(&session->store());
    if (!upkeep || session->isReadOnly())
        co_return kept;
    constexpr qint64 dayMs = 86'400'000;
    const qint64 beforeMs = (nowMs / dayMs - days) * dayMs;
    QString path = archivePath(session->config(), nowMs);
    auto task = archiveToFile(upkeep, beforeMs, path, std::move(progress), stop);
    kept.archived = co_await task;
    if (kept.archived > 0)
        kept.path = path;
    co_return kept;
}

} // namespace llmcache
