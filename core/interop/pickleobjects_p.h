#pragma once

#include "interop/pickleatoms_p.h"

#include <unordered_map>
#include <unordered_set>

namespace llmcache {

/// How objects get onto the stack, what is done to them there, and the memo.
class PickleObjects : public PickleAtoms {
public:
    using PickleAtoms::PickleAtoms;

    /// Notes what happens to the memo within a range, and whether it matters behind it.
    void watchMemo(quint32 from, quint32 to)
    {
        m_memoFrom = from;
        m_memoTo = to;
    }
    quint32 memoizedWithin() const { return m_memoizedWithin; }
    bool isNeededLater() const { return m_isNeededLater; }

protected:
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
            m_memoizedWithin += m_data[m_begin] == pickle::Memoize ? 1U : 0U;
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

    std::vector<quint32> m_memo;
    quint32 m_memoCount = 0;

private:
    std::unordered_map<quint32, quint32> m_farMemo;
    quint32 m_memoFrom = noNode;
    quint32 m_memoTo = noNode;
    std::unordered_set<quint32> m_putWithin;
    quint32 m_memoizedWithin = 0;
    bool m_isNeededLater = false;
};

} // namespace llmcache
