#include <llmcache/llmcache.h>

#include <QCoreApplication>
#include <QTextStream>

using namespace llmcache;

int main(int argc, char** argv)
{
    QCoreApplication application(argc, argv);

    Agent profiler;
    profiler.name = "profiler";
    profiler.model = "test:small"; // offline; "anthropic:claude-haiku-4-5" asks Anthropic
    profiler.systemPrompt = "You read transcripts and describe the people in them.";
    profiler.output = OutputType::json("UserProfile", Json::parse(R"({
        "type": "object",
        "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
        "required": ["name", "age"]
    })"));

    RunOptions options;
    options.taskName = "make_profile";
    options.variables = Variables{{"who", "the user"}};

    QTextStream out(stdout);
    QTextStream err(stderr);
    try {
        const RunResult result = cachedAgentRunSync(profiler, "Make a profile of {{who}}", options);
        out << result.text() << '\n';
        err << (result.cached() ? "from the cache, saved " : "paid ")
            << (result.cached() ? result.avoidedCost() : result.cost()).value_or(Money()).toDisplay() << '\n';
    } catch (const Error& error) {
        err << error.kind() << ": " << error.text() << '\n';
        return error.exitCode();
    }
    return 0;
}
