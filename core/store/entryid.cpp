#include "store/entryid.h"

#include "store/entry.h"

#include <algorithm>
#include <iterator>

namespace llmcache {

namespace {

constexpr QByteArrayView hashedPrefixes[] = {"pyai-cache:v3:", "pyai-cache:v2:"};
constexpr QByteArrayView agentPrefixes[] = {"Agent(", "v0.3.0|Agent("};

} // namespace

bool isPythonKey(QByteArrayView key)
{
    for (const QByteArrayView prefix : hashedPrefixes) {
        if (key.startsWith(prefix))
            return isFingerprint(QString::fromLatin1(key.sliced(prefix.size())));
    }
    for (const QByteArrayView prefix : agentPrefixes) {
        if (key.startsWith(prefix))
            return key.contains('|');
    }
    return false;
}

bool isPythonKey(QStringView id)
{
    // Asked of every row of a scan, and as a rule in vain.
    const auto begins = [id](QByteArrayView prefix) { return id.startsWith(QLatin1String(prefix)); };
    return (std::any_of(std::begin(hashedPrefixes), std::end(hashedPrefixes), begins)
               || std::any_of(std::begin(agentPrefixes), std::end(agentPrefixes), begins))
        && isPythonKey(QByteArrayView(id.toUtf8()));
}

bool isEntryId(QStringView id)
{
    return isFingerprint(id) || isPythonKey(id);
}

QString shortEntryId(const QString& id)
{
    constexpr qsizetype digits = 12;
    if (isFingerprint(id))
        return id.left(digits);
    const QString prefix = QStringLiteral("pyai-cache:");
    const qsizetype shown = id.startsWith(prefix) ? digits + 3 : 2 * digits;
    return (id.startsWith(prefix) ? id.mid(prefix.size()) : id).left(shown);
}

} // namespace llmcache
