#include "processlist.h"

#include <cstring>
#include <string_view>

namespace llmcache::app {

namespace {

/// Stars over [from, to) of an argument: its length must stay, since the memory is the system's.
void mask(char* argument, std::size_t from, std::size_t to)
{
    std::memset(argument + from, '*', to - from);
}

void maskUserInfo(char* argument)
{
    const std::string_view text(argument);
    const auto scheme = text.find("://");
    if (scheme == std::string_view::npos)
        return;
    const auto authority = scheme + 3;
    // The last @ before the path: a password may hold one that nobody has encoded.
    const auto at = text.substr(0, text.find_first_of("/?#", authority)).rfind('@');
    if (at == std::string_view::npos || at < authority)
        return;
    const auto colon = text.find(':', authority);
    if (colon < at)
        mask(argument, colon + 1, at);
}

void maskQuery(char* argument)
{
    const std::string_view text(argument);
    for (auto at = text.find("password="); at != std::string_view::npos;
         at = text.find("password=", at + 1)) {
        const auto from = at + std::strlen("password=");
        const auto to = text.find_first_of("&#", from);
        mask(argument, from, to == std::string_view::npos ? text.size() : to);
    }
}

} // namespace

void maskPasswords(int argc, char** argv)
{
    for (int at = 1; at < argc; ++at) {
        const std::string_view text(argv[at]);
        if (text.find("redis") == std::string_view::npos || text.find("://") == std::string_view::npos)
            continue;
        maskUserInfo(argv[at]);
        maskQuery(argv[at]);
    }
}

} // namespace llmcache::app
