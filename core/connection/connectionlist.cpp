#include "connection/connectionlist.h"

#include "base/durable.h"
#include "base/error.h"
#include "base/privatefolder.h"
#include "base/textfile.h"

#include <QDir>
#include <QFile>
#include <QLockFile>

#include <algorithm>

namespace llmcache {

namespace {

constexpr qint64 largestFile = 1 << 20;

auto withId(std::vector<ConnectionProfile>& list, const QString& id)
{
    return std::find_if(
        list.begin(), list.end(), [&id](const ConnectionProfile& one) { return one.id == id; });
}

void checkUnique(const std::vector<ConnectionProfile>& list, const ConnectionProfile& profile)
{
    for (const ConnectionProfile& other : list) {
        if (other.id != profile.id
            && other.traits.name.compare(profile.traits.name, Qt::CaseInsensitive) == 0)
            throw ConfigurationError(
                QStringLiteral("There is already a connection \"%1\".").arg(other.traits.name),
                QStringLiteral("Choose another name."));
    }
}

} // namespace

ConnectionList::ConnectionList(QString folder)
    : m_folder(std::move(folder))
{
}

QString ConnectionList::path() const
{
    return QDir(m_folder).filePath(QStringLiteral("connections.json"));
}

std::vector<ConnectionProfile> ConnectionList::load() const
{
    QFile file(path());
    if (m_folder.isEmpty() || !file.exists())
        return {};
    if (!file.open(QIODevice::ReadOnly))
        throw ConfigurationError(QStringLiteral("The list of connections, %1, can't be read: %2.")
                                     .arg(file.fileName(), file.errorString()),
            QStringLiteral("See to the rights of the file."));
    const QString what = QStringLiteral("The list of connections, %1,").arg(file.fileName());
    if (file.size() > largestFile)
        throw ConfigurationError(
            what + QStringLiteral(" is larger than 1 MiB."), QStringLiteral("Move it away and start anew."));
    const Json json = parseJson(file.readAll(), what);
    const Json* const connections = findMember(json, "connections");
    if (!connections || !connections->is_array())
        throw ConfigurationError(what + QStringLiteral(" has no list \"connections\"."),
            QStringLiteral("Put it right, or move the file away."));
    std::vector<ConnectionProfile> list;
    int number = 0;
    for (const Json& one : *connections) {
        list.push_back(connectionFromJson(
            one, QStringLiteral("Connection %1 in %2").arg(++number).arg(file.fileName())));
    }
    return list;
}

std::optional<ConnectionProfile> ConnectionList::find(const QString& nameOrId) const
{
    for (ConnectionProfile& one : load()) {
        if (one.id == nameOrId || one.traits.name.compare(nameOrId, Qt::CaseInsensitive) == 0)
            return std::move(one);
    }
    return std::nullopt;
}

bool ConnectionList::check(const ConnectionProfile& profile) const
{
    std::vector<ConnectionProfile> list = load();
    checkUnique(list, profile);
    return withId(list, profile.id) != list.end();
}

void ConnectionList::save(const ConnectionProfile& profile)
{
    checkConnection(profile);
    change([&profile](std::vector<ConnectionProfile>& list) {
        checkUnique(list, profile);
        if (const auto old = withId(list, profile.id); old != list.end())
            *old = profile;
        else
            list.push_back(profile);
    });
}

void ConnectionList::insert(const ConnectionProfile& profile, std::size_t position)
{
    checkConnection(profile);
    change([&profile, position](std::vector<ConnectionProfile>& list) {
        checkUnique(list, profile);
        const auto at = static_cast<std::ptrdiff_t>(std::min(position, list.size()));
        list.insert(list.begin() + at, profile);
    });
}

bool ConnectionList::remove(const QString& id)
{
    bool found = false;
    change([&id, &found](std::vector<ConnectionProfile>& list) {
        const auto old = withId(list, id);
        found = old != list.end();
        if (found)
            list.erase(old);
    });
    return found;
}

void ConnectionList::change(const std::function<void(std::vector<ConnectionProfile>&)>& edit)
{
    if (m_folder.isEmpty() || !createPrivateFolder(m_folder))
        throw ConfigurationError(QStringLiteral("The folder \"%1\" can't be made.").arg(m_folder),
            QStringLiteral("Give one that can be written with --config."));
    QLockFile lock(path() + QStringLiteral(".lock"));
    lock.setStaleLockTime(tornLockMs);
    constexpr int patienceMs = 5000;
    if (!lock.tryLock(patienceMs))
        throw ConfigurationError(QStringLiteral("The list of connections in %1 can't be changed: it is being "
                                                "changed, or the folder can't be written.")
                                     .arg(m_folder),
            QStringLiteral("Try again, or give another folder with --config."));
    std::vector<ConnectionProfile> list = load();
    edit(list);
    Json json = Json::object();
    json["connections"] = Json::array();
    for (const ConnectionProfile& one : list)
        json["connections"].push_back(toJson(one));
    const QByteArray text = toPrettyJsonText(json) + '\n';
    writeWholeFile(path(), text, FileAccess::OwnerOnly);
}

} // namespace llmcache
