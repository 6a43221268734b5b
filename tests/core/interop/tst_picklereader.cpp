#include "interop/picklereader.h"
#include "testenvironment.h"

#include <QTest>

#include <cmath>

using namespace llmcache;

namespace {

/// The failure that reading ends with; nothing where it does not fail.
std::optional<PickleFailure> failureOf(const QByteArray& bytes, const PickleLimits& limits = {})
{
    try {
        readPickle(bytes, limits);
    } catch (const PickleError& error) {
        const bool saysWhere = error.offset() >= 0 && error.offset() <= bytes.size();
        return saysWhere ? std::optional(error.failure()) : std::nullopt;
    }
    return std::nullopt;
}

/// A literal with its zeros.
template <std::size_t Size>
QByteArray raw(const char (&text)[Size])
{
    return QByteArray(text, Size - 1);
}

QByteArray littleEndian(quint64 number, int size)
{
    QByteArray bytes;
    for (int index = 0; index < size; ++index)
        bytes += static_cast<char>(static_cast<uchar>(number >> (8 * index)));
    return bytes;
}

} // namespace

class TestPickleReader : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void everyProtocol_data();
    void everyProtocol();
    void objectsAreNamesAndArguments();
    void sharedAndRecursiveValues();
    void tuplesThatHoldThemselves();
    void whatIsThrownAwayIsKnown();
    void callsAreNeverMade_data();
    void callsAreNeverMade();
    void hostile_data();
    void hostile();
    void limits();
    void errorsSayWhere();
};

void TestPickleReader::everyProtocol_data()
{
    QTest::addColumn<int>("protocol");
    QTest::addColumn<QByteArray>("bytes");
    // [None, True, False, 0, 255, 256, -1, 2**31, -2**63, 2**64, -(2**100), 1.5, inf, 'hi', 'é\\u0041\n',
    // '\ud800x',
    //  '😀', b'\x00\xff', bytearray(b'ab'), (1, 2, 3, 4), (), ('a',), [1], {'k': 'v', 1: None}, {1},
    //  frozenset([2])]
    QTest::newRow("protocol 0")
        << 0
        << QByteArray::fromHex(
               "286c70300a4e614930310a614930300a6149300a61493235350a61493235360a61492d310a614c3231343734"
               "38333634384c0a614c2d393232333337323033363835343737353830384c0a614c3138343436373434303733"
               "3730393535313631364c0a614c2d313236373635303630303232383232393430313439363730333230353337"
               "364c0a6146312e350a6146696e660a615668690a70310a6156e95c753030356375303034315c75303030610a"
               "70320a61565c7564383030780a70330a61565c5530303031663630300a70340a61635f636f646563730a656e"
               "636f64650a70350a28565c7530303030ff0a70360a566c6174696e310a70370a7470380a5270390a61635f5f"
               "6275696c74696e5f5f0a6279746561727261790a7031300a2867350a285661620a7031310a67370a74703132"
               "0a527031330a747031340a527031350a612849310a49320a49330a49340a747031360a612874612856610a70"
               "31370a747031380a61286c7031390a49310a616128647032300a566b0a7032310a56760a7032320a7349310a"
               "4e7361635f5f6275696c74696e5f5f0a7365740a7032330a28286c7032340a49310a61747032350a52703236"
               "0a61635f5f6275696c74696e5f5f0a66726f7a656e7365740a7032370a28286c7032380a49320a6174703239"
               "0a527033300a612e");
    QTest::newRow("protocol 1")
        << 1
        << QByteArray::fromHex(
               "5d7100284e4930310a4930300a4b004bff4d00014affffffff4c323134373438333634384c0a4c2d39323233"
               "3337323033363835343737353830384c0a4c31383434363734343037333730393535313631364c0a4c2d3132"
               "36373635303630303232383232393430313439363730333230353337364c0a473ff8000000000000477ff000"
               "00000000005802000000686971015809000000c3a95c75303034310a71025804000000eda080787103580400"
               "0000f09f98807104635f636f646563730a656e636f64650a710528580300000000c3bf710658060000006c61"
               "74696e317107747108527109635f5f6275696c74696e5f5f0a6279746561727261790a710a28680528580200"
               "00006162710b680774710c52710d74710e52710f284b014b024b034b04747110292858010000006171117471"
               "125d71134b01617d71142858010000006b711558010000007671164b014e75635f5f6275696c74696e5f5f0a"
               "7365740a7117285d71184b016174711952711a635f5f6275696c74696e5f5f0a66726f7a656e7365740a711b"
               "285d711c4b026174711d52711e652e");
    QTest::newRow("protocol 2")
        << 2
        << QByteArray::fromHex(
               "80025d7100284e88894b004bff4d00014affffffff8a0500000080008a0800000000000000808a0900000000"
               "00000000018a0d000000000000000000000000f0473ff8000000000000477ff0000000000000580200000068"
               "6971015809000000c3a95c75303034310a71025804000000eda0807871035804000000f09f98807104635f63"
               "6f646563730a656e636f64650a7105580300000000c3bf710658060000006c6174696e317107867108527109"
               "635f5f6275696c74696e5f5f0a6279746561727261790a710a680558020000006162710b680786710c52710d"
               "85710e52710f284b014b024b034b047471102958010000006171118571125d71134b01617d71142858010000"
               "006b711558010000007671164b014e75635f5f6275696c74696e5f5f0a7365740a71175d71184b0161857119"
               "52711a635f5f6275696c74696e5f5f0a66726f7a656e7365740a711b5d711c4b026185711d52711e652e");
    QTest::newRow("protocol 3")
        << 3
        << QByteArray::fromHex(
               "80035d7100284e88894b004bff4d00014affffffff8a0500000080008a0800000000000000808a0900000000"
               "00000000018a0d000000000000000000000000f0473ff8000000000000477ff0000000000000580200000068"
               "6971015809000000c3a95c75303034310a71025804000000eda0807871035804000000f09f98807104430200"
               "ff7105636275696c74696e730a6279746561727261790a7106430261627107857108527109284b014b024b03"
               "4b0474710a29580100000061710b85710c5d710d4b01617d710e2858010000006b710f58010000007671104b"
               "014e75636275696c74696e730a7365740a71115d71124b0161857113527114636275696c74696e730a66726f"
               "7a656e7365740a71155d71164b0261857117527118652e");
    QTest::newRow("protocol 4")
        << 4
        << QByteArray::fromHex(
               "800495c8000000000000005d94284e88894b004bff4d00014affffffff8a0500000080008a08000000000000"
               "00808a090000000000000000018a0d000000000000000000000000f0473ff8000000000000477ff000000000"
               "00008c026869948c09c3a95c75303034310a948c04eda08078948c04f09f988094430200ff948c086275696c"
               "74696e73948c09627974656172726179949394430261629485945294284b014b024b034b047494298c016194"
               "85945d944b01617d94288c016b948c0176944b014e758f94284b0190284b029194652e");
    QTest::newRow("protocol 5")
        << 5
        << QByteArray::fromHex(
               "800595b2000000000000005d94284e88894b004bff4d00014affffffff8a0500000080008a08000000000000"
               "00808a090000000000000000018a0d000000000000000000000000f0473ff8000000000000477ff000000000"
               "00008c026869948c09c3a95c75303034310a948c04eda08078948c04f09f988094430200ff94960200000000"
               "000000616294284b014b024b034b047494298c01619485945d944b01617d94288c016b948c0176944b014e75"
               "8f94284b0190284b029194652e");
}

void TestPickleReader::everyProtocol()
{
    QFETCH(int, protocol);
    QFETCH(QByteArray, bytes);
    const PickleDocument document = readPickle(bytes);
    // Protocol 1 does not say so.
    QCOMPARE(document.protocol(), protocol == 1 ? 0 : protocol);
    QCOMPARE(document.trailingBytes(), 0);
    const PickleValue list = document.root();
    QCOMPARE(list.kind(), PickleKind::List);
    QCOMPARE(list.size(), 26);
    QCOMPARE(list.item(0).kind(), PickleKind::None);
    QCOMPARE(list.item(1).toBool(), true);
    QCOMPARE(list.item(2).kind(), PickleKind::Bool);
    QCOMPARE(list.item(2).toBool(), false);
    const QStringList numbers{QStringLiteral("0"), QStringLiteral("255"), QStringLiteral("256"),
        QStringLiteral("-1"), QStringLiteral("2147483648"), QStringLiteral("-9223372036854775808"),
        QStringLiteral("18446744073709551616"), QStringLiteral("-1267650600228229401496703205376")};
    for (qsizetype index = 0; index < numbers.size(); ++index) {
        QCOMPARE(list.item(3 + index).kind(), PickleKind::Int);
        QCOMPARE(list.item(3 + index).integerText(), numbers.at(index));
    }
    QCOMPARE(list.item(8).toInt64(), std::numeric_limits<qint64>::min());
    QCOMPARE(list.item(9).toInt64(), std::nullopt);
    QCOMPARE(list.item(11).toDouble(), 1.5);
    QVERIFY(std::isinf(list.item(12).toDouble()));
    QCOMPARE(list.item(13).text(), QStringLiteral("hi"));
    QCOMPARE(list.item(14).text(), QStringLiteral("é\\u0041\n"));
    QCOMPARE(list.item(15).text(), QString(QChar(0xD800)) + QLatin1Char('x'));
    QVERIFY(list.item(15).hasSurrogates());
    QVERIFY(!list.item(16).hasSurrogates());
    QCOMPARE(list.item(16).text(), QStringLiteral("😀"));
    if (protocol >= 3)
        QCOMPARE(list.item(17).bytes(), QByteArrayView("\x00\xff", 2));
    else
        QCOMPARE(list.item(17).classPath(), QStringLiteral("_codecs.encode"));
    if (protocol == 5)
        QCOMPARE(list.item(18).bytes(), QByteArrayView("ab"));
    else
        QCOMPARE(list.item(18).classPath(), QStringLiteral("builtins.bytearray"));
    QCOMPARE(list.item(19).size(), 4);
    QCOMPARE(list.item(19).item(3).toInt64(), 4);
    QCOMPARE(list.item(20).kind(), PickleKind::Tuple);
    QCOMPARE(list.item(20).size(), 0);
    QCOMPARE(list.item(21).item(0).text(), QStringLiteral("a"));
    QCOMPARE(list.item(22).size(), 1);
    const PickleValue dict = list.item(23);
    QCOMPARE(dict.entryCount(), 2);
    QCOMPARE(dict.find("k").text(), QStringLiteral("v"));
    QVERIFY(dict.find("v").isNull());
    QCOMPARE(dict.key(1).toInt64(), 1);
    QCOMPARE(dict.value(1).kind(), PickleKind::None);
    if (protocol >= 4) {
        QCOMPARE(list.item(24).kind(), PickleKind::Set);
        QCOMPARE(list.item(25).kind(), PickleKind::FrozenSet);
        QCOMPARE(list.item(25).item(0).toInt64(), 2);
    } else {
        QCOMPARE(list.item(24).classPath(), QStringLiteral("builtins.set"));
        QCOMPARE(list.item(24).arguments().item(0).item(0).toInt64(), 1);
        QCOMPARE(list.item(25).classPath(), QStringLiteral("builtins.frozenset"));
    }
}

void TestPickleReader::objectsAreNamesAndArguments()
{
    // class A: x = 1, with protocol 0 and 2; OrderedDict; deque
    const PickleDocument old =
        readPickle("ccopy_reg\n_reconstructor\np0\n(c__main__\nA\np1\nc__builtin__\nobject\np2\nNtp3\nRp4\n"
                   "(dp5\nVx\np6\nI1\nsb.");
    QCOMPARE(old.root().classPath(), QStringLiteral("__main__.A"));
    QVERIFY(old.root().isOfClass("__main__", "A"));
    QCOMPARE(old.root().callable().classPath(), QStringLiteral("copyreg._reconstructor"));
    QCOMPARE(old.root().state().find("x").toInt64(), 1);
    QCOMPARE(old.imports(),
        (QStringList{QStringLiteral("__main__.A"), QStringLiteral("builtins.object"),
            QStringLiteral("copyreg._reconstructor")}));
    const PickleDocument modern = readPickle(raw("\x80\x02"
                                                 "c__main__\nA\n)\x81}X\x01\0\0\0xK\x01sb."));
    QCOMPARE(modern.root().classPath(), QStringLiteral("__main__.A"));
    QCOMPARE(modern.root().call(), PickleCall::New);
    QCOMPARE(modern.root().state().find("x").toInt64(), 1);
    const PickleDocument filled =
        readPickle("ccollections\nOrderedDict\n)R(K\x01K\x02uccollections\ndeque\n)RK\x07"
                   "a\x86.");
    QCOMPARE(filled.root().item(0).entryCount(), 1);
    QCOMPARE(filled.root().item(0).value(0).toInt64(), 2);
    QCOMPARE(filled.root().item(1).item(0).toInt64(), 7);
    const PickleDocument instance = readPickle("(I7\ni__main__\nA\n(c__main__\nB\nI8\no\x86.");
    QCOMPARE(instance.root().item(0).classPath(), QStringLiteral("__main__.A"));
    QCOMPARE(instance.root().item(0).arguments().item(0).toInt64(), 7);
    QCOMPARE(instance.root().item(1).classPath(), QStringLiteral("__main__.B"));
    QCOMPARE(instance.root().item(1).arguments().item(0).toInt64(), 8);
    QCOMPARE(readPickle("Pfile 7\n.").root().item(0).text(), QStringLiteral("file 7"));
    QCOMPARE(readPickle("\x82\x07.").root().extensionCode(), 7);
}

void TestPickleReader::sharedAndRecursiveValues()
{
    // a = [[], same]; a[0].append(a)
    const PickleDocument document = readPickle(raw("]q\x00(]q\x01h\x00"
                                                   "ah\x01"
                                                   "e."));
    const PickleValue list = document.root();
    QCOMPARE(list.size(), 2);
    QCOMPARE(list.item(0).id(), list.item(1).id());
    QVERIFY(list.item(0).isShared());
    QVERIFY(!list.item(0).isReference());
    QVERIFY(list.item(1).isReference());
    QCOMPARE(list.item(0).item(0).id(), list.id());
}

void TestPickleReader::tuplesThatHoldThemselves()
{
    // t = ([],); t[0].append(t): what CPython writes for it
    const PickleDocument document =
        readPickle(QByteArray::fromHex("8004950b000000000000005d9468008594613068012e"));
    QCOMPARE(document.root().kind(), PickleKind::Tuple);
    QCOMPARE(document.root().item(0).item(0).id(), document.root().id());
    QVERIFY(document.discarded().empty());
}

void TestPickleReader::whatIsThrownAwayIsKnown()
{
    const PickleDocument document = readPickle("cos\nsystem\n(Vtrue\ntR0I5\n.");
    QCOMPARE(document.root().toInt64(), 5);
    QCOMPARE(document.discarded().size(), 1U);
    QCOMPARE(document.discarded().front().classPath(), QStringLiteral("os.system"));
    QCOMPARE(document.imports(), QStringList{QStringLiteral("os.system")});
    const PickleDocument left = readPickle("cos\nsystem\n(Vtrue\ntRI5\n.");
    QCOMPARE(left.discarded().size(), 1U);
}

void TestPickleReader::callsAreNeverMade_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QString>("function");
    QTest::newRow("os.system") << QByteArray("cos\nsystem\n(S'kill -9 $PPID'\ntR.")
                               << QStringLiteral("os.system");
    QTest::newRow("posix.system") << QByteArray::fromHex(
        "80048c05706f736978948c0673797374656d9493948c0d6b696c6c202d392024505049449485945294"
        "2e") << QStringLiteral("posix.system");
    QTest::newRow("eval") << QByteArray("c__builtin__\neval\n(V__import__('os').abort()\ntR.")
                          << QStringLiteral("builtins.eval");
    QTest::newRow("instance") << QByteArray("(Vkill -9 $PPID\nios\nsystem\n.") << QStringLiteral("os.system");
    QTest::newRow("obj") << QByteArray("(cos\nsystem\nVkill -9 $PPID\no.") << QStringLiteral("os.system");
}

void TestPickleReader::callsAreNeverMade()
{
    QFETCH(QByteArray, bytes);
    QFETCH(QString, function);
    const PickleDocument document = readPickle(bytes);
    QCOMPARE(document.root().classPath(), function);
    QCOMPARE(document.root().arguments().size(), 1);
    QCOMPARE(document.imports(), QStringList{function});
}

void TestPickleReader::hostile_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<int>("failure");
    const auto row = [](const char* name, const QByteArray& bytes, PickleFailure failure) {
        QTest::newRow(name) << bytes << static_cast<int>(failure);
    };
    const QByteArray zero(1, '\0');
    row("empty", "", PickleFailure::Truncated);
    row("no opcode", "\x01.", PickleFailure::Malformed);
    row("JSON", "{\"a\": 1}", PickleFailure::Malformed);
    row("without an end", "I1\n", PickleFailure::Truncated);
    row("nothing on the stack", ".", PickleFailure::Malformed);
    row("a line without an end", "I1", PickleFailure::Truncated);
    row("a text that is cut off", raw("X\x05\0\0\0ab."), PickleFailure::Truncated);
    row("a text of 4 GB", "X\xff\xff\xff\xff.", PickleFailure::Truncated);
    row("a text of 2^64 bytes", "\x8d\xff\xff\xff\xff\xff\xff\xff\xff.", PickleFailure::Truncated);
    row("bytes of 2^63 bytes", raw("\x8e\0\0\0\0\0\0\0\x80."), PickleFailure::Truncated);
    row("a negative length", "T\xff\xff\xff\xff.", PickleFailure::Malformed);
    row("a negative length of a number", "\x8b\xff\xff\xff\xff.", PickleFailure::Malformed);
    row("a frame that is too long", "\x95" + littleEndian(100, 8) + "I1\n.", PickleFailure::Truncated);
    row("a frame of 2^64 bytes", "\x95" + littleEndian(~quint64(0), 8) + "I1\n.", PickleFailure::Truncated);
    row("a frame that ends inside of a value", "\x95" + littleEndian(2, 8) + "M\x01\x02I1\n.",
        PickleFailure::Malformed);
    row("a frame in a frame", "\x95" + littleEndian(12, 8) + "\x95" + littleEndian(2, 8) + "I1\n.",
        PickleFailure::Malformed);
    row("no such memo", "h\x07.", PickleFailure::Malformed);
    row("no such far memo", "j\xff\xff\xff\xff.", PickleFailure::Malformed);
    row("a memo that is no number", "gx\n.", PickleFailure::Malformed);
    row("nothing to remember", "\x94.", PickleFailure::Malformed);
    row("no mark", "t.", PickleFailure::Malformed);
    row("a mark in between", "I1\n(\x85.", PickleFailure::Malformed);
    row("a key without a value", "}(I1\nu.", PickleFailure::Malformed);
    row("a dict with half an entry", "(I1\nd.", PickleFailure::Malformed);
    row("append to a tuple", ")I1\na.", PickleFailure::Malformed);
    row("add to a list", "](I1\n\x90.", PickleFailure::Malformed);
    row("build of a list", "]}b.", PickleFailure::Malformed);
    row("a call of a number", "I1\n)R.", PickleFailure::Malformed);
    row("a call without a tuple", "cos\nsystem\nVls\nR.", PickleFailure::Malformed);
    row("a class that is a number", "I1\nI2\n\x93.", PickleFailure::Malformed);
    row("a text that is no UTF-8", "\x8c\x01\xff.", PickleFailure::Malformed);
    row("half a surrogate", "\x8c\x02\xed\xa0.", PickleFailure::Malformed);
    row("a number that is none", "I1x\n.", PickleFailure::Malformed);
    row("a float that is none", "F1.5x\n.", PickleFailure::Malformed);
    row("a literal without quotes", "Sab\n.", PickleFailure::Malformed);
    row("an escape that is cut off", "V\\u12\n.", PickleFailure::Malformed);
    row("an escape beyond Unicode", "V\\U00110000\n.", PickleFailure::Malformed);
    row("out-of-band data", "\x97.", PickleFailure::Unsupported);
    row("protocol 6", "\x80\x06I1\n.", PickleFailure::Unsupported);
    row("an extension of number 0", "\x82" + zero + ".", PickleFailure::Malformed);
    row("deep lists", QByteArray(5000, ']') + QByteArray(4999, 'a') + ".", PickleFailure::TooLarge);
    row("deep tuples", ")" + QByteArray(200000, '\x85') + ".", PickleFailure::TooLarge);
    row("deep dicts", QByteArray("}N").repeated(5000) + "N" + QByteArray(4999, 's') + ".",
        PickleFailure::TooLarge);
}

void TestPickleReader::hostile()
{
    QFETCH(QByteArray, bytes);
    QFETCH(int, failure);
    const std::optional<PickleFailure> found = failureOf(bytes);
    QVERIFY(found);
    QCOMPARE(static_cast<int>(*found), failure);
}

void TestPickleReader::limits()
{
    PickleLimits limits;
    limits.maxMemory = 1024 * 1024;
    // Many marks, many values, much in a memo, one far place of it.
    QCOMPARE(failureOf(QByteArray(1024 * 1024, '('), limits), PickleFailure::TooLarge);
    QCOMPARE(failureOf(QByteArray(1024 * 1024, ')'), limits), PickleFailure::TooLarge);
    QByteArray memo("N");
    for (quint32 index = 0; index < 100000; ++index)
        memo += "r" + littleEndian(index * 40000, 4);
    QCOMPARE(failureOf(memo, limits), PickleFailure::TooLarge);
    const PickleDocument far = readPickle("I7\nr\xff\xff\xff\xff"
                                          "0j\xff\xff\xff\xff.",
        limits);
    QCOMPARE(far.root().toInt64(), 7);
    limits.maxBytes = 10;
    QCOMPARE(failureOf("I1\n           .", limits), PickleFailure::TooLarge);
    // As deep as Python itself writes is read; a billion laughs is a small tree.
    QCOMPARE(readPickle(QByteArray(990, ']') + QByteArray(989, 'a') + ".").root().size(), 1);
    QByteArray laughs("]q" + QByteArray(1, '\0'));
    for (char level = 1; level < 40; ++level) {
        const QByteArray before(1, static_cast<char>(level - 1));
        laughs += "0](h" + before + "h" + before + "h" + before + "eq" + QByteArray(1, level);
    }
    QCOMPARE(readPickle(laughs + ".").root().size(), 3);
}

void TestPickleReader::errorsSayWhere()
{
    try {
        readPickle("\x80\x04]\x8c\x05"
                   "abc");
        QFAIL("it was read");
    } catch (const PickleError& error) {
        QCOMPARE(error.offset(), 3);
        QCOMPARE(error.opcode(), QStringLiteral("SHORT_BINUNICODE"));
        QVERIFY2(error.message().contains(QStringLiteral("byte 3 (SHORT_BINUNICODE)")), error.what());
        QCOMPARE(error.kind(), QStringLiteral("pickle"));
    }
}

LLMCACHE_TEST_MAIN(TestPickleReader)
#include "tst_picklereader.moc"
