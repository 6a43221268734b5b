#include "cache/pythonsiblings.h"

#include "agent/outputvalidation.h"
#include "base/error.h"
#include "interop/picklesummary.h"

#include <algorithm>

namespace llmcache {

namespace {

constexpr std::size_t enough = 8;

/// "UserProfile" of "#/$defs/UserProfile", or the title: Pydantic calls both after the class.
QString classNameOf(const Json& schema)
{
    const QString reference = stringMember(schema, "$ref");
    if (!reference.isEmpty())
        return reference.mid(reference.lastIndexOf(QLatin1Char('/')) + 1);
    return stringMember(schema, "title");
}

const Json* definitionsOf(const Json& schema)
{
    const Json* definitions = findMember(schema, "$defs");
    return definitions && definitions->is_object() && !definitions->empty() ? definitions : nullptr;
}

} // namespace

PythonSiblings::PythonSiblings(OutputType type)
    : m_type(std::move(type))
    , m_className(classNameOf(m_type.schema))
{
}

bool PythonSiblings::matter(const OutputType& type)
{
    return !type.isText() && (!classNameOf(type.schema).isEmpty() || definitionsOf(type.schema));
}

bool PythonSiblings::isSibling(const PythonResult& result) const
{
    if (!result.isCachedResult || result.output.isNull())
        return false;
    if (!m_type.pythonType.isEmpty()) {
        if (result.outputClass != m_type.pythonType)
            return false;
    } else if (!m_className.isEmpty()) {
        if (!result.output.is(PickleKind::Object) || shortClassName(result.output) != m_className)
            return false;
    } else {
        const QStringList imports = result.document.imports();
        const Json* const definitions = definitionsOf(m_type.schema);
        const bool hasClass =
            definitions && std::any_of(imports.begin(), imports.end(), [definitions](const QString& path) {
                return definitions->contains(toUtf8(path.mid(path.lastIndexOf(QLatin1Char('.')) + 1)));
            });
        if (!hasClass)
            return false;
    }
    return validateOutput(m_type.schema, result.outputJson()).valid();
}

bool PythonSiblings::add(const QByteArray& pickle)
{
    try {
        PythonResult result = readPythonResult(pickle);
        if (isSibling(result))
            m_results.push_back(std::move(result));
    } catch (const Error&) {
        // Not every pickle can be read.
    }
    return m_results.size() < enough;
}

QString PythonSiblings::classPath(const QString& agent) const
{
    if (!m_type.pythonType.isEmpty())
        return m_type.pythonType;
    const QString remedy = QStringLiteral("Name it as \"python_type\" in the agent's \"output\".");
    if (m_results.empty())
        throw ConfigurationError(
            QStringLiteral("The class of the output of %1 is not known, and no entry of a Python program has "
                           "such an output.")
                .arg(agent),
            remedy);
    if (m_className.isEmpty())
        return {};
    QStringList paths;
    for (const PythonResult& result : m_results)
        paths.append(result.outputClass);
    paths.removeDuplicates();
    if (paths.size() > 1)
        throw ConfigurationError(QStringLiteral("The class of the output of %1 may be %2.")
                                     .arg(agent, paths.join(QStringLiteral(" or "))),
            remedy);
    return paths.front();
}

std::vector<PickleValue> PythonSiblings::answers() const
{
    std::vector<PickleValue> answers;
    for (const PythonResult& result : m_results)
        answers.push_back(result.output);
    return answers;
}

} // namespace llmcache
