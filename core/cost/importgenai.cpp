#include "cost/priceimport_p.h"

#include <QRegularExpression>

#include <array>
#include <map>

namespace llmcache::price {

namespace {

struct Key {
    const char* theirs;
    const char* ours;
};
constexpr std::array keys{
    Key{"input_mtok", "input"},
    Key{"output_mtok", "output"},
    Key{"cache_read_mtok", "cache_read"},
    Key{"cache_write_mtok", "cache_write"},
    Key{"cache_write_5m_mtok", "cache_write"},
    Key{"cache_write_1h_mtok", "cache_write_1h"},
    Key{"input_audio_mtok", "input_audio"},
    Key{"cache_audio_read_mtok", "cache_read_audio"},
    Key{"output_audio_mtok", "output_audio"},
    Key{"output_reasoning_mtok", "reasoning"},
    Key{"requests_kcount", "requests"},
    Key{"web_searches_kcount", "web_searches"},
};

bool oneOf(const std::string& name, std::initializer_list<const char*> names)
{
    return std::any_of(names.begin(), names.end(), [&](const char* one) { return name == one; });
}

/// Reads the models of one file.
class Reader {
public:
    explicit Reader(ImportProblems& problems)
        : m_problems(problems)
    {
    }

    ImportedTable read(const Json& json)
    {
        for (std::size_t i = 0; i < json.size(); ++i)
            readProvider(json[i], {QString::number(i)});
        return std::move(m_table);
    }

private:
    struct Problem {
        ImportProblem problem;
    };
    /// Why a model can't be used although nothing is wrong with it.
    struct LeftOut {
        QString reason;
    };

    [[noreturn]] void refuse(const QStringList& path, const QString& text) const
    {
        throw Problem{{path, m_model, text}};
    }

    void checkFields(
        const Json& object, std::initializer_list<const char*> known, const QStringList& path) const
    {
        if (!object.is_object())
            refuse(path, QStringLiteral("must be a JSON object"));
        for (const auto& member : object.items()) {
            if (!oneOf(member.key(), known))
                refuse(path + QStringList{toQString(member.key())},
                    QStringLiteral("unknown field \"%1\"").arg(toQString(member.key()).left(60)));
        }
    }

    void readProvider(const Json& json, const QStringList& path)
    {
        m_model.clear();
        try {
            checkFields(json,
                {"id", "name", "pricing_urls", "api_pattern", "models", "extractors", "provider_match",
                    "model_match", "price_comments", "description", "fallback_model_providers"},
                path);
        } catch (const Problem& problem) {
            m_problems.report(problem.problem);
        }
        const QString id = stringMember(json, "id");
        const Json* models = findMember(json, "models");
        if (id.isEmpty() || !models || !models->is_array()) {
            m_problems.report(
                {path, {}, QStringLiteral("a provider must have an \"id\" and a list of \"models\"")});
            return;
        }
        for (std::size_t i = 0; i < models->size(); ++i) {
            const QStringList place = path + QStringList{QStringLiteral("models"), QString::number(i)};
            m_model = (id + QLatin1Char(' ') + stringMember((*models)[i], "id")).trimmed();
            try {
                m_table.models.push_back(
                    {id, stringMember(json, "name", id), readModel((*models)[i], place), place, {}});
            } catch (const Problem& problem) {
                m_problems.report(problem.problem);
            } catch (const LeftOut& left) {
                m_table.notes += QStringLiteral("%1 was left out: %2.").arg(m_model, left.reason);
            }
        }
    }

    Json readModel(const Json& json, const QStringList& path) const
    {
        checkFields(json,
            {"id", "name", "description", "match", "context_window", "price_comments", "prices",
                "deprecated"},
            path);
        const QString id = stringMember(json, "id");
        if (id.isEmpty())
            refuse(path, QStringLiteral("the field \"id\" is missing"));
        const Json* prices = findMember(json, "prices");
        if (!prices)
            refuse(path, QStringLiteral("the field \"prices\" is missing"));
        Json model{{"id", toUtf8(id)}};
        if (const QString name = stringMember(json, "name"); !name.isEmpty())
            model["name"] = toUtf8(name);
        if (const qint64 window = integerMember(json, "context_window"); window > 0)
            model["context_window"] = window;
        Json aliases = Json::array();
        Json rules = Json::array();
        if (const Json* match = findMember(json, "match"))
            readMatch(*match, id, aliases, rules, path + QStringList{QStringLiteral("match")});
        if (!aliases.empty())
            model["aliases"] = std::move(aliases);
        if (!rules.empty())
            model["match"] = std::move(rules);
        model["prices"] = readPrices(*prices, id, path + QStringList{QStringLiteral("prices")});
        return model;
    }

    void readMatch(
        const Json& json, const QString& id, Json& aliases, Json& rules, const QStringList& path) const
    {
        checkFields(json, {"or", "and", "equals", "starts_with", "ends_with", "contains", "regex"}, path);
        for (const auto& member : json.items()) {
            const std::string& kind = member.key();
            if (kind == "or" && member.value().is_array()) {
                for (const Json& part : member.value())
                    readMatch(part, id, aliases, rules, path);
                continue;
            }
            const QString text = stringMember(json, kind.c_str());
            if (kind == "and" || text.isEmpty())
                continue; // both parts would have to hold; the id itself still matches
            Json rule = Json::object();
            // A prefix or a part alone also matches models that don't exist yet, at a price nobody has seen.
            // Theirs become: this text, and nothing but a date or a version after it.
            if (kind == "equals") {
                const auto same = [&](const Json& other) {
                    return toQString(other.get_ref<const std::string&>()).compare(text, Qt::CaseInsensitive)
                        == 0;
                };
                if (text.compare(id, Qt::CaseInsensitive) != 0
                    && std::none_of(aliases.begin(), aliases.end(), same))
                    aliases.push_back(toUtf8(text));
                continue;
            }
            QString start = text;
            while (start.endsWith(QLatin1Char('-')) || start.endsWith(QLatin1Char('@')))
                start.chop(1);
            if (start.isEmpty())
                continue;
            if (kind == "starts_with")
                rule["dated"] = toUtf8(start);
            else if (kind == "contains" || kind == "ends_with")
                rule["regex"] = toUtf8(QStringLiteral("(?:.*[./:])?%1(?:[-@]\\d{8})?(?:-v\\d+)?(?::\\w+)*")
                                           .arg(QRegularExpression::escape(start)));
            else
                rule["regex"] = toUtf8(anchored(text));
            rules.push_back(std::move(rule));
        }
    }

    /// Theirs search, ours match the whole id.
    static QString anchored(QString pattern)
    {
        if (pattern.startsWith(QLatin1Char('^')))
            pattern.remove(0, 1);
        else
            pattern.prepend(QLatin1String(".*"));
        if (pattern.endsWith(QLatin1Char('$')) && !pattern.endsWith(QLatin1String("\\$")))
            pattern.chop(1);
        else
            pattern.append(QLatin1String(".*"));
        return pattern;
    }

    Json readPrices(const Json& json, const QString& id, const QStringList& path) const
    {
        Json periods = Json::array();
        if (json.is_object()) {
            periods.push_back(readRates(json, id, path, Json::object()));
            return periods;
        }
        if (!json.is_array() || json.empty())
            refuse(path, QStringLiteral("must be an object or a list of prices"));
        bool dated = false;
        for (std::size_t i = 0; i < json.size(); ++i) {
            const QStringList place = path + QStringList{QString::number(i)};
            checkFields(json[i], {"constraint", "prices"}, place);
            Json period = Json::object();
            if (const Json* constraint = findMember(json[i], "constraint");
                constraint && !constraint->is_null()) {
                const QStringList there = place + QStringList{QStringLiteral("constraint")};
                checkFields(*constraint, {"start_date", "start_time", "end_time"}, there);
                if (const QString date = stringMember(*constraint, "start_date"); !date.isEmpty())
                    period["from"] = toUtf8(date);
                const QString start = stringMember(*constraint, "start_time");
                const QString end = stringMember(*constraint, "end_time");
                if (start.isEmpty() != end.isEmpty())
                    refuse(there, QStringLiteral("start_time and end_time go together"));
                if (!start.isEmpty())
                    period["hours"] = Json::array({clock(start, there), clock(end, there)});
            }
            dated = dated || period.contains("from");
            if (dated && period.contains("hours"))
                throw LeftOut{QStringLiteral("its prices go by dates and by hours at once")};
            const Json* prices = findMember(json[i], "prices");
            periods.push_back(readRates(prices ? *prices : Json(), id,
                place + QStringList{QStringLiteral("prices")}, std::move(period)));
        }
        return periods;
    }

    std::string clock(const QString& text, const QStringList& path) const
    {
        static const QRegularExpression utc(QStringLiteral("^(\\d\\d:\\d\\d):00(?:Z|\\+00:00)$"));
        const auto match = utc.match(text);
        if (!match.hasMatch())
            refuse(path, QStringLiteral("\"%1\" is no UTC time of whole minutes").arg(text.left(40)));
        return toUtf8(match.captured(1));
    }

    Json readRates(const Json& json, const QString& id, const QStringList& path, Json period) const
    {
        if (!json.is_object())
            refuse(path, QStringLiteral("must be an object of prices"));
        std::map<qint64, Json> tiers;
        int count = 0;
        for (const auto& member : json.items()) {
            const std::string& name = member.key();
            const QStringList place = path + QStringList{toQString(name)};
            if (member.value().is_null() || name == "output_citation_mtok")
                continue;
            const auto key =
                std::find_if(keys.begin(), keys.end(), [&](const Key& one) { return name == one.theirs; });
            if (key == keys.end()) {
                if (name.find("image") != std::string::npos || name.find("video") != std::string::npos
                    || name.find("_text_") != std::string::npos || name.find("_tool_") != std::string::npos)
                    throw LeftOut{
                        QStringLiteral("it has a price of its own for %1, which usage does not count")
                            .arg(toQString(name))};
                refuse(place, QStringLiteral("unknown price \"%1\"").arg(toQString(name).left(60)));
            }
            ++count;
            if (!member.value().is_object()) {
                period[key->ours] = price(member.value(), place);
                continue;
            }
            checkFields(member.value(), {"base", "tiers"}, place);
            const Json* base = findMember(member.value(), "base");
            const Json* steps = findMember(member.value(), "tiers");
            if (!base || !steps || !steps->is_array())
                refuse(place, QStringLiteral("tiers need a \"base\" and a list of \"tiers\""));
            period[key->ours] = price(*base, place);
            for (const Json& step : *steps) {
                checkFields(step, {"start", "price"}, place);
                const qint64 start = integerMember(step, "start");
                const Json* value = findMember(step, "price");
                if (start <= 0 || !value)
                    refuse(place, QStringLiteral("a tier needs a \"start\" and a \"price\""));
                tiers[start][key->ours] = price(*value, place);
            }
        }
        if (count == 0) {
            if (!id.endsWith(QLatin1String(":free")))
                throw LeftOut{QStringLiteral("it has no price")};
            period["input"] = "0";
            period["output"] = "0";
        }
        for (auto& [start, rates] : tiers) {
            Json tier{{"input_tokens", start}};
            tier.update(rates);
            period["above"].push_back(std::move(tier));
        }
        return period;
    }

    std::string price(const Json& value, const QStringList& path) const
    {
        const QString text = priceText(value, 0);
        if (text.isEmpty())
            refuse(path, QStringLiteral("%1 is no price").arg(QString::fromUtf8(toJsonText(value)).left(40)));
        return toUtf8(text);
    }

    ImportProblems& m_problems;
    ImportedTable m_table;
    QString m_model;
};

} // namespace

ImportedTable readGenaiPrices(const Json& json, ImportProblems& problems)
{
    return Reader(problems).read(json);
}

} // namespace llmcache::price
