#include "cache/requestcode.h"

#include "agent/agentjson.h"
#include "base/error.h"
#include "provider/httpprovider.h"

#include <QRegularExpression>

namespace llmcache {

namespace {

// --- shell

/// One word of a POSIX shell, whatever is in it.
QString shellWord(const QString& text)
{
    static const QRegularExpression plain(QStringLiteral("^[A-Za-z0-9_@%+=:,./-]+$"));
    if (plain.match(text).hasMatch())
        return text;
    QString quoted = text;
    quoted.replace(QLatin1Char('\''), QStringLiteral("'\\''"));
    return QLatin1Char('\'') + quoted + QLatin1Char('\'');
}

/// Standard input of a command, byte for byte; the end mark is none of its lines.
QString hereDocument(const QString& text, QString mark)
{
    const QStringList lines = text.split(QLatin1Char('\n'));
    while (lines.contains(mark))
        mark += QLatin1Char('_');
    return QStringLiteral("<<'%1'\n%2\n%1\n").arg(mark, text);
}

QString fileName(const QString& name, const QString& ending)
{
    static const QRegularExpression unusual(QStringLiteral("[^A-Za-z0-9_.-]+"));
    QString plain = name;
    plain.replace(unusual, QStringLiteral("-"));
    while (plain.startsWith(QLatin1Char('-')) || plain.startsWith(QLatin1Char('.')))
        plain.remove(0, 1);
    return (plain.isEmpty() ? QStringLiteral("agent") : plain) + ending;
}

QString pretty(const Json& json)
{
    return QString::fromUtf8(toPrettyJsonText(json));
}

// --- cURL

/// A header value in double quotes in which only the variable of the key is expanded.
QString curlHeader(const QByteArray& name, const QByteArray& value, const QStringList& variables)
{
    const QString text = QString::fromUtf8(name) + QStringLiteral(": ") + QString::fromUtf8(value);
    for (const QString& variable : variables) {
        const QString reference = QLatin1Char('$') + variable;
        const auto at = text.indexOf(reference);
        if (at < 0)
            continue;
        return QStringLiteral("-H \"%1$%2%3\"").arg(text.left(at), variable, text.mid(at + reference.size()));
    }
    return QStringLiteral("-H ") + shellWord(text);
}

/// A configuration in which every key is the name of its variable: what is built from it holds no secret.
ProviderConfig withoutKeys(ProviderConfig config, const QStringList& variables)
{
    const auto secret = config.secret;
    const auto valueOf = [secret](const QString& name) {
        return secret ? secret(name) : qEnvironmentVariable(name.toLatin1().constData());
    };
    QString inForce = variables.value(0);
    for (const QString& name : variables) {
        if (!valueOf(name).trimmed().isEmpty()) {
            inForce = name;
            break;
        }
    }
    config.secret = [valueOf, variables, inForce](const QString& name) {
        if (name == inForce)
            return QString(QLatin1Char('$') + name);
        return variables.contains(name) ? QString() : valueOf(name);
    };
    return config;
}

QString curlText(const RunInput& input, const Request& request, ProviderConfig config)
{
    QStringList variables;
    for (const ProviderPrefix& prefix : ProviderRegistry::prefixes()) {
        if (prefix.prefix == request.model.provider)
            variables = prefix.keyVariables;
    }
    ProviderRegistry registry(withoutKeys(std::move(config), variables));
    const auto* const provider = dynamic_cast<HttpProvider*>(&registry.provider(request.model.provider));
    if (!provider)
        throw ConfigurationError(QStringLiteral("%1 answers without HTTP: there is nothing for cURL.")
                                     .arg(request.model.toString()),
            QStringLiteral("Copy it as a command line, or choose another model."));
    ProviderRequest first;
    first.model = request.model;
    first.baseUrl = QUrl(input.agent.baseUrl);
    first.systemPrompts = request.systemPrompts;
    first.instructions = request.instructions;
    first.messages = request.history;
    first.output = request.output;
    first.settings = request.settings;
    first.tools = request.tools;
    Message prompt = Message::user(request.prompt);
    prompt.attachments = request.attachments;
    first.messages.push_back(std::move(prompt));
    const HttpRequest http = provider->outgoing(first);
    QString text = QStringLiteral("curl %1").arg(shellWord(http.url.toString(QUrl::FullyEncoded)));
    for (const auto& [name, value] : http.headers)
        text += QStringLiteral(" \\\n  ") + curlHeader(name, value, variables);
    const auto body = tryParseJson(http.body);
    return text + QStringLiteral(" \\\n  --data-binary @- ")
        + hereDocument(body ? pretty(*body) : QString::fromUtf8(http.body), QStringLiteral("JSON"));
}

// --- llmcache run

QString commandLineText(const RunInput& input)
{
    const RunOptions& options = input.options;
    const QString agentFile = fileName(input.agent.name, QStringLiteral(".agent.json"));
    QString text = QStringLiteral("cat > %1 ").arg(agentFile)
        + hereDocument(pretty(toJson(input.agent)), QStringLiteral("AGENT"));
    QStringList words{QStringLiteral("llmcache run --agent ") + agentFile,
        QStringLiteral("--prompt ") + shellWord(input.prompt)};
    if (options.variables) {
        for (auto it = options.variables->cbegin(); it != options.variables->cend(); ++it)
            words.append(QStringLiteral("--var ") + shellWord(it.key() + QLatin1Char('=') + it.value()));
    }
    if (!options.taskName.isEmpty())
        words.append(QStringLiteral("--task ") + shellWord(options.taskName));
    if (!options.messageHistory.empty()) {
        text += QStringLiteral("cat > history.json ")
            + hereDocument(pretty(toJson(options.messageHistory)), QStringLiteral("HISTORY"));
        words.append(QStringLiteral("--history history.json"));
    }
    int number = 0;
    for (const Attachment& attachment : options.attachments) {
        ++number;
        if (attachment.data.isEmpty()) {
            words.append(QStringLiteral("--attach ") + shellWord(attachment.url));
            continue;
        }
        const QString name = fileName(attachment.name, {}) == QLatin1String("agent")
            ? QStringLiteral("attachment-%1").arg(number)
            : fileName(attachment.name, {});
        text += QStringLiteral("base64 -d > %1 ").arg(name)
            + hereDocument(QString::fromLatin1(attachment.data.toBase64()), QStringLiteral("DATA"));
        words.append(QStringLiteral("--attach ") + name);
    }
    if (options.cachePolicy != CachePolicy::Use)
        words.append(QStringLiteral("--cache ") + cachePolicyName(options.cachePolicy));
    if (options.sample != 0)
        words.append(QStringLiteral("--sample %1").arg(options.sample));
    return text + words.join(QStringLiteral(" \\\n  ")) + QLatin1Char('\n');
}

// --- C++

/// A literal in one line, for names and prompts.
QString cppLiteral(const QString& text)
{
    QString quoted;
    for (const QChar c : text) {
        if (c == QLatin1Char('"') || c == QLatin1Char('\\'))
            quoted += QLatin1Char('\\') + QString(c);
        else if (c == QLatin1Char('\n'))
            quoted += QStringLiteral("\\n");
        else if (c == QLatin1Char('\t'))
            quoted += QStringLiteral("\\t");
        else if (c == QLatin1Char('\r'))
            quoted += QStringLiteral("\\r");
        else if (c.unicode() < 0x20)
            quoted += QStringLiteral("\\%1").arg(static_cast<int>(c.unicode()), 3, 8, QLatin1Char('0'));
        else
            quoted += c;
    }
    return QLatin1Char('"') + quoted + QLatin1Char('"');
}

/// Compilers take 64 KB in a literal at least; longer ones are put together from neighbours.
QString cppRaw(const QString& text)
{
    QString delimiter = QStringLiteral("json");
    while (text.contains(QLatin1Char(')') + delimiter + QLatin1Char('"')))
        delimiter += QLatin1Char('_');
    constexpr qsizetype piece = 12'000;
    QStringList pieces;
    for (qsizetype at = 0; at < text.size() || at == 0; at += piece)
        pieces.append(QStringLiteral("R\"%1(%2)%1\"").arg(delimiter, text.mid(at, piece)));
    return pieces.join(QStringLiteral("\n        "));
}

QString cppText(const RunInput& input)
{
    const RunOptions& options = input.options;
    QString text = QStringLiteral("#include <llmcache/llmcache.h>\n\n"
                                  "#include <QCoreApplication>\n#include <QTextStream>\n\n"
                                  "using namespace llmcache;\n\n"
                                  "int main(int argc, char** argv)\n{\n"
                                  "    QCoreApplication application(argc, argv);\n"
                                  "    const Agent agent = parseAgent(\n        ");
    text += cppRaw(pretty(toJson(input.agent))) + QStringLiteral(",\n        \"the agent\");\n");
    text += QStringLiteral("    RunOptions options;\n");
    if (!options.taskName.isEmpty())
        text += QStringLiteral("    options.taskName = %1;\n").arg(cppLiteral(options.taskName));
    if (options.variables) {
        QStringList pairs;
        for (auto it = options.variables->cbegin(); it != options.variables->cend(); ++it)
            pairs.append(QStringLiteral("{%1, %2}").arg(cppLiteral(it.key()), cppLiteral(it.value())));
        text +=
            QStringLiteral("    options.variables = Variables{%1};\n").arg(pairs.join(QStringLiteral(", ")));
    }
    if (!options.messageHistory.empty())
        text +=
            QStringLiteral("    options.rawHistory = parseJson(\n        %1,\n        \"the history\");\n")
                .arg(cppRaw(pretty(toJson(options.messageHistory))));
    for (const Attachment& attachment : options.attachments) {
        if (attachment.data.isEmpty())
            text += QStringLiteral("    options.attachments.push_back(attachmentFrom(%1));\n")
                        .arg(cppLiteral(attachment.url));
        else
            text += QStringLiteral(
                "    options.attachments.push_back({%1, QByteArray::fromBase64(\n        %2), {}, %3});\n")
                        .arg(cppLiteral(attachment.mediaType),
                            cppRaw(QString::fromLatin1(attachment.data.toBase64())),
                            cppLiteral(attachment.name));
    }
    switch (options.cachePolicy) {
    case CachePolicy::Use:
        break;
    case CachePolicy::Refresh:
        text += QStringLiteral("    options.cachePolicy = CachePolicy::Refresh;\n");
        break;
    case CachePolicy::Bypass:
        text += QStringLiteral("    options.cachePolicy = CachePolicy::Bypass;\n");
        break;
    case CachePolicy::Only:
        text += QStringLiteral("    options.cachePolicy = CachePolicy::Only;\n");
        break;
    case CachePolicy::ReadOnly:
        text += QStringLiteral("    options.cachePolicy = CachePolicy::ReadOnly;\n");
        break;
    }
    if (options.sample != 0)
        text += QStringLiteral("    options.sample = %1;\n").arg(options.sample);
    text += QStringLiteral("    try {\n"
                           "        const RunResult result = cachedAgentRunSync(agent, %1, options);\n"
                           "        QTextStream(stdout) << result.text() << '\\n';\n"
                           "    } catch (const Error& error) {\n"
                           "        QTextStream(stderr) << error.text() << '\\n';\n"
                           "        return error.exitCode();\n"
                           "    }\n"
                           "    return 0;\n}\n")
                .arg(cppLiteral(input.prompt));
    if (!options.attachments.empty())
        text.replace(QStringLiteral("#include <llmcache/llmcache.h>\n"),
            QStringLiteral("#include <llmcache/agent/attachments.h>\n#include <llmcache/llmcache.h>\n"));
    return text;
}

// --- Python

/// JSON's texts are Python's, but for what stands outside of the first plane.
QString pythonText(const QString& text)
{
    return QString::fromUtf8(toJsonText(Json(toUtf8(text))));
}

/// A JSON value as Python writes it.
QString pythonValue(const Json& value)
{
    switch (value.type()) {
    case Json::value_t::null:
        return QStringLiteral("None");
    case Json::value_t::boolean:
        return value.get<bool>() ? QStringLiteral("True") : QStringLiteral("False");
    case Json::value_t::array: {
        QStringList items;
        for (const Json& item : value)
            items.append(pythonValue(item));
        return QLatin1Char('[') + items.join(QStringLiteral(", ")) + QLatin1Char(']');
    }
    case Json::value_t::object: {
        QStringList items;
        for (const auto& [key, item] : value.items())
            items.append(pythonText(toQString(key)) + QStringLiteral(": ") + pythonValue(item));
        return QLatin1Char('{') + items.join(QStringLiteral(", ")) + QLatin1Char('}');
    }
    default:
        return QString::fromUtf8(toJsonText(value));
    }
}

/// The output type: a class where the agent names one, else a dictionary with the schema.
QString pythonOutput(const OutputType& output, QStringList& imports, QStringList& definitions)
{
    const auto dot = output.pythonType.lastIndexOf(QLatin1Char('.'));
    if (dot > 0) {
        const QString type = output.pythonType.mid(dot + 1);
        imports.append(QStringLiteral("from %1 import %2").arg(output.pythonType.left(dot), type));
        return type;
    }
    imports.append(QStringLiteral("from pydantic_ai import StructuredDict"));
    QString made = QStringLiteral("Output = StructuredDict(\n    %1,\n    name=%2,\n")
                       .arg(pythonValue(output.schema), pythonText(output.name));
    if (!output.description.isEmpty())
        made += QStringLiteral("    description=%1,\n").arg(pythonText(output.description));
    definitions.append(made + QStringLiteral(")"));
    return QStringLiteral("Output");
}

/// PydanticAI's names of the settings.
Json pythonSettings(const ModelSettings& settings)
{
    Json all = toJson(settings);
    Json known = Json::object();
    for (const auto& [key, value] : all.items()) {
        if (key == "timeout_s")
            known["timeout"] = value;
        else if (key != "thinking")
            known[key] = value;
    }
    return known;
}

QString pythonFile(const Attachment& attachment)
{
    if (attachment.data.isEmpty())
        return QStringLiteral("%1(url=%2)")
            .arg(attachment.mediaType.startsWith(QLatin1String("image/")) ? QStringLiteral("ImageUrl")
                                                                          : QStringLiteral("DocumentUrl"),
                pythonText(attachment.url));
    return QStringLiteral("BinaryContent(base64.b64decode(%1), media_type=%2)")
        .arg(pythonText(QString::fromLatin1(attachment.data.toBase64())), pythonText(attachment.mediaType));
}

/// A turn as PydanticAI's message, to stand in a list.
QString pythonTurn(const Message& message)
{
    if (message.role == Role::Assistant) {
        QStringList parts;
        if (!message.text.isEmpty())
            parts.append(QStringLiteral("TextPart(%1)").arg(pythonText(message.text)));
        for (const ToolCall& call : message.toolCalls)
            parts.append(QStringLiteral("ToolCallPart(%1, %2, tool_call_id=%3)")
                             .arg(pythonText(call.name), pythonValue(call.arguments), pythonText(call.id)));
        return QStringLiteral("ModelResponse([%1])").arg(parts.join(QStringLiteral(", ")));
    }
    if (message.role == Role::Tool)
        return QStringLiteral("ModelRequest([ToolReturnPart(%1, %2, %3)])")
            .arg(pythonText(message.toolName), pythonText(message.text), pythonText(message.toolCallId));
    if (message.role == Role::System)
        return QStringLiteral("ModelRequest([SystemPromptPart(%1)])").arg(pythonText(message.text));
    QString content = pythonText(message.text);
    if (!message.attachments.empty()) {
        for (const Attachment& attachment : message.attachments)
            content += QStringLiteral(", ") + pythonFile(attachment);
        content = QLatin1Char('[') + content + QLatin1Char(']');
    }
    return QStringLiteral("ModelRequest([UserPromptPart(%1)])").arg(content);
}

/// A tool that gives its canned answers.
QString pythonTool(const ToolDefinition& tool, int number)
{
    QString text = QStringLiteral("def tool_%1(**arguments):\n").arg(number);
    for (const ToolDefinition::Answer& answer : tool.answers)
        text +=
            QStringLiteral("    if all(arguments.get(k) == v for k, v in %1.items()):\n        return %2\n")
                .arg(pythonValue(answer.when), pythonValue(answer.value));
    text += tool.fallback
        ? QStringLiteral("    return %1\n").arg(pythonValue(*tool.fallback))
        : QStringLiteral("    raise ModelRetry(\"no answer is known for these arguments\")\n");
    return text;
}

QString pythonTexts(const QStringList& texts)
{
    QStringList quoted;
    for (const QString& text : texts)
        quoted.append(pythonText(text));
    return quoted.size() == 1 ? quoted.front()
                              : QLatin1Char('[') + quoted.join(QStringLiteral(", ")) + QLatin1Char(']');
}

QString pythonScript(const RunInput& input, const Request& request)
{
    QStringList imports{QStringLiteral("from pyai_caching import cached_agent_run_sync"),
        QStringLiteral("from pydantic_ai import Agent")};
    QStringList definitions;
    QStringList arguments{pythonText(request.model.toString())};
    if (!input.agent.name.isEmpty())
        arguments.append(QStringLiteral("name=") + pythonText(input.agent.name));
    if (!request.systemPrompts.isEmpty())
        arguments.append(QStringLiteral("system_prompt=") + pythonTexts(request.systemPrompts));
    if (!request.instructions.isEmpty())
        arguments.append(QStringLiteral("instructions=") + pythonText(request.instructions));
    if (!request.output.isText())
        arguments.append(QStringLiteral("output_type=") + pythonOutput(request.output, imports, definitions));
    if (const Json settings = pythonSettings(request.settings); !settings.empty())
        arguments.append(QStringLiteral("model_settings=") + pythonValue(settings));
    if (!request.tools.empty()) {
        imports.append(QStringLiteral("from pydantic_ai import ModelRetry, Tool"));
        QStringList tools;
        int number = 0;
        for (const ToolDefinition& tool : request.tools) {
            definitions.append(pythonTool(tool, ++number));
            tools.append(
                QStringLiteral("Tool.from_schema(tool_%1, %2, %3, %4)")
                    .arg(number)
                    .arg(pythonText(tool.name), pythonText(tool.description), pythonValue(tool.parameters)));
        }
        arguments.append(QStringLiteral("tools=[%1]").arg(tools.join(QStringLiteral(", "))));
    }
    QString content = pythonText(request.prompt);
    const bool hasFiles = !request.attachments.empty()
        || std::any_of(request.history.begin(), request.history.end(),
            [](const Message& message) { return !message.attachments.empty(); });
    if (hasFiles) {
        imports.prepend(QStringLiteral("import base64\n"));
        imports.append(QStringLiteral("from pydantic_ai import BinaryContent, DocumentUrl, ImageUrl"));
    }
    if (!request.attachments.empty()) {
        for (const Attachment& attachment : request.attachments)
            content += QStringLiteral(", ") + pythonFile(attachment);
        content = QLatin1Char('[') + content + QLatin1Char(']');
    }
    QStringList call{QStringLiteral("agent"), content};
    QString task = input.options.taskName.isEmpty() ? input.agent.task : input.options.taskName;
    if (task.isEmpty())
        task = input.agent.name;
    call.append(QStringLiteral("task_name=") + pythonText(task));
    if (!request.history.empty()) {
        imports.append(
            QStringLiteral("from pydantic_ai.messages import (\n    ModelRequest, ModelResponse, "
                           "SystemPromptPart, TextPart, ToolCallPart, ToolReturnPart, UserPromptPart,\n)"));
        QStringList turns;
        for (const Message& message : request.history)
            turns.append(QStringLiteral("    ") + pythonTurn(message));
        definitions.append(QStringLiteral("history = [\n%1,\n]").arg(turns.join(QStringLiteral(",\n"))));
        call.append(QStringLiteral("message_history=history"));
    }
    QString text = imports.join(QLatin1Char('\n')) + QStringLiteral("\n\n");
    for (const QString& definition : std::as_const(definitions))
        text += definition + QStringLiteral("\n\n");
    text += QStringLiteral("agent = Agent(\n    %1,\n)\n").arg(arguments.join(QStringLiteral(",\n    ")));
    text += QStringLiteral("result = cached_agent_run_sync(\n    %1,\n)\nprint(result.output)\n")
                .arg(call.join(QStringLiteral(",\n    ")));
    return text;
}

} // namespace

QString codeFor(CodeKind kind, RunInput input, Request request, ProviderConfig providers)
{
    switch (kind) {
    case CodeKind::Curl:
        return curlText(input, request, std::move(providers));
    case CodeKind::Cpp:
        return cppText(input);
    case CodeKind::Python:
        return pythonScript(input, request);
    case CodeKind::CommandLine:
        break;
    }
    return commandLineText(input);
}

} // namespace llmcache
