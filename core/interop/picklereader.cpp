#include "interop/picklereader.h"

#include "interop/pickleopcodes_p.h"
#include "interop/pickletext_p.h"
#include "interop/pickletree_p.h"

#include <QtEndian>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <unordered_map>
#include <unordered_set>

namespace llmcache {

namespace {

using namespace pickle;

constexpr quint32 noNode = ~quint32(0);

QString describe(const QString& reason, qint64 offset, const QString& opcode)
{
    QString where = QStringLiteral("byte %1").arg(offset);
    if (!opcode.isEmpty())
        where += QStringLiteral(" (%1)").arg(opcode);
    return QStringLiteral("The pickle can't be read at %1: %2.").arg(where, reason);
}

struct StackMark {
    quint32 height;
    quint32 begin;
};

class Reader {
public:
    Reader(PickleTree& tree, const PickleLimits& limits)
        : m_tree(tree)
        , m_limits(limits)
        , m_data(reinterpret_cast<const uchar*>(tree.source.constData()))
        , m_size(tree.source.size())
    {
        m_smallAtoms.fill(noNode);
    }

    /// Notes where a value of this place is complete.
    void watch(PickleEdge place) { m_watched = place; }
    quint32 watchedEnd() const { return m_watchedEnd; }
    /// Notes what happens to the memo within a range, and whether it matters behind it.
    void watchMemo(quint32 from, quint32 to)
    {
        m_memoFrom = from;
        m_memoTo = to;
    }
    quint32 memoizedWithin() const { return m_memoizedWithin; }
    bool isNeededLater() const { return m_isNeededLater; }

    void read()
    {
        const auto guess = static_cast<std::size_t>(std::min<qint64>(m_size / 12 + 8, 4096));
        m_tree.nodes.reserve(guess);
        m_tree.edges.reserve(guess);
        m_stack.reserve(32);
        m_memo.reserve(std::min<std::size_t>(guess, 64));
        while (readOne()) { }
        m_tree.end = static_cast<quint32>(m_at);
        checkDepth();
        dropReachable();
    }

private:
    [[noreturn]] void fail(PickleFailure failure, const QString& reason) const
    {
        QString name;
        if (m_begin < m_size)
            name = QLatin1String(opcodeName(m_data[m_begin]));
        throw PickleError(failure, reason, m_begin, name);
    }
    [[noreturn]] void malformed(const char* reason) const
    {
        fail(PickleFailure::Malformed, QLatin1String(reason));
    }

    void charge(std::size_t bytes)
    {
        m_memory += static_cast<qint64>(bytes);
        if (m_memory > m_limits.maxMemory)
            fail(PickleFailure::TooLarge, QStringLiteral("it holds more than fits into the allowed memory"));
    }

    // Bytes

    /// Moves over `count` bytes and returns where they begin.
    quint32 take(quint64 count)
    {
        const qint64 end = m_frameEnd > 0 ? m_frameEnd : m_size;
        if (count > static_cast<quint64>(end - m_at)) {
            if (m_frameEnd > 0 && count <= static_cast<quint64>(m_size - m_at))
                malformed("it reaches beyond the end of its frame");
            fail(PickleFailure::Truncated, QStringLiteral("the end is missing"));
        }
        const auto begin = static_cast<quint32>(m_at);
        m_at += static_cast<qint64>(count);
        return begin;
    }
    template <typename Number>
    Number takeNumber()
    {
        return qFromLittleEndian<Number>(m_data + take(sizeof(Number)));
    }
    PickleSpan takeSpan(quint64 count)
    {
        const quint32 begin = take(count);
        return {begin, static_cast<quint32>(count)};
    }
    PickleSpan takeLine()
    {
        const qint64 end = m_frameEnd > 0 ? m_frameEnd : m_size;
        const auto* from = m_data + m_at;
        const auto* newline = std::find(from, m_data + end, uchar('\n'));
        if (newline == m_data + end)
            fail(PickleFailure::Truncated, QStringLiteral("its line has no end"));
        const PickleSpan span = takeSpan(static_cast<quint64>(newline - from));
        take(1);
        return span;
    }
    QByteArrayView lineView(PickleSpan span) const { return m_tree.view(span, false); }
    quint32 takeIndexLine()
    {
        const QByteArrayView line = lineView(takeLine());
        quint32 index = 0;
        const auto result = std::from_chars(line.begin(), line.end(), index);
        if (result.ec != std::errc() || result.ptr != line.end())
            malformed("its place in the memo is no number");
        return index;
    }

    // Nodes and the stack

    quint32 addNode(PickleKind kind, quint32 begin)
    {
        charge(sizeof(PickleNode));
        PickleNode& node = m_tree.nodes.emplace_back();
        node.kind = kind;
        node.begin = begin;
        return static_cast<quint32>(m_tree.nodes.size() - 1);
    }
    quint32 here() const { return static_cast<quint32>(m_begin); }
    void push(quint32 node, quint32 begin)
    {
        if (m_stack.size() == m_highest) {
            ++m_highest;
            charge(sizeof(PickleEdge));
        }
        if (m_watchedAt + 1 == m_stack.size())
            m_watchedEnd = begin;
        m_stack.push_back({node, begin});
        if (node == m_watched.node && begin == m_watched.begin)
            m_watchedAt = m_stack.size() - 1;
    }
    /// To be called before the stack shrinks. What follows a value that is taken together with others was
    /// noted when it was pushed.
    void beforeShrinking(std::size_t toSize)
    {
        if (m_watchedAt == nowhere || m_watchedAt < toSize)
            return;
        if (m_watchedAt + 1 == m_sizeAtOpcode)
            m_watchedEnd = here();
        m_watchedAt = nowhere;
        m_watched = {noNode, 0};
    }
    void shrink(std::size_t toSize)
    {
        beforeShrinking(toSize);
        m_stack.resize(toSize);
    }
    std::size_t reachable() const { return m_stack.size() - (m_marks.empty() ? 0 : m_marks.back().height); }
    void need(std::size_t count) const
    {
        if (reachable() < count)
            malformed("the stack holds too little for it");
    }
    PickleEdge pop()
    {
        need(1);
        const PickleEdge edge = m_stack.back();
        shrink(m_stack.size() - 1);
        return edge;
    }
    StackMark takeMark()
    {
        if (m_marks.empty())
            malformed("there is no mark for it");
        const StackMark mark = m_marks.back();
        m_marks.pop_back();
        return mark;
    }
    std::size_t above(StackMark mark) const { return m_stack.size() - mark.height; }

    quint32 addItems(std::size_t from)
    {
        charge(sizeof(PickleItems));
        PickleItems& items = m_tree.items.emplace_back();
        items.first = static_cast<quint32>(m_tree.edges.size());
        items.count = items.capacity = static_cast<quint32>(m_stack.size() - from);
        charge(items.count * sizeof(PickleEdge));
        m_tree.edges.insert(
            m_tree.edges.end(), m_stack.begin() + static_cast<std::ptrdiff_t>(from), m_stack.end());
        shrink(from);
        return static_cast<quint32>(m_tree.items.size() - 1);
    }
    /// Moves what is on the stack from `from` on behind the items that are there already.
    void appendItems(quint32& index, std::size_t from)
    {
        if (index == PickleObject::none) {
            index = addItems(from);
            return;
        }
        PickleItems& items = m_tree.items[index];
        const auto count = static_cast<quint32>(m_stack.size() - from);
        auto& edges = m_tree.edges;
        const quint32 wanted = items.count + count;
        if (items.first + items.capacity == edges.size()) {
            // They are the last ones there: room for more follows.
            if (wanted > items.capacity) {
                charge((wanted - items.capacity) * sizeof(PickleEdge));
                edges.resize(items.first + wanted);
                items.capacity = wanted;
            }
        } else if (wanted > items.capacity) {
            const quint32 capacity = wanted + wanted / 2;
            charge(capacity * sizeof(PickleEdge));
            const auto first = static_cast<quint32>(edges.size());
            edges.resize(edges.size() + capacity);
            std::copy_n(edges.begin() + items.first, items.count, edges.begin() + first);
            items.first = first;
            items.capacity = capacity;
        }
        std::copy(m_stack.begin() + static_cast<std::ptrdiff_t>(from), m_stack.end(),
            edges.begin() + items.first + items.count);
        items.count = wanted;
        shrink(from);
    }
    void pushItems(PickleKind kind, std::size_t from, quint32 begin)
    {
        const quint32 items = addItems(from);
        const quint32 node = addNode(kind, begin);
        m_tree.nodes[node].index = items;
        push(node, begin);
    }
    void pushMarked(PickleKind kind)
    {
        const StackMark mark = takeMark();
        if (kind == PickleKind::Dict && above(mark) % 2 != 0)
            malformed("a key has no value");
        pushItems(kind, mark.height, mark.begin);
    }
    void pushTuple(std::size_t count)
    {
        need(count);
        const std::size_t from = m_stack.size() - count;
        pushItems(PickleKind::Tuple, from, m_stack[from].begin);
    }

    // Atoms

    /// None, False, True and small numbers are one node each, however often they occur.
    void pushSmall(std::size_t place, PickleKind kind, qint64 number)
    {
        quint32& node = m_smallAtoms[place];
        if (node == noNode) {
            node = addNode(kind, here());
            m_tree.nodes[node].integer = number;
        }
        push(node, here());
    }
    void pushNone() { pushSmall(0, PickleKind::None, 0); }
    void pushBool(bool value) { pushSmall(value ? 1 : 2, PickleKind::Bool, value ? 1 : 0); }
    void pushInt(qint64 number)
    {
        if (number >= 0 && number < 256) {
            pushSmall(static_cast<std::size_t>(number) + 3, PickleKind::Int, number);
            return;
        }
        const quint32 node = addNode(PickleKind::Int, here());
        m_tree.nodes[node].integer = number;
        push(node, here());
    }
    void pushFloat(double number)
    {
        const quint32 node = addNode(PickleKind::Float, here());
        m_tree.nodes[node].real = number;
        push(node, here());
    }
    void pushSpan(PickleKind kind, PickleSpan span, int flags = 0)
    {
        const quint32 node = addNode(kind, here());
        m_tree.nodes[node].span = span;
        m_tree.nodes[node].flags = static_cast<quint8>(flags);
        push(node, here());
    }
    void pushStr(PickleSpan span, int flags = 0)
    {
        switch (checkPythonUtf8(m_tree.view(span, (flags & PickleNode::Decoded) != 0))) {
        case PythonUtf8::Valid:
            break;
        case PythonUtf8::Surrogates:
            flags |= PickleNode::Surrogates;
            break;
        case PythonUtf8::Invalid:
            malformed("its text is no UTF-8");
        }
        pushSpan(PickleKind::Str, span, flags);
    }
    PickleSpan keepDecoded(const QByteArray& text)
    {
        charge(static_cast<std::size_t>(text.size()));
        const PickleSpan span{static_cast<quint32>(m_tree.decoded.size()), static_cast<quint32>(text.size())};
        m_tree.decoded += text;
        return span;
    }
    /// Byte strings of Python 2, which Python 3 takes for text where it is ASCII.
    void pushOldString(PickleSpan span, int flags = 0)
    {
        const QByteArrayView view = m_tree.view(span, (flags & PickleNode::Decoded) != 0);
        const bool isAscii =
            std::none_of(view.begin(), view.end(), [](char c) { return static_cast<uchar>(c) >= 0x80; });
        pushSpan(isAscii ? PickleKind::Str : PickleKind::Bytes, span, flags);
    }
    void pushTwosComplement(quint64 size)
    {
        const PickleSpan span = takeSpan(size);
        if (span.size > 8) {
            pushSpan(PickleKind::Int, span, PickleNode::TwosComplement);
            return;
        }
        quint64 number = 0;
        for (quint32 index = 0; index < span.size; ++index)
            number |= quint64(m_data[span.offset + index]) << (8 * index);
        if (span.size > 0 && span.size < 8 && (m_data[span.offset + span.size - 1] & 0x80) != 0)
            number |= ~quint64(0) << (8 * span.size);
        pushInt(static_cast<qint64>(number));
    }
    void pushDecimal(PickleSpan span)
    {
        QByteArrayView line = lineView(span);
        if (line.startsWith('-') || line.startsWith('+')) {
            if (line.startsWith('+'))
                span = {span.offset + 1, span.size - 1};
            line = line.sliced(1);
        }
        if (line.isEmpty()
            || !std::all_of(line.begin(), line.end(), [](char c) { return c >= '0' && c <= '9'; }))
            malformed("it is no whole number");
        qint64 number = 0;
        const QByteArrayView text = lineView(span);
        if (std::from_chars(text.begin(), text.end(), number).ec == std::errc())
            pushInt(number);
        else
            pushSpan(PickleKind::Int, span, PickleNode::DecimalText);
    }
    void readTextFloat()
    {
        const QByteArrayView line = lineView(takeLine());
        double number = 0;
        const auto result = std::from_chars(line.begin(), line.end(), number);
        // Out of range is what Python reads as infinity or zero.
        const bool isNumber = result.ec == std::errc() || result.ec == std::errc::result_out_of_range;
        if (!isNumber || result.ptr != line.end())
            malformed("it is no number");
        pushFloat(number);
    }
    void readTextInt()
    {
        const PickleSpan span = takeLine();
        const QByteArrayView line = lineView(span);
        if (line == "00" || line == "01")
            pushBool(line == "01");
        else
            pushDecimal(span);
    }
    void readTextLong()
    {
        PickleSpan span = takeLine();
        if (lineView(span).endsWith('L'))
            --span.size;
        pushDecimal(span);
    }
    void readTextUnicode()
    {
        const PickleSpan span = takeLine();
        const QByteArrayView line = lineView(span);
        if (std::all_of(
                line.begin(), line.end(), [](char c) { return static_cast<uchar>(c) < 0x80 && c != '\\'; })) {
            pushStr(span);
            return;
        }
        const std::optional<QByteArray> text = decodeRawUnicodeEscape(line);
        if (!text)
            malformed("its text has a broken escape");
        pushStr(keepDecoded(*text), PickleNode::Decoded);
    }
    void readTextString()
    {
        PickleSpan span = takeLine();
        const QByteArrayView line = lineView(span);
        if (line.size() < 2 || line.front() != line.back() || (line.front() != '\'' && line.front() != '"'))
            malformed("its text is not in quotes");
        span = {span.offset + 1, span.size - 2};
        if (!lineView(span).contains('\\')) {
            pushOldString(span);
            return;
        }
        const std::optional<QByteArray> text = decodeStringEscape(lineView(span));
        if (!text)
            malformed("its text has a broken escape");
        pushOldString(keepDecoded(*text), PickleNode::Decoded);
    }

    // Classes and objects

    void pushGlobal(const PickleGlobal& global, quint32 begin)
    {
        charge(sizeof(PickleGlobal));
        m_tree.globals.push_back(global);
        const quint32 node = addNode(PickleKind::Global, begin);
        m_tree.nodes[node].index = static_cast<quint32>(m_tree.globals.size() - 1);
        push(node, begin);
    }
    PickleGlobal takeGlobalLines()
    {
        const PickleSpan module = takeLine();
        const PickleSpan name = takeLine();
        if (checkPythonUtf8(lineView(module)) != PythonUtf8::Valid
            || checkPythonUtf8(lineView(name)) != PythonUtf8::Valid)
            malformed("its name is no UTF-8");
        return {module, name, false, false};
    }
    void readStackGlobal()
    {
        need(2);
        const PickleEdge name = pop();
        const PickleEdge module = pop();
        const PickleNode& nameNode = m_tree.nodes[name.node];
        const PickleNode& moduleNode = m_tree.nodes[module.node];
        if (nameNode.kind != PickleKind::Str || moduleNode.kind != PickleKind::Str)
            malformed("module and name are no text");
        pushGlobal({moduleNode.span, nameNode.span, (moduleNode.flags & PickleNode::Decoded) != 0,
                       (nameNode.flags & PickleNode::Decoded) != 0},
            module.begin);
    }
    void pushObject(
        PickleCall call, PickleEdge callable, PickleEdge arguments, quint32 begin, PickleEdge keywords)
    {
        switch (m_tree.nodes[callable.node].kind) {
        case PickleKind::Global:
        case PickleKind::Object:
        case PickleKind::Persistent:
        case PickleKind::Extension:
            break;
        default:
            malformed("it calls what is no function");
        }
        if (m_tree.nodes[arguments.node].kind != PickleKind::Tuple)
            malformed("its arguments are no tuple");
        charge(sizeof(PickleObject));
        PickleObject& object = m_tree.objects.emplace_back();
        object.callable = callable;
        object.arguments = arguments;
        object.keywords = keywords;
        object.call = call;
        const quint32 node = addNode(PickleKind::Object, begin);
        m_tree.nodes[node].index = static_cast<quint32>(m_tree.objects.size() - 1);
        push(node, begin);
    }
    void readReduce(PickleCall call)
    {
        need(2);
        const PickleEdge arguments = pop();
        const PickleEdge callable = pop();
        pushObject(call, callable, arguments, callable.begin, {noNode, 0});
    }
    void readNewWithKeywords()
    {
        need(3);
        const PickleEdge keywords = pop();
        const PickleEdge arguments = pop();
        const PickleEdge callable = pop();
        if (m_tree.nodes[keywords.node].kind != PickleKind::Dict)
            malformed("its keywords are no dict");
        pushObject(PickleCall::NewWithKeywords, callable, arguments, callable.begin, keywords);
    }
    /// INST: the class by name. OBJ: the class is the first thing behind the mark.
    void readInstance(bool isNamed)
    {
        PickleGlobal global{};
        if (isNamed)
            global = takeGlobalLines();
        const StackMark mark = takeMark();
        std::size_t from = mark.height;
        if (!isNamed) {
            if (above(mark) == 0)
                malformed("the stack holds no class for it");
            ++from;
        }
        const quint32 begin = mark.begin;
        pushItems(PickleKind::Tuple, from, from < m_stack.size() ? m_stack[from].begin : here());
        const PickleEdge arguments = pop();
        if (isNamed)
            pushGlobal(global, here());
        const PickleEdge callable = pop();
        pushObject(PickleCall::Instance, callable, arguments, begin, {noNode, 0});
    }

    // What is done to the value under it

    PickleNode& target(std::size_t from)
    {
        if (from == 0 || (!m_marks.empty() && from - 1 < m_marks.back().height))
            malformed("the stack holds too little for it");
        return m_tree.nodes[m_stack[from - 1].node];
    }
    PickleObject& objectOf(const PickleNode& node) { return m_tree.objects[node.index]; }
    void readAppend(std::size_t from)
    {
        PickleNode& node = target(from);
        if (node.kind == PickleKind::List)
            appendItems(node.index, from);
        else if (node.kind == PickleKind::Object)
            appendItems(objectOf(node).items, from);
        else
            malformed("it appends to what is no list");
    }
    void readSetItems(std::size_t from)
    {
        PickleNode& node = target(from);
        if ((m_stack.size() - from) % 2 != 0)
            malformed("a key has no value");
        if (node.kind == PickleKind::Dict)
            appendItems(node.index, from);
        else if (node.kind == PickleKind::Object)
            appendItems(objectOf(node).entries, from);
        else
            malformed("it sets entries of what is no dict");
    }
    void readAddItems(std::size_t from)
    {
        PickleNode& node = target(from);
        if (node.kind == PickleKind::Set)
            appendItems(node.index, from);
        else if (node.kind == PickleKind::Object)
            appendItems(objectOf(node).added, from);
        else
            malformed("it adds to what is no set");
    }
    void readBuild()
    {
        need(2);
        PickleNode& node = target(m_stack.size() - 1);
        if (node.kind != PickleKind::Object)
            malformed("it gives attributes to what is no object");
        appendItems(objectOf(node).states, m_stack.size() - 1);
    }
    void discard(PickleEdge edge)
    {
        if (m_tree.nodes[edge.node].kind > PickleKind::ByteArray) {
            charge(sizeof(quint32));
            m_tree.discarded.push_back(edge.node);
        }
    }
    void readPop()
    {
        if (!m_marks.empty() && m_marks.back().height == m_stack.size()) {
            m_marks.pop_back();
            return;
        }
        discard(pop());
    }
    void readPopMark()
    {
        const StackMark mark = takeMark();
        for (std::size_t place = mark.height; place < m_stack.size(); ++place)
            discard(m_stack[place]);
        shrink(mark.height);
    }
    void readStop()
    {
        m_tree.root = pop();
        for (const PickleEdge& edge : m_stack)
            discard(edge);
    }

    // The memo

    void put(quint32 index)
    {
        need(1);
        if (here() >= m_memoFrom && here() < m_memoTo) {
            m_putWithin.insert(index);
            m_memoizedWithin += m_data[m_begin] == Memoize ? 1U : 0U;
        } else if (here() >= m_memoTo) {
            m_putWithin.erase(index);
        }
        const quint32 node = m_stack.back().node;
        // Whoever asks for a far place gets no array that reaches there.
        if (index < m_memo.size() + 1024) {
            if (index >= m_memo.size()) {
                charge((index + 1 - m_memo.size()) * sizeof(quint32));
                m_memo.resize(index + 1, noNode);
            }
            m_memoCount += m_memo[index] == noNode && !m_farMemo.contains(index) ? 1U : 0U;
            m_memo[index] = node;
        } else {
            charge(64);
            const bool isNew = m_farMemo.insert_or_assign(index, node).second;
            m_memoCount += isNew ? 1U : 0U;
        }
    }
    void get(quint32 index)
    {
        quint32 node = index < m_memo.size() ? m_memo[index] : noNode;
        if (node == noNode && !m_farMemo.empty()) {
            const auto far = m_farMemo.find(index);
            node = far == m_farMemo.end() ? noNode : far->second;
        }
        if (node == noNode)
            malformed("the memo has nothing there");
        m_isNeededLater = m_isNeededLater || (here() >= m_memoTo && m_putWithin.contains(index));
        m_tree.nodes[node].flags |= PickleNode::Fetched;
        push(node, here());
    }

    // Opcodes

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
        if (m_watchedAt + 1 == m_stack.size())
            m_watchedEnd = here();
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
    void checkDepth() const;
    void dropReachable();

    PickleTree& m_tree;
    const PickleLimits& m_limits;
    const uchar* m_data;
    qint64 m_size;
    qint64 m_at = 0;
    qint64 m_begin = 0; ///< of the opcode that is being read
    qint64 m_frameEnd = 0; ///< 0 outside of frames
    qint64 m_memory = 0;
    std::vector<PickleEdge> m_stack;
    std::size_t m_highest = 0;
    std::vector<StackMark> m_marks;
    std::size_t m_mostMarks = 0;
    std::vector<quint32> m_memo;
    std::unordered_map<quint32, quint32> m_farMemo;
    quint32 m_memoCount = 0;
    std::array<quint32, 3 + 256> m_smallAtoms;
    static constexpr std::size_t nowhere = ~std::size_t(0) - 1; // so that the place above it is none either
    PickleEdge m_watched{noNode, 0};
    std::size_t m_watchedAt = nowhere;
    std::size_t m_sizeAtOpcode = 0;
    quint32 m_watchedEnd = 0;
    quint32 m_memoFrom = noNode;
    quint32 m_memoTo = noNode;
    std::unordered_set<quint32> m_putWithin;
    quint32 m_memoizedWithin = 0;
    bool m_isNeededLater = false;
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

/// No way down from the root may be longer than the limit; ways that lead back to themselves end there.
void Reader::checkDepth() const
{
    const auto most = static_cast<std::size_t>(m_limits.maxDepth);
    // Each level needs an object with parts.
    if (m_tree.items.size() + 2 * m_tree.objects.size() < most)
        return;
    struct Step {
        quint32 node;
        quint32 next;
        quint32 tallest;
    };
    constexpr quint32 entered = ~quint32(0);
    std::vector<quint32> heights(m_tree.nodes.size(), 0);
    std::vector<Step> way{{m_tree.root.node, 0, 0}};
    heights[m_tree.root.node] = entered;
    while (!way.empty()) {
        Step& step = way.back();
        if (step.next == m_tree.childCount(step.node)) {
            const quint32 height = step.tallest + 1;
            heights[step.node] = height;
            way.pop_back();
            if (!way.empty())
                way.back().tallest = std::max(way.back().tallest, height);
            continue;
        }
        const quint32 child = m_tree.child(step.node, step.next++).node;
        quint32 height = heights[child];
        if (height == entered)
            continue;
        if (height > 0)
            step.tallest = std::max(step.tallest, height);
        else
            height = 1;
        if (way.size() + height > most)
            throw PickleError(PickleFailure::TooLarge,
                QStringLiteral("it is nested more than %1 levels deep").arg(most), m_tree.nodes[child].begin);
        if (heights[child] == 0) {
            heights[child] = entered;
            way.push_back({child, 0, 0});
        }
    }
}

/// Python makes tuples that hold themselves by throwing one away; what the result holds is not lost.
void Reader::dropReachable()
{
    if (m_tree.discarded.empty())
        return;
    std::vector<bool> reached(m_tree.nodes.size(), false);
    const auto reach = [this, &reached](quint32 from) {
        std::vector<quint32> open{from};
        reached[from] = true;
        while (!open.empty()) {
            const quint32 node = open.back();
            open.pop_back();
            for (quint32 index = 0; index < m_tree.childCount(node); ++index) {
                const quint32 child = m_tree.child(node, index).node;
                if (!reached[child]) {
                    reached[child] = true;
                    open.push_back(child);
                }
            }
        }
    };
    reach(m_tree.root.node);
    std::vector<quint32> kept;
    for (const quint32 node : m_tree.discarded) {
        if (reached[node])
            continue;
        kept.push_back(node);
        reach(node);
    }
    m_tree.discarded = std::move(kept);
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
