#include "interop/pickledump.h"

#include "base/error.h"
#include "interop/pickleoutline.h"
#include "interop/picklesummary.h"
#include "interop/pickleviews.h"
#include "interop/pythondump.h"

#include <QHash>

#include <cmath>
#include <unordered_set>

namespace llmcache {

namespace {

std::string utf8Text(const QString& text)
{
    return toUtf8(text);
}

class JsonTree {
public:
    explicit JsonTree(qint64 maxBytes)
        : m_bytesLeft(maxBytes)
    {
    }

    Json value(const PickleValue& value)
    {
        spend(24);
        if (value.isAtom())
            return atom(value);
        if (value.is(PickleKind::Global))
            return Json{{"$type", "global"}, {"name", utf8Text(value.classPath())}};
        if (value.isShared()) {
            if (const auto known = m_ids.constFind(value.id()); known != m_ids.cend())
                return Json{{"$ref", *known}};
            m_ids.insert(value.id(), static_cast<qint64>(m_ids.size()) + 1);
        }
        return compound(value);
    }

private:
    void spend(qint64 bytes)
    {
        m_bytesLeft -= bytes;
        if (m_bytesLeft < 0)
            throw CacheError(QStringLiteral(
                "The pickle is too large to be shown as JSON: texts that it holds once stand at "
                "very many places."));
    }

    Json typed(const char* type, const char* name, Json content)
    {
        Json json = Json::object();
        json["$type"] = type;
        json[name] = std::move(content);
        return json;
    }

    Json bytes(const char* type, QByteArrayView data)
    {
        spend(data.size() * 4 / 3);
        return typed(type, "base64", data.toByteArray().toBase64().toStdString());
    }

    Json atom(const PickleValue& value)
    {
        switch (value.kind()) {
        case PickleKind::Bool:
            return value.toBool();
        case PickleKind::Int:
            if (const std::optional<qint64> number = value.toInt64())
                return *number;
            return typed("int", "value", utf8Text(value.integerText()));
        case PickleKind::Float:
            if (std::isfinite(value.toDouble()))
                return value.toDouble();
            return typed("float", "value", pythonFloatText(value.toDouble()).toStdString());
        case PickleKind::Str: {
            const QByteArrayView view = value.utf8();
            spend(view.size());
            if (value.hasSurrogates())
                return typed("str", "literal", utf8Text(pythonTextLiteral(value.text())));
            return std::string(view.data(), static_cast<std::size_t>(view.size()));
        }
        case PickleKind::Bytes:
            return bytes("bytes", value.bytes());
        case PickleKind::ByteArray:
            return bytes("bytearray", value.bytes());
        default:
            return nullptr;
        }
    }

    Json header(const PickleValue& value)
    {
        Json json = Json::object();
        json["$type"] = utf8Text(value.is(PickleKind::Object) ? pickleTypeText(value) : value.classPath());
        if (const auto id = m_ids.constFind(value.id()); id != m_ids.cend())
            json["$id"] = *id;
        return json;
    }

    Json items(const std::vector<PickleValue>& values)
    {
        Json json = Json::array();
        for (const PickleValue& item : values)
            json.push_back(value(item));
        return json;
    }

    /// Whether JSON can have the keys: proper texts that do not look like ours, each once.
    static bool arePlainKeys(const std::vector<PythonEntry>& entries)
    {
        std::unordered_set<std::string_view> seen;
        for (const PythonEntry& entry : entries) {
            if (!entry.key.is(PickleKind::Str) || entry.key.hasSurrogates()
                || entry.key.utf8().startsWith('$'))
                return false;
            const QByteArrayView view = entry.key.utf8();
            if (!seen.emplace(view.data(), static_cast<std::size_t>(view.size())).second)
                return false;
        }
        return true;
    }
    Json members(const std::vector<PythonEntry>& entries)
    {
        Json json = Json::object();
        auto& list = json.get_ref<Json::object_t&>();
        for (const PythonEntry& entry : entries) {
            const QByteArrayView name = entry.key.utf8();
            spend(name.size());
            // The keys are known to differ, and ordered_json would search for each.
            list.Container::emplace_back(
                std::string(name.data(), static_cast<std::size_t>(name.size())), value(entry.value));
        }
        return json;
    }
    Json pairs(const std::vector<PythonEntry>& entries)
    {
        Json json = Json::array();
        for (const PythonEntry& entry : entries)
            json.push_back(Json::array({value(entry.key), value(entry.value)}));
        return json;
    }
    Json membersOrPairs(const std::vector<PythonEntry>& entries)
    {
        return arePlainKeys(entries) ? members(entries) : pairs(entries);
    }

    Json compound(const PickleValue& value)
    {
        const bool isPlain = !m_ids.contains(value.id());
        if (value.is(PickleKind::List) && isPlain)
            return items(pythonItems(value));
        if (value.is(PickleKind::Dict)) {
            const std::vector<PythonEntry> entries = pythonEntries(value);
            if (isPlain && arePlainKeys(entries))
                return members(entries);
            Json json = header(value);
            json["entries"] = pairs(entries);
            return json;
        }
        Json json = header(value);
        if (value.is(PickleKind::Persistent))
            json["id"] = this->value(value.item(0));
        else if (value.is(PickleKind::Extension))
            json["code"] = value.extensionCode();
        else if (value.is(PickleKind::Object))
            addObject(json, value);
        else
            json["items"] = items(pythonItems(value));
        return json;
    }

    void addFields(Json& json, const char* name, const std::vector<PythonEntry>& fields)
    {
        if (!fields.empty())
            json[name] = membersOrPairs(fields);
    }

    void addObject(Json& json, const PickleValue& value)
    {
        const PythonType type = pythonType(value);
        switch (type) {
        case PythonType::DateTime:
        case PythonType::Date:
        case PythonType::Time: {
            const PythonMoment moment = *pythonMoment(value);
            json["value"] = utf8Text(isoText(moment));
            if (moment.zone && !moment.zone->name.isEmpty())
                json["zone"] = utf8Text(moment.zone->name);
            if (moment.isSecond)
                json["fold"] = 1;
            if (moment.hasUnknownZone)
                json["arguments"] = items(pythonItems(value.arguments()));
            return;
        }
        case PythonType::TimeDelta:
            json["value"] = utf8Text(isoText(*pythonTimeDelta(value)));
            return;
        case PythonType::Uuid:
            json["value"] = utf8Text(*pythonUuid(value));
            return;
        case PythonType::Bytes:
        case PythonType::ByteArray:
            json["base64"] = pythonBytes(value)->toBase64().toStdString();
            return;
        case PythonType::Enum:
        case PythonType::Decimal:
        case PythonType::Wrapped:
        case PythonType::Url:
        case PythonType::Secret:
            json["value"] = this->value(pythonInner(value));
            return;
        case PythonType::EnumName:
            json["name"] = this->value(value.arguments().item(1));
            return;
        case PythonType::Set:
        case PythonType::FrozenSet:
        case PythonType::Record:
            json["items"] = items(pythonItems(value));
            return;
        case PythonType::Model:
        case PythonType::RootModel: {
            const PydanticParts parts = pydanticParts(value);
            json["fields"] = membersOrPairs(pythonFields(value));
            json["fields_set"] = parts.fieldsSet.isNull() ? Json() : items(pythonItems(parts.fieldsSet));
            if (parts.extra.is(PickleKind::Dict))
                json["extra"] = membersOrPairs(pythonEntries(parts.extra));
            if (parts.privates.is(PickleKind::Dict))
                json["private"] = membersOrPairs(pythonEntries(parts.privates));
            return;
        }
        default:
            addAnything(json, value);
        }
    }

    void addAnything(Json& json, const PickleValue& value)
    {
        if (!value.callable().is(PickleKind::Global))
            json["call"] = this->value(value.callable());
        if (value.arguments().size() > 0)
            json["arguments"] = items(pythonItems(value.arguments()));
        if (const PickleValue keywords = value.keywords(); !keywords.isNull())
            json["keywords"] = this->value(keywords);
        const std::vector<PythonEntry> fields = pythonFields(value);
        if (!fields.empty() && value.stateCount() == 1)
            addFields(json, "attributes", fields);
        else if (value.stateCount() == 1)
            json["state"] = this->value(value.state());
        else if (value.stateCount() > 1)
            json["states"] = states(value);
        std::vector<PickleValue> contents;
        for (qsizetype index = 0; index < value.size(); ++index)
            contents.push_back(value.item(index));
        for (qsizetype index = 0; index < value.addedCount(); ++index)
            contents.push_back(value.added(index));
        if (!contents.empty())
            json["items"] = items(contents);
        std::vector<PythonEntry> entries;
        for (qsizetype index = 0; index < value.entryCount(); ++index)
            entries.push_back({value.key(index), value.value(index)});
        if (!entries.empty())
            json["entries"] = pairs(entries);
    }
    Json states(const PickleValue& value)
    {
        Json json = Json::array();
        for (qsizetype index = 0; index < value.stateCount(); ++index)
            json.push_back(this->value(value.state(index)));
        return json;
    }

    QHash<quint32, qint64> m_ids; ///< of what stands at several places and was met
    qint64 m_bytesLeft;
};

class TextTree {
public:
    explicit TextTree(qint64 maxLines)
        : m_linesLeft(maxLines)
    {
    }

    void add(const QString& label, const PickleValue& value, int depth)
    {
        if (m_linesLeft < 0)
            return;
        if (m_linesLeft-- == 0) {
            m_text += QStringLiteral("…\n");
            return;
        }
        QString line(2 * std::min(depth, 200), QLatin1Char(' '));
        if (!label.isEmpty())
            line += label + QStringLiteral(": ");
        line += pickleTypeText(value);
        const bool hasParts = hasPickleChildren(value);
        bool isKnown = false;
        if (hasParts && value.isShared()) {
            isKnown = m_ids.contains(value.id());
            if (!isKnown)
                m_ids.insert(value.id(), m_ids.size() + 1);
            line += QStringLiteral(" #%1").arg(m_ids.value(value.id()));
        }
        if (isKnown)
            line += QStringLiteral(" (above)");
        else if (!value.is(PickleKind::None))
            line += QLatin1Char(' ') + pickleValueText(value, 2000);
        m_text += line + QLatin1Char('\n');
        if (isKnown || !hasParts)
            return;
        for (const PickleChild& child : pickleChildren(value))
            add(child.label(), child.value, depth + 1);
    }

    QString text() { return std::move(m_text); }

private:
    QString m_text;
    qint64 m_linesLeft;
    QHash<quint32, qsizetype> m_ids;
};

} // namespace

Json pickleToJson(const PickleDocument& document, qint64 maxBytes)
{
    JsonTree tree(maxBytes);
    const std::vector<PickleValue> discarded = document.discarded();
    Json json = tree.value(document.root());
    if (discarded.empty())
        return json;
    Json all = Json::object();
    all["$type"] = "pickle";
    all["value"] = std::move(json);
    all["discarded"] = Json::array();
    for (const PickleValue& value : discarded)
        all["discarded"].push_back(tree.value(value));
    return all;
}

QString pickleToText(const PickleDocument& document, qint64 maxLines)
{
    TextTree tree(maxLines);
    tree.add({}, document.root(), 0);
    for (const PickleValue& value : document.discarded())
        tree.add(QStringLiteral("(made and thrown away)"), value, 0);
    return tree.text();
}

} // namespace llmcache
