#include "provider/errors.h"
#include "testenvironment.h"

#include <QTest>

using namespace llmcache;
using namespace std::chrono_literals;
using std::chrono::milliseconds;

namespace {

constexpr qint64 now = 1'795'392'000'000; // 2026-11-23 00:00:00 UTC

ErrorContext context()
{
    ErrorContext result;
    result.provider = u"openai"_qs;
    result.key = u"abcd-very-secret"_qs;
    result.keyVariable = u"OPENAI_API_KEY"_qs;
    result.model = u"gpt-4o"_qs;
    result.nowMs = now;
    return result;
}

ProviderError errorFor(int status, const QByteArray& body, HttpHeaders headers = {})
{
    HttpReply reply;
    reply.status = status;
    reply.body = body;
    reply.headers = std::move(headers);
    return errorFromReply(context(), reply);
}

} // namespace

class TestProviderErrors : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void failures_data();
    void failures();
    void hints_data();
    void hints();
    void hintsAreNotHeededForPermanentErrors();
    void theProvidersWordOnRetries();
    void messagesSayWhatHappened();
    void secretsStayOut();
    void theKeyStaysOutWhereverItIsRepeated();
    void redirectsNameTheHost();
    void bodiesAreCut();
};

void TestProviderErrors::failures_data()
{
    QTest::addColumn<int>("status");
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<int>("failure");
    QTest::addColumn<bool>("transient");
    QTest::addColumn<QString>("code");
    const auto row = [](const char* name, int status, const char* body, ProviderFailure failure,
                         bool transient, const QString& code) {
        QTest::newRow(name) << status << QByteArray(body) << int(failure) << transient << code;
    };
    row("openai rate limit", 429,
        R"({"error":{"message":"Slow","type":"tokens","param":null,"code":"rate_limit_exceeded"}})",
        ProviderFailure::RateLimited, true, u"rate_limit_exceeded"_qs);
    row("openai quota", 429,
        R"({"error":{"message":"No money","type":"insufficient_quota","param":null,"code":"insufficient_quota"}})",
        ProviderFailure::Quota, false, u"insufficient_quota"_qs);
    row("openai key", 401,
        R"({"error":{"message":"Bad key","type":"invalid_request_error","param":null,"code":"invalid_api_key"}})",
        ProviderFailure::Authentication, false, u"invalid_api_key"_qs);
    row("openai bad request", 400,
        R"({"error":{"message":"No","type":"invalid_request_error","param":"messages","code":null}})",
        ProviderFailure::BadRequest, false, u"invalid_request_error"_qs);
    row("anthropic rate limit", 429,
        R"({"type":"error","error":{"type":"rate_limit_error","message":"Slow"},"request_id":"req_1"})",
        ProviderFailure::RateLimited, true, u"rate_limit_error"_qs);
    row("anthropic overloaded", 529,
        R"({"type":"error","error":{"type":"overloaded_error","message":"Busy"}})",
        ProviderFailure::Overloaded, true, u"overloaded_error"_qs);
    row("anthropic spend limit", 429,
        R"({"type":"error","error":{"type":"enforced_spend_limit_reached","message":"Limit"}})",
        ProviderFailure::Quota, false, u"enforced_spend_limit_reached"_qs);
    row("anthropic empty account", 400,
        R"({"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to access the API."}})",
        ProviderFailure::Quota, false, u"invalid_request_error"_qs);
    row("anthropic model", 404, R"({"type":"error","error":{"type":"not_found_error","message":"model: x"}})",
        ProviderFailure::NotFound, false, u"not_found_error"_qs);
    row("gemini rate limit", 429, R"({"error":{"code":429,"message":"Quota","status":"RESOURCE_EXHAUSTED"}})",
        ProviderFailure::RateLimited, true, u"RESOURCE_EXHAUSTED"_qs);
    row("gemini daily quota", 429,
        R"({"error":{"code":429,"message":"Quota","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{"quotaId":"GenerateRequestsPerDayPerProjectPerModel-FreeTier"}]}]}})",
        ProviderFailure::Quota, false, u"RESOURCE_EXHAUSTED"_qs);
    row("gemini key", 400,
        R"({"error":{"code":400,"message":"API key not valid","status":"INVALID_ARGUMENT","details":[{"reason":"API_KEY_INVALID"}]}})",
        ProviderFailure::Authentication, false, u"INVALID_ARGUMENT"_qs);
    row("gemini in a list", 503, R"([{"error":{"code":503,"message":"Busy","status":"UNAVAILABLE"}}])",
        ProviderFailure::Overloaded, true, u"UNAVAILABLE"_qs);
    row("mistral", 401, R"({"message":"Unauthorized","request_id":"r"})", ProviderFailure::Authentication,
        false, {});
    row("cerebras", 429,
        R"({"message":"Tokens per minute","type":"too_many_requests_error","code":"request_quota_exceeded"})",
        ProviderFailure::RateLimited, true, u"request_quota_exceeded"_qs);
    row("openrouter credit", 402, R"({"error":{"code":402,"message":"Insufficient credits"}})",
        ProviderFailure::Quota, false, u"402"_qs);
    row("groq, request too large", 413,
        R"({"error":{"message":"Request too large","code":"rate_limit_exceeded"}})",
        ProviderFailure::BadRequest, false, u"rate_limit_exceeded"_qs);
    row("ollama", 404, R"({"error":"model 'x' not found"})", ProviderFailure::NotFound, false, {});
    row("validation list", 422, R"({"detail":[{"loc":["body"],"msg":"missing"}]})",
        ProviderFailure::BadRequest, false, {});
    row("html of a proxy", 502, "<html><body>Bad gateway</body></html>", ProviderFailure::Server, true, {});
    row("empty", 500, "", ProviderFailure::Server, true, {});
    row("request timeout", 408, "", ProviderFailure::Timeout, true, {});
    row("conflict", 409, "", ProviderFailure::Overloaded, true, {});
    row("service unavailable", 503, "", ProviderFailure::Overloaded, true, {});
    row("forbidden", 403, "", ProviderFailure::Authentication, false, {});
    row("content filter", 400, R"({"error":{"message":"Filtered","type":null,"code":"content_filter"}})",
        ProviderFailure::ContentFilter, false, u"content_filter"_qs);
}

void TestProviderErrors::failures()
{
    QFETCH(int, status);
    QFETCH(QByteArray, body);
    QFETCH(int, failure);
    QFETCH(bool, transient);
    QFETCH(QString, code);
    const ProviderError error = errorFor(status, body);
    QCOMPARE(int(error.details().failure), failure);
    QCOMPARE(error.isTransient(), transient);
    QCOMPARE(error.details().code, code);
    QCOMPARE(error.status(), status);
    QCOMPARE(error.details().provider, u"openai"_qs);
    QVERIFY(!error.remedy().isEmpty());
}

void TestProviderErrors::hints_data()
{
    QTest::addColumn<QList<QByteArray>>("headers"); // name, value, name, value …
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<qint64>("hint"); // -1 = none
    using List = QList<QByteArray>;
    const QByteArray none = "{}";
    QTest::newRow("nothing") << List{} << none << qint64(-1);
    QTest::newRow("seconds") << List{"Retry-After", "20"} << none << qint64(20'000);
    QTest::newRow("fraction") << List{"retry-after", "0.25"} << none << qint64(250);
    QTest::newRow("zero") << List{"retry-after", "0"} << none << qint64(0);
    QTest::newRow("milliseconds win")
        << List{"retry-after", "20", "retry-after-ms", "1500"} << none << qint64(1500);
    QTest::newRow("date") << List{"retry-after", "Mon, 23 Nov 2026 00:01:00 GMT"} << none << qint64(60'000);
    QTest::newRow("date in the past")
        << List{"retry-after", "Sun, 22 Nov 2026 00:01:00 GMT"} << none << qint64(0);
    QTest::newRow("nonsense") << List{"retry-after", "soon"} << none << qint64(-1);
    QTest::newRow("negative") << List{"retry-after", "-5"} << none << qint64(-1);
    QTest::newRow("not a number") << List{"retry-after", "nan"} << none << qint64(-1);
    QTest::newRow("gemini")
        << List{}
        << QByteArray(R"({"error":{"code":429,"details":[{"@type":"x"},{"retryDelay":"45.837906927s"}]}})")
        << qint64(45'838);
    QTest::newRow("reset of the exhausted limit") << List{"x-ratelimit-remaining-requests", "0",
        "x-ratelimit-reset-requests", "6m0s", "x-ratelimit-remaining-tokens", "100",
        "x-ratelimit-reset-tokens", "12h"} << none << qint64(360'000);
    QTest::newRow("reset in milliseconds") << List{"x-ratelimit-reset-tokens", "12ms"} << none << qint64(12);
    QTest::newRow("reset with a fraction")
        << List{"x-ratelimit-reset-tokens", "1m2.5s"} << none << qint64(62'500);
    QTest::newRow("epoch milliseconds")
        << List{"x-ratelimit-reset", "1795392030000"} << none << qint64(30'000);
    QTest::newRow("epoch seconds") << List{"x-ratelimit-reset", "1795392030"} << none << qint64(30'000);
    QTest::newRow("anthropic") << List{"anthropic-ratelimit-input-tokens-remaining", "0",
        "anthropic-ratelimit-input-tokens-reset", "2026-11-23T00:00:07Z",
        "anthropic-ratelimit-requests-remaining", "49", "anthropic-ratelimit-requests-reset",
        "2026-11-23T00:59:00Z"} << none
                               << qint64(7'000);
    QTest::newRow("retry-after before resets")
        << List{"retry-after", "3", "x-ratelimit-reset-tokens", "1h"} << none << qint64(3'000);
}

void TestProviderErrors::hints()
{
    QFETCH(QList<QByteArray>, headers);
    QFETCH(QByteArray, body);
    QFETCH(qint64, hint);
    HttpHeaders list;
    for (qsizetype i = 0; i + 1 < headers.size(); i += 2)
        list.emplace_back(headers[i], headers[i + 1]);
    const auto found = errorFor(429, body, list).details().retryHint;
    QCOMPARE(found ? found->count() : qint64(-1), hint);
}

void TestProviderErrors::hintsAreNotHeededForPermanentErrors()
{
    QVERIFY(!errorFor(400, "{}", {{"Retry-After", "20"}}).details().retryHint);
    QVERIFY(errorFor(503, "{}", {{"Retry-After", "20"}}).details().retryHint);
}

void TestProviderErrors::theProvidersWordOnRetries()
{
    QVERIFY(!errorFor(429, "{}", {{"X-Should-Retry", "false"}}).isTransient());
    QVERIFY(errorFor(400, "{}", {{"x-should-retry", "true"}}).isTransient());
    QVERIFY(!errorFor(429, R"({"error":{"code":"insufficient_quota"}})", {{"x-should-retry", "true"}})
                 .isTransient());
}

void TestProviderErrors::messagesSayWhatHappened()
{
    const ProviderError error =
        errorFor(404, R"({"error":{"message":"The model does not exist","code":"model_not_found"}})",
            {{"x-request-id", "req_7"}});
    for (const char* part : {"openai", "404", "model_not_found", "The model does not exist", "gpt-4o"})
        QVERIFY2(error.text().contains(QString::fromLatin1(part)), error.what());
    QCOMPARE(error.details().requestId, u"req_7"_qs);
    QVERIFY2(errorFor(401, "{}").text().contains(u"OPENAI_API_KEY"_qs), "names the variable");
}

void TestProviderErrors::secretsStayOut()
{
    const ProviderError error = errorFor(401,
        R"({"error":{"message":"Incorrect API key provided: abcd-very-secret or sk-proj-abc***wxyz, header Bearer eyJhbGciOi.x"}})");
    for (const QString& text : {error.text(), error.bodyExcerpt()}) {
        QVERIFY2(!text.contains(u"very-secret"_qs), qPrintable(text));
        QVERIFY2(!text.contains(u"wxyz"_qs), qPrintable(text));
        QVERIFY2(!text.contains(u"eyJ"_qs), qPrintable(text));
        QVERIFY2(text.contains(u"Incorrect API key"_qs), qPrintable(text));
    }
}

void TestProviderErrors::theKeyStaysOutWhereverItIsRepeated()
{
    const auto check = [](const ProviderError& error) {
        for (const QString& text :
            {error.text(), error.bodyExcerpt(), error.details().code, error.details().requestId})
            QVERIFY2(!text.contains(u"very-secret"_qs, Qt::CaseInsensitive), qPrintable(text));
    };
    check(errorFor(401, R"({"error":{"message":"no","code":"abcd-very-secret"}})"));
    check(errorFor(401, R"({"error":{"message":"no","type":"abcd-very-secret"}})"));
    check(errorFor(401, R"({"message":"no","request_id":"abcd-very-secret"})"));
    check(errorFor(401, "{}", {{"x-request-id", "abcd-very-secret"}}));
    check(errorFor(401, "{}", {{"x-amzn-errortype", "abcd-very-secret"}}));
    check(errorFor(
        302, {}, {{"Location", "https://ABCD-Very-Secret.example/"}, {"cf-ray", "abcd-very-secret"}}));
}

void TestProviderErrors::redirectsNameTheHost()
{
    const ProviderError error =
        errorFor(307, {}, {{"Location", "https://elsewhere.example/v1?token=hidden"}});
    QVERIFY2(error.text().contains(u"elsewhere.example"_qs), error.what());
    QVERIFY2(!error.text().contains(u"hidden"_qs), error.what());
    QVERIFY(!error.isTransient());
}

void TestProviderErrors::bodiesAreCut()
{
    const ProviderError error = errorFor(500, QByteArray(100'000, 'x'));
    QCOMPARE(error.bodyExcerpt().size(), 2000);
    QVERIFY(error.text().size() < 1000);
}

LLMCACHE_TEST_MAIN(TestProviderErrors)
#include "tst_providererrors.moc"
