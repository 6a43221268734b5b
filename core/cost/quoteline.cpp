#include "cost/quoteline.h"

#include "base/error.h"
#include "cost/usageextract.h"

#include <QDateTime>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string_view>

namespace llmcache {

namespace {

struct CountName {
    const char* name;
    qint64 Usage::*count; ///< null: known, but without a price of its own in any table
};

/// The names of genai-prices and PydanticAI beside our own.
constexpr std::array countNames{
    CountName{"input_tokens", &Usage::inputTokens},
    CountName{"output_tokens", &Usage::outputTokens},
    CountName{"cache_read_tokens", &Usage::cacheReadTokens},
    CountName{"cache_write_tokens", &Usage::cacheWriteTokens},
    CountName{"cache_write_1h_tokens", &Usage::cacheWrite1hTokens},
    CountName{"reasoning_tokens", &Usage::reasoningTokens},
    CountName{"output_reasoning_tokens", &Usage::reasoningTokens},
    CountName{"input_audio_tokens", &Usage::inputAudioTokens},
    CountName{"cache_read_audio_tokens", &Usage::cacheReadAudioTokens},
    CountName{"cache_audio_read_tokens", &Usage::cacheReadAudioTokens},
    CountName{"output_audio_tokens", &Usage::outputAudioTokens},
    CountName{"web_searches", &Usage::webSearches},
    CountName{"requests", &Usage::requests},
    CountName{"cache_write_5m_tokens", nullptr},
    CountName{"input_text_tokens", nullptr},
    CountName{"input_image_tokens", nullptr},
    CountName{"input_video_tokens", nullptr},
    CountName{"cache_text_read_tokens", nullptr},
    CountName{"cache_image_read_tokens", nullptr},
    CountName{"cache_video_read_tokens", nullptr},
    CountName{"output_text_tokens", nullptr},
    CountName{"output_image_tokens", nullptr},
    CountName{"output_video_tokens", nullptr},
    CountName{"tool_calls", nullptr},
};

/// The counts by which an unpriced bucket is named in JSON.
struct BucketCount {
    const char* bucket;
    const char* count;
};
constexpr std::array bucketCounts{
    BucketCount{"input", "input_tokens"},
    BucketCount{"cache read", "cache_read_tokens"},
    BucketCount{"cache write", "cache_write_tokens"},
    BucketCount{"cache write 1 h", "cache_write_1h_tokens"},
    BucketCount{"input audio", "input_audio_tokens"},
    BucketCount{"cache read audio", "cache_read_audio_tokens"},
    BucketCount{"output", "output_tokens"},
    BucketCount{"reasoning", "reasoning_tokens"},
    BucketCount{"output audio", "output_audio_tokens"},
    BucketCount{"requests", "requests"},
    BucketCount{"web searches", "web_searches"},
};

[[noreturn]] void refuse(const QString& problem, const QString& remedy = {})
{
    throw UsageError(problem, remedy);
}

qint64 readCount(const std::string& name, const Json& value)
{
    constexpr double beyondReason = 1e15;
    const double number = value.is_number() ? value.get<double>() : std::nan("");
    if (!(std::fabs(number) <= beyondReason) || std::trunc(number) != number)
        refuse(QStringLiteral("usage: %1 must be a whole number, not %2.")
                   .arg(toQString(name), QString::fromUtf8(toJsonText(value)).left(40)));
    if (number < 0)
        refuse(QStringLiteral("usage: %1 is negative (%2).").arg(toQString(name)).arg(number));
    return static_cast<qint64>(number);
}

Usage readUsage(const Json& json)
{
    if (!json.is_object())
        refuse(QStringLiteral("usage must be an object of counts."));
    Usage usage;
    for (const auto& member : json.items()) {
        const std::string& name = member.key();
        if (member.value().is_null() || name == "details")
            continue;
        const auto known = std::find_if(
            countNames.begin(), countNames.end(), [&](const CountName& one) { return name == one.name; });
        if (known == countNames.end())
            refuse(QStringLiteral("usage: there is no count named \"%1\".").arg(toQString(name).left(60)),
                QStringLiteral(
                    "Counts are input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, "
                    "cache_write_1h_tokens, output_reasoning_tokens, input_audio_tokens, "
                    "cache_audio_read_tokens, output_audio_tokens, web_searches, requests."));
        const qint64 count = readCount(name, member.value());
        if (known->count)
            usage.*known->count = count;
    }
    return usage;
}

struct Moment {
    qint64 atMs = 0;
    int utcOffsetSeconds = 0;
};

/// The usual form, "2026-11-23T14:00:00[.123](Z|+01:00)", in a fraction of the time that QDateTime takes.
std::optional<Moment> readUsualTime(const std::string& text)
{
    constexpr std::string_view form = "dddd-dd-ddTdd:dd:dd";
    const auto number = [&](std::size_t at, std::size_t digits) {
        int value = 0;
        for (std::size_t i = at; i < at + digits; ++i)
            value = value * 10 + (text[i] - '0');
        return value;
    };
    const auto fits = [&](std::size_t at, std::string_view wanted) {
        return text.size() >= at + wanted.size()
            && std::equal(wanted.begin(), wanted.end(), text.begin() + static_cast<std::ptrdiff_t>(at),
                [](char w, char c) { return w == 'd' ? c >= '0' && c <= '9' : w == c; });
    };
    if (!fits(0, form))
        return std::nullopt;
    std::size_t at = form.size();
    int milliseconds = 0;
    if (fits(at, ".ddd")) {
        milliseconds = number(at + 1, 3);
        at += 4;
        while (fits(at, "d"))
            ++at;
    }
    int offset = 0;
    const std::string_view zone = std::string_view(text).substr(at);
    if (zone.size() == 6 && (zone[0] == '+' || zone[0] == '-') && fits(at + 1, "dd:dd"))
        offset = (zone[0] == '-' ? -60 : 60) * (number(at + 1, 2) * 60 + number(at + 4, 2));
    else if (zone != "Z")
        return std::nullopt;
    const QDate date(number(0, 4), number(5, 2), number(8, 2));
    const QTime time(number(11, 2), number(14, 2), number(17, 2), milliseconds);
    if (!date.isValid() || !time.isValid() || std::abs(offset) > 14 * 3600)
        return std::nullopt;
    constexpr qint64 julianDayOf1970 = 2'440'588;
    const qint64 local = (date.toJulianDay() - julianDayOf1970) * 86'400'000 + time.msecsSinceStartOfDay();
    return Moment{local - offset * qint64{1000}, offset};
}

Moment readTime(const Json& value)
{
    const std::string bytes = value.is_string() ? value.get<std::string>() : std::string();
    if (const auto usual = readUsualTime(bytes))
        return *usual;
    QDateTime time = QDateTime::fromString(toQString(bytes), Qt::ISODateWithMs);
    if (!time.isValid())
        refuse(QStringLiteral("at: %1 is no ISO time.").arg(QString::fromUtf8(toJsonText(value)).left(60)),
            QStringLiteral("Write it like 2026-11-23T14:00:00Z."));
    if (time.timeSpec() == Qt::LocalTime)
        time.setTimeSpec(Qt::UTC);
    return {time.toMSecsSinceEpoch(), time.offsetFromUtc()};
}

QString textMember(const Json& json, const char* name)
{
    const Json* value = findMember(json, name);
    if (!value || value->is_null())
        return {};
    if (!value->is_string())
        refuse(QStringLiteral("%1 must be text.").arg(QLatin1String(name)));
    return toQString(value->get_ref<const std::string&>());
}

/// Writes one flat JSON object. A string of bytes, because appending to a QByteArray took a third of a line.
class Writer {
public:
    Writer() { m_out.reserve(512); }

    void text(const char* name, const QString& value)
    {
        key(name);
        if (value.isNull()) {
            m_out += "null";
            return;
        }
        const QByteArray utf8 = value.toUtf8();
        const bool plain = std::all_of(utf8.begin(), utf8.end(),
            [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\'; });
        if (plain)
            quoted({utf8.constData(), static_cast<std::size_t>(utf8.size())});
        else
            m_out += Json(utf8.toStdString()).dump(-1, ' ', false, Json::error_handler_t::replace);
    }

    void money(const char* name, Money value)
    {
        key(name);
        // Money::toDecimal() without its QStrings: three amounts a line. Prices are never negative.
        constexpr qint64 picodollarsPerDollar = 1'000'000'000'000;
        std::array<char, 32> digits{};
        char* end =
            std::to_chars(digits.data(), digits.data() + 20, value.picodollars() / picodollarsPerDollar).ptr;
        qint64 fraction = value.picodollars() % picodollarsPerDollar;
        if (fraction > 0) {
            *end++ = '.';
            for (qint64 unit = picodollarsPerDollar / 10; fraction > 0; unit /= 10) {
                *end++ = static_cast<char>('0' + fraction / unit);
                fraction %= unit;
            }
        }
        quoted({digits.data(), static_cast<std::size_t>(end - digits.data())});
    }

    void null(const char* name)
    {
        key(name);
        m_out += "null";
    }

    void number(const char* name, qint64 value)
    {
        key(name);
        std::array<char, 24> digits{};
        const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value);
        m_out.append(digits.data(), end.ptr);
    }

    void open(const char* name, char bracket)
    {
        key(name);
        m_out += bracket;
        m_first = true;
    }

    void close(char bracket)
    {
        m_out += bracket;
        m_first = false;
    }

    void item(const char* text)
    {
        comma();
        quoted(text);
    }

    QByteArray result()
    {
        m_out += '}';
        return QByteArray::fromStdString(m_out);
    }

private:
    void comma()
    {
        if (!m_first)
            m_out += ',';
        m_first = false;
    }

    void key(const char* name)
    {
        comma();
        quoted(name);
        m_out += ':';
    }

    void quoted(std::string_view text)
    {
        m_out += '"';
        m_out += text;
        m_out += '"';
    }

    std::string m_out = "{";
    bool m_first = true;
};

/// The same members as toJson(Usage), without building a tree.
void writeUsage(Writer& out, const Usage& usage)
{
    struct Member {
        const char* name;
        qint64 count;
        bool always;
    };
    const std::array members{
        Member{"input_tokens", usage.inputTokens, true},
        Member{"output_tokens", usage.outputTokens, true},
        Member{"cache_read_tokens", usage.cacheReadTokens, true},
        Member{"cache_write_tokens", usage.cacheWriteTokens, true},
        Member{"reasoning_tokens", usage.reasoningTokens, true},
        Member{"cache_write_1h_tokens", usage.cacheWrite1hTokens, false},
        Member{"input_audio_tokens", usage.inputAudioTokens, false},
        Member{"cache_read_audio_tokens", usage.cacheReadAudioTokens, false},
        Member{"output_audio_tokens", usage.outputAudioTokens, false},
        Member{"web_searches", usage.webSearches, false},
        Member{"requests", usage.requests, false},
    };
    out.open("usage", '{');
    for (const Member& member : members) {
        if (member.always || member.count != 0)
            out.number(member.name, member.count);
    }
    out.close('}');
}

/// Counts without a price: those the quote names, or everything that was used when nothing has a price.
std::vector<const char*> unpricedCounts(const Quote& quote, const Usage& usage)
{
    std::vector<const char*> names;
    if (quote.total)
        return names;
    for (const QString& bucket : quote.unpriced) {
        for (const BucketCount& one : bucketCounts) {
            if (bucket == QLatin1String(one.bucket))
                names.push_back(one.count);
        }
    }
    if (!names.empty())
        return names;
    if (usage.inputTokens > 0)
        names.push_back("input_tokens");
    if (usage.outputTokens > 0)
        names.push_back("output_tokens");
    if (usage.webSearches > 0)
        names.push_back("web_searches");
    return names;
}

QByteArray answer(const PriceTable& table, const Json& line, std::optional<qint64> nowMs)
{
    QString provider = textMember(line, "provider");
    QString model = textMember(line, "model");
    const QString protocol = textMember(line, "protocol");
    const Json* usageJson = findMember(line, "usage");
    const Json* response = findMember(line, "response");
    Usage usage;
    if (!protocol.isEmpty() || response) {
        if (!response || protocol.isEmpty() || usageJson)
            refuse(QStringLiteral("\"protocol\" and \"response\" go together, without \"usage\"."));
        const QString named = provider.isEmpty() ? model.section(QLatin1Char(':'), 0, 0) : provider;
        usage = extractUsage(protocol, *response, named);
        if (model.isEmpty())
            model = stringMember(*response, protocol == QLatin1String("gemini") ? "modelVersion" : "model");
    } else if (usageJson) {
        usage = readUsage(*usageJson);
    } else {
        refuse(QStringLiteral("There is neither \"usage\" nor \"response\"."));
    }
    if (model.isEmpty())
        refuse(
            QStringLiteral("There is no \"model\"."), QStringLiteral("Name it, such as \"openai:gpt-4o\"."));
    Moment moment;
    if (const Json* at = findMember(line, "at"); at && !at->is_null())
        moment = readTime(*at);
    else
        moment.atMs = nowMs ? *nowMs : QDateTime::currentMSecsSinceEpoch();
    const QString reference = provider.isEmpty() ? model : provider + QLatin1Char(':') + model;
    const Json* batch = findMember(line, "batch");
    if (batch && !batch->is_boolean())
        refuse(QStringLiteral("\"batch\" must be true or false."));
    const Quote quote =
        table.quote(reference, usage, moment.atMs, moment.utcOffsetSeconds, batch && batch->get<bool>());

    Writer out;
    if (!quote.matchedProvider.isEmpty())
        provider = quote.matchedProvider;
    out.text("provider", provider.isEmpty() ? QString() : provider);
    out.text("model", model);
    out.text("matched", quote.matchedModel.isEmpty() ? QString() : quote.matchedModel);
    writeUsage(out, usage);
    if (quote.total) {
        out.money("input_usd", quote.input);
        out.money("output_usd", quote.output);
        out.money("total_usd", *quote.total);
    } else {
        for (const char* name : {"input_usd", "output_usd", "total_usd"})
            out.null(name);
    }
    out.open("unpriced", '[');
    for (const char* name : unpricedCounts(quote, usage))
        out.item(name);
    out.close(']');
    out.text("source", quote.source.isEmpty() ? QString() : quote.source);
    if (!quote.total)
        out.text("problem", quote.problem);
    return out.result();
}

} // namespace

QByteArray quoteLine(const PriceTable& table, const QByteArray& jsonLine, std::optional<qint64> nowMs)
{
    const auto failed = [](const QString& text) {
        Writer out;
        out.text("error", text);
        return out.result();
    };
    try {
        const std::optional<Json> line = tryParseJson(jsonLine);
        if (!line)
            return failed(QStringLiteral("The line is not valid JSON."));
        if (!line->is_object())
            return failed(QStringLiteral("The line is no JSON object."));
        return answer(table, *line, nowMs);
    } catch (const Error& error) {
        return failed(error.text());
    } catch (const std::exception& error) {
        return failed(QString::fromUtf8(error.what()));
    }
}

} // namespace llmcache
