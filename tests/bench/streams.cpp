#include "streams.h"

#include "cache/session.h"
#include "streamingprovider.h"
#include "theme/theme.h"
#include "waitfortask.h"
#include "widgets/codeedit.h"
#include "workbench/workbenchview.h"

#include <QApplication>
#include <QElapsedTimer>
#include <QFile>
#include <QPointer>
#include <QProcess>
#include <QSettings>
#include <QTcpServer>
#include <QTcpSocket>
#include <QTest>
#include <QTimer>

#include <cstdio>

namespace llmcache::bench {

namespace {

/// A line of /proc/self/status in bytes.
qint64 memoryOf(const QByteArray& name)
{
    QFile file(QStringLiteral("/proc/self/status"));
    if (!file.open(QIODevice::ReadOnly))
        return 0;
    const QByteArray text = file.readAll();
    const qsizetype start = text.indexOf(name + ':') + name.size() + 1;
    return text.mid(start, text.indexOf("kB", start) - start).trimmed().toLongLong() * 1024;
}

QByteArray replyOf(qint64 answerBytes)
{
    return R"({"id":"1","object":"chat.completion","model":"m","choices":[{"index":0,"finish_reason":"stop",)"
           R"("message":{"role":"assistant","content":")"
        + QByteArray(answerBytes, 'x') + R"("}}],"usage":{"prompt_tokens":1,"completion_tokens":1}})";
}

} // namespace

double longestStall(const QString& dataFolder, int streams, int seconds)
{
    SessionConfig config;
    config.dataFolder = dataFolder;
    Session session(config);
    session.providers().setProvider(
        QStringLiteral("test"), std::make_unique<test::StreamingProvider>(200 * seconds));
    ui::Theme theme;
    QSettings settings(dataFolder + QStringLiteral("/settings.ini"), QSettings::IniFormat);
    double longest = 0;
    {
        ui::WorkbenchView view(&theme, &session, &settings);
        view.resize(1384, 840);
        view.show();
        view.activate();
        QTest::qWait(500);
        for (int stream = 0; stream < streams; ++stream) {
            view.setPrompt(QStringLiteral("Question %1").arg(stream), {});
            QTest::keyClick(
                view.findChild<ui::CodeEdit*>(QStringLiteral("prompt")), Qt::Key_Return, Qt::ControlModifier);
        }
        QElapsedTimer gap;
        QTimer tick;
        tick.setTimerType(Qt::PreciseTimer);
        QObject::connect(&tick, &QTimer::timeout, &tick, [&] {
            longest = std::max(longest, static_cast<double>(gap.nsecsElapsed()) / 1e6);
            gap.start();
        });
        gap.start();
        tick.start(1);
        QTest::qWait(seconds * 1000);
        tick.stop();
        view.stopTasks();
        // The provider here streams on to its end, and the session must outlive the runs.
        static_cast<void>(QTest::qWaitFor([&view] { return view.activeTasks() == 0; }, 120'000));
    }
    return longest;
}

int serveReplies(qint64 answerBytes)
{
    QTcpServer server;
    server.listen(QHostAddress::LocalHost, 0);
    std::printf("%d\n", server.serverPort());
    std::fflush(stdout);
    QObject::connect(&server, &QTcpServer::newConnection, &server, [&server, answerBytes] {
        QTcpSocket* const socket = server.nextPendingConnection();
        QObject::connect(socket, &QTcpSocket::readyRead, socket, [socket, answerBytes] {
            if (!socket->readAll().contains("\r\n\r\n"))
                return;
            const QByteArray body = replyOf(answerBytes);
            socket->write("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
                + QByteArray::number(body.size()) + "\r\n\r\n");
            socket->write(body);
        });
    });
    return QCoreApplication::exec();
}

double peakOfReply(const QString& program, const QString& dataFolder, qint64 answerBytes)
{
    QProcess server;
    server.start(program, {QStringLiteral("--serve"), QString::number(answerBytes)});
    if (!server.waitForReadyRead(20'000))
        return 0;
    const QString port = QString::fromLatin1(server.readLine().trimmed());
    SessionConfig config;
    config.dataFolder = dataFolder;
    config.providers.baseUrls[QStringLiteral("openai")] =
        QUrl(QStringLiteral("http://127.0.0.1:%1/v1").arg(port));
    config.providers.secret = [](const QString&) { return QStringLiteral("key"); };
    Session session(config);
    Agent agent;
    agent.name = QStringLiteral("bench");
    agent.model = QStringLiteral("openai:gpt-4o-mini");
    RunOptions options;
    options.cachePolicy = CachePolicy::Bypass;
    const qint64 before = memoryOf("VmRSS");
    QFile reset(QStringLiteral("/proc/self/clear_refs"));
    if (reset.open(QIODevice::WriteOnly))
        reset.write("5"); // the high-water mark starts anew
    reset.close();
    test::waitForTask(cachedAgentRun(session, agent, QStringLiteral("long"), options));
    const auto peak = static_cast<double>(memoryOf("VmHWM") - before);
    server.kill();
    server.waitForFinished();
    return peak;
}

} // namespace llmcache::bench
