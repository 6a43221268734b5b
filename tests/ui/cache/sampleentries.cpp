#include "sampleentries.h"

#include <QCryptographicHash>

#include <array>

namespace llmcache::test {

namespace {

constexpr qint64 minute = 60'000;
constexpr qint64 day = 86'400'000;

struct Kind {
    const char* agent;
    const char* model;
    const char* task;
    const char* prompt;
    const char* answer;
    qint64 picodollarsPerToken;
};
constexpr std::array kinds{
    Kind{"profiler", "test:claude-haiku-4-5", "make_profile",
        "Make a profile on the user from the transcript. Use English. %1 says: %2",
        R"({"name": "%1", "age": %4, "interests": ["%3", "reading science fiction"]})", 1'400'000},
    Kind{"triage", "test:gpt-5-mini", "route_ticket", "Ticket %4: %2, from %1, who wrote twice about it",
        R"({"queue": "billing", "urgency": "%3", "reason": "%2"})", 400'000},
    Kind{"summarise-calls", "test:gemini-2.5-flash", "call_summary",
        "Transcript of %4 minutes between %1 and an agent about %2",
        "The customer %1 asks about %2 and will call again after the %3.", 6'000'000},
    Kind{"extract-invoice", "test:claude-sonnet-4-5", "invoice_fields",
        "Invoice no. 2024-%4 issued to %1, concerning %2",
        R"({"total": "%4.50", "currency": "EUR", "customer": "%1"})", 9'000'000},
    Kind{"reply-draft", "test:gpt-5", "reply", "Write a friendly answer to %1 about %2",
        "Dear %1, thank you for writing about %2. We have looked into it, and the %3 is on us.", 8'000'000},
    Kind{"sentiment", "test:mistral-small-latest", "nightly_scan",
        "\"Honestly the new %3 is worse than the old one\", says %1 about %2", "negative", 50'000},
};
constexpr std::array names{"Alex Moreno", "Ms Okafor", "Jürgen Weiß", "Priya Nair", "Tomás Ruiz", "Li Wei",
    "Anna Kowalska", "Sam Carter", "Noor Haddad", "Yuki Tanaka"};
constexpr std::array subjects{"a refund that did not arrive", "two charges for one order",
    "a parcel that was left in the rain", "the password reset mail", "an invoice with a wrong address",
    "moving the subscription to another team", "the export that stops at ten thousand rows",
    "a discount that was promised on the phone"};
constexpr std::array words{
    "release", "hiking", "search", "high", "low", "delivery", "editor", "holiday", "warranty", "dashboard"};
constexpr std::array authors{"ana", "ben", "chloé", "ci-runner"};

quint32 scramble(quint32 value)
{
    value ^= value >> 16;
    value *= 0x7feb352dU;
    value ^= value >> 15;
    value *= 0x846ca68bU;
    return value ^ (value >> 16);
}

template <std::size_t size>
QString pick(const std::array<const char*, size>& list, quint32 number)
{
    return QString::fromUtf8(list.at(number % size));
}

QString fill(const char* pattern, quint32 number)
{
    const quint32 random = scramble(number);
    return QString::fromUtf8(pattern)
        .replace(QLatin1String("%1"), pick(names, random))
        .replace(QLatin1String("%2"), pick(subjects, random >> 8))
        .replace(QLatin1String("%3"), pick(words, random >> 16))
        .replace(QLatin1String("%4"), QString::number(number % 90'000 + 10));
}

} // namespace

EntryMeta sampleMeta(quint32 number, qint64 nowMs)
{
    const quint32 random = scramble(number + 77);
    const Kind& kind = kinds.at(random % kinds.size());
    EntryMeta meta;
    meta.fingerprint = QString::fromLatin1(
        QCryptographicHash::hash(QByteArray::number(number), QCryptographicHash::Sha256).toHex());
    meta.revision = 1;
    meta.agent = QString::fromLatin1(kind.agent);
    meta.model = QString::fromLatin1(kind.model);
    meta.task = QString::fromLatin1(kind.task);
    meta.author = pick(authors, random >> 5);
    meta.createdMs = nowMs - qint64(random % 20'000) * minute - number % 977;
    meta.usage.inputTokens = 200 + random % 4000;
    meta.usage.outputTokens = 20 + (random >> 12) % 600;
    meta.usage.requests = 1;
    if (random % 23 != 0)
        meta.cost = Money::fromPicodollars(kind.picodollarsPerToken * meta.usage.totalTokens());
    meta.latency = std::chrono::milliseconds(300 + random % 4000);
    meta.promptExcerpt = excerpt(fill(kind.prompt, number));
    meta.answerExcerpt = excerpt(fill(kind.answer, number));
    meta.bytes = 900 + random % 9000;
    meta.pinned = random % 29 == 0;
    meta.human = random % 31 == 0;
    meta.python = random % 13 == 0;
    if (random % 7 == 0)
        meta.tags = {QStringLiteral("night"), QStringLiteral("batch-%1").arg(random % 5)};
    meta.hits = random % 3 == 0 ? 0 : (random >> 9) % 60;
    if (meta.hits > 0)
        meta.lastUsedMs = std::min(nowMs, meta.createdMs + qint64((random >> 4) % 5000) * minute);
    if (!meta.pinned)
        meta.expiresMs = meta.createdMs + 15 * day;
    return meta;
}

Entry sampleEntry(quint32 number, qint64 nowMs)
{
    Entry entry;
    entry.meta = sampleMeta(number, nowMs);
    entry.request = Json{{"model", toUtf8(entry.meta.model)}, {"system", "You work for a support team."},
        {"prompt", toUtf8(entry.meta.promptExcerpt)}};
    const std::string answer = toUtf8(entry.meta.answerExcerpt);
    entry.output = Json::accept(answer) ? Json::parse(answer) : Json(answer);
    entry.messages = {Message::user(entry.meta.promptExcerpt), Message::assistant(entry.meta.answerExcerpt)};
    entry.finishReason = QStringLiteral("stop");
    entry.providerModel = entry.meta.model.section(QLatin1Char(':'), 1);
    entry.usage = entry.meta.usage;
    entry.usage.raw =
        Json{{"prompt_tokens", entry.usage.inputTokens}, {"completion_tokens", entry.usage.outputTokens}};
    entry.costSource = QStringLiteral("table 2026-11-23");
    return entry;
}

} // namespace llmcache::test
