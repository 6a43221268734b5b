#include "pythonside.h"
#include "redisserver.h"
#include "testenvironment.h"

#include <QFile>

using namespace llmcache;
using namespace llmcache::test;

/// What is paid for here with "write for Python" on is a hit in Python, and both sides pay once together.
class TestInteropSharing : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void init();
    void answersOfRunsAreHitsInPython_data();
    void answersOfRunsAreHitsInPython();
    void anOutputWithoutAClassIsNotWritten();
    void classesAreTakenFromEntries_data();
    void classesAreTakenFromEntries();
    void nothingIsWrittenUnlessAsked();
    void bothSidesPayOnce();

private:
    QStringList runArguments(const QString& name, const QString& prompt) const
    {
        return {u"--store"_qs, m_redis.url(), u"run"_qs, u"--agent"_qs,
            m_user->home() + u"/"_qs + name + u".agent.json"_qs, u"--prompt"_qs, prompt, u"--json"_qs};
    }

    RedisServer m_redis;
    std::unique_ptr<CommandLine> m_user;
};

void TestInteropSharing::initTestCase()
{
    LLMCACHE_NEED_PYTHON();
    if (!RedisServer::isInstalled())
        QSKIP(qUtf8Printable(RedisServer::missingText()));
    QVERIFY2(m_redis.start(), qUtf8Printable(m_redis.log()));
}

void TestInteropSharing::init()
{
    m_user = std::make_unique<CommandLine>();
    const ProgramResult agents = PythonSide::run(u"cache.py"_qs, {u"agents"_qs, m_redis.url()});
    LLMCACHE_VERIFY_EXIT(agents, 0);
    for (Json agent : agents.jsonLines()) {
        agent["model"] = "test:gpt-4o-mini"; // the key does not say whose model it is
        m_user->writeFile(stringMember(agent, "name") + u".agent.json"_qs, toJsonText(agent));
    }
}

void TestInteropSharing::answersOfRunsAreHitsInPython_data()
{
    QTest::addColumn<QString>("name");
    for (const char* name : {"text", "dict", "list", "greeting", "order"})
        QTest::newRow(name) << QString::fromLatin1(name);
}

void TestInteropSharing::answersOfRunsAreHitsInPython()
{
    QFETCH(QString, name);
    const ProgramResult paid =
        m_user->run(runArguments(name, u"prompt of "_qs + name) << u"--write-python"_qs);
    LLMCACHE_VERIFY_EXIT(paid, 0);
    QCOMPARE(paid.json()["source"], Json("provider"));
    QVERIFY2(paid.json()["warnings"].empty(), paid.describe().constData());
    const ProgramResult read = PythonSide::run(u"cache.py"_qs, {u"read"_qs, m_redis.url(), name});
    LLMCACHE_VERIFY_EXIT(read, 0);
    const Json result = read.json();
    QCOMPARE(result["calls"], Json(0));
    QCOMPARE(result["same_class"], Json(true));
    // Python adds the defaults of what was not given.
    Json loaded = result["output"];
    const Json given = paid.json()["output"];
    if (given.is_object() && name != u"dict"_qs) {
        for (const auto& member : given.items())
            QCOMPARE(loaded[member.key()], member.value());
    } else {
        QCOMPARE(loaded, given);
    }
}

void TestInteropSharing::anOutputWithoutAClassIsNotWritten()
{
    // A list of models: of which class they are is nowhere said.
    const ProgramResult paid =
        m_user->run(runArguments(u"models"_qs, u"prompt of models"_qs) << u"--write-python"_qs);
    LLMCACHE_VERIFY_EXIT(paid, 0);
    QVERIFY2(toJsonText(paid.json()["warnings"]).contains("python_type"), paid.describe().constData());
    const ProgramResult read = PythonSide::run(u"cache.py"_qs, {u"read"_qs, m_redis.url(), u"models"_qs});
    LLMCACHE_VERIFY_EXIT(read, 0);
    QCOMPARE(read.json()["calls"], Json(1));
}

void TestInteropSharing::classesAreTakenFromEntries_data()
{
    QTest::addColumn<QString>("name");
    for (const char* name : {"greeting", "order", "models"})
        QTest::newRow(name) << QString::fromLatin1(name);
}

void TestInteropSharing::classesAreTakenFromEntries()
{
    QFETCH(QString, name);
    const QString file = name + u".agent.json"_qs;
    QFile agentFile(m_user->home() + u"/"_qs + file);
    QVERIFY(agentFile.open(QIODevice::ReadOnly));
    Json agent = parseJson(agentFile.readAll(), file);
    agent["output"].erase("python_type");
    m_user->writeFile(file, toJsonText(agent));
    // What Python stored of other prompts.
    LLMCACHE_VERIFY_EXIT(PythonSide::run(u"cache.py"_qs, {u"write"_qs, m_redis.url()}), 0);
    const ProgramResult paid = m_user->run(runArguments(name, u"another prompt"_qs) << u"--write-python"_qs);
    LLMCACHE_VERIFY_EXIT(paid, 0);
    QCOMPARE(paid.json()["source"], Json("provider"));
    QVERIFY2(paid.json()["warnings"].empty(), paid.describe().constData());
    const ProgramResult read =
        PythonSide::run(u"cache.py"_qs, {u"ask"_qs, m_redis.url(), name, u"another prompt"_qs});
    LLMCACHE_VERIFY_EXIT(read, 0);
    QCOMPARE(read.json()["calls"], Json(0));
    QCOMPARE(read.json()["same_class"], Json(true));
    QVERIFY2(read.err.isEmpty(), read.describe().constData());
}

void TestInteropSharing::nothingIsWrittenUnlessAsked()
{
    LLMCACHE_VERIFY_EXIT(m_user->run(runArguments(u"text"_qs, u"prompt of text"_qs)), 0);
    const ProgramResult read = PythonSide::run(u"cache.py"_qs, {u"read"_qs, m_redis.url(), u"text"_qs});
    LLMCACHE_VERIFY_EXIT(read, 0);
    QCOMPARE(read.json()["calls"], Json(1));
}

void TestInteropSharing::bothSidesPayOnce()
{
    constexpr int each = 8;
    std::vector<std::unique_ptr<QProcess>> python;
    for (int i = 0; i < each; ++i)
        python.push_back(PythonSide::start(u"cache.py"_qs, {u"race"_qs, m_redis.url()}, {}, true));
    for (const auto& process : python) {
        while (!process->canReadLine())
            QVERIFY2(process->waitForReadyRead(), process->readAllStandardError().constData());
        QCOMPARE(process->readLine(), QByteArray("ready\n"));
    }
    std::vector<std::unique_ptr<QProcess>> own;
    for (int i = 0; i < each; ++i) {
        python[static_cast<std::size_t>(i)]->write("go\n");
        own.push_back(m_user->start(runArguments(u"text"_qs, u"prompt of all"_qs) << u"--write-python"_qs));
    }
    int paid = 0;
    QSet<QString> answers;
    for (const auto& process : own) {
        const ProgramResult result = CommandLine::finish(*process);
        LLMCACHE_VERIFY_EXIT(result, 0);
        paid += result.json()["outcome"] == "miss" ? 1 : 0;
        answers.insert(stringMember(result.json(), "output"));
    }
    for (const auto& process : python) {
        process->closeWriteChannel();
        const ProgramResult result = CommandLine::finish(*process);
        LLMCACHE_VERIFY_EXIT(result, 0);
        paid += static_cast<int>(integerMember(result.json(), "calls"));
        answers.insert(stringMember(result.json(), "output"));
    }
    QCOMPARE(paid, 1);
    QCOMPARE(answers.size(), 1);
}

LLMCACHE_TEST_MAIN(TestInteropSharing)
#include "tst_interop_sharing.moc"
