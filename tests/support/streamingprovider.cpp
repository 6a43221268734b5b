#include "streamingprovider.h"

#include "base/gate.h"

#include <QTimer>

namespace llmcache::test {

namespace {

QCoro::Task<ProviderReply> say(int tokens, ProviderContext context)
{
    Gate said;
    QTimer timer;
    timer.setTimerType(Qt::PreciseTimer);
    QString text;
    int left = tokens;
    QObject::connect(&timer, &QTimer::timeout, &timer, [&] {
        const QString token = left % 12 == 0 ? QStringLiteral("token.\n") : QStringLiteral("token ");
        text += token;
        context.onText(token);
        if (--left == 0) {
            timer.stop();
            said.open();
        }
    });
    timer.start(5);
    co_await said.passed();
    ProviderReply reply;
    reply.message = Message::assistant(text);
    reply.usage.outputTokens = tokens;
    reply.usage.requests = 1;
    reply.finishReason = FinishReason::Stop;
    co_return reply;
}

} // namespace

QCoro::Task<ProviderReply> StreamingProvider::complete(ProviderRequest, ProviderContext context)
{
    return say(m_tokens, std::move(context));
}

} // namespace llmcache::test
