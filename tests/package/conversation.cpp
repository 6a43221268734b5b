#include <llmcache/llmcache.h>

#include <QCoreApplication>
#include <QTextStream>

#include <cstdio>

using namespace llmcache;

// A conversation of two turns through a session of its own. Run again, both turns are hits.
QCoro::Task<int> converse(Session* session)
{
    QTextStream out(stdout);
    Agent guide;
    guide.name = "guide";
    guide.model = "test:small"; // offline; "openai:gpt-5-mini" asks OpenAI
    guide.systemPrompt = "You answer in one sentence.";

    RunOptions options;
    options.taskName = "chat";
    options.ttl = std::chrono::hours(24);
    options.expenseRecorder = [](const Call& call) {
        std::fprintf(stderr, "%s: %s\n", qPrintable(call.task), qPrintable(outcomeName(call.outcome)));
    };

    int code = 0;
    try {
        const QString question = "What is a cache?";
        const RunResult first = co_await session->runner().run(guide, question, options);
        out << first.text() << '\n';

        options.messageHistory = first.messages();
        const QString more = "And what is it good for?";
        const RunResult second = co_await session->runner().run(guide, more, options);
        out << second.text() << '\n' << (second.cached() ? "cached" : "paid") << '\n';
    } catch (const RateLimitError& error) {
        out << "Later: " << error.text() << '\n';
        code = error.exitCode();
    } catch (const Error& error) {
        out << error.kind() << ": " << error.text() << '\n';
        code = error.exitCode();
    }
    // What goes on behind a run's back: the ledger, answers for a store that was away.
    co_await session->runner().drain();
    co_return code;
}

int main(int argc, char** argv)
{
    QCoreApplication application(argc, argv);
    SessionConfig config = SessionConfig::fromEnvironment(); // LLM_CACHE_REDIS_URL, else a file of the user's
    config.workspace = "examples";
    Session session(config);
    return QCoro::waitFor(converse(&session));
}
