#include "provider/testprovider.h"

#include "base/error.h"
#include "provider/conversation.h"
#include "provider/outputschema.h"
#include "provider/smallestvalue.h"

#include <qcorotimer.h>

namespace llmcache {

namespace {

constexpr qsizetype longestQuote = 200;

qint64 tokensOf(qsizetype bytes)
{
    return (bytes + 3) / 4;
}

qsizetype bytesOf(const ProviderRequest& request)
{
    qsizetype bytes = request.instructions.toUtf8().size();
    for (const QString& prompt : request.systemPrompts)
        bytes += prompt.toUtf8().size();
    for (const Message& message : request.messages) {
        bytes += message.text.toUtf8().size();
        for (const ToolCall& call : message.toolCalls)
            bytes += call.name.toUtf8().size() + toJsonText(call.arguments).size();
        for (const Attachment& attachment : message.attachments)
            bytes += attachment.data.size();
    }
    if (!request.output.isText())
        bytes += toJsonText(request.output.schema).size();
    return bytes;
}

QString counted(qsizetype count, const QString& one, const QString& many)
{
    return count == 1 ? QStringLiteral("1 ") + one : QStringLiteral("%1 %2").arg(count).arg(many);
}

QString summaryOf(const ProviderRequest& request)
{
    QString prompt;
    for (const Message& message : request.messages) {
        if (message.role == Role::User)
            prompt = message.text;
    }
    QStringList parts;
    if (!request.systemPrompts.isEmpty())
        parts << counted(
            request.systemPrompts.size(), QStringLiteral("system prompt"), QStringLiteral("system prompts"));
    if (!request.instructions.isEmpty())
        parts << QStringLiteral("instructions");
    if (request.messages.size() > 1)
        parts << counted(static_cast<qsizetype>(request.messages.size()) - 1,
            QStringLiteral("earlier message"), QStringLiteral("earlier messages"));
    if (!request.tools.empty())
        parts << counted(
            static_cast<qsizetype>(request.tools.size()), QStringLiteral("tool"), QStringLiteral("tools"));
    parts << QStringLiteral("a prompt of ")
            + counted(prompt.size(), QStringLiteral("character"), QStringLiteral("characters"));
    QString quote = prompt.left(longestQuote);
    if (!quote.isEmpty() && quote.back().isHighSurrogate())
        quote.chop(1);
    if (quote.size() < prompt.size())
        quote += QChar(0x2026);
    return QStringLiteral("Offline answer of test:%1 to %2: %3")
        .arg(request.model.model, parts.join(QStringLiteral(", ")), quote);
}

/// Words with the space that follows them.
QStringList wordsOf(const QString& text)
{
    QStringList words;
    qsizetype start = 0;
    for (qsizetype i = 1; i < text.size(); ++i) {
        if (text[i - 1].isSpace() && !text[i].isSpace()) {
            words << text.mid(start, i - start);
            start = i;
        }
    }
    if (start < text.size())
        words << text.mid(start);
    return words;
}

} // namespace

QCoro::Task<ProviderReply> TestProvider::complete(ProviderRequest request, ProviderContext context)
{
    if (context.stop.stop_requested())
        throw Cancelled();
    ProviderReply reply;
    reply.message.role = Role::Assistant;
    reply.model = request.model.model;
    reply.finishReason = FinishReason::Stop;
    reply.rawFinishReason = QStringLiteral("stop");
    QString answer;
    if (request.output.isText()) {
        answer = summaryOf(request);
        reply.message.text = answer;
    } else {
        const Json value = smallestValue(request.output.schema);
        answer = QString::fromUtf8(toJsonText(value));
        reply.structured = value;
        if (request.output.mode == OutputMode::Native || request.output.mode == OutputMode::Prompted) {
            reply.message.text = answer;
        } else {
            ToolCall call;
            call.id = QStringLiteral("call_test");
            call.name = outputToolName;
            call.arguments = value;
            reply.outputToolCallId = call.id;
            reply.message.toolCalls.push_back(std::move(call));
            reply.finishReason = FinishReason::ToolCall;
            reply.rawFinishReason = QStringLiteral("tool_calls");
        }
    }
    reply.usage.inputTokens = tokensOf(bytesOf(request));
    reply.usage.outputTokens = tokensOf(answer.toUtf8().size());
    reply.usage.requests = 1;
    // A turn of the event loop a word, so that a stop gets through between them.
    const QStringList words = context.onText ? wordsOf(reply.message.text) : QStringList();
    for (const QString& word : words) {
        co_await QCoro::sleepFor(std::chrono::milliseconds(0));
        if (context.stop.stop_requested())
            throw Cancelled();
        context.onText(word);
    }
    reply.timeToFirstToken = std::chrono::milliseconds(0);
    co_return reply;
}

} // namespace llmcache
