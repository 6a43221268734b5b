#include "cache/sampleworkspace.h"

#include "agent/message.h"
#include "base/error.h"
#include "base/json.h"
#include "base/worker.h"
#include "cache/request.h"
#include "cache/session.h"
#include "store/entryimage.h"

#include <qcorofuture.h>

#include <QRandomGenerator>
#include <QUuid>

#include <algorithm>
#include <array>

namespace llmcache {

namespace {

constexpr qint64 dayMs = 86'400'000;
constexpr int days = 60;
/// Made in these last days, the entries of all of which are still there.
constexpr int daysWithEntries = 42;
constexpr std::chrono::days lifetime{60};

struct Kind {
    const char* agent;
    const char* model;
    const char* task;
    const char* prompt;
    const char* answer;
    int inputTokens;
    int outputTokens;
    int perDay; ///< calls on a working day
    const char* outputName = ""; ///< of an answer in JSON
    const char* schema = "";
};

constexpr std::array kinds{
    Kind{"profiler", "anthropic:claude-haiku-4-5", "make_profile",
        "Make a profile on the user from transcript %1. Use English.",
        R"({"name": "Alex", "age": 30, "interests": ["hiking", "reading science fiction"]})", 1830, 212, 90,
        "UserProfile",
        R"({"type":"object","properties":{"name":{"type":"string"},"age":{"type":"integer"},"interests":{"type":"array","items":{"type":"string"}}},"required":["name","age"]})"},
    Kind{"triage", "openai:gpt-5-mini", "route_ticket", "Ticket 88%1: refund for an order that never arrived",
        R"({"queue": "billing", "urgency": "high", "language": "en"})", 940, 64, 150, "Route",
        R"({"type":"object","properties":{"queue":{"type":"string"},"urgency":{"enum":["low","high"]},"language":{"type":"string"}},"required":["queue","urgency"]})"},
    Kind{"summarise-call", "google:gemini-2.5-flash", "call_summary", "Transcript of 42 minutes, call %1",
        "The customer asks whether the upgrade can wait until the quarter ends. Both sides agree on a trial.",
        11200, 420, 40},
    Kind{"extract-invoice", "anthropic:claude-sonnet-4-5", "invoice_fields",
        "Invoice no. 2026-11%1, three pages",
        R"({"total": "1,204.50", "currency": "EUR", "due": "2026-12-15"})", 5100, 340, 30, "Invoice",
        R"({"type":"object","properties":{"total":{"type":"string"},"currency":{"type":"string"},"due":{"type":"string"}},"required":["total","currency"]})"},
    Kind{"reply-draft", "openai:gpt-5", "reply", "Write a friendly answer to message %1",
        "Dear Ms Okafor, thank you for your patience. Your parcel left our warehouse this morning.", 1350,
        610, 12},
    Kind{"sentiment", "mistral:mistral-small-latest", "nightly_scan",
        "\"Honestly the new version is slower\" (%1)", "negative", 210, 3, 200},
};

constexpr std::array users{"ana", "ben", "ci", "maria"};

OutputType outputOf(const Kind& kind)
{
    const QByteArray schema(kind.schema);
    return schema.isEmpty()
        ? OutputType::text()
        : OutputType::json(QLatin1String(kind.outputName), parseJson(schema, QStringLiteral("sample")));
}

Request requestOf(const Kind& kind, int number)
{
    Request request;
    request.model = ModelRef::parse(QString::fromLatin1(kind.model));
    request.systemPrompts = {
        QStringLiteral("You are the %1 of a support team.").arg(QLatin1String(kind.agent))};
    request.prompt = QString::fromUtf8(kind.prompt).arg(number);
    request.output = outputOf(kind);
    return request;
}

Usage usageOf(const Kind& kind, QRandomGenerator& random)
{
    Usage usage;
    usage.inputTokens = kind.inputTokens + random.bounded(kind.inputTokens / 4 + 1);
    usage.outputTokens = kind.outputTokens + random.bounded(kind.outputTokens / 3 + 1);
    usage.cacheReadTokens = random.bounded(3) == 0 ? usage.inputTokens * 8 / 10 : 0;
    usage.requests = 1;
    return usage;
}

Agent agentOf(const Kind& kind)
{
    Agent agent;
    agent.name = QString::fromLatin1(kind.agent);
    agent.model = QString::fromLatin1(kind.model);
    agent.task = QString::fromLatin1(kind.task);
    agent.ttl = lifetime;
    agent.output = outputOf(kind);
    agent.systemPrompt = SystemPrompt(QStringLiteral("You are the %1 of a support team.").arg(agent.name));
    return agent;
}

Entry entryOf(
    const Kind& kind, int number, qint64 createdMs, const PriceTable& prices, QRandomGenerator& random)
{
    const Request request = requestOf(kind, number);
    Entry entry;
    entry.request = toJson(request);
    entry.usage = usageOf(kind, random);
    const QByteArray answer(kind.answer);
    entry.output =
        answer.startsWith('{') ? parseJson(answer, QStringLiteral("sample")) : Json(answer.toStdString());
    entry.messages = {Message::user(request.prompt), Message::assistant(outputText(entry.output))};
    entry.finishReason = QStringLiteral("stop");
    entry.providerModel = request.model.model;
    const Quote quote = prices.quote(request.model.toString(), entry.usage, createdMs);
    entry.costSource = quote.source;
    EntryMeta& meta = entry.meta;
    meta.fingerprint = fingerprint(request);
    meta.model = request.model.toString();
    meta.agent = QString::fromLatin1(kind.agent);
    meta.task = QString::fromLatin1(kind.task);
    meta.author = QString::fromLatin1(users.at(random.bounded(static_cast<quint32>(users.size()))));
    meta.createdMs = createdMs;
    meta.usage = entry.usage;
    meta.cost = quote.total;
    meta.latency = std::chrono::milliseconds(600 + random.bounded(4000));
    meta.promptExcerpt = excerpt(request.prompt);
    meta.answerExcerpt = excerpt(outputText(entry.output));
    meta.human = number % 41 == 0;
    meta.pinned = meta.human;
    if (number % 9 == 0)
        meta.tags = {QStringLiteral("golden set")};
    return entry;
}

Call callOf(const Entry& entry, Outcome outcome, qint64 timeMs, QRandomGenerator& random)
{
    Call call;
    call.id = QUuid(random.generate(), static_cast<ushort>(random.bounded(65536)), 0, 0, 0, 0, 0, 0, 0,
        static_cast<uchar>(random.bounded(256)), static_cast<uchar>(random.bounded(256)))
                  .toString(QUuid::WithoutBraces);
    call.timeMs = timeMs;
    call.agent = entry.meta.agent;
    call.task = entry.meta.task;
    call.user = QString::fromLatin1(users.at(random.bounded(static_cast<quint32>(users.size()))));
    call.host = QStringLiteral("desk");
    call.model = entry.meta.model;
    call.outcome = outcome;
    call.usage = entry.meta.usage;
    call.fingerprint = entry.meta.fingerprint;
    call.priceSource = entry.costSource;
    if (outcome == Outcome::Hit) {
        call.cost = Money();
        call.avoided = entry.meta.cost;
        call.latency = std::chrono::milliseconds(random.bounded(3));
    } else if (outcome == Outcome::Failed) {
        call.cost = Money();
        call.usage = {};
        call.error = QStringLiteral("rate limit");
        call.latency = std::chrono::milliseconds(6000 + random.bounded(9000));
        call.waited = call.latency;
        call.attempts = 3;
        call.rateLimits = 3;
    } else {
        call.cost = entry.meta.cost;
        call.latency = entry.meta.latency;
        call.attempts = random.bounded(25) == 0 ? 2 : 1;
        call.rateLimits = call.attempts - 1;
    }
    return call;
}

Agent profilerAgent()
{
    Agent agent = agentOf(kinds.front());
    agent.systemPrompt = SystemPrompt(QStringLiteral(
        "You read transcripts and extract pertinent details\nfor a profile record on a person.\n\n"
        "Write names as they are spelled in the transcript.\nLeave out what is not stated."));
    agent.settings.temperature = 0.2;
    agent.settings.maxTokens = 1024;
    return agent;
}

struct Day {
    std::vector<EntryChange> entries;
    std::vector<Call> calls;
};

EntryChange storing(const Entry& entry)
{
    EntryChange change;
    change.kind = EntryChange::Kind::Put;
    change.fingerprint = entry.meta.fingerprint;
    change.fields = toFields(entry, 1);
    change.setsExpiry = true;
    if (!entry.meta.pinned)
        change.expiresMs = entry.meta.createdMs + std::chrono::milliseconds(lifetime).count();
    return change;
}

/// All days, the oldest first.
std::vector<Day> makeDays(qint64 now, const PriceTable& prices)
{
    QRandomGenerator random(20261123);
    std::vector<Day> made;
    int number = 100;
    for (int day = days; day >= 0; --day) {
        Day& one = made.emplace_back();
        const qint64 start = now - day * dayMs;
        const bool weekend = day % 7 == 1 || day % 7 == 2;
        for (const Kind& kind : kinds) {
            const int count = kind.perDay * (weekend ? 2 : 5) / 5 * (70 + random.bounded(60)) / 100;
            Entry entry = entryOf(kind, ++number, start - dayMs / 3, prices, random);
            for (int at = 0; at < count; ++at) {
                const qint64 time = std::min(now - 1000, start - random.bounded(static_cast<int>(dayMs / 3)));
                const bool hit = random.bounded(100) < 82 - day / 8;
                if (!hit)
                    entry = entryOf(kind, ++number, time, prices, random);
                const Outcome outcome = hit   ? Outcome::Hit
                    : random.bounded(60) == 0 ? Outcome::Failed
                                              : Outcome::Miss;
                one.calls.push_back(callOf(entry, outcome, time, random));
                if (outcome == Outcome::Miss && day < daysWithEntries)
                    one.entries.push_back(storing(entry));
            }
        }
    }
    return made;
}

} // namespace

QCoro::Task<> fillSampleWorkspace(
    Session* session, std::stop_token stop, std::function<void(int percent)> progress)
{
    Store& store = session->store();
    const PriceTable prices = session->runner().prices();
    const qint64 now = session->clock().nowMs();
    for (const Kind& kind : kinds) {
        Agent agent = kind.agent == kinds.front().agent ? profilerAgent() : agentOf(kind);
        const QString user = QStringLiteral("ana");
        co_await store.saveAgent(std::move(agent), -1, user, now - 12 * 60'000);
    }
    QFuture<std::vector<Day>> making =
        runOn(*QThreadPool::globalInstance(), [now, prices] { return makeDays(now, prices); });
    std::vector<Day> made = co_await making;
    constexpr int whole = 100;
    int done = 0;
    for (Day& day : made) {
        if (stop.stop_requested())
            throw Cancelled();
        if (progress)
            progress(done++ * whole / static_cast<int>(made.size()));
        if (!day.entries.empty())
            co_await store.changeEntries(std::move(day.entries));
        co_await store.recordCalls(std::move(day.calls));
    }
}

} // namespace llmcache
