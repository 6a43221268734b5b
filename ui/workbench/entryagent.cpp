#include "workbench/entryagent.h"

#include "agent/templating.h"

#include <QCoreApplication>

namespace llmcache::ui {

Agent agentFromEntry(const Entry& entry, const Request& request, const Agent& base)
{
    Agent agent = base;
    agent.name = entry.meta.agent.isEmpty() ? QCoreApplication::translate("EntryAgent", "from the cache")
                                            : entry.meta.agent;
    agent.model = request.model.toString();
    QStringList systemPrompts;
    for (const QString& text : request.systemPrompts)
        systemPrompts.append(literalTemplate(text));
    agent.systemPrompt = SystemPrompt(systemPrompts);
    agent.instructions = literalTemplate(request.instructions);
    agent.output = request.output;
    agent.output.pythonType = base.output.pythonType;
    agent.settings = request.settings;
    agent.settings.timeout = base.settings.timeout;
    agent.tools = request.tools;
    agent.baseUrl = request.endpoint;
    agent.task = entry.meta.task;
    return agent;
}

} // namespace llmcache::ui
