#pragma once

#include "interop/pickleviews.h"
#include "interop/picklewriter.h"
#include "interop/pythonwrite.h"

#include <functional>

namespace llmcache {

/// Writes an answer as the objects that Python has for it: like an example where there is one, else as the
/// schema says, else as what JSON itself has.
class PythonWriter {
public:
    /// Both must outlive it.
    PythonWriter(PickleBuilder& builder, const PythonOutputType& type);

    void writeRoot(const Json& output);

private:
    /// Answers like one that is to be written, at the same place of other entries.
    using Examples = std::vector<PickleValue>;
    struct Resolved {
        const Json* schema = nullptr;
        QByteArray name; ///< of the definition, which is that of the class
    };

    [[noreturn]] void fail(const QString& reason, const QString& remedy = {}) const;
    Resolved resolved(const Json* schema) const;
    static QByteArray bytesOf(const Json& text)
    {
        return QByteArray::fromStdString(text.get_ref<const std::string&>());
    }
    static bool allows(const Json& schema, const Json& value);
    /// Whether all that a branch requires is there, and of what is told apart by a constant, that one.
    static bool fits(const Json& schema, const Json& value);
    static bool isDecimal(const Json& branches);
    void write(const Json& value, const Json* schema, const Examples& examples);
    /// Whether JSON of such a value may have come from such an object.
    static bool mayBe(const Json& json, const PickleValue& example);
    /// Among objects, one that has fields for all that is there.
    static PickleValue bestFor(const Json& value, const PickleValue& first, const Examples& examples);

    // As the schema has it
    void writeClass(const Json& value, const Resolved& type);
    void writeTyped(const Json& value, const Json& schema);
    void writeFormatted(const Json& value, const QString& format, const Json& schema);
    void writeCall(QByteArrayView module, QByteArrayView name, const Json& value);
    void writeUrl(const Json& value, bool isHttp);
    void writeArray(const Json& value, const Json& schema);

    // Parts
    void writeItem(const Json& array, std::size_t index, const Json* schema, const Examples& examples);
    void writeItems(const Json& array, PickleKind kind, const Json* schema, const Examples& examples);
    void writeDict(
        const Json& object, const Json* values, const Json* keys, const std::vector<PythonEntry>& examples);
    void writeEntries(
        const Json& object, const Json* values, const Json* keys, const std::vector<PythonEntry>& examples);
    /// Keys are text in JSON, and may be numbers or dates in Python.
    void writeKey(const std::string& key, const Json* schema, const Examples& examples);
    /// A model by its class in the module of the answer's class, and its schema.
    void writeModel(const Json& value, const QByteArray& name, const Json* schema, const Examples& privates);
    void writeRootValue(const Json& value, const Json* schema);
    void writeProperty(const Json& object, const std::string& name, const Json& schema, const Json& owner,
        QList<QByteArray>& given);
    void writeField(const std::string& name, const Json& value, const Json* schema, const Examples& examples,
        QList<QByteArray>& given);
    void writeRootState(const std::function<void()>& writeRoot);
    void writeNames(const QList<QByteArray>& names);
    /// Behind the fields: extra, fields set, private; and BUILD.
    void writeModelRest(const Json& value, QList<QByteArray> given, bool takesMore,
        const std::vector<PythonEntry>& extraExamples, const PickleValue& privates);

    // As another answer has it
    void writeLike(
        const Json& value, const PickleValue& example, const Json* schema, const Examples& examples);
    static QString textOf(const Json& value);
    void writeClassOf(const PickleValue& example);
    /// An OrderedDict, defaultdict and so on, still empty.
    void writePartOf(const PickleValue& example);
    /// The examples of all that have such a field and are of the class.
    static Examples fieldsOf(const Examples& examples, const PickleValue& like, QByteArrayView name);
    void writeFieldsLike(const Json& value, const PickleValue& example, const Json* schema,
        const Examples& examples, QList<QByteArray>& given);
    void writeModelLike(
        const Json& value, const PickleValue& example, const Json* schema, const Examples& examples);
    void writeAttributesLike(const Json& value, const PickleValue& example, const Examples& examples);
    void writeRecordLike(const Json& value, const PickleValue& example);
    void writeListLike(const Json& value, const PickleValue& example, PickleKind kind, const Json* schema);

    // Single values
    void writeMoment(const QString& text, QByteArrayView name, bool isPydantic);
    void writeDuration(const QString& text);
    void writeUuid(const QString& text);
    void writeDecimal(const Json& value);
    /// What JSON itself has.
    void writePlain(const Json& value);

    PickleBuilder& m_builder;
    const PythonOutputType& m_type;
    QByteArray m_module;
    QByteArray m_rootClass;
    QStringList m_way; ///< where in the answer, for errors
};

} // namespace llmcache
