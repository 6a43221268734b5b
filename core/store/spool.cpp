#include "store/spool.h"

#include "base/durable.h"
#include "base/error.h"
#include "base/privatefolder.h"
#include "base/worker.h"

#include <qcorofuture.h>

#include <QCryptographicHash>
#include <QDateTime>
#include <QDir>
#include <QFile>
#include <QLockFile>
#include <QSaveFile>
#include <QSet>
#include <QStorageInfo>
#include <QUuid>

#include <algorithm>
#include <set>

namespace llmcache {

namespace {

constexpr int recordFormat = 1;
constexpr qsizetype checksumLength = 64;
constexpr int batchRecords = 100;
constexpr qint64 batchBytes = 4 * 1024 * 1024;
constexpr qsizetype quarantineLimit = 100;
/// What answers leave free on the disk: a call is small, and can't be had again for money.
constexpr qint64 roomForCalls = 256 * 1024;
constexpr qint64 abandonedAfterMs = 60 * 60 * 1000;

const QString& suffix()
{
    static const QString text = QStringLiteral(".record");
    return text;
}

Json storeToJson(const StoreInfo& where)
{
    return Json{
        {"kind", toUtf8(where.kind)}, {"name", toUtf8(where.name)}, {"workspace", toUtf8(where.workspace)}};
}

bool belongsTo(const Json& record, const StoreInfo& where)
{
    const Json* store = findMember(record, "store");
    return store && stringMember(*store, "kind") == where.kind && stringMember(*store, "name") == where.name
        && stringMember(*store, "workspace") == where.workspace;
}

Json newRecord(const StoreInfo& where)
{
    Json record = Json::object();
    record["v"] = recordFormat;
    record["spooled_ms"] = QDateTime::currentMSecsSinceEpoch();
    record["store"] = storeToJson(where);
    return record;
}

Json commitToJson(const Commit& commit)
{
    Json json = Json::object();
    json["fingerprint"] = toUtf8(commit.entry.meta.fingerprint);
    json["meta"] = toJson(commit.entry.meta);
    json["request"] = commit.entry.request;
    json["response"] = responseToJson(commit.entry);
    json["ttl_s"] = commit.ttl ? Json(static_cast<qint64>(commit.ttl->count())) : Json();
    return json;
}

/// Throws CacheError. The lock is gone by now and not part of it.
Commit commitFromJson(const Json& json)
{
    const Json* meta = findMember(json, "meta");
    const Json* request = findMember(json, "request");
    const Json* response = findMember(json, "response");
    const QString fingerprint = stringMember(json, "fingerprint");
    if (!meta || !request || !response || fingerprint.isEmpty())
        throw CacheError(QStringLiteral("A spooled entry is incomplete."));
    Commit commit;
    commit.entry.meta = entryMetaFromJson(*meta, fingerprint);
    commit.entry.request = *request;
    responseFromJson(*response, commit.entry);
    if (const Json* ttl = findMember(json, "ttl_s"); ttl && !ttl->is_null())
        commit.ttl = std::chrono::seconds(integerMember(json, "ttl_s"));
    return commit;
}

QByteArray checksum(QByteArrayView payload)
{
    QCryptographicHash hash(QCryptographicHash::Sha256);
    hash.addData(payload);
    return hash.result().toHex();
}

/// Names of the records, oldest first.
QStringList recordFiles(const QString& folder)
{
    return QDir(folder).entryList({QLatin1Char('*') + suffix()}, QDir::Files, QDir::Name);
}

/// Deletes what a crash left of records that were being written.
void removeAbandoned(const QString& folder)
{
    const qint64 before = QDateTime::currentMSecsSinceEpoch() - abandonedAfterMs;
    const QFileInfoList files =
        QDir(folder).entryInfoList({QLatin1Char('*') + suffix() + QStringLiteral(".*")}, QDir::Files);
    for (const QFileInfo& file : files) {
        if (file.lastModified().toMSecsSinceEpoch() < before)
            QFile::remove(file.filePath());
    }
}

} // namespace

struct Spool::Record {
    QString file;
    qint64 spooledMs = 0;
    std::optional<Commit> commit;
    std::optional<Call> call;
};

struct Spool::Batch {
    std::vector<Record> records;
    QString last; ///< name of the last file looked at; empty when there is none
};

Spool::Spool(QString folder, qint64 maxBytes)
    : m_folder(std::move(folder))
    , m_maxBytes(maxBytes)
{
    m_thread.setMaxThreadCount(1);
    countFiles();
}

Spool::~Spool()
{
    m_thread.waitForDone();
}

qint64 Spool::pending() const
{
    const std::lock_guard guard(m_mutex);
    return m_queued + m_files;
}

QString Spool::problem() const
{
    const std::lock_guard guard(m_mutex);
    return m_problem;
}

void Spool::setProblem(const QString& problem)
{
    const std::lock_guard guard(m_mutex);
    // Once: a store that is away is asked again and again.
    if (!problem.isEmpty() && problem != m_problem)
        qWarning("%s", qUtf8Printable(problem));
    m_problem = problem;
}

void Spool::countFiles()
{
    qint64 bytes = 0;
    const QFileInfoList files = QDir(m_folder).entryInfoList({QLatin1Char('*') + suffix()}, QDir::Files);
    for (const QFileInfo& file : files)
        bytes += file.size();
    const std::lock_guard guard(m_mutex);
    m_files = files.size();
    m_bytes = bytes;
}

// --- adding

void Spool::add(StoreInfo where, const Commit& commit)
{
    enqueue([this, record = newRecord(where), commit]() mutable {
        record["commit"] = commitToJson(commit);
        write(record, false);
    });
}

void Spool::add(StoreInfo where, const Call& call)
{
    enqueue([this, record = newRecord(where), call]() mutable {
        record["call"] = toJson(call);
        write(record, true);
    });
}

void Spool::enqueue(std::function<void()> work)
{
    {
        const std::lock_guard guard(m_mutex);
        ++m_queued;
    }
    m_thread.start(std::move(work));
}

void Spool::write(const Json& record, bool isCall)
{
    const QByteArray payload = packField(toJsonText(record));
    const QByteArray content = checksum(payload) + '\n' + payload;
    const auto refuse = [this, isCall](const QString& reason) {
        {
            const std::lock_guard guard(m_mutex);
            --m_queued;
        }
        setProblem(QStringLiteral("%1 could not be kept in %2 until the store is back: %3.")
                       .arg(isCall ? QStringLiteral("A ledger record") : QStringLiteral("An answer"),
                           QDir::toNativeSeparators(m_folder), reason));
    };
    {
        std::unique_lock guard(m_mutex);
        const qint64 limit = isCall ? m_maxBytes : m_maxBytes / 10 * 9;
        if (m_bytes + content.size() > limit) {
            guard.unlock();
            refuse(QStringLiteral("the folder has reached its limit of %1 MB").arg(m_maxBytes / 1'000'000));
            return;
        }
    }
    if (!createPrivateFolder(m_folder)) {
        refuse(QStringLiteral("the folder can't be created"));
        return;
    }
    if (!isCall && QStorageInfo(m_folder).bytesAvailable() < content.size() + roomForCalls) {
        refuse(QStringLiteral("the disk is full but for the room that is left to the ledger"));
        return;
    }
    // The time first, so that names sort by age.
    const QString name = QStringLiteral("%1-%2%3")
                             .arg(integerMember(record, "spooled_ms"), 15, 10, QLatin1Char('0'))
                             .arg(QUuid::createUuid().toString(QUuid::WithoutBraces), suffix());
    // Synced and renamed by commit(), which does not notice when the last buffer finds no room: hence
    // flush().
    QSaveFile file(m_folder + QLatin1Char('/') + name);
    if (!file.open(QIODevice::WriteOnly)
        || !file.setPermissions(QFileDevice::ReadOwner | QFileDevice::WriteOwner)
        || file.write(content) != content.size() || !file.flush() || !file.commit()) {
        refuse(file.errorString());
        return;
    }
    syncFolder(m_folder);
    const std::lock_guard guard(m_mutex);
    m_bytes += content.size();
    --m_queued;
    ++m_files;
}

// --- replay

Spool::Batch Spool::readBatch(const StoreInfo& where, const QString& after)
{
    Batch batch;
    qint64 bytes = 0;
    const QStringList files = recordFiles(m_folder);
    for (const QString& name : files) {
        if (name <= after)
            continue;
        if (static_cast<int>(batch.records.size()) >= batchRecords || bytes >= batchBytes)
            break;
        batch.last = name;
        QFile file(m_folder + QLatin1Char('/') + name);
        if (!file.open(QIODevice::ReadOnly))
            continue; // another process has just replayed it
        const QByteArray content = file.readAll();
        file.close();
        const QByteArrayView payload =
            QByteArrayView(content).sliced(std::min(content.size(), checksumLength + 1));
        try {
            if (payload.isEmpty() || content.at(checksumLength) != '\n'
                || checksum(payload) != content.first(checksumLength))
                throw CacheError(QStringLiteral("The checksum is wrong."));
            const Json record = parseJson(unpackField(payload.toByteArray()), name);
            if (integerMember(record, "v") > recordFormat || !belongsTo(record, where))
                continue; // a newer version's, or another store's
            Record parsed;
            parsed.file = name;
            parsed.spooledMs = integerMember(record, "spooled_ms");
            if (const Json* commit = findMember(record, "commit"))
                parsed.commit = commitFromJson(*commit);
            else if (const Json* call = findMember(record, "call"))
                parsed.call = callFromJson(*call);
            else
                throw CacheError(QStringLiteral("It is neither an entry nor a call."));
            bytes += content.size();
            batch.records.push_back(std::move(parsed));
        } catch (const std::exception&) {
            quarantine(name);
        }
    }
    return batch;
}

void Spool::quarantine(const QString& file)
{
    const QString folder = m_folder + QStringLiteral("/damaged");
    createPrivateFolder(folder);
    QFile::rename(m_folder + QLatin1Char('/') + file, folder + QLatin1Char('/') + file);
    QDir damaged(folder);
    const QStringList kept = damaged.entryList(QDir::Files, QDir::Name);
    for (qsizetype i = 0; i < kept.size() - quarantineLimit; ++i)
        damaged.remove(kept.at(i));
    setProblem(QStringLiteral("The spooled record %1 is damaged and was moved to %2.")
                   .arg(file, QDir::toNativeSeparators(folder)));
}

void Spool::removeFiles(const QStringList& files)
{
    for (const QString& file : files)
        QFile::remove(m_folder + QLatin1Char('/') + file);
}

namespace {

/// What one record became.
enum class Fate { Taken, Refused, StoreGone };

QCoro::Task<Fate> giveCommit(Store* store, Commit commit, qint64 spooledMs, QString* problem)
{
    if (commit.ttl) {
        // Round up: an answer of the last second is still an answer.
        const qint64 age = std::max<qint64>(0, QDateTime::currentMSecsSinceEpoch() - spooledMs);
        commit.ttl = *commit.ttl - std::chrono::seconds(age / 1000);
        if (commit.ttl->count() <= 0)
            co_return Fate::Taken; // it would have expired by now
    }
    try {
        const QString fingerprint = commit.entry.meta.fingerprint;
        auto lookup = store->lookup(fingerprint);
        const std::optional<Entry> present = co_await lookup;
        if (present && present->meta.createdMs >= commit.entry.meta.createdMs)
            co_return Fate::Taken; // somebody has stored a newer answer meanwhile, or this one
        auto committing = store->commit(std::move(commit));
        co_await committing;
        co_return Fate::Taken;
    } catch (const ConnectionError& error) {
        *problem = error.text();
        co_return Fate::StoreGone;
    } catch (const Error& error) {
        *problem = error.text();
        co_return Fate::Refused;
    }
}

/// Stores know the ids of calls for two days at least; clocks may differ.
constexpr std::chrono::milliseconds surelyKnown = std::chrono::hours(47);

/// Without those that the ledger has, although the store may have forgotten that it recorded them: the reply
/// to that was lost, and they waited here for long.
QCoro::Task<std::vector<Call>> withoutRecorded(Store* store, std::vector<Call> calls)
{
    constexpr qint64 hourMs = std::chrono::milliseconds(std::chrono::hours(1)).count();
    const qint64 oldMs = QDateTime::currentMSecsSinceEpoch() - surelyKnown.count();
    std::set<qint64> hours;
    for (const Call& call : calls) {
        if (call.timeMs < oldMs)
            hours.insert(call.timeMs / hourMs);
    }
    QSet<QString> recorded;
    for (const qint64 hour : hours) {
        CallQuery query;
        query.fromMs = hour * hourMs;
        query.toMs = query.fromMs + hourMs;
        query.limit = std::numeric_limits<int>::max();
        auto listing = store->listCalls(std::move(query));
        const std::vector<Call> known = co_await listing;
        for (const Call& call : known)
            recorded.insert(call.id);
    }
    std::erase_if(calls, [&recorded](const Call& call) { return recorded.contains(call.id); });
    co_return calls;
}

QCoro::Task<Fate> giveCalls(Store* store, std::vector<Call> calls, QString* problem)
{
    try {
        auto leavingOut = withoutRecorded(store, std::move(calls));
        calls = co_await leavingOut;
        auto recording = store->recordCalls(std::move(calls));
        co_await recording;
        co_return Fate::Taken;
    } catch (const ConnectionError& error) {
        *problem = error.text();
        co_return Fate::StoreGone;
    } catch (const Error& error) {
        *problem = error.text();
        co_return Fate::Refused;
    }
}

} // namespace

QCoro::Task<int> Spool::replay(Store* store)
{
    if (m_replaying)
        co_return 0;
    m_replaying = true;
    const auto finished = qScopeGuard([this] { m_replaying = false; });
    const StoreInfo where = store->info();

    // The lock is bound to the process, not to the thread.
    QLockFile processLock(m_folder + QStringLiteral("/replay.lock"));
    QLockFile* const lock = &processLock;
    processLock.setStaleLockTime(0);
    const auto begin = [this, lock] {
        if (!QDir(m_folder).exists() || recordFiles(m_folder).isEmpty() || !lock->tryLock(0))
            return false;
        removeAbandoned(m_folder);
        return true;
    };
    const auto beginning = runOn(m_thread, begin);
    const bool mayBegin = co_await beginning;
    if (!mayBegin)
        co_return 0;

    int taken = 0;
    QString problem;
    bool storeGone = false;
    QString after;
    while (!storeGone) {
        const auto read = [this, where, after] { return readBatch(where, after); };
        const auto reading = runOn(m_thread, read);
        Batch batch = co_await reading;
        if (batch.last.isEmpty())
            break;
        after = batch.last;
        QStringList done;
        std::vector<Call> calls;
        QStringList callFiles;
        for (Record& record : batch.records) {
            if (record.call) {
                calls.push_back(std::move(*record.call));
                callFiles.append(record.file);
                continue;
            }
            auto giving = giveCommit(store, std::move(*record.commit), record.spooledMs, &problem);
            const Fate fate = co_await giving;
            storeGone = fate == Fate::StoreGone;
            if (storeGone)
                break;
            if (fate == Fate::Taken)
                done.append(record.file);
        }
        if (!storeGone && !calls.empty()) {
            auto together = giveCalls(store, calls, &problem);
            const Fate fate = co_await together;
            storeGone = fate == Fate::StoreGone;
            if (fate == Fate::Taken)
                done.append(callFiles);
            // One that the store refuses must not keep the others back.
            for (std::size_t i = 0; fate == Fate::Refused && !storeGone && i < calls.size(); ++i) {
                std::vector<Call> alone{std::move(calls[i])};
                auto giving = giveCalls(store, std::move(alone), &problem);
                const Fate itsFate = co_await giving;
                storeGone = itsFate == Fate::StoreGone;
                if (itsFate == Fate::Taken)
                    done.append(callFiles.at(static_cast<qsizetype>(i)));
            }
        }
        taken += static_cast<int>(done.size());
        const auto remove = [this, done] {
            removeFiles(done);
            return true;
        };
        const auto removing = runOn(m_thread, remove);
        co_await removing;
    }
    const auto end = [this, lock] {
        lock->unlock();
        countFiles();
        return true;
    };
    const auto ending = runOn(m_thread, end);
    co_await ending;
    if (!problem.isEmpty())
        setProblem(problem);
    else if (taken > 0)
        setProblem(QString());
    co_return taken;
}

} // namespace llmcache
