#include "scriptedprovider.h"

#include <QTimer>

namespace llmcache::test {

namespace {

QCoro::Task<ProviderReply> give(ProviderReply reply)
{
    co_return reply;
}

QCoro::Task<ProviderReply> throwError(ProviderError error)
{
    error.raise();
    co_return ProviderReply();
}

} // namespace

Usage scriptedUsage()
{
    Usage usage;
    usage.inputTokens = 100;
    usage.outputTokens = 10;
    usage.requests = 1;
    return usage;
}

QCoro::Task<ProviderReply> ScriptedProvider::complete(ProviderRequest request, ProviderContext context)
{
    m_requests.push_back(request);
    if (m_holdNext) {
        m_holdNext = false;
        auto gate = std::make_shared<Gate>();
        m_gate = gate;
        const std::stop_callback onStop(context.stop, [gate] { gate->open(); });
        co_await gate->passed();
        if (context.stop.stop_requested())
            throw Cancelled();
    }
    if (m_steps.empty())
        throw ConfigurationError(QStringLiteral("The script has no step for this request."));
    const Step step = std::move(m_steps.front());
    m_steps.pop_front();
    co_return co_await step(std::move(request), std::move(context));
}

void ScriptedProvider::reply(const QString& text, FinishReason reason)
{
    ProviderReply reply;
    reply.message = Message::assistant(text);
    reply.usage = scriptedUsage();
    reply.finishReason = reason;
    then([reply](ProviderRequest, ProviderContext context) {
        if (context.onText)
            context.onText(reply.message.text);
        return give(reply);
    });
}

void ScriptedProvider::replyJson(const Json& value)
{
    ProviderReply reply;
    reply.message.role = Role::Assistant;
    reply.message.toolCalls.push_back({QStringLiteral("call_1"), outputToolName, value});
    reply.structured = value;
    reply.outputToolCallId = QStringLiteral("call_1");
    reply.usage = scriptedUsage();
    reply.finishReason = FinishReason::ToolCall;
    then([reply](ProviderRequest, ProviderContext) { return give(reply); });
}

void ScriptedProvider::replyToolCall(const QString& name, const Json& arguments)
{
    ProviderReply reply;
    reply.message.role = Role::Assistant;
    reply.message.toolCalls.push_back({QStringLiteral("call_t"), name, arguments});
    reply.usage = scriptedUsage();
    reply.finishReason = FinishReason::ToolCall;
    then([reply](ProviderRequest, ProviderContext) { return give(reply); });
}

void ScriptedProvider::fail(
    ProviderFailure failure, int status, std::optional<std::chrono::milliseconds> hint)
{
    ProviderError::Details details;
    details.failure = failure;
    details.status = status;
    details.retryHint = hint;
    const ProviderError error(QStringLiteral("The provider answered %1.").arg(status), {}, details);
    then([error](ProviderRequest, ProviderContext) { return throwError(error); });
}

void ScriptedProvider::hold()
{
    m_holdNext = true;
}

void ScriptedProvider::release()
{
    if (const auto gate = std::exchange(m_gate, nullptr))
        gate->open();
}

} // namespace llmcache::test
