#include "cost/priceimport.h"

#include "base/error.h"
#include "cost/jsonlines.h"
#include "cost/pricedata_p.h"
#include "cost/priceimport_p.h"

#include <QHash>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <tuple>

namespace llmcache {

namespace price {

QString priceText(const Json& number, int shift)
{
    if (!number.is_number())
        return {};
    const double value = number.get<double>();
    if (!(value >= 0 && value < 1e9))
        return {};
    if (value == 0)
        return QStringLiteral("0");
    // The shortest text that reads back as the same number is what the author of the table wrote.
    std::array<char, 40> buffer{};
    const auto end =
        std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::scientific).ptr;
    const QByteArray scientific(buffer.data(), end - buffer.data());
    const auto e = scientific.indexOf('e');
    QByteArray digits = scientific.left(e);
    const auto point = digits.indexOf('.');
    int exponent = scientific.mid(e + 1).toInt() + shift;
    if (point >= 0) {
        exponent -= static_cast<int>(digits.size() - point - 1);
        digits.remove(point, 1);
    }
    constexpr int decimals = 6;
    if (const int surplus = -exponent - decimals; surplus > 0) {
        if (surplus > digits.size())
            return {};
        const bool up = digits.at(digits.size() - surplus) >= '5';
        digits.chop(surplus);
        const qulonglong rounded = digits.toULongLong() + (up ? 1 : 0);
        if (rounded == 0)
            return {};
        digits = QByteArray::number(rounded);
        exponent = -decimals;
    }
    if (exponent >= 0)
        return QString::fromLatin1(digits + QByteArray(exponent, '0'));
    digits = digits.rightJustified(1 - exponent, '0');
    digits.insert(digits.size() + exponent, '.');
    while (digits.endsWith('0'))
        digits.chop(1);
    if (digits.endsWith('.'))
        digits.chop(1);
    return QString::fromLatin1(digits);
}

namespace {

using Prices = std::map<QString, QString>;

/// All prices of a model by name: "input", "output above 200000", "input from 2026-01-01".
Prices flatten(const Json& periods)
{
    Prices prices;
    for (const Json& period : periods) {
        QString when;
        if (const QString from = stringMember(period, "from"); !from.isEmpty())
            when += QStringLiteral(" from ") + from;
        if (const Json* hours = findMember(period, "hours"); hours && hours->is_array() && hours->size() == 2)
            when += QStringLiteral(" between ") + toQString(hours->front().get<std::string>())
                + QStringLiteral(" and ") + toQString(hours->back().get<std::string>());
        for (const auto& member : period.items()) {
            const QString name = toQString(member.key());
            if (member.value().is_string() && name != QLatin1String("from"))
                prices[name + when] = toQString(member.value().get_ref<const std::string&>());
            if (name != QLatin1String("above"))
                continue;
            for (const Json& tier : member.value()) {
                const QString above = QStringLiteral(" above %1").arg(integerMember(tier, "input_tokens"));
                for (const auto& rate : tier.items()) {
                    if (rate.value().is_string())
                        prices[toQString(rate.key()) + above + when] =
                            toQString(rate.value().get_ref<const std::string&>());
                }
            }
        }
    }
    return prices;
}

/// What changes by more than a factor of 100, which is a slip of the decimal point; empty when nothing does.
QString absurdChange(const Json& before, const Json& after)
{
    for (const BucketName& bucket : bucketNames()) {
        const QString was = stringMember(before.back(), bucket.field);
        const QString is = stringMember(after.back(), bucket.field);
        const double wasDollars = was.toDouble();
        const double isDollars = is.toDouble();
        if (wasDollars > 0 && isDollars > 0 && (isDollars > wasDollars * 100 || wasDollars > isDollars * 100))
            return QStringLiteral("the price of %1 changes from %2 to %3, by more than a factor of 100")
                .arg(QLatin1String(bucket.field), was, is);
    }
    return {};
}

void compare(const QString& provider, const QString& model, const Prices& before, const Prices& after,
    std::vector<PriceChange>& changes)
{
    Prices all = after;
    all.insert(before.begin(), before.end());
    for (const auto& [name, value] : all) {
        const auto was = before.find(name);
        const auto is = after.find(name);
        PriceChange change{provider, model, name, was == before.end() ? QString() : was->second,
            is == after.end() ? QString() : is->second};
        if (change.before != change.after)
            changes.push_back(std::move(change));
    }
}

/// Stops at the first problem, or collects them.
class Problems final : public ImportProblems {
public:
    Problems(const QByteArray& text, QString what, bool leaveOut)
        : m_text(text)
        , m_what(std::move(what))
        , m_leaveOut(leaveOut)
    {
    }

    void report(const ImportProblem& problem) override
    {
        const qint64 line = lineOfPath(m_text, problem.path);
        QString where = line > 0 ? QStringLiteral("%1, line %2").arg(m_what).arg(line) : m_what;
        if (!problem.model.isEmpty())
            where += QStringLiteral(", ") + problem.model;
        const QString field = problem.path.isEmpty() ? QString() : problem.path.last();
        if (!field.isEmpty() && field != problem.model)
            where += QStringLiteral(", ") + field;
        const QString text = where + QStringLiteral(": ") + problem.text + QLatin1Char('.');
        if (!m_leaveOut)
            throw ConfigurationError(text, QStringLiteral("Correct it, or import without doubtful models."));
        notes += text;
    }

    QStringList notes;

private:
    const QByteArray& m_text;
    QString m_what;
    bool m_leaveOut;
};

/// The current table as JSON, with an index, on which an import is laid.
class Target {
public:
    explicit Target(Json json)
        : m_json(std::move(json))
    {
        Json& providers = m_json["providers"];
        for (std::size_t p = 0; p < providers.size(); ++p) {
            m_providers.insert(stringMember(providers[p], "id").toLower(), p);
            if (const Json* prefixes = findMember(providers[p], "prefixes")) {
                for (const Json& prefix : *prefixes)
                    m_providers.insert(toQString(prefix.get<std::string>()).toLower(), p);
            }
            const Json& models = providers[p]["models"];
            for (std::size_t m = 0; m < models.size(); ++m)
                index(p, m);
        }
    }

    struct Place {
        std::size_t provider = 0;
        std::optional<std::size_t> model; ///< nothing = not in the table
        bool isAlias = false;
    };

    Place find(const ImportedModel& imported)
    {
        Json& providers = m_json["providers"];
        const QString key = imported.provider.toLower();
        if (!m_providers.contains(key)) {
            m_providers.insert(key, providers.size());
            Json added = imported.providerFields.is_object() ? imported.providerFields : Json::object();
            added["id"] = toUtf8(imported.provider);
            added["name"] = toUtf8(imported.providerName);
            added["models"] = Json::array();
            providers.push_back(std::move(added));
        }
        Place place{m_providers.value(key), {}, false};
        const QString id = stringMember(imported.model, "id").toLower();
        if (const auto known = m_models.constFind({place.provider, id}); known != m_models.constEnd()) {
            place.model = *known;
            place.isAlias = stringMember(model(place), "id").toLower() != id;
        }
        return place;
    }

    Json& model(const Place& place) { return m_json["providers"][place.provider]["models"][*place.model]; }
    QString providerId(const Place& place) const
    {
        return stringMember(m_json["providers"][place.provider], "id");
    }

    /// Adds a model; names that others have stay with them, but its own id is taken from an alias.
    void add(const Place& place, Json imported)
    {
        const QString id = stringMember(imported, "id").toLower();
        if (place.model)
            removeAlias(model(place), id);
        m_models.remove({place.provider, id});
        if (Json* aliases = imported.contains("aliases") ? &imported["aliases"] : nullptr) {
            Json free = Json::array();
            for (const Json& alias : *aliases) {
                if (!m_models.contains({place.provider, toQString(alias.get<std::string>()).toLower()}))
                    free.push_back(alias);
            }
            if (free.empty())
                imported.erase("aliases");
            else
                *aliases = std::move(free);
        }
        Json& models = m_json["providers"][place.provider]["models"];
        models.push_back(std::move(imported));
        index(place.provider, models.size() - 1);
    }

    void setVersion(const QString& version) { m_json["version"] = toUtf8(version); }

    /// One model a line, as in the file of the project.
    QByteArray text() const
    {
        QByteArray out =
            "{\"schema\": 1,\n \"version\": " + toJsonText(m_json["version"]) + ",\n \"providers\": [\n";
        const Json& providers = m_json["providers"];
        for (std::size_t p = 0; p < providers.size(); ++p) {
            Json head = providers[p];
            const Json models = head["models"];
            head.erase("models");
            QByteArray line = toJsonText(head);
            line.chop(1);
            out += "  " + line + ", \"models\": [\n";
            for (std::size_t m = 0; m < models.size(); ++m)
                out += "    " + toJsonText(models[m]) + (m + 1 < models.size() ? ",\n" : "\n");
            out += p + 1 < providers.size() ? "  ]},\n" : "  ]}\n";
        }
        return out + " ]}\n";
    }

private:
    void index(std::size_t provider, std::size_t position)
    {
        const Json& one = m_json["providers"][provider]["models"][position];
        m_models.insert({provider, stringMember(one, "id").toLower()}, position);
        if (const Json* aliases = findMember(one, "aliases")) {
            for (const Json& alias : *aliases)
                m_models.insert({provider, toQString(alias.get<std::string>()).toLower()}, position);
        }
    }

    static void removeAlias(Json& model, const QString& id)
    {
        if (!model.contains("aliases"))
            return;
        Json& aliases = model["aliases"];
        for (auto alias = aliases.begin(); alias != aliases.end();) {
            if (toQString(alias->get<std::string>()).toLower() == id)
                alias = aliases.erase(alias);
            else
                ++alias;
        }
        if (aliases.empty())
            model.erase("aliases");
    }

    Json m_json;
    QHash<QString, std::size_t> m_providers;
    QHash<std::pair<std::size_t, QString>, std::size_t> m_models;
};

PriceFormat formatOf(const Json& json, const QString& what)
{
    if (json.is_array() && !json.empty() && json.front().is_object() && json.front().contains("models"))
        return PriceFormat::GenaiPrices;
    if (json.is_object() && json.contains("schema") && json.contains("providers"))
        return PriceFormat::Own;
    if (json.is_object()) {
        for (const Json& model : json) {
            if (findMember(model, "litellm_provider"))
                return PriceFormat::LiteLlm;
        }
    }
    throw ConfigurationError(QStringLiteral("%1 is no price table that can be read.").arg(what),
        QStringLiteral(
            "Give data.json of genai-prices (version 1 or 2), model_prices_and_context_window.json of "
            "LiteLLM, or a table in the project's own schema."));
}

/// A table of ours has been checked by the loader already.
ImportedTable readOwn(const Json& json)
{
    ImportedTable table;
    const Json& providers = json["providers"];
    for (std::size_t p = 0; p < providers.size(); ++p) {
        const Json& models = providers[p]["models"];
        const QString id = stringMember(providers[p], "id");
        Json fields = providers[p];
        fields.erase("models");
        for (std::size_t m = 0; m < models.size(); ++m) {
            table.models.push_back({id, stringMember(providers[p], "name", id), models[m],
                {QStringLiteral("providers"), QString::number(p), QStringLiteral("models"),
                    QString::number(m)},
                fields});
        }
    }
    return table;
}

bool hasDates(const Json& periods)
{
    return periods.size() > 1 || (!periods.empty() && periods.front().contains("from"));
}

/// The periods of `periods` that are in force on `day`: those of the last date that has come, or of the
/// first.
struct InForce {
    QString from;
    Json periods = Json::array();
};
InForce inForce(const Json& periods, const QString& day)
{
    InForce result;
    result.from = stringMember(periods.front(), "from");
    // Texts of dates and times sort like time.
    for (const Json& period : periods) {
        const QString from = stringMember(period, "from");
        if (from.left(day.size()) <= day)
            result.from = from;
    }
    for (const Json& period : periods) {
        if (stringMember(period, "from") == result.from)
            result.periods.push_back(period);
    }
    return result;
}

/// Sources that know nothing of batches do not say that they cost as much: the factor stays where it leaves
/// whole picodollars.
void keepBatchFactor(Json& period, const Json& known)
{
    const Json* factor = findMember(known, "batch");
    if (!factor || period.contains("batch"))
        return;
    const auto millionths = [](const Json& text) {
        return Money::fromDecimal(
                   text.is_string() ? toQString(text.get_ref<const std::string&>()) : QString())
                   .value_or(Money())
                   .picodollars()
            / 1'000'000;
    };
    const auto isWhole = [&](const Json& rates) {
        return std::all_of(bucketNames().begin(), bucketNames().end(), [&](const BucketName& name) {
            const Json* rate = findMember(rates, name.field);
            return name.fee || !rate || millionths(*rate) * millionths(*factor) % 1'000'000 == 0;
        });
    };
    const Json* above = findMember(period, "above");
    if (isWhole(period) && (!above || std::all_of(above->begin(), above->end(), isWhole)))
        period["batch"] = *factor;
}

/// The prices of a model after the import: those of the source take the place of what is in force on `day`,
/// or follow it from that day on; earlier and later ones stay.
Json newPrices(const Json& current, const Json& imported, const QString& day, bool followed)
{
    const InForce old = inForce(current, day);
    if (hasDates(imported)) {
        Json dated = imported;
        for (Json& period : dated)
            keepBatchFactor(period, old.periods.front());
        return dated;
    }
    Json added = imported.front();
    keepBatchFactor(added, old.periods.front());
    // Sources that know no fees do not say that there are none.
    for (const char* fee : {"requests", "web_searches"}) {
        if (!added.contains(fee) && old.periods.front().contains(fee))
            added[fee] = old.periods.front()[fee];
    }
    const QString from = followed ? day : old.from;
    if (!from.isEmpty())
        added["from"] = toUtf8(from);
    Json prices = Json::array();
    bool placed = false;
    for (const Json& period : current) {
        const QString start = stringMember(period, "from");
        if (start > from && !placed) {
            prices.push_back(added);
            placed = true;
        }
        if (start != from)
            prices.push_back(period);
    }
    if (!placed)
        prices.push_back(added);
    return prices;
}

} // namespace

} // namespace price

using namespace price;

QString priceFormatName(PriceFormat format)
{
    switch (format) {
    case PriceFormat::Own:
        return QStringLiteral("price table");
    case PriceFormat::GenaiPrices:
        return QStringLiteral("genai-prices");
    case PriceFormat::LiteLlm:
        return QStringLiteral("LiteLLM");
    }
    return {};
}

PriceImport importPrices(
    const QByteArray& text, const QString& what, const PriceTable& current, const PriceImportOptions& options)
{
    const Json json = parseJson(text, what, 32);
    if (const auto twice = duplicateKey(text))
        throw ConfigurationError(QStringLiteral("%1, line %2: the field \"%3\" is given twice.")
                                     .arg(what)
                                     .arg(twice->line)
                                     .arg(twice->key),
            QStringLiteral("Remove one of them."));
    Problems problems(text, what, options.leaveOutDoubtful);
    PriceImport result;
    result.format = formatOf(json, what);
    ImportedTable source;
    switch (result.format) {
    case PriceFormat::Own:
        PriceTable::fromJson(text, what);
        source = readOwn(json);
        break;
    case PriceFormat::GenaiPrices:
        source = readGenaiPrices(json, problems);
        break;
    case PriceFormat::LiteLlm:
        source = readLiteLlm(json, problems);
        break;
    }
    result.notes = source.notes;
    result.modelsRead = static_cast<int>(source.models.size());

    Target target(parseJson(current.toJson(), QStringLiteral("the current price table"), 32));
    const QDate date = options.from.isValid() ? options.from : QDate::currentDate();
    const QString day = date.toString(Qt::ISODate);
    for (const ImportedModel& imported : source.models) {
        const Target::Place place = target.find(imported);
        const QString id = stringMember(imported.model, "id");
        const Json& theirs = imported.model.at("prices");
        if (!place.model) {
            compare(target.providerId(place), id, {}, flatten(theirs), result.changes);
            target.add(place, imported.model);
            ++result.modelsAdded;
            continue;
        }
        const Json mine = target.model(place).at("prices");
        const QString absurd = absurdChange(inForce(mine, day).periods, inForce(theirs, day).periods);
        if (!absurd.isEmpty()) {
            problems.report({imported.path, imported.provider + QLatin1Char(' ') + id, absurd});
            continue;
        }
        const Json prices = newPrices(mine, theirs, day, false);
        if (flatten(prices) == flatten(mine))
            continue;
        if (place.isAlias) {
            // It has a price of its own now.
            compare(target.providerId(place), id, flatten(mine), flatten(theirs), result.changes);
            target.add(place, imported.model);
            ++result.modelsAdded;
            continue;
        }
        Json& model = target.model(place);
        model["prices"] = newPrices(mine, theirs, day, options.from.isValid());
        if (!model.contains("context_window") && imported.model.contains("context_window"))
            model["context_window"] = imported.model["context_window"];
        compare(target.providerId(place), id, flatten(mine), flatten(model["prices"]), result.changes);
        ++result.modelsChanged;
    }
    std::stable_sort(
        result.changes.begin(), result.changes.end(), [](const PriceChange& a, const PriceChange& b) {
            return std::tie(a.provider, a.model, a.price) < std::tie(b.provider, b.model, b.price);
        });
    result.notes += problems.notes;
    target.setVersion(options.version.isEmpty() ? day : options.version);
    result.table = target.text();
    PriceTable::fromJson(result.table, QStringLiteral("the table made of %1").arg(what));
    return result;
}

} // namespace llmcache
