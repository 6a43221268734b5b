#pragma once

#include <QByteArray>
#include <QString>

#include <memory>
#include <optional>
#include <vector>

namespace llmcache {

struct PickleTree;
class PickleValue;

/// What a value in a pickle is, as far as the pickle itself says. Everything that only a class of Python
/// could say (a datetime, a model) is an Object here; pythonviews.h decodes those.
enum class PickleKind : quint8 {
    None,
    Bool,
    Int, ///< of any size
    Float,
    Str,
    Bytes, ///< also the byte strings of Python 2 that are not ASCII
    ByteArray,
    Tuple,
    List,
    Dict,
    Set,
    FrozenSet,
    Global, ///< a class or function, by name; never looked up
    Object, ///< what a call of `callable` with `arguments` would make; nothing is called
    Persistent, ///< something outside of the pickle, named by item(0)
    Extension, ///< a class by its number in Python's copyreg registry
};

/// "str", "list", …: the name of the built-in type; "object" for an Object.
QString pickleKindName(PickleKind kind);

/// How an Object is made.
enum class PickleCall : quint8 {
    Reduce, ///< callable(*arguments)
    New, ///< callable.__new__(callable, *arguments)
    NewWithKeywords, ///< callable.__new__(callable, *arguments, **keywords)
    Instance, ///< callable(*arguments), the old way
};

/// A pickle that was read: bytes and the tree that they describe. Immutable, cheap to copy, and may be used
/// on several threads at once. readPickle() makes one.
class PickleDocument {
public:
    PickleDocument() = default;
    explicit PickleDocument(std::shared_ptr<const PickleTree> tree);

    bool isNull() const { return !m_tree; }
    /// The values refer to this document, which has to outlive them.
    PickleValue root() const;
    const QByteArray& source() const;
    /// 0 to 5; 0 also stands for 1, which does not announce itself.
    int protocol() const;
    /// Bytes behind the end of the pickle, which Python ignores.
    qsizetype trailingBytes() const;
    /// Objects that the pickle makes and throws away: to make them Python would call something all the same.
    std::vector<PickleValue> discarded() const;
    /// Every class and function that loading it would import, "module.name", sorted, without duplicates.
    QStringList imports() const;

private:
    std::shared_ptr<const PickleTree> m_tree;
};

/// A value at its place in a document: a handle that is copied freely and lives as long as the document.
///
/// The same list may stand at several places, even inside of itself (id() tells): whoever walks down must
/// bound depth and amount. The tree is at most PickleLimits::maxDepth deep, not counting what is inside of
/// itself.
class PickleValue {
public:
    PickleValue() = default;
    PickleValue(const PickleTree* tree, quint32 node, quint32 begin)
        : m_tree(tree)
        , m_node(node)
        , m_begin(begin)
    {
    }

    bool isNull() const { return !m_tree; }
    PickleKind kind() const;
    bool is(PickleKind kind) const { return m_tree && this->kind() == kind; }
    /// One value without parts: None to ByteArray.
    bool isAtom() const { return m_tree && kind() <= PickleKind::ByteArray; }

    /// Of a Bool.
    bool toBool() const;
    /// Of an Int that fits.
    std::optional<qint64> toInt64() const;
    /// Of an Int: decimal; "0x…" beyond 4,300 digits, which Python does not print in decimal either.
    QString integerText() const;
    /// Of a Float.
    double toDouble() const;
    /// Of a Str: lone surrogates are kept.
    QString text() const;
    /// Of a Str: UTF-8, where lone surrogates are encoded like other characters ("surrogatepass").
    QByteArrayView utf8() const;
    /// Whether a Str has code points that UTF-8 can't express.
    bool hasSurrogates() const;
    /// Of Bytes and ByteArray.
    QByteArrayView bytes() const;

    /// Items of a Tuple, List, Set, FrozenSet; of an Object, what is appended to it; 1 for a Persistent.
    qsizetype size() const;
    PickleValue item(qsizetype index) const;
    /// Entries of a Dict; of an Object, what is set in it by key.
    qsizetype entryCount() const;
    PickleValue key(qsizetype index) const;
    PickleValue value(qsizetype index) const;
    /// The value of the last entry with this text as its key; null without one.
    PickleValue find(QByteArrayView key) const;

    /// Of a Global: module and qualified name, with the names of Python 3 for what Python 2 called otherwise.
    QByteArrayView module() const;
    QByteArrayView qualifiedName() const;
    /// "module.name" of a Global; of an Object, of the class it is made from, or the function. Otherwise the
    /// name of the built-in type.
    QString classPath() const;
    /// Whether an Object is of this class.
    bool isOfClass(QByteArrayView module, QByteArrayView name) const;

    /// Of an Object. `arguments` is a tuple in whatever Python wrote; of an object made in the way of
    /// protocol 0 and 1 (copyreg) these are the function and its arguments, and classOf() is the class.
    PickleCall call() const;
    PickleValue callable() const;
    PickleValue arguments() const;
    PickleValue keywords() const; ///< a dict, or null
    /// The class that an Object is of: `callable`, or the class that is given to a function of copyreg.
    PickleValue classOf() const;
    /// What is given to __setstate__ or to __dict__; null without. Of several the last.
    PickleValue state() const;
    qsizetype stateCount() const;
    PickleValue state(qsizetype index) const;
    /// Items that are added as to a set (`add`).
    qsizetype addedCount() const;
    PickleValue added(qsizetype index) const;

    /// Of an Extension.
    qint64 extensionCode() const;

    /// The same for every place where one and the same object stands; small numbers, None, True and False
    /// share one.
    quint32 id() const { return m_node; }
    /// Whether it stands, or may stand, at other places too.
    bool isShared() const;
    /// Whether this place only refers to an object that was made at an earlier one.
    bool isReference() const;
    /// Where the bytes of this place begin in the source.
    quint32 begin() const { return m_begin; }
    const PickleTree* tree() const { return m_tree; }

private:
    const PickleTree* m_tree = nullptr;
    quint32 m_node = 0;
    quint32 m_begin = 0;
};

} // namespace llmcache
