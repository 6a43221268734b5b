#include "base/blocks.h"
#include "testenvironment.h"

#include <QBuffer>
#include <QRandomGenerator>
#include <QTest>

using namespace llmcache;

Q_DECLARE_METATYPE(llmcache::Compression)

class TestBlocks : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void blocksReadAsOneText_data();
    void blocksReadAsOneText();
    void tornFiles_data() { blocksReadAsOneText_data(); }
    void tornFiles();
    void damagedFiles();
    void hugeBlocksComeInPieces_data() { blocksReadAsOneText_data(); }
    void hugeBlocksComeInPieces();
    void linesThatAreTooLong_data() { blocksReadAsOneText_data(); }
    void linesThatAreTooLong();
    void namesTellTheCompression();
};

namespace {

QByteArrayList linesOf(QByteArray bytes, QString* problem = nullptr, qsizetype longest = 1 << 20)
{
    QBuffer buffer(&bytes);
    buffer.open(QIODevice::ReadOnly);
    LineReader reader(&buffer, longest);
    QByteArrayList lines;
    QByteArray line;
    while (reader.next(line))
        lines.append(line);
    if (problem)
        *problem = reader.problem();
    return lines;
}

} // namespace

void TestBlocks::blocksReadAsOneText_data()
{
    QTest::addColumn<Compression>("compression");
    QTest::newRow("plain") << Compression::None;
    QTest::newRow("gzip") << Compression::Gzip;
    QTest::newRow("zstd") << Compression::Zstd;
}

void TestBlocks::blocksReadAsOneText()
{
    QFETCH(Compression, compression);
    QByteArray file;
    for (const char* text : {"first\nsec", "ond\n\n", "third"})
        file += toBlock(text, compression);
    QString problem;
    QCOMPARE(linesOf(file, &problem), QByteArrayList({"first", "second", "", "third"}));
    QCOMPARE(problem, QString());
    QCOMPARE(linesOf({}, &problem), QByteArrayList());
    QCOMPARE(linesOf(toBlock("\n", compression)), QByteArrayList({""}));
}

void TestBlocks::tornFiles()
{
    QFETCH(Compression, compression);
    const QByteArray first = toBlock("one\ntwo\n", compression);
    const QByteArray second = toBlock("three\nfour\n", compression);
    const QByteArray file = first + second;
    for (qsizetype size = 0; size <= file.size(); ++size) {
        QByteArray torn = file.first(size);
        QBuffer buffer(&torn);
        buffer.open(QIODevice::ReadOnly);
        BlockReader reader(&buffer);
        qint64 whole = 0;
        for (QByteArray text = reader.read(); !text.isEmpty(); text = reader.read()) {
            if (reader.isAtBlockEnd())
                whole = reader.position();
        }
        if (compression == Compression::None) {
            QCOMPARE(whole, size);
            continue;
        }
        const bool atEnd = size == 0 || size == first.size() || size == file.size();
        // Fewer bytes than tell how a file is compressed are text.
        if (size >= 4)
            QCOMPARE(reader.problem().isEmpty(), atEnd);
        if (size >= first.size())
            QCOMPARE(whole, size == file.size() ? file.size() : first.size());
        const QByteArrayList lines = linesOf(torn);
        if (size >= first.size())
            QVERIFY(lines.size() >= 2 && lines.mid(0, 2) == QByteArrayList({"one", "two"}));
    }
}

void TestBlocks::damagedFiles()
{
    for (const Compression compression : {Compression::Gzip, Compression::Zstd}) {
        QByteArray text;
        for (int i = 0; i < 1000; ++i)
            text += QByteArray::number(i * 7919) + '\n';
        const QByteArray good = toBlock("good\n", compression);
        QByteArray bad = toBlock(text, compression);
        for (qsizetype i = 20; i < bad.size(); ++i)
            bad[i] = static_cast<char>(~bad[i]);
        QString problem;
        const QByteArrayList lines = linesOf(good + bad, &problem);
        QCOMPARE(lines.value(0), QByteArray("good"));
        QVERIFY(lines.size() < 1000);
        QVERIFY2(problem.contains(QStringLiteral("compressed data")), qPrintable(problem));
    }
}

void TestBlocks::hugeBlocksComeInPieces()
{
    QFETCH(Compression, compression);
    QByteArray text;
    while (text.size() < 5'000'000)
        text += QByteArray(3000, 'x') + QByteArray::number(QRandomGenerator::global()->generate64()) + '\n';
    QByteArray file = toBlock(text, compression);
    QBuffer buffer(&file);
    buffer.open(QIODevice::ReadOnly);
    BlockReader reader(&buffer);
    QByteArray read;
    for (QByteArray piece = reader.read(); !piece.isEmpty(); piece = reader.read()) {
        QVERIFY(piece.size() < 1'000'000);
        read += piece;
    }
    QVERIFY(read == text);
    QVERIFY(reader.isAtBlockEnd());
    QCOMPARE(reader.compression(), compression);
    QCOMPARE(linesOf(file).size(), text.count('\n'));
}

void TestBlocks::linesThatAreTooLong()
{
    QFETCH(Compression, compression);
    const QByteArray file = toBlock(
        "short\n" + QByteArray(3'000'000, 'l') + "\nlast\n" + QByteArray(2'000'000, 'm'), compression);
    const QByteArrayList lines = linesOf(file);
    QCOMPARE(lines.size(), 4);
    QCOMPARE(lines.at(0), QByteArray("short"));
    QCOMPARE(lines.at(1), QByteArray(1000, 'l'));
    QCOMPARE(lines.at(2), QByteArray("last"));
    QCOMPARE(lines.at(3), QByteArray(1000, 'm'));
}

void TestBlocks::namesTellTheCompression()
{
    QCOMPARE(compressionOf(QStringLiteral("a.jsonl")), Compression::None);
    QCOMPARE(compressionOf(QStringLiteral("a.jsonl.gz")), Compression::Gzip);
    QCOMPARE(compressionOf(QStringLiteral("a.ZST")), Compression::Zstd);
    QCOMPARE(compressionOf(QStringLiteral("-")), Compression::None);
}

LLMCACHE_TEST_MAIN(TestBlocks)
#include "tst_blocks.moc"
