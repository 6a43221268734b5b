#include "interop/picklewriter.h"

#include "interop/pickleopcodes_p.h"
#include "interop/pickletree_p.h"

#include <QtEndian>

#include <algorithm>

namespace llmcache {

using namespace pickle;

namespace {

void writeAtom(PickleBuilder& builder, const PickleValue& value)
{
    switch (value.kind()) {
    case PickleKind::Bool:
        builder.boolean(value.toBool());
        break;
    case PickleKind::Int:
        builder.integer(value);
        break;
    case PickleKind::Float:
        builder.real(value.toDouble());
        break;
    case PickleKind::Str:
        builder.utf8(value.utf8());
        break;
    case PickleKind::Bytes:
        builder.bytes(value.bytes());
        break;
    case PickleKind::ByteArray:
        builder.byteArray(value.bytes());
        break;
    default:
        builder.none();
    }
}

/// Writes what is made of values. `value` is called for each value within.
template <typename Value>
class Parts {
public:
    Parts(PickleBuilder& builder, Value value)
        : m_builder(builder)
        , m_value(std::move(value))
    {
    }

    /// What can be named, or is made empty and filled afterwards; `begun` is called while it is empty. False
    /// for anything else.
    template <typename Begun>
    bool simple(const PickleValue& value, Begun begun)
    {
        switch (value.kind()) {
        case PickleKind::List:
            m_builder.emptyList();
            begun();
            list(value);
            return true;
        case PickleKind::Dict:
            m_builder.emptyDict();
            begun();
            dict(value);
            return true;
        case PickleKind::Set:
            m_builder.emptySet();
            begun();
            set(value);
            return true;
        case PickleKind::Global:
            m_builder.global(value.module(), value.qualifiedName());
            return true;
        case PickleKind::Extension:
            m_builder.extension(value.extensionCode());
            return true;
        default:
            return false;
        }
    }
    void persistent(const PickleValue& value)
    {
        m_value(value.item(0));
        m_builder.persistent();
    }
    void items(const PickleValue& from)
    {
        for (qsizetype index = 0; index < from.size(); ++index)
            m_value(from.item(index));
    }
    void entries(const PickleValue& from)
    {
        for (qsizetype index = 0; index < from.entryCount(); ++index) {
            m_value(from.key(index));
            m_value(from.value(index));
        }
    }
    /// Up to the call that makes an object.
    void constructor(const PickleValue& object)
    {
        m_value(object.callable());
        m_value(object.arguments());
        switch (object.call()) {
        case PickleCall::Reduce:
        case PickleCall::Instance:
            m_builder.reduce();
            break;
        case PickleCall::New:
            m_builder.newObject();
            break;
        case PickleCall::NewWithKeywords:
            m_value(object.keywords());
            m_builder.newObjectWithKeywords();
            break;
        }
    }
    /// What is done to it afterwards.
    void contents(const PickleValue& object)
    {
        list(object);
        dict(object);
        if (object.addedCount() > 0) {
            m_builder.mark();
            for (qsizetype index = 0; index < object.addedCount(); ++index)
                m_value(object.added(index));
            m_builder.addFromMark();
        }
        for (qsizetype index = 0; index < object.stateCount(); ++index) {
            m_value(object.state(index));
            m_builder.build();
        }
    }
    void list(const PickleValue& value)
    {
        if (value.size() == 0)
            return;
        m_builder.mark();
        items(value);
        m_builder.appendFromMark();
    }
    void dict(const PickleValue& value)
    {
        if (value.entryCount() == 0)
            return;
        m_builder.mark();
        entries(value);
        m_builder.setFromMark();
    }
    void set(const PickleValue& value)
    {
        if (value.size() == 0)
            return;
        m_builder.mark();
        items(value);
        m_builder.addFromMark();
    }

private:
    PickleBuilder& m_builder;
    Value m_value;
};

/// Writes a whole tree; values that stand at several places once, like Python's pickler.
class TreeWriter {
public:
    explicit TreeWriter(PickleBuilder& builder)
        : m_builder(builder)
        , m_parts(builder, [this](const PickleValue& value) { write(value); })
    {
    }

    void write(const PickleValue& value)
    {
        if (const auto known = m_places.constFind(value.id()); known != m_places.cend()) {
            m_builder.recall(*known);
            return;
        }
        if (!value.isAtom()) {
            writeCompound(value);
            return;
        }
        writeAtom(m_builder, value);
        const bool isLong = value.kind() >= PickleKind::Str;
        if (isLong && value.isShared())
            remember(value);
    }

private:
    void remember(const PickleValue& value) { m_places.insert(value.id(), m_builder.remember()); }
    /// What can only be made after its parts may have been made within them, when they hold it: then
    /// `dropParts` takes these away again, for it.
    template <typename DropParts>
    bool recallInstead(const PickleValue& value, DropParts dropParts)
    {
        const auto known = m_places.constFind(value.id());
        if (known == m_places.cend())
            return false;
        dropParts();
        m_builder.recall(*known);
        return true;
    }

    void writeCompound(const PickleValue& value)
    {
        if (m_parts.simple(value, [&] { remember(value); }))
            return;
        switch (value.kind()) {
        case PickleKind::Tuple:
            writeTuple(value);
            break;
        case PickleKind::FrozenSet:
            m_builder.mark();
            m_parts.items(value);
            if (recallInstead(value, [&] { m_builder.popMark(); }))
                break;
            m_builder.frozenSetFromMark();
            remember(value);
            break;
        case PickleKind::Persistent:
            m_parts.persistent(value);
            if (recallInstead(value, [&] { m_builder.pop(); }))
                break;
            remember(value);
            break;
        default:
            m_parts.constructor(value);
            if (recallInstead(value, [&] { m_builder.pop(); }))
                break;
            remember(value);
            m_parts.contents(value);
        }
    }

    void writeTuple(const PickleValue& value)
    {
        const bool isShort = value.size() <= 3;
        if (!isShort)
            m_builder.mark();
        m_parts.items(value);
        const bool isKnown = recallInstead(value, [&] {
            if (isShort) {
                for (qsizetype index = 0; index < value.size(); ++index)
                    m_builder.pop();
            } else {
                m_builder.popMark();
            }
        });
        if (isKnown)
            return;
        if (isShort)
            m_builder.tuple(static_cast<int>(value.size()));
        else
            m_builder.tupleFromMark();
        if (value.size() > 0)
            remember(value);
    }

    PickleBuilder& m_builder;
    QHash<quint32, quint32> m_places;
    Parts<std::function<void(const PickleValue&)>> m_parts;
};

/// Writes each value where it stands.
class PartWriter {
public:
    PartWriter(PickleBuilder& builder, PickleValue except, std::function<void(PickleBuilder&)> writeInstead)
        : m_builder(builder)
        , m_except(except)
        , m_writeInstead(std::move(writeInstead))
        , m_parts(builder, [this](const PickleValue& value) { write(value); })
    {
    }

    void write(const PickleValue& value)
    {
        constexpr int mostValues = 10'000;
        constexpr int deepest = 100;
        if (++m_count > mostValues || m_depth == deepest)
            throw CacheError(QStringLiteral("The value is too large to be copied."));
        const bool isExcept =
            !m_except.isNull() && value.id() == m_except.id() && value.begin() == m_except.begin();
        ++m_depth;
        if (isExcept)
            m_writeInstead(m_builder);
        else if (value.isAtom())
            writeAtom(m_builder, value);
        else
            writeCompound(value);
        --m_depth;
    }

private:
    void writeCompound(const PickleValue& value)
    {
        if (m_parts.simple(value, [] {}))
            return;
        switch (value.kind()) {
        case PickleKind::Tuple:
            m_builder.mark();
            m_parts.items(value);
            m_builder.tupleFromMark();
            break;
        case PickleKind::FrozenSet:
            m_builder.mark();
            m_parts.items(value);
            m_builder.frozenSetFromMark();
            break;
        case PickleKind::Persistent:
            m_parts.persistent(value);
            break;
        default:
            m_parts.constructor(value);
            m_parts.contents(value);
        }
    }

    PickleBuilder& m_builder;
    PickleValue m_except;
    std::function<void(PickleBuilder&)> m_writeInstead;
    int m_count = 0;
    int m_depth = 0;
    Parts<std::function<void(const PickleValue&)>> m_parts;
};

constexpr qsizetype frameHeader = 9;

/// How many bytes the opcode of a single value takes, or one that takes a value from the memo; 0 for others.
qsizetype spanOf(QByteArrayView source, qsizetype at)
{
    const auto* data = reinterpret_cast<const uchar*>(source.data()) + at + 1;
    const auto line = [source](qsizetype from) { return source.indexOf('\n', from) + 1 - from; };
    switch (static_cast<quint8>(source[at])) {
    case None:
    case NewTrue:
    case NewFalse:
    case Dup:
        return 1;
    case BinInt1:
    case BinGet:
        return 2;
    case BinInt2:
        return 3;
    case BinInt:
    case LongBinGet:
        return 5;
    case BinFloat:
        return 9;
    case Float:
    case Int:
    case Long:
    case Unicode:
    case String:
    case Get:
        return line(at);
    case ShortBinUnicode:
    case ShortBinBytes:
    case ShortBinString:
    case Long1:
        return 2 + *data;
    case BinUnicode:
    case BinBytes:
    case BinString:
    case Long4:
        return 5 + static_cast<qsizetype>(qFromLittleEndian<quint32>(data));
    case BinUnicode8:
    case BinBytes8:
    case ByteArray8:
        return 9 + static_cast<qsizetype>(qFromLittleEndian<quint64>(data));
    default:
        return 0;
    }
}

/// The source with other bytes at a range, and the frame around it as long as it has become.
QByteArray splice(const PickleTree& tree, qsizetype from, qsizetype size, const QByteArray& with)
{
    QByteArray bytes = tree.source;
    for (const PickleFrame& frame : tree.frames) {
        const qsizetype begin = frame.begin + frameHeader;
        const qsizetype end = begin + frame.size;
        if (from >= begin && from < end)
            qToLittleEndian<quint64>(
                static_cast<quint64>(frame.size + with.size() - size), bytes.data() + frame.begin + 1);
    }
    return bytes.replace(from, size, with);
}

} // namespace

QByteArray writePickle(const PickleValue& root)
{
    PickleBuilder builder(root.tree()->protocol == 5 ? 5 : 4);
    TreeWriter(builder).write(root);
    return builder.finish();
}

void writePart(PickleBuilder& builder, const PickleValue& value)
{
    PartWriter(builder, {}, {}).write(value);
}

void writePart(PickleBuilder& builder, const PickleValue& value, const PickleValue& except,
    const std::function<void(PickleBuilder&)>& write)
{
    PartWriter(builder, except, write).write(value);
}

PickleDocument replaceValue(const PickleDocument& document, const PickleValue& place,
    const std::function<void(PickleBuilder&)>& write)
{
    const PickleTree& tree = *place.tree();
    PickleBuilder builder(std::max(tree.protocol, 1), PickleBuilder::Form::Part);
    const bool isReference = place.isReference();
    if (isReference || (place.isAtom() && !place.isShared())) {
        write(builder);
        const qsizetype from = place.begin();
        return readPickle(splice(tree, from, spanOf(document.source(), from), builder.finish()));
    }
    const auto from = static_cast<qsizetype>(place.begin());
    const PickleExtent extent = pickleExtent(document.source(), {place.id(), place.begin()});
    const auto end = static_cast<qsizetype>(extent.end);
    const bool isCut =
        std::any_of(tree.frames.begin(), tree.frames.end(), [from, end](const PickleFrame& frame) {
            const qsizetype frameEnd = qsizetype(frame.begin) + frameHeader + frame.size;
            return (frame.begin >= from && frame.begin < end) || (frameEnd > from && frameEnd < end);
        });
    const bool canCount = extent.memoized == 0 || tree.protocol >= 4;
    if (!extent.isNeeded && !isCut && canCount) {
        write(builder);
        // So that the memo counts as before.
        for (quint32 count = 0; count < extent.memoized; ++count)
            builder.remember();
        return readPickle(splice(tree, from, end - from, builder.finish()));
    }
    // What its opcodes put into the memo is taken from there later: it is made as before, and replaced when
    // it is complete.
    builder.pop();
    write(builder);
    return readPickle(splice(tree, end, 0, builder.finish()));
}

} // namespace llmcache
