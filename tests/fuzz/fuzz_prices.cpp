// Price tables of others: whatever the bytes, they are imported or refused with a reason. What was imported
// is a table that can be used, and importing it again changes nothing.
#include "base/error.h"
#include "cost/priceimport.h"
#include "cost/quoteline.h"
#include "fuzzinput.h"

using namespace llmcache;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    static const PriceTable current = PriceTable::fromJson(
        R"({"schema": 1, "version": "2026-01-01", "providers": [
            {"id": "openai", "name": "OpenAI", "prefixes": ["openai"], "models": [
                {"id": "gpt-5", "prices": [{"input": "1.25", "output": "10"}]}]}]})",
        QStringLiteral("the fuzzer's table"));
    const QByteArray bytes = fuzz::bytesOf(data, size);
    // Lines of "prices quote" have a parser of their own.
    fuzz::require(quoteLine(current, bytes, 0).startsWith('{'), "every line has an answer");
    PriceImportOptions options;
    options.version = QStringLiteral("2026-11-01");
    options.leaveOutDoubtful = size % 2 == 0;
    PriceImport import;
    try {
        import = importPrices(bytes, QStringLiteral("the input"), current, options);
    } catch (const ConfigurationError& error) {
        fuzz::require(!error.message().isEmpty(), "a refusal has a reason");
        return 0;
    }
    const PriceTable table = PriceTable::fromJson(import.table, QStringLiteral("what was imported"));
    fuzz::require(table.models().size() >= current.models().size(), "no model is lost");
    const PriceImport again = importPrices(import.table, QStringLiteral("again"), table, options);
    fuzz::require(again.changes.empty(), "importing a table into itself changes nothing");
    return 0;
}
