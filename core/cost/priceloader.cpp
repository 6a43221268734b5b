#include "base/error.h"
#include "base/json.h"
#include "cost/jsonlines.h"
#include "cost/pricedata_p.h"

#include <QDateTime>
#include <QTimeZone>

#include <algorithm>
#include <span>

namespace llmcache::price {

namespace {

constexpr qsizetype longestText = 400;

[[noreturn]] void refuse(const QString& where, const QString& problem)
{
    throw ConfigurationError(
        where + QStringLiteral(": ") + problem, QStringLiteral("Correct it and try again."));
}

QString quoted(const QString& text)
{
    return QLatin1Char('"') + (text.size() > 60 ? text.left(60) + QStringLiteral("…") : text)
        + QLatin1Char('"');
}

void checkFields(const Json& object, std::initializer_list<const char*> known, const QString& where)
{
    if (!object.is_object())
        refuse(where, QStringLiteral("must be a JSON object."));
    for (const auto& [key, value] : object.items()) {
        const std::string& name = key;
        if (std::none_of(known.begin(), known.end(), [&](const char* field) { return name == field; }))
            refuse(where, QStringLiteral("unknown field %1.").arg(quoted(toQString(name))));
    }
}

QString readText(const Json& object, const char* field, const QString& where, bool required)
{
    const Json* value = findMember(object, field);
    if (!value) {
        if (required)
            refuse(where, QStringLiteral("the field \"%1\" is missing.").arg(QLatin1String(field)));
        return {};
    }
    const QString text = value->is_string() ? toQString(value->get_ref<const std::string&>()) : QString();
    if (text.isEmpty() || text.size() > longestText)
        refuse(where,
            QStringLiteral("the field \"%1\" must be a text of 1 to %2 characters.")
                .arg(QLatin1String(field))
                .arg(longestText));
    return text;
}

const Json* readList(const Json& object, const char* field, const QString& where)
{
    const Json* value = findMember(object, field);
    if (value && !value->is_array())
        refuse(where, QStringLiteral("the field \"%1\" must be a list.").arg(QLatin1String(field)));
    return value;
}

QStringList readTexts(const Json& object, const char* field, const QString& where)
{
    QStringList texts;
    if (const Json* list = readList(object, field, where)) {
        for (const Json& item : *list) {
            const QString text = item.is_string() ? toQString(item.get_ref<const std::string&>()) : QString();
            if (text.isEmpty() || text.size() > longestText)
                refuse(where,
                    QStringLiteral("the field \"%1\" must be a list of texts of 1 to %2 characters.")
                        .arg(QLatin1String(field))
                        .arg(longestText));
            texts += text;
        }
    }
    return texts;
}

qint64 readCount(const Json& object, const char* field, const QString& where)
{
    const Json* value = findMember(object, field);
    if (!value || !value->is_number_integer() || value->get<qint64>() <= 0
        || value->get<qint64>() > 1'000'000'000'000)
        refuse(where,
            QStringLiteral("the field \"%1\" must be a whole number of tokens above 0.")
                .arg(QLatin1String(field)));
    return value->get<qint64>();
}

MatchRule readRule(const Json& json, const QString& where)
{
    struct KindName {
        const char* name;
        MatchRule::Kind kind;
    };
    static constexpr std::array kinds{KindName{"exact", MatchRule::Kind::Exact},
        KindName{"prefix", MatchRule::Kind::Prefix}, KindName{"suffix", MatchRule::Kind::Suffix},
        KindName{"contains", MatchRule::Kind::Contains}, KindName{"dated", MatchRule::Kind::Dated},
        KindName{"regex", MatchRule::Kind::Regex}};
    checkFields(json, {"exact", "prefix", "suffix", "contains", "dated", "regex"}, where);
    if (json.size() != 1)
        refuse(where,
            QStringLiteral("a match rule has exactly one of exact, prefix, suffix, contains, dated, regex."));
    MatchRule rule;
    for (const KindName& kind : kinds) {
        if (findMember(json, kind.name)) {
            rule.kind = kind.kind;
            rule.text = readText(json, kind.name, where, true);
        }
    }
    if (rule.kind != MatchRule::Kind::Regex) {
        rule.text = rule.text.toLower();
        return rule;
    }
    rule.expression = QRegularExpression(
        QRegularExpression::anchoredPattern(rule.text), QRegularExpression::CaseInsensitiveOption);
    if (!rule.expression.isValid())
        refuse(where,
            QStringLiteral("the regular expression %1 is wrong: %2.")
                .arg(quoted(rule.text), rule.expression.errorString()));
    return rule;
}

std::vector<MatchRule> readRules(const Json& object, const char* field, const QString& where)
{
    std::vector<MatchRule> rules;
    if (const Json* list = readList(object, field, where)) {
        for (const Json& item : *list)
            rules.push_back(readRule(item, where + QStringLiteral(", ") + QLatin1String(field)));
    }
    return rules;
}

/// Puts the prices of `json` over those of `rates`; returns how many there were.
int readRates(const Json& json, Rates& rates, const QString& where)
{
    int count = 0;
    for (const BucketName& name : bucketNames()) {
        const Json* value = findMember(json, name.field);
        if (!value)
            continue;
        const QString place = where + QStringLiteral(", ") + QLatin1String(name.field);
        if (!value->is_string())
            refuse(
                place, QStringLiteral("a price must be text such as \"0.15\", so that nothing is rounded."));
        rates.set(name.bucket, readPrice(toQString(value->get_ref<const std::string&>()), name.fee, place));
        ++count;
    }
    return count;
}

void readFrom(const Json& json, Period& period, const QString& where)
{
    if (!findMember(json, "from"))
        return;
    const QString text = readText(json, "from", where, true);
    const QDate date = QDate::fromString(text, QStringLiteral("yyyy-MM-dd"));
    if (date.isValid()) {
        period.fromDay = QDate(1970, 1, 1).daysTo(date);
        return;
    }
    QDateTime time = QDateTime::fromString(text, QStringLiteral("yyyy-MM-ddTHH:mm:ssZ"));
    if (!time.isValid())
        refuse(where,
            QStringLiteral("from: %1 is no date (2026-11-23) and no UTC time (2026-11-23T14:00:00Z).")
                .arg(quoted(text)));
    time.setTimeSpec(Qt::UTC);
    period.fromMs = time.toMSecsSinceEpoch();
}

void readHours(const Json& json, Period& period, const QString& where)
{
    if (!findMember(json, "hours"))
        return;
    const QStringList texts = readTexts(json, "hours", where);
    const auto minuteOf = [&](const QString& text) {
        const QTime time = QTime::fromString(text, QStringLiteral("HH:mm"));
        if (!time.isValid())
            refuse(where,
                QStringLiteral("hours: %1 is no time of the day such as \"16:30\".").arg(quoted(text)));
        return time.hour() * 60 + time.minute();
    };
    if (texts.size() != 2)
        refuse(where, QStringLiteral("hours: give two UTC times, such as [\"00:30\", \"16:30\"]."));
    period.startMinute = minuteOf(texts.at(0));
    period.endMinute = minuteOf(texts.at(1));
    if (period.startMinute == period.endMinute)
        refuse(
            where, QStringLiteral("hours: the window from %1 to %2 is empty.").arg(texts.at(0), texts.at(1)));
}

/// The factor of batches, once the prices are there.
void readBatch(const Json& json, Period& period, const QString& where)
{
    const Json* value = findMember(json, "batch");
    if (!value)
        return;
    const QString text = value->is_string() ? toQString(value->get_ref<const std::string&>()) : QString();
    constexpr qsizetype longest = 8; // "0.123456"
    const auto factor = text.size() <= longest ? Money::fromDecimal(text) : std::nullopt;
    const qint64 picodollarsPerMillionth = 1'000'000;
    if (!factor || factor->picodollars() <= 0 || factor->picodollars() > 1'000'000'000'000
        || factor->picodollars() % picodollarsPerMillionth != 0)
        refuse(where,
            QStringLiteral("batch must be a decimal text above 0 and up to 1, such as \"0.5\": what batches "
                           "cost of the prices."));
    period.batchMillionths = factor->picodollars() / picodollarsPerMillionth;
    bool isExact = period.base.atShare(period.batchMillionths).has_value();
    for (const Tier& tier : period.tiers)
        isExact = isExact && tier.rates.atShare(period.batchMillionths);
    if (!isExact)
        refuse(where,
            QStringLiteral("batch: %1 of these prices is finer than a picodollar per token.").arg(text));
}

Period readPeriod(const Json& json, const QString& where)
{
    checkFields(json,
        {"from", "hours", "above", "batch", "input", "output", "cache_read", "cache_write", "cache_write_1h",
            "input_audio", "cache_read_audio", "output_audio", "reasoning", "requests", "web_searches"},
        where);
    Period period;
    readFrom(json, period, where);
    readHours(json, period, where);
    if (readRates(json, period.base, where) == 0)
        refuse(where, QStringLiteral("there is no price; a free model has the price \"0\"."));
    if (const Json* tiers = readList(json, "above", where)) {
        for (const Json& item : *tiers) {
            checkFields(item,
                {"input_tokens", "input", "output", "cache_read", "cache_write", "cache_write_1h",
                    "input_audio", "cache_read_audio", "output_audio", "reasoning"},
                where + QStringLiteral(", above"));
            Tier tier;
            tier.above = readCount(item, "input_tokens", where + QStringLiteral(", above"));
            tier.rates = period.tiers.empty() ? period.base : period.tiers.back().rates;
            const QString place = where + QStringLiteral(", above %1").arg(tier.above);
            if (!period.tiers.empty() && tier.above <= period.tiers.back().above)
                refuse(place, QStringLiteral("tiers must ascend and differ."));
            if (readRates(item, tier.rates, place) == 0)
                refuse(place, QStringLiteral("there is no price."));
            period.tiers.push_back(tier);
        }
    }
    readBatch(json, period, where);
    return period;
}

std::vector<Period> readPeriods(const Json& json, const QString& where)
{
    std::vector<Period> periods;
    const Json* list = readList(json, "prices", where);
    if (!list || list->empty())
        refuse(where, QStringLiteral("the field \"prices\" must list at least one price."));
    int index = 0;
    for (const Json& item : *list) {
        const QString place = where + QStringLiteral(", prices[%1]").arg(index++);
        Period period = readPeriod(item, place);
        const auto start = [](const Period& one) {
            return one.fromMs ? *one.fromMs : one.fromDay ? *one.fromDay * 86'400'000 : 0;
        };
        if (!periods.empty() && start(period) < start(periods.back()))
            refuse(place, QStringLiteral("prices must be in the order of their dates."));
        for (const Period& other : periods) {
            if (other.fromDay == period.fromDay && other.fromMs == period.fromMs
                && other.startMinute == period.startMinute && other.endMinute == period.endMinute)
                refuse(place, QStringLiteral("there are two prices for the same time."));
        }
        periods.push_back(std::move(period));
    }
    return periods;
}

void readModel(const Json& json, Provider& provider, const QString& providerPlace)
{
    if (!json.is_object())
        refuse(providerPlace, QStringLiteral("a model must be a JSON object."));
    const QString id = readText(json, "id", providerPlace + QStringLiteral(", a model"), true);
    const QString where = providerPlace + QStringLiteral(", model ") + quoted(id);
    checkFields(json, {"id", "name", "context_window", "deprecated", "aliases", "match", "prices"}, where);
    Model model;
    model.id = id;
    model.name = readText(json, "name", where, false);
    if (findMember(json, "context_window"))
        model.contextWindow = readCount(json, "context_window", where);
    if (const Json* deprecated = findMember(json, "deprecated"); deprecated && !deprecated->is_boolean())
        refuse(where, QStringLiteral("the field \"deprecated\" must be true or false."));
    model.periods = readPeriods(json, where);

    const std::size_t index = provider.models.size();
    QStringList names = readTexts(json, "aliases", where);
    names.prepend(id);
    for (const QString& name : std::as_const(names)) {
        const QString key = name.toLower();
        if (const auto known = provider.exact.constFind(key); known != provider.exact.constEnd())
            refuse(where,
                QStringLiteral("the name %1 is taken twice%2.")
                    .arg(quoted(name),
                        *known == index
                            ? QString()
                            : QStringLiteral(" (also by %1)").arg(quoted(provider.models[*known].id))));
        provider.exact.insert(key, index);
    }
    for (MatchRule& rule : readRules(json, "match", where))
        provider.rules.emplace_back(std::move(rule), index);
    provider.models.push_back(std::move(model));
}

void readProvider(const Json& json, Data& data, const QString& what)
{
    if (!json.is_object())
        refuse(what, QStringLiteral("a provider must be a JSON object."));
    Provider provider;
    provider.id = readText(json, "id", what + QStringLiteral(", a provider"), true);
    const QString where = what + QStringLiteral(", provider ") + quoted(provider.id);
    checkFields(json, {"id", "name", "prefixes", "bare", "fallback", "strip", "route", "models"}, where);
    provider.name = readText(json, "name", where, false);
    if (provider.name.isEmpty())
        provider.name = provider.id;
    provider.bare = readRules(json, "bare", where);
    provider.fallback = readTexts(json, "fallback", where);
    for (const QString& start : readTexts(json, "strip", where))
        provider.strip += start.toLower();
    if (findMember(json, "route")) {
        const QString route = readText(json, "route", where, true);
        if (route != QLatin1String("path") && route != QLatin1String("suffix"))
            refuse(where, QStringLiteral("route must be \"path\" or \"suffix\", not %1.").arg(quoted(route)));
        provider.route = route == QLatin1String("path") ? Route::Path : Route::Suffix;
    }
    QStringList prefixes = readTexts(json, "prefixes", where);
    if (!prefixes.contains(provider.id, Qt::CaseInsensitive))
        prefixes.prepend(provider.id);
    for (const QString& prefix : std::as_const(prefixes)) {
        const QString key = prefix.toLower();
        if (key.contains(QLatin1Char(':')))
            refuse(where, QStringLiteral("the prefix %1 must not have a colon.").arg(quoted(prefix)));
        if (data.byPrefix.contains(key))
            refuse(where, QStringLiteral("the prefix %1 is taken twice.").arg(quoted(prefix)));
        data.byPrefix.insert(key, data.providers.size());
    }
    const Json* models = readList(json, "models", where);
    if (!models)
        refuse(where, QStringLiteral("the field \"models\" is missing."));
    for (const Json& model : *models)
        readModel(model, provider, where);
    data.providers.push_back(std::move(provider));
}

} // namespace

const std::array<BucketName, bucketCount>& bucketNames()
{
    static constexpr std::array<BucketName, bucketCount> names{{
        {Bucket::Input, "input", false},
        {Bucket::Output, "output", false},
        {Bucket::CacheRead, "cache_read", false},
        {Bucket::CacheWrite, "cache_write", false},
        {Bucket::CacheWrite1h, "cache_write_1h", false},
        {Bucket::InputAudio, "input_audio", false},
        {Bucket::CacheReadAudio, "cache_read_audio", false},
        {Bucket::OutputAudio, "output_audio", false},
        {Bucket::Reasoning, "reasoning", false},
        {Bucket::Requests, "requests", true},
        {Bucket::WebSearches, "web_searches", true},
    }};
    return names;
}

std::optional<Rates> Rates::atShare(qint64 millionths) const
{
    constexpr qint64 whole = 1'000'000;
    Rates rates = *this;
    for (const BucketName& name : bucketNames()) {
        const auto each = of(name.bucket);
        if (name.fee || !each)
            continue;
        if (*each * millionths % whole != 0) // prices are up to 10^11, factors up to 10^6
            return std::nullopt;
        rates.set(name.bucket, *each * millionths / whole);
    }
    return rates;
}

qint64 readPrice(const QString& decimal, bool fee, const QString& where)
{
    constexpr qsizetype longestPrice = 32;
    constexpr qint64 highest = 100'000'000'000'000'000; // $100,000 per million or thousand
    const QString shown = quoted(decimal);
    const auto price = decimal.size() <= longestPrice && decimal == decimal.trimmed()
        ? Money::fromDecimal(decimal)
        : std::nullopt;
    if (!price)
        refuse(where, QStringLiteral("%1 is no decimal number of dollars such as \"0.15\".").arg(shown));
    if (price->picodollars() < 0)
        refuse(where, QStringLiteral("%1 is a negative price.").arg(shown));
    if (price->picodollars() > highest)
        refuse(where, QStringLiteral("%1 is above 100000 dollars, which no model costs.").arg(shown));
    const qint64 units = fee ? 1'000 : 1'000'000;
    if (price->picodollars() % units != 0)
        refuse(where,
            QStringLiteral("%1 is finer than a picodollar per token; give at most six decimals.").arg(shown));
    return price->picodollars() / units;
}

Data readData(const QByteArray& text, const QString& what)
{
    const Json json = parseJson(text, what, 16);
    if (const auto twice = duplicateKey(text))
        refuse(QStringLiteral("%1, line %2").arg(what).arg(twice->line),
            QStringLiteral("the field %1 is given twice in one object.").arg(quoted(twice->key)));
    checkFields(json, {"schema", "version", "providers"}, what);
    if (integerMember(json, "schema") != 1)
        refuse(what, QStringLiteral("the field \"schema\" must be 1."));
    Data data;
    data.text = text;
    data.version = readText(json, "version", what, true);
    const Json* providers = readList(json, "providers", what);
    if (!providers)
        refuse(what, QStringLiteral("the field \"providers\" is missing."));
    for (const Json& provider : *providers)
        readProvider(provider, data, what);
    for (const Provider& provider : data.providers) {
        for (const QString& other : provider.fallback) {
            if (!data.providerOf(other))
                refuse(what + QStringLiteral(", provider ") + quoted(provider.id),
                    QStringLiteral("fallback: there is no provider %1.").arg(quoted(other)));
        }
    }
    return data;
}

} // namespace llmcache::price
