#include "connection/connectionprofile.h"

#include "base/error.h"

#include <QRegularExpression>
#include <QUuid>

namespace llmcache {

namespace {

constexpr qsizetype longestName = 60;

[[noreturn]] void refuse(const QString& what, const QString& why)
{
    throw ConfigurationError(QStringLiteral("%1 %2.").arg(what, why),
        QStringLiteral("Put it right in the file, or remove the connection and add it again."));
}

QString textField(const Json& value, const std::string& key, const QString& what)
{
    if (!value.is_string())
        refuse(what, QStringLiteral("has no text in \"%1\"").arg(toQString(key)));
    return toQString(value.get_ref<const std::string&>());
}

bool flagField(const Json& value, const std::string& key, const QString& what)
{
    if (!value.is_boolean())
        refuse(what, QStringLiteral("has neither true nor false in \"%1\"").arg(toQString(key)));
    return value.get<bool>();
}

} // namespace

QString ConnectionProfile::newId()
{
    return QUuid::createUuid().toString(QUuid::WithoutBraces);
}

const QStringList& ConnectionProfile::colours()
{
    static const QStringList names{QStringLiteral("blue"), QStringLiteral("green"), QStringLiteral("amber"),
        QStringLiteral("red"), QStringLiteral("violet"), QStringLiteral("grey")};
    return names;
}

QString ConnectionProfile::secretName() const
{
    return QStringLiteral("connection/") + id;
}

QString ConnectionProfile::sentinelSecretName() const
{
    return secretName() + QStringLiteral("/sentinel");
}

Json toJson(const ConnectionProfile& profile)
{
    Json json = Json::object();
    json["id"] = toUtf8(profile.id);
    json["name"] = toUtf8(profile.traits.name);
    json["colour"] = toUtf8(profile.colour);
    json["url"] = toUtf8(profile.address.url());
    const auto add = [&json](const char* key, const QString& value) {
        if (!value.isEmpty())
            json[key] = toUtf8(value);
    };
    add("user", profile.address.user);
    add("sentinel_user", profile.address.sentinelUser);
    add("password_variable", profile.passwordVariable);
    json["workspace"] = toUtf8(profile.workspace);
    json["read_only"] = profile.traits.readOnly;
    json["production"] = profile.traits.production;
    json["write_for_python"] = profile.traits.writeForPython;
    return json;
}

ConnectionProfile connectionFromJson(const Json& json, const QString& what)
{
    if (!json.is_object())
        refuse(what, QStringLiteral("is no JSON object"));
    ConnectionProfile profile;
    QString user;
    QString sentinelUser;
    for (const auto& member : json.items()) {
        const std::string& key = member.key();
        const Json& value = member.value();
        if (key == "id")
            profile.id = textField(value, key, what);
        else if (key == "name")
            profile.traits.name = textField(value, key, what);
        else if (key == "colour")
            profile.colour = textField(value, key, what);
        else if (key == "user")
            user = textField(value, key, what);
        else if (key == "sentinel_user")
            sentinelUser = textField(value, key, what);
        else if (key == "password_variable")
            profile.passwordVariable = textField(value, key, what);
        else if (key == "workspace")
            profile.workspace = textField(value, key, what);
        else if (key == "read_only")
            profile.traits.readOnly = flagField(value, key, what);
        else if (key == "production")
            profile.traits.production = flagField(value, key, what);
        else if (key == "write_for_python")
            profile.traits.writeForPython = flagField(value, key, what);
        else if (key == "url") {
            StoreSecrets secrets;
            profile.address = StoreAddress::fromUrl(textField(value, key, what), &secrets);
            if (!secrets.isEmpty())
                refuse(what, QStringLiteral("has a password in its URL, which belongs in the keychain"));
        } else
            refuse(what, QStringLiteral("has an unknown field \"%1\"").arg(toQString(key)));
    }
    if (!user.isEmpty())
        profile.address.user = user;
    if (!sentinelUser.isEmpty())
        profile.address.sentinelUser = sentinelUser;
    if (profile.id.isEmpty())
        refuse(what, QStringLiteral("has no id"));
    if (!ConnectionProfile::colours().contains(profile.colour))
        profile.colour = ConnectionProfile::colours().front();
    checkConnection(profile);
    return profile;
}

void checkConnection(const ConnectionProfile& profile)
{
    const QString name = profile.traits.name;
    if (name.trimmed().isEmpty() || name != name.trimmed() || name.size() > longestName
        || name.contains(QLatin1Char('\n')))
        throw ConfigurationError(QStringLiteral("\"%1\" is no name for a connection.").arg(name),
            QStringLiteral("Use 1 to %1 characters, without spaces around them.").arg(longestName));
    static const QRegularExpression variable(QStringLiteral("^[A-Za-z_][A-Za-z0-9_]*$"));
    if (!profile.passwordVariable.isEmpty() && !variable.match(profile.passwordVariable).hasMatch())
        throw ConfigurationError(
            QStringLiteral("\"%1\" is no name of an environment variable.").arg(profile.passwordVariable),
            QStringLiteral("Write it like TEAM_REDIS_PASSWORD."));
    checkWorkspaceName(profile.workspace);
    // The parser of URLs knows what is wrong with an address; whether there is a password is another matter.
    StoreAddress address = profile.address;
    address.user.clear();
    static_cast<void>(address.urlWith({}));
}

void checkWorkspaceName(const QString& workspace)
{
    // The name is part of every key, and people read it: no separators, nothing invisible.
    static const QRegularExpression allowed(QStringLiteral("^[\\p{L}\\p{N}][\\p{L}\\p{N} ._-]{0,63}$"),
        QRegularExpression::UseUnicodePropertiesOption);
    if (!allowed.match(workspace).hasMatch())
        throw ConfigurationError(QStringLiteral("\"%1\" is no workspace name.").arg(workspace),
            QStringLiteral("Use 1 to 64 letters, digits, spaces, dots, hyphens or underscores."));
}

} // namespace llmcache
