#include "provider/replybuilder.h"

#include "provider/conversation.h"
#include "provider/replyjson.h"

#include <algorithm>

namespace llmcache {

namespace {

const QString openTag = QStringLiteral("<think>");
const QString closeTag = QStringLiteral("</think>");

/// Length of the longest end of `text` that is a beginning of `tag`.
qsizetype partialTag(const QString& text, const QString& tag)
{
    for (qsizetype length = std::min(text.size(), tag.size() - 1); length > 0; --length) {
        if (text.endsWith(tag.left(length)))
            return length;
    }
    return 0;
}

} // namespace

Json argumentsFromText(const QString& text)
{
    if (text.trimmed().isEmpty())
        return Json::object();
    auto value = readJson(text.toUtf8());
    if (!value)
        return Json(toUtf8(text));
    if (value->is_null())
        return Json::object();
    return std::move(*value);
}

ReplyBuilder::ReplyBuilder(WireOutput output, std::function<void(const QString&)> onText, bool splitThinkTags)
    : m_output(std::move(output))
    , m_onText(std::move(onText))
    , m_tag(splitThinkTags ? Tag::Undecided : Tag::After)
{
    m_since.start();
    reply.message.role = Role::Assistant;
}

void ReplyBuilder::markFirst()
{
    if (!reply.timeToFirstToken)
        reply.timeToFirstToken = std::chrono::milliseconds(m_since.elapsed());
}

void ReplyBuilder::emitText(const QString& text)
{
    if (text.isEmpty())
        return;
    // A whole reply is shared, not copied.
    if (reply.message.text.isEmpty())
        reply.message.text = text;
    else
        reply.message.text += text;
    if (m_onText) {
        m_delivered = true;
        m_onText(text);
    }
}

void ReplyBuilder::addText(const QString& delta)
{
    if (delta.isEmpty())
        return;
    markFirst();
    if (m_tag == Tag::After) {
        emitText(delta);
        return;
    }
    m_pending += delta;
    if (m_tag == Tag::Undecided) {
        qsizetype start = 0;
        while (start < m_pending.size() && m_pending[start].isSpace())
            ++start;
        const QStringView rest = QStringView(m_pending).mid(start);
        if (rest.size() < openTag.size() && openTag.startsWith(rest))
            return;
        if (!rest.startsWith(openTag)) {
            m_tag = Tag::After;
            emitText(std::exchange(m_pending, {}));
            return;
        }
        m_tag = Tag::Inside;
        m_pending.remove(0, start + openTag.size());
    }
    const auto close = m_pending.indexOf(closeTag);
    if (close < 0) {
        const qsizetype sure = m_pending.size() - partialTag(m_pending, closeTag);
        reply.message.thinking += m_pending.left(sure);
        m_pending.remove(0, sure);
        return;
    }
    reply.message.thinking += m_pending.left(close);
    m_tag = Tag::After;
    emitText(std::exchange(m_pending, {}).mid(close + closeTag.size()));
}

void ReplyBuilder::addThinking(const QString& delta)
{
    if (delta.isEmpty())
        return;
    markFirst();
    reply.message.thinking += delta;
}

void ReplyBuilder::addToolCall(const QString& id, const QString& name, Json arguments)
{
    markFirst();
    Call call;
    call.index = static_cast<qint64>(m_calls.size());
    call.id = id;
    call.name = name;
    if (arguments.is_string())
        call.text = toQString(arguments.get_ref<const std::string&>());
    else
        call.value = std::move(arguments);
    m_calls.push_back(std::move(call));
}

void ReplyBuilder::addToolCallDelta(
    qint64 index, const QString& id, const QString& name, const QString& arguments)
{
    markFirst();
    const auto found =
        std::find_if(m_calls.rbegin(), m_calls.rend(), [&](const Call& call) { return call.index == index; });
    Call* call = found == m_calls.rend() ? nullptr : &*found;
    // Some servers give every call of a turn the same index, and tell them apart by id alone.
    if (!call || (!id.isEmpty() && !call->id.isEmpty() && call->id != id)) {
        m_calls.emplace_back();
        call = &m_calls.back();
        call->index = index;
    }
    if (call->id.isEmpty())
        call->id = id;
    if (call->name.isEmpty())
        call->name = name;
    call->text += arguments;
}

ProviderReply ReplyBuilder::take()
{
    if (m_tag == Tag::Inside)
        reply.message.thinking += std::exchange(m_pending, {});
    else
        emitText(std::exchange(m_pending, {}));
    for (Call& call : m_calls) {
        ToolCall done;
        done.id = call.id.isEmpty() ? newToolCallId() : call.id;
        // A call without a name could neither be stored nor sent back. This one finds no tool.
        done.name = call.name.isEmpty() ? QStringLiteral("unnamed") : call.name;
        done.arguments = call.value.is_null() ? argumentsFromText(call.text) : std::move(call.value);
        reply.message.toolCalls.push_back(std::move(done));
    }
    if (m_output.isText())
        return std::move(reply);
    for (const ToolCall& call : reply.message.toolCalls) {
        if (call.name != outputToolName)
            continue;
        reply.outputToolCallId = call.id;
        if (!call.arguments.is_string())
            reply.structured = unwrapped(m_output, call.arguments);
        return std::move(reply);
    }
    // Text instead of a call is read as the answer, also where a tool was asked for.
    if (reply.message.toolCalls.empty()) {
        if (auto value = jsonInText(reply.message.text))
            reply.structured = unwrapped(m_output, std::move(*value));
    }
    return std::move(reply);
}

} // namespace llmcache
