#pragma once

#include "interop/pickleopcodes_p.h"
#include "interop/picklereader.h"
#include "interop/pickletree_p.h"

#include <QtEndian>

#include <algorithm>
#include <charconv>
#include <vector>

namespace llmcache {

/// The bytes of a pickle that is being read, and the stack of its machine. Inline, as a pickle may have many
/// millions of opcodes.
class PickleStack {
public:
    PickleStack(PickleTree& tree, const PickleLimits& limits)
        : m_tree(tree)
        , m_limits(limits)
        , m_data(reinterpret_cast<const uchar*>(tree.source.constData()))
        , m_size(tree.source.size())
    {
    }

    /// Notes where a value of this place is complete.
    void watch(PickleEdge place) { m_watched = place; }
    quint32 watchedEnd() const { return m_watchedEnd; }

protected:
    static constexpr quint32 noNode = ~quint32(0);
    struct StackMark {
        quint32 height;
        quint32 begin;
    };

    [[noreturn]] void fail(PickleFailure failure, const QString& reason) const
    {
        QString name;
        if (m_begin < m_size)
            name = QLatin1String(pickle::opcodeName(m_data[m_begin]));
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

    PickleTree& m_tree;
    const PickleLimits& m_limits;
    const uchar* m_data;
    qint64 m_size;
    qint64 m_at = 0;
    qint64 m_begin = 0; ///< of the opcode that is being read
    qint64 m_frameEnd = 0; ///< 0 outside of frames
    std::vector<PickleEdge> m_stack;
    std::vector<StackMark> m_marks;
    std::size_t m_mostMarks = 0;
    std::size_t m_sizeAtOpcode = 0;

    void noteEnd()
    {
        if (m_watchedAt + 1 == m_stack.size())
            m_watchedEnd = here();
    }

private:
    qint64 m_memory = 0;
    std::size_t m_highest = 0;
    static constexpr std::size_t nowhere = ~std::size_t(0) - 1; // so that the place above it is none either
    PickleEdge m_watched{noNode, 0};
    std::size_t m_watchedAt = nowhere;
    quint32 m_watchedEnd = 0;
};

} // namespace llmcache
