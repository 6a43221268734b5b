#include "interop/picklereader.h"

#include "interop/pickleobjects_p.h"

#include <bit>
#include <limits>

namespace llmcache {

namespace {

using namespace pickle;

QString describe(const QString& reason, qint64 offset, const QString& opcode)
{
    QString where = QStringLiteral("byte %1").arg(offset);
    if (!opcode.isEmpty())
        where += QStringLiteral(" (%1)").arg(opcode);
    return QStringLiteral("The pickle can't be read at %1: %2.").arg(where, reason);
}

class Reader : public PickleObjects {
public:
    using PickleObjects::PickleObjects;

    void read()
    {
        const auto guess = static_cast<std::size_t>(std::min<qint64>(m_size / 12 + 8, 4096));
        m_tree.nodes.reserve(guess);
        m_tree.edges.reserve(guess);
        m_stack.reserve(32);
        m_memo.reserve(std::min<std::size_t>(guess, 64));
        constexpr qint64 sample = 256 * 1024;
        bool goesOn = true;
        while (goesOn && m_at < sample)
            goesOn = readOne();
        if (goesOn)
            makeRoom();
        while (goesOn)
            goesOn = readOne();
        m_tree.end = static_cast<quint32>(m_at);
        checkDepth(m_tree, m_limits.maxDepth);
        dropReachable(m_tree);
    }

private:
    /// As much as the rest of a large pickle takes if it is like its beginning: to grow the arrays costs more
    /// than to read. Room that is not used takes no memory, and there is no more of it than may be used.
    void makeRoom()
    {
        const double rest = 1.05 * static_cast<double>(m_size) / static_cast<double>(m_at);
        const auto most = static_cast<double>(m_limits.maxMemory);
        const auto reserve = [rest, most](auto& array) {
            using Item = typename std::decay_t<decltype(array)>::value_type;
            const double wanted = static_cast<double>(array.size()) * rest;
            array.reserve(static_cast<std::size_t>(std::min(wanted, most / 4 / sizeof(Item))));
        };
        reserve(m_tree.nodes);
        reserve(m_tree.edges);
        reserve(m_tree.items);
        reserve(m_tree.objects);
    }
    void readFrame()
    {
        if (m_frameEnd > 0)
            malformed("a frame begins inside of another");
        const auto size = takeNumber<quint64>();
        if (size > static_cast<quint64>(m_size - m_at))
            fail(PickleFailure::Truncated, QStringLiteral("the frame is longer than the pickle"));
        charge(sizeof(PickleFrame));
        m_tree.frames.push_back({here(), static_cast<quint32>(size)});
        if (size > 0)
            m_frameEnd = m_at + static_cast<qint64>(size);
    }
    void readProto()
    {
        const int protocol = m_data[take(1)];
        if (protocol > 5)
            fail(PickleFailure::Unsupported,
                QStringLiteral("it is of protocol %1, and 5 is the latest that is known").arg(protocol));
        m_tree.protocol = protocol;
    }
    void readMark()
    {
        if (m_marks.size() == m_mostMarks) {
            ++m_mostMarks;
            charge(sizeof(StackMark));
        }
        noteEnd();
        m_marks.push_back({static_cast<quint32>(m_stack.size()), here()});
    }
    void readPersistent(bool isText)
    {
        if (isText)
            pushStr(takeLine());
        need(1);
        pushItems(PickleKind::Persistent, m_stack.size() - 1, m_stack.back().begin);
    }
    void readExtension(qint64 code)
    {
        if (code <= 0)
            malformed("its number is not positive");
        const quint32 node = addNode(PickleKind::Extension, here());
        m_tree.nodes[node].integer = code;
        push(node, here());
    }
    quint64 takeSignedSize()
    {
        const auto size = takeNumber<qint32>();
        if (size < 0)
            malformed("its length is negative");
        return static_cast<quint64>(size);
    }

    bool readOne();
    bool readAtom(quint8 opcode);
    bool readStructure(quint8 opcode);
};

/// False after STOP.
bool Reader::readOne()
{
    m_begin = m_at;
    m_sizeAtOpcode = m_stack.size();
    if (m_at == m_frameEnd)
        m_frameEnd = 0;
    if (m_at == m_size)
        throw PickleError(PickleFailure::Truncated, QStringLiteral("the end is missing"), m_at);
    const quint8 opcode = m_data[take(1)];
    if (opcode == Stop) {
        readStop();
        return false;
    }
    if (!readAtom(opcode) && !readStructure(opcode))
        fail(PickleFailure::Malformed,
            QStringLiteral("0x%1 is no opcode").arg(opcode, 2, 16, QLatin1Char('0')));
    return true;
}

bool Reader::readAtom(quint8 opcode)
{
    switch (opcode) {
    case ShortBinUnicode:
        pushStr(takeSpan(takeNumber<quint8>()));
        return true;
    case BinUnicode:
        pushStr(takeSpan(takeNumber<quint32>()));
        return true;
    case BinUnicode8:
        pushStr(takeSpan(takeNumber<quint64>()));
        return true;
    case BinInt1:
        pushInt(takeNumber<quint8>());
        return true;
    case BinInt2:
        pushInt(takeNumber<quint16>());
        return true;
    case BinInt:
        pushInt(takeNumber<qint32>());
        return true;
    case Long1:
        pushTwosComplement(takeNumber<quint8>());
        return true;
    case Long4:
        pushTwosComplement(takeSignedSize());
        return true;
    case None:
        pushNone();
        return true;
    case NewTrue:
        pushBool(true);
        return true;
    case NewFalse:
        pushBool(false);
        return true;
    case BinFloat: {
        const auto bits = qFromBigEndian<quint64>(m_data + take(8));
        pushFloat(std::bit_cast<double>(bits));
        return true;
    }
    case ShortBinBytes:
        pushSpan(PickleKind::Bytes, takeSpan(takeNumber<quint8>()));
        return true;
    case BinBytes:
        pushSpan(PickleKind::Bytes, takeSpan(takeNumber<quint32>()));
        return true;
    case BinBytes8:
        pushSpan(PickleKind::Bytes, takeSpan(takeNumber<quint64>()));
        return true;
    case ByteArray8:
        pushSpan(PickleKind::ByteArray, takeSpan(takeNumber<quint64>()));
        return true;
    case ShortBinString:
        pushOldString(takeSpan(takeNumber<quint8>()));
        return true;
    case BinString:
        pushOldString(takeSpan(takeSignedSize()));
        return true;
    case Int:
        readTextInt();
        return true;
    case Long:
        readTextLong();
        return true;
    case Float:
        readTextFloat();
        return true;
    case Unicode:
        readTextUnicode();
        return true;
    case String:
        readTextString();
        return true;
    case NextBuffer:
    case ReadonlyBuffer:
        fail(PickleFailure::Unsupported,
            QStringLiteral("part of its data was stored elsewhere (an out-of-band buffer)"));
    default:
        return false;
    }
}

bool Reader::readStructure(quint8 opcode)
{
    switch (opcode) {
    case Memoize:
        put(m_memoCount);
        return true;
    case BinPut:
        put(takeNumber<quint8>());
        return true;
    case LongBinPut:
        put(takeNumber<quint32>());
        return true;
    case Put:
        put(takeIndexLine());
        return true;
    case BinGet:
        get(takeNumber<quint8>());
        return true;
    case LongBinGet:
        get(takeNumber<quint32>());
        return true;
    case Get:
        get(takeIndexLine());
        return true;
    case Dup:
        need(1);
        m_tree.nodes[m_stack.back().node].flags |= PickleNode::Fetched;
        push(m_stack.back().node, here());
        return true;
    case Opcode::Mark:
        readMark();
        return true;
    case Pop:
        readPop();
        return true;
    case PopMark:
        readPopMark();
        return true;
    case EmptyTuple:
        pushItems(PickleKind::Tuple, m_stack.size(), here());
        return true;
    case Tuple1:
        pushTuple(1);
        return true;
    case Tuple2:
        pushTuple(2);
        return true;
    case Tuple3:
        pushTuple(3);
        return true;
    case Tuple:
        pushMarked(PickleKind::Tuple);
        return true;
    case EmptyList:
        pushItems(PickleKind::List, m_stack.size(), here());
        return true;
    case List:
        pushMarked(PickleKind::List);
        return true;
    case EmptyDict:
        pushItems(PickleKind::Dict, m_stack.size(), here());
        return true;
    case Dict:
        pushMarked(PickleKind::Dict);
        return true;
    case EmptySet:
        pushItems(PickleKind::Set, m_stack.size(), here());
        return true;
    case Opcode::FrozenSet:
        pushMarked(PickleKind::FrozenSet);
        return true;
    case Append:
        need(1);
        readAppend(m_stack.size() - 1);
        return true;
    case Appends:
        readAppend(takeMark().height);
        return true;
    case SetItem:
        need(2);
        readSetItems(m_stack.size() - 2);
        return true;
    case SetItems:
        readSetItems(takeMark().height);
        return true;
    case AddItems:
        readAddItems(takeMark().height);
        return true;
    case Global: {
        const PickleGlobal global = takeGlobalLines();
        pushGlobal(global, here());
        return true;
    }
    case StackGlobal:
        readStackGlobal();
        return true;
    case Reduce:
        readReduce(PickleCall::Reduce);
        return true;
    case NewObj:
        readReduce(PickleCall::New);
        return true;
    case NewObjEx:
        readNewWithKeywords();
        return true;
    case Inst:
        readInstance(true);
        return true;
    case Obj:
        readInstance(false);
        return true;
    case Build:
        readBuild();
        return true;
    case PersId:
        readPersistent(true);
        return true;
    case BinPersId:
        readPersistent(false);
        return true;
    case Ext1:
        readExtension(takeNumber<quint8>());
        return true;
    case Ext2:
        readExtension(takeNumber<quint16>());
        return true;
    case Ext4:
        readExtension(takeNumber<qint32>());
        return true;
    case Proto:
        readProto();
        return true;
    case Frame:
        readFrame();
        return true;
    default:
        return false;
    }
}

} // namespace

PickleError::PickleError(PickleFailure failure, const QString& reason, qint64 offset, QString opcode)
    : CacheError(describe(reason, offset, opcode))
    , m_failure(failure)
    , m_offset(offset)
    , m_opcode(std::move(opcode))
{
}

PickleExtent pickleExtent(const QByteArray& bytes, PickleEdge place)
{
    const PickleLimits limits;
    PickleTree tree;
    tree.source = bytes;
    Reader first(tree, limits);
    first.watch(place);
    first.read();
    PickleTree again;
    again.source = bytes;
    Reader second(again, limits);
    second.watchMemo(place.begin, first.watchedEnd());
    second.read();
    return {first.watchedEnd(), second.memoizedWithin(), second.isNeededLater()};
}

PickleDocument readPickle(QByteArray bytes, const PickleLimits& limits)
{
    const qint64 most = std::min<qint64>(limits.maxBytes, std::numeric_limits<qint32>::max());
    if (bytes.size() > most)
        throw PickleError(PickleFailure::TooLarge, QStringLiteral("it is larger than %1 bytes").arg(most), 0);
    auto tree = std::make_shared<PickleTree>();
    tree->source = std::move(bytes);
    Reader(*tree, limits).read();
    return PickleDocument(std::move(tree));
}

} // namespace llmcache
