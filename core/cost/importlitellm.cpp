#include "base/money.h"
#include "cost/priceimport_p.h"

#include <QHash>
#include <QRegularExpression>

#include <array>
#include <map>
#include <set>

namespace llmcache::price {

namespace {

struct Key {
    const char* theirs;
    const char* ours;
    int shift; ///< theirs are per token (or request), ours per million (thousand)
};
constexpr std::array keys{
    Key{"input_cost_per_token", "input", 6},
    Key{"output_cost_per_token", "output", 6},
    Key{"cache_read_input_token_cost", "cache_read", 6},
    Key{"cache_creation_input_token_cost", "cache_write", 6},
    Key{"cache_creation_input_token_cost_above_1hr", "cache_write_1h", 6},
    Key{"input_cost_per_audio_token", "input_audio", 6},
    Key{"output_cost_per_audio_token", "output_audio", 6},
    Key{"cache_read_input_audio_token_cost", "cache_read_audio", 6},
    Key{"output_cost_per_reasoning_token", "reasoning", 6},
    Key{"input_cost_per_request", "requests", 3},
};

const Key* keyOf(const QString& name)
{
    const auto key = std::find_if(
        keys.begin(), keys.end(), [&](const Key& one) { return name == QLatin1String(one.theirs); });
    return key == keys.end() ? nullptr : key;
}

/// Prices of other service tiers and of things that no Usage counts.
bool isElsewhere(const QString& name)
{
    static const QRegularExpression otherTier(
        QStringLiteral("_(?:batches|flex|priority|balanced|ultrafast|decisions)$"));
    static const QRegularExpression otherThings(
        QStringLiteral("image|video|pixel|second|character|session|query|dbu_cost|per_1k_|per_gb_|grounding|"
                       "above_12hr|citation"
                       "|explicit_cache|cache_hit$"));
    return otherTier.match(name).hasMatch() || otherThings.match(name).hasMatch();
}

/// Our provider of their "litellm_provider".
QString providerOf(const QString& theirs)
{
    static const QHash<QString, QString> names{
        {QStringLiteral("bedrock"), QStringLiteral("aws")},
        {QStringLiteral("bedrock_converse"), QStringLiteral("aws")},
        {QStringLiteral("gemini"), QStringLiteral("google")},
        {QStringLiteral("azure_ai"), QStringLiteral("azure")},
        {QStringLiteral("azure_text"), QStringLiteral("azure")},
        {QStringLiteral("together_ai"), QStringLiteral("together")},
        {QStringLiteral("fireworks_ai"), QStringLiteral("fireworks")},
        {QStringLiteral("cohere_chat"), QStringLiteral("cohere")},
        {QStringLiteral("xai"), QStringLiteral("x-ai")},
        {QStringLiteral("text-completion-openai"), QStringLiteral("openai")},
        {QStringLiteral("text-completion-codestral"), QStringLiteral("mistral")},
        {QStringLiteral("codestral"), QStringLiteral("mistral")},
        {QStringLiteral("moonshot"), QStringLiteral("moonshotai")},
    };
    if (theirs.startsWith(QLatin1String("vertex_ai")))
        return QStringLiteral("google");
    return names.value(theirs, theirs);
}

class Reader {
public:
    explicit Reader(ImportProblems& problems)
        : m_problems(problems)
    {
    }

    ImportedTable read(const Json& json)
    {
        for (const auto& member : json.items()) {
            const QString name = toQString(member.key());
            const QString mode = stringMember(member.value(), "mode");
            if (name == QLatin1String("sample_spec")
                || (mode != QLatin1String("chat") && mode != QLatin1String("completion")
                    && mode != QLatin1String("responses")))
                continue;
            readModel(name, member.value());
        }
        return std::move(m_table);
    }

private:
    struct Problem {
        ImportProblem problem;
    };
    struct LeftOut {
        QString reason;
    };

    void readModel(const QString& name, const Json& json)
    {
        const QString theirs = stringMember(json, "litellm_provider");
        if (theirs.isEmpty()) {
            m_problems.report({{name}, name, QStringLiteral("the field \"litellm_provider\" is missing")});
            return;
        }
        const QString provider = providerOf(theirs);
        QString id = name;
        for (const QString& start : {theirs + QLatin1Char('/'), provider + QLatin1Char('/'),
                 theirs.section(QLatin1Char('-'), 0, 0) + QLatin1Char('/')}) {
            if (id.startsWith(start)) {
                id.remove(0, start.size());
                break;
            }
        }
        // "gemini/x" and "vertex_ai/x" are one model for us; the first one counts.
        if (!m_seen.insert(provider + QLatin1Char('\n') + id.toLower()).second) {
            m_table.notes += QStringLiteral("%1 was left out: it is listed twice.").arg(name);
            return;
        }
        m_model = name;
        try {
            Json model{{"id", toUtf8(id)}};
            const qint64 window = integerMember(json, "max_input_tokens", integerMember(json, "max_tokens"));
            if (window > 0)
                model["context_window"] = window;
            model["prices"] = Json::array({readPrices(json, provider)});
            m_table.models.push_back({provider, provider, std::move(model), {name}, {}});
        } catch (const Problem& problem) {
            m_problems.report(problem.problem);
        } catch (const LeftOut& left) {
            m_table.notes += QStringLiteral("%1 was left out: %2.").arg(name, left.reason);
        }
    }

    Json readPrices(const Json& json, const QString& provider) const
    {
        Json period = Json::object();
        std::map<qint64, Json> tiers;
        for (const auto& member : json.items()) {
            const QString field = toQString(member.key());
            if (member.value().is_null())
                continue;
            if (field == QLatin1String("tiered_pricing")) {
                readSteps(member.value(), period, tiers);
                continue;
            }
            if (field == QLatin1String("off_peak_pricing"))
                throw LeftOut{QStringLiteral("its price goes by weekday")};
            if (field == QLatin1String("search_context_cost_per_query")) {
                readSearches(member.value(), period);
                continue;
            }
            if (field == QLatin1String("output_cost_per_image_token")
                || field == QLatin1String("output_cost_per_video_token"))
                throw LeftOut{QStringLiteral("it makes pictures, which usage does not count")};
            readRate(field, member.value(), provider, period, tiers);
        }
        if (!period.contains("input") || !period.contains("output"))
            throw LeftOut{QStringLiteral("it has no price per token")};
        for (auto& [above, rates] : tiers) {
            Json tier{{"input_tokens", above}};
            tier.update(rates);
            period["above"].push_back(std::move(tier));
        }
        readBatch(json, period);
        return period;
    }

    /// Their prices of batches, where they are the same part of all prices that we have.
    void readBatch(const Json& json, Json& period) const
    {
        constexpr qint64 millionths = 1'000'000;
        std::set<qint64> shares;
        for (const auto& [field, ours] : {std::pair("input_cost_per_token_batches", "input"),
                 std::pair("output_cost_per_token_batches", "output")}) {
            const Json* value = findMember(json, field);
            if (!value || value->is_null())
                return;
            const qint64 batch = picodollars(price(*value, 6, {m_model, QLatin1String(field)}));
            const qint64 full = picodollars(period[ours].get<std::string>());
            if (full == 0 || batch > full || batch * millionths % full != 0)
                return;
            shares.insert(batch * millionths / full);
        }
        if (shares.size() != 1 || *shares.begin() == 0)
            return;
        const auto isExact = [share = *shares.begin()](const Json& rates) {
            return std::all_of(keys.begin(), keys.end(), [&](const Key& key) {
                const Json* rate = findMember(rates, key.ours);
                return !rate || key.shift != 6
                    || picodollars(rate->get<std::string>()) * share % millionths == 0;
            });
        };
        const Json* above = findMember(period, "above");
        if (isExact(period) && (!above || std::all_of(above->begin(), above->end(), isExact)))
            period["batch"] = toUtf8(Money::fromPicodollars(*shares.begin() * millionths).toDecimal());
    }

    /// A token's price, of the text of a million tokens' one.
    static qint64 picodollars(const std::string& perMillion)
    {
        return Money::fromDecimal(toQString(perMillion)).value_or(Money()).picodollars() / 1'000'000;
    }

    void readRate(const QString& field, const Json& value, const QString& provider, Json& period,
        std::map<qint64, Json>& tiers) const
    {
        static const QRegularExpression tierOf(QStringLiteral("^(.*)_above_(\\d{1,6})k_tokens$"));
        if (const Key* key = keyOf(field)) {
            period[key->ours] = price(value, key->shift, {m_model, field});
            return;
        }
        if (const auto tier = tierOf.match(field); tier.hasMatch()) {
            const Key* key = keyOf(tier.captured(1));
            if (key && key->shift == 6) {
                // xAI charges the higher price at the threshold already, everybody else above it.
                const qint64 threshold = tier.captured(2).toLongLong() * 1000;
                tiers[provider == QLatin1String("x-ai") ? threshold - 1 : threshold][key->ours] =
                    price(value, key->shift, {m_model, field});
                return;
            }
        }
        const bool aboutMoney =
            field.contains(QLatin1String("cost")) || field.contains(QLatin1String("pric"));
        if (aboutMoney && !isElsewhere(field))
            refuse({m_model, field}, QStringLiteral("unknown price \"%1\"").arg(field.left(60)));
    }

    /// [{"range": [0, 256000], "input_cost_per_token": …}, …]
    void readSteps(const Json& steps, Json& period, std::map<qint64, Json>& tiers) const
    {
        const QStringList path{m_model, QStringLiteral("tiered_pricing")};
        if (!steps.is_array())
            refuse(path, QStringLiteral("must be a list"));
        for (const Json& step : steps) {
            const Json* range = findMember(step, "range");
            if (!range)
                throw LeftOut{QStringLiteral("its price does not go by tokens")};
            if (!range->is_array() || range->empty() || !range->front().is_number())
                refuse(path, QStringLiteral("\"range\" must be two numbers"));
            const double start = range->front().get<double>();
            if (!(start >= 0 && start < 1e12))
                refuse(path, QStringLiteral("\"range\" must be two numbers"));
            Json& rates = start > 0 ? tiers[static_cast<qint64>(start)] : period;
            for (const auto& member : step.items()) {
                const QString field = toQString(member.key());
                if (field == QLatin1String("range"))
                    continue;
                const Key* key = keyOf(field);
                if (!key || key->shift != 6)
                    refuse(path, QStringLiteral("unknown price \"%1\"").arg(field.left(60)));
                rates[key->ours] = price(member.value(), key->shift, path);
            }
        }
    }

    /// A fee for searches only when it does not depend on how much is searched.
    void readSearches(const Json& sizes, Json& period) const
    {
        const QStringList path{m_model, QStringLiteral("search_context_cost_per_query")};
        if (!sizes.is_object())
            refuse(path, QStringLiteral("must be an object"));
        std::set<std::string> fees;
        for (const auto& size : sizes.items())
            fees.insert(price(size.value(), 3, path));
        if (fees.size() == 1)
            period["web_searches"] = *fees.begin();
    }

    std::string price(const Json& value, int shift, const QStringList& path) const
    {
        const QString text = priceText(value, shift);
        if (text.isEmpty())
            refuse(path, QStringLiteral("%1 is no price").arg(QString::fromUtf8(toJsonText(value)).left(40)));
        return toUtf8(text);
    }

    [[noreturn]] void refuse(const QStringList& path, const QString& text) const
    {
        throw Problem{{path, m_model, text}};
    }

    ImportProblems& m_problems;
    ImportedTable m_table;
    QString m_model;
    std::set<QString> m_seen;
};

} // namespace

ImportedTable readLiteLlm(const Json& json, ImportProblems& problems)
{
    return Reader(problems).read(json);
}

} // namespace llmcache::price
