#include "base/sha256_p.h"
#include "testenvironment.h"

#include <QCryptographicHash>
#include <QTest>
#include <QThreadPool>

#include <atomic>

using namespace llmcache;

class TestSha256 final : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void knownDigests_data();
    void knownDigests();
    void agreesWithQt();
    void fromManyThreads();
};

/// Of FIPS 180-2, appendix B.
void TestSha256::knownDigests_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QByteArray>("digest");
    QTest::newRow("nothing") << QByteArray()
                             << QByteArray(
                                    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    QTest::newRow("one block") << QByteArray(
        "abc") << QByteArray("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    QTest::newRow("two blocks") << QByteArray("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")
                                << QByteArray(
                                       "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    QTest::newRow("many blocks") << QByteArray(
        1'000'000, 'a') << QByteArray("cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

void TestSha256::knownDigests()
{
    QFETCH(QByteArray, bytes);
    QTEST(sha256(bytes).toHex(), "digest");
}

void TestSha256::agreesWithQt()
{
    QByteArray bytes;
    for (int length = 0; length < 300; ++length) {
        QCOMPARE(sha256(bytes), QCryptographicHash::hash(bytes, QCryptographicHash::Sha256));
        bytes.append(static_cast<char>(length * 37));
    }
}

void TestSha256::fromManyThreads()
{
    const QByteArray bytes(10'000, 'x');
    const QByteArray expected = sha256(bytes);
    std::atomic<int> wrong = 0;
    QThreadPool pool;
    for (int job = 0; job < 200; ++job)
        pool.start([&] { wrong += sha256(bytes) == expected ? 0 : 1; });
    pool.waitForDone();
    QCOMPARE(wrong.load(), 0);
}

LLMCACHE_TEST_MAIN(TestSha256)
#include "tst_sha256.moc"
