#include "cache/pythonedit.h"

#include "base/error.h"
#include "interop/pickleedit.h"
#include "interop/pickleviews.h"
#include "interop/pythondump.h"
#include "interop/pythonjson.h"
#include "interop/pythonresult.h"

namespace llmcache {

namespace {

/// A value in the pickle that is not what the answer has there.
struct Difference {
    PickleValue place;
    Json wanted;
    QString path; ///< in the answer, "/lines/0/price"
};

[[noreturn]] void fail(const QString& path, const QString& problem)
{
    throw ConfigurationError(
        QStringLiteral("%1: %2.").arg(path.isEmpty() ? QStringLiteral("/") : path, problem),
        QStringLiteral("Change values only, or let Python store another answer."));
}

enum class Shape { Leaf, List, Members };

Shape shapeOf(const PickleValue& value)
{
    switch (pythonType(value)) {
    case PythonType::Plain:
        if (value.is(PickleKind::List) || value.is(PickleKind::Tuple))
            return Shape::List;
        return value.is(PickleKind::Dict) ? Shape::Members : Shape::Leaf;
    case PythonType::Sequence:
    case PythonType::Record:
        return Shape::List;
    case PythonType::Mapping:
    case PythonType::Model:
    case PythonType::Attributes:
        return Shape::Members;
    default:
        return Shape::Leaf;
    }
}

std::vector<PythonEntry> membersOf(const PickleValue& value)
{
    return value.is(PickleKind::Dict) || pythonType(value) == PythonType::Mapping ? pythonEntries(value)
                                                                                  : pythonFields(value);
}

std::optional<Difference> firstDifference(const PickleValue& value, const Json& wanted, const QString& path)
{
    if (pythonDump(value) == wanted)
        return std::nullopt;
    const Shape shape = wanted.is_null() ? Shape::Leaf : shapeOf(value);
    if (shape == Shape::Leaf)
        return Difference{value, wanted, path};
    if (shape == Shape::List) {
        const std::vector<PickleValue> items = pythonItems(value);
        if (!wanted.is_array() || wanted.size() != items.size())
            fail(path, QStringLiteral("a list of %1 has to stay one").arg(items.size()));
        for (std::size_t i = 0; i < items.size(); ++i) {
            const QString place = path + QLatin1Char('/') + QString::number(i);
            if (auto difference = firstDifference(items[i], wanted[i], place))
                return difference;
        }
        return std::nullopt;
    }
    const std::vector<PythonEntry> members = membersOf(value);
    if (!wanted.is_object() || wanted.size() != members.size())
        fail(path, QStringLiteral("no member can be added or taken away"));
    for (const PythonEntry& member : members) {
        const QString name = member.key.is(PickleKind::Str) ? member.key.text() : QString();
        const QString place = path + QLatin1Char('/') + name;
        const Json* const inner = findMember(wanted, name.toUtf8().constData());
        if (!inner)
            fail(place, QStringLiteral("it is missing"));
        if (auto difference = firstDifference(member.value, *inner, place))
            return difference;
    }
    return std::nullopt;
}

/// As an editor of one value takes it.
QString leafTextOf(const Json& value)
{
    if (value.is_string())
        return toQString(value.get_ref<const std::string&>());
    if (value.is_boolean())
        return value.get<bool>() ? QStringLiteral("True") : QStringLiteral("False");
    return QString::fromUtf8(toPythonJson(value));
}

} // namespace

QByteArray withPythonAnswer(const QByteArray& pickle, const Json& answer)
{
    PickleDocument document = readPickle(pickle);
    // One at a time: each change makes another document, with other places.
    constexpr int mostChanges = 10'000;
    for (int changes = 0; changes < mostChanges; ++changes) {
        const PythonResult result = readPythonResult(document);
        if (result.output.isNull())
            fail({}, QStringLiteral("the pickle holds no answer"));
        const std::optional<Difference> difference = firstDifference(result.output, answer, {});
        if (!difference)
            return document.source();
        const auto& [place, wanted, path] = *difference;
        if (wanted.is_structured() || !(isEditableLeaf(place) || place.is(PickleKind::None)))
            fail(path, QStringLiteral("it is of another type"));
        try {
            document =
                wanted.is_null() ? clearLeaf(document, place) : editLeaf(document, place, leafTextOf(wanted));
        } catch (const ConfigurationError& error) {
            fail(path, error.message());
        }
        const PythonResult after = readPythonResult(document);
        const std::optional<Difference> still = firstDifference(after.output, answer, {});
        if (still && still->path == path)
            fail(path, QStringLiteral("its type does not take this"));
    }
    fail({}, QStringLiteral("too much is different"));
}

} // namespace llmcache
