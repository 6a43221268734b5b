#include "cache/requestsections.h"

#include "base/error.h"
#include "cache/request.h"
#include "widgets/format.h"

#include <QCoreApplication>

namespace llmcache::ui {

namespace {

QString tr(const char* text)
{
    return QCoreApplication::translate("RequestSections", text);
}

QString pretty(const Json& json)
{
    return QString::fromUtf8(toPrettyJsonText(json));
}

QString attachmentText(const Attachment& attachment)
{
    QStringList parts{attachment.mediaType.isEmpty() ? tr("file") : attachment.mediaType};
    if (!attachment.name.isEmpty())
        parts << attachment.name;
    parts << (attachment.url.isEmpty() ? format::bytes(attachment.data.size()) : attachment.url);
    return parts.join(QStringLiteral(" · "));
}

QString messageText(const Message& message)
{
    QStringList lines;
    if (!message.thinking.isEmpty())
        lines << tr("thinking: %1").arg(message.thinking);
    if (!message.text.isEmpty())
        lines << message.text;
    for (const Attachment& attachment : message.attachments)
        lines << tr("attached: %1").arg(attachmentText(attachment));
    for (const ToolCall& call : message.toolCalls)
        lines << QStringLiteral("→ %1 %2").arg(call.name, QString::fromUtf8(toJsonText(call.arguments)));
    return lines.join(QLatin1Char('\n'));
}

QString messageTitle(const Message& message)
{
    QString title = roleName(message.role);
    title[0] = title.at(0).toUpper();
    if (!message.toolName.isEmpty())
        title += QLatin1Char(' ') + message.toolName;
    return message.isError ? tr("%1 (failed)").arg(title) : title;
}

} // namespace

std::vector<RequestSection> requestSections(const Entry& entry)
{
    std::vector<RequestSection> sections;
    if (entry.request.is_null() || (entry.request.is_object() && entry.request.empty())) {
        sections.push_back(
            {tr("No request"), tr("The program that wrote this entry stored the answer alone."), false});
        return sections;
    }
    Request request;
    try {
        request = requestFromJson(entry.request);
    } catch (const Error& error) {
        sections.push_back({tr("This request can't be read"), error.text(), false});
        return sections;
    }
    QString model = request.model.toString();
    if (!request.endpoint.isEmpty())
        model += tr(" at %1").arg(request.endpoint);
    if (request.sample > 0)
        model += tr(", sample %1").arg(request.sample);
    sections.push_back({tr("Model"), model, false});
    for (qsizetype at = 0; at < request.systemPrompts.size(); ++at)
        sections.push_back(
            {request.systemPrompts.size() == 1 ? tr("System prompt") : tr("System prompt %1").arg(at + 1),
                request.systemPrompts.at(at), false});
    if (!request.instructions.isEmpty())
        sections.push_back({tr("Instructions"), request.instructions, false});
    for (std::size_t at = 0; at < request.history.size(); ++at)
        sections.push_back({tr("History %1 · %2").arg(at + 1).arg(messageTitle(request.history[at])),
            messageText(request.history[at]), false});
    sections.push_back({tr("Prompt"), request.prompt, false});
    QStringList attachments;
    for (const Attachment& attachment : request.attachments)
        attachments << attachmentText(attachment);
    if (!attachments.isEmpty())
        sections.push_back({tr("Attachments"), attachments.join(QLatin1Char('\n')), false});
    if (request.output.isText()) {
        sections.push_back({tr("Output"), tr("text"), false});
    } else {
        sections.push_back(
            {tr("Output · %1 · %2").arg(request.output.name, outputModeName(request.output.mode)),
                pretty(request.output.schema), true});
    }
    // As they are stored: what is not there was left to the provider.
    const Json* const settings = findMember(entry.request, "settings");
    sections.push_back(
        {tr("Settings"), settings && !settings->empty() ? pretty(*settings) : tr("all left to the provider"),
            settings && !settings->empty()});
    for (const ToolDefinition& tool : request.tools)
        sections.push_back({tr("Tool · %1").arg(tool.name),
            (tool.description.isEmpty() ? QString() : tool.description + QLatin1Char('\n'))
                + pretty(tool.parameters),
            true});
    return sections;
}

} // namespace llmcache::ui
