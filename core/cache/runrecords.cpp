#include "cache/runrecords.h"

#include "base/error.h"
#include "base/privatefolder.h"
#include "base/textfile.h"
#include "base/worker.h"
#include "store/entry.h"

#include <qcorofuture.h>

#include <QCryptographicHash>
#include <QDir>

namespace llmcache {

namespace {

const QString ending = QStringLiteral(".run");
constexpr qint64 largestRecord = qint64(256) * 1024 * 1024;

Json readRecord(const QString& path)
{
    try {
        return parseJson(unpackField(readWholeFile(path, largestRecord), largestRecord),
            QStringLiteral("The kept run ") + path);
    } catch (const CacheError& error) {
        throw ConfigurationError(
            QStringLiteral("The kept run \"%1\" is damaged: %2").arg(path, error.message()));
    }
}

void writeRecord(const QString& folder, const QString& name, const Json& json)
{
    if (!createPrivateFolder(folder))
        throw ConfigurationError(QStringLiteral("The folder \"%1\" can't be created.").arg(folder),
            QStringLiteral("Make room, or choose another data folder."));
    writeWholeFile(QDir(folder).filePath(name), packField(toJsonText(json)), FileAccess::OwnerOnly);
}

/// Names sort by time.
QString fileName(const RunRecord& record)
{
    const QByteArray digest = QCryptographicHash::hash(
        record.callId.toUtf8() + record.fingerprint.toUtf8(), QCryptographicHash::Sha1);
    return QStringLiteral("%1-%2%3")
        .arg(record.timeMs, 15, 10, QLatin1Char('0'))
        .arg(QString::fromLatin1(digest.toHex().left(16)), ending);
}

QFileInfoList filesOf(const QString& folder)
{
    return QDir(folder).entryInfoList({QLatin1Char('*') + ending}, QDir::Files, QDir::Name | QDir::Reversed);
}

void makeRoom(const QString& folder)
{
    qint64 bytes = 0;
    int count = 0;
    const QFileInfoList files = filesOf(folder);
    for (const QFileInfo& file : files) {
        bytes += file.size();
        if (++count > RunRecords::mostRuns || bytes > RunRecords::mostBytes)
            QFile::remove(file.filePath());
    }
}

std::vector<RunSummary> summaries(const QString& folder, const QString& workspace)
{
    std::vector<RunSummary> list;
    const QFileInfoList files = filesOf(folder);
    for (const QFileInfo& file : files) {
        try {
            const Json json = readRecord(file.filePath());
            if (stringMember(json, "workspace") != workspace)
                continue;
            RunSummary summary;
            summary.file = file.fileName();
            summary.callId = stringMember(json, "call_id");
            summary.timeMs = integerMember(json, "time_ms");
            summary.fingerprint = stringMember(json, "fingerprint");
            if (const Json* const input = findMember(json, "input")) {
                summary.prompt = stringMember(*input, "prompt");
                if (const Json* const agent = findMember(*input, "agent")) {
                    summary.agent = stringMember(*agent, "name");
                    summary.model = stringMember(*agent, "model");
                }
            }
            list.push_back(std::move(summary));
        } catch (const ConfigurationError& error) {
            qWarning("%s", error.what());
        }
    }
    return list;
}

QString draftName(const QString& place)
{
    const QByteArray digest = QCryptographicHash::hash(place.toUtf8(), QCryptographicHash::Sha1).toHex();
    return QStringLiteral("draft-%1").arg(QString::fromLatin1(digest.left(16)));
}

Json draftJson(const RunDraft& draft)
{
    Json json = toJson(draft.input);
    json["base"] = toUtf8(draft.base);
    if (!draft.schemaText.isEmpty())
        json["schema_text"] = toUtf8(draft.schemaText);
    return json;
}

RunDraft draftFromJson(const Json& json)
{
    RunDraft draft;
    draft.input = runInputFromJson(json);
    draft.base = findMember(json, "base") ? stringMember(json, "base") : draft.input.agent.name;
    draft.schemaText = stringMember(json, "schema_text");
    return draft;
}

} // namespace

Json toJson(const RunRecord& record)
{
    Json json = Json::object();
    json["call_id"] = toUtf8(record.callId);
    json["time_ms"] = record.timeMs;
    json["workspace"] = toUtf8(record.workspace);
    json["fingerprint"] = toUtf8(record.fingerprint);
    json["input"] = toJson(record.input);
    return json;
}

RunRecord runRecordFromJson(const Json& json)
{
    const Json* const input = findMember(json, "input");
    if (!input)
        throw ConfigurationError(QStringLiteral("The kept run says nothing of how it was started."));
    RunRecord record;
    record.callId = stringMember(json, "call_id");
    record.timeMs = integerMember(json, "time_ms");
    record.workspace = stringMember(json, "workspace");
    record.fingerprint = stringMember(json, "fingerprint");
    record.input = runInputFromJson(*input);
    return record;
}

RunRecords::RunRecords(QString folder)
    : m_folder(std::move(folder))
{
    m_thread.setMaxThreadCount(1);
}

RunRecords::~RunRecords()
{
    m_thread.waitForDone();
}

QCoro::Task<> RunRecords::add(RunRecord record)
{
    const auto work = [folder = m_folder, record = std::move(record)] {
        writeRecord(folder, fileName(record), toJson(record));
        makeRoom(folder);
        return true;
    };
    const QFuture<bool> writing = runOn(m_thread, work);
    co_await writing;
}

QCoro::Task<std::vector<RunSummary>> RunRecords::list(QString workspace)
{
    const auto work = [folder = m_folder, workspace] { return summaries(folder, workspace); };
    const QFuture<std::vector<RunSummary>> listing = runOn(m_thread, work);
    std::vector<RunSummary> list = co_await listing;
    co_return list;
}

QCoro::Task<RunInput> RunRecords::read(QString file)
{
    const auto work = [path = QDir(m_folder).filePath(QFileInfo(file).fileName())] {
        return runRecordFromJson(readRecord(path)).input;
    };
    const QFuture<RunInput> reading = runOn(m_thread, work);
    RunInput input = co_await reading;
    co_return input;
}

QCoro::Task<> RunRecords::saveDraft(QString place, RunDraft draft)
{
    const auto work = [folder = m_folder, name = draftName(place), draft = std::move(draft)] {
        writeRecord(folder, name, draftJson(draft));
        return true;
    };
    const QFuture<bool> writing = runOn(m_thread, work);
    co_await writing;
}

QCoro::Task<std::optional<RunDraft>> RunRecords::loadDraft(QString place, QString workspace)
{
    const auto work = [folder = m_folder, names = QStringList{draftName(place), draftName(workspace)}] {
        for (const QString& name : names) {
            const QString path = QDir(folder).filePath(name);
            if (!QFile::exists(path))
                continue;
            try {
                return std::optional(draftFromJson(readRecord(path)));
            } catch (const Error& error) {
                qWarning("%s", error.what());
                break;
            }
        }
        return std::optional<RunDraft>();
    };
    const QFuture<std::optional<RunDraft>> reading = runOn(m_thread, work);
    std::optional<RunDraft> draft = co_await reading;
    co_return draft;
}

} // namespace llmcache
