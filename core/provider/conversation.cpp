#include "provider/conversation.h"

#include "base/error.h"

#include <QCryptographicHash>
#include <QRegularExpression>
#include <QUuid>

#include <algorithm>

namespace llmcache {

namespace {

Message missingAnswerTo(const ToolCall& call)
{
    Message message;
    message.role = Role::Tool;
    message.text = missingToolAnswer();
    message.toolCallId = call.id;
    message.toolName = call.name;
    return message;
}

bool isEmptyTurn(const Message& message)
{
    return message.text.isEmpty() && message.toolCalls.empty() && message.attachments.empty()
        && message.providerData.is_null();
}

} // namespace

History repairedHistory(const History& messages)
{
    History result;
    for (std::size_t i = 0; i < messages.size(); ++i) {
        const Message& message = messages[i];
        // Answers are taken along with their calls; any other is an orphan.
        if (message.role == Role::Tool)
            continue;
        if (message.role != Role::Assistant) {
            result.push_back(message);
            continue;
        }
        if (isEmptyTurn(message))
            continue;
        Message turn = message;
        for (ToolCall& call : turn.toolCalls) {
            if (call.id.isEmpty())
                call.id = newToolCallId();
        }
        result.push_back(turn);
        // Answers may stand anywhere before the next assistant turn.
        std::size_t end = i + 1;
        while (end < messages.size() && messages[end].role != Role::Assistant)
            ++end;
        std::vector<bool> used(messages.size(), false);
        for (std::size_t c = 0; c < turn.toolCalls.size(); ++c) {
            const ToolCall& call = turn.toolCalls[c];
            const bool hadId = !message.toolCalls[c].id.isEmpty();
            bool found = false;
            for (std::size_t j = i + 1; j < end && !found; ++j) {
                const Message& answer = messages[j];
                if (answer.role != Role::Tool || used[j])
                    continue;
                found = hadId ? answer.toolCallId == call.id
                              : answer.toolCallId.isEmpty() && answer.toolName == call.name;
                if (found) {
                    used[j] = true;
                    result.push_back(answer);
                    result.back().toolCallId = call.id;
                    result.back().toolName = call.name;
                }
            }
            if (!found && end > i + 1)
                result.push_back(missingAnswerTo(call));
        }
    }
    return result;
}

QStringList takeLeadingSystem(History& messages)
{
    QStringList texts;
    const auto end = std::find_if(messages.begin(), messages.end(),
        [](const Message& message) { return message.role != Role::System; });
    for (auto it = messages.begin(); it != end; ++it)
        texts.append(it->text);
    messages.erase(messages.begin(), end);
    return texts;
}

QString dataUrl(const Attachment& attachment)
{
    return QStringLiteral("data:%1;base64,%2")
        .arg(attachment.mediaType, QString::fromLatin1(attachment.data.toBase64()));
}

bool isTextAttachment(const Attachment& attachment)
{
    return attachment.url.isEmpty()
        && (attachment.mediaType.startsWith(QLatin1String("text/"))
            || attachment.mediaType == QLatin1String("application/json"));
}

void refuseAttachment(const QString& provider, const Attachment& attachment)
{
    const QString kind =
        attachment.mediaType.isEmpty() ? QStringLiteral("unknown type") : attachment.mediaType;
    throw ConfigurationError(
        QStringLiteral("%1 takes no attachment of %2%3.")
            .arg(provider, kind,
                attachment.name.isEmpty() ? QString() : QStringLiteral(" (%1)").arg(attachment.name)),
        QStringLiteral("Remove it, convert it, or choose a model that takes it."));
}

QString newToolCallId()
{
    return QStringLiteral("call_") + QUuid::createUuid().toString(QUuid::Id128).left(24);
}

QString shortToolCallId(const QString& id)
{
    static const QRegularExpression form(QStringLiteral("^[A-Za-z0-9]{9}$"));
    if (form.match(id).hasMatch())
        return id;
    return QString::fromLatin1(
        QCryptographicHash::hash(id.toUtf8(), QCryptographicHash::Sha256).toHex().left(9));
}

QString plainToolCallId(const QString& id)
{
    static const QRegularExpression form(QStringLiteral("^[A-Za-z0-9_-]{1,64}$"));
    if (form.match(id).hasMatch())
        return id;
    return QStringLiteral("call_")
        + QString::fromLatin1(
            QCryptographicHash::hash(id.toUtf8(), QCryptographicHash::Sha256).toHex().left(24));
}

QString missingToolAnswer()
{
    return QStringLiteral("The tool was not run.");
}

} // namespace llmcache
