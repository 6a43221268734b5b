#include "mockprovider.h"

#include <QDeadlineTimer>
#include <QDir>
#include <QEventLoop>
#include <QFileInfo>
#include <QNetworkAccessManager>
#include <QNetworkReply>
#include <QStandardPaths>
#include <QTimer>

namespace llmcache::test {

namespace {

constexpr int timeoutMs = 30'000;

QString aimockFolder()
{
    return QStringLiteral(LLMCACHE_AIMOCK_FOLDER);
}

QString nodeProgram()
{
    return QStandardPaths::findExecutable(QStringLiteral("node"));
}

/// The text of the last user message, which may be a text or a list of parts.
QString promptOf(const Json& body)
{
    QString prompt;
    if (!body.is_object() || !body.contains("messages"))
        return prompt;
    for (const Json& message : body.at("messages")) {
        if (message.value("role", "") != "user" || !message.contains("content"))
            continue;
        const Json& content = message.at("content");
        prompt = QString::fromStdString(content.is_string() ? content.get<std::string>() : content.dump());
    }
    return prompt;
}

} // namespace

MockProvider::MockProvider() = default;

MockProvider::~MockProvider()
{
    stop();
}

QString MockProvider::missing()
{
    if (nodeProgram().isEmpty())
        return QStringLiteral("there is no Node.js here");
    if (!QFileInfo::exists(QDir(aimockFolder()).filePath(QStringLiteral("node_modules/@copilotkit/aimock"))))
        return QStringLiteral("the Node.js packages of the end-to-end tests are not installed; "
                              "./scripts/test does that");
    return {};
}

bool MockProvider::isRequired()
{
    return qEnvironmentVariableIsSet("LLMCACHE_REQUIRE_E2E");
}

bool MockProvider::start()
{
    m_process.setProcessChannelMode(QProcess::ForwardedErrorChannel);
    m_process.start(nodeProgram(), {QDir(aimockFolder()).filePath(QStringLiteral("server.cjs"))});
    const QByteArray line = readLine();
    if (!line.startsWith("url ")) {
        m_problem = QStringLiteral("the mock provider did not start; it said: ") + QString::fromUtf8(line);
        return false;
    }
    m_url = QString::fromUtf8(line.mid(4));
    return true;
}

void MockProvider::stop()
{
    if (m_process.state() == QProcess::NotRunning)
        return;
    m_process.kill();
    m_process.waitForFinished();
}

QStringList MockProvider::baseUrlArguments() const
{
    QStringList arguments;
    for (const char* provider : {"openai", "openai-responses"})
        arguments << QStringLiteral("--base-url") << QLatin1String(provider) + QLatin1Char('=') + openAiUrl();
    for (const char* provider : {"anthropic", "cohere", "bedrock"})
        arguments << QStringLiteral("--base-url") << QLatin1String(provider) + QLatin1Char('=') + m_url;
    return arguments << QStringLiteral("--base-url") << QStringLiteral("google=%1/v1beta").arg(m_url);
}

std::vector<MockProvider::Model> MockProvider::models()
{
    return {
        {"OpenAI", QStringLiteral("openai:gpt-4o-mini"), QStringLiteral("/v1/chat/completions")},
        {"Anthropic", QStringLiteral("anthropic:claude-haiku-4-5"), QStringLiteral("/v1/messages")},
        {"OpenAI Responses", QStringLiteral("openai-responses:gpt-4o-mini"), QStringLiteral("/v1/responses")},
        {"Gemini", QStringLiteral("google:gemini-2.5-flash"),
            QStringLiteral("/v1beta/models/gemini-2.5-flash")},
        {"Cohere", QStringLiteral("cohere:command-r7b-12-2024"), QStringLiteral("/v2/chat")},
        {"Bedrock", QStringLiteral("bedrock:anthropic.claude-haiku-4-5-20251001-v1:0"),
            QStringLiteral("/model/")},
    };
}

QStringList MockProvider::keyVariables()
{
    return {QStringLiteral("OPENAI_API_KEY"), QStringLiteral("ANTHROPIC_API_KEY"),
        QStringLiteral("GOOGLE_API_KEY"), QStringLiteral("CO_API_KEY"),
        QStringLiteral("AWS_BEARER_TOKEN_BEDROCK")};
}

std::vector<ProviderRequestSeen> MockProvider::requests(const QString& prompt) const
{
    QNetworkAccessManager network;
    QNetworkRequest request(QUrl(m_url + QStringLiteral("/__aimock/journal")));
    request.setTransferTimeout(timeoutMs);
    QNetworkReply* reply = network.get(request);
    QEventLoop loop;
    QObject::connect(reply, &QNetworkReply::finished, &loop, &QEventLoop::quit);
    loop.exec();
    if (reply->error() != QNetworkReply::NoError)
        qFatal("the mock provider's journal: %s", qUtf8Printable(reply->errorString()));

    std::vector<ProviderRequestSeen> seen;
    for (const Json& entry : Json::parse(reply->readAll().toStdString())) {
        if (!entry.contains("body") || !promptOf(entry.at("body")).contains(prompt))
            continue;
        ProviderRequestSeen one;
        one.path = QString::fromStdString(entry.at("path").get<std::string>());
        one.status = entry.at("response").at("status").get<int>();
        one.timeMs = entry.at("timestamp").get<qint64>();
        one.body = entry.at("body");
        seen.push_back(std::move(one));
    }
    return seen;
}

bool MockProvider::waitForArrival()
{
    return readLine() == "arrived";
}

void MockProvider::release()
{
    m_process.write("release\n");
    m_process.waitForBytesWritten(timeoutMs);
}

QByteArray MockProvider::readLine()
{
    // In an event loop: the one who asks may be in this very process.
    const QDeadlineTimer deadline(timeoutMs);
    while (!m_process.canReadLine()) {
        QEventLoop loop;
        QObject::connect(&m_process, &QProcess::readyRead, &loop, &QEventLoop::quit);
        QTimer::singleShot(deadline.remainingTime(), &loop, &QEventLoop::quit);
        loop.exec();
        if (deadline.hasExpired() || m_process.state() == QProcess::NotRunning)
            return {};
    }
    return m_process.readLine().trimmed();
}

} // namespace llmcache::test
