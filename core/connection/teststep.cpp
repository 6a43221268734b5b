#include "connection/connectiontest.h"

namespace llmcache {

QString TestStep::title() const
{
    switch (kind) {
    case TestStep::Kind::Address:
        return QStringLiteral("Address");
    case TestStep::Kind::Sentinel:
        return QStringLiteral("Sentinel");
    case TestStep::Kind::Name:
        return QStringLiteral("Name");
    case TestStep::Kind::Reach:
        return QStringLiteral("Connection");
    case TestStep::Kind::Encryption:
        return QStringLiteral("TLS");
    case TestStep::Kind::Login:
        return QStringLiteral("Login");
    case TestStep::Kind::Permissions:
        return QStringLiteral("Permissions");
    case TestStep::Kind::Server:
        return QStringLiteral("Version");
    case TestStep::Kind::Latency:
        return QStringLiteral("Latency");
    case TestStep::Kind::Eviction:
        return QStringLiteral("Eviction");
    case TestStep::Kind::Persistence:
        return QStringLiteral("Persistence");
    case TestStep::Kind::File:
        return QStringLiteral("File");
    }
    return {};
}

QString TestStep::id() const
{
    return title().toLower();
}

QString testStateName(TestStep::State state)
{
    switch (state) {
    case TestStep::State::Waiting:
        return QStringLiteral("waiting");
    case TestStep::State::Running:
        return QStringLiteral("running");
    case TestStep::State::Passed:
        return QStringLiteral("passed");
    case TestStep::State::Advice:
        return QStringLiteral("advice");
    case TestStep::State::Failed:
        return QStringLiteral("failed");
    case TestStep::State::Skipped:
        return QStringLiteral("skipped");
    }
    return {};
}

} // namespace llmcache
