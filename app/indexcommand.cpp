#include "commands.h"

#include "base/error.h"
#include "entryselection.h"
#include "interrupt.h"
#include "output.h"
#include "store/textindex.h"

namespace llmcache::app {

namespace {

QCoro::Task<TextIndexState> indexAll(TextIndex* index, std::stop_token stop)
{
    ProgressLine line;
    qint64 total = 0;
    for (;;) {
        auto indexing = index->indexTexts();
        const TextIndexState state = co_await indexing;
        total = std::max(total, state.unindexed);
        line.show(total - state.unindexed, total);
        if (!state.isAvailable || state.unindexed == 0)
            co_return state;
        if (stop.stop_requested())
            throw Cancelled(QStringLiteral("Interrupted."),
                QStringLiteral("What is indexed stays so; run it again for the rest."));
    }
}

QCoro::Task<int> run(CommandContext context, Arguments)
{
    Store* const store = &context.session->store();
    auto* const index = dynamic_cast<TextIndex*>(store);
    if (!index)
        throw UsageError(QStringLiteral("%1 has no index of texts.").arg(store->info().name),
            QStringLiteral("Searches there read all texts; only SQLite files have an index."));
    const Interrupt interrupt;
    auto indexing = indexAll(index, interrupt.token());
    const TextIndexState state = co_await indexing;
    if (!state.isAvailable)
        throw ConfigurationError(QStringLiteral("This SQLite can't index texts (FTS5 with trigrams)."),
            QStringLiteral("Use SQLite 3.34 or newer. Searches work without it, and take longer."));
    printLine(QStringLiteral("All texts are indexed."));
    co_return 0;
}

} // namespace

std::vector<Command> indexCommands()
{
    Command indexing;
    indexing.name = QStringLiteral("entries index");
    indexing.summary = QStringLiteral(
        "bring the index for text: of an SQLite file up to date, as the window does by itself");
    indexing.run = run;
    return {indexing};
}

} // namespace llmcache::app
