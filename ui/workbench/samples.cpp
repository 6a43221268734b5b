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

std::vector<StoredAgent> unsavedSamples()
{
    std::vector<StoredAgent> samples;
    for (Agent& sample : sampleAgents()) {
        StoredAgent stored;
        stored.agent = std::move(sample);
        samples.push_back(std::move(stored));
    }
    return samples;
}

QCoro::Task<std::vector<StoredAgent>> agentsOrSamples(Session* session)
{
    std::vector<StoredAgent> agents = co_await session->store().listAgents();
    if (!agents.empty())
        co_return agents;
    agents = unsavedSamples();
    if (session->store().info().kind != QLatin1String("sqlite") || session->isReadOnly())
        co_return agents;
    const QString user = session->config().identity.user;
    for (StoredAgent& stored : agents) {
        Agent copy = stored.agent;
        stored = co_await session->store().saveAgent(std::move(copy), -1, user, session->clock().nowMs());
    }
    co_return agents;
}

QString samplePrompt()
{
    return QStringLiteral("Make a profile on {{who}} from the transcript.");
}

} // namespace llmcache::ui
