#include "cost/pricedata_p.h"

namespace llmcache::price {

namespace {

/// What may follow the id of a model without making it another model: dates, snapshot numbers, "latest" and
/// its relatives, and the version of a Bedrock id.
bool isVersionSuffix(const QString& text)
{
    static const QRegularExpression pattern(QRegularExpression::anchoredPattern(
        QStringLiteral("(?:[-@](?:latest|default|preview|exp|experimental|beta|stable|\\d{8}|\\d{6}|\\d{3,4}"
                       "|\\d{4}-\\d{2}-\\d{2}|\\d{2}-\\d{4}|\\d{2}-\\d{2}))*"
                       "(?:-v\\d{1,2}(?::\\d+)?(?::\\d+k)?)?")));
    return text.size() <= 64 && pattern.match(text).hasMatch();
}

} // namespace

bool Period::holds(qint64 atMs, qint64 dayOfCall) const
{
    if ((fromDay && dayOfCall < *fromDay) || (fromMs && atMs < *fromMs))
        return false;
    if (startMinute < 0)
        return true;
    constexpr qint64 dayMs = 86'400'000;
    const qint64 msOfDay = ((atMs % dayMs) + dayMs) % dayMs;
    const qint64 start = startMinute * qint64{60'000};
    const qint64 end = endMinute * qint64{60'000};
    return start < end ? msOfDay >= start && msOfDay < end : msOfDay >= start || msOfDay < end;
}

const Rates& Period::ratesFor(qint64 inputTokens) const
{
    const Rates* rates = &base;
    for (const Tier& tier : tiers) {
        if (inputTokens > tier.above)
            rates = &tier.rates;
    }
    return *rates;
}

const Period* Model::periodAt(qint64 atMs, int utcOffsetSeconds) const
{
    constexpr qint64 dayMs = 86'400'000;
    const qint64 localMs = atMs + utcOffsetSeconds * qint64{1000};
    const qint64 day = (localMs - ((localMs % dayMs) + dayMs) % dayMs) / dayMs;
    for (auto period = periods.crbegin(); period != periods.crend(); ++period) {
        if (period->holds(atMs, day))
            return &*period;
    }
    return nullptr;
}

bool MatchRule::matches(const QString& lowerCaseId) const
{
    switch (kind) {
    case Kind::Exact:
        return lowerCaseId == text;
    case Kind::Prefix:
        return lowerCaseId.startsWith(text);
    case Kind::Suffix:
        return lowerCaseId.endsWith(text);
    case Kind::Contains:
        return lowerCaseId.contains(text);
    case Kind::Dated:
        return lowerCaseId.startsWith(text) && isVersionSuffix(lowerCaseId.mid(text.size()));
    case Kind::Regex:
        return expression.match(lowerCaseId).hasMatch();
    }
    return false;
}

const Model* Provider::find(const QString& modelId) const
{
    QString wanted = modelId.toLower();
    for (const QString& start : strip) {
        if (wanted.startsWith(start)) {
            wanted.remove(0, start.size());
            break;
        }
    }
    if (const auto known = exact.constFind(wanted); known != exact.constEnd())
        return &models[*known];
    for (const auto& [rule, index] : rules) {
        if (rule.matches(wanted))
            return &models[index];
    }
    return nullptr;
}

const Provider* Data::providerOf(const QString& prefix) const
{
    const auto known = byPrefix.constFind(prefix.toLower());
    return known == byPrefix.constEnd() ? nullptr : &providers[*known];
}

std::pair<const Provider*, QString> Data::split(const QString& reference) const
{
    const auto colon = reference.indexOf(QLatin1Char(':'));
    if (colon < 0)
        return {nullptr, reference};
    QString prefix = reference.left(colon);
    if (prefix.startsWith(QLatin1String("gateway/")))
        prefix.remove(0, 8);
    const Provider* provider = providerOf(prefix);
    return {provider, provider ? reference.mid(colon + 1) : reference};
}

Found Data::find(const QString& reference) const
{
    const auto [provider, id] = split(reference);
    return provider ? findAt(*provider, id) : findBare(reference);
}

Found Data::findAt(const Provider& provider, const QString& id) const
{
    if (const Model* model = provider.find(id))
        return {&provider, model, {}};
    for (const QString& other : provider.fallback) {
        const Provider* behind = providerOf(other);
        if (const Model* model = behind ? behind->find(id) : nullptr)
            return {&provider, model, {}};
    }
    if (provider.route != Route::None) {
        const bool path = provider.route == Route::Path;
        const auto cut = path ? id.indexOf(QLatin1Char('/')) : id.lastIndexOf(QLatin1Char(':'));
        if (cut > 0) {
            const QString name = path ? id.left(cut) : provider.id + QLatin1Char('_') + id.mid(cut + 1);
            const Provider* behind = providerOf(name);
            // Only one step, so that tables can't send the search in circles.
            if (behind && behind->route == Route::None)
                return findAt(*behind, path ? id.mid(cut + 1) : id.left(cut));
        } else if (path) {
            return findBare(id);
        }
    }
    return {&provider, nullptr,
        QStringLiteral("The price table %1 has no model \"%2\" of %3.").arg(version, id, provider.name)};
}

Found Data::findBare(const QString& id) const
{
    const QString wanted = id.toLower();
    for (const Provider& provider : providers) {
        for (const MatchRule& rule : provider.bare) {
            if (!rule.matches(wanted))
                continue;
            if (const Model* model = provider.find(id))
                return {&provider, model, {}};
            break;
        }
    }
    return {nullptr, nullptr, QStringLiteral("The price table %1 has no model \"%2\".").arg(version, id)};
}

} // namespace llmcache::price
