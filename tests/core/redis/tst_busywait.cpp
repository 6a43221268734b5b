#include "redis/busywait_p.h"
#include "testenvironment.h"

#include <QTest>

#include <array>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <utility>

using namespace llmcache;
using redis::BusyWait;
using Result = BusyWait::Result;

namespace {

/// Two sockets that are connected with each other.
class SocketPair {
public:
    SocketPair()
    {
        if (::socketpair(AF_UNIX, SOCK_STREAM, 0, m_ends.data()) != 0)
            qFatal("no socket pair");
    }
    ~SocketPair()
    {
        ::close(m_ends[0]);
        hangUp();
    }
    Q_DISABLE_COPY_MOVE(SocketPair)

    int here() const { return m_ends[0]; }
    void sendFromThere() { QCOMPARE(::write(m_ends[1], "+", 1), 1); }
    void receiveHere()
    {
        char byte = 0;
        QCOMPARE(::read(m_ends[0], &byte, 1), 1);
    }
    void hangUp()
    {
        if (m_ends[1] >= 0)
            ::close(std::exchange(m_ends[1], -1));
    }

private:
    std::array<int, 2> m_ends{-1, -1};
};

} // namespace

class TestBusyWait final : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void aReplyEndsIt();
    void theEndOfTheConnectionEndsIt();
    void waitsInVainBecomeRare();
    void aReplyMakesItWaitEachTimeAgain();
};

void TestBusyWait::aReplyEndsIt()
{
    SocketPair sockets;
    BusyWait wait(std::chrono::minutes(2));
    std::thread server([&] { sockets.sendFromThere(); });
    QCOMPARE(wait.wait(sockets.here()), Result::Readable);
    server.join();
}

void TestBusyWait::theEndOfTheConnectionEndsIt()
{
    SocketPair sockets;
    sockets.hangUp();
    BusyWait wait(std::chrono::minutes(2));
    QCOMPARE(wait.wait(sockets.here()), Result::Readable);
}

void TestBusyWait::waitsInVainBecomeRare()
{
    SocketPair sockets;
    BusyWait wait(std::chrono::microseconds(1));
    int tried = 0;
    for (int number = 0; number < 10'000; ++number)
        tried += wait.wait(sockets.here()) == Result::TimedOut ? 1 : 0;
    // The first, then after 1, 2, 4, … 1024 that are left out, and after 1024 more each time.
    QCOMPARE(tried, 19);
}

void TestBusyWait::aReplyMakesItWaitEachTimeAgain()
{
    SocketPair sockets;
    BusyWait wait(std::chrono::microseconds(1));
    QCOMPARE(wait.wait(sockets.here()), Result::TimedOut);
    QCOMPARE(wait.wait(sockets.here()), Result::LeftOut);
    QCOMPARE(wait.wait(sockets.here()), Result::TimedOut);
    sockets.sendFromThere();
    // What is left out is left out, whatever lies there.
    QCOMPARE(wait.wait(sockets.here()), Result::LeftOut);
    QCOMPARE(wait.wait(sockets.here()), Result::LeftOut);
    QCOMPARE(wait.wait(sockets.here()), Result::Readable);
    QCOMPARE(wait.wait(sockets.here()), Result::Readable);
    sockets.receiveHere();
    QCOMPARE(wait.wait(sockets.here()), Result::TimedOut);
    QCOMPARE(wait.wait(sockets.here()), Result::LeftOut);
    QCOMPARE(wait.wait(sockets.here()), Result::TimedOut);
}

LLMCACHE_TEST_MAIN(TestBusyWait)
#include "tst_busywait.moc"
