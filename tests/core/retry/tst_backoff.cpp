#include "retry/backoff.h"
#include "testenvironment.h"

#include <QTest>

using namespace llmcache;
using namespace std::chrono_literals;
using std::chrono::milliseconds;

namespace {

ProviderError failure(ProviderFailure kind, std::optional<milliseconds> hint = {})
{
    ProviderError::Details details;
    details.failure = kind;
    details.provider = u"openai"_qs;
    details.retryHint = hint;
    return ProviderError(u"It failed."_qs, {}, details);
}

std::function<double()> always(double value)
{
    return [value] { return value; };
}

} // namespace

class TestBackoff : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void waitsDoubleUpToTheLongest();
    void jitterIsFull();
    void systemRandomStaysInRange();
    void hintsAreALowerBound();
    void hintsGetATenthOfJitter();
    void budgetIsUsedToItsEndAndNotBeyond();
    void rateLimitBeyondTheBudgetSaysWhatWasWaited();
    void hintBeyondTheBudgetFailsAtOnce();
    void otherTransientFailuresAreThrownThemselves();
    void permanentErrorsAreThrownAtOnce_data();
    void permanentErrorsAreThrownAtOnce();
    void theProvidersWordWins();
    void deliveredTextIsNeverRetried();
    void noBudgetMeansNoRetry();
    void zeroPolicyDoesNotHammer();
};

void TestBackoff::waitsDoubleUpToTheLongest()
{
    BackoffPolicy policy;
    policy.maxWait = 10min;
    Backoff backoff(policy, always(1.0));
    const auto error = failure(ProviderFailure::Server);
    std::vector<milliseconds> waits;
    for (int i = 0; i < 8; ++i)
        waits.push_back(backoff.next(error));
    const std::vector<milliseconds> expected{
        500ms, 1000ms, 2000ms, 4000ms, 8000ms, 16000ms, 30000ms, 30000ms};
    QCOMPARE(waits, expected);
    QCOMPARE(backoff.attempts(), 8);
    QCOMPARE(backoff.waited(), 91500ms);
}

void TestBackoff::jitterIsFull()
{
    Backoff low(BackoffPolicy{}, always(0.0));
    QCOMPARE(low.next(failure(ProviderFailure::Server)), 1ms);
    Backoff half(BackoffPolicy{}, always(0.5));
    QCOMPARE(half.next(failure(ProviderFailure::Server)), 250ms);
    QCOMPARE(half.next(failure(ProviderFailure::Server)), 500ms);
}

void TestBackoff::systemRandomStaysInRange()
{
    bool different = false;
    std::optional<milliseconds> first;
    for (int i = 0; i < 50; ++i) {
        Backoff backoff{BackoffPolicy{}};
        const auto wait = backoff.next(failure(ProviderFailure::Server));
        QVERIFY(wait >= 1ms && wait <= 500ms);
        different = different || (first && *first != wait);
        first = wait;
    }
    QVERIFY(different);
}

void TestBackoff::hintsAreALowerBound()
{
    Backoff backoff(BackoffPolicy{}, always(0.0));
    QCOMPARE(backoff.next(failure(ProviderFailure::RateLimited, 7s)), 7000ms);
    // A hint below the computed wait does not shorten it.
    Backoff late(BackoffPolicy{}, always(1.0));
    QCOMPARE(late.next(failure(ProviderFailure::RateLimited, 10ms)), 500ms);
}

void TestBackoff::hintsGetATenthOfJitter()
{
    Backoff backoff(BackoffPolicy{}, always(1.0));
    QCOMPARE(backoff.next(failure(ProviderFailure::Overloaded, 10s)), 11000ms);
}

void TestBackoff::budgetIsUsedToItsEndAndNotBeyond()
{
    BackoffPolicy policy;
    policy.maxWait = 2s;
    Backoff backoff(policy, always(1.0));
    const auto error = failure(ProviderFailure::Connection);
    QCOMPARE(backoff.next(error), 500ms);
    QCOMPARE(backoff.next(error), 1000ms);
    QCOMPARE(backoff.next(error), 500ms); // what is left
    QVERIFY_THROWS_EXCEPTION(ProviderError, backoff.next(error));
    QCOMPARE(backoff.waited(), 2000ms);
    QCOMPARE(backoff.attempts(), 4);
    // Jitter on a hint is cut to the budget as well.
    Backoff hinted(policy, always(1.0));
    QCOMPARE(hinted.next(failure(ProviderFailure::RateLimited, 2s)), 2000ms);
}

void TestBackoff::rateLimitBeyondTheBudgetSaysWhatWasWaited()
{
    BackoffPolicy policy;
    policy.maxWait = 1500ms;
    Backoff backoff(policy, always(1.0));
    const auto error = failure(ProviderFailure::RateLimited);
    backoff.next(error);
    backoff.next(error);
    try {
        backoff.next(error);
        QFAIL("no error");
    } catch (const RateLimitError& limit) {
        QCOMPARE(limit.attempts(), 3);
        QCOMPARE(limit.waited(), 1500ms);
        QVERIFY(!limit.hint());
        QVERIFY2(limit.text().startsWith(u"It failed."_qs), limit.what());
        QVERIFY2(limit.text().contains(u"3 requests"_qs), limit.what());
        QVERIFY2(limit.text().contains(u"1.5 s"_qs), limit.what());
        QVERIFY2(limit.remedy().contains(u"again later"_qs), limit.what());
    }
}

void TestBackoff::hintBeyondTheBudgetFailsAtOnce()
{
    BackoffPolicy policy;
    policy.maxWait = 30s;
    Backoff backoff(policy, always(0.0));
    try {
        backoff.next(failure(ProviderFailure::RateLimited, 31s));
        QFAIL("no error");
    } catch (const RateLimitError& limit) {
        QCOMPARE(limit.waited(), 0ms);
        QCOMPARE(limit.attempts(), 1);
        QCOMPARE(limit.hint(), std::optional<milliseconds>(31s));
        QVERIFY2(limit.text().contains(u"31 s"_qs), limit.what());
        QVERIFY2(limit.text().contains(u"30 s"_qs), limit.what());
    }
}

void TestBackoff::otherTransientFailuresAreThrownThemselves()
{
    BackoffPolicy policy;
    policy.maxWait = 0s;
    Backoff backoff(policy, always(0.5));
    try {
        backoff.next(failure(ProviderFailure::Overloaded, 5s));
        QFAIL("no error");
    } catch (const ProviderError& error) {
        QCOMPARE(error.details().failure, ProviderFailure::Overloaded);
    }
}

void TestBackoff::permanentErrorsAreThrownAtOnce_data()
{
    QTest::addColumn<int>("kind");
    QTest::newRow("authentication") << int(ProviderFailure::Authentication);
    QTest::newRow("not found") << int(ProviderFailure::NotFound);
    QTest::newRow("quota") << int(ProviderFailure::Quota);
    QTest::newRow("bad request") << int(ProviderFailure::BadRequest);
    QTest::newRow("bad reply") << int(ProviderFailure::BadReply);
    QTest::newRow("content filter") << int(ProviderFailure::ContentFilter);
}

void TestBackoff::permanentErrorsAreThrownAtOnce()
{
    QFETCH(int, kind);
    Backoff backoff(BackoffPolicy{}, always(0.5));
    QVERIFY_THROWS_EXCEPTION(ProviderError, backoff.next(failure(static_cast<ProviderFailure>(kind), 1s)));
    QCOMPARE(backoff.waited(), 0ms);
    QCOMPARE(backoff.attempts(), 1);
}

void TestBackoff::theProvidersWordWins()
{
    ProviderError::Details details;
    details.failure = ProviderFailure::RateLimited;
    details.shouldRetry = false;
    Backoff backoff(BackoffPolicy{}, always(0.5));
    QVERIFY_THROWS_EXCEPTION(ProviderError, backoff.next(ProviderError(u"No."_qs, {}, details)));
    details.failure = ProviderFailure::BadRequest;
    details.shouldRetry = true;
    QVERIFY(backoff.next(ProviderError(u"Yes."_qs, {}, details)) > 0ms);
}

void TestBackoff::deliveredTextIsNeverRetried()
{
    ProviderError::Details details;
    details.failure = ProviderFailure::Connection;
    details.delivered = true;
    Backoff backoff(BackoffPolicy{}, always(0.5));
    QVERIFY_THROWS_EXCEPTION(ProviderError, backoff.next(ProviderError(u"Cut."_qs, {}, details)));
}

void TestBackoff::noBudgetMeansNoRetry()
{
    BackoffPolicy policy;
    policy.maxWait = 0ms;
    Backoff backoff(policy, always(0.0));
    QVERIFY_THROWS_EXCEPTION(RateLimitError, backoff.next(failure(ProviderFailure::RateLimited)));
}

void TestBackoff::zeroPolicyDoesNotHammer()
{
    BackoffPolicy policy;
    policy.initialWait = 0ms;
    policy.longestWait = 0ms;
    policy.maxWait = 3ms;
    Backoff backoff(policy, always(0.0));
    const auto error = failure(ProviderFailure::Server);
    for (int i = 0; i < 3; ++i)
        QCOMPARE(backoff.next(error), 1ms);
    QVERIFY_THROWS_EXCEPTION(ProviderError, backoff.next(error));
}

LLMCACHE_TEST_MAIN(TestBackoff)
#include "tst_backoff.moc"
