// What the program says and returns when it can't do what it was asked.
#include "commandline.h"
#include "redisserver.h"
#include "testenvironment.h"

#include <QFile>
#include <QStandardPaths>
#include <QTcpServer>
#include <QTest>

using namespace llmcache::test;

namespace {

const char* const noTerminal = "script(1), which makes a terminal, is not installed.";

/// Makes a terminal for another program; part of every Debian.
QString terminalProgram()
{
    return QStandardPaths::findExecutable(QStringLiteral("script"));
}

/// What a terminal gets to show when the program runs in it.
QByteArray onATerminal(const CommandLine& user, const QString& arguments)
{
    QProcess process;
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert(QStringLiteral("HOME"), user.home());
    process.setProcessEnvironment(environment);
    process.start(terminalProgram(),
        {QStringLiteral("--quiet"), QStringLiteral("--return"), QStringLiteral("--command"),
            QStringLiteral("'%1' %2").arg(CommandLine::program(), arguments), QStringLiteral("/dev/null")});
    return process.waitForFinished(60'000) ? process.readAllStandardOutput() : QByteArray("not finished");
}

} // namespace

class TestE2eErrors : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void usage_data();
    void usage();
    void badAgentFile_data();
    void badAgentFile();
    void missingVariableIsNamed();
    void missingKeyIsNamed();
    void unknownProviderIsNamed();
    void missingHistoryFileIsNamed();
    void badStoreUrlHidesThePassword();
    void aRunningProgramHidesThePassword();
    void aHostileAnswerDoesNotDriveTheTerminal();
    void aHostileWarningDoesNotDriveTheTerminal();
    void unknownFingerprintIsACacheError();
    void unreachableStoreCostsNoAnswer();
    void unreachableStoreFailsCacheOnlyRuns();
    void noDisplayIsSaid();
    void helpNeedsNothing();
};

void TestE2eErrors::usage_data()
{
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<QByteArray>("mentions");
    const auto row = [](const char* name, const QString& arguments, const QByteArray& mentions) {
        QTest::newRow(name) << arguments.split(QLatin1Char(' ')) << mentions;
    };
    row("unknown command", QStringLiteral("frobnicate"), "frobnicate");
    row("unknown option", QStringLiteral("run --frobnicate"), "frobnicate");
    row("no agent", QStringLiteral("run --prompt hi"), "--agent");
    row("no prompt", QStringLiteral("run --agent a"), "--prompt");
    row("bad cache policy", QStringLiteral("run --agent a --prompt hi --cache sometimes"), "sometimes");
    row("bad time to live", QStringLiteral("run --agent a --prompt hi --ttl soon"), "soon");
    row("variable without a value", QStringLiteral("run --agent a --prompt hi --var name"), "name");
    row("unknown entries command", QStringLiteral("entries burn"), "burn");
    row("unknown dimension", QStringLiteral("costs --by mood"), "mood");
}

void TestE2eErrors::usage()
{
    QFETCH(QStringList, arguments);
    QFETCH(QByteArray, mentions);
    const ProgramResult result = CommandLine().run(arguments);
    LLMCACHE_VERIFY_EXIT(result, 2);
    QVERIFY2(result.err.startsWith("llmcache: usage: "), result.describe().constData());
    QVERIFY2(result.err.contains(mentions), result.describe().constData());
    QVERIFY2(result.out.isEmpty(), result.describe().constData());
}

void TestE2eErrors::badAgentFile_data()
{
    QTest::addColumn<QByteArray>("content");
    QTest::addColumn<QByteArray>("mentions");
    const auto row = [](const char* name, const QByteArray& content, const QByteArray& mentions) {
        QTest::newRow(name) << content << mentions;
    };
    row("not JSON", "{\"name\": ", "a.agent.json");
    row("no model", R"({"name": "a"})", "model");
    row("unknown field", R"({"name": "a", "model": "test:small", "temprature": 1})", "temprature");
    row("wrong type", R"({"name": "a", "model": "test:small", "settings": {"temperature": "warm"}})",
        "temperature");
    row("bad output mode",
        R"({"name": "a", "model": "test:small", "output": {"name": "O", "schema": {"type": "object"}, "mode": "guess"}})",
        "output.mode");
    row("negative retries", R"({"name": "a", "model": "test:small", "output_retries": -1})",
        "output_retries");
}

void TestE2eErrors::badAgentFile()
{
    QFETCH(QByteArray, content);
    QFETCH(QByteArray, mentions);
    const CommandLine user;
    const ProgramResult result = user.run({QStringLiteral("run"), QStringLiteral("--agent"),
        user.writeFile(QStringLiteral("a.agent.json"), content), QStringLiteral("--prompt"),
        QStringLiteral("hi")});
    LLMCACHE_VERIFY_EXIT(result, 3);
    QVERIFY2(result.err.startsWith("llmcache: configuration: "), result.describe().constData());
    QVERIFY2(result.err.contains(mentions), result.describe().constData());
    QVERIFY2(result.out.isEmpty(), result.describe().constData());
}

void TestE2eErrors::missingVariableIsNamed()
{
    const CommandLine user;
    const ProgramResult result = user.run({QStringLiteral("run"), QStringLiteral("--agent"),
        user.writeFile(QStringLiteral("a.agent.json"), R"({"name": "a", "model": "test:small"})"),
        QStringLiteral("--prompt"), QStringLiteral("Hello {{name}} of {{town}}"), QStringLiteral("--var"),
        QStringLiteral("name=Ada")});
    LLMCACHE_VERIFY_EXIT(result, 3);
    QVERIFY2(result.err.contains("town"), result.describe().constData());
}

void TestE2eErrors::missingKeyIsNamed()
{
    const CommandLine user;
    const ProgramResult result = user.run({QStringLiteral("run"), QStringLiteral("--agent"),
        user.writeFile(QStringLiteral("a.agent.json"), R"({"name": "a", "model": "openai:gpt-4o-mini"})"),
        QStringLiteral("--prompt"), QStringLiteral("hi")});
    LLMCACHE_VERIFY_EXIT(result, 3);
    QVERIFY2(result.err.contains("OPENAI_API_KEY"), result.describe().constData());
}

void TestE2eErrors::unknownProviderIsNamed()
{
    const CommandLine user;
    const ProgramResult result = user.run({QStringLiteral("run"), QStringLiteral("--agent"),
        user.writeFile(QStringLiteral("a.agent.json"), R"({"name": "a", "model": "delphi:oracle"})"),
        QStringLiteral("--prompt"), QStringLiteral("hi")});
    LLMCACHE_VERIFY_EXIT(result, 3);
    QVERIFY2(result.err.contains("delphi"), result.describe().constData());
}

void TestE2eErrors::missingHistoryFileIsNamed()
{
    const CommandLine user;
    const ProgramResult result = user.run({QStringLiteral("run"), QStringLiteral("--agent"),
        user.writeFile(QStringLiteral("a.agent.json"), R"({"name": "a", "model": "test:small"})"),
        QStringLiteral("--prompt"), QStringLiteral("hi"), QStringLiteral("--history"),
        QStringLiteral("nowhere.json")});
    LLMCACHE_VERIFY_EXIT(result, 3);
    QVERIFY2(result.err.contains("nowhere.json"), result.describe().constData());
}

void TestE2eErrors::badStoreUrlHidesThePassword()
{
    const ProgramResult result = CommandLine().run({QStringLiteral("entries"), QStringLiteral("list"),
        QStringLiteral("--store"), QStringLiteral("redis://ada:s3cretword@127.0.0.1:notaport/0")});
    LLMCACHE_VERIFY_EXIT(result, 3);
    QVERIFY2(!result.describe().contains("s3cretword"), result.describe().constData());
}

void TestE2eErrors::aRunningProgramHidesThePassword()
{
#ifndef Q_OS_LINUX
    QSKIP("Only Linux shows arguments in /proc.");
#endif
    // It takes the connection and says nothing, so that the program is there to be looked at.
    QTcpServer silent;
    QVERIFY(silent.listen(QHostAddress::LocalHost));
    const CommandLine user;
    const auto process =
        user.start({QStringLiteral("entries"), QStringLiteral("list"), QStringLiteral("--store"),
            QStringLiteral("redis://ada:hunter2@127.0.0.1:%1/0").arg(silent.serverPort())});
    QVERIFY(silent.waitForNewConnection(30'000));
    QFile arguments(QStringLiteral("/proc/%1/cmdline").arg(process->processId()));
    QVERIFY(arguments.open(QIODevice::ReadOnly));
    const QByteArray shown = arguments.readAll();
    QVERIFY2(shown.contains("redis://ada:*******@127.0.0.1"), shown.constData());
    QVERIFY2(!shown.contains("hunter2"), shown.constData());
    process->kill();
    process->waitForFinished();
}

void TestE2eErrors::aHostileAnswerDoesNotDriveTheTerminal()
{
    const CommandLine user;
    const QString agent =
        user.writeFile(QStringLiteral("echo.agent.json"), R"({"name": "echo", "model": "test:small"})");
    // The offline provider repeats the prompt.
    const QString prompt =
        user.writeFile(QStringLiteral("prompt"), "red \x1b[31m title \x1b]0;owned\x07 end");
    const QStringList run{QStringLiteral("run"), QStringLiteral("--agent"), agent, QStringLiteral("--prompt"),
        QStringLiteral("-")};
    const ProgramResult plain = user.run(run, "red \x1b[31m title \x1b]0;owned\x07 end");
    LLMCACHE_VERIFY_EXIT(plain, 0);
    QVERIFY2(plain.out.contains("\x1b[31m"), "in a file an answer is as it is");
    if (terminalProgram().isEmpty())
        QSKIP(noTerminal);
    const QByteArray shown =
        onATerminal(user, QStringLiteral("run --agent '%1' --prompt - < '%2'").arg(agent, prompt));
    QVERIFY2(shown.contains("title") && shown.contains("end"), shown.constData());
    QVERIFY2(!shown.contains('\x1b') && !shown.contains('\x07'), shown.toHex(' ').constData());
}

void TestE2eErrors::aHostileWarningDoesNotDriveTheTerminal()
{
    if (terminalProgram().isEmpty())
        QSKIP(noTerminal);
    if (!RedisServer::isInstalled())
        QSKIP(qPrintable(RedisServer::missingText()));
    RedisServer server;
    QVERIFY2(server.start(), qPrintable(server.log()));
    // Somebody else's agent, which can't be read, is named in a warning.
    QCOMPARE(QProcess::execute(QStringLiteral("redis-cli"),
                 {QStringLiteral("-p"), QString::number(server.port()), QStringLiteral("hset"),
                     QStringLiteral("llmcache:default:agents"), QStringLiteral("bad \x1b]0;owned\x07 name"),
                     QStringLiteral("{}")}),
        0);
    const CommandLine user;
    const QByteArray shown = onATerminal(user, QStringLiteral("agents list --store '%1'").arg(server.url()));
    QVERIFY2(shown.contains("bad ") && shown.contains(" name"), shown.constData());
    QVERIFY2(!shown.contains('\x1b') && !shown.contains('\x07'), shown.toHex(' ').constData());
}

void TestE2eErrors::unknownFingerprintIsACacheError()
{
    const ProgramResult result =
        CommandLine().run({QStringLiteral("entries"), QStringLiteral("show"), QString(64, QLatin1Char('0'))});
    LLMCACHE_VERIFY_EXIT(result, 5);
    QVERIFY2(result.err.startsWith("llmcache: cache: "), result.describe().constData());
}

void TestE2eErrors::unreachableStoreCostsNoAnswer()
{
    const CommandLine user;
    // Nothing listens on port 1.
    const ProgramResult result = user.run({QStringLiteral("run"), QStringLiteral("--agent"),
        user.writeFile(QStringLiteral("a.agent.json"), R"({"name": "a", "model": "test:small"})"),
        QStringLiteral("--prompt"), QStringLiteral("hi"), QStringLiteral("--json"), QStringLiteral("--store"),
        QStringLiteral("redis://:s3cretword@127.0.0.1:1/0")});
    LLMCACHE_VERIFY_EXIT(result, 0);
    QCOMPARE(result.json().at("cached"), llmcache::Json(false));
    QVERIFY2(result.err.contains("127.0.0.1:1"), result.describe().constData());
    QVERIFY2(!result.describe().contains("s3cretword"), result.describe().constData());
}

void TestE2eErrors::unreachableStoreFailsCacheOnlyRuns()
{
    const CommandLine user;
    const ProgramResult result = user.run({QStringLiteral("run"), QStringLiteral("--agent"),
        user.writeFile(QStringLiteral("a.agent.json"), R"({"name": "a", "model": "test:small"})"),
        QStringLiteral("--prompt"), QStringLiteral("hi"), QStringLiteral("--cache"), QStringLiteral("only"),
        QStringLiteral("--store"), QStringLiteral("redis://127.0.0.1:1/0")});
    LLMCACHE_VERIFY_EXIT(result, 5);
    QVERIFY2(result.err.contains("127.0.0.1:1"), result.describe().constData());
}

void TestE2eErrors::noDisplayIsSaid()
{
#ifndef LLMCACHE_WITH_UI
    QSKIP("this build has no window");
#endif
    const ProgramResult result = CommandLine().run({});
    LLMCACHE_VERIFY_EXIT(result, 3);
    QVERIFY2(result.err.contains("display"), result.describe().constData());
    QVERIFY2(result.err.contains("--help"), result.describe().constData());
}

void TestE2eErrors::helpNeedsNothing()
{
    const ProgramResult result = CommandLine().run({QStringLiteral("--help")});
    LLMCACHE_VERIFY_EXIT(result, 0);
    for (const char* command : {"run", "entries", "agents", "costs"})
        QVERIFY2(result.out.contains(command), result.describe().constData());
}

LLMCACHE_TEST_MAIN(TestE2eErrors)
#include "tst_e2e_errors.moc"
