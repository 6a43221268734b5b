#include "cost/pricearithmetic.h"

#include "base/error.h"
#include "cost/pricedata_p.h"

#include <algorithm>

namespace llmcache::price {

namespace {

struct Count {
    const char* name;
    qint64 Usage::*count;
    const char* whole; ///< the count that this one is part of; null for none
    qint64 Usage::*wholeCount;
};

/// Counts beyond this come from nowhere.
constexpr qint64 beyondReason = 1'000'000'000'000'000;

constexpr std::array counts{
    Count{"input_tokens", &Usage::inputTokens, nullptr, nullptr},
    Count{"output_tokens", &Usage::outputTokens, nullptr, nullptr},
    Count{"cache_read_tokens", &Usage::cacheReadTokens, "input_tokens", &Usage::inputTokens},
    Count{"cache_write_tokens", &Usage::cacheWriteTokens, "input_tokens", &Usage::inputTokens},
    Count{
        "cache_write_1h_tokens", &Usage::cacheWrite1hTokens, "cache_write_tokens", &Usage::cacheWriteTokens},
    Count{"input_audio_tokens", &Usage::inputAudioTokens, "input_tokens", &Usage::inputTokens},
    Count{"cache_read_audio_tokens", &Usage::cacheReadAudioTokens, "cache_read_tokens",
        &Usage::cacheReadTokens},
    Count{"cache_read_audio_tokens", &Usage::cacheReadAudioTokens, "input_audio_tokens",
        &Usage::inputAudioTokens},
    // Some servers count reasoning beside the output; that only matters where it has a price.
    Count{"reasoning_tokens", &Usage::reasoningTokens, nullptr, nullptr},
    Count{"output_audio_tokens", &Usage::outputAudioTokens, "output_tokens", &Usage::outputTokens},
    Count{"web_searches", &Usage::webSearches, nullptr, nullptr},
    Count{"requests", &Usage::requests, nullptr, nullptr},
};

[[noreturn]] void impossible(const QString& problem)
{
    throw CacheError(QStringLiteral("The usage is impossible: %1.").arg(problem),
        QStringLiteral("Check how the counts were read: input_tokens includes cache reads, cache writes and "
                       "audio, output_tokens includes reasoning and audio."));
}

/// Collects the lines of a quote.
class Bill {
public:
    Bill(const Rates& rates, Quote& quote)
        : m_rates(rates)
        , m_quote(quote)
    {
    }

    void charge(Bucket bucket, qint64 count, Money* part)
    {
        if (count == 0)
            return;
        const QString words = bucketWords(bucket);
        const auto each = m_rates.of(bucket);
        if (!each) {
            m_quote.unpriced += words;
            return;
        }
        qint64 amount = 0;
        qint64 sum = 0;
        if (__builtin_mul_overflow(*each, count, &amount) || __builtin_add_overflow(m_total, amount, &sum))
            impossible(QStringLiteral("%1 units of %2 cost more than can be counted").arg(count).arg(words));
        m_total = sum;
        const Money money = Money::fromPicodollars(amount);
        m_quote.lines.push_back({words, count, Money::fromPicodollars(*each), money});
        if (part)
            *part += money;
    }

    Money total() const { return Money::fromPicodollars(m_total); }

private:
    const Rates& m_rates;
    Quote& m_quote;
    qint64 m_total = 0;
};

/// A usage in classes that do not overlap. Only those with a price of their own are cut out; the rest stays
/// in its parent. Cached audio belongs to two parents and stays with cache reads when those have a price.
struct Classes {
    Classes(const Rates& rates, const Usage& usage)
    {
        const auto has = [&rates](Bucket bucket) { return rates.of(bucket).has_value(); };
        const auto when = [](bool condition, qint64 count) { return condition ? count : 0; };
        cachedAudio = when(has(Bucket::CacheReadAudio), usage.cacheReadAudioTokens);
        cacheRead = when(has(Bucket::CacheRead), usage.cacheReadTokens - cachedAudio);
        const qint64 audioElsewhere =
            has(Bucket::CacheReadAudio) || has(Bucket::CacheRead) ? usage.cacheReadAudioTokens : 0;
        audio = when(has(Bucket::InputAudio), usage.inputAudioTokens - audioElsewhere);
        write1h = when(has(Bucket::CacheWrite1h), usage.cacheWrite1hTokens);
        write = when(has(Bucket::CacheWrite), usage.cacheWriteTokens - write1h);
        text = usage.inputTokens - cachedAudio - cacheRead - audio - write1h - write;
        reasoning = when(has(Bucket::Reasoning), usage.reasoningTokens);
        outputAudio = when(has(Bucket::OutputAudio), usage.outputAudioTokens);
        output = usage.outputTokens - reasoning - outputAudio;
        // Most models have no fee; what has one and was used was requested at least once.
        const bool used = usage.totalTokens() > 0 || usage.webSearches > 0;
        requests = when(has(Bucket::Requests), std::max(usage.requests, qint64{used ? 1 : 0}));
        searches = usage.webSearches;
    }
    qint64 cachedAudio;
    qint64 cacheRead;
    qint64 audio;
    qint64 write1h;
    qint64 write;
    qint64 text;
    qint64 reasoning;
    qint64 outputAudio;
    qint64 output;
    qint64 requests;
    qint64 searches;
};

} // namespace

QString bucketWords(Bucket bucket)
{
    switch (bucket) {
    case Bucket::Input:
        return QStringLiteral("input");
    case Bucket::CacheRead:
        return QStringLiteral("cache read");
    case Bucket::CacheWrite:
        return QStringLiteral("cache write");
    case Bucket::CacheWrite1h:
        return QStringLiteral("cache write 1 h");
    case Bucket::InputAudio:
        return QStringLiteral("input audio");
    case Bucket::CacheReadAudio:
        return QStringLiteral("cache read audio");
    case Bucket::Output:
        return QStringLiteral("output");
    case Bucket::Reasoning:
        return QStringLiteral("reasoning");
    case Bucket::OutputAudio:
        return QStringLiteral("output audio");
    case Bucket::Requests:
        return QStringLiteral("requests");
    case Bucket::WebSearches:
        return QStringLiteral("web searches");
    }
    return {};
}

void checkUsage(const Usage& usage)
{
    for (const Count& count : counts) {
        const qint64 value = usage.*count.count;
        const QLatin1String name(count.name);
        if (value < 0)
            impossible(QStringLiteral("%1 is negative (%2)").arg(name).arg(value));
        if (value > beyondReason)
            impossible(QStringLiteral("%1 (%2) is beyond all reason").arg(name).arg(value));
        if (count.whole && value > usage.*count.wholeCount)
            impossible(QStringLiteral("%1 (%2) exceeds %3 (%4)")
                           .arg(name)
                           .arg(value)
                           .arg(QLatin1String(count.whole))
                           .arg(usage.*count.wholeCount));
    }
    if (usage.cacheReadTokens + usage.cacheWriteTokens > usage.inputTokens)
        impossible(QStringLiteral("cache_read_tokens (%1) and cache_write_tokens (%2) together exceed "
                                  "input_tokens (%3)")
                       .arg(usage.cacheReadTokens)
                       .arg(usage.cacheWriteTokens)
                       .arg(usage.inputTokens));
}

void applyRates(const Rates& rates, const Usage& usage, const QString& model, Quote& quote)
{
    const Classes classes(rates, usage);
    if (classes.text < 0)
        impossible(QStringLiteral("input_audio_tokens (%1), cache_read_tokens (%2, audio %3) and "
                                  "cache_write_tokens (%4) together exceed input_tokens (%5)")
                       .arg(usage.inputAudioTokens)
                       .arg(usage.cacheReadTokens)
                       .arg(usage.cacheReadAudioTokens)
                       .arg(usage.cacheWriteTokens)
                       .arg(usage.inputTokens));
    if (classes.output < 0)
        impossible(QStringLiteral("reasoning_tokens (%1) and output_audio_tokens (%2) together exceed "
                                  "output_tokens (%3)")
                       .arg(usage.reasoningTokens)
                       .arg(usage.outputAudioTokens)
                       .arg(usage.outputTokens));

    quote.lines.reserve(6);
    Bill bill(rates, quote);
    bill.charge(Bucket::Input, classes.text, &quote.input);
    bill.charge(Bucket::CacheRead, classes.cacheRead, &quote.input);
    bill.charge(Bucket::CacheWrite, classes.write, &quote.input);
    bill.charge(Bucket::CacheWrite1h, classes.write1h, &quote.input);
    bill.charge(Bucket::InputAudio, classes.audio, &quote.input);
    bill.charge(Bucket::CacheReadAudio, classes.cachedAudio, &quote.input);
    bill.charge(Bucket::Output, classes.output, &quote.output);
    bill.charge(Bucket::Reasoning, classes.reasoning, &quote.output);
    bill.charge(Bucket::OutputAudio, classes.outputAudio, &quote.output);
    bill.charge(Bucket::Requests, classes.requests, nullptr);
    bill.charge(Bucket::WebSearches, classes.searches, nullptr);

    if (quote.unpriced.isEmpty()) {
        quote.total = bill.total();
    } else {
        quote.problem = QStringLiteral("No price is known for %1 of \"%2\".")
                            .arg(quote.unpriced.join(QStringLiteral(", ")), model);
    }
}

bool isPossible(const Usage& usage)
{
    const bool allSound = std::all_of(counts.begin(), counts.end(), [&usage](const Count& count) {
        const qint64 value = usage.*count.count;
        return value >= 0 && value <= beyondReason && (!count.whole || value <= usage.*count.wholeCount);
    });
    return allSound && usage.cacheReadTokens + usage.cacheWriteTokens <= usage.inputTokens;
}

std::optional<Money> costAt(const Rates& rates, const Usage& usage)
{
    const Classes classes(rates, usage);
    if (classes.text < 0 || classes.output < 0)
        return std::nullopt;
    qint64 total = 0;
    const auto charge = [&](Bucket bucket, qint64 count) {
        if (count == 0)
            return true;
        const auto each = rates.of(bucket);
        qint64 amount = 0;
        return each && !__builtin_mul_overflow(*each, count, &amount)
            && !__builtin_add_overflow(total, amount, &total);
    };
    const bool isKnown = charge(Bucket::Input, classes.text) && charge(Bucket::CacheRead, classes.cacheRead)
        && charge(Bucket::CacheWrite, classes.write) && charge(Bucket::CacheWrite1h, classes.write1h)
        && charge(Bucket::InputAudio, classes.audio) && charge(Bucket::CacheReadAudio, classes.cachedAudio)
        && charge(Bucket::Output, classes.output) && charge(Bucket::Reasoning, classes.reasoning)
        && charge(Bucket::OutputAudio, classes.outputAudio) && charge(Bucket::Requests, classes.requests)
        && charge(Bucket::WebSearches, classes.searches);
    return isKnown ? std::optional(Money::fromPicodollars(total)) : std::nullopt;
}

} // namespace llmcache::price
