#include "interop/pythonkey.h"

#include "base/canonicaljson_p.h"
#include "base/sha256_p.h"
#include "interop/pythonjson.h"

namespace llmcache {

namespace {

/// As _extract_system_prompt() of pyai-caching puts it together. Instructions have not been part of it since
/// PydanticAI 1.0.13.
QString systemPromptOf(const PythonCall& call)
{
    if (call.systemPrompts.isEmpty())
        return {};
    return QStringLiteral("static:") + call.systemPrompts.join(QLatin1Char('\n'));
}

Json reprsOf(const Json& history, bool& isCertain)
{
    Json texts = Json::array();
    if (history.is_array()) {
        for (const Json& message : history)
            texts.push_back(pythonRepr(message, isCertain).toStdString());
    }
    return texts;
}

} // namespace

QByteArray pythonPayload(const PythonCall& call, const PythonCall::Spelling& spelling, bool& isCertain)
{
    // Sorted by hand: schemas and histories need not be copied. Texts are as in our own canonical form.
    std::string text = R"({"agent_name":)";
    if (spelling.agentName)
        appendCanonicalText(text, *spelling.agentName);
    else
        text += "null";
    text += R"(,"message_history":)";
    appendPythonJson(text, reprsOf(call.history, isCertain));
    text += R"(,"model_name":)";
    appendCanonicalText(text, call.modelName);
    text += R"(,"output_schema":)";
    appendPythonJson(text, call.outputSchema);
    text += R"(,"prompt":)";
    appendCanonicalText(text, call.prompt);
    text += R"(,"run_kwargs":)";
    if (call.history.is_null()) {
        appendPythonJson(text, spelling.runArguments);
    } else {
        Json arguments = spelling.runArguments;
        arguments["message_history"] = call.history;
        appendPythonJson(text, arguments);
    }
    text += R"(,"system_prompt":)";
    appendCanonicalText(text, systemPromptOf(call));
    text += R"(,"version":3})";
    return QByteArray::fromStdString(text);
}

QByteArray pythonKey(const QByteArray& payload)
{
    return pythonKeyPrefix.toByteArray() + sha256(payload).toHex();
}

} // namespace llmcache
