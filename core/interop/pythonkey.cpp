#include "interop/pythonkey.h"

#include "interop/pythonjson.h"

#include <QCryptographicHash>

namespace llmcache {

namespace {

/// As _extract_system_prompt() of pyai-caching puts it together. Instructions have not been part of it since
/// PydanticAI 1.0.13.
Json systemPromptOf(const PythonCall& call)
{
    if (call.systemPrompts.isEmpty())
        return "";
    return toUtf8(QStringLiteral("static:") + call.systemPrompts.join(QLatin1Char('\n')));
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
    Json arguments = spelling.runArguments;
    if (!call.history.is_null())
        arguments["message_history"] = call.history;
    // Sorted by hand: schemas and histories need not be copied.
    QByteArray text = R"({"agent_name":)"
        + toPythonJson(spelling.agentName ? Json(toUtf8(*spelling.agentName)) : Json(nullptr));
    text += R"(,"message_history":)" + toPythonJson(reprsOf(call.history, isCertain));
    text += R"(,"model_name":)" + toPythonJson(toUtf8(call.modelName));
    text += R"(,"output_schema":)" + toPythonJson(call.outputSchema);
    text += R"(,"prompt":)" + toPythonJson(toUtf8(call.prompt));
    text += R"(,"run_kwargs":)" + toPythonJson(arguments);
    text += R"(,"system_prompt":)" + toPythonJson(systemPromptOf(call));
    text += R"(,"version":3})";
    return text;
}

QByteArray pythonKey(const QByteArray& payload)
{
    return pythonKeyPrefix.toByteArray()
        + QCryptographicHash::hash(payload, QCryptographicHash::Sha256).toHex();
}

} // namespace llmcache
