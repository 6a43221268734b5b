// One process that records calls until it has recorded all of them or is killed, and prints how many the
// store has taken so far after each batch.
//
//     callwriter URL WORKSPACE SEED CALLS
#include "base/error.h"
#include "ledgersample.h"
#include "waitfortask.h"

#include <QCoreApplication>

#include <cstdio>

using namespace llmcache;

int main(int argc, char** argv)
{
    const QCoreApplication application(argc, argv);
    const QStringList arguments = QCoreApplication::arguments();
    if (arguments.size() != 5)
        return 2;
    try {
        const auto store = test::openLedger(arguments[1], arguments[2]);
        const std::vector<Call> calls =
            test::sampleLedger(arguments[3].toUInt(), static_cast<std::size_t>(arguments[4].toInt()));
        constexpr std::size_t batch = 7;
        for (std::size_t at = 0; at < calls.size(); at += batch) {
            const std::size_t end = std::min(calls.size(), at + batch);
            const auto from = calls.begin() + static_cast<std::ptrdiff_t>(at);
            std::vector<Call> some(from, calls.begin() + static_cast<std::ptrdiff_t>(end));
            test::waitForTask(store->recordCalls(std::move(some)));
            std::printf("%zu\n", end);
            std::fflush(stdout);
        }
    } catch (const Error& error) {
        std::fprintf(stderr, "%s\n", qPrintable(error.text()));
        return 1;
    }
    return 0;
}
