#pragma once

#include "store/ledgersummary.h"
#include "store/store.h"

#include <QCryptographicHash>
#include <QUuid>

#include <random>

namespace llmcache::test {

/// A fingerprint that is different for each text.
inline QString sampleFingerprint(const QString& text)
{
    return QString::fromLatin1(QCryptographicHash::hash(text.toUtf8(), QCryptographicHash::Sha256).toHex());
}

inline QString newId()
{
    return QUuid::createUuid().toString(QUuid::WithoutBraces);
}

/// An entry with something in every field.
inline Commit sampleCommit(const QString& fingerprint, const QString& answer = QStringLiteral("Hello there"))
{
    Commit commit;
    Entry& entry = commit.entry;
    entry.meta.fingerprint = fingerprint;
    entry.meta.model = QStringLiteral("anthropic:claude-haiku-4-5");
    entry.meta.agent = QStringLiteral("profiler");
    entry.meta.task = QStringLiteral("make_profile");
    entry.meta.author = QStringLiteral("ada");
    entry.meta.createdMs = 1'795'392'000'123;
    entry.meta.usage.inputTokens = 1200;
    entry.meta.usage.outputTokens = 300;
    entry.meta.usage.cacheReadTokens = 100;
    entry.meta.cost = Money::fromPicodollars(2'890'000'001);
    entry.meta.latency = std::chrono::milliseconds(1834);
    entry.meta.promptExcerpt = QStringLiteral("Say hello");
    entry.meta.answerExcerpt = excerpt(answer);
    entry.meta.tags = {QStringLiteral("golden"), QStringLiteral("näher")};
    entry.meta.human = true;
    entry.request = Json{{"model", "anthropic:claude-haiku-4-5"}, {"prompt", "Say hello"}, {"sample", 3}};
    entry.output = Json(toUtf8(answer));
    entry.messages = {Message::user(QStringLiteral("Say hello")), Message::assistant(answer)};
    entry.finishReason = QStringLiteral("end_turn");
    entry.providerModel = QStringLiteral("claude-haiku-4-5-20251001");
    entry.usage = entry.meta.usage;
    entry.usage.raw = Json{{"input_tokens", 1100}, {"cache_read_input_tokens", 100}};
    entry.costSource = QStringLiteral("table 2026-11-23");
    entry.meta.bytes = toJsonText(entry.request).size() + toJsonText(responseToJson(entry)).size();
    commit.ttl = defaultTtl;
    return commit;
}

inline Call sampleCall()
{
    Call call;
    call.id = newId();
    call.timeMs = 1'795'392'000'000;
    call.agent = QStringLiteral("profiler");
    call.task = QStringLiteral("make_profile");
    call.user = QStringLiteral("ada");
    call.host = QStringLiteral("engine.example");
    call.model = QStringLiteral("anthropic:claude-haiku-4-5");
    call.outcome = Outcome::Miss;
    call.usage.inputTokens = 1200;
    call.usage.outputTokens = 300;
    call.usage.reasoningTokens = 20;
    call.usage.raw = Json{{"input_tokens", 1200}};
    call.cost = Money::fromPicodollars(2'890'000'001);
    call.avoided = Money();
    call.priceSource = QStringLiteral("table 2026-11-23");
    call.latency = std::chrono::milliseconds(1834);
    call.timeToFirstToken = std::chrono::milliseconds(310);
    call.attempts = 2;
    call.waited = std::chrono::milliseconds(900);
    call.fingerprint = sampleFingerprint(QStringLiteral("sample"));
    call.tags = {QStringLiteral("nightly")};
    return call;
}

/// Calls of few models, tasks and users, of all outcomes, some unpriced, spread over `spanMs` from `fromMs`.
inline std::vector<Call> randomLedger(unsigned seed, int count, qint64 fromMs, qint64 spanMs)
{
    std::mt19937_64 random(seed);
    const auto pick = [&random](qint64 below) {
        return std::uniform_int_distribution<qint64>(0, below - 1)(random);
    };
    const QStringList models{QStringLiteral("anthropic:claude-haiku-4-5"), QStringLiteral("openai:gpt-5"),
        QStringLiteral("openai:gpt-5-mini"), QStringLiteral("test:a:b"), QStringLiteral("bare")};
    std::vector<Call> calls;
    for (int i = 0; i < count; ++i) {
        Call call = sampleCall();
        call.timeMs = fromMs + pick(spanMs);
        call.model = models.at(pick(models.size()));
        call.task = QStringLiteral("task %1").arg(pick(4));
        call.agent = pick(3) == 0 ? QString() : QStringLiteral("agent %1").arg(pick(2));
        call.user = QStringLiteral("user %1").arg(pick(3));
        call.outcome = static_cast<Outcome>(pick(7));
        call.attempts = static_cast<int>(pick(3));
        call.usage.inputTokens = pick(100'000);
        call.usage.outputTokens = pick(5'000);
        call.usage.cacheReadTokens = pick(1'000);
        call.usage.cacheWriteTokens = pick(1'000);
        call.usage.reasoningTokens = pick(100);
        call.cost =
            pick(5) == 0 ? std::nullopt : std::optional(Money::fromPicodollars(pick(9'000'000'000'001)));
        call.avoided =
            pick(2) == 0 ? std::nullopt : std::optional(Money::fromPicodollars(pick(77'777'777'777)));
        calls.push_back(std::move(call));
    }
    return calls;
}

/// A random ledger with several hosts, tags and fingerprints, and with requests that were tried again.
inline std::vector<Call> labelledLedger(unsigned seed, int count, qint64 fromMs, qint64 spanMs)
{
    std::vector<Call> calls = randomLedger(seed, count, fromMs, spanMs);
    int number = 0;
    for (Call& call : calls) {
        call.host = QStringLiteral("host %1").arg(number % 2);
        call.tags.clear();
        for (int tag = 0; tag < number % 3; ++tag)
            call.tags.append(QStringLiteral("tag %1").arg(tag));
        call.fingerprint = sampleFingerprint(QString::number(number));
        call.rateLimits = number % 5 == 0 ? 1 : 0;
        call.latency = std::chrono::milliseconds(number * 37);
        if (number % 4 == 0)
            call.timeToFirstToken = std::nullopt;
        call.usage.cacheWrite1hTokens = number % 11;
        call.usage.inputAudioTokens = number % 13;
        call.usage.webSearches = number % 2;
        ++number;
    }
    return calls;
}

inline LedgerReport reportOfCalls(const std::vector<Call>& calls, const LedgerQuery& query)
{
    const auto names = std::make_shared<NameTable>();
    LedgerSummary summary(query, names);
    for (const Call& call : calls)
        summary.add(figuresOf(call, *names));
    return summary.report();
}

/// A report as text, so that a difference can be read in a failed test.
inline QString describe(const LedgerReport& report)
{
    QStringList lines;
    const auto histogram = [](const LogHistogram& values) {
        return QStringLiteral("%1 from %2 to %3 median %4")
            .arg(values.count())
            .arg(values.smallest())
            .arg(values.largest())
            .arg(values.quantile(0.5));
    };
    const auto add = [&](const LedgerRow& row) {
        QStringList words;
        for (const LedgerKey& key : row.keys)
            words << (key.kind == LedgerKey::Kind::Other ? QStringLiteral("(other)") : key.text)
                  << QString::number(key.startMs);
        const LedgerSums& sums = row.sums;
        for (const qint64 number : sums.outcomes)
            words << QString::number(number);
        for (const qint64 number :
            {sums.unpriced, sums.billed.picodollars(), sums.avoided.picodollars(), sums.avoidedUnknown,
                sums.inputTokens, sums.outputTokens, sums.cacheReadTokens, sums.cacheWriteTokens,
                sums.cacheWrite1hTokens, sums.reasoningTokens, sums.inputAudioTokens, sums.outputAudioTokens,
                sums.webSearches, sums.servedTokens, sums.attempts, sums.retriedCalls, sums.rateLimits,
                sums.rateLimitedCalls, sums.waitedMs, sums.latencyMs, sums.failed, sums.sendingCalls})
            words << QString::number(number);
        words << histogram(row.distributions.paidLatency) << histogram(row.distributions.hitLatency)
              << histogram(row.distributions.firstToken) << histogram(row.distributions.billed);
        lines << words.join(QLatin1Char(' '));
    };
    for (const LedgerRow& row : report.rows)
        add(row);
    lines << QStringLiteral("total");
    add(report.total);
    lines << QString::number(report.firstMs) << QString::number(report.lastMs);
    return lines.join(QLatin1Char('\n'));
}

/// A report as text, so that a difference can be read in a failed test.
inline QString describe(const CostReport& report)
{
    const auto line = [](const QString& key, const CostSums& sums) {
        return QStringLiteral(
            "%1: n %2 hits %3 misses %4 failures %5 unpriced %6 cost %7 avoided %8 tokens %9")
            .arg(key)
            .arg(sums.calls)
            .arg(sums.hits)
            .arg(sums.misses)
            .arg(sums.failures)
            .arg(sums.unpriced)
            .arg(sums.cost.picodollars())
            .arg(sums.avoided.picodollars())
            .arg(QStringLiteral("%1/%2/%3/%4/%5")
                     .arg(sums.inputTokens)
                     .arg(sums.outputTokens)
                     .arg(sums.cacheReadTokens)
                     .arg(sums.cacheWriteTokens)
                     .arg(sums.reasoningTokens));
    };
    QStringList lines;
    for (const CostRow& row : report.rows)
        lines.append(line(row.keys.join(QStringLiteral(" | ")), row.sums));
    lines.append(line(QStringLiteral("total"), report.total));
    return lines.join(QLatin1Char('\n'));
}

/// Everything of an entry that a store must give back, as text.
inline QString describe(const Entry& entry)
{
    return QString::fromUtf8(entry.meta.fingerprint.toUtf8() + '\n' + toPrettyJsonText(toJson(entry.meta))
        + '\n' + toPrettyJsonText(entry.request) + '\n' + toPrettyJsonText(responseToJson(entry)));
}

} // namespace llmcache::test
