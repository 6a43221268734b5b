// One process of a fault test: runs prompts through the cache as any program does, and prints what became of
// them as one JSON object.
//
//     faultrunner --store URL --data DIR --provider URL --prompts N [--file-limit BYTES]
#include "base/error.h"
#include "cache/session.h"
#include "waitfortask.h"

#include <QCommandLineParser>
#include <QCoreApplication>
#include <QLoggingCategory>

#include <cstdio>

#ifdef Q_OS_UNIX
#include <csignal>
#include <sys/resource.h>
#endif

using namespace llmcache;

namespace {

struct Tally {
    int runs = 0;
    int answered = 0;
    int hits = 0;
    int stored = 0;
    int requests = 0;
    QString problem;
};

QCoro::Task<bool> runOne(Session* session, QString prompt, Tally* tally)
{
    Agent agent;
    agent.name = QStringLiteral("helper");
    agent.model = QStringLiteral("openai:gpt-4o-mini");
    ++tally->runs;
    try {
        RunOptions options;
        const RunResult result = co_await session->runner().run(std::move(agent), prompt, std::move(options));
        ++tally->answered;
        tally->hits += result.cached() ? 1 : 0;
        tally->stored += result.data().stored ? 1 : 0;
        tally->requests += result.data().attempts;
        if (!result.warnings().isEmpty())
            tally->problem = result.warnings().join(QLatin1Char(' '));
    } catch (const Error& error) {
        tally->problem = error.text();
    }
    co_return true;
}

QCoro::Task<bool> drained(Session* session)
{
    co_await session->runner().drain();
    co_return true;
}

} // namespace

int main(int argc, char** argv)
{
    QLoggingCategory::setFilterRules(QStringLiteral("llmcache.*=false"));
    QCoreApplication application(argc, argv);
    QCommandLineParser parser;
    for (const char* name : {"store", "data", "provider", "prompts", "file-limit"})
        parser.addOption({QString::fromLatin1(name), QString(), QStringLiteral("value")});
    parser.process(application);
#ifdef Q_OS_UNIX
    if (const auto limit = parser.value(QStringLiteral("file-limit")).toULongLong()) {
        std::signal(SIGXFSZ, SIG_IGN); // a write beyond the limit then fails like one on a full disk
        const rlimit size{limit, limit};
        setrlimit(RLIMIT_FSIZE, &size);
    }
#endif
    SessionConfig config;
    config.storeUrl = parser.value(QStringLiteral("store"));
    config.dataFolder = parser.value(QStringLiteral("data"));
    config.providers.baseUrls.insert(
        QStringLiteral("openai"), QUrl(parser.value(QStringLiteral("provider"))));
    Session session(std::move(config));
    Tally tally;
    test::waitForTask([](Session* used) -> QCoro::Task<bool> {
        co_await used->replaySpool();
        co_return true;
    }(&session));
    std::vector<QCoro::Task<bool>> tasks;
    const int prompts = parser.value(QStringLiteral("prompts")).toInt();
    for (int i = 0; i < prompts; ++i)
        tasks.push_back(runOne(&session, QStringLiteral("Question %1").arg(i), &tally));
    for (auto& task : tasks)
        test::waitForTask(std::move(task));
    test::waitForTask(drained(&session));
    Json json = Json::object();
    json["runs"] = tally.runs;
    json["answered"] = tally.answered;
    json["hits"] = tally.hits;
    json["stored"] = tally.stored;
    json["requests"] = tally.requests;
    json["problem"] = toUtf8(tally.problem);
    std::puts(toJsonText(json).constData());
    return 0;
}
