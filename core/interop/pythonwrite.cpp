#include "interop/pythonwrite.h"

#include "base/error.h"
#include "interop/pythonwriter_p.h"

#include <algorithm>

namespace llmcache {

namespace {

void writeUsage(PickleBuilder& builder, const Usage& usage)
{
    const auto count = [&builder](QByteArrayView name, qint64 number) {
        builder.utf8(name);
        builder.integer(number);
    };
    builder.emptyDict();
    builder.mark();
    count("input_tokens", usage.inputTokens);
    count("cache_write_tokens", usage.cacheWriteTokens);
    count("cache_read_tokens", usage.cacheReadTokens);
    count("output_tokens", usage.outputTokens);
    count("input_audio_tokens", usage.inputAudioTokens);
    count("cache_audio_read_tokens", usage.cacheReadAudioTokens);
    count("output_audio_tokens", usage.outputAudioTokens);
    builder.utf8("details");
    builder.emptyDict();
    if (usage.reasoningTokens > 0) {
        builder.mark();
        count("reasoning_tokens", usage.reasoningTokens);
        builder.setFromMark();
    }
    count("requests", std::max<qint64>(usage.requests, 1));
    count("tool_calls", 0);
    builder.setFromMark();
}

} // namespace

PythonWriter::PythonWriter(PickleBuilder& builder, const PythonOutputType& type)
    : m_builder(builder)
    , m_type(type)
{
    const qsizetype dot = type.classPath.lastIndexOf(QLatin1Char('.'));
    m_module = type.classPath.left(std::max<qsizetype>(dot, 0)).toUtf8();
    m_rootClass = type.classPath.mid(dot + 1).toUtf8();
}

void PythonWriter::writeRoot(const Json& output)
{
    const Json* schema = m_type.schema.is_object() ? &m_type.schema : nullptr;
    Examples examples;
    for (const PickleValue& example : m_type.examples) {
        if (m_type.classPath.isEmpty() || example.classPath() == m_type.classPath)
            examples.push_back(example);
    }
    if (!m_type.classPath.isEmpty() && (m_module.isEmpty() || m_rootClass.isEmpty()))
        fail(QStringLiteral("\"%1\" is no class").arg(m_type.classPath),
            QStringLiteral("Write its module and its name, such as app.models.UserProfile."));
    if (m_type.classPath.isEmpty() || !examples.empty()) {
        write(output, m_type.classPath.isEmpty() ? nullptr : schema, examples);
        return;
    }
    if (const Json* root = schema ? resolved(schema).schema : nullptr)
        schema = root;
    writeModel(output, m_rootClass, schema, {});
}

void PythonWriter::fail(const QString& reason, const QString& remedy) const
{
    QString place;
    for (const QString& part : m_way)
        place += QLatin1Char('/') + part;
    throw ConfigurationError(
        QStringLiteral("The answer can't be written for Python at \"%1\": %2.").arg(place, reason), remedy);
}

void PythonWriter::write(const Json& value, const Json* schema, const Examples& examples)
{
    if (m_way.size() > storableDepth)
        fail(QStringLiteral("it is nested too deeply"));
    if (value.is_null()) {
        m_builder.none();
        return;
    }
    const Resolved type = resolved(schema);
    const auto example = std::find_if(examples.begin(), examples.end(),
        [&value](const PickleValue& candidate) { return mayBe(value, candidate); });
    if (example != examples.end()) {
        writeLike(value, bestFor(value, *example, examples), type.schema, examples);
        return;
    }
    if (!type.schema) {
        writePlain(value);
        return;
    }
    for (const char* keyword : {"anyOf", "oneOf"}) {
        const Json* branches = findMember(*type.schema, keyword);
        if (!branches || !branches->is_array())
            continue;
        if (isDecimal(*branches)) {
            writeDecimal(value);
            return;
        }
        for (const Json& branch : *branches) {
            const Resolved option = resolved(&branch);
            if (option.schema && fits(*option.schema, value)) {
                write(value, &branch, {});
                return;
            }
        }
    }
    if (const Json* all = findMember(*type.schema, "allOf"); all && all->is_array() && all->size() == 1) {
        write(value, &all->front(), {});
        return;
    }
    if (type.name.isEmpty())
        writeTyped(value, *type.schema);
    else
        writeClass(value, type);
}

QByteArray writePythonResult(const PythonResultParts& parts)
{
    PickleBuilder builder;
    builder.global("pyai_caching.agent", "CachedResult");
    builder.tuple(0);
    builder.newObject();
    builder.emptyDict();
    builder.mark();
    builder.utf8("output");
    PythonWriter(builder, parts.type).writeRoot(parts.output);
    builder.utf8("_usage");
    writeUsage(builder, parts.usage);
    builder.utf8("model");
    builder.text(parts.model);
    builder.utf8("cost");
    builder.real(parts.cost.toDouble());
    builder.setFromMark();
    builder.build();
    return builder.finish();
}

} // namespace llmcache
