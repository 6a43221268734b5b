#include "commands.h"

#include "base/error.h"
#include "output.h"

#include <QFile>

namespace llmcache::app {

namespace {

QString placeText(KeyRing::Place place)
{
    switch (place) {
    case KeyRing::Place::Environment:
        return QStringLiteral("environment");
    case KeyRing::Place::Keychain:
        return QStringLiteral("keychain");
    case KeyRing::Place::Session:
        return QStringLiteral("session");
    case KeyRing::Place::None:
        break;
    }
    return {};
}

/// The variable that holds the key of a slot, and where it is; the first one where none does.
std::pair<QString, KeyRing::Place> inForce(const KeyRing& keys, const KeySlot& slot)
{
    for (const QString& variable : slot.variables) {
        if (const KeyRing::Place place = keys.place(variable); place != KeyRing::Place::None)
            return {variable, place};
    }
    return {slot.variables.front(), KeyRing::Place::None};
}

QCoro::Task<int> list(CommandContext context, Arguments arguments)
{
    const KeyRing& keys = context.session->keys();
    const bool json = arguments.has(QStringLiteral("json"));
    TextTable text(
        {QStringLiteral("PROVIDER"), QStringLiteral("MODELS"), QStringLiteral("KEY"), QStringLiteral("IN")},
        {false, false, false, false});
    for (const KeySlot& slot : keySlots()) {
        const auto [variable, place] = inForce(keys, slot);
        const QString where = placeText(place);
        if (json) {
            Json row = Json::object();
            row["provider"] = toUtf8(slot.provider);
            row["prefixes"] = Json::array();
            for (const QString& prefix : slot.prefixes)
                row["prefixes"].push_back(toUtf8(prefix));
            row["variable"] = toUtf8(variable);
            row["in"] = where.isEmpty() ? Json(nullptr) : Json(toUtf8(where));
            printJsonLine(row);
        } else {
            text.add({slot.provider, slot.prefixes.join(QStringLiteral(", ")), variable,
                where.isEmpty() ? QStringLiteral("-") : where});
        }
    }
    if (!json)
        print(text.toText());
    co_return 0;
}

/// The environment name that an operand means: one itself, or a provider's.
QString variableOf(const Arguments& arguments)
{
    if (arguments.operands().isEmpty())
        throw UsageError(QStringLiteral("Which key?"),
            QStringLiteral("Name a provider such as anthropic, or a variable such as ANTHROPIC_API_KEY."));
    QString given = arguments.operands().front();
    for (const KeySlot& slot : keySlots()) {
        if (slot.variables.contains(given))
            return given;
        if (slot.prefixes.contains(given))
            return slot.variables.front();
    }
    throw UsageError(QStringLiteral("No provider takes its key from \"%1\".").arg(given),
        QStringLiteral("\"llmcache keys list\" shows the names."));
}

QCoro::Task<int> set(CommandContext context, Arguments arguments)
{
    const QString variable = variableOf(arguments);
    const QString key = readSecret(QStringLiteral("%1: ").arg(variable)).trimmed();
    if (key.isEmpty())
        throw UsageError(QStringLiteral("There is no key on standard input."),
            QStringLiteral("Type it, or send it there: llmcache keys set %1 < FILE.").arg(variable));
    KeyRing& keys = context.session->keys();
    co_await keys.store(variable, key);
    printLine(QStringLiteral("%1 is in the keychain.").arg(variable));
    if (keys.place(variable) == KeyRing::Place::Environment)
        printError(QStringLiteral("llmcache: warning: %1 is also set in the environment, which wins.")
                       .arg(variable));
    co_return 0;
}

QCoro::Task<int> remove(CommandContext context, Arguments arguments)
{
    const QString variable = variableOf(arguments);
    KeyRing& keys = context.session->keys();
    if (!keys.isStored(variable))
        throw ConfigurationError(QStringLiteral("%1 is not in the keychain.").arg(variable),
            QStringLiteral("\"llmcache keys list\" shows what is."));
    co_await keys.remove(variable);
    printLine(QStringLiteral("%1 is not in the keychain any more.").arg(variable));
    co_return 0;
}

} // namespace

std::vector<Command> keyCommands()
{
    Command listing;
    listing.name = QStringLiteral("keys list");
    listing.synopsis = QStringLiteral("[--json]");
    listing.summary = QStringLiteral("list which providers have a key, and where it is");
    listing.options = {{QStringLiteral("json"), {}, QStringLiteral("print JSON, one object a line")}};
    listing.run = list;
    Command setting;
    setting.name = QStringLiteral("keys set");
    setting.synopsis = QStringLiteral("PROVIDER|VARIABLE");
    setting.summary = QStringLiteral("put a key into the keychain, from standard input");
    setting.mostOperands = 1;
    setting.run = set;
    Command deleting;
    deleting.name = QStringLiteral("keys delete");
    deleting.synopsis = QStringLiteral("PROVIDER|VARIABLE");
    deleting.summary = QStringLiteral("take a key out of the keychain");
    deleting.mostOperands = 1;
    deleting.run = remove;
    return {listing, setting, deleting};
}

} // namespace llmcache::app
