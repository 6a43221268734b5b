#pragma once

#include "interop/picklestack_p.h"
#include "interop/pickletext_p.h"

#include <array>

namespace llmcache {

/// How plain values get onto the stack.
class PickleAtoms : public PickleStack {
public:
    PickleAtoms(PickleTree& tree, const PickleLimits& limits)
        : PickleStack(tree, limits)
    {
        m_smallAtoms.fill(noNode);
    }

protected:
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

private:
    std::array<quint32, 3 + 256> m_smallAtoms;
};

} // namespace llmcache
