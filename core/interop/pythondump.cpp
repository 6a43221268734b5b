#include "interop/pythondump.h"

#include "base/error.h"
#include "interop/picklesummary.h"
#include "interop/pickleviews.h"

#include <charconv>
#include <cmath>
#include <unordered_map>

namespace llmcache {

namespace {

/// Of texts that are no proper Unicode, JSON gets replacement characters.
std::string utf8Text(const PickleValue& text)
{
    if (text.hasSurrogates())
        return toUtf8(QString::fromUtf8(text.text().toUtf8()));
    const QByteArrayView view = text.utf8();
    return {view.data(), static_cast<std::size_t>(view.size())};
}

std::string bytesText(QByteArrayView bytes)
{
    return toUtf8(QString::fromUtf8(bytes));
}

QString pathText(const PickleValue& path)
{
    const PickleValue parts = path.arguments();
    const bool isWindows = path.classPath().endsWith(QLatin1String("WindowsPath"));
    const QLatin1Char separator(isWindows ? '\\' : '/');
    QString text;
    for (qsizetype index = 0; index < parts.size(); ++index) {
        if (!text.isEmpty() && !text.endsWith(separator))
            text += separator;
        text += parts.item(index).text();
    }
    return text.isEmpty() ? QStringLiteral(".") : text;
}

QString addressText(const PickleValue& address)
{
    const std::optional<qint64> number = pythonInner(address).toInt64();
    if (!number || *number < 0 || *number > 0xFFFFFFFFLL || !address.isOfClass("ipaddress", "IPv4Address"))
        return pythonInner(address).is(PickleKind::Str) ? pythonInner(address).text()
                                                        : pickleSummary(address);
    return QStringLiteral("%1.%2.%3.%4")
        .arg(*number >> 24)
        .arg(*number >> 16 & 0xFF)
        .arg(*number >> 8 & 0xFF)
        .arg(*number & 0xFF);
}

/// Without a trailing ".0", as a complex number and Pydantic have it.
QByteArray partText(const PickleValue& part)
{
    if (!part.is(PickleKind::Float))
        return part.integerText().toLatin1();
    QByteArray text = pythonFloatText(part.toDouble());
    if (text.endsWith(".0"))
        text.chop(2);
    return text;
}

QString complexText(const PickleValue& value)
{
    const QByteArray real = partText(value.arguments().item(0));
    QByteArray imaginary = partText(value.arguments().item(1));
    if (real == "0")
        return QString::fromLatin1(imaginary + 'j');
    if (!imaginary.startsWith('-'))
        imaginary.prepend('+');
    return QString::fromLatin1(real + imaginary + 'j');
}

class Dump {
public:
    explicit Dump(qint64 maxBytes)
        : m_bytesLeft(maxBytes)
    {
    }

    Json value(const PickleValue& value)
    {
        spend(16);
        if (m_depth == storableDepth)
            throw CacheError(QStringLiteral("The value is nested more than %1 levels deep, or holds itself.")
                                 .arg(storableDepth));
        ++m_depth;
        Json json = value.isAtom() ? atom(value) : compound(value);
        --m_depth;
        return json;
    }

private:
    void spend(qint64 bytes)
    {
        m_bytesLeft -= bytes;
        if (m_bytesLeft < 0)
            throw CacheError(QStringLiteral("The value is too large to be shown as JSON."),
                QStringLiteral("\"llmcache pickle dump\" shows it as a tree."));
    }

    static Json largeInteger(const QString& text)
    {
        bool fits = false;
        const quint64 number = text.toULongLong(&fits);
        return fits ? Json(number) : Json(toUtf8(text));
    }

    Json atom(const PickleValue& value)
    {
        switch (value.kind()) {
        case PickleKind::Bool:
            return value.toBool();
        case PickleKind::Int:
            if (const std::optional<qint64> number = value.toInt64())
                return *number < 0 ? Json(*number) : Json(static_cast<quint64>(*number));
            return largeInteger(value.integerText());
        case PickleKind::Float:
            return value.toDouble();
        case PickleKind::Str:
            spend(value.utf8().size());
            return utf8Text(value);
        case PickleKind::Bytes:
        case PickleKind::ByteArray:
            spend(value.bytes().size());
            return bytesText(value.bytes());
        default:
            return nullptr;
        }
    }

    Json list(const std::vector<PickleValue>& items)
    {
        Json json = Json::array();
        for (const PickleValue& item : items)
            json.push_back(value(item));
        return json;
    }

    /// The last value of keys that are one as text; by a map, as ordered_json searches from the beginning.
    void addTo(Json& json, const std::vector<PythonEntry>& entries)
    {
        auto& members = json.get_ref<Json::object_t&>();
        std::unordered_map<std::string, std::size_t> places;
        for (auto member = members.begin(); member != members.end(); ++member)
            places.emplace(member->first, places.size());
        for (const PythonEntry& entry : entries) {
            std::string name = key(entry.key);
            Json member = value(entry.value);
            const auto [place, isNew] = places.try_emplace(name, members.size());
            if (isNew)
                members.Container::emplace_back(std::move(name), std::move(member));
            else
                (members.begin() + static_cast<std::ptrdiff_t>(place->second))->second = std::move(member);
        }
    }

    Json object(const std::vector<PythonEntry>& entries)
    {
        Json json = Json::object();
        addTo(json, entries);
        return json;
    }

    std::string key(const PickleValue& key)
    {
        if (key.is(PickleKind::Str)) {
            spend(key.utf8().size());
            return utf8Text(key);
        }
        if (key.is(PickleKind::Bool))
            return key.toBool() ? "true" : "false";
        if (key.is(PickleKind::None))
            return "None";
        if (key.is(PickleKind::Float))
            return pythonFloatText(key.toDouble()).toStdString();
        const Json json = value(key);
        if (json.is_string())
            return json.get<std::string>();
        if (!json.is_array() || json.empty())
            return json.dump(-1, ' ', false, Json::error_handler_t::replace);
        std::string text;
        for (const Json& part : json) {
            if (!text.empty())
                text += ',';
            text += part.is_string() ? part.get<std::string>()
                                     : part.dump(-1, ' ', false, Json::error_handler_t::replace);
        }
        return text;
    }

    Json model(const PickleValue& value)
    {
        Json json = object(pythonFields(value));
        if (const PickleValue extra = pydanticParts(value).extra; extra.is(PickleKind::Dict))
            addTo(json, pythonEntries(extra));
        return json;
    }

    Json compound(const PickleValue& value)
    {
        switch (pythonType(value)) {
        case PythonType::Plain:
            break;
        case PythonType::Model:
            return model(value);
        case PythonType::RootModel:
            return this->value(value.state().find("__dict__").find("root"));
        case PythonType::Attributes:
            return object(pythonFields(value));
        case PythonType::Mapping:
            return object(pythonEntries(value));
        case PythonType::Set:
        case PythonType::FrozenSet:
        case PythonType::Sequence:
        case PythonType::Record:
            return list(pythonItems(value));
        case PythonType::Enum:
        case PythonType::Wrapped:
        case PythonType::Url:
        case PythonType::Decimal:
            return this->value(pythonInner(value));
        default:
            return toUtf8(text(value));
        }
        switch (value.kind()) {
        case PickleKind::Tuple:
        case PickleKind::List:
        case PickleKind::Set:
        case PickleKind::FrozenSet:
            return list(pythonItems(value));
        case PickleKind::Dict:
            return object(pythonEntries(value));
        default:
            return toUtf8(text(value));
        }
    }

    QString text(const PickleValue& value)
    {
        const PickleValue arguments = value.is(PickleKind::Object) ? value.arguments() : PickleValue();
        switch (pythonType(value)) {
        case PythonType::DateTime:
        case PythonType::Date:
        case PythonType::Time:
            return isoText(*pythonMoment(value));
        case PythonType::TimeDelta:
            return isoText(*pythonTimeDelta(value));
        case PythonType::Uuid:
            return *pythonUuid(value);
        case PythonType::Bytes:
        case PythonType::ByteArray:
            return QString::fromUtf8(*pythonBytes(value));
        case PythonType::EnumName:
            return arguments.item(1).text();
        case PythonType::Complex:
            return complexText(value);
        case PythonType::Fraction:
            return arguments.item(1).toInt64() == 1
                ? arguments.item(0).integerText()
                : QStringLiteral("%1/%2").arg(
                    arguments.item(0).integerText(), arguments.item(1).integerText());
        case PythonType::Path:
            return pathText(value);
        case PythonType::Pattern:
            return arguments.item(0).text();
        case PythonType::Address:
            return addressText(value);
        case PythonType::Secret: {
            const PickleValue secret = pythonInner(value);
            const bool isEmpty =
                secret.isAtom() && secret.kind() >= PickleKind::Str && secret.utf8().isEmpty();
            return isEmpty ? QString() : QStringLiteral("**********");
        }
        default: {
            const QString summary = pickleSummary(value);
            spend(summary.size());
            return summary;
        }
        }
    }

    qint64 m_bytesLeft;
    int m_depth = 0;
};

} // namespace

Json pythonDump(const PickleValue& value, qint64 maxBytes)
{
    return Dump(maxBytes).value(value);
}

QByteArray pythonFloatText(double number)
{
    if (std::isnan(number))
        return "nan";
    if (std::isinf(number))
        return number < 0 ? "-inf" : "inf";
    // The shortest digits in either form; Python takes the exponent below 1e-4 and from 1e16 on.
    char buffer[40];
    const double size = std::fabs(number);
    const bool isExponent = size != 0 && (size < 1e-4 || size >= 1e16);
    const auto end = std::to_chars(std::begin(buffer), std::end(buffer), number,
        isExponent ? std::chars_format::scientific : std::chars_format::fixed);
    QByteArray text(buffer, end.ptr - buffer);
    if (!isExponent && !text.contains('.'))
        text += ".0";
    return text;
}

} // namespace llmcache
