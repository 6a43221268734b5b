#pragma once

#include "base/json.h"

#include <vector>

namespace llmcache {

/// One place in which two JSON values differ.
struct JsonDifference {
    enum class Kind {
        Added, ///< `right` alone is there
        Removed, ///< `left` alone is there
        Changed,
    };
    Kind kind = Kind::Changed;
    /// As people write it: "messages[2].content", "settings[\"top p\"]"; empty = the whole value. The number
    /// of an item is the one on the right, and of a removed item the one on the left.
    QString path;
    Json left;
    Json right;
};

/// The places in which two values differ, in the order of the left one, additions after what they follow.
/// Objects are compared by key whatever their order, arrays item by item with insertions and removals found;
/// `1` and `1.0` are the same. Nothing = equal. Pure and made for a worker thread.
std::vector<JsonDifference> diffJson(const Json& left, const Json& right);

} // namespace llmcache
