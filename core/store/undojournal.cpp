#include "store/undojournal.h"

#include "base/durable.h"
#include "base/error.h"
#include "base/privatefolder.h"
#include "base/streambytes_p.h"
#include "base/worker.h"
#include "store/imagebytes_p.h"
#include "store/pythonentry.h"

#include <qcorofuture.h>

#include <QCryptographicHash>
#include <QDataStream>
#include <QDir>
#include <QFile>
#include <QLockFile>
#include <QUuid>
#include <QtEndian>

#include <algorithm>

namespace llmcache {

namespace {

constexpr int journalFormat = 1;
constexpr auto streamVersion = QDataStream::Qt_6_0;
constexpr qsizetype checksumLength = 16;
/// Of a block: length of the payload, number of entries, checksum of both and the payload.
constexpr qsizetype headLength = 8 + checksumLength;
/// No block is larger, whatever a damaged file says.
constexpr quint32 largestBlock = 1'500'000'000;

const QString& suffix()
{
    static const QString text = QStringLiteral(".undo");
    return text;
}

QByteArray checksum(const QByteArray& sizes, const QByteArray& payload)
{
    QCryptographicHash hash(QCryptographicHash::Blake2b_160);
    hash.addData(sizes);
    hash.addData(payload);
    return hash.result().first(checksumLength);
}

/// Writes a block of so many entries at the end of a file; false where that fails.
bool writeBlock(QFile& file, const QByteArray& payload, quint32 entries)
{
    QByteArray sizes(8, Qt::Uninitialized);
    qToBigEndian(static_cast<quint32>(payload.size()), sizes.data());
    qToBigEndian(entries, sizes.data() + 4);
    const QByteArray head = sizes + checksum(sizes, payload);
    return file.write(head) == head.size() && file.write(payload) == payload.size() && syncFile(file);
}

struct Head {
    quint32 length = 0;
    quint32 entries = 0;
    QByteArray sizes;
    QByteArray checksum;
};

/// The next block's head; nothing at the end, and where a crash has torn the file.
std::optional<Head> readHead(QFile& file)
{
    const QByteArray bytes = file.read(headLength);
    if (bytes.size() != headLength)
        return std::nullopt;
    Head head;
    head.length = qFromBigEndian<quint32>(bytes.constData());
    head.entries = qFromBigEndian<quint32>(bytes.constData() + 4);
    head.sizes = bytes.first(8);
    head.checksum = bytes.sliced(8);
    if (head.length > largestBlock || file.pos() + head.length > file.size())
        return std::nullopt;
    return head;
}

std::optional<QByteArray> readPayload(QFile& file)
{
    const auto head = readHead(file);
    if (!head)
        return std::nullopt;
    QByteArray payload = file.read(head->length);
    if (payload.size() != static_cast<qsizetype>(head->length)
        || checksum(head->sizes, payload) != head->checksum)
        return std::nullopt;
    return payload;
}

Json headerJson(const StoreInfo& where, const QString& action, const QString& by, qint64 nowMs)
{
    return Json{{"v", journalFormat}, {"kind", toUtf8(where.kind)}, {"name", toUtf8(where.name)},
        {"workspace", toUtf8(where.workspace)}, {"action", toUtf8(action)}, {"by", toUtf8(by)},
        {"time_ms", nowMs}};
}

/// What the header and the heads of the blocks say; nothing for a file that is no record.
std::optional<UndoSummary> summaryOf(const QString& path)
{
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly))
        return std::nullopt;
    const auto payload = readPayload(file);
    const auto header = payload ? tryParseJson(*payload) : std::nullopt;
    if (!header || !header->is_object() || integerMember(*header, "v") != journalFormat)
        return std::nullopt;
    UndoSummary summary;
    summary.id = QFileInfo(path).completeBaseName();
    summary.where.kind = stringMember(*header, "kind");
    summary.where.name = stringMember(*header, "name");
    summary.where.workspace = stringMember(*header, "workspace");
    summary.action = stringMember(*header, "action");
    summary.by = stringMember(*header, "by");
    summary.timeMs = integerMember(*header, "time_ms");
    summary.bytes = file.size();
    while (const auto head = readHead(file)) {
        summary.entries += head->entries;
        file.seek(file.pos() + head->length);
    }
    return summary;
}

bool isSame(const StoreInfo& left, const StoreInfo& right)
{
    return left.kind == right.kind && left.name == right.name && left.workspace == right.workspace;
}

/// A change in the folder, by what its file's name and size say.
struct Record {
    QString id;
    qint64 timeMs = 0;
    qint64 bytes = 0;
};

/// Of ids, which begin with the time: so names sort by age.
constexpr int timeDigits = 15;

qint64 timeOf(const QString& id)
{
    return id.left(timeDigits).toLongLong();
}

/// The oldest first.
std::vector<Record> recordsIn(const QString& folder)
{
    const QFileInfoList files =
        QDir(folder).entryInfoList({QLatin1Char('*') + suffix()}, QDir::Files, QDir::Name);
    std::vector<Record> records;
    for (const QFileInfo& file : files) {
        const QString id = file.completeBaseName();
        records.push_back({id, timeOf(id), file.size()});
    }
    return records;
}

bool isPromised(const Record& record, qint64 nowMs)
{
    return nowMs - record.timeMs < std::chrono::milliseconds(UndoJournal::promised).count();
}

[[noreturn]] void failOn(const QFile& file)
{
    throw ConfigurationError(QStringLiteral("What is needed to undo the change can't be kept in %1: %2.")
                                 .arg(QDir::toNativeSeparators(file.fileName()), file.errorString()),
        QStringLiteral("See to the disk or the rights of the folder, or make the change without undo."));
}

[[noreturn]] void failDamaged()
{
    throw CacheError(QStringLiteral("The record of a change is damaged."),
        QStringLiteral("It can't be undone from there on."));
}

} // namespace

UndoEntry undoEntryFor(const EntryImage& before, const EntryChange& change)
{
    if (change.kind == EntryChange::Kind::Remove)
        return {before, 0};
    EntryImage after = before;
    for (const EntryField& field : change.fields)
        after.fields.insert(field.name, field.value);
    if (isPythonImage(after))
        after = pythonImage(after.fingerprint, after.fields.value(pickleField), after.expiresMs);
    if (change.setsExpiry || change.kind == EntryChange::Kind::Put)
        after.expiresMs = change.expiresMs;
    return {before, after.revision(), contentDigest(after)};
}

QByteArray undoBlockToBytes(const std::vector<UndoEntry>& entries)
{
    constexpr qsizetype overhead = 300; // of an entry: names of fields, lengths and digests
    qsizetype size = 0;
    for (const UndoEntry& entry : entries)
        size += overhead + entry.before.fields.valueBytes();
    QByteArray bytes;
    bytes.reserve(size);
    putNumber(bytes, static_cast<quint32>(entries.size()));
    for (const UndoEntry& entry : entries) {
        putNumber(bytes, entry.revisionAfter);
        putBytes(bytes, entry.contentAfter);
        const qsizetype at = bytes.size();
        putNumber(bytes, quint32(0)); // the length of what follows, set below
        appendBytes(bytes, entry.before);
        const auto length = static_cast<quint32>(bytes.size() - at - qsizetype(sizeof(quint32)));
        qToBigEndian(length, bytes.data() + at);
    }
    return bytes;
}

std::vector<UndoEntry> undoBlockFromBytes(const QByteArray& bytes)
{
    QDataStream stream(bytes);
    stream.setVersion(streamVersion);
    quint32 count = 0;
    stream >> count;
    std::vector<UndoEntry> entries;
    for (quint32 i = 0; i < count && stream.status() == QDataStream::Ok; ++i) {
        UndoEntry entry;
        QByteArray image;
        stream >> entry.revisionAfter >> entry.contentAfter >> image;
        if (stream.status() == QDataStream::Ok) {
            entry.before = imageFromBytes(image);
            entries.push_back(std::move(entry));
        }
    }
    if (stream.status() != QDataStream::Ok || !stream.atEnd())
        failDamaged();
    return entries;
}

UndoJournal::UndoJournal(QString folder, qint64 maxBytes)
    : m_folder(std::move(folder))
    , m_maxBytes(maxBytes)
{
    m_thread.setMaxThreadCount(1);
}

UndoJournal::~UndoJournal()
{
    m_thread.waitForDone();
}

QString UndoJournal::path(const QString& id) const
{
    return QDir(m_folder).filePath(id + suffix());
}

bool UndoJournal::lock(const QString& id)
{
    auto file = std::make_unique<QLockFile>(path(id) + QStringLiteral(".lock"));
    file->setStaleLockTime(tornLockMs); // and not to the time that a change may take
    if (m_locks.contains(id) || !file->tryLock(0))
        return false;
    m_locks[id] = std::move(file);
    return true;
}

void UndoJournal::unlock(const QString& id)
{
    m_locks.erase(id);
}

/// Forgets what is beyond the limits when `wanted` bytes are added to the change `keep`: all of it or, when
/// there is no room even so, nothing. Returns how many of them were still promised.
qint64 UndoJournal::makeRoom(const QString& keep, qint64 wanted)
{
    const std::vector<Record> records = recordsIn(m_folder);
    const qint64 nowMs = timeOf(keep);
    qint64 bytes = wanted;
    for (const Record& record : records)
        bytes += record.bytes;
    std::vector<Record> leaving;
    for (const Record& record : records) {
        const bool isOneTooMany = records.size() - leaving.size() > mostChanges && !isPromised(record, nowMs);
        if (bytes <= m_maxBytes && !isOneTooMany)
            break;
        if (record.id == keep || !lock(record.id))
            continue;
        leaving.push_back(record);
        bytes -= record.bytes;
    }
    const bool isRoom = bytes <= m_maxBytes;
    qint64 promises = 0;
    for (const Record& record : leaving) {
        if (isRoom && QFile::remove(path(record.id)))
            promises += isPromised(record, nowMs) ? 1 : 0;
        unlock(record.id);
    }
    if (!isRoom)
        throw ConfigurationError(
            QStringLiteral("What is needed to undo the change is more than %1 MB, the limit for it.")
                .arg(m_maxBytes / 1'000'000),
            QStringLiteral("Change fewer entries at a time, or make the change without undo."));
    return promises;
}

QCoro::Task<UndoRoom> UndoJournal::roomFor(qint64 bytes, qint64 nowMs)
{
    const auto work = [this, bytes, nowMs] {
        UndoRoom room;
        room.fits = bytes <= m_maxBytes;
        const std::vector<Record> records = recordsIn(m_folder);
        qint64 all = bytes;
        for (const Record& record : records)
            all += record.bytes;
        for (const Record& record : records) {
            if (!room.fits || all <= m_maxBytes)
                break;
            all -= record.bytes;
            room.forgotten += isPromised(record, nowMs) ? 1 : 0;
        }
        return room;
    };
    const auto looking = runOn(m_thread, work);
    const UndoRoom room = co_await looking;
    co_return room;
}

QCoro::Task<QString> UndoJournal::begin(StoreInfo where, QString action, QString by, qint64 nowMs)
{
    const auto work = [this, where, action, by, nowMs] {
        const QString id = QStringLiteral("%1-%2")
                               .arg(nowMs, timeDigits, 10, QLatin1Char('0'))
                               .arg(QUuid::createUuid().toString(QUuid::WithoutBraces));
        QFile file(path(id));
        if (!createPrivateFolder(m_folder))
            throw ConfigurationError(
                QStringLiteral("The folder %1 can't be created.").arg(QDir::toNativeSeparators(m_folder)),
                QStringLiteral("See to the rights of the folder above it, or make the change without undo."));
        lock(id);
        const QByteArray header = toJsonText(headerJson(where, action, by, nowMs));
        if (!file.open(
                QIODevice::WriteOnly | QIODevice::NewOnly, QFileDevice::ReadOwner | QFileDevice::WriteOwner)
            || !writeBlock(file, header, 0)) {
            unlock(id);
            failOn(file);
        }
        syncFolder(m_folder);
        return id;
    };
    const auto beginning = runOn(m_thread, work);
    const QString id = co_await beginning;
    co_return id;
}

QCoro::Task<qint64> UndoJournal::append(QString id, std::vector<UndoEntry> entries)
{
    const auto work = [this, id, entries = std::move(entries)] {
        const QByteArray block = undoBlockToBytes(entries);
        const qint64 forgotten = makeRoom(id, headLength + block.size());
        QFile file(path(id));
        if (!file.open(QIODevice::ReadWrite | QIODevice::ExistingOnly))
            failOn(file);
        const qint64 end = file.size();
        file.seek(end);
        if (!writeBlock(file, block, static_cast<quint32>(entries.size()))) {
            file.resize(end); // half a block would hide those that follow
            failOn(file);
        }
        return forgotten;
    };
    const auto appending = runOn(m_thread, work);
    const qint64 forgotten = co_await appending;
    co_return forgotten;
}

QCoro::Task<> UndoJournal::end(QString id)
{
    const auto work = [this, id] {
        const auto summary = summaryOf(path(id));
        if (!summary || summary->entries == 0)
            QFile::remove(path(id));
        unlock(id);
        return true;
    };
    const auto ending = runOn(m_thread, work);
    co_await ending;
}

QCoro::Task<std::vector<UndoSummary>> UndoJournal::list(StoreInfo where)
{
    const auto work = [this, where] {
        std::vector<UndoSummary> summaries;
        const QStringList names =
            QDir(m_folder).entryList({QLatin1Char('*') + suffix()}, QDir::Files, QDir::Name | QDir::Reversed);
        for (const QString& name : names) {
            const auto summary = summaryOf(QDir(m_folder).filePath(name));
            if (summary && summary->entries > 0 && isSame(summary->where, where))
                summaries.push_back(*summary);
        }
        return summaries;
    };
    const auto listing = runOn(m_thread, work);
    const std::vector<UndoSummary> summaries = co_await listing;
    co_return summaries;
}

QCoro::Task<std::vector<UndoEntry>> UndoJournal::read(QString id, qint64* position)
{
    using Part = std::pair<std::vector<UndoEntry>, qint64>;
    const auto work = [this, id, from = *position]() -> Part {
        QFile file(path(id));
        if (!file.open(QIODevice::ReadOnly))
            throw ConfigurationError(QStringLiteral("There is no record of the change %1.").arg(id),
                QStringLiteral("\"llmcache entries undo --list\" shows those that there are."));
        if (from > 0)
            file.seek(from);
        else if (!readPayload(file)) // the header
            return {{}, -1};
        const auto payload = readPayload(file);
        if (!payload)
            return {{}, -1};
        return {undoBlockFromBytes(*payload), file.pos()};
    };
    const auto reading = runOn(m_thread, work);
    Part part = co_await reading;
    *position = part.second;
    co_return std::move(part.first);
}

QCoro::Task<bool> UndoJournal::claim(QString id)
{
    const auto work = [this, id] { return lock(id); };
    const auto claiming = runOn(m_thread, work);
    const bool claimed = co_await claiming;
    co_return claimed;
}

QCoro::Task<> UndoJournal::release(QString id)
{
    const auto work = [this, id] {
        unlock(id);
        return true;
    };
    const auto releasing = runOn(m_thread, work);
    co_await releasing;
}

QCoro::Task<> UndoJournal::forget(QString id)
{
    const auto work = [this, id] {
        QFile::remove(path(id));
        return true;
    };
    const auto forgetting = runOn(m_thread, work);
    co_await forgetting;
}

} // namespace llmcache
