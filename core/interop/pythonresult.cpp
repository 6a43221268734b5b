#include "interop/pythonresult.h"

#include "interop/picklesummary.h"
#include "interop/pickleviews.h"
#include "interop/pythondump.h"

#include <array>
#include <cmath>

namespace llmcache {

namespace {

/// Names that pydantic-ai has used for its counts, before and since its version 1.
struct UsageName {
    QByteArrayView python;
    qint64 Usage::*count;
};
constexpr std::array usageNames{
    UsageName{"request_tokens", &Usage::inputTokens},
    UsageName{"response_tokens", &Usage::outputTokens},
    UsageName{"input_tokens", &Usage::inputTokens},
    UsageName{"output_tokens", &Usage::outputTokens},
    UsageName{"cache_read_tokens", &Usage::cacheReadTokens},
    UsageName{"cache_write_tokens", &Usage::cacheWriteTokens},
    UsageName{"input_audio_tokens", &Usage::inputAudioTokens},
    UsageName{"cache_audio_read_tokens", &Usage::cacheReadAudioTokens},
    UsageName{"output_audio_tokens", &Usage::outputAudioTokens},
    UsageName{"requests", &Usage::requests},
};

/// As usageFromJson() bounds them.
std::optional<qint64> countOf(const PickleValue& value)
{
    constexpr qint64 most = 1'000'000'000'000'000;
    const std::optional<qint64> count = value.is(PickleKind::Int) ? value.toInt64() : std::nullopt;
    return count && *count >= 0 ? std::optional(std::min(*count, most)) : std::nullopt;
}

Usage readUsage(const PickleValue& value)
{
    Usage usage;
    // A dict of them, or an object with these attributes.
    for (const PythonEntry& field : value.is(PickleKind::Dict) ? pythonEntries(value) : pythonFields(value)) {
        if (!field.key.is(PickleKind::Str))
            continue;
        const QByteArrayView name = field.key.utf8();
        if (name == "details" && field.value.is(PickleKind::Dict)) {
            if (const auto reasoning = countOf(field.value.find("reasoning_tokens")))
                usage.reasoningTokens = *reasoning;
            continue;
        }
        for (const UsageName& known : usageNames) {
            if (known.python != name)
                continue;
            if (const std::optional<qint64> count = countOf(field.value))
                usage.*known.count = *count;
        }
    }
    return usage;
}

/// Without an exponent; nothing for what is no amount.
std::optional<QString> plainDecimal(double number)
{
    if (!std::isfinite(number) || std::fabs(number) >= 1e15)
        return std::nullopt;
    const QByteArray text = pythonFloatText(number);
    const qsizetype exponentAt = text.indexOf('e');
    if (exponentAt < 0)
        return QString::fromLatin1(text);
    // "1.25e-07": only small numbers come here.
    QByteArray digits = text.first(exponentAt);
    const bool isNegative = digits.startsWith('-');
    if (isNegative)
        digits.remove(0, 1);
    digits.replace(".", "");
    const int zeros = -text.mid(exponentAt + 1).toInt() - 1;
    return QString::fromLatin1(
        (isNegative ? QByteArray("-0.") : QByteArray("0.")) + QByteArray(zeros, '0') + digits);
}

/// To the nearest picodollar.
std::optional<Money> moneyOf(const QString& decimal)
{
    if (const std::optional<Money> exact = Money::fromDecimal(decimal))
        return exact;
    const qsizetype point = decimal.indexOf(QLatin1Char('.'));
    if (point < 0)
        return std::nullopt;
    constexpr qsizetype places = 12;
    const QString kept = decimal.left(point + 1 + places);
    const std::optional<Money> cut = Money::fromDecimal(kept);
    if (!cut || decimal.size() <= kept.size())
        return cut;
    const bool isUp = decimal.at(kept.size()) >= QLatin1Char('5');
    const qint64 step = decimal.startsWith(QLatin1Char('-')) ? -1 : 1;
    return isUp ? *cut + Money::fromPicodollars(step) : *cut;
}

void readCost(const PickleValue& value, PythonResult& result)
{
    if (value.is(PickleKind::Float)) {
        result.costText = plainDecimal(value.toDouble());
    } else if (value.is(PickleKind::Int) && value.toInt64()) {
        result.costText = value.integerText();
    } else if (pythonType(value) == PythonType::Decimal && pythonInner(value).is(PickleKind::Str)) {
        result.costText = pythonInner(value).text();
    }
    if (result.costText)
        result.cost = moneyOf(*result.costText);
}

/// The attribute of an object.
PickleValue attribute(const PickleValue& object, QByteArrayView name)
{
    for (const PythonEntry& field : pythonFields(object)) {
        if (field.key.is(PickleKind::Str) && field.key.utf8() == name)
            return field.value;
    }
    return {};
}

Json dumpOrSummary(const PickleValue& value)
{
    try {
        return pythonDump(value);
    } catch (const CacheError&) {
        return toUtf8(pickleSummary(value));
    }
}

} // namespace

PythonResult readPythonResult(const QByteArray& bytes, const PickleLimits& limits)
{
    return readPythonResult(readPickle(bytes, limits));
}

PythonResult readPythonResult(const PickleDocument& document)
{
    PythonResult result;
    result.document = document;
    const PickleValue root = document.root();
    result.isCachedResult = root.isOfClass("pyai_caching.agent", "CachedResult");
    if (!result.isCachedResult && !root.isOfClass("pydantic_ai.agent", "AgentRunResult")
        && !root.isOfClass("pydantic_ai.run", "AgentRunResult"))
        return result;
    PickleValue usage;
    for (const PythonEntry& field : pythonFields(root)) {
        if (!field.key.is(PickleKind::Str))
            continue;
        const QByteArrayView name = field.key.utf8();
        if (name == "output" || (name == "data" && result.output.isNull()))
            result.output = field.value;
        else if (name == "_usage" || name == "usage")
            usage = field.value;
        else if (name == "model" && field.value.is(PickleKind::Str))
            result.model = field.value.text();
        else if (name == "cost")
            readCost(field.value, result);
        else if (name == "_state" && usage.isNull())
            usage = attribute(field.value, "usage");
    }
    if (!result.output.isNull())
        result.outputClass = result.output.classPath();
    if (!usage.isNull())
        result.usage = readUsage(usage);
    result.usageObject = usage;
    return result;
}

Json PythonResult::rawUsage() const
{
    return usageObject.isNull() ? Json() : dumpOrSummary(usageObject);
}

Json PythonResult::outputJson() const
{
    return output.isNull() ? Json() : pythonDump(output);
}

QString PythonResult::outputText() const
{
    if (output.isNull())
        return {};
    if (output.is(PickleKind::Str))
        return output.text();
    const Json json = dumpOrSummary(output);
    return json.is_string() ? toQString(json.get_ref<const std::string&>())
                            : QString::fromUtf8(toJsonText(json));
}

QString PythonResult::outputExcerpt(qsizetype maxLength) const
{
    if (!output.is(PickleKind::Str))
        return output.isNull() ? QString() : pickleSummary(output, maxLength);
    // A character has four bytes at most, and one that is cut is not shown.
    const QByteArrayView view = output.utf8();
    const qsizetype bytes = 4 * maxLength + 4;
    const QString text = view.size() <= bytes ? output.text() : QString::fromUtf8(view.first(bytes));
    return text.left(maxLength);
}

} // namespace llmcache
