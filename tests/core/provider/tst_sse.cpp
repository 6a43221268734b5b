#include "provider/sse.h"
#include "testenvironment.h"

#include <QTest>

#include <random>

using namespace llmcache;

namespace {

std::vector<SseEvent> parse(const QByteArray& stream, const std::vector<qsizetype>& cuts)
{
    SseParser parser;
    std::vector<SseEvent> events;
    qsizetype from = 0;
    const auto take = [&](qsizetype to) {
        for (auto& event : parser.feed(QByteArrayView(stream).sliced(from, to - from)))
            events.push_back(std::move(event));
        from = to;
    };
    for (const qsizetype cut : cuts)
        take(cut);
    take(stream.size());
    for (auto& event : parser.finish())
        events.push_back(std::move(event));
    return events;
}

} // namespace

class TestSse : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void streams_data();
    void streams();
};

void TestSse::streams_data()
{
    QTest::addColumn<QByteArray>("stream");
    QTest::addColumn<QList<QByteArray>>("names");
    QTest::addColumn<QList<QByteArray>>("data");
    using List = QList<QByteArray>;
    QTest::newRow("two events") << QByteArray("data: a\n\ndata: b\n\n") << List{"", ""} << List{"a", "b"};
    QTest::newRow("crlf") << QByteArray("event: x\r\ndata: a\r\n\r\ndata: b\r\n\r\n") << List{"x", ""}
                          << List{"a", "b"};
    QTest::newRow("lone carriage returns")
        << QByteArray("data: a\r\rdata: b\r\r") << List{"", ""} << List{"a", "b"};
    QTest::newRow("comments and other fields")
        << QByteArray(": OPENROUTER PROCESSING\n\n: again\nid: 7\nretry: 5\ndata: a\n\n") << List{""}
        << List{"a"};
    QTest::newRow("several data lines")
        << QByteArray("data: a\ndata:\ndata:  b\n\n") << List{""} << List{"a\n\n b"};
    QTest::newRow("no space after the colon")
        << QByteArray("event:x\ndata:{\"a\":1}\n\n") << List{"x"} << List{"{\"a\":1}"};
    QTest::newRow("event without data is nothing")
        << QByteArray("event: ping\n\ndata: a\n\n") << List{""} << List{"a"};
    QTest::newRow("byte order mark") << QByteArray("\xEF\xBB\xBF"
                                                   "data: a\n\n")
                                     << List{""} << List{"a"};
    QTest::newRow("characters of several bytes")
        << QByteArray("data: \xF0\x9F\x98\x80 gr\xC3\xBC\xC3\x9F\n\n") << List{""}
        << List{"\xF0\x9F\x98\x80 gr\xC3\xBC\xC3\x9F"};
    QTest::newRow("last event not closed")
        << QByteArray("data: a\n\ndata: [DONE]") << List{"", ""} << List{"a", "[DONE]"};
    QTest::newRow("nothing") << QByteArray() << List{} << List{};
}

void TestSse::streams()
{
    QFETCH(QByteArray, stream);
    QFETCH(QList<QByteArray>, names);
    QFETCH(QList<QByteArray>, data);
    std::vector<SseEvent> expected;
    for (qsizetype i = 0; i < names.size(); ++i)
        expected.push_back({names[i], data[i]});

    QCOMPARE(parse(stream, {}), expected);
    std::vector<qsizetype> everywhere;
    for (qsizetype i = 0; i < stream.size(); ++i) {
        everywhere.push_back(i);
        QCOMPARE(parse(stream, {i}), expected);
    }
    QCOMPARE(parse(stream, everywhere), expected);
}

LLMCACHE_TEST_MAIN(TestSse)
#include "tst_sse.moc"
