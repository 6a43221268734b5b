#include "pythonside.h"
#include "testenvironment.h"

#include <QDir>
#include <QFile>

using namespace llmcache;
using namespace llmcache::test;

/// The keys that `llmcache key` prints are those that pyai-caching computes.
class TestInteropKeys : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void keysOfGeneratedAgentsAreEqual();
};

void TestInteropKeys::initTestCase()
{
    LLMCACHE_NEED_PYTHON();
}

void TestInteropKeys::keysOfGeneratedAgentsAreEqual()
{
    constexpr int count = 200;
    const CommandLine user;
    const QDir folder(user.home());
    // Another seed tries other agents: LLMCACHE_INTEROP_SEED=7.
    const QString seed = qEnvironmentVariable("LLMCACHE_INTEROP_SEED", u"1"_qs);
    const ProgramResult made = PythonSide::run(u"keys.py"_qs, {folder.path(), QString::number(count), seed});
    LLMCACHE_VERIFY_EXIT(made, 0);
    const std::vector<Json> cases = made.jsonLines();
    QCOMPARE(cases.size(), std::size_t(count));
    for (const Json& one : cases) {
        const QString number = QString::number(integerMember(one, "number"));
        QFile prompt(folder.filePath(number + u".prompt"_qs));
        QVERIFY(prompt.open(QIODevice::ReadOnly));
        QStringList arguments{u"key"_qs, u"--agent"_qs, folder.filePath(number + u".agent.json"_qs),
            u"--prompt"_qs, u"-"_qs, u"--explain"_qs, u"--json"_qs};
        if (one["name"].is_null())
            arguments << u"--unnamed"_qs;
        if (one["kwargs"] != "{}")
            arguments << u"--run-kwargs"_qs << stringMember(one, "kwargs");
        if (one["has_history"] == true)
            arguments << u"--history"_qs << folder.filePath(number + u".history.json"_qs);
        const ProgramResult printed = user.run(arguments, prompt.readAll());
        LLMCACHE_VERIFY_EXIT(printed, 0);
        const Json keys = printed.json();
        QVERIFY2(keys["python_key"] == one["key"],
            QByteArray(
                "case " + number.toUtf8() + ", expected " + toJsonText(one) + ", got " + printed.describe())
                .constData());
    }
}

LLMCACHE_TEST_MAIN(TestInteropKeys)
#include "tst_interop_keys.moc"
