#include "python.h"

#include "interop/picklewriter.h"
#include "redisserver.h"
#include "store/pythonstore.h"
#include "store/redis/redisstore.h"
#include "waitfortask.h"

#include <QElapsedTimer>

namespace llmcache::bench {

namespace {

/// CachedResult with a short text, as pyai-caching 0.4 stores it.
QByteArray samplePickle()
{
    return QByteArray::fromHex("80049545010000000000008c12707961695f63616368696e672e6167656e74948c0c436163686"
                               "564526573756c749493942981947d"
                               "94288c066f7574707574948c026869948c065f7573616765947d94288c0c696e7075745f746f6"
                               "b656e73944b0a8c1263616368655f"
                               "77726974655f746f6b656e73944b008c1163616368655f726561645f746f6b656e73944b008c0"
                               "d6f75747075745f746f6b656e7394"
                               "4d2c018c12696e7075745f617564696f5f746f6b656e73944b008c1763616368655f617564696"
                               "f5f726561645f746f6b656e73944b"
                               "008c136f75747075745f617564696f5f746f6b656e73944b008c0764657461696c73947d948c0"
                               "d6361636865645f746f6b656e7394"
                               "4a70110100738c087265717565737473944b018c0a746f6f6c5f63616c6c73944b00758c056d6"
                               "f64656c948c066770742d346f948c"
                               "04636f737494473f0797cc39ffd60f75622e");
}

/// A list of records, each of a class, with what such objects hold.
QByteArray largePickle(qint64 bytes)
{
    constexpr qint64 recordBytes = 130;
    PickleBuilder builder;
    builder.emptyList();
    builder.mark();
    for (qint64 number = 0; number < bytes / recordBytes; ++number) {
        builder.global("app.models", "Line");
        builder.tuple(0);
        builder.newObject();
        builder.emptyDict();
        builder.mark();
        builder.utf8("article");
        builder.text(QStringLiteral("article number %1").arg(number));
        builder.utf8("price");
        builder.real(static_cast<double>(number) / 7);
        builder.utf8("count");
        builder.integer(number);
        builder.utf8("tags");
        builder.emptyList();
        builder.mark();
        for (const char* tag : {"new", "on sale"})
            builder.utf8(tag);
        builder.integer(number % 100);
        builder.boolean(number % 2 == 0);
        builder.none();
        builder.appendFromMark();
        builder.utf8("note");
        builder.text(QStringLiteral("a line of some words that nobody reads, %1").arg(number));
        builder.setFromMark();
        builder.build();
    }
    builder.appendFromMark();
    return builder.finish();
}

QCoro::Task<bool> fill(Store* store, int rows)
{
    constexpr int together = 1000;
    PythonStore* const python = pythonStoreOf(store);
    for (int start = 0; start < rows; start += together) {
        QStringList keys;
        for (int number = start; number < std::min(start + together, rows); ++number)
            keys.append(QStringLiteral("pyai-cache:v3:%1").arg(number, 64, 16, QLatin1Char('0')));
        auto putting = python->putForPython(std::move(keys), samplePickle(), std::nullopt);
        co_await putting;
    }
    co_return true;
}

} // namespace

Figure pickleFigure(int megabytes)
{
    const qint64 megabyte = qint64(1024) * 1024;
    const QByteArray pickle = largePickle(megabytes * megabyte);
    constexpr int rounds = 5;
    std::vector<double> perMegabyte;
    for (int round = 0; round < rounds; ++round) {
        QElapsedTimer timer;
        timer.start();
        const PickleDocument document = readPickle(pickle);
        const double milliseconds = static_cast<double>(timer.nsecsElapsed()) / 1e6;
        perMegabyte.push_back(
            milliseconds * static_cast<double>(megabyte) / static_cast<double>(pickle.size()));
    }
    Figure figure;
    figure.name = QStringLiteral("read a pickle of 100 MB");
    constexpr double hundred = 100;
    figure.value = median(perMegabyte) * hundred;
    figure.unit = QStringLiteral("ms");
    figure.target = 1000;
    return figure;
}

std::optional<Figure> pythonListingFigure(int rows)
{
    test::RedisServer server;
    if (!test::RedisServer::isInstalled() || !server.start())
        return std::nullopt;
    const auto store = makeRedisStore(redis::RedisUrl::parse(server.url()), QStringLiteral("bench"));
    test::waitForTask(fill(store.get(), rows));
    QElapsedTimer timer;
    timer.start();
    qint64 listed = 0;
    QByteArray cursor;
    do {
        const EntryPage page = test::waitForTask(store->listEntries(cursor, 1000));
        cursor = page.cursor;
        listed += static_cast<qint64>(page.rows.size());
    } while (!cursor.isEmpty());
    Figure figure;
    figure.name = QStringLiteral("list Python entries, Redis");
    figure.value = static_cast<double>(listed) / (static_cast<double>(timer.nsecsElapsed()) / 1e9);
    figure.unit = QStringLiteral("/s");
    figure.target = 50'000;
    figure.higherIsBetter = true;
    return figure;
}

} // namespace llmcache::bench
