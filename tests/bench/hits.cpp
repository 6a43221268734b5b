#include "hits.h"

#include "cache/request.h"
#include "store/rawentry.h"
#include "waitfortask.h"

#include <QElapsedTimer>
#include <QRandomGenerator>

namespace llmcache::bench {

namespace {

/// Prose of random words: one letter over and over would be compressed to nothing.
QString prose(int length)
{
    static const QStringList words =
        QStringLiteral("a the of and to in is that which with for from answer question model cache store "
                       "request price token because although therefore however latency between every "
                       "nothing something measured written result example")
            .split(QLatin1Char(' '));
    QRandomGenerator random(1);
    QString text;
    while (text.size() < length)
        text += words.at(random.bounded(words.size())) + QLatin1Char(' ');
    return text.left(length);
}

class InstantProvider final : public Provider {
public:
    explicit InstantProvider(int answerBytes)
        : m_answer(prose(answerBytes))
    {
    }
    QCoro::Task<ProviderReply> complete(ProviderRequest, ProviderContext) override
    {
        ProviderReply reply;
        reply.message = Message::assistant(m_answer);
        reply.usage.inputTokens = 100;
        reply.usage.outputTokens = 10;
        reply.usage.requests = 1;
        reply.finishReason = FinishReason::Stop;
        co_return reply;
    }

private:
    QString m_answer;
};

QString promptText(int number)
{
    return QStringLiteral("Question %1 of the benchmark, as long as a short question to a model is.")
        .arg(number);
}

/// Runs a share of the work until none is left.
QCoro::Task<bool> worker(Session* session, Agent agent, RunOptions options, int prompts, int* left)
{
    while (*left > 0) {
        const int number = --*left;
        Agent copy = agent;
        QString prompt = promptText(number % prompts);
        RunOptions own = options;
        co_await cachedAgentRun(*session, std::move(copy), std::move(prompt), std::move(own));
    }
    co_return true;
}

QCoro::Task<std::vector<double>> timed(
    Session* session, Agent agent, RunOptions options, int prompts, int first, int count)
{
    std::vector<double> times;
    QElapsedTimer timer;
    for (int at = 0; at < count; ++at) {
        Agent copy = agent;
        QString prompt = promptText((first + at) % prompts);
        RunOptions own = options;
        timer.start();
        co_await cachedAgentRun(*session, std::move(copy), std::move(prompt), std::move(own));
        times.push_back(static_cast<double>(timer.nsecsElapsed()) / 1000.0);
    }
    co_return times;
}

} // namespace

WarmSession::WarmSession(const QString& storeUrl, const QString& dataFolder, int prompts, int answerBytes)
    : m_prompts(prompts)
{
    SessionConfig config;
    config.storeUrl = storeUrl;
    config.dataFolder = dataFolder;
    m_session = std::make_unique<Session>(config);
    m_session->providers().setProvider(
        QStringLiteral("test"), std::make_unique<InstantProvider>(answerBytes));
    m_agent.name = QStringLiteral("bench");
    m_agent.model = QStringLiteral("test:instant");
    m_agent.systemPrompt = SystemPrompt(QStringLiteral("You answer questions of a benchmark."));
}

WarmSession::~WarmSession() = default;

RunOptions WarmSession::options(CachePolicy policy) const
{
    RunOptions options;
    options.cachePolicy = policy;
    return options;
}

void WarmSession::warmUp()
{
    throughput(m_prompts, 8);
}

std::vector<double> WarmSession::oneAtATime(int count, CachePolicy policy)
{
    const int first = std::exchange(m_next, (m_next + count) % m_prompts);
    return test::waitForTask(timed(m_session.get(), m_agent, options(policy), m_prompts, first, count));
}

double WarmSession::throughput(int count, int inFlight)
{
    QElapsedTimer timer;
    timer.start();
    int left = count;
    std::vector<QCoro::Task<bool>> workers;
    for (int number = 0; number < inFlight; ++number)
        workers.push_back(worker(m_session.get(), m_agent, options(CachePolicy::Use), m_prompts, &left));
    for (QCoro::Task<bool>& each : workers)
        test::waitForTask(std::move(each));
    return count / (static_cast<double>(timer.nsecsElapsed()) / 1e9);
}

double WarmSession::keysAlone(int count) const
{
    QElapsedTimer timer;
    timer.start();
    for (int number = 0; number < count; ++number)
        fingerprint(number % m_prompts);
    return count / (static_cast<double>(timer.nsecsElapsed()) / 1e9);
}

void WarmSession::drain()
{
    test::waitForTask([](Session* session) -> QCoro::Task<bool> {
        co_await session->runner().drain();
        co_return true;
    }(m_session.get()));
}

qsizetype WarmSession::bytesOfHit()
{
    const auto raw = test::waitForTask(readRaw(&m_session->store(), fingerprint(0)));
    qsizetype bytes = 0;
    for (const RawEntry::Field& field : raw.value_or(RawEntry()).fields) {
        if (field.name != QLatin1String("request"))
            bytes += field.bytes.size();
    }
    return bytes;
}

QString WarmSession::fingerprint(int prompt) const
{
    return llmcache::fingerprint(m_session->runner().buildRequest(m_agent, promptText(prompt), {}));
}

} // namespace llmcache::bench
