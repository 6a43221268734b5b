#include "store/pythonentry.h"

#include "base/error.h"
#include "interop/pythonresult.h"
#include "store/entryid.h"

#include <QCryptographicHash>

#include <algorithm>

namespace llmcache {

namespace {

const QByteArray formatName = QByteArrayLiteral("python");
/// More is not shown of an answer in a list.
constexpr qsizetype excerptSource = 1000;

void fill(EntryMeta& meta, const QString& key, const QByteArray& pickle)
{
    meta.fingerprint = key;
    meta.revision = pythonRevision(pickle);
    meta.bytes = pickle.size();
    meta.python = true;
}

void fill(EntryMeta& meta, const PythonResult& result)
{
    meta.model = result.model;
    meta.usage = result.usage;
    meta.cost = result.cost;
    meta.answerExcerpt = excerpt(result.outputExcerpt(excerptSource));
}

} // namespace

qint64 pythonRevision(QByteArrayView pickle)
{
    constexpr qsizetype digits = 4; // bytes
    QCryptographicHash hash(QCryptographicHash::Sha1);
    hash.addData(pickle);
    const qint64 number = hash.result().left(digits).toHex().toLongLong(nullptr, 16);
    return std::max<qint64>(1, number);
}

EntryImage pythonImage(const QString& key, QByteArray pickle, std::optional<qint64> expiresMs)
{
    EntryImage image;
    image.fingerprint = key;
    image.expiresMs = expiresMs;
    image.fields.insert(QByteArrayLiteral("v"), formatName);
    image.fields.insert(QByteArrayLiteral("rev"), QByteArray::number(pythonRevision(pickle)));
    image.fields.insert(pickleField, pickle);
    return image;
}

bool isPythonImage(const EntryImage& image)
{
    return image.fields.value(QByteArrayLiteral("v")) == formatName;
}

EntryMeta pythonMeta(const QString& key, const QByteArray& pickle)
{
    EntryMeta meta;
    fill(meta, key, pickle);
    try {
        fill(meta, readPythonResult(pickle));
    } catch (const CacheError& error) {
        meta.answerExcerpt = excerpt(error.message());
    }
    return meta;
}

QByteArray originText(const QString& agent, const QString& task, const QString& prompt)
{
    Json json = Json::object();
    json["agent"] = toUtf8(agent);
    json["task"] = toUtf8(task);
    json["prompt"] = toUtf8(excerpt(prompt));
    return toJsonText(json);
}

void addOrigin(EntryMeta& meta, const QByteArray& originText)
{
    if (originText.isEmpty())
        return;
    const std::optional<Json> json = tryParseJson(originText);
    if (!json || !json->is_object())
        return;
    meta.agent = stringMember(*json, "agent");
    meta.task = stringMember(*json, "task");
    meta.promptExcerpt = excerpt(stringMember(*json, "prompt"));
}

Entry pythonEntry(const QString& key, const QByteArray& pickle)
{
    Entry entry;
    fill(entry.meta, key, pickle);
    const PythonResult result = readPythonResult(pickle);
    if (result.output.isNull())
        throw CacheError(QStringLiteral("The pickle of entry %1 holds no answer.").arg(shortEntryId(key)),
            QStringLiteral("Delete the entry, or look at it with \"llmcache entries show\"."));
    fill(entry.meta, result);
    entry.request = Json::object();
    entry.output = result.outputJson();
    entry.usage = result.usage;
    entry.usage.raw = result.rawUsage();
    entry.providerModel = result.model;
    entry.costSource = QStringLiteral("pyai-caching");
    return entry;
}

} // namespace llmcache
