#include "base/memory.h"

#include <QFile>
#include <QTest>

#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

using namespace llmcache;

class TestMemory : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { keepLittleFreeMemory(); }
    void whatAThreadFreedGoesBack();
};

namespace {

constexpr qint64 megabyte = 1024 * 1024;

/// Allocates memory, writes to it, and frees it.
void use(qint64 bytes, qint64 piece)
{
    std::vector<void*> pieces;
    for (qint64 taken = 0; taken < bytes; taken += piece) {
        void* const memory = std::malloc(static_cast<std::size_t>(piece));
        std::memset(memory, 1, static_cast<std::size_t>(piece));
        pieces.push_back(memory);
    }
    for (void* const memory : pieces)
        std::free(memory);
}

/// What the process has in memory, without the pages of files.
qint64 residentBytes()
{
    QFile file(QStringLiteral("/proc/self/statm"));
    if (!file.open(QIODevice::ReadOnly))
        return -1;
    constexpr qint64 pageSize = 4096;
    const QList<QByteArray> pages = file.readAll().split(' ');
    return (pages.value(1).toLongLong() - pages.value(2).toLongLong()) * pageSize;
}

} // namespace

/// As after a table of many rows was read on worker threads, and a large answer was shown.
void TestMemory::whatAThreadFreedGoesBack()
{
#if !defined(__GLIBC__) || defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    QSKIP("This is about the memory of glibc.");
#endif
    if (residentBytes() < 0)
        QSKIP("The system does not say here how much memory there is in use.");
    constexpr qint64 much = 48 * megabyte;
    use(30 * megabyte, 30 * megabyte);
    const qint64 before = residentBytes();
    std::thread worker([] { use(much, 10'000); });
    worker.join();
    trimMemory();
    const qint64 kept = residentBytes() - before;
    QVERIFY2(kept < much / 4, qPrintable(QStringLiteral("%1 of %2 bytes").arg(kept).arg(much)));
}

QTEST_APPLESS_MAIN(TestMemory)
#include "tst_memory.moc"
