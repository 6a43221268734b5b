#include "commands.h"

#include "base/error.h"
#include "cost/pricefiles.h"
#include "cost/pricesource.h"
#include "cost/quoteline.h"
#include "output.h"

#include <QFile>

#include <iostream>

namespace llmcache::app {

namespace {

QString knownOr(const QString& text, const QString& fallback)
{
    return text.isEmpty() ? fallback : text;
}

QString onlyOperand(const Arguments& arguments, const QString& question, const QString& remedy)
{
    if (arguments.operands().isEmpty())
        throw UsageError(question, remedy);
    return arguments.operands().front();
}

QString modelOperand(const Arguments& arguments)
{
    return onlyOperand(arguments, QStringLiteral("Which model?"),
        QStringLiteral("Write it like anthropic:claude-haiku-4-5."));
}

Json listedJson(const ListedPrice& listed)
{
    Json json = Json::object();
    json["price"] = toUtf8(listed.price);
    json["usd"] = toUtf8(listed.dollars);
    json["per"] = listed.perThousand ? 1'000 : 1'000'000;
    return json;
}

int listCustom(const CustomCosts& all, const QString& filter, bool json)
{
    const QString none = QStringLiteral("-");
    TextTable text({QStringLiteral("MODEL"), QStringLiteral("INPUT $/M"), QStringLiteral("OUTPUT $/M"),
                       QStringLiteral("CACHE WRITE $/M"), QStringLiteral("CACHE READ $/M")},
        {false, true, true, true, true});
    int shown = 0;
    for (auto one = all.cbegin(); one != all.cend(); ++one) {
        if (!one.key().contains(filter, Qt::CaseInsensitive))
            continue;
        ++shown;
        const ModelCosts& costs = *one;
        if (json) {
            const auto known = [](const QString& dollars) {
                return dollars.isEmpty() ? Json(nullptr) : Json(toUtf8(dollars));
            };
            Json row = Json::object();
            row["model"] = toUtf8(one.key());
            row["input_usd_per_million"] = known(costs.costPerMillionInputTokens);
            row["output_usd_per_million"] = known(costs.costPerMillionOutputTokens);
            row["cache_write_usd_per_million"] = known(costs.costPerMillionCachingInputTokens);
            row["cache_read_usd_per_million"] = known(costs.costPerMillionCachingHitTokens);
            printJsonLine(row);
        } else {
            text.add({one.key(), costs.costPerMillionInputTokens, costs.costPerMillionOutputTokens,
                knownOr(costs.costPerMillionCachingInputTokens, none),
                knownOr(costs.costPerMillionCachingHitTokens, none)});
        }
    }
    if (!json)
        print(shown > 0 ? text.toText() : QStringLiteral("No model has custom costs.\n"));
    return 0;
}

QCoro::Task<int> list(CommandContext context, Arguments arguments)
{
    const PriceTable& table = context.session->runner().prices();
    const QString filter = arguments.operands().isEmpty() ? QString() : arguments.operands().front();
    const bool json = arguments.has(QStringLiteral("json"));
    if (arguments.has(QStringLiteral("custom")))
        co_return listCustom(table.customCosts(), filter, json);
    TextTable text({QStringLiteral("MODEL"), QStringLiteral("CONTEXT"), QStringLiteral("INPUT $/M"),
                       QStringLiteral("OUTPUT $/M")},
        {false, true, true, true});
    int shown = 0;
    for (const ModelInfo& info : table.models()) {
        const QString reference = info.provider + QLatin1Char(':') + info.model;
        if (!reference.contains(filter, Qt::CaseInsensitive))
            continue;
        ++shown;
        if (json) {
            Json row = Json::object();
            row["provider"] = toUtf8(info.provider);
            row["model"] = toUtf8(info.model);
            row["context_window"] = info.contextWindow == 0 ? Json(nullptr) : Json(info.contextWindow);
            row["input_usd_per_million"] =
                info.inputPerMillion.isEmpty() ? Json(nullptr) : Json(toUtf8(info.inputPerMillion));
            row["output_usd_per_million"] =
                info.outputPerMillion.isEmpty() ? Json(nullptr) : Json(toUtf8(info.outputPerMillion));
            printJsonLine(row);
        } else {
            const QString none = QStringLiteral("-");
            text.add({reference, info.contextWindow == 0 ? none : QString::number(info.contextWindow),
                knownOr(info.inputPerMillion, none), knownOr(info.outputPerMillion, none)});
        }
    }
    if (!json && shown > 0)
        print(text.toText());
    if (!json && shown == 0)
        printLine(QStringLiteral("No known model contains \"%1\".").arg(filter));
    co_return 0;
}

QCoro::Task<int> show(CommandContext context, Arguments arguments)
{
    const QString model = modelOperand(arguments);
    const std::vector<ListedPrice> prices = context.session->runner().prices().prices(model);
    if (prices.empty())
        throw ConfigurationError(QStringLiteral("No price is known for %1.").arg(model),
            QStringLiteral("\"llmcache prices list\" shows the known models."));
    for (const ListedPrice& listed : prices) {
        if (arguments.has(QStringLiteral("json")))
            printJsonLine(listedJson(listed));
        else
            printLine(QStringLiteral("$%1 per %2  %3")
                          .arg(listed.dollars,
                              listed.perThousand ? QStringLiteral("thousand") : QStringLiteral("million"),
                              listed.price));
    }
    co_return 0;
}

QCoro::Task<int> quote(CommandContext context, Arguments)
{
    const PriceTable& table = context.session->runner().prices();
    std::string line;
    int failed = 0;
    while (std::getline(std::cin, line)) {
        const QByteArray text = QByteArray::fromStdString(line);
        if (text.trimmed().isEmpty())
            continue;
        const QByteArray answer = quoteLine(table, text);
        failed += answer.startsWith("{\"error\"") ? 1 : 0;
        std::cout << answer.toStdString() << '\n';
    }
    std::cout.flush();
    if (failed > 0)
        printError(QStringLiteral("llmcache: warning: %1 lines could not be quoted; see their \"error\".")
                       .arg(failed));
    co_return 0;
}

QCoro::Task<int> check(CommandContext, Arguments arguments)
{
    const QString path = onlyOperand(arguments, QStringLiteral("Which price file?"), {});
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly))
        throw ConfigurationError(
            QStringLiteral("The price file \"%1\" can't be read: %2.").arg(path, file.errorString()));
    const PriceTable table = PriceTable::fromJson(file.readAll(), QStringLiteral("Price file ") + path);
    printLine(QStringLiteral("%1 is good: version %2, %3 models.")
                  .arg(path, table.version())
                  .arg(table.models().size()));
    co_return 0;
}

PriceFiles priceFiles(const CommandContext& context)
{
    const QString& folder = context.session->config().dataFolder;
    if (folder.isEmpty())
        throw ConfigurationError(QStringLiteral("There is no data folder to keep prices in."),
            QStringLiteral("Name one with --config."));
    return PriceFiles(folder);
}

QCoro::Task<int> set(CommandContext context, Arguments arguments)
{
    const QString model = modelOperand(arguments);
    ModelCosts costs;
    costs.costPerMillionInputTokens = arguments.required(QStringLiteral("input"));
    costs.costPerMillionOutputTokens = arguments.required(QStringLiteral("output"));
    costs.costPerMillionCachingInputTokens = arguments.value(QStringLiteral("cache-write"));
    costs.costPerMillionCachingHitTokens = arguments.value(QStringLiteral("cache-read"));
    PriceFiles files = priceFiles(context);
    files.setCosts(model, costs);
    printLine(QStringLiteral("%1 costs $%2 per million input tokens and $%3 per million output tokens.")
                  .arg(model, costs.costPerMillionInputTokens, costs.costPerMillionOutputTokens));
    co_return 0;
}

QCoro::Task<int> unset(CommandContext context, Arguments arguments)
{
    const QString model = modelOperand(arguments);
    if (!priceFiles(context).removeCosts(model))
        throw ConfigurationError(QStringLiteral("%1 has no custom costs.").arg(model),
            QStringLiteral("\"llmcache prices list --custom\" shows the models that have."));
    printLine(QStringLiteral("%1 has no custom costs any more.").arg(model));
    co_return 0;
}

Json changeJson(const PriceChange& change)
{
    const auto textOrNull = [](const QString& text) {
        return text.isEmpty() ? Json(nullptr) : Json(toUtf8(text));
    };
    Json json = Json::object();
    json["provider"] = toUtf8(change.provider);
    json["model"] = toUtf8(change.model);
    json["price"] = toUtf8(change.price);
    json["before_usd"] = textOrNull(change.before);
    json["after_usd"] = textOrNull(change.after);
    return json;
}

void printPreview(const PriceImport& import)
{
    constexpr std::size_t mostLines = 40;
    if (!import.changes.empty()) {
        const QString none = QStringLiteral("-");
        TextTable text({QStringLiteral("MODEL"), QStringLiteral("PRICE"), QStringLiteral("NOW $"),
                           QStringLiteral("THEN $")},
            {false, false, true, true});
        for (std::size_t at = 0; at < std::min(mostLines, import.changes.size()); ++at) {
            const PriceChange& change = import.changes[at];
            text.add({change.provider + QLatin1Char(':') + change.model, change.price,
                knownOr(change.before, none), knownOr(change.after, none)});
        }
        print(text.toText());
        if (import.changes.size() > mostLines)
            printLine(QStringLiteral("… and %1 more; --json prints all of them.")
                          .arg(import.changes.size() - mostLines));
    }
    printLine(QStringLiteral("%1 table with %2 models: %3 new, %4 with other prices.")
                  .arg(priceFormatName(import.format))
                  .arg(import.modelsRead)
                  .arg(import.modelsAdded)
                  .arg(import.modelsChanged));
}

int goBackToBuiltIn(const CommandContext& context)
{
    const bool had = priceFiles(context).useBuiltInTable();
    printLine(had ? QStringLiteral("The built-in prices are in force again.")
                  : QStringLiteral("The built-in prices are in force already."));
    return 0;
}

QCoro::Task<int> import(CommandContext context, Arguments arguments)
{
    if (arguments.has(QStringLiteral("built-in")))
        co_return goBackToBuiltIn(context);
    const QString source = onlyOperand(arguments, QStringLiteral("Which price table?"),
        QStringLiteral("Give a file or an http(s) address, or --built-in."));
    PriceImportOptions options;
    options.leaveOutDoubtful = arguments.has(QStringLiteral("skip-doubtful"));
    if (const QString day = arguments.value(QStringLiteral("from")); !day.isEmpty()) {
        options.from = QDate::fromString(day, Qt::ISODate);
        if (!options.from.isValid())
            throw UsageError(QStringLiteral("--from \"%1\" is no day.").arg(day),
                QStringLiteral("Write it like 2026-12-01."));
    }
    const PriceFiles files = priceFiles(context);
    const PriceTable current = files.load();
    const PriceImport imported = co_await importPricesFrom(source, current, options, {});
    const bool json = arguments.has(QStringLiteral("json"));
    for (const PriceChange& change : imported.changes) {
        if (json)
            printJsonLine(changeJson(change));
    }
    if (!json)
        printPreview(imported);
    for (const QString& note : imported.notes)
        printError(QStringLiteral("llmcache: warning: %1").arg(note));
    if (imported.changes.empty()) {
        if (!json)
            printLine(QStringLiteral("Nothing changes."));
        co_return 0;
    }
    if (arguments.has(QStringLiteral("dry-run")))
        co_return 0;
    if (!arguments.has(QStringLiteral("yes")) && !confirm(QStringLiteral("Use these prices from now on?")))
        throw Cancelled(
            QStringLiteral("The prices are unchanged."), QStringLiteral("Confirm, or give --yes."));
    PriceFiles(files).useTable(imported.table);
    if (!json)
        printLine(QStringLiteral("These prices are in force; --built-in goes back."));
    co_return 0;
}

} // namespace

std::vector<Command> priceCommands()
{
    const OptionSpec json{QStringLiteral("json"), {}, QStringLiteral("print JSON, one object a line")};
    Command listing;
    listing.name = QStringLiteral("prices list");
    listing.synopsis = QStringLiteral("[TEXT] [--custom] [--json]");
    listing.summary = QStringLiteral("list models with a known price");
    listing.options = {
        {QStringLiteral("custom"), {}, QStringLiteral("only the prices that were set by hand")}, json};
    listing.mostOperands = 1;
    listing.run = list;
    Command showing;
    showing.name = QStringLiteral("prices show");
    showing.synopsis = QStringLiteral("MODEL [--json]");
    showing.summary = QStringLiteral("show every price of a model");
    showing.options = {json};
    showing.mostOperands = 1;
    showing.run = show;
    Command quoting;
    quoting.name = QStringLiteral("prices quote");
    quoting.synopsis = QStringLiteral("< USAGE.jsonl");
    quoting.summary = QStringLiteral("price usage given as JSON Lines on standard input");
    quoting.run = quote;
    Command checking;
    checking.name = QStringLiteral("prices check");
    checking.synopsis = QStringLiteral("FILE");
    checking.summary = QStringLiteral("check a price table in the program's own format");
    checking.mostOperands = 1;
    checking.run = check;
    const auto dollars = [](const char* name, const char* of) {
        return OptionSpec{QLatin1String(name), QStringLiteral("DOLLARS"),
            QStringLiteral("per million %1 tokens").arg(QLatin1String(of))};
    };
    Command setting;
    setting.name = QStringLiteral("prices set");
    setting.synopsis = QStringLiteral("MODEL --input DOLLARS --output DOLLARS [options]");
    setting.summary = QStringLiteral("set what a model costs; wins over the table");
    setting.options = {dollars("input", "input"), dollars("output", "output"),
        dollars("cache-write", "cache write (the input price without it)"),
        dollars("cache-read", "cache read (the input price without it)")};
    setting.mostOperands = 1;
    setting.run = set;
    Command unsetting;
    unsetting.name = QStringLiteral("prices unset");
    unsetting.synopsis = QStringLiteral("MODEL");
    unsetting.summary = QStringLiteral("go back to the table's prices of a model");
    unsetting.mostOperands = 1;
    unsetting.run = unset;
    Command importing;
    importing.name = QStringLiteral("prices import");
    importing.synopsis = QStringLiteral("FILE|URL [options] | --built-in");
    importing.summary = QStringLiteral("use another price table; shows what changes first");
    importing.options = {
        {QStringLiteral("from"), QStringLiteral("DAY"),
            QStringLiteral("the new prices hold from this day; earlier calls keep the old ones")},
        {QStringLiteral("skip-doubtful"), {},
            QStringLiteral("leave out models with unknown fields or absurd prices")},
        {QStringLiteral("dry-run"), {}, QStringLiteral("show what would change, and change nothing")},
        {QStringLiteral("yes"), {}, QStringLiteral("don't ask")},
        {QStringLiteral("built-in"), {}, QStringLiteral("go back to the program's own table")},
        {QStringLiteral("json"), {}, QStringLiteral("print the changes as JSON, one object a line")}};
    importing.mostOperands = 1;
    importing.run = import;
    return {listing, showing, setting, unsetting, importing, quoting, checking};
}

} // namespace llmcache::app
