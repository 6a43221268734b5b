#include "sampledata.h"

#include <qcorotimer.h>

#include <QTimer>

namespace llmcache::screenshots {

namespace {

/// Of the first agent of the sample workspace.
constexpr auto answer = R"({"name": "Alex", "age": 30, "interests": ["hiking", "reading science fiction"]})";

class CannedProvider final : public Provider {
public:
    QCoro::Task<ProviderReply> complete(ProviderRequest request, ProviderContext context) override
    {
        // As long as a small model takes, so that the figures look like figures.
        constexpr auto thinking = std::chrono::milliseconds(640);
        QTimer timer;
        timer.start(thinking);
        co_await timer;
        ProviderReply reply;
        reply.structured = parseJson(answer, QStringLiteral("sample"));
        reply.outputToolCallId = QStringLiteral("toolu_1");
        reply.message.role = Role::Assistant;
        reply.message.toolCalls.push_back({reply.outputToolCallId, outputToolName, *reply.structured});
        reply.usage.inputTokens = 1830;
        reply.usage.cacheReadTokens = 1536;
        reply.usage.outputTokens = 212;
        reply.usage.requests = 1;
        reply.finishReason = FinishReason::ToolCall;
        reply.model = request.model.model;
        if (context.stop.stop_requested())
            reply.finishReason = FinishReason::Error;
        co_return reply;
    }
};

} // namespace

std::unique_ptr<Provider> cannedProvider()
{
    return std::make_unique<CannedProvider>();
}

} // namespace llmcache::screenshots
