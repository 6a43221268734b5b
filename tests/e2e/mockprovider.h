#pragma once

#include "base/json.h"

#include <QProcess>
#include <QString>

#include <vector>

namespace llmcache::test {

/// One request as the mock provider saw it.
struct ProviderRequestSeen {
    QString path;
    int status = 0; ///< of the reply; 0 = the connection was dropped
    qint64 timeMs = 0; ///< UTC milliseconds
    Json body;
};

/// aimock under Node.js with the replies of aimock/fixtures.json: the OpenAI and the Anthropic endpoints.
/// Ends with the object.
class MockProvider {
public:
    MockProvider();
    ~MockProvider();
    MockProvider(const MockProvider&) = delete;
    MockProvider& operator=(const MockProvider&) = delete;

    /// Why it can't be started here; empty when it can.
    static QString missing();
    /// Whether a test must fail, not skip, when it is missing (LLMCACHE_REQUIRE_E2E).
    static bool isRequired();

    bool start();
    /// Ends it: nobody listens on its address any more.
    void stop();
    /// What went wrong in start(), for failure messages.
    QString problem() const { return m_problem; }

    /// Base URL of the OpenAI endpoints.
    QString openAiUrl() const { return m_url + QStringLiteral("/v1"); }
    /// Arguments that send a provider's requests here: `--base-url openai=...`, the same for anthropic.
    QStringList baseUrlArguments() const;
    /// A model of each protocol that the mock speaks: its name for a test row, model, and a part of the path
    /// that it is asked at.
    struct Model {
        const char* protocol;
        QString model;
        QString path;
    };
    static std::vector<Model> models();
    /// The environment variables that hold the keys of models().
    static QStringList keyVariables();
    /// Every request so far whose prompt has this text, in order.
    std::vector<ProviderRequestSeen> requests(const QString& prompt) const;

    /// Waits until a request with the word HOLD in its prompt is there.
    bool waitForArrival();
    /// Answers the held requests.
    void release();

private:
    QByteArray readLine();

    QProcess m_process;
    QString m_url;
    QString m_problem;
};

} // namespace llmcache::test
