#include "commands.h"

#include "base/error.h"
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

Json listedJson(const ListedPrice& listed)
{
    Json json = Json::object();
    json["price"] = toUtf8(listed.price);
    json["usd"] = toUtf8(listed.dollars);
    json["per"] = listed.perThousand ? 1'000 : 1'000'000;
    return json;
}

QCoro::Task<int> list(CommandContext context, Arguments arguments)
{
    const PriceTable& table = context.session->runner().prices();
    const QString filter = arguments.operands().isEmpty() ? QString() : arguments.operands().front();
    const bool json = arguments.has(QStringLiteral("json"));
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
    if (arguments.operands().isEmpty())
        throw UsageError(
            QStringLiteral("Which model?"), QStringLiteral("Write it like anthropic:claude-haiku-4-5."));
    const QString model = arguments.operands().front();
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
    if (arguments.operands().isEmpty())
        throw UsageError(QStringLiteral("Which price file?"));
    const QString path = arguments.operands().front();
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

} // namespace

std::vector<Command> priceCommands()
{
    const OptionSpec json{QStringLiteral("json"), {}, QStringLiteral("print JSON, one object a line")};
    Command listing;
    listing.name = QStringLiteral("prices list");
    listing.synopsis = QStringLiteral("[TEXT] [--json]");
    listing.summary = QStringLiteral("list models with a known price");
    listing.options = {json};
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
    return {listing, showing, quoting, checking};
}

} // namespace llmcache::app
