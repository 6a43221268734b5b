#include "cache/conversation.h"

#include "agent/outputvalidation.h"
#include "base/error.h"
#include "store/entry.h"

#include <QElapsedTimer>

namespace llmcache {

namespace {

/// A model that keeps calling tools must not spend money for ever.
constexpr int mostToolRounds = 20;

void report(const ConversationContext& context, RunEvent::Kind kind, const QString& text = {},
    std::chrono::milliseconds wait = {})
{
    if (!context.progress)
        return;
    RunEvent event;
    event.kind = kind;
    event.text = text;
    event.attempt = context.bill->attempts;
    event.wait = wait;
    context.progress(event);
}

/// Waits for as long as the provider has asked anybody with this account to wait for this model.
QCoro::Task<> holdOff(std::shared_ptr<Backoff> backoff, ConversationContext context, QString provider)
{
    for (;;) {
        co_await context.cooldowns->refresh(context.cooldownKey);
        const std::chrono::milliseconds left = context.cooldowns->left(context.cooldownKey);
        if (left <= std::chrono::milliseconds(0))
            co_return;
        const std::chrono::milliseconds wait = backoff->hold(left, provider);
        context.bill->waited += wait;
        report(context, RunEvent::Kind::Retrying,
            QStringLiteral("%1 has asked to hold off after too many requests.").arg(provider), wait);
        co_await context.clock->sleep(wait, context.stop);
    }
}

/// Tells everybody of a wait that the provider asked for, and counts failures that are no rate limit.
void learnFrom(const ProviderError& error, const ConversationContext& context)
{
    if (!error.isTransient())
        return;
    const ProviderError::Details& details = error.details();
    if (details.failure != ProviderFailure::RateLimited)
        context.retryBudget->failed();
    else if (details.retryHint)
        context.cooldowns->publish(context.cooldownKey, *details.retryHint);
}

void requireRetryBudget(const ProviderError& error, const ConversationContext& context)
{
    if (error.details().failure == ProviderFailure::RateLimited || context.retryBudget->allowsRetry())
        return;
    throw ProviderError(
        error.message() + QStringLiteral(" It was not tried again: most requests to this provider fail now."),
        QStringLiteral("Look at the provider's status page, and try again later."), error.details());
}

/// One request with its backoff.
QCoro::Task<ProviderReply> requestWithBackoff(ProviderRequest request, ConversationContext context)
{
    auto backoff = std::make_shared<Backoff>(context.backoff);
    // One budget over all waits of the run, not one a request.
    backoff->spend(context.bill->waited);
    const QString provider = request.model.provider;
    for (;;) {
        std::chrono::milliseconds wait{0};
        auto sharedBackoff = backoff;
        ConversationContext sharedContext = context;
        co_await holdOff(std::move(sharedBackoff), std::move(sharedContext), provider);
        // Nothing was sent and nothing is owed.
        if (context.stop.stop_requested())
            throw Cancelled();
        report(context, RunEvent::Kind::Requesting);
        ++context.bill->attempts;
        try {
            ProviderRequest copy = request;
            ProviderContext providerContext;
            providerContext.stop = context.stop;
            if (context.stream) {
                const auto progress = context.progress;
                const auto bill = context.bill;
                providerContext.onText = [progress, bill](const QString& text) {
                    if (!progress)
                        return;
                    RunEvent event;
                    event.kind = RunEvent::Kind::Text;
                    event.text = text;
                    event.attempt = bill->attempts;
                    progress(event);
                };
            }
            ProviderReply reply =
                co_await context.provider->complete(std::move(copy), std::move(providerContext));
            context.bill->usage += reply.usage;
            context.bill->requests.push_back(reply.usage);
            context.retryBudget->succeeded();
            co_return reply;
        } catch (const ProviderError& error) {
            if (error.details().mayBeBilled || error.details().delivered)
                context.bill->mayHaveUnknownCost = true;
            if (error.details().failure == ProviderFailure::RateLimited)
                ++context.bill->rateLimits;
            learnFrom(error, context);
            wait = backoff->next(error);
            requireRetryBudget(error, context);
            context.bill->waited += wait;
            report(context, RunEvent::Kind::Retrying, error.message(), wait);
        } catch (const Cancelled&) {
            context.bill->mayHaveUnknownCost = true;
            throw;
        }
        co_await context.clock->sleep(wait, context.stop);
    }
}

bool matches(const Json& pattern, const Json& value)
{
    if (!pattern.is_object() || !value.is_object())
        return pattern.is_null() || toCanonicalJson(pattern) == toCanonicalJson(value);
    for (const auto& member : pattern.items()) {
        const Json* given = findMember(value, member.key().c_str());
        if (!given || !matches(member.value(), *given))
            return false;
    }
    return true;
}

Message answerTool(const std::vector<ToolDefinition>& tools, const ToolCall& call)
{
    Message message;
    message.role = Role::Tool;
    message.toolCallId = call.id;
    message.toolName = call.name;
    for (const ToolDefinition& tool : tools) {
        if (tool.name != call.name)
            continue;
        for (const ToolDefinition::Answer& answer : tool.answers) {
            if (matches(answer.when, call.arguments)) {
                message.text = outputText(answer.value);
                return message;
            }
        }
        if (tool.fallback) {
            message.text = outputText(*tool.fallback);
            return message;
        }
        message.isError = true;
        message.text = QStringLiteral("No answer is defined for these arguments.");
        return message;
    }
    message.isError = true;
    message.text = QStringLiteral("There is no tool of this name.");
    return message;
}

/// What the model is told when its answer does not fit.
Message feedback(const ProviderReply& reply, const QStringList& violations)
{
    const QString text =
        QStringLiteral("Your answer does not fit the required schema:\n- %1\nCorrect it and answer again.")
            .arg(violations.join(QStringLiteral("\n- ")));
    if (reply.outputToolCallId.isEmpty())
        return Message::user(text);
    Message message;
    message.role = Role::Tool;
    message.toolCallId = reply.outputToolCallId;
    message.toolName = outputToolName;
    message.isError = true;
    message.text = text;
    return message;
}

bool isComplete(FinishReason reason)
{
    return reason == FinishReason::Stop || reason == FinishReason::ToolCall;
}

QString incompleteReason(FinishReason reason)
{
    switch (reason) {
    case FinishReason::Length:
        return QStringLiteral(
            "The answer was cut off at the token limit; it is not stored. Raise max_tokens.");
    case FinishReason::Refusal:
        return QStringLiteral("The model refused to answer; the refusal is not stored.");
    case FinishReason::ContentFilter:
        return QStringLiteral("The provider's content filter stopped the answer; it is not stored.");
    default:
        return QStringLiteral("The answer ended for an unusual reason; it is not stored.");
    }
}

/// The turn of a conversation: what the model said and what it means for the run.
class Conversation {
public:
    Conversation(const Request& request, const ConversationContext& context)
        : m_outputIsText(request.output.isText())
        , m_schema(request.output.schema)
        , m_tools(request.tools)
        , m_retriesLeft(context.outputRetries)
    {
        m_next.model = request.model;
        m_next.baseUrl = context.baseUrl;
        m_next.systemPrompts = request.systemPrompts;
        m_next.instructions = request.instructions;
        m_next.messages = request.history;
        m_next.output = request.output;
        m_next.settings = request.settings;
        m_next.tools = request.tools;
        Message prompt = Message::user(request.prompt);
        prompt.attachments = request.attachments;
        append(std::move(prompt));
    }

    const ProviderRequest& next() const { return m_next; }

    /// Takes a reply. True when the answer is there; false when the conversation goes on.
    bool take(const ProviderReply& reply, const ConversationContext& context)
    {
        append(reply.message);
        m_answer.finishReason = reply.finishReason;
        m_answer.rawFinishReason = reply.rawFinishReason;
        m_answer.providerModel = reply.model;
        if (!m_answer.timeToFirstToken)
            m_answer.timeToFirstToken = reply.timeToFirstToken;
        if (reply.reportedCost)
            m_answer.reportedCost = m_answer.reportedCost.value_or(Money()) + *reply.reportedCost;
        for (const QString& name : reply.dropped) {
            const QString warning = QStringLiteral("%1 does not take the setting %2; it was left out.")
                                        .arg(m_next.model.toString(), name);
            if (!m_answer.warnings.contains(warning))
                m_answer.warnings.append(warning);
        }
        if (answersTools(reply))
            return false;
        return m_outputIsText ? takeText(reply) : takeJson(reply, context);
    }

    Answer takeAnswer() { return std::move(m_answer); }

private:
    void append(Message message)
    {
        m_next.messages.push_back(message);
        m_answer.messages.push_back(std::move(message));
    }

    bool answersTools(const ProviderReply& reply)
    {
        std::vector<Message> results;
        for (const ToolCall& call : reply.message.toolCalls) {
            if (call.name == outputToolName)
                return false;
            results.push_back(answerTool(m_tools, call));
        }
        if (results.empty())
            return false;
        if (++m_toolRounds > mostToolRounds)
            throw OutputError(
                QStringLiteral("The model called tools %1 times without answering.").arg(mostToolRounds),
                QStringLiteral("Check the canned answers of the agent's tools."), {}, reply.message.text);
        for (Message& result : results)
            append(std::move(result));
        return true;
    }

    bool takeText(const ProviderReply& reply)
    {
        m_answer.output = toUtf8(reply.message.text);
        m_answer.complete = isComplete(reply.finishReason);
        if (!m_answer.complete)
            m_answer.warnings.append(incompleteReason(reply.finishReason));
        return true;
    }

    bool takeJson(const ProviderReply& reply, const ConversationContext& context)
    {
        const QString given =
            reply.structured ? QString::fromUtf8(toPrettyJsonText(*reply.structured)) : reply.message.text;
        if (!isComplete(reply.finishReason))
            throw OutputError(incompleteReason(reply.finishReason), {}, {}, given);
        QStringList violations;
        if (!reply.structured) {
            violations.append(QStringLiteral("/: the answer holds no JSON"));
        } else {
            Validation validation = validateOutput(m_schema, *reply.structured);
            if (validation.valid()) {
                m_answer.output = std::move(validation.value);
                return true;
            }
            violations = std::move(validation.violations);
        }
        if (m_retriesLeft-- <= 0)
            throw OutputError(QStringLiteral("The answer does not fit the schema: %1.")
                                  .arg(violations.join(QStringLiteral("; "))),
                QStringLiteral("Make the schema or the prompt clearer, or raise the agent's output retries."),
                violations, given);
        report(context, RunEvent::Kind::Validating, violations.join(QLatin1Char('\n')));
        append(feedback(reply, violations));
        return false;
    }

    bool m_outputIsText;
    Json m_schema;
    std::vector<ToolDefinition> m_tools;
    int m_retriesLeft;
    int m_toolRounds = 0;
    ProviderRequest m_next;
    Answer m_answer;
};

} // namespace

QCoro::Task<Answer> converse(Request request, ConversationContext context)
{
    Conversation conversation(request, context);
    for (;;) {
        ProviderRequest next = conversation.next();
        ConversationContext copy = context;
        const ProviderReply reply = co_await requestWithBackoff(std::move(next), std::move(copy));
        if (conversation.take(reply, context))
            break;
    }
    co_return conversation.takeAnswer();
}

} // namespace llmcache
