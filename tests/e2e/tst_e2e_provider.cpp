// The program against a provider that speaks the OpenAI and the Anthropic protocols, and both stores.
#include "commandline.h"
#include "mockprovider.h"
#include "redisserver.h"
#include "testenvironment.h"

#include <QTest>

using namespace llmcache::test;
using llmcache::Json;

namespace {

const QString secretKey = QStringLiteral("sk-e2e-9f8e7d6c5b4a");

QByteArray agentFile(const QString& model, const QByteArray& more = {})
{
    return R"({"name": "helper", "model": ")" + model.toUtf8() + R"(", "system_prompt": "You help.")" + more
        + '}';
}

const QByteArray personOutput = R"(, "output": {"name": "Person", "schema": {"type": "object",
    "properties": {"name": {"type": "string"}, "born": {"type": "integer"}},
    "required": ["name", "born"], "additionalProperties": false}})";

} // namespace

class TestE2eProvider : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void init();
    void cleanup();
    void missPaysOnceAndHitNeedsNoProvider_data();
    void missPaysOnceAndHitNeedsNoProvider();
    void schemaIsFilled_data();
    void schemaIsFilled();
    void streamedAnswerIsTheSame_data();
    void streamedAnswerIsTheSame();
    void twoProcessesPayOnce_data();
    void twoProcessesPayOnce();
    void costsOfSeveralModelsAddUp();

private:
    void addProviders();
    void addStores();
    QStringList storeArguments() const;
    ProgramResult run(const CommandLine& user, const QString& agent, const QString& prompt,
        const QStringList& more = {}) const;
    QStringList runArguments(const QString& agent, const QString& prompt, const QStringList& more) const;

    RedisServer m_redis;
    std::unique_ptr<MockProvider> m_provider;
    std::unique_ptr<CommandLine> m_user;
};

void TestE2eProvider::initTestCase()
{
    const QString missing = RedisServer::isInstalled() ? MockProvider::missing() : RedisServer::missingText();
    if (!missing.isEmpty()) {
        QVERIFY2(!MockProvider::isRequired(), qUtf8Printable(missing));
        QSKIP(qUtf8Printable(missing));
    }
    QVERIFY2(m_redis.start(), qUtf8Printable(m_redis.log()));
}

void TestE2eProvider::init()
{
    m_provider = std::make_unique<MockProvider>();
    QVERIFY2(m_provider->start(), qUtf8Printable(m_provider->problem()));
    m_user = std::make_unique<CommandLine>();
    const QStringList keys = MockProvider::keyVariables();
    for (const QString& key : keys)
        m_user->setVariable(key, secretKey);
}

void TestE2eProvider::cleanup()
{
    m_provider.reset();
    m_user.reset();
}

void TestE2eProvider::addStores()
{
    QTest::addColumn<bool>("redis");
    QTest::newRow("embedded file") << false;
    QTest::newRow("Redis") << true;
}

void TestE2eProvider::addProviders()
{
    QTest::addColumn<QString>("model");
    QTest::addColumn<QString>("path");
    for (const MockProvider::Model& model : MockProvider::models())
        QTest::newRow(model.protocol) << model.model << model.path;
}

QStringList TestE2eProvider::storeArguments() const
{
    QFETCH(bool, redis);
    if (!redis)
        return {};
    return {QStringLiteral("--store"), m_redis.url(), QStringLiteral("--workspace"),
        QString::fromLatin1(QTest::currentTestFunction())};
}

QStringList TestE2eProvider::runArguments(
    const QString& agent, const QString& prompt, const QStringList& more) const
{
    return QStringList{
               QStringLiteral("run"), QStringLiteral("--agent"), agent, QStringLiteral("--prompt"), prompt}
    + m_provider->baseUrlArguments() + more;
}

ProgramResult TestE2eProvider::run(
    const CommandLine& user, const QString& agent, const QString& prompt, const QStringList& more) const
{
    return user.run(runArguments(agent, prompt, more));
}

void TestE2eProvider::missPaysOnceAndHitNeedsNoProvider_data()
{
    QTest::addColumn<QString>("model");
    QTest::addColumn<QString>("path");
    QTest::addColumn<QString>("cost");
    QTest::addColumn<bool>("redis");
    for (const bool redis : {false, true}) {
        const char* store = redis ? "Redis" : "embedded file";
        // 1,000 input and 200 output tokens at list price.
        QTest::addRow("OpenAI, %s", store)
            << QStringLiteral("openai:gpt-4o-mini") << QStringLiteral("/v1/chat/completions")
            << QStringLiteral("0.00027") << redis;
        QTest::addRow("Anthropic, %s", store)
            << QStringLiteral("anthropic:claude-haiku-4-5") << QStringLiteral("/v1/messages")
            << QStringLiteral("0.002") << redis;
    }
}

void TestE2eProvider::missPaysOnceAndHitNeedsNoProvider()
{
    QFETCH(QString, model);
    QFETCH(QString, path);
    QFETCH(QString, cost);
    const QString prompt = QStringLiteral("What is the capital of France?");
    const QString agent = m_user->writeFile(QStringLiteral("a.agent.json"), agentFile(model));
    const QStringList options =
        QStringList{QStringLiteral("--json"), QStringLiteral("--verbose")} + storeArguments();

    const ProgramResult miss = run(*m_user, agent, prompt, options);
    LLMCACHE_VERIFY_EXIT(miss, 0);
    const Json paid = miss.json();
    QCOMPARE(paid.at("output"), Json("Paris."));
    QCOMPARE(paid.at("cached"), Json(false));
    QCOMPARE(paid.at("attempts"), Json(1));
    QCOMPARE(paid.at("usage").at("input_tokens"), Json(1000));
    QCOMPARE(paid.at("usage").at("output_tokens"), Json(200));
    QCOMPARE(paid.at("cost_usd"), Json(cost.toStdString()));
    const auto seen = m_provider->requests(prompt);
    QCOMPARE(seen.size(), std::size_t(1));
    QCOMPARE(seen.front().path, path);

    m_provider->stop();
    const ProgramResult hit = run(*m_user, agent, prompt, options);
    LLMCACHE_VERIFY_EXIT(hit, 0);
    const Json saved = hit.json();
    QCOMPARE(saved.at("output"), Json("Paris."));
    QCOMPARE(saved.at("cached"), Json(true));
    QCOMPARE(saved.at("attempts"), Json(0));
    QCOMPARE(saved.at("cost_usd"), Json("0"));
    QCOMPARE(saved.at("avoided_cost_usd"), Json(cost.toStdString()));
    QCOMPARE(saved.at("fingerprint"), paid.at("fingerprint"));

    for (const ProgramResult& result : {miss, hit})
        QVERIFY2(!result.describe().contains(secretKey.toUtf8()), result.describe().constData());
}

void TestE2eProvider::schemaIsFilled_data()
{
    addProviders();
}

void TestE2eProvider::schemaIsFilled()
{
    QFETCH(QString, model);
    const QString agent = m_user->writeFile(QStringLiteral("a.agent.json"), agentFile(model, personOutput));
    const QStringList options{QStringLiteral("--json")};
    const ProgramResult miss = run(*m_user, agent, QStringLiteral("Describe Ada"), options);
    LLMCACHE_VERIFY_EXIT(miss, 0);
    QCOMPARE(miss.json().at("output"), Json({{"name", "Ada"}, {"born", 1815}}));
    const ProgramResult hit = run(*m_user, agent, QStringLiteral("Describe Ada"), options);
    LLMCACHE_VERIFY_EXIT(hit, 0);
    QCOMPARE(hit.json().at("cached"), Json(true));
    QCOMPARE(hit.json().at("output"), miss.json().at("output"));
}

void TestE2eProvider::streamedAnswerIsTheSame_data()
{
    addProviders();
}

void TestE2eProvider::streamedAnswerIsTheSame()
{
    QFETCH(QString, model);
    const QString prompt = QStringLiteral("Tell a short story");
    const QByteArray story = "Once upon a time there was a cache that never forgot what it had paid for.\n";
    const QString agent = m_user->writeFile(QStringLiteral("a.agent.json"), agentFile(model));
    const ProgramResult streamed = run(*m_user, agent, prompt, {QStringLiteral("--stream")});
    LLMCACHE_VERIFY_EXIT(streamed, 0);
    QCOMPARE(streamed.out, story);
    const auto seen = m_provider->requests(prompt);
    QCOMPARE(seen.size(), std::size_t(1));
    QFETCH(QString, path);
    QVERIFY2(seen.front().path.contains(path), qPrintable(seen.front().path));

    // Streamed or not is the same request: the entry answers both.
    const ProgramResult whole = run(*m_user, agent, prompt);
    LLMCACHE_VERIFY_EXIT(whole, 0);
    QCOMPARE(whole.out, story);
    const ProgramResult result = run(*m_user, agent, prompt, {QStringLiteral("--json")});
    QCOMPARE(result.json().at("cached"), Json(true));
    QCOMPARE(result.json().at("usage").at("input_tokens"), Json(1000));
    QCOMPARE(result.json().at("usage").at("output_tokens"), Json(200));
    QCOMPARE(m_provider->requests(prompt).size(), std::size_t(1));
}

void TestE2eProvider::twoProcessesPayOnce_data()
{
    addStores();
}

void TestE2eProvider::twoProcessesPayOnce()
{
    const QString prompt = QStringLiteral("HOLD for two");
    const QString agent =
        m_user->writeFile(QStringLiteral("a.agent.json"), agentFile(QStringLiteral("openai:gpt-4o-mini")));
    const QStringList arguments = runArguments(
        agent, prompt, QStringList{QStringLiteral("--json"), QStringLiteral("--verbose")} + storeArguments());
    const auto payer = m_user->start(arguments);
    QVERIFY(m_provider->waitForArrival());
    const auto waiter = m_user->start(arguments);
    // It says so before it waits.
    waiter->setReadChannel(QProcess::StandardError);
    QByteArray said;
    while (!said.contains("waiting for another run")) {
        QVERIFY2(waiter->waitForReadyRead(), said.constData());
        said += waiter->readAll();
    }
    m_provider->release();
    const ProgramResult first = CommandLine::finish(*payer);
    const ProgramResult second = CommandLine::finish(*waiter);
    LLMCACHE_VERIFY_EXIT(first, 0);
    LLMCACHE_VERIFY_EXIT(second, 0);
    QCOMPARE(first.json().at("cached"), Json(false));
    QCOMPARE(second.json().at("cached"), Json(true));
    QCOMPARE(second.json().at("output"), first.json().at("output"));
    QCOMPARE(second.json().at("cost_usd"), Json("0"));
    QCOMPARE(m_provider->requests(prompt).size(), std::size_t(1));
}

void TestE2eProvider::costsOfSeveralModelsAddUp()
{
    const QString prompt = QStringLiteral("What is the capital of France?");
    const QString agent =
        m_user->writeFile(QStringLiteral("a.agent.json"), agentFile(QStringLiteral("openai:gpt-4o-mini")));
    LLMCACHE_VERIFY_EXIT(run(*m_user, agent, prompt), 0);
    LLMCACHE_VERIFY_EXIT(run(*m_user, agent, prompt), 0);
    const ProgramResult other = run(
        *m_user, agent, prompt, {QStringLiteral("--model"), QStringLiteral("anthropic:claude-haiku-4-5")});
    LLMCACHE_VERIFY_EXIT(other, 0);
    const ProgramResult costs = m_user->run(
        {QStringLiteral("costs"), QStringLiteral("--by"), QStringLiteral("model"), QStringLiteral("--json")});
    LLMCACHE_VERIFY_EXIT(costs, 0);
    std::map<std::string, Json> rows;
    for (const Json& row : costs.jsonLines())
        rows[row.at("model").get<std::string>()] = row;
    QCOMPARE(rows.size(), std::size_t(2));
    const Json& openai = rows["openai:gpt-4o-mini"];
    QCOMPARE(openai.at("calls"), Json(2));
    QCOMPARE(openai.at("hits"), Json(1));
    QCOMPARE(openai.at("cost_usd"), Json("0.00027"));
    QCOMPARE(openai.at("avoided_cost_usd"), Json("0.00027"));
    QCOMPARE(rows["anthropic:claude-haiku-4-5"].at("cost_usd"), Json("0.002"));
}

LLMCACHE_TEST_MAIN(TestE2eProvider)
#include "tst_e2e_provider.moc"
