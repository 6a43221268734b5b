#pragma once

#include "base/error.h"
#include "base/gate.h"
#include "provider/provider.h"

#include <deque>
#include <functional>

namespace llmcache::test {

/// A provider that does what a test tells it: each request takes the next step of the script. It counts the
/// requests and keeps them.
class ScriptedProvider final : public Provider {
public:
    using Step = std::function<QCoro::Task<ProviderReply>(ProviderRequest, ProviderContext)>;

    QCoro::Task<ProviderReply> complete(ProviderRequest request, ProviderContext context) override;

    /// A reply with this text: 100 tokens in, 10 out.
    void reply(const QString& text, FinishReason reason = FinishReason::Stop);
    /// A JSON answer through the output tool.
    void replyJson(const Json& value);
    void replyToolCall(const QString& name, const Json& arguments);
    void fail(ProviderFailure failure, int status, std::optional<std::chrono::milliseconds> hint = {});
    /// Holds the request until release() or a stop, then goes on with the next step.
    void hold();
    void release();
    void then(Step step) { m_steps.push_back(std::move(step)); }

    int requests() const { return static_cast<int>(m_requests.size()); }
    const std::vector<ProviderRequest>& received() const { return m_requests; }

private:
    std::deque<Step> m_steps;
    std::vector<ProviderRequest> m_requests;
    std::shared_ptr<Gate> m_gate;
    bool m_holdNext = false;
};

/// The usage that every scripted reply reports.
Usage scriptedUsage();

} // namespace llmcache::test
