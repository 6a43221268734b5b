#include "cost/pricetable.h"

#include "base/error.h"
#include "cost/pricearithmetic.h"
#include "cost/pricedata_p.h"

#include <QDateTime>
#include <QFile>
#include <QReadWriteLock>

#include <algorithm>
#include <tuple>

// A resource in a static library is dropped by the linker unless somebody names it; the macro only works
// outside namespaces.
static void initialisePriceResource()
{
    Q_INIT_RESOURCE(prices);
}

namespace llmcache {

using namespace price;

namespace {

/// What a model reference leads to.
struct Match {
    const Model* model = nullptr; ///< in the table
    std::optional<Rates> fixed; ///< custom or made-up prices, without dates
    QString provider;
    QString id;
    QString source;
    QString problem;
};

constexpr qsizetype mostCachedMatches = 10'000;

const Rates& testRates()
{
    static const Rates rates = [] {
        Rates made;
        made.set(Bucket::Input, 1'000'000);
        made.set(Bucket::CacheRead, 100'000);
        made.set(Bucket::CacheWrite, 1'250'000);
        made.set(Bucket::Output, 5'000'000);
        return made;
    }();
    return rates;
}

Rates ratesOf(const QString& model, const ModelCosts& costs)
{
    struct Field {
        const char* name;
        const QString& text;
        Bucket bucket;
        bool required;
    };
    const std::array fields{
        Field{"input price", costs.costPerMillionInputTokens, Bucket::Input, true},
        Field{"output price", costs.costPerMillionOutputTokens, Bucket::Output, true},
        Field{"cache write price", costs.costPerMillionCachingInputTokens, Bucket::CacheWrite, false},
        Field{"cache read price", costs.costPerMillionCachingHitTokens, Bucket::CacheRead, false},
    };
    Rates rates;
    for (const Field& field : fields) {
        if (field.text.isEmpty() && !field.required)
            continue;
        const QString where =
            QStringLiteral("Custom costs of \"%1\", %2").arg(model, QLatin1String(field.name));
        rates.set(field.bucket, readPrice(field.text, false, where));
    }
    return rates;
}

QString perMillion(const Rates& rates, Bucket bucket)
{
    const auto each = rates.of(bucket);
    return each ? (Money::fromPicodollars(*each) * 1'000'000).toDecimal() : QString();
}

/// Adds the prices of `rates` that are not those of `base` already.
void list(const Rates& rates, const Rates* base, const QString& when, std::vector<ListedPrice>& prices)
{
    for (const BucketName& name : bucketNames()) {
        const auto each = rates.of(name.bucket);
        if (!each || (base && base->of(name.bucket) == each))
            continue;
        const Money price = Money::fromPicodollars(*each) * (name.fee ? 1'000 : 1'000'000);
        prices.push_back({QLatin1String(name.field) + when, price.toDecimal(), name.fee});
    }
}

QString timeOfDay(int minute)
{
    return QTime(minute / 60, minute % 60).toString(QStringLiteral("HH:mm"));
}

void list(const Period& period, std::vector<ListedPrice>& prices)
{
    QString when;
    if (period.fromDay)
        when += QStringLiteral(" from ") + QDate(1970, 1, 1).addDays(*period.fromDay).toString(Qt::ISODate);
    if (period.fromMs)
        when += QStringLiteral(" from ")
            + QDateTime::fromMSecsSinceEpoch(*period.fromMs, Qt::UTC).toString(Qt::ISODate);
    if (period.startMinute >= 0)
        when += QStringLiteral(" between %1 and %2")
                    .arg(timeOfDay(period.startMinute), timeOfDay(period.endMinute));
    list(period.base, nullptr, when, prices);
    const Rates* below = &period.base;
    for (const Tier& tier : period.tiers) {
        list(tier.rates, below, QStringLiteral(" above %1").arg(tier.above) + when, prices);
        below = &tier.rates;
    }
}

ModelInfo infoOf(const QString& provider, const Model& model)
{
    ModelInfo info{provider, model.id, model.name, model.contextWindow, {}, {}};
    if (const Period* period = model.periodAt(QDateTime::currentMSecsSinceEpoch(), 0)) {
        info.inputPerMillion = perMillion(period->base, Bucket::Input);
        info.outputPerMillion = perMillion(period->base, Bucket::Output);
    }
    return info;
}

} // namespace

struct PriceTable::Private {
    std::shared_ptr<const Data> data = std::make_shared<Data>();
    CustomCosts customCosts;
    QHash<QString, Rates> customRates; ///< by lower-case key

    // Filled by const calls of any thread.
    mutable QReadWriteLock lock;
    mutable QHash<QString, std::shared_ptr<const Match>> matches;

    std::shared_ptr<const Match> match(const QString& reference) const;

private:
    Match find(const QString& reference) const;
    std::optional<Match> findCustom(const QString& reference) const;
};

std::shared_ptr<const Match> PriceTable::Private::match(const QString& reference) const
{
    {
        const QReadLocker reader(&lock);
        if (const auto known = matches.constFind(reference); known != matches.constEnd())
            return *known;
    }
    auto found = std::make_shared<const Match>(find(reference));
    const QWriteLocker writer(&lock);
    if (matches.size() >= mostCachedMatches)
        matches.clear();
    matches.insert(reference, found);
    return found;
}

std::optional<Match> PriceTable::Private::findCustom(const QString& reference) const
{
    if (customRates.isEmpty())
        return std::nullopt;
    const auto [provider, id] = data->split(reference);
    QString named = provider ? provider->id : QString();
    QString bare = id.toLower();
    if (!provider) {
        // The provider may be one that the table doesn't know, as in "ollama:llama3", or go without saying.
        const auto colon = reference.indexOf(QLatin1Char(':'));
        if (colon >= 0) {
            named = reference.left(colon);
            bare = bare.mid(colon + 1);
        } else if (const Provider* usual = data->find(reference).provider) {
            named = usual->id;
        }
    }
    QStringList keys;
    if (reference.contains(QLatin1Char(':')))
        keys += reference.toLower();
    if (!named.isEmpty())
        keys += named.toLower() + QLatin1Char(':') + bare;
    keys += bare;
    for (const QString& key : keys) {
        if (const auto known = customRates.constFind(key); known != customRates.constEnd())
            return Match{nullptr, *known, named, id, QStringLiteral("custom"), {}};
    }
    return std::nullopt;
}

Match PriceTable::Private::find(const QString& reference) const
{
    if (auto custom = findCustom(reference))
        return *custom;
    if (reference.startsWith(QLatin1String("test:"))) {
        return {nullptr, testRates(), QStringLiteral("test"), reference.mid(5),
            QStringLiteral("made-up test price"), {}};
    }
    const Found found = data->find(reference);
    if (!found.model)
        return {nullptr, std::nullopt, {}, {}, {}, found.problem};
    return {found.model, std::nullopt, found.provider->id, found.model->id,
        QStringLiteral("table ") + data->version, {}};
}

PriceTable::PriceTable()
    : d(std::make_shared<Private>())
{
}

PriceTable::PriceTable(const PriceTable& other)
    : PriceTable()
{
    *this = other;
}

PriceTable::PriceTable(PriceTable&& other) noexcept = default;

PriceTable& PriceTable::operator=(const PriceTable& other)
{
    if (this == &other)
        return *this;
    auto copy = std::make_shared<Private>();
    copy->data = other.d->data;
    copy->customCosts = other.d->customCosts;
    copy->customRates = other.d->customRates;
    d = std::move(copy);
    return *this;
}

PriceTable& PriceTable::operator=(PriceTable&& other) noexcept = default;

PriceTable::~PriceTable() = default;

PriceTable PriceTable::builtIn()
{
    initialisePriceResource();
    QFile file(QStringLiteral(":/llmcache/prices.json"));
    if (!file.open(QIODevice::ReadOnly))
        throw ConfigurationError(QStringLiteral("The built-in price table is missing from this program."),
            QStringLiteral("Build it again with resources/prices.json."));
    return fromJson(file.readAll(), QStringLiteral("the built-in price table"));
}

PriceTable PriceTable::fromJson(const QByteArray& text, const QString& what)
{
    PriceTable table;
    table.d->data = std::make_shared<const Data>(readData(text, what));
    return table;
}

Quote PriceTable::quote(
    const QString& model, const Usage& usage, qint64 atMs, int utcOffsetSeconds, bool isBatch) const
{
    checkUsage(usage);
    const std::shared_ptr<const Match> match = d->match(model);
    Quote quote;
    const Rates* rates = match->fixed ? &*match->fixed : nullptr;
    qint64 batchMillionths = 0;
    if (match->model) {
        const Period* period = match->model->periodAt(atMs, utcOffsetSeconds);
        if (!period) {
            quote.problem = QStringLiteral("The price table %1 has no price of \"%2\" for that time.")
                                .arg(d->data->version, match->model->id);
            return quote;
        }
        rates = &period->ratesFor(usage.inputTokens);
        batchMillionths = period->batchMillionths;
    }
    if (!rates) {
        quote.problem = match->problem;
        return quote;
    }
    std::optional<Rates> batchRates;
    if (isBatch) {
        if (batchMillionths != 0)
            batchRates = rates->atShare(batchMillionths);
        if (!batchRates) {
            quote.problem = QStringLiteral("No price of batches is known for \"%1\".").arg(match->id);
            return quote;
        }
        rates = &*batchRates;
    }
    quote.matchedProvider = match->provider;
    quote.matchedModel = match->id;
    applyRates(*rates, usage, model, quote);
    if (quote.total)
        quote.source = match->source;
    return quote;
}

struct ModelPrices::Private {
    std::shared_ptr<const Data> data; ///< which the match points into
    std::shared_ptr<const Match> match;
};

ModelPrices::ModelPrices()
    : d(std::make_shared<Private>())
{
}

std::optional<Money> ModelPrices::costOf(const Usage& usage, qint64 atMs) const
{
    if (!d->match || !isPossible(usage))
        return std::nullopt;
    const Rates* rates = d->match->fixed ? &*d->match->fixed : nullptr;
    if (d->match->model) {
        const Period* period = d->match->model->periodAt(atMs, 0);
        rates = period ? &period->ratesFor(usage.inputTokens) : nullptr;
    }
    return rates ? costAt(*rates, usage) : std::nullopt;
}

bool ModelPrices::hasTiers(qint64 atMs) const
{
    if (!d->match || !d->match->model)
        return false;
    const Period* period = d->match->model->periodAt(atMs, 0);
    return period && !period->tiers.empty();
}

const QString& ModelPrices::source() const
{
    static const QString none;
    return d->match ? d->match->source : none;
}

ModelPrices PriceTable::pricesOf(const QString& model) const
{
    auto prices = std::make_shared<ModelPrices::Private>();
    prices->data = d->data;
    prices->match = d->match(model);
    ModelPrices result;
    result.d = std::move(prices);
    return result;
}

void PriceTable::setCustomCosts(const CustomCosts& costs)
{
    QHash<QString, Rates> rates;
    for (auto one = costs.cbegin(); one != costs.cend(); ++one) {
        const QString key = one.key().toLower();
        if (key.trimmed().isEmpty())
            throw ConfigurationError(QStringLiteral("Custom costs have an entry without a model name."),
                QStringLiteral("Name the model, such as \"openai:gpt-4o\"."));
        if (rates.contains(key))
            throw ConfigurationError(
                QStringLiteral("Custom costs name the model \"%1\" twice.").arg(one.key()),
                QStringLiteral("Names differ by more than upper and lower case; remove one."));
        rates.insert(key, ratesOf(one.key(), *one));
    }
    // Threads that still quote keep the old prices until their call ends.
    auto changed = std::make_shared<Private>();
    changed->data = d->data;
    changed->customCosts = costs;
    changed->customRates = std::move(rates);
    d = std::move(changed);
}

void PriceTable::addCustomCosts(const CustomCosts& costs)
{
    CustomCosts all = d->customCosts;
    for (auto it = costs.cbegin(); it != costs.cend(); ++it) {
        // The case of names is ignored, so two spellings of one must not both stay.
        all.removeIf([&it](CustomCosts::iterator known) {
            return known.key().compare(it.key(), Qt::CaseInsensitive) == 0;
        });
    }
    all.insert(costs);
    setCustomCosts(all);
}

const CustomCosts& PriceTable::customCosts() const
{
    return d->customCosts;
}

std::vector<ModelInfo> PriceTable::models() const
{
    std::vector<ModelInfo> models;
    for (const Provider& provider : d->data->providers) {
        for (const Model& model : provider.models)
            models.push_back(infoOf(provider.id, model));
    }
    std::sort(models.begin(), models.end(), [](const ModelInfo& left, const ModelInfo& right) {
        return std::tie(left.provider, left.model) < std::tie(right.provider, right.model);
    });
    return models;
}

std::optional<ModelInfo> PriceTable::find(const QString& model) const
{
    const Found found = d->data->find(model);
    std::optional<ModelInfo> info;
    if (found.model)
        info = infoOf(found.provider->id, *found.model);
    const auto match = d->match(model);
    if (match->fixed) {
        if (!info)
            info = ModelInfo{match->provider, match->id, {}, 0, {}, {}};
        info->inputPerMillion = perMillion(*match->fixed, Bucket::Input);
        info->outputPerMillion = perMillion(*match->fixed, Bucket::Output);
    }
    return info;
}

std::vector<ListedPrice> PriceTable::prices(const QString& model) const
{
    std::vector<ListedPrice> prices;
    const auto match = d->match(model);
    if (match->fixed)
        list(*match->fixed, nullptr, {}, prices);
    if (match->model) {
        for (const Period& period : match->model->periods)
            list(period, prices);
    }
    return prices;
}

QByteArray PriceTable::toJson() const
{
    return d->data->text.isEmpty() ? QByteArray(R"({"schema": 1, "version": "none", "providers": []})")
                                   : d->data->text;
}

QString PriceTable::version() const
{
    return d->data->version;
}

Quote& Quote::operator+=(const Quote& other)
{
    total = total && other.total ? std::optional(*total + *other.total) : std::nullopt;
    input += other.input;
    output += other.output;
    for (const PriceLine& line : other.lines) {
        const auto same = std::find_if(lines.begin(), lines.end(),
            [&](const PriceLine& mine) { return mine.bucket == line.bucket && mine.each == line.each; });
        if (same == lines.end()) {
            lines.push_back(line);
        } else {
            same->count += line.count;
            same->amount += line.amount;
        }
    }
    for (const QString& bucket : other.unpriced) {
        if (!unpriced.contains(bucket))
            unpriced += bucket;
    }
    if (matchedModel.isEmpty()) {
        matchedProvider = other.matchedProvider;
        matchedModel = other.matchedModel;
    }
    if (!total)
        source.clear();
    else if (source != other.source && !other.source.isEmpty())
        source += source.isEmpty() ? other.source : QStringLiteral(", ") + other.source;
    if (problem.isEmpty())
        problem = other.problem;
    return *this;
}

} // namespace llmcache
