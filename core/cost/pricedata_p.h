#pragma once

#include "base/money.h"
#include "base/usage.h"

#include <QHash>
#include <QRegularExpression>
#include <QStringList>

#include <array>
#include <optional>
#include <vector>

namespace llmcache::price {

/// What has a price of its own. Tokens are priced by the million in tables, fees by the thousand.
enum class Bucket {
    Input,
    CacheRead,
    CacheWrite,
    CacheWrite1h,
    InputAudio,
    CacheReadAudio,
    Output,
    Reasoning,
    OutputAudio,
    Requests,
    WebSearches,
};
constexpr std::size_t bucketCount = 11;

/// Field of a table ("cache_read") and words for people ("cache read").
struct BucketName {
    Bucket bucket;
    const char* field;
    bool fee;
};
const std::array<BucketName, bucketCount>& bucketNames();
QString bucketWords(Bucket bucket);

/// Prices in picodollars a unit; nothing = no price of its own.
class Rates {
public:
    std::optional<qint64> of(Bucket bucket) const
    {
        const qint64 each = m_each[static_cast<std::size_t>(bucket)];
        return each < 0 ? std::nullopt : std::optional(each);
    }
    void set(Bucket bucket, qint64 picodollars) { m_each[static_cast<std::size_t>(bucket)] = picodollars; }
    /// What tokens cost at so many millionths of these prices; fees stay. Nothing where that is no whole
    /// number of picodollars.
    std::optional<Rates> atShare(qint64 millionths) const;
    friend bool operator==(const Rates&, const Rates&) = default;

private:
    std::array<qint64, bucketCount> m_each{-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1};
};

/// Prices of the whole request when its input tokens are strictly above a number.
struct Tier {
    qint64 above = 0;
    Rates rates; ///< complete: what the tier leaves out is taken from the base
};

/// Prices that hold from a time on, perhaps only at some hours of the day.
struct Period {
    std::optional<qint64> fromDay; ///< days since 1970, on the calendar of the call
    std::optional<qint64> fromMs; ///< UTC
    int startMinute = -1; ///< UTC minute of the day, inclusive; -1 = all day
    int endMinute = -1; ///< exclusive; a window may pass midnight
    qint64 batchMillionths = 0; ///< of the prices, for tokens of batches; 0 = no price of batches is known
    Rates base;
    std::vector<Tier> tiers; ///< ascending

    bool holds(qint64 atMs, qint64 dayOfCall) const;
    const Rates& ratesFor(qint64 inputTokens) const;
};

struct Model {
    QString id;
    QString name;
    qint64 contextWindow = 0;
    std::vector<Period> periods; ///< the last one that holds applies
    const Period* periodAt(qint64 atMs, int utcOffsetSeconds) const;
};

/// A rule for model ids. Ids are compared without regard to case.
struct MatchRule {
    enum class Kind { Exact, Prefix, Suffix, Contains, Dated, Regex };
    Kind kind = Kind::Exact;
    QString text; ///< lower case, except for Regex
    QRegularExpression expression;
    bool matches(const QString& lowerCaseId) const;
};

/// How a provider that only forwards names the provider behind it.
enum class Route { None, Path, Suffix };

struct Provider {
    QString id;
    QString name;
    std::vector<MatchRule> bare; ///< ids without a provider that belong here
    QStringList fallback; ///< providers whose models are also sold here at their prices
    QStringList strip; ///< leading texts of ids that say nothing
    Route route = Route::None;
    std::vector<Model> models;
    QHash<QString, std::size_t> exact; ///< lower-case id or alias -> index
    std::vector<std::pair<MatchRule, std::size_t>> rules; ///< in the order of the table
    const Model* find(const QString& modelId) const;
};

struct Found {
    const Provider* provider = nullptr;
    const Model* model = nullptr;
    QString problem; ///< why there is no model
};

/// A loaded table; immutable.
struct Data {
    QByteArray text; ///< what it was read from
    QString version;
    std::vector<Provider> providers;
    QHash<QString, std::size_t> byPrefix; ///< "openai-chat" -> index of openai
    const Provider* providerOf(const QString& prefix) const;
    /// Splits `provider:model` when the part before the first colon is a known prefix.
    std::pair<const Provider*, QString> split(const QString& reference) const;
    Found find(const QString& reference) const;

private:
    Found findAt(const Provider& provider, const QString& id) const;
    Found findBare(const QString& id) const;
};

/// Reads the project's schema; throws ConfigurationError.
Data readData(const QByteArray& text, const QString& what);
/// Picodollars a unit for a decimal price per million (fees: per thousand). Throws ConfigurationError whose
/// message starts with `where`.
qint64 readPrice(const QString& decimal, bool fee, const QString& where);

} // namespace llmcache::price
