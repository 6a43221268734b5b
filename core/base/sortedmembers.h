#pragma once

#include "base/json.h"

#include <algorithm>
#include <vector>

namespace llmcache {

/// The members of an object by their keys in the order of code points, which is the byte order of UTF-8.
inline std::vector<Json::const_iterator> sortedMembers(const Json& object)
{
    std::vector<Json::const_iterator> members;
    members.reserve(object.size());
    for (auto member = object.cbegin(); member != object.cend(); ++member)
        members.push_back(member);
    std::sort(members.begin(), members.end(),
        [](const auto& left, const auto& right) { return left.key() < right.key(); });
    return members;
}

} // namespace llmcache
