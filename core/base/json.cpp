#include "base/json.h"
#include "base/jsoncheck.h"

#include "base/error.h"
#include "base/jsondom_p.h"

#include <algorithm>
#include <optional>
#include <unordered_map>

#include <QStringEncoder>

namespace llmcache {

namespace {

namespace dom = simdjson::dom;

bool convertObject(const dom::object& from, Json& to, int depthLeft)
{
    auto& members = to.get_ref<Json::object_t&>();
    // Keys in the order of their first appearance, the last value of a duplicate. A map beyond a few keys:
    // ordered_map searches from the beginning.
    constexpr std::size_t searchedLinearly = 24;
    members.reserve(from.size());
    std::unordered_map<std::string_view, std::size_t> places;
    for (const dom::key_value_pair& field : from) {
        Json* value = nullptr;
        if (from.size() <= searchedLinearly) {
            const auto known = std::find_if(members.begin(), members.end(),
                [&field](const auto& member) { return member.first == field.key; });
            value = known == members.end() ? nullptr : &known->second;
        } else if (const auto [place, isNew] = places.try_emplace(field.key, members.size()); !isNew) {
            value = &(members.begin() + static_cast<std::ptrdiff_t>(place->second))->second;
        }
        if (!value) {
            members.Container::emplace_back(std::string(field.key), Json());
            value = &members.back().second;
        }
        if (!jsonFromDom(field.value, *value, depthLeft))
            return false;
    }
    return true;
}

/// What simdjson makes of a text; nothing where it refuses it. Until the next call on this thread.
template <typename Use>
auto withDom(QByteArrayView text, const Use& use) -> decltype(use(dom::element()))
{
    // A null view would go to memcpy().
    if (text.isEmpty())
        return {};
    // Keeps its memory for the next text, unless a huge one would make it large.
    constexpr qsizetype kept = 256 * 1024;
    thread_local dom::parser keptParser;
    dom::parser ownParser;
    dom::parser& parser = text.size() <= kept ? keptParser : ownParser;
    dom::element root;
    if (parser.parse(text.data(), static_cast<std::size_t>(text.size())).get(root) != simdjson::SUCCESS)
        return {};
    return use(root);
}

/// What simdjson takes, which is nearly everything and many times faster. Nothing for the rest: what is
/// wrong, and integers that only a double can hold.
std::optional<Json> parseFast(QByteArrayView text, int maxDepth)
{
    return withDom(text, [maxDepth](const dom::element& root) {
        std::optional<Json> value(std::in_place);
        return jsonFromDom(root, *value, maxDepth) ? std::move(value) : std::nullopt;
    });
}

/// Of objects and arrays in a text that is JSON.
int depthOf(QByteArrayView json)
{
    int depth = 0;
    int deepest = 0;
    bool isInString = false;
    for (qsizetype at = 0; at < json.size(); ++at) {
        const char c = json[at];
        if (isInString) {
            if (c == '\\')
                ++at;
            else if (c == '"')
                isInString = false;
        } else if (c == '"') {
            isInString = true;
        } else if (c == '{' || c == '[') {
            deepest = std::max(deepest, ++depth);
        } else if (c == '}' || c == ']') {
            --depth;
        }
    }
    return deepest;
}

Json::parser_callback_t depthGuard(int maxDepth, bool& tooDeep)
{
    return [maxDepth, &tooDeep](int depth, Json::parse_event_t event, Json&) {
        if (depth >= maxDepth
            && (event == Json::parse_event_t::object_start || event == Json::parse_event_t::array_start)) {
            tooDeep = true;
            return false;
        }
        return true;
    };
}

} // namespace

bool jsonFromDom(const dom::element& from, Json& to, int depthLeft)
{
    switch (from.type()) {
    case dom::element_type::OBJECT:
        to = Json::object();
        return depthLeft > 0 && convertObject(valueOf<dom::object>(from), to, depthLeft - 1);
    case dom::element_type::ARRAY: {
        to = Json::array();
        if (depthLeft == 0)
            return false;
        auto& items = to.get_ref<Json::array_t&>();
        const auto elements = valueOf<dom::array>(from);
        for (const dom::element item : elements) {
            if (!jsonFromDom(item, items.emplace_back(), depthLeft - 1))
                return false;
        }
        return true;
    }
    case dom::element_type::STRING:
        to = std::string(valueOf<std::string_view>(from));
        return true;
    case dom::element_type::INT64: {
        // As nlohmann has it: what is not negative is unsigned.
        const auto number = valueOf<std::int64_t>(from);
        to = number < 0 ? Json(number) : Json(static_cast<std::uint64_t>(number));
        return true;
    }
    case dom::element_type::UINT64:
        to = valueOf<std::uint64_t>(from);
        return true;
    case dom::element_type::DOUBLE:
        to = valueOf<double>(from);
        return true;
    case dom::element_type::BOOL:
        to = valueOf<bool>(from);
        return true;
    case dom::element_type::NULL_VALUE:
        to = nullptr;
        return true;
    }
    return false;
}

std::optional<Json> tryParseJson(QByteArrayView text, int maxDepth)
{
    if (auto value = parseFast(text, maxDepth))
        return value;
    bool tooDeep = false;
    Json value = Json::parse(text.begin(), text.end(), depthGuard(maxDepth, tooDeep), false);
    if (tooDeep || value.is_discarded())
        return std::nullopt;
    return value;
}

bool isJsonObject(QByteArrayView text, int maxDepth)
{
    const auto isObject =
        withDom(text, [](const dom::element& root) { return std::optional<bool>(root.is<dom::object>()); });
    if (isObject)
        return *isObject && depthOf(text) <= maxDepth;
    const auto value = tryParseJson(text, maxDepth);
    return value && value->is_object();
}

std::optional<Json> tryTakeJson(QByteArray& text, int maxDepth)
{
    constexpr qsizetype large = 1024 * 1024;
    if (text.size() < large)
        return tryParseJson(QByteArrayView(text), maxDepth);
    // With room behind the text simdjson needs no copy of it.
    const qsizetype size = text.size();
    text.reserve(size + static_cast<qsizetype>(simdjson::SIMDJSON_PADDING));
    dom::parser parser;
    dom::element root;
    if (parser.parse(text.constData(), static_cast<std::size_t>(size), false).get(root) != simdjson::SUCCESS)
        return tryParseJson(QByteArrayView(text), maxDepth);
    text = QByteArray();
    std::optional<Json> value(std::in_place);
    if (!jsonFromDom(root, *value, maxDepth))
        return std::nullopt;
    return value;
}

Json parseJson(const QByteArray& text, const QString& what, int maxDepth)
{
    if (auto value = parseFast(text, maxDepth))
        return *std::move(value);
    // Says what is wrong, and where.
    bool tooDeep = false;
    try {
        Json value = Json::parse(text.cbegin(), text.cend(), depthGuard(maxDepth, tooDeep));
        if (tooDeep)
            throw ConfigurationError(
                QStringLiteral("%1 is nested more than %2 levels deep.").arg(what).arg(maxDepth));
        return value;
    } catch (const Json::parse_error& error) {
        const auto offset =
            std::min(static_cast<qsizetype>(error.byte == 0 ? 0 : error.byte - 1), text.size());
        const auto head = QByteArrayView(text).first(offset);
        const auto line = head.count('\n') + 1;
        const auto column = offset - (head.lastIndexOf('\n') + 1) + 1;
        throw ConfigurationError(
            QStringLiteral("%1 is not valid JSON: line %2, column %3.").arg(what).arg(line).arg(column),
            QStringLiteral("Correct the text there; JSON wants double quotes and no trailing commas."));
    } catch (const Json::out_of_range& error) {
        // "…: number overflow parsing '1e999'", with its own number of the error before it.
        const QString reason = QString::fromUtf8(error.what()).section(QLatin1String("] "), 1);
        throw ConfigurationError(QStringLiteral("%1 can't be read as JSON: %2.").arg(what, reason),
            QStringLiteral("Numbers go up to about 1e308."));
    }
}

QString toQString(const std::string& utf8)
{
    return QString::fromUtf8(utf8.data(), static_cast<qsizetype>(utf8.size()));
}

std::string toUtf8(const QString& text)
{
    // In pieces, so that a large text is not held once more on the way.
    constexpr qsizetype piece = 1024 * 1024;
    if (text.size() <= piece) {
        const QByteArray bytes = text.toUtf8();
        return {bytes.constData(), static_cast<std::size_t>(bytes.size())};
    }
    QStringEncoder encoder(QStringEncoder::Utf8);
    std::string utf8;
    utf8.reserve(static_cast<std::size_t>(text.size()));
    for (qsizetype from = 0; from < text.size(); from += piece) {
        const QByteArray bytes =
            encoder.encode(QStringView(text).sliced(from, std::min(piece, text.size() - from)));
        utf8.append(bytes.constData(), static_cast<std::size_t>(bytes.size()));
    }
    return utf8;
}

QString stringMember(const Json& object, const char* key, const QString& fallback)
{
    const Json* member = findMember(object, key);
    return member && member->is_string() ? toQString(member->get_ref<const std::string&>()) : fallback;
}

qint64 integerMember(const Json& object, const char* key, qint64 fallback)
{
    const Json* member = findMember(object, key);
    if (!member)
        return fallback;
    if (member->is_number_unsigned()) {
        const auto number = member->get<quint64>();
        return number <= static_cast<quint64>(std::numeric_limits<qint64>::max())
            ? static_cast<qint64>(number)
            : fallback;
    }
    if (member->is_number_integer())
        return member->get<qint64>();
    if (member->is_number_float()) {
        const double number = member->get<double>();
        return std::fabs(number) < 9.2e18 ? static_cast<qint64>(number) : fallback;
    }
    return fallback;
}

const Json* findMember(const Json& object, const char* key)
{
    if (!object.is_object())
        return nullptr;
    const auto it = object.find(key);
    return it == object.end() ? nullptr : &*it;
}

} // namespace llmcache
