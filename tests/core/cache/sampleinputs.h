#pragma once

#include "agent/agentjson.h"
#include "cache/runinput.h"

#include <random>

namespace llmcache::test {

/// Inputs as odd as people's, the same for the same seed.
class SampleInputs {
public:
    explicit SampleInputs(unsigned seed)
        : m_random(seed)
    {
    }

    RunInput next()
    {
        RunInput input;
        input.agent.name = QStringLiteral("agent %1").arg(pick(100));
        input.agent.model = QStringLiteral("test:echo");
        input.agent.systemPrompt = SystemPrompt(text());
        input.agent.instructions = text();
        if (pick(2) == 0)
            input.agent.output = OutputType::json(QStringLiteral("Thing"), schema());
        if (pick(2) == 0)
            input.agent.settings.temperature = pick(1000) / 997.0;
        if (pick(3) == 0)
            input.agent.settings.stopSequences = {QStringLiteral("\n\n"), QStringLiteral(" a, b\\")};
        addSettings(input.agent);
        for (int tools = pick(3); tools > 0; --tools)
            input.agent.tools.push_back(tool(tools));
        input.agentRevision = pick(9);
        input.prompt = text();
        if (pick(4) != 0)
            input.options.variables = Variables{{QStringLiteral("who"), text()}, {QStringLiteral("a.b"), {}}};
        for (int turns = pick(4); turns > 0; --turns)
            addTurn(input.options.messageHistory);
        for (int files = pick(3); files > 0; --files)
            input.options.attachments.push_back(attachment());
        input.options.cachePolicy = static_cast<CachePolicy>(pick(5));
        input.options.sample = pick(5);
        if (pick(2) == 0)
            input.options.taskName = QStringLiteral("task %1").arg(pick(5));
        return input;
    }

private:
    int pick(int below) { return std::uniform_int_distribution<int>(0, below - 1)(m_random); }

    QString text()
    {
        static const QStringList pieces{QStringLiteral("word"), QStringLiteral("\n"),
            QStringLiteral("{{who}}"), QStringLiteral("\t"), QStringLiteral("€ 😀"), QStringLiteral("\\{{x}}"),
            QStringLiteral("\"'`$"), QString(QChar::Nbsp), QStringLiteral("\n---\n"), QStringLiteral("\r\n"),
            QString(QChar::LineSeparator), QString(QChar::ParagraphSeparator),
            QStringLiteral("{{{x}} \\\\{{"), QStringLiteral("e\u0301\u202e\u200d\ufeff"),
            QStringLiteral("👩‍👩‍👧 \u0000\u0001\u000b\u0085"),
            QString(QChar::ObjectReplacementCharacter), QString(QChar(0xfdd0)) + QChar(0xffff)};
        QString all;
        for (int count = pick(8); count > 0; --count)
            all += pieces.at(pick(static_cast<int>(pieces.size())));
        return all;
    }

    void addSettings(Agent& agent)
    {
        ModelSettings& settings = agent.settings;
        const auto perhaps = [this](auto& setting, auto value) {
            if (pick(4) == 0)
                setting = value;
        };
        perhaps(settings.maxTokens, 1 + pick(100'000));
        perhaps(settings.topP, pick(1000) / 1000.0);
        perhaps(settings.topK, 1 + pick(100));
        perhaps(settings.seed, pick(100) - 50);
        perhaps(settings.thinking, Json("high"));
        perhaps(settings.timeout, std::chrono::milliseconds(1 + pick(1'000'000)));
        perhaps(settings.extraBody, Json{{"note", toUtf8(text())}});
        perhaps(settings.extraHeaders, Json{{"X-Note", "a"}});
        perhaps(agent.ttl, std::chrono::seconds(pick(1'000'000)));
        perhaps(agent.outputRetries, pick(5));
        perhaps(agent.task, QStringLiteral("tâche %1").arg(pick(9)));
        perhaps(agent.tags, QStringList{QStringLiteral("a, b"), QStringLiteral("日本")});
    }

    Json schema()
    {
        Json schema = parseJson(
            R"({"type": "object", "properties": {"z": {"type": "string"}, "a": {"type": "integer"}}})", {});
        schema["description"] = toUtf8(text());
        return schema;
    }

    ToolDefinition tool(int number)
    {
        ToolDefinition tool;
        tool.name = QStringLiteral("tool_%1").arg(number);
        tool.description = text();
        tool.parameters = schema();
        tool.answers = {{Json{{"a", pick(9)}}, Json(toUtf8(text()))}};
        if (pick(2) == 0)
            tool.fallback = Json(pick(9));
        return tool;
    }

    Attachment attachment()
    {
        if (pick(2) == 0)
            return {QStringLiteral("image/png"), {}, QStringLiteral("https://example.com/a.png"), {}};
        QByteArray bytes;
        for (int count = 1 + pick(2000); count > 0; --count)
            bytes.append(static_cast<char>(pick(256)));
        return {QStringLiteral("application/pdf"), bytes, {}, QStringLiteral("a b.pdf")};
    }

    void addTurn(History& history)
    {
        Message message = pick(2) == 0 ? Message::user(text()) : Message::assistant(text());
        if (message.role == Role::User && pick(2) == 0)
            message.attachments.push_back(attachment());
        if (message.role == Role::Assistant && pick(2) == 0) {
            message.toolCalls = {{QStringLiteral("call_1"), QStringLiteral("tool_1"), Json{{"a", 1}}}};
            message.thinking = text();
        }
        history.push_back(message);
    }

    std::mt19937 m_random;
};

/// All of an input, so that a difference can be read.
inline QByteArray describe(const RunInput& input)
{
    QByteArray all =
        toPrettyJsonText(toJson(input.agent)) + toPrettyJsonText(toJson(input.options.messageHistory));
    all += input.prompt.toUtf8() + '\n' + input.options.taskName.toUtf8() + '\n';
    all += cachePolicyName(input.options.cachePolicy).toUtf8() + QByteArray::number(input.options.sample)
        + QByteArray::number(input.agentRevision) + '\n';
    if (input.options.variables) {
        for (auto it = input.options.variables->cbegin(); it != input.options.variables->cend(); ++it)
            all += it.key().toUtf8() + '=' + it.value().toUtf8() + '\n';
    }
    for (const Attachment& attachment : input.options.attachments)
        all += attachment.mediaType.toUtf8() + attachment.url.toUtf8() + attachment.name.toUtf8()
            + attachment.data.toHex() + '\n';
    return all;
}

} // namespace llmcache::test
