// The program when the provider refuses, breaks or lies, and when the store dies.
#include "commandline.h"
#include "mockprovider.h"
#include "redisserver.h"
#include "testenvironment.h"

#include <QTest>

#include <csignal>

using namespace llmcache::test;
using llmcache::Json;

namespace {

const QString secretKey = QStringLiteral("sk-e2e-1a2b3c4d5e6f");

} // namespace

class TestE2eFaults : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void init();
    void cleanup();
    void rateLimitIsWaitedOut_data();
    void rateLimitIsWaitedOut();
    void tooLongARateLimitIsNotWaitedFor_data();
    void tooLongARateLimitIsNotWaitedFor();
    void serverErrorsAreRetried_data();
    void serverErrorsAreRetried();
    void droppedConnectionIsRetried_data();
    void droppedConnectionIsRetried();
    void wrongKeyIsNotRetried_data();
    void wrongKeyIsNotRetried();
    void cutStreamIsNeverStored_data();
    void cutStreamIsNeverStored();
    void truncatedAnswerIsNeverStored_data();
    void truncatedAnswerIsNeverStored();
    void answerThatDoesNotFitIsNeverStored_data();
    void answerThatDoesNotFitIsNeverStored();
    void chaosNeverSpoilsAnAnswer_data();
    void chaosNeverSpoilsAnAnswer();
    void providerThatIsNotThereIsAProviderError();
    void killedRedisStillDeliversTheAnswer();
    void interruptEndsTheRunAndStoresNothing();

private:
    void addModels();
    QString agent(const QByteArray& more = {}) const;
    QStringList runArguments(const QString& agent, const QString& prompt, const QStringList& more = {}) const;
    ProgramResult run(const QString& prompt, const QStringList& more = {}) const;
    std::vector<int> statuses(const QString& prompt) const;

    std::unique_ptr<MockProvider> m_provider;
    std::unique_ptr<CommandLine> m_user;
};

void TestE2eFaults::initTestCase()
{
    const QString missing = RedisServer::isInstalled() ? MockProvider::missing() : RedisServer::missingText();
    if (!missing.isEmpty()) {
        QVERIFY2(!MockProvider::isRequired(), qUtf8Printable(missing));
        QSKIP(qUtf8Printable(missing));
    }
}

void TestE2eFaults::init()
{
    m_provider = std::make_unique<MockProvider>();
    QVERIFY2(m_provider->start(), qUtf8Printable(m_provider->problem()));
    m_user = std::make_unique<CommandLine>();
    const QStringList keys = MockProvider::keyVariables();
    for (const QString& key : keys)
        m_user->setVariable(key, secretKey);
}

void TestE2eFaults::cleanup()
{
    m_provider.reset();
    m_user.reset();
}

void TestE2eFaults::addModels()
{
    QTest::addColumn<QString>("model");
    for (const MockProvider::Model& model : MockProvider::models())
        QTest::newRow(model.protocol) << model.model;
}

/// An agent file on the model of the current data row.
QString TestE2eFaults::agent(const QByteArray& more) const
{
    QFETCH(QString, model);
    return m_user->writeFile(QStringLiteral("a.agent.json"),
        R"({"name": "helper", "model": ")" + model.toUtf8() + '"' + more + '}');
}

QStringList TestE2eFaults::runArguments(
    const QString& agent, const QString& prompt, const QStringList& more) const
{
    return QStringList{QStringLiteral("run"), QStringLiteral("--agent"), agent, QStringLiteral("--prompt"),
               prompt, QStringLiteral("--json")}
    + m_provider->baseUrlArguments() + more;
}

ProgramResult TestE2eFaults::run(const QString& prompt, const QStringList& more) const
{
    return m_user->run(runArguments(agent(), prompt, more));
}

std::vector<int> TestE2eFaults::statuses(const QString& prompt) const
{
    std::vector<int> list;
    for (const ProviderRequestSeen& request : m_provider->requests(prompt))
        list.push_back(request.status);
    return list;
}

void TestE2eFaults::rateLimitIsWaitedOut_data()
{
    addModels();
}

void TestE2eFaults::rateLimitIsWaitedOut()
{
    const QString prompt = QStringLiteral("First too many requests");
    const ProgramResult result = run(prompt);
    LLMCACHE_VERIFY_EXIT(result, 0);
    QCOMPARE(result.json().at("output"), Json("Now there is room."));
    QCOMPARE(result.json().at("attempts"), Json(2));
    const auto seen = m_provider->requests(prompt);
    QCOMPARE(statuses(prompt), (std::vector<int>{429, 200}));
    // Retry-After said 2 seconds, which is longer than the first wait would have been without it.
    constexpr qint64 asked = 2000;
    QVERIFY2(seen[1].timeMs - seen[0].timeMs >= asked,
        QByteArray::number(seen[1].timeMs - seen[0].timeMs).constData());
    QCOMPARE(run(prompt).json().at("cached"), Json(true));
}

void TestE2eFaults::tooLongARateLimitIsNotWaitedFor_data()
{
    addModels();
}

void TestE2eFaults::tooLongARateLimitIsNotWaitedFor()
{
    const QString prompt = QStringLiteral("Always too many requests");
    const ProgramResult result = run(prompt);
    LLMCACHE_VERIFY_EXIT(result, 4);
    QVERIFY2(result.err.startsWith("llmcache: rate limit: "), result.describe().constData());
    QVERIFY2(result.out.isEmpty(), result.describe().constData());
    QVERIFY2(!result.err.contains(secretKey.toUtf8()), result.describe().constData());
    QCOMPARE(statuses(prompt), std::vector<int>{429});
}

void TestE2eFaults::serverErrorsAreRetried_data()
{
    addModels();
}

void TestE2eFaults::serverErrorsAreRetried()
{
    const QString prompt = QStringLiteral("Two server errors");
    const ProgramResult result = run(prompt);
    LLMCACHE_VERIFY_EXIT(result, 0);
    QCOMPARE(result.json().at("output"), Json("Third time lucky."));
    QCOMPARE(result.json().at("attempts"), Json(3));
    QCOMPARE(statuses(prompt), (std::vector<int>{500, 503, 200}));
}

void TestE2eFaults::droppedConnectionIsRetried_data()
{
    addModels();
}

void TestE2eFaults::droppedConnectionIsRetried()
{
    const QString prompt = QStringLiteral("A dropped connection");
    const ProgramResult result = run(prompt);
    LLMCACHE_VERIFY_EXIT(result, 0);
    QCOMPARE(result.json().at("output"), Json("Connected."));
    // 0 is the one that was dropped. Once: nobody below the retry policy sends it again.
    QCOMPARE(statuses(prompt), (std::vector<int>{0, 200}));
}

void TestE2eFaults::wrongKeyIsNotRetried_data()
{
    addModels();
}

void TestE2eFaults::wrongKeyIsNotRetried()
{
    const QString prompt = QStringLiteral("A wrong key");
    const ProgramResult result = run(prompt);
    LLMCACHE_VERIFY_EXIT(result, 6);
    QVERIFY2(result.err.startsWith("llmcache: provider: "), result.describe().constData());
    QVERIFY2(!result.err.contains(secretKey.toUtf8()), result.describe().constData());
    QCOMPARE(statuses(prompt), std::vector<int>{401});
}

void TestE2eFaults::cutStreamIsNeverStored_data()
{
    addModels();
}

void TestE2eFaults::cutStreamIsNeverStored()
{
    const QString prompt = QStringLiteral("A stream that is cut");
    // The first half was shown already, so that it can't be asked for again behind the reader's back.
    const ProgramResult cut = run(prompt, {QStringLiteral("--stream")});
    LLMCACHE_VERIFY_EXIT(cut, 6);
    QVERIFY2(cut.err.contains("llmcache: provider: "), cut.describe().constData());
    const ProgramResult whole = run(prompt, {QStringLiteral("--stream")});
    LLMCACHE_VERIFY_EXIT(whole, 0);
    QCOMPARE(whole.json().at("cached"), Json(false));
    QCOMPARE(whole.json().at("output"), Json("The whole of this answer arrives."));
}

void TestE2eFaults::truncatedAnswerIsNeverStored_data()
{
    addModels();
}

void TestE2eFaults::truncatedAnswerIsNeverStored()
{
    const QString prompt = QStringLiteral("Too long an answer");
    for (int attempt = 0; attempt < 2; ++attempt) {
        const ProgramResult result = run(prompt);
        if (result.exitCode == 0)
            QCOMPARE(result.json().at("cached"), Json(false));
    }
    QCOMPARE(m_provider->requests(prompt).size(), std::size_t(2));
    QVERIFY(m_user->run({QStringLiteral("entries"), QStringLiteral("list"), QStringLiteral("--json")})
                .out.isEmpty());
}

void TestE2eFaults::answerThatDoesNotFitIsNeverStored_data()
{
    addModels();
}

void TestE2eFaults::answerThatDoesNotFitIsNeverStored()
{
    const QString prompt = QStringLiteral("Describe nobody");
    const QString strict =
        agent(R"(, "output_retries": 2, "output": {"name": "Person", "schema": {"type": "object",
        "properties": {"name": {"type": "string"}, "born": {"type": "integer"}}, "required": ["name", "born"]}})");
    const ProgramResult result = m_user->run(runArguments(strict, prompt));
    LLMCACHE_VERIFY_EXIT(result, 7);
    QVERIFY2(result.err.startsWith("llmcache: output: "), result.describe().constData());
    QVERIFY2(result.err.contains("name"), result.describe().constData());
    // One request and two with the complaint.
    QCOMPARE(statuses(QString()).size(), std::size_t(3));
    QVERIFY(m_user->run({QStringLiteral("entries"), QStringLiteral("list"), QStringLiteral("--json")})
                .out.isEmpty());
}

void TestE2eFaults::chaosNeverSpoilsAnAnswer_data()
{
    addModels();
}

void TestE2eFaults::chaosNeverSpoilsAnAnswer()
{
    const QByteArray story = "Once upon a time there was a cache that never forgot what it had paid for.\n";
    QFETCH(QString, model);
    struct Attempt {
        QStringList arguments;
        std::unique_ptr<QProcess> process;
    };
    std::vector<Attempt> attempts;
    for (const char* fault : {"drop", "malformed", "disconnect", "ratelimit"}) {
        for (const bool stream : {false, true}) {
            // Every other request, at random; each fault and mode is a request of its own.
            const QString file =
                m_user->writeFile(QStringLiteral("%1-%2.json").arg(QLatin1String(fault)).arg(stream),
                    R"({"name": "helper", "model": ")" + model.toUtf8()
                        + R"(", "settings": {"extra_headers": {"x-aimock-chaos-)" + fault
                        + R"(": "0.5", "x-stream": ")" + (stream ? "yes" : "no") + R"("}}})");
            QStringList arguments{QStringLiteral("run"), QStringLiteral("--agent"), file,
                QStringLiteral("--prompt"), QStringLiteral("Tell a short story"),
                QStringLiteral("--max-wait"), QStringLiteral("3")};
            arguments += m_provider->baseUrlArguments();
            if (stream)
                arguments << QStringLiteral("--stream");
            auto process = m_user->start(arguments);
            attempts.push_back({std::move(arguments), std::move(process)});
        }
    }
    for (const Attempt& attempt : attempts) {
        const ProgramResult result = CommandLine::finish(*attempt.process);
        const QByteArray what = attempt.arguments.at(2).toUtf8() + ": " + result.describe();
        if (result.exitCode == 0)
            QVERIFY2(result.out == story, what.constData());
        else // a provider error or a rate limit, and no answer that looks whole
            QVERIFY2((result.exitCode == 4 || result.exitCode == 6) && result.out != story, what.constData());
        // What was not delivered whole is not in the cache either.
        const ProgramResult again =
            m_user->run(attempt.arguments + QStringList{QStringLiteral("--cache"), QStringLiteral("only")});
        QVERIFY2((again.exitCode == 0) == (result.exitCode == 0), what.constData());
        if (again.exitCode == 0)
            QCOMPARE(again.out, story);
    }
}

void TestE2eFaults::providerThatIsNotThereIsAProviderError()
{
    const QString file = m_user->writeFile(
        QStringLiteral("a.agent.json"), R"({"name": "helper", "model": "openai:gpt-4o-mini"})");
    m_provider->stop();
    const ProgramResult result = m_user->run(
        runArguments(file, QStringLiteral("hello"), {QStringLiteral("--max-wait"), QStringLiteral("0")}));
    LLMCACHE_VERIFY_EXIT(result, 6);
    QVERIFY2(result.err.startsWith("llmcache: provider: "), result.describe().constData());
    QVERIFY2(result.err.contains("127.0.0.1"), result.describe().constData());
}

void TestE2eFaults::killedRedisStillDeliversTheAnswer()
{
    const QString prompt = QStringLiteral("HOLD while the store dies");
    const QString file = m_user->writeFile(
        QStringLiteral("a.agent.json"), R"({"name": "helper", "model": "openai:gpt-4o-mini"})");
    RedisServer redis;
    QVERIFY2(redis.start(), qUtf8Printable(redis.log()));
    const QStringList store{QStringLiteral("--store"), redis.url()};
    const QStringList arguments = runArguments(file, prompt, store);

    const auto process = m_user->start(arguments);
    QVERIFY(m_provider->waitForArrival());
    redis.kill();
    m_provider->release();
    const ProgramResult result = CommandLine::finish(*process);
    LLMCACHE_VERIFY_EXIT(result, 0);
    QCOMPARE(result.json().at("output"), Json("Worth the wait."));
    QCOMPARE(result.json().at("cost_usd"), Json("0.00027"));
    QVERIFY2(result.err.contains("llmcache: warning: "), result.describe().constData());

    // The paid answer was kept on disk: with the store back, empty as it is, the next run need not pay.
    m_provider->stop();
    QVERIFY2(redis.start(), qUtf8Printable(redis.log()));
    const ProgramResult again = m_user->run(arguments);
    LLMCACHE_VERIFY_EXIT(again, 0);
    QCOMPARE(again.json().at("cached"), Json(true));
    QCOMPARE(again.json().at("output"), Json("Worth the wait."));
    const ProgramResult costs = m_user->run(QStringList{QStringLiteral("costs"), QStringLiteral("--by"),
                                                QStringLiteral("model"), QStringLiteral("--json")}
        + store);
    LLMCACHE_VERIFY_EXIT(costs, 0);
    QCOMPARE(costs.json().at("cost_usd"), Json("0.00027"));
    QCOMPARE(costs.json().at("calls"), Json(2));
}

void TestE2eFaults::interruptEndsTheRunAndStoresNothing()
{
    const QString prompt = QStringLiteral("HOLD until interrupted");
    const QString file = m_user->writeFile(
        QStringLiteral("a.agent.json"), R"({"name": "helper", "model": "openai:gpt-4o-mini"})");
    const auto process = m_user->start(runArguments(file, prompt));
    QVERIFY(m_provider->waitForArrival());
    ::kill(static_cast<pid_t>(process->processId()), SIGINT);
    const ProgramResult result = CommandLine::finish(*process);
    LLMCACHE_VERIFY_EXIT(result, 8);
    QVERIFY2(result.err.startsWith("llmcache: cancelled: "), result.describe().constData());
    QVERIFY2(result.out.isEmpty(), result.describe().constData());
    QVERIFY(m_user->run({QStringLiteral("entries"), QStringLiteral("list"), QStringLiteral("--json")})
                .out.isEmpty());
}

LLMCACHE_TEST_MAIN(TestE2eFaults)
#include "tst_e2e_faults.moc"
