#include "base/textfile.h"

#include "base/error.h"

#include <QFile>
#include <QSaveFile>

namespace llmcache {

void writeWholeFile(const QString& path, const QByteArray& bytes, FileAccess access)
{
    QSaveFile file(path);
    bool done = file.open(QIODevice::WriteOnly);
    if (done && access == FileAccess::OwnerOnly)
        done = file.setPermissions(QFileDevice::ReadOwner | QFileDevice::WriteOwner);
    done = done && file.write(bytes) == bytes.size() && file.commit();
    if (!done)
        throw ConfigurationError(
            QStringLiteral("The file \"%1\" can't be written: %2.").arg(path, file.errorString()),
            QStringLiteral("Choose another place, or make room."));
}

QByteArray readWholeFile(const QString& path, qint64 mostBytes)
{
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly))
        throw ConfigurationError(
            QStringLiteral("The file \"%1\" can't be read: %2.").arg(path, file.errorString()));
    const QByteArray bytes = file.read(mostBytes + 1);
    if (bytes.size() > mostBytes)
        throw ConfigurationError(
            QStringLiteral("The file \"%1\" is larger than %2 MB.").arg(path).arg(mostBytes / (1024 * 1024)));
    return bytes;
}

} // namespace llmcache
