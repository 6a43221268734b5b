#include "base/jsondiff.h"
#include "base/sequencematch.h"
#include "base/textdiff.h"
#include "testenvironment.h"

#include <QRandomGenerator>
#include <QTest>

using namespace llmcache;

namespace {

/// "same-removed-+added+"
QString marked(const std::vector<DiffPiece>& pieces)
{
    QString text;
    for (const DiffPiece& piece : pieces) {
        if (piece.kind == DiffKind::Removed)
            text += QStringLiteral("[-%1-]").arg(piece.text);
        else if (piece.kind == DiffKind::Added)
            text += QStringLiteral("[+%1+]").arg(piece.text);
        else
            text += piece.text;
    }
    return text;
}

QString side(const std::vector<DiffPiece>& pieces, DiffKind without)
{
    QString text;
    for (const DiffPiece& piece : pieces)
        if (piece.kind != without)
            text += piece.text;
    return text;
}

QStringList listed(const std::vector<JsonDifference>& differences)
{
    QStringList lines;
    for (const JsonDifference& difference : differences) {
        const char sign = difference.kind == JsonDifference::Kind::Added ? '+'
            : difference.kind == JsonDifference::Kind::Removed           ? '-'
                                                                         : '~';
        lines +=
            QStringLiteral("%1 %2: %3 → %4")
                .arg(QChar::fromLatin1(sign), difference.path, QString::fromUtf8(toJsonText(difference.left)),
                    QString::fromUtf8(toJsonText(difference.right)));
    }
    return lines;
}

} // namespace

class TestDiff : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void wordsThatChangedAreFound_data();
    void wordsThatChangedAreFound();
    void piecesMakeUpBothTexts();
    void textsWithLittleInCommonAreWholeChanges();
    void largeTextsThatDifferEverywhereAreCompared();
    void matchesAreCommonSubsequences();
    void placesOfJsonAreNamed_data();
    void placesOfJsonAreNamed();
    void wideJsonIsCompared();
};

void TestDiff::wordsThatChangedAreFound_data()
{
    QTest::addColumn<QString>("left");
    QTest::addColumn<QString>("right");
    QTest::addColumn<QString>("expected");
    QTest::newRow("both empty") << u""_qs << u""_qs << u""_qs;
    QTest::newRow("equal") << u"one\ntwo\n"_qs << u"one\ntwo\n"_qs << u"one\ntwo\n"_qs;
    QTest::newRow("from nothing") << u""_qs << u"one"_qs << u"[+one+]"_qs;
    QTest::newRow("to nothing") << u"one"_qs << u""_qs << u"[-one-]"_qs;
    QTest::newRow("a word") << u"Dear Ms Okafor, thanks."_qs << u"Dear Mr Okafor, thanks."_qs
                            << u"Dear [-Ms-][+Mr+] Okafor, thanks."_qs;
    QTest::newRow("a word more") << u"a large dog barks"_qs << u"a large brown dog barks"_qs
                                 << u"a large [+brown +]dog barks"_qs;
    QTest::newRow("two words are one change")
        << u"The quick brown fox jumps over it"_qs << u"The slow red fox jumps over it"_qs
        << u"The [-quick brown-][+slow red+] fox jumps over it"_qs;
    QTest::newRow("a line") << u"one\ntwo\nthree\n"_qs << u"one\nthree\n"_qs << u"one\n[-two\n-]three\n"_qs;
    QTest::newRow("a line moved down") << u"a\nb\nc\n"_qs << u"b\nc\na\n"_qs << u"[-a\n-]b\nc\n[+a\n+]"_qs;
    QTest::newRow("only the line end") << u"one"_qs << u"one\n"_qs << u"one[+\n+]"_qs;
    QTest::newRow("a number of JSON")
        << u"{\n  \"age\": 30,\n  \"n\": 1\n}"_qs << u"{\n  \"age\": 31,\n  \"n\": 1\n}"_qs
        << u"{\n  \"age\": [-30-][+31+],\n  \"n\": 1\n}"_qs;
    QTest::newRow("outside of the basic plane")
        << u"yes \U0001F600 no"_qs << u"yes \U0001F601 no"_qs << u"yes [-\U0001F600-][+\U0001F601+] no"_qs;
}

void TestDiff::wordsThatChangedAreFound()
{
    QFETCH(QString, left);
    QFETCH(QString, right);
    QFETCH(QString, expected);
    QCOMPARE(marked(diffTexts(left, right)), expected);
}

void TestDiff::piecesMakeUpBothTexts()
{
    QRandomGenerator random(7);
    const auto randomText = [&random] {
        static const QStringList words{u"a"_qs, u"be"_qs, u" "_qs, u"\n"_qs, u", "_qs, u"see"_qs, u"ö"_qs};
        QString text;
        for (int length = random.bounded(60); length > 0; --length)
            text += words.at(random.bounded(int(words.size())));
        return text;
    };
    for (int round = 0; round < 500; ++round) {
        const QString left = randomText();
        const QString right = randomText();
        const auto pieces = diffTexts(left, right);
        QCOMPARE(side(pieces, DiffKind::Added), left);
        QCOMPARE(side(pieces, DiffKind::Removed), right);
        for (std::size_t at = 1; at < pieces.size(); ++at)
            QVERIFY2(pieces[at].kind != pieces[at - 1].kind, qPrintable(marked(pieces)));
    }
}

void TestDiff::textsWithLittleInCommonAreWholeChanges()
{
    QCOMPARE(marked(diffTexts(u"The customer asks for a refund of the order."_qs,
                 u"Nightly scans found nothing at all; the log is empty."_qs)),
        u"[-The customer asks for a refund of the order.-]"
        "[+Nightly scans found nothing at all; the log is empty.+]"_qs);
}

void TestDiff::largeTextsThatDifferEverywhereAreCompared()
{
    // A shortest script of these would take billions of steps.
    QString left;
    QString right;
    for (int line = 0; line < 20'000; ++line) {
        left += QStringLiteral("left %1\n").arg(line * 7919 % 20'011);
        right += QStringLiteral("right %1\n").arg(line * 104'729 % 20'011);
        if (line % 1000 == 0) {
            const QString common = QStringLiteral("chapter %1\n").arg(line);
            left += common;
            right += common;
        }
    }
    const auto pieces = diffTexts(left, right);
    QCOMPARE(side(pieces, DiffKind::Added), left);
    QCOMPARE(side(pieces, DiffKind::Removed), right);
    QVERIFY(std::any_of(pieces.begin(), pieces.end(), [](const DiffPiece& piece) {
        return piece.kind == DiffKind::Same && piece.text.contains(u"chapter 7000\n"_qs);
    }));
}

void TestDiff::matchesAreCommonSubsequences()
{
    QRandomGenerator random(11);
    for (int round = 0; round < 300; ++round) {
        std::vector<quint32> left(std::size_t(random.bounded(40)));
        std::vector<quint32> right(std::size_t(random.bounded(40)));
        for (quint32& item : left)
            item = random.bounded(5U);
        for (quint32& item : right)
            item = random.bounded(5U);
        qsizetype leftEnd = 0;
        qsizetype rightEnd = 0;
        qsizetype common = 0;
        for (const SequenceMatch& match : matchSequences(left, right)) {
            QVERIFY(match.left >= leftEnd && match.right >= rightEnd && match.length > 0);
            for (qsizetype at = 0; at < match.length; ++at)
                QCOMPARE(left.at(std::size_t(match.left + at)), right.at(std::size_t(match.right + at)));
            leftEnd = match.left + match.length;
            rightEnd = match.right + match.length;
            common += match.length;
        }
        QVERIFY(leftEnd <= std::ssize(left) && rightEnd <= std::ssize(right));
        // The textbook's table, which is always right and always slow.
        std::vector<std::vector<qsizetype>> table(
            left.size() + 1, std::vector<qsizetype>(right.size() + 1, 0));
        for (std::size_t i = 1; i <= left.size(); ++i)
            for (std::size_t j = 1; j <= right.size(); ++j)
                table[i][j] = left[i - 1] == right[j - 1] ? table[i - 1][j - 1] + 1
                                                          : std::max(table[i - 1][j], table[i][j - 1]);
        QCOMPARE(common, table[left.size()][right.size()]);
    }
}

void TestDiff::placesOfJsonAreNamed_data()
{
    QTest::addColumn<QByteArray>("left");
    QTest::addColumn<QByteArray>("right");
    QTest::addColumn<QStringList>("expected");
    QTest::newRow("equal in another order") << QByteArray(R"({"a":1,"b":[true,null]})")
                                            << QByteArray(R"({"b":[true,null],"a":1.0})") << QStringList();
    QTest::newRow("whole value") << QByteArray("1") << QByteArray("\"1\"")
                                 << QStringList{u"~ : 1 → \"1\""_qs};
    QTest::newRow("members") << QByteArray(R"({"a":1,"b":{"c d":2,"e":3}})")
                             << QByteArray(R"({"b":{"c d":4,"f":5},"a":1})")
                             << QStringList{
                                    u"~ b[\"c d\"]: 2 → 4"_qs, u"- b.e: 3 → null"_qs, u"+ b.f: null → 5"_qs};
    QTest::newRow("null is not absence")
        << QByteArray(R"({"a":null})") << QByteArray("{}") << QStringList{u"- a: null → null"_qs};
    QTest::newRow("an item more") << QByteArray(R"(["a","b","c"])") << QByteArray(R"(["a","x","b","c"])")
                                  << QStringList{u"+ [1]: null → \"x\""_qs};
    QTest::newRow("an item less and one changed")
        << QByteArray(R"({"m":[{"t":"a"},{"t":"b"},{"t":"c","n":1}]})")
        << QByteArray(R"({"m":[{"t":"b"},{"t":"c","n":2}]})")
        << QStringList{u"- m[0]: {\"t\":\"a\"} → null"_qs, u"~ m[1].n: 1 → 2"_qs};
    QTest::newRow("kinds") << QByteArray(R"({"a":[1]})") << QByteArray(R"({"a":{"0":1}})")
                           << QStringList{u"~ a: [1] → {\"0\":1}"_qs};
}

void TestDiff::placesOfJsonAreNamed()
{
    QFETCH(QByteArray, left);
    QFETCH(QByteArray, right);
    QFETCH(QStringList, expected);
    QCOMPARE(listed(diffJson(parseJson(left, u"left"_qs), parseJson(right, u"right"_qs))), expected);
}

void TestDiff::wideJsonIsCompared()
{
    Json left = Json::object();
    Json right = Json::object();
    for (int key = 0; key < 20'000; ++key) {
        left.get_ref<Json::object_t&>().emplace_back(std::to_string(key), key);
        right.get_ref<Json::object_t&>().emplace_back(std::to_string(19'999 - key), 19'999 - key);
    }
    right["17"] = "seventeen";
    QCOMPARE(listed(diffJson(left, right)), QStringList{u"~ [\"17\"]: 17 → \"seventeen\""_qs});
}

LLMCACHE_TEST_MAIN(TestDiff)
#include "tst_diff.moc"
