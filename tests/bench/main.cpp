// Prints figures beside a reference that was measured in the same run: llmcache_bench [PART...] [--smoke]
// [--json]
#include "base/memory.h"
#include "entries.h"
#include "figures.h"
#include "hits.h"
#include "ledger.h"
#include "python.h"
#include "redisserver.h"
#include "streams.h"
#include "testenvironment.h"

#include <hiredis/hiredis.h>

#include <QApplication>
#include <QCommandLineParser>
#include <QElapsedTimer>
#include <QProcess>
#include <QTextStream>

#include <memory>

namespace {

using namespace llmcache;
using namespace llmcache::bench;

constexpr int answerBytes = 2000;
constexpr int prompts = 500;

struct CloseRedis {
    void operator()(redisContext* context) const { redisFree(context); }
};
struct FreeReply {
    void operator()(void* reply) const { freeReplyObject(reply); }
};
using Reply = std::unique_ptr<void, FreeReply>;

/// A plain GET of as many bytes as a hit reads, over a connection of its own.
class BareGet {
public:
    BareGet(quint16 port, qsizetype bytes)
        : m_context(redisConnect("127.0.0.1", port))
    {
        const QByteArray value(bytes, 'x');
        const Reply set(redisCommand(
            m_context.get(), "SET bench:value %b", value.constData(), static_cast<size_t>(value.size())));
    }
    std::vector<double> times(int count)
    {
        std::vector<double> times;
        QElapsedTimer timer;
        for (int at = 0; at < count; ++at) {
            timer.start();
            const Reply reply(redisCommand(m_context.get(), "GET bench:value"));
            times.push_back(static_cast<double>(timer.nsecsElapsed()) / 1000.0);
        }
        return times;
    }

private:
    std::unique_ptr<redisContext, CloseRedis> m_context;
};

/// Requests a second of redis-benchmark's pipelined GET; nothing where it is not installed.
std::optional<double> benchmarkThroughput(quint16 port, qsizetype bytes, int count)
{
    QProcess process;
    process.start(QStringLiteral("redis-benchmark"),
        {QStringLiteral("-p"), QString::number(port), QStringLiteral("-P"), QStringLiteral("64"),
            QStringLiteral("-t"), QStringLiteral("set,get"), QStringLiteral("-d"), QString::number(bytes),
            QStringLiteral("-n"), QString::number(count), QStringLiteral("--csv")});
    if (!process.waitForFinished(60'000))
        return std::nullopt;
    for (const QByteArray& line : process.readAllStandardOutput().split('\n')) {
        if (line.startsWith("\"GET\""))
            return line.split(',').value(1).replace('"', "").toDouble();
    }
    return std::nullopt;
}

struct Plan {
    int rounds;
    int perRound;
    int inFlightRuns;
    int streamSeconds;
    int replyMegabytes;
    int rows;
    qint64 ledgerRows;
    int pickleMegabytes;
    int pythonRows;
};

void append(std::vector<double>& all, const std::vector<double>& more)
{
    all.insert(all.end(), more.begin(), more.end());
}

std::vector<Figure> redisFigures(const Plan& plan, const QString& folder)
{
    test::RedisServer server;
    if (!server.start())
        return {};
    WarmSession warm(server.url(), folder, prompts, answerBytes);
    warm.warmUp();
    warm.drain();
    const qsizetype bytes = warm.bytesOfHit();
    BareGet bare(server.port(), bytes);
    std::vector<double> hits;
    std::vector<double> gets;
    for (int round = 0; round < plan.rounds; ++round) {
        append(gets, bare.times(plan.perRound));
        append(hits, warm.oneAtATime(plan.perRound));
        warm.drain();
    }
    std::vector<Figure> figures;
    Figure hit;
    hit.name = QStringLiteral("hit, Redis");
    hit.value = median(hits);
    hit.unit = QStringLiteral("µs");
    hit.reference = QStringLiteral("hiredis GET of as many bytes");
    hit.referenceValue = median(gets);
    hit.target = 1.4;
    figures.push_back(hit);

    std::vector<double> ours;
    std::vector<double> theirs;
    std::vector<double> keys;
    for (int round = 0; round < plan.rounds; ++round) {
        ours.push_back(warm.throughput(plan.inFlightRuns, 256));
        warm.drain();
        keys.push_back(warm.keysAlone(plan.inFlightRuns));
        if (const auto reference = benchmarkThroughput(server.port(), bytes, plan.inFlightRuns * 5))
            theirs.push_back(*reference);
    }
    Figure many;
    many.name = QStringLiteral("hits in flight, Redis");
    many.value = median(ours);
    many.unit = QStringLiteral("/s");
    many.reference = QStringLiteral("redis-benchmark -P 64 GET");
    if (!theirs.empty())
        many.referenceValue = median(theirs);
    many.target = 0.4;
    many.higherIsBetter = true;
    figures.push_back(many);
    Figure alone = many;
    alone.name = QStringLiteral("requests and keys alone");
    alone.value = median(keys);
    alone.target = 0;
    figures.push_back(alone);
    return figures;
}

Figure sqliteFigure(const Plan& plan, const QString& folder)
{
    WarmSession warm({}, folder, prompts, answerBytes);
    warm.warmUp();
    warm.drain();
    std::vector<double> hits;
    for (int round = 0; round < plan.rounds; ++round) {
        append(hits, warm.oneAtATime(plan.perRound));
        warm.drain();
    }
    Figure figure;
    figure.name = QStringLiteral("hit, SQLite");
    figure.value = median(hits);
    figure.unit = QStringLiteral("µs");
    figure.target = 60;
    return figure;
}

Figure deadRedisFigure(const Plan& plan, const QString& folder)
{
    const quint16 nobody = test::RedisServer::freePort();
    WarmSession warm(QStringLiteral("redis://127.0.0.1:%1").arg(nobody), folder, prompts, answerBytes);
    warm.oneAtATime(10); // opens the breaker
    std::vector<double> with;
    std::vector<double> without;
    for (int round = 0; round < plan.rounds; ++round) {
        append(with, warm.oneAtATime(plan.perRound / 4));
        append(without, warm.oneAtATime(plan.perRound / 4, CachePolicy::Bypass));
    }
    warm.drain();
    Figure figure;
    figure.name = QStringLiteral("dead Redis adds");
    figure.value = (median(with) - median(without)) / 1000.0;
    figure.unit = QStringLiteral("ms");
    figure.target = 5;
    return figure;
}

Figure stallFigure(const Plan& plan, const QString& folder)
{
    Figure figure;
    figure.name = QStringLiteral("longest stall, 8 streams");
    figure.value = longestStall(folder, 8, plan.streamSeconds);
    figure.unit = QStringLiteral("ms");
    figure.target = 32;
    return figure;
}

Figure memoryFigure(const Plan& plan, const QString& folder)
{
    constexpr double megabyte = 1024 * 1024;
    const qint64 bytes = plan.replyMegabytes * qint64(1024 * 1024);
    Figure figure;
    figure.name = QStringLiteral("memory of a reply");
    figure.value = peakOfReply(QCoreApplication::applicationFilePath(), folder, bytes) / megabyte;
    figure.unit = QStringLiteral("MB");
    figure.reference = QStringLiteral("its size");
    figure.referenceValue = static_cast<double>(plan.replyMegabytes);
    figure.target = 4;
    return figure;
}

} // namespace

int main(int argc, char** argv)
{
    const test::TestEnvironment environment;
    keepLittleFreeMemory(); // as the program does
    if (!qEnvironmentVariableIsSet("QT_QPA_PLATFORM"))
        qputenv("QT_QPA_PLATFORM", "offscreen");
    qInstallMessageHandler([](QtMsgType, const QMessageLogContext&, const QString& text) {
        // The offscreen platform says with every change of a window's layout what it can't do.
        if (!text.startsWith(QLatin1String("This plugin does not support")))
            QTextStream(stderr) << text << Qt::endl;
    });
    const QApplication application(argc, argv);
    QCommandLineParser parser;
    parser.addOption({QStringLiteral("smoke"), QStringLiteral("a few rounds, to see that it works")});
    parser.addOption({QStringLiteral("json"), QStringLiteral("one JSON object a line")});
    parser.addOption({QStringLiteral("serve"), QStringLiteral("serve replies of that size (for itself)"),
        QStringLiteral("bytes")});
    parser.addOption({QStringLiteral("rows"),
        QStringLiteral("entries that are scanned, searched and deleted; calls of the ledger"),
        QStringLiteral("count")});
    parser.addOption({QStringLiteral("keep"),
        QStringLiteral("leave the SQLite ledger there, and measure the one that is there"),
        QStringLiteral("folder")});
    parser.addOption({QStringLiteral("redis"),
        QStringLiteral("leave the Redis ledger on that server, and measure the one that is there"),
        QStringLiteral("URL")});
    parser.addPositionalArgument(QStringLiteral("PART"),
        QStringLiteral("hits, streams, entries (or entries-sqlite, entries-redis), view, python, ledger (or "
                       "ledger-sqlite, ledger-redis); all of them by default"),
        QStringLiteral("[PART...]"));
    parser.addHelpOption();
    parser.process(application);
    if (parser.isSet(QStringLiteral("serve")))
        return serveReplies(parser.value(QStringLiteral("serve")).toLongLong());
    const bool json = parser.isSet(QStringLiteral("json"));
    const Plan plan = parser.isSet(QStringLiteral("smoke"))
        ? Plan{1, 20, 300, 1, 5, 3000, 3000, 1, 3000}
        : Plan{9, 400, 20'000, 10, 50, 1'000'000, 10'000'000, 100, 100'000};

    QTextStream out(stdout);
    const auto print = [&out, json](const Figure& figure) { out << toLine(figure, json) << Qt::endl; };
    const QStringList chosen = parser.positionalArguments();
    const auto wants = [&chosen](const char* part) {
        return chosen.isEmpty() || chosen.contains(QLatin1String(part));
    };
    if (!test::RedisServer::isInstalled())
        QTextStream(stderr) << test::RedisServer::missingText() << Qt::endl;
    if (wants("hits")) {
        if (test::RedisServer::isInstalled()) {
            for (const Figure& figure : redisFigures(plan, environment.path(QStringLiteral("redis"))))
                print(figure);
        }
        print(sqliteFigure(plan, environment.path(QStringLiteral("sqlite"))));
        print(deadRedisFigure(plan, environment.path(QStringLiteral("dead"))));
    }
    if (wants("streams")) {
        print(stallFigure(plan, environment.path(QStringLiteral("streams"))));
        print(memoryFigure(plan, environment.path(QStringLiteral("reply"))));
    }
    bench::EntryParts parts;
    parts.view = wants("view");
    parts.sqlite = parts.view || wants("entries") || wants("entries-sqlite");
    parts.redis = parts.view || wants("entries") || wants("entries-redis");
    parts.entries = wants("entries") || wants("entries-sqlite") || wants("entries-redis");
    if (parts.sqlite || parts.redis) {
        const int rows =
            parser.isSet(QStringLiteral("rows")) ? parser.value(QStringLiteral("rows")).toInt() : plan.rows;
        entryFigures(environment.path(QStringLiteral("entries")), rows, parts, print);
    }
    if (wants("python")) {
        print(pickleFigure(plan.pickleMegabytes));
        if (const auto figure = pythonListingFigure(plan.pythonRows))
            print(*figure);
    }
    LedgerPlan ledger;
    ledger.sqlite = wants("ledger") || wants("ledger-sqlite");
    ledger.redis = wants("ledger") || wants("ledger-redis");
    if (ledger.sqlite || ledger.redis) {
        ledger.folder = parser.isSet(QStringLiteral("keep")) ? parser.value(QStringLiteral("keep"))
                                                             : environment.path(QStringLiteral("ledger"));
        ledger.rows = parser.isSet(QStringLiteral("rows")) ? parser.value(QStringLiteral("rows")).toLongLong()
                                                           : plan.ledgerRows;
        ledger.redisUrl = parser.value(QStringLiteral("redis"));
        for (const Figure& figure : ledgerFigures(ledger))
            print(figure);
    }
    return 0;
}
