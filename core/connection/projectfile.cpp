#include "connection/projectfile.h"

#include "base/error.h"
#include "base/json.h"
#include "connection/connectionprofile.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>

#ifdef Q_OS_UNIX
#include <unistd.h>
#endif

namespace llmcache {

namespace {

const QString fileName = QStringLiteral(".llmcache.json");
constexpr qint64 largestFile = 64 * 1024;

[[noreturn]] void refuse(const QString& path, const QString& why, const QString& remedy)
{
    throw ConfigurationError(QStringLiteral("The project file %1 %2.").arg(path, why), remedy);
}

/// Somebody else's file above the current folder must not send prompts to a store of theirs.
bool belongsToOthers([[maybe_unused]] const QFileInfo& info)
{
#ifdef Q_OS_UNIX
    return info.ownerId() != getuid() && info.ownerId() != 0;
#else
    return false;
#endif
}

ProjectFile read(const QFileInfo& info)
{
    ProjectFile project;
    project.path = info.absoluteFilePath();
    const QString correct = QStringLiteral("Put it right in the file.");
    if (belongsToOthers(info))
        refuse(project.path, QStringLiteral("belongs to another user"),
            QStringLiteral("Copy it to make it yours, or run from another folder."));
    QFile file(project.path);
    if (info.size() > largestFile)
        refuse(project.path, QStringLiteral("is larger than 64 KiB"), correct);
    if (!file.open(QIODevice::ReadOnly))
        refuse(project.path, QStringLiteral("can't be read: ") + file.errorString(),
            QStringLiteral("See to its rights."));
    const Json json = parseJson(file.readAll(), QStringLiteral("The project file ") + project.path);
    if (!json.is_object())
        refuse(project.path, QStringLiteral("is no JSON object"), correct);
    for (const auto& member : json.items()) {
        const QString name = toQString(member.key());
        if (!member.value().is_string())
            refuse(project.path, QStringLiteral("has no text in \"%1\"").arg(name), correct);
        const QString value = toQString(member.value().get_ref<const std::string&>());
        if (name == QLatin1String("workspace")) {
            checkWorkspaceName(value);
            project.workspace = value;
        } else if (name == QLatin1String("store")) {
            StoreSecrets secrets;
            StoreAddress::fromUrl(value, &secrets);
            if (!secrets.isEmpty())
                refuse(project.path, QStringLiteral("has a password in \"store\""),
                    QStringLiteral(
                        "Take it out: the file is shared. Keep the password in a connection of your "
                        "own (llmcache connections add), or use LLM_CACHE_REDIS_URL."));
            project.store = value;
        } else if (name == QLatin1String("agents")) {
            project.agentsFolder = info.dir().absoluteFilePath(value);
        } else {
            refuse(project.path, QStringLiteral("has an unknown field \"%1\"").arg(name),
                QStringLiteral("Known are workspace, store and agents."));
        }
    }
    return project;
}

} // namespace

std::optional<ProjectFile> ProjectFile::find(const QString& folder)
{
    QDir directory(folder);
    do {
        const QFileInfo info(directory.filePath(fileName));
        if (info.isFile())
            return read(info);
    } while (directory.cdUp());
    return std::nullopt;
}

} // namespace llmcache
