#pragma once

#include "interop/picklevalue.h"

#include <vector>

namespace llmcache {

/// Bytes in the source, or in what was decoded from it.
struct PickleSpan {
    quint32 offset;
    quint32 size;
};

/// 16 bytes, since a pickle may be nothing but small values.
struct PickleNode {
    enum Flag : quint8 {
        Fetched = 1, ///< taken from the memo, or duplicated
        Decoded = 2, ///< the span is in PickleTree::decoded
        DecimalText = 4, ///< an Int whose span is its decimal text
        TwosComplement = 8, ///< an Int whose span is little-endian two's complement
        Surrogates = 16, ///< a Str that is no valid UTF-8
    };
    PickleKind kind = PickleKind::None;
    quint8 flags = 0;
    /// Where its making begins: a place that begins there made it, others refer to it.
    quint32 begin = 0;
    union {
        qint64 integer = 0; ///< Bool, Int, Extension
        double real;
        PickleSpan span; ///< Str, Bytes, ByteArray, some Int
        quint32 index; ///< into items, objects or globals
    };
};

/// A place: which node, and where the bytes that put it there begin.
struct PickleEdge {
    quint32 node;
    quint32 begin;
};

/// A range of PickleTree::edges. Dicts have key and value in turn.
struct PickleItems {
    quint32 first = 0;
    quint32 count = 0;
    quint32 capacity = 0;
};

struct PickleObject {
    static constexpr quint32 none = ~quint32(0);
    PickleEdge callable{none, 0};
    PickleEdge arguments{none, 0};
    PickleEdge keywords{none, 0};
    PickleCall call = PickleCall::Reduce;
    // Into PickleTree::items.
    quint32 items = none;
    quint32 entries = none;
    quint32 added = none;
    quint32 states = none;
};

struct PickleGlobal {
    PickleSpan module;
    PickleSpan name;
    bool moduleDecoded;
    bool nameDecoded;
};

/// The frames of protocol 4 and 5: `begin` is where the opcode FRAME stands, 9 bytes before what is in it.
struct PickleFrame {
    quint32 begin;
    quint32 size;
};

/// Flat arrays: a large pickle costs few allocations, and 16 bytes a value.
struct PickleTree {
    QByteArray source;
    QByteArray decoded; ///< texts whose bytes in the source are escaped
    std::vector<PickleNode> nodes;
    std::vector<PickleEdge> edges;
    std::vector<PickleItems> items;
    std::vector<PickleObject> objects;
    std::vector<PickleGlobal> globals;
    std::vector<PickleFrame> frames;
    std::vector<quint32> discarded;
    PickleEdge root{0, 0};
    quint32 end = 0; ///< behind STOP
    int protocol = 0;

    QByteArrayView view(PickleSpan span, bool isDecoded) const
    {
        return QByteArrayView(isDecoded ? decoded : source).sliced(span.offset, span.size);
    }
    quint32 childCount(quint32 node) const;
    /// In the order in which they are made.
    PickleEdge child(quint32 node, quint32 index) const;
};

/// No way down from the root may be longer than the limit, or it throws a PickleError; ways that lead back to
/// themselves end there.
void checkDepth(const PickleTree& tree, int maxDepth);
/// Python makes tuples that hold themselves by throwing one away: what the result holds is not discarded.
void dropReachable(PickleTree& tree);

/// The opcodes that make a value.
struct PickleExtent {
    quint32 end = 0; ///< the begin of the opcode that uses the value, or of what follows it there
    quint32 memoized = 0; ///< how many objects are put into the memo at its next place
    bool isNeeded = false; ///< something made within is taken from the memo later
};

/// Of a value of a pickle that was read.
PickleExtent pickleExtent(const QByteArray& bytes, PickleEdge place);

} // namespace llmcache
