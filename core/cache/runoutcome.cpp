#include "cache/runner_p.h"

#include "base/error.h"

#include <QRandomGenerator>
#include <QUuid>

#include <array>

namespace llmcache {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

namespace {

/// Of the exception that is being handled.
QString recorderProblem()
{
    try {
        throw;
    } catch (const std::exception& error) {
        return QStringLiteral("The expense recorder failed: %1").arg(QString::fromUtf8(error.what()));
    } catch (...) {
        return QStringLiteral("The expense recorder failed.");
    }
}

/// Holds recorder and call for as long as the recorder takes. Never throws.
QCoro::Task<> tellBehindTheRun(ExpenseRecorder::Coroutine recorder, Call call)
{
    try {
        auto telling = recorder(call);
        co_await telling;
    } catch (...) {
        qWarning("%s", qUtf8Printable(recorderProblem()));
    }
}

} // namespace

QString newId()
{
    // Not QUuid::createUuid(): asking the system for each takes longer than the rest of a call's record.
    std::array<quint32, 4> words{};
    QRandomGenerator::global()->fillRange(words.data(), words.size());
    QByteArray bytes(reinterpret_cast<const char*>(words.data()), sizeof words);
    bytes[6] = static_cast<char>((bytes[6] & 0x0F) | 0x40); // version 4
    bytes[8] = static_cast<char>((bytes[8] & 0x3F) | 0x80); // variant of the standard
    return QUuid::fromRfc4122(bytes).toString(QUuid::WithoutBraces);
}

/// The session's prices under the custom costs of the run.
PriceTable Runner::Private::pricesFor(const State& state) const
{
    if (state->options.customCosts.isEmpty())
        return prices;
    PriceTable table = prices;
    table.addCustomCosts(state->options.customCosts);
    return table;
}

Quote Runner::Private::quoteOf(const State& state, const std::optional<Money>& reported, qint64 atMs)
{
    Quote quote;
    try {
        const PriceTable table = pricesFor(state);
        bool first = true;
        for (const Usage& request : state->bill->requests) {
            const Quote part = table.quote(state->request.model.toString(), request, atMs);
            if (first)
                quote = part;
            else
                quote += part;
            first = false;
        }
    } catch (const Error& error) {
        quote = Quote();
        quote.problem = error.text();
    }
    if (!quote.total && reported) {
        quote.total = reported;
        quote.source = QStringLiteral("provider");
    }
    if (!quote.total)
        state->warnings.append(QStringLiteral("The cost is unknown: %1").arg(quote.problem));
    return quote;
}

std::optional<Money> Runner::Private::billedBy(const State& state, const Quote& quote)
{
    if (!state->bill->mayHaveUnknownCost || !quote.total)
        return quote.total;
    state->warnings.append(
        QStringLiteral("The cost of the run is unknown: the answer costs $%1, but a request "
                       "that failed before it may have been billed, too.")
            .arg(quote.total->toDecimal()));
    return std::nullopt;
}

Call Runner::Private::callOf(const State& state, Outcome outcome) const
{
    Call call;
    call.id = state->callId.isEmpty() ? newId() : std::exchange(state->callId, {});
    call.timeMs = clock.nowMs();
    call.agent = state->agent.name;
    call.task = state->task;
    call.user = identity.user;
    call.host = identity.host;
    call.model = state->request.model.toString();
    call.outcome = outcome;
    call.latency = duration_cast<milliseconds>(elapsed(state));
    call.attempts = state->bill->attempts;
    call.rateLimits = state->bill->rateLimits;
    call.waited = state->bill->waited;
    call.fingerprint = state->fingerprint;
    call.tags = tagsOf(*state);
    return call;
}

QStringList Runner::Private::tagsOf(const RunState& state)
{
    QStringList tags = state.agent.tags + state.options.tags;
    tags.removeDuplicates();
    return tags;
}

void Runner::Private::record(const State& state, Call call)
{
    tellRecorder(state, call);
    if (!store.isReadOnly())
        ledger.add(std::move(call));
}

void Runner::Private::tellRecorder(const State& state, const Call& call)
{
    const ExpenseRecorder& recorder = state->options.expenseRecorder;
    if (recorder.coroutine()) {
        background.start(tellBehindTheRun(recorder.coroutine(), call));
        return;
    }
    if (!recorder.function())
        return;
    try {
        recorder.function()(call);
    } catch (...) {
        state->warnings.append(recorderProblem());
    }
}

void Runner::Private::recordFailure(const State& state, const Error& error)
{
    const bool cancelled = dynamic_cast<const Cancelled*>(&error) != nullptr;
    Call call = callOf(state, cancelled ? Outcome::Cancelled : Outcome::Failed);
    call.error = error.kind();
    call.usage = state->bill->usage;
    // What was billed before the failure is known unless a request went out and no usage came back.
    if (!state->bill->mayHaveUnknownCost) {
        call.cost = Money();
        if (!state->bill->requests.empty()) {
            const Quote quote = quoteOf(state, std::nullopt, call.timeMs);
            call.cost = quote.total;
            call.priceSource = quote.source;
        }
    }
    record(state, std::move(call));
}

RunResult Runner::Private::finishHit(const State& state, Entry entry, Outcome outcome)
{
    Call call = callOf(state, outcome);
    Json raw = std::exchange(entry.usage.raw, nullptr); // not for the ledger
    call.usage = entry.usage;
    entry.usage.raw = std::move(raw);
    call.cost = Money();
    call.avoided = entry.meta.cost;
    call.priceSource = entry.costSource;
    rememberHit(*state, entry.meta);

    RunData data;
    data.callId = call.id;
    data.model = call.model;
    record(state, std::move(call));
    data.stale = isStale(entry);
    data.output = std::move(entry.output);
    data.usage = std::move(entry.usage);
    data.cost = Money();
    data.avoidedCost = entry.meta.cost;
    data.quote.total = entry.meta.cost;
    data.quote.source = std::move(entry.costSource);
    data.messages = std::move(entry.messages);
    if (entry.meta.python) // which holds the answer alone
        data.messages = {Message::user(state->request.prompt), Message::assistant(outputText(data.output))};
    data.outcome = outcome;
    data.originalLatency = entry.meta.latency;
    data.finishReason = std::move(entry.finishReason);
    data.fingerprint = state->fingerprint;
    state->canonicalRequest();
    data.request = std::move(state->canonical); // the run is over
    data.agent = state->agent.name;
    data.task = state->task;
    data.latency = elapsed(state);
    data.attempts = state->bill->attempts;
    data.store = store.info();
    data.entry = std::move(entry.meta);
    data.stored = true;
    data.warnings = state->warnings;
    return RunResult(std::move(data));
}

RunResult Runner::Private::finishShared(const State& state, const RunResult& paid)
{
    RunData data = paid.data();
    Call call = callOf(state, Outcome::Shared);
    call.usage = data.usage;
    call.usage.raw = nullptr;
    call.avoided = data.quote.total; // not all that the leader may have been billed for it
    call.cost = Money();
    call.priceSource = data.quote.source;
    data.outcome = Outcome::Shared;
    data.avoidedCost = call.avoided;
    data.cost = Money();
    data.agent = state->agent.name;
    data.task = state->task;
    data.latency = elapsed(state);
    data.attempts = 0;
    data.waited = milliseconds(0);
    data.callId = call.id;
    record(state, std::move(call));
    data.warnings = state->warnings;
    return RunResult(std::move(data));
}

} // namespace llmcache
