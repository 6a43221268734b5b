#include "base/error.h"
#include "httpserver.h"
#include "provider/httpclient.h"
#include "testenvironment.h"
#include "waitfortask.h"

#include <QSignalSpy>
#include <QTest>

using namespace llmcache;
using namespace llmcache::test;
using namespace std::chrono_literals;

namespace {

HttpRequest requestTo(const HttpServer& server)
{
    HttpRequest request;
    request.provider = u"openai"_qs;
    request.url = server.url(u"/v1/chat"_qs);
    request.headers = {{"Content-Type", "application/json"}, {"Authorization", "Bearer key"}};
    request.body = "{}";
    return request;
}

HttpReply post(HttpClient& client, const HttpRequest& request, const ChunkHandler& onChunk = {},
    std::stop_token stop = {})
{
    return waitForTask(client.post(request, onChunk, std::move(stop)));
}

std::optional<ProviderError> failureOf(
    HttpClient& client, const HttpRequest& request, const ChunkHandler& onChunk = {})
{
    try {
        post(client, request, onChunk);
    } catch (const ProviderError& error) {
        return error;
    }
    return std::nullopt;
}

} // namespace

class TestHttpClient : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void postsAndReads();
    void largeBodiesArriveWhole();
    void keepsTheBodyOfErrors_data();
    void keepsTheBodyOfErrors();
    void doesNotFollowRedirects();
    void handsOverAStreamAsItComes();
    void errorsOfTheHandlerComeOut();
    void aFinishedReplyDoesNotWaitForTheConnection();
    void refusedConnection();
    void droppedBeforeTheReplyIsSentOnce();
    void cutInTheMiddle();
    void totalTimeout();
    void firstByteTimeout();
    void idleTimeout();
    void stopClosesTheConnection();
    void manyAtOnce();
    void proxiesAreTheSystems();
};

void TestHttpClient::postsAndReads()
{
    HttpServer server;
    server.enqueue(ScriptedReply::json("{\"ok\":true}", 200, {{"X-Request-Id", "r1"}}));
    HttpClient client;
    const HttpReply reply = post(client, requestTo(server));
    QCOMPARE(reply.status, 200);
    QCOMPARE(reply.body, QByteArray("{\"ok\":true}"));
    QCOMPARE(headerValue(reply.headers, "x-request-id"), QByteArray("r1"));
    QCOMPARE(server.requests().size(), std::size_t(1));
    const RecordedRequest& request = server.requests().front();
    QCOMPARE(request.method, QByteArray("POST"));
    QCOMPARE(request.path, QByteArray("/v1/chat"));
    QCOMPARE(request.body, QByteArray("{}"));
    QCOMPARE(request.header("authorization"), QByteArray("Bearer key"));
}

void TestHttpClient::largeBodiesArriveWhole()
{
    HttpServer server;
    QByteArray large;
    while (large.size() < 3'000'000)
        large += QByteArray::number(large.size()) + ' ';
    server.enqueue(ScriptedReply::json(large));
    HttpClient client;
    HttpRequest request = requestTo(server);
    request.body = large;
    QVERIFY(post(client, request).body == large);
    QVERIFY(server.requests().front().body == large);
}

void TestHttpClient::keepsTheBodyOfErrors_data()
{
    QTest::addColumn<int>("status");
    for (const int status : {400, 401, 403, 404, 407, 408, 409, 413, 422, 429, 500, 503, 529})
        QTest::addRow("%d", status) << status;
}

void TestHttpClient::keepsTheBodyOfErrors()
{
    QFETCH(int, status);
    HttpServer server;
    server.enqueue(ScriptedReply::json(
        "{\"message\":\"no\"}", status, {{"Www-Authenticate", "Key"}, {"Retry-After", "3"}}));
    HttpClient client;
    const HttpReply reply = post(client, requestTo(server));
    QCOMPARE(reply.status, status);
    QCOMPARE(reply.body, QByteArray("{\"message\":\"no\"}"));
    QCOMPARE(headerValue(reply.headers, "retry-after"), QByteArray("3"));
    QCOMPARE(server.requests().size(), std::size_t(1));
}

void TestHttpClient::doesNotFollowRedirects()
{
    HttpServer other;
    HttpServer server;
    server.enqueue(ScriptedReply::json("{}", 307, {{"Location", other.url().toEncoded()}}));
    HttpClient client;
    QCOMPARE(post(client, requestTo(server)).status, 307);
    QCOMPARE(other.requests().size(), std::size_t(0));
}

void TestHttpClient::handsOverAStreamAsItComes()
{
    HttpServer server;
    ScriptedReply scripted = ScriptedReply::events({"data: one\n\n", "data: two\n\n"});
    scripted.holdBefore = 1;
    server.enqueue(scripted);
    HttpClient client;
    QByteArray received;
    bool earlier = false;
    const HttpReply reply = post(client, requestTo(server), [&](const QByteArray& bytes) {
        received += bytes;
        if (received == "data: one\n\n") {
            earlier = true;
            server.release();
        }
        return false;
    });
    QVERIFY(earlier);
    QVERIFY(reply.streamed);
    QVERIFY(reply.body.isEmpty());
    QCOMPARE(received, QByteArray("data: one\n\ndata: two\n\n"));
}

void TestHttpClient::errorsOfTheHandlerComeOut()
{
    HttpServer server;
    ScriptedReply scripted = ScriptedReply::events({"data: one\n\n", "data: two\n\n"});
    scripted.holdBefore = 1;
    server.enqueue(scripted);
    HttpClient client;
    QVERIFY_THROWS_EXCEPTION(OutputError, post(client, requestTo(server), [](const QByteArray&) -> bool {
        throw OutputError({}, {}, {}, {});
    }));
    QTRY_COMPARE(server.connectionsOpen(), 0);
}

void TestHttpClient::aFinishedReplyDoesNotWaitForTheConnection()
{
    HttpServer server;
    ScriptedReply scripted = ScriptedReply::events({"data: [DONE]\n\n", "never"});
    scripted.holdBefore = 1;
    server.enqueue(scripted);
    HttpClient client;
    const HttpReply reply = post(client, requestTo(server), [](const QByteArray&) { return true; });
    QCOMPARE(reply.status, 200);
}

void TestHttpClient::refusedConnection()
{
    HttpRequest request;
    {
        const HttpServer gone;
        request = requestTo(gone);
    }
    HttpClient client;
    const auto error = failureOf(client, request);
    QVERIFY(error);
    QCOMPARE(error->details().failure, ProviderFailure::Connection);
    QVERIFY(!error->details().mayBeBilled);
    QVERIFY(error->isTransient());
    QVERIFY2(error->text().contains(u"127.0.0.1"_qs), error->what());
    QVERIFY2(!error->text().contains(u"key"_qs), error->what());
}

void TestHttpClient::droppedBeforeTheReplyIsSentOnce()
{
    HttpServer server;
    for (int i = 0; i < 5; ++i) {
        ScriptedReply drop;
        drop.dropBefore = 0;
        server.enqueue(drop);
    }
    HttpClient client;
    const auto error = failureOf(client, requestTo(server));
    QVERIFY(error);
    QCOMPARE(error->details().failure, ProviderFailure::Connection);
    QVERIFY(error->details().mayBeBilled);
    QCOMPARE(server.requests().size(), std::size_t(1));
    // Likewise on a connection that was kept open.
    HttpServer keeping;
    keeping.enqueue(ScriptedReply::json("{}"));
    ScriptedReply drop;
    drop.dropBefore = 0;
    keeping.enqueue(drop);
    keeping.enqueue(ScriptedReply::json("{}"));
    post(client, requestTo(keeping));
    QVERIFY(failureOf(client, requestTo(keeping)));
    QCOMPARE(keeping.requests().size(), std::size_t(2));
}

void TestHttpClient::cutInTheMiddle()
{
    HttpServer server;
    ScriptedReply scripted = ScriptedReply::json("{\"a\":");
    scripted.chunks.push_back("1}");
    scripted.dropBefore = 1;
    server.enqueue(scripted);
    HttpClient client;
    const auto error = failureOf(client, requestTo(server));
    QVERIFY(error);
    QCOMPARE(error->details().failure, ProviderFailure::Connection);
    QVERIFY(error->details().mayBeBilled);
    QCOMPARE(error->status(), 200);
    QCOMPARE(server.requests().size(), std::size_t(1));
}

void TestHttpClient::totalTimeout()
{
    HttpServer server;
    ScriptedReply scripted = ScriptedReply::json("{}");
    scripted.holdBefore = 0;
    server.enqueue(scripted);
    HttpClient client;
    HttpRequest request = requestTo(server);
    request.totalTimeout = 50ms;
    const auto error = failureOf(client, request);
    QVERIFY(error);
    QCOMPARE(error->details().failure, ProviderFailure::Timeout);
    QVERIFY(error->details().mayBeBilled);
    QVERIFY2(error->text().contains(u"0.05 s"_qs), error->what());
    QTRY_COMPARE(server.connectionsOpen(), 0);
}

void TestHttpClient::firstByteTimeout()
{
    HttpServer server;
    ScriptedReply scripted = ScriptedReply::events({"data: one\n\n"});
    scripted.holdBefore = 0;
    server.enqueue(scripted);
    HttpClient client;
    HttpRequest request = requestTo(server);
    request.firstByteTimeout = 50ms;
    request.idleTimeout = 10min;
    const auto error = failureOf(client, request, [](const QByteArray&) { return false; });
    QVERIFY(error);
    QCOMPARE(error->details().failure, ProviderFailure::Timeout);
    QVERIFY2(error->text().contains(u"0.05 s"_qs), error->what());
    QTRY_COMPARE(server.connectionsOpen(), 0);

    // Once it speaks, that limit is over.
    ScriptedReply late = ScriptedReply::events({"data: one\n\n", "data: two\n\n"});
    late.holdBefore = 1;
    server.enqueue(late);
    request.firstByteTimeout = 5s;
    request.idleTimeout = 50ms;
    const auto idle = failureOf(client, request, [](const QByteArray&) { return false; });
    QVERIFY(idle);
    QCOMPARE(idle->status(), 200);
}

void TestHttpClient::idleTimeout()
{
    HttpServer server;
    ScriptedReply scripted = ScriptedReply::events({"data: one\n\n", "data: two\n\n"});
    scripted.holdBefore = 1;
    server.enqueue(scripted);
    HttpClient client;
    HttpRequest request = requestTo(server);
    request.idleTimeout = 50ms;
    const auto error = failureOf(client, request, [](const QByteArray&) { return false; });
    QVERIFY(error);
    QCOMPARE(error->details().failure, ProviderFailure::Timeout);
    QCOMPARE(error->status(), 200);
}

void TestHttpClient::stopClosesTheConnection()
{
    HttpServer server;
    ScriptedReply scripted = ScriptedReply::json("{}");
    scripted.holdBefore = 0;
    server.enqueue(scripted);
    HttpClient client;
    std::stop_source stop;
    connect(&server, &HttpServer::requestArrived, this, [&] { stop.request_stop(); });
    QVERIFY_THROWS_EXCEPTION(Cancelled, post(client, requestTo(server), {}, stop.get_token()));
    QTRY_COMPARE(server.connectionsOpen(), 0);
    QVERIFY_THROWS_EXCEPTION(Cancelled, post(client, requestTo(server), {}, stop.get_token()));
    QCOMPARE(server.requests().size(), std::size_t(1));
}

void TestHttpClient::manyAtOnce()
{
    constexpr int count = 20;
    HttpServer server;
    for (int i = 0; i < count; ++i) {
        ScriptedReply scripted = ScriptedReply::json("{}");
        scripted.holdBefore = 0;
        server.enqueue(scripted);
    }
    HttpClient client;
    std::vector<QCoro::Task<HttpReply>> tasks;
    for (int i = 0; i < count; ++i)
        tasks.push_back(client.post(requestTo(server), {}, {}));
    // All of them are at the server before the first gets its reply.
    QTRY_COMPARE(server.requests().size(), std::size_t(count));
    server.release();
    for (auto& task : tasks)
        QCOMPARE(waitForTask(std::move(task)).status, 200);
}

void TestHttpClient::proxiesAreTheSystems()
{
    HttpServer proxy;
    proxy.enqueue(ScriptedReply::json("{}"));
    qputenv("http_proxy", proxy.url().toEncoded());
    HttpClient client;
    HttpRequest request = requestTo(proxy);
    request.url = QUrl(u"http://provider.example/v1/chat"_qs);
    const auto error = failureOf(client, request);
    // This machine itself is reached directly.
    HttpServer server;
    server.enqueue(ScriptedReply::json("{}"));
    post(client, requestTo(server));
    qunsetenv("http_proxy");
    QVERIFY2(!error, error ? error->what() : "");
    QCOMPARE(proxy.requests().size(), std::size_t(1));
    QCOMPARE(proxy.requests().front().path, QByteArray("http://provider.example/v1/chat"));
    QCOMPARE(server.requests().size(), std::size_t(1));
}

LLMCACHE_TEST_MAIN(TestHttpClient)
#include "tst_httpclient.moc"
