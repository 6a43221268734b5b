// Pickles on the command line: shown, and not run.
#include "commandline.h"

#include <QFile>
#include <QTest>

using namespace llmcache::test;
using llmcache::Json;

class TestE2ePickle : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void asATree();
    void asJson();
    void hostile();
    void damaged();
    void whatIsNoFile();
};

namespace {

/// CachedResult with output {"name": "Alex", "tags": (1, 2)}
const QByteArray result("cpyai_caching.agent\nCachedResult\n)\x81}(Voutput\n}(Vname\nVAlex\nVtags\n("
                        "I1\nI2\ntuVmodel\nVgpt-4o\nub.");

} // namespace

void TestE2ePickle::asATree()
{
    const CommandLine user;
    const QString file = user.writeFile(QStringLiteral("entry.pickle"), result);
    const ProgramResult shown = user.run({QStringLiteral("pickle"), QStringLiteral("dump"), file});
    LLMCACHE_VERIFY_EXIT(shown, 0);
    QCOMPARE(shown.out,
        QByteArray("pyai_caching.agent.CachedResult 2 fields\n"
                   "  output: dict 2 entries\n"
                   "    'name': str 'Alex'\n"
                   "    'tags': tuple 2 items\n"
                   "      [0]: int 1\n"
                   "      [1]: int 2\n"
                   "  model: str 'gpt-4o'\n"));
}

void TestE2ePickle::asJson()
{
    const CommandLine user;
    const ProgramResult shown = user.run(
        {QStringLiteral("pickle"), QStringLiteral("dump"), QStringLiteral("-"), QStringLiteral("--json")},
        result);
    LLMCACHE_VERIFY_EXIT(shown, 0);
    QCOMPARE(shown.json(), Json::parse(R"({"$type": "pyai_caching.agent.CachedResult", "attributes": {
        "output": {"name": "Alex", "tags": {"$type": "tuple", "items": [1, 2]}}, "model": "gpt-4o"}})"));
}

void TestE2ePickle::hostile()
{
    const CommandLine user;
    const QString trace = user.home() + QStringLiteral("/was-run");
    const QByteArray bytes = "cos\nsystem\n(Vtouch " + trace.toUtf8() + "\ntR.";
    const ProgramResult shown =
        user.run({QStringLiteral("pickle"), QStringLiteral("dump"), QStringLiteral("-")}, bytes);
    LLMCACHE_VERIFY_EXIT(shown, 0);
    QVERIFY2(shown.out.startsWith("os.system os.system('touch "), shown.describe().constData());
    QVERIFY(!QFile::exists(trace));
}

void TestE2ePickle::damaged()
{
    const CommandLine user;
    const ProgramResult shown =
        user.run({QStringLiteral("pickle"), QStringLiteral("dump"), QStringLiteral("-")},
            "\x80\x04\x8c\x09"
            "Alex");
    LLMCACHE_VERIFY_EXIT(shown, 5);
    QVERIFY2(shown.err.contains("llmcache: pickle: The pickle can't be read at byte 2 (SHORT_BINUNICODE)"),
        shown.describe().constData());
    QCOMPARE(shown.out.trimmed(),
        QByteArray("00000000  80 04 8c 09 41 6c 65 78                           ....Alex"));
}

void TestE2ePickle::whatIsNoFile()
{
    const CommandLine user;
    LLMCACHE_VERIFY_EXIT(user.run({QStringLiteral("pickle"), QStringLiteral("dump")}), 2);
    LLMCACHE_VERIFY_EXIT(
        user.run({QStringLiteral("pickle"), QStringLiteral("dump"), QStringLiteral("missing")}), 3);
}

QTEST_GUILESS_MAIN(TestE2ePickle)
#include "tst_e2e_pickle.moc"
