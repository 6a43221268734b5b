#include "interop/picklewriter.h"

#include "interop/pickledump.h"
#include "interop/pickleedit.h"
#include "interop/pickleoutline.h"
#include "interop/picklesummary.h"
#include "interop/pythonresult.h"
#include "picklesamples.h"
#include "testenvironment.h"

#include <QTest>

using namespace llmcache;

namespace {

QByteArray jsonOf(const PickleDocument& document)
{
    return toJsonText(pickleToJson(document));
}

/// The value at a way of labels, "output/home/street".
PickleValue at(const PickleDocument& document, const QString& way)
{
    PickleValue value = document.root();
    if (way.isEmpty())
        return value;
    for (const QString& label : way.split(QLatin1Char('/'))) {
        PickleValue found;
        for (const PickleChild& child : pickleChildren(value)) {
            if (child.label() == label)
                found = child.value;
        }
        if (found.isNull())
            return found;
        value = found;
    }
    return value;
}

/// Every leaf and what it is, one a line.
QStringList leaves(const PickleDocument& document)
{
    QStringList lines;
    const std::function<void(const PickleValue&, const QString&)> walk = [&](const PickleValue& value,
                                                                             const QString& way) {
        const std::vector<PickleChild> children = pickleChildren(value);
        for (const PickleChild& child : children)
            walk(child.value, way + QLatin1Char('/') + child.label());
        if (children.empty())
            lines << way + QLatin1Char(' ') + pickleTypeText(value) + QLatin1Char(' ')
                    + pickleValueText(value);
    };
    walk(document.root(), {});
    return lines;
}

} // namespace

class TestPickleWriter : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void treesAreWrittenAnew_data();
    void treesAreWrittenAnew();
    void framesAreWritten();
    void integers_data();
    void integers();
    void editingALeaf_data();
    void editingALeaf();
    void aMemberIsEditedByItsName();
    void onlyTheBytesOfALeafChange();
    void theRootIsEdited();
    void sharedValuesStayElsewhere_data();
    void sharedValuesStayElsewhere();
    void framesKeepTheirLengths();
    void noneTakesWhatIsWritten_data();
    void noneTakesWhatIsWritten();
    void whatDoesNotFitIsRefused_data();
    void whatDoesNotFitIsRefused();
};

void TestPickleWriter::treesAreWrittenAnew_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::newRow("a model") << test::profileResult();
    QTest::newRow("a dict") << test::dictResult();
    QTest::newRow("protocol 0") << QByteArray(
        "ccopy_reg\n_reconstructor\np0\n(c__main__\nA\np1\nc__builtin__\nobject\np2\n"
        "Ntp3\nRp4\n(dp5\nVx\np6\nI1\nsb.");
    QTest::newRow("all kinds") << QByteArray(
        "(Nc__main__\nA\nPid\n\x82\x07(I1\n\x91(I1\nI2\nI3\nI4\nt]}\x8f(I5\n\x90"
        "F1.5\nL99999999999999999999L\nV\\ud800\nC\x02"
        "ab\x96\x01\x01\x01\x01\x01\x01\x01\x01l.")
                                      .replace("\x96\x01\x01\x01\x01\x01\x01\x01\x01",
                                          QByteArray("\x96\x01\0\0\0\0\0\0\0x", 10));
    QTest::newRow("keywords") << QByteArray("c__main__\nA\nI1\n\x85}Vk\nI2\ns\x92]I3\na(I4\n\x90.")
                                     .replace("]I3\na(I4\n\x90", "I3\naVk\nI4\ns(I5\n\x90}b");
    QTest::newRow("itself") << QByteArray("]q\x01(h\x01}q\x02Vk\nh\x02se.");
    QTest::newRow("a tuple in itself") << QByteArray::fromHex("8004950b000000000000005d9468008594613068012e");
    QTest::newRow("an object in its own arguments") << QByteArray("]q\x01"
                                                                  "c__main__\nA\nh\x01\x85Rq\x02"
                                                                  "a0h\x02.");
    QTest::newRow("a persistent object in its own name") << QByteArray("]q\x01h\x01Qq\x02"
                                                                       "a0h\x02.");
    QTest::newRow("shared") << QByteArray("](Vtwice\nq\x01h\x01(I1\ntq\x02h\x02]q\x03h\x03"
                                          "e.");
}

void TestPickleWriter::treesAreWrittenAnew()
{
    QFETCH(QByteArray, bytes);
    const PickleDocument before = readPickle(bytes);
    const PickleDocument after = readPickle(writePickle(before.root()));
    QVERIFY(after.protocol() >= 4);
    // Without what is thrown away, which Python writes too where an object is in its own arguments.
    const auto kept = [](const PickleDocument& document) {
        const Json json = pickleToJson(document);
        return toJsonText(document.discarded().empty() ? json : *findMember(json, "value"));
    };
    QCOMPARE(kept(after), kept(before));
    const PickleDocument again = readPickle(writePickle(after.root()));
    QCOMPARE(kept(again), kept(before));
}

void TestPickleWriter::framesAreWritten()
{
    PickleBuilder builder;
    builder.emptyList();
    builder.mark();
    for (int index = 0; index < 3000; ++index)
        builder.text(QString(100, QLatin1Char('a')));
    builder.text(QString(100'000, QLatin1Char('b')));
    builder.integer(qint64(7));
    builder.appendFromMark();
    const QByteArray bytes = builder.finish();
    // Several of about 64 KiB, and the long text outside; the reader refuses those that are wrong.
    QVERIFY(bytes.count('\x95') >= 5);
    const PickleDocument document = readPickle(bytes);
    QCOMPARE(document.root().size(), 3002);
    QCOMPARE(document.root().item(3000).text().size(), 100'000);
    QCOMPARE(document.root().item(3001).toInt64(), 7);
    QCOMPARE(PickleBuilder(1, PickleBuilder::Form::Whole).finish(), QByteArray("."));
}

void TestPickleWriter::integers_data()
{
    QTest::addColumn<QString>("number");
    for (const char* number :
        {"0", "255", "256", "65535", "65536", "2147483647", "-1", "-128", "-129", "-2147483648", "2147483648",
            "-2147483649", "9223372036854775807", "-9223372036854775808", "9223372036854775808",
            "-170141183460469231731687303715884105728", "340282366920938463463374607431768211456"})
        QTest::newRow(number) << QString::fromLatin1(number);
    QTest::newRow("long") << QString(4300, QLatin1Char('9'));
}

void TestPickleWriter::integers()
{
    QFETCH(QString, number);
    for (const int protocol : {1, 2, 4}) {
        PickleBuilder builder(protocol);
        builder.integer(number);
        QCOMPARE(readPickle(builder.finish()).root().integerText(), number);
    }
}

void TestPickleWriter::editingALeaf_data()
{
    QTest::addColumn<QString>("way");
    QTest::addColumn<QString>("before");
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("after");
    const auto row = [](const char* way, const char* before, const char* text, const char* after = nullptr) {
        QTest::newRow(way) << QString::fromUtf8(way) << QString::fromUtf8(before) << QString::fromUtf8(text)
                           << QString::fromUtf8(after ? after : text);
    };
    row("output/name", "Alex", "Zoë 'Z' \"\xf0\x9f\x98\x80\"\n");
    row("output/born", "1994-05-06", "2001-02-28");
    row("output/seen", "2024-01-02T03:04:05.120000Z", "1999-12-31T23:59:59.000001Z");
    row("output/at", "03:04:05+02:00", "23:00:00+02:00");
    row("output/took", "P1DT2H0.5S", "-PT23H59M57S");
    row("output/balance", "1.50", "-12.750");
    row("output/level", "high", "low");
    row("output/id", "12345678-1234-5678-1234-567812345678", "ffffffff-ffff-ffff-ffff-ffffffffffff");
    row("output/home/street", "Elm", "");
    row("output/home/zip", "None", "12345");
    row("output/others/[0]/zip", "7", "-99999999999999999999999");
    row("output/pair/[0]", "1", "2");
    row("output/raw", "6162c3bf", "00FF 01", "00ff01");
    row("output/site", "http://a.b/", "https://example.com/");
    row("output/tags/root/[0]", "t", "tag");
    row("output/point/x", "1", "9223372036854775808");
    row("output/point/y", "2.0", "1e300", "1e+300");
    row("output/private/'_seen'", "3", "4");
    row("output/nick", "Al", "Lex");
    row("_usage/'input_tokens'", "1830", "1");
    row("model", "claude-haiku-4-5", "gpt-4o");
    row("cost", "0.00075", "0.5");
}

void TestPickleWriter::editingALeaf()
{
    QFETCH(QString, way);
    QFETCH(QString, before);
    QFETCH(QString, text);
    QFETCH(QString, after);
    const PickleDocument document = readPickle(test::profileResult());
    const PickleValue leaf = at(document, way);
    QVERIFY(!leaf.isNull());
    QVERIFY(isEditableLeaf(leaf));
    QCOMPARE(leafText(leaf), before);
    const PickleDocument edited = editLeaf(document, leaf, text);
    QCOMPARE(leafText(at(edited, way)), after);
    // The same type, unless it was None; and no other leaf is another.
    if (!leaf.is(PickleKind::None))
        QCOMPARE(pickleTypeText(at(edited, way)), pickleTypeText(leaf));
    const QStringList linesBefore = leaves(document);
    const QStringList linesAfter = leaves(edited);
    QCOMPARE(linesAfter.size(), linesBefore.size());
    int differences = 0;
    for (qsizetype index = 0; index < linesBefore.size(); ++index)
        differences += linesBefore.at(index) == linesAfter.at(index) ? 0 : 1;
    QCOMPARE(differences, 1);
    // And back: what the edited one says is what the first one said.
    const PickleDocument back = leaf.is(PickleKind::None) ? clearLeaf(edited, at(edited, way))
                                                          : editLeaf(edited, at(edited, way), before);
    QCOMPARE(jsonOf(back), jsonOf(document));
}

void TestPickleWriter::aMemberIsEditedByItsName()
{
    // Of an Enum, as Python 3.11.2 writes it, twice.
    const PickleDocument document = readPickle("](c__builtin__\ngetattr\n(cshop\nColour\nVRED\np1\ntR"
                                               "c__builtin__\ngetattr\n(cshop\nColour\ng1\ntRe.");
    const PickleValue member = at(document, QStringLiteral("[0]"));
    QVERIFY(isEditableLeaf(member));
    QCOMPARE(leafText(member), QStringLiteral("RED"));
    QCOMPARE(pickleValueText(member), QStringLiteral("shop.Colour.RED"));
    const PickleDocument edited = editLeaf(document, member, QStringLiteral(" grün_2 "));
    QCOMPARE(pickleSummary(edited.root(), 100), QStringLiteral("[shop.Colour.grün_2, shop.Colour.RED]"));
    for (const char* const text : {"", "2nd", "RED BLUE", "RED.value", "__import__('os')"})
        QVERIFY_THROWS_EXCEPTION(ConfigurationError, editLeaf(document, member, QString::fromUtf8(text)));
}

void TestPickleWriter::onlyTheBytesOfALeafChange()
{
    const QByteArray bytes = test::profileResult();
    const PickleDocument document = readPickle(bytes);
    const PickleDocument edited =
        editLeaf(document, at(document, QStringLiteral("output/name")), QStringLiteral("Bo"));
    QByteArray expected = bytes;
    expected.replace("\x8c\x04"
                     "Alex",
        "\x8c\x02"
        "Bo");
    // The frame is shorter by the two bytes.
    expected[3] = static_cast<char>(bytes[3] - 2);
    QCOMPARE(edited.source(), expected);
    // The same text again gives the same bytes.
    QCOMPARE(
        editLeaf(edited, at(edited, QStringLiteral("output/name")), QStringLiteral("Alex")).source(), bytes);
}

void TestPickleWriter::theRootIsEdited()
{
    for (const char* bytes : {"Vabc\n.", "Vabc\np1\n.",
             "\x80\x04\x8c\x03"
             "abc\x94.",
             "Vabc\nq\x01"
             "0h\x01."}) {
        const PickleDocument document = readPickle(bytes);
        QCOMPARE(editLeaf(document, document.root(), QStringLiteral("x")).root().text(), QStringLiteral("x"));
    }
}

void TestPickleWriter::sharedValuesStayElsewhere_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QString>("text");
    QTest::newRow("a text") << QByteArray("](Va\nq\x01h\x01h\x01"
                                          "e.")
                            << QStringLiteral("b");
    QTest::newRow("a text in protocol 0") << QByteArray("(lp0\nVa\np1\nag1\nag1\na.") << QStringLiteral("b");
    QTest::newRow("a date") << QByteArray("](cdatetime\ndate\nC\x04\x07\xe8\x01\x02\x85Rq\x01h\x01h\x01"
                                          "e.")
                            << QStringLiteral("2025-01-02");
    QTest::newRow("a Decimal") << QByteArray("](cdecimal\nDecimal\nV1.5\nq\x02\x85Rq\x01h\x01h\x01"
                                             "e.")
                               << QStringLiteral("2.5");
    QTest::newRow("in a tuple") << QByteArray("Va\nq\x01h\x01h\x01\x87.") << QStringLiteral("b");
    QTest::newRow("a UUID") << QByteArray("](cuuid\nUUID\n)\x81}Vint\nI1\nsbq\x01h\x01h\x01"
                                          "e.")
                            << QStringLiteral("00000000-0000-0000-0000-000000000002");
    QTest::newRow("duplicates") << QByteArray("](Va\n22e.") << QStringLiteral("b");
}

void TestPickleWriter::sharedValuesStayElsewhere()
{
    QFETCH(QByteArray, bytes);
    QFETCH(QString, text);
    const PickleDocument document = readPickle(bytes);
    QCOMPARE(document.root().size(), 3);
    const QString before = leafText(document.root().item(0));
    const bool isDuplicate = bytes.contains("22e");
    for (const qsizetype place : {0, 1, 2}) {
        if (isDuplicate && place == 0)
            continue; // the next ones are made from it
        const PickleDocument edited = editLeaf(document, document.root().item(place), text);
        for (const qsizetype other : {0, 1, 2}) {
            if (isDuplicate && other > place)
                continue;
            QCOMPARE(leafText(edited.root().item(other)), other == place ? text : before);
        }
    }
}

void TestPickleWriter::framesKeepTheirLengths()
{
    PickleBuilder builder;
    builder.emptyList();
    builder.mark();
    for (int index = 0; index < 2000; ++index) {
        builder.text(QStringLiteral("%1").arg(index, 100));
        builder.remember();
    }
    builder.text(QString(100'000, QLatin1Char('b')));
    builder.recall(0);
    builder.recall(1999);
    builder.appendFromMark();
    const PickleDocument document = readPickle(builder.finish());
    QCOMPARE(document.root().size(), 2003);
    const QString longText(80'000, QLatin1Char('x'));
    for (qsizetype place = 0; place < 2003; place += place < 1990 ? 97 : 1) {
        for (const QString& text : {QString(), longText}) {
            const PickleDocument edited = editLeaf(document, document.root().item(place), text);
            QCOMPARE(edited.root().size(), 2003);
            for (qsizetype other = 0; other < 2003; ++other) {
                if (edited.root().item(other).utf8()
                    != (other == place ? QByteArrayView(text.toLatin1())
                                       : document.root().item(other).utf8()))
                    QFAIL(
                        qPrintable(QStringLiteral("item %1 after an edit of item %2").arg(other).arg(place)));
            }
        }
    }
}

void TestPickleWriter::noneTakesWhatIsWritten_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("type");
    QTest::newRow("None") << QStringLiteral("None") << QStringLiteral("None");
    QTest::newRow("bool") << QStringLiteral("False") << QStringLiteral("bool");
    QTest::newRow("int") << QStringLiteral("-12") << QStringLiteral("int");
    QTest::newRow("float") << QStringLiteral("1.50") << QStringLiteral("float");
    QTest::newRow("text") << QStringLiteral("inf") << QStringLiteral("str");
}

void TestPickleWriter::noneTakesWhatIsWritten()
{
    QFETCH(QString, text);
    QFETCH(QString, type);
    const PickleDocument document = readPickle("N.");
    const PickleDocument edited = editLeaf(document, document.root(), text);
    QCOMPARE(pickleTypeText(edited.root()), type);
    QCOMPARE(clearLeaf(edited, edited.root()).source(), document.source());
}

void TestPickleWriter::whatDoesNotFitIsRefused_data()
{
    QTest::addColumn<QString>("way");
    QTest::addColumn<QString>("text");
    QTest::newRow("date") << QStringLiteral("output/born") << QStringLiteral("2001-02-29");
    QTest::newRow("a time for a date")
        << QStringLiteral("output/born") << QStringLiteral("2001-02-28T10:00:00");
    QTest::newRow("datetime") << QStringLiteral("output/seen") << QStringLiteral("yesterday");
    QTest::newRow("a date for a time") << QStringLiteral("output/at") << QStringLiteral("2001-02-28");
    QTest::newRow("zone") << QStringLiteral("output/seen")
                          << QStringLiteral("2024-01-02T03:04:05[Europe/Berlin]");
    QTest::newRow("duration") << QStringLiteral("output/took") << QStringLiteral("P");
    QTest::newRow("Decimal") << QStringLiteral("output/balance") << QStringLiteral("1,5");
    QTest::newRow("UUID") << QStringLiteral("output/id") << QStringLiteral("12345");
    QTest::newRow("int") << QStringLiteral("output/pair/[0]") << QStringLiteral("1.5");
    QTest::newRow("float") << QStringLiteral("cost") << QStringLiteral("free");
    QTest::newRow("bytes") << QStringLiteral("output/raw") << QStringLiteral("abc");
}

void TestPickleWriter::whatDoesNotFitIsRefused()
{
    QFETCH(QString, way);
    QFETCH(QString, text);
    const PickleDocument document = readPickle(test::profileResult());
    try {
        editLeaf(document, at(document, way), text);
        QFAIL("it was taken");
    } catch (const ConfigurationError& error) {
        QVERIFY2(error.message().contains(text), error.what());
        QVERIFY(!error.remedy().isEmpty());
    }
}

LLMCACHE_TEST_MAIN(TestPickleWriter)
#include "tst_picklewriter.moc"
