#include "store/redis/rediskeys_p.h"

#include "base/sha256_p.h"
#include "store/entryid.h"

#include "store/entry.h"

#include <QStringBuilder>

#include <algorithm>

namespace llmcache::redisstore {

namespace {

bool isHex(QByteArrayView text)
{
    return std::all_of(
        text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

/// An id without what would end the braces too early.
QByteArray plain(const QString& id)
{
    return isFingerprint(id) ? id.toLatin1() : sha256(id.toUtf8()).toHex();
}

QByteArray inBraces(QByteArray text)
{
    return '{' + text + '}';
}

} // namespace

Keys::Keys(const QString& workspace)
    : m_prefix(
        "llmcache:" + workspace.toUtf8().replace('%', "%25").replace('{', "%7B").replace('}', "%7D") + ':')
{
}

QByteArray Keys::entry(const QString& fingerprint) const
{
    return entry(fingerprint.toUtf8());
}

QByteArray Keys::entry(const QByteArray& fingerprint) const
{
    if (isPythonKey(QByteArrayView(fingerprint)))
        return fingerprint;
    return m_prefix % QByteArrayView("entry:{") % fingerprint % '}';
}

QByteArray Keys::revisions(const QString& fingerprint) const
{
    return m_prefix + "revisions:" + inBraces(plain(fingerprint));
}

QByteArray Keys::lock(const QString& fingerprint) const
{
    if (isPythonKey(fingerprint))
        return "lock:" + fingerprint.toUtf8();
    return m_prefix + "lock:" + inBraces(fingerprint.toUtf8());
}

QByteArray Keys::done(const QString& fingerprint) const
{
    return m_prefix + "done:" + inBraces(fingerprint.toUtf8());
}

QByteArray Keys::asked(const QString& pythonKey) const
{
    return m_prefix + "asked:" + inBraces(plain(pythonKey));
}

QByteArray Keys::askedFor(const QString& pythonKey) const
{
    return m_prefix + "askedfor:" + inBraces(plain(pythonKey));
}

QByteArray Keys::cooldown(const QString& key) const
{
    return m_prefix + "cooldown:" + inBraces(key.toUtf8());
}

QByteArray Keys::recorded(int shard, const QByteArray& id) const
{
    return m_prefix + "call:" + inBraces(QByteArray::number(shard)) + ':' + id;
}

QByteArray Keys::calls(int shard, qint64 hour) const
{
    return m_prefix + "calls:" + inBraces(QByteArray::number(shard)) + ':' + QByteArray::number(hour);
}

QByteArray Keys::hours(int shard) const
{
    return m_prefix + "hours:" + inBraces(QByteArray::number(shard));
}

QByteArray Keys::changes(int shard) const
{
    return m_prefix + "changes:" + inBraces(QByteArray::number(shard));
}

QByteArray Keys::packs(int shard) const
{
    return m_prefix + "packs:" + inBraces(QByteArray::number(shard));
}

QByteArray Keys::prices(int shard, qint64 repricing) const
{
    return m_prefix + "prices:" + inBraces(QByteArray::number(shard)) + ':' + QByteArray::number(repricing);
}

QByteArray Keys::entryPattern(const QByteArray& prefix) const
{
    QByteArray pattern;
    for (const char c : m_prefix) {
        if (c == '*' || c == '?' || c == '[' || c == ']' || c == '^' || c == '\\')
            pattern += '\\';
        pattern += c;
    }
    return pattern + "entry:{" + prefix + "*}";
}

QByteArrayView Keys::fingerprintOf(const QByteArray& entryKey) const
{
    const qsizetype start = m_prefix.size() + qsizetype(sizeof("entry:{")) - 1;
    if (entryKey.size() != start + fingerprintLength + 1 || !entryKey.startsWith(m_prefix))
        return {};
    const QByteArrayView fingerprint = QByteArrayView(entryKey).sliced(start, fingerprintLength);
    return isHex(fingerprint) ? fingerprint : QByteArrayView();
}

int Keys::shardOf(const QByteArray& callId)
{
    return static_cast<int>(qChecksum(QByteArrayView(callId)) % shardCount);
}

} // namespace llmcache::redisstore
