#include "workbench/samples.h"

#include "agent/agentjson.h"

#include <QFile>

static void initialiseResources()
{
    Q_INIT_RESOURCE(samples);
}

namespace llmcache::ui {

std::vector<Agent> sampleAgents()
{
    initialiseResources();
    std::vector<Agent> agents;
    for (const char* name : {"echo", "profile"}) {
        QFile file(QStringLiteral(":/llmcache/samples/%1.agent.json").arg(QLatin1String(name)));
        if (file.open(QIODevice::ReadOnly))
            agents.push_back(parseAgent(file.readAll(), file.fileName()));
    }
    return agents;
}

QString samplePrompt()
{
    return QStringLiteral("Make a profile on {{who}} from the transcript.");
}

} // namespace llmcache::ui
