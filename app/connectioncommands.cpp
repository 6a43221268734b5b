#include "commands.h"

#include "base/error.h"
#include "connection/connections.h"
#include "connection/connectionsecrets.h"
#include "connection/connectiontest.h"
#include "output.h"

namespace llmcache::app {

namespace {

QString yesNo(bool value)
{
    return value ? QStringLiteral("yes") : QStringLiteral("-");
}

QString oneName(const Arguments& arguments)
{
    if (arguments.operands().isEmpty())
        throw UsageError(QStringLiteral("Which connection?"),
            QStringLiteral("\"llmcache connections list\" shows their names."));
    return arguments.operands().front();
}

ConnectionProfile named(const ConnectionList& list, const QString& name)
{
    const auto profile = list.find(name);
    if (!profile)
        throw ConfigurationError(QStringLiteral("There is no connection \"%1\".").arg(name),
            QStringLiteral("\"llmcache connections list\" shows them."));
    return *profile;
}

ConnectionList listOf(const CommandContext& context)
{
    return ConnectionList(context.session->config().dataFolder);
}

/// "keychain", "environment" or nothing.
QString passwordPlace(const KeyRing& keys, const ConnectionProfile& profile)
{
    if (!profile.passwordVariable.isEmpty())
        return profile.passwordVariable;
    return keys.isStored(profile.secretName()) ? QStringLiteral("keychain") : QString();
}

QString shownAddress(const ConnectionProfile& profile)
{
    const QString url = profile.address.url();
    return url.isEmpty() ? QStringLiteral("embedded file") : url;
}

QCoro::Task<int> list(CommandContext context, Arguments arguments)
{
    const KeyRing& keys = context.session->keys();
    const bool json = arguments.has(QStringLiteral("json"));
    TextTable table(
        {QStringLiteral("NAME"), QStringLiteral("STORE"), QStringLiteral("WORKSPACE"),
            QStringLiteral("PASSWORD"), QStringLiteral("READ-ONLY"), QStringLiteral("PRODUCTION")},
        std::vector<bool>(6, false));
    const std::vector<ConnectionProfile> profiles = listOf(context).load();
    for (const ConnectionProfile& profile : profiles) {
        const QString place = passwordPlace(keys, profile);
        if (json) {
            Json row = toJson(profile);
            row["password_in"] = place.isEmpty() ? Json(nullptr) : Json(toUtf8(place));
            printJsonLine(row);
        } else {
            table.add({profile.traits.name, shownAddress(profile), profile.workspace,
                place.isEmpty() ? QStringLiteral("-") : place, yesNo(profile.traits.readOnly),
                yesNo(profile.traits.production)});
        }
    }
    if (json)
        co_return 0;
    if (profiles.empty())
        printLine(QStringLiteral("No connections yet. \"llmcache connections add NAME URL\" adds one."));
    else
        print(table.toText());
    co_return 0;
}

QCoro::Task<int> add(CommandContext context, Arguments arguments)
{
    if (arguments.operands().size() != 2)
        throw UsageError(QStringLiteral("A connection needs a name and a URL."),
            QStringLiteral("For example: llmcache connections add team redis://cache.example:6379/0"));
    ConnectionProfile profile;
    profile.id = ConnectionProfile::newId();
    profile.traits.name = arguments.operands().at(0);
    StoreSecrets secrets;
    profile.address = StoreAddress::fromUrl(arguments.operands().at(1), &secrets);
    profile.workspace = context.session->config().workspace;
    profile.traits.readOnly = arguments.has(QStringLiteral("reading"));
    profile.traits.production = arguments.has(QStringLiteral("production"));
    profile.traits.writeForPython = arguments.has(QStringLiteral("write-for-python"));
    profile.passwordVariable = arguments.value(QStringLiteral("password-variable"));
    profile.colour = arguments.value(QStringLiteral("colour"), ConnectionProfile::colours().front());
    if (!ConnectionProfile::colours().contains(profile.colour))
        throw UsageError(QStringLiteral("--colour \"%1\" is unknown.").arg(profile.colour),
            QStringLiteral("Known: %1.").arg(ConnectionProfile::colours().join(QStringLiteral(", "))));
    checkConnection(profile);
    if (listOf(context).find(profile.traits.name))
        throw ConfigurationError(
            QStringLiteral("There is already a connection \"%1\".").arg(profile.traits.name),
            QStringLiteral("Choose another name, or remove that one first."));
    if (arguments.has(QStringLiteral("password"))) {
        secrets.password =
            readSecret(QStringLiteral("Password of %1: ").arg(profile.address.url())).trimmed();
        if (secrets.password.isEmpty())
            throw UsageError(QStringLiteral("There is no password on standard input."));
    }
    const QString told = secrets.isEmpty() ? QString() : QStringLiteral("; its password is in the keychain");
    const auto keep = secrets.isEmpty() ? Connections::Keep::Unchanged : Connections::Keep::Keychain;
    Connections connections(context.session->config().dataFolder, &context.session->keys());
    co_await connections.save(profile, secrets, keep);
    printLine(QStringLiteral("The connection \"%1\" is added%2.").arg(profile.traits.name, told));
    co_return 0;
}

QCoro::Task<int> remove(CommandContext context, Arguments arguments)
{
    ConnectionList connections = listOf(context);
    const ConnectionProfile profile = named(connections, oneName(arguments));
    if (!arguments.has(QStringLiteral("yes"))
        && !confirm(QStringLiteral("Remove the connection \"%1\"? Its store stays as it is.")
                        .arg(profile.traits.name)))
        throw Cancelled(QStringLiteral("Nothing was removed."), QStringLiteral("Say --yes to go on."));
    ConnectionProfile copy = profile;
    co_await removeSecrets(&context.session->keys(), std::move(copy));
    connections.remove(profile.id);
    printLine(QStringLiteral("The connection \"%1\" is removed.").arg(profile.traits.name));
    co_return 0;
}

QString sign(TestStep::State state)
{
    switch (state) {
    case TestStep::State::Passed:
        return QStringLiteral("ok    ");
    case TestStep::State::Advice:
        return QStringLiteral("advice");
    case TestStep::State::Failed:
        return QStringLiteral("FAILED");
    default:
        return QStringLiteral("-     ");
    }
}

Json stepJson(const TestStep& step)
{
    Json json = Json::object();
    json["step"] = toUtf8(step.id());
    json["state"] = toUtf8(testStateName(step.state));
    json["detail"] = toUtf8(step.detail);
    json["remedy"] = toUtf8(step.remedy);
    json["ms"] = step.took ? Json(static_cast<double>(step.took->count()) / 1000.0) : Json(nullptr);
    return json;
}

QCoro::Task<int> test(CommandContext context, Arguments arguments)
{
    TestTarget target;
    const SessionConfig& config = context.session->config();
    target.dataFolder = config.dataFolder;
    target.workspace = config.workspace;
    target.storeUrl = config.storeUrl;
    target.readOnly = context.session->isReadOnly();
    target.writeForPython = config.connection.writeForPython;
    if (!arguments.operands().isEmpty()) {
        ConnectionProfile profile = named(listOf(context), arguments.operands().front());
        target.workspace = profile.workspace;
        target.readOnly = profile.traits.readOnly;
        target.writeForPython = profile.traits.writeForPython;
        target.storeUrl = co_await connectionUrl(&context.session->keys(), std::move(profile));
    }
    const std::vector<TestStep> steps = co_await testConnection(std::move(target));
    const bool json = arguments.has(QStringLiteral("json"));
    QString problem;
    QString remedy;
    for (const TestStep& step : steps) {
        if (json) {
            printJsonLine(stepJson(step));
        } else if (step.state != TestStep::State::Skipped || !step.detail.isEmpty()) {
            constexpr int column = 12;
            printLine(QStringLiteral("%1  %2 %3")
                          .arg(sign(step.state), step.title().leftJustified(column), step.detail));
            if (!step.remedy.isEmpty())
                printLine(QString(8 + column + 1, QLatin1Char(' ')) + step.remedy);
        }
        if (step.state == TestStep::State::Failed && problem.isEmpty()) {
            problem = step.title();
            remedy = step.remedy;
        }
    }
    if (!problem.isEmpty())
        throw ConnectionError(QStringLiteral("The test of the connection failed: %1.").arg(problem), remedy);
    co_return 0;
}

} // namespace

std::vector<Command> connectionCommands()
{
    const OptionSpec json{QStringLiteral("json"), {}, QStringLiteral("print JSON, one object a line")};
    Command listing;
    listing.name = QStringLiteral("connections list");
    listing.synopsis = QStringLiteral("[--json]");
    listing.summary = QStringLiteral("list the stores that you keep");
    listing.options = {json};
    listing.run = list;
    Command adding;
    adding.name = QStringLiteral("connections add");
    adding.synopsis = QStringLiteral("NAME URL [options]");
    adding.summary = QStringLiteral("keep a store under a name, its password in the keychain");
    adding.mostOperands = 2;
    adding.options = {
        {QStringLiteral("password"), {}, QStringLiteral("read the password from standard input")},
        {QStringLiteral("password-variable"), QStringLiteral("NAME"),
            QStringLiteral("take the password from an environment variable")},
        {QStringLiteral("reading"), {}, QStringLiteral("open it for reading alone")},
        {QStringLiteral("production"), {}, QStringLiteral("mark it, and ask before much is deleted")},
        {QStringLiteral("write-for-python"), {}, QStringLiteral("also write entries for pyai-caching")},
        {QStringLiteral("colour"), QStringLiteral("NAME"), QStringLiteral("mark in the window")},
    };
    adding.run = add;
    Command removing;
    removing.name = QStringLiteral("connections remove");
    removing.synopsis = QStringLiteral("NAME [--yes]");
    removing.summary = QStringLiteral("forget a store and its password; the store stays");
    removing.mostOperands = 1;
    removing.options = {{QStringLiteral("yes"), {}, QStringLiteral("do not ask")}};
    removing.run = remove;
    Command testing;
    testing.name = QStringLiteral("connections test");
    testing.synopsis = QStringLiteral("[NAME] [--json]");
    testing.summary = QStringLiteral("connect step by step, and say what is wrong or could be better");
    testing.mostOperands = 1;
    testing.options = {json};
    testing.run = test;
    return {listing, adding, removing, testing};
}

} // namespace llmcache::app
