#include "interop/picklenames_p.h"

#include <algorithm>
#include <array>

namespace llmcache {

namespace {

struct Renamed {
    PickleName old;
    PickleName modern;
};

constexpr std::array renamedThings{
    Renamed{{"__builtin__", "unicode"}, {"builtins", "str"}},
    Renamed{{"__builtin__", "basestring"}, {"builtins", "str"}},
    Renamed{{"__builtin__", "long"}, {"builtins", "int"}},
    Renamed{{"__builtin__", "xrange"}, {"builtins", "range"}},
    Renamed{{"__builtin__", "unichr"}, {"builtins", "chr"}},
    Renamed{{"__builtin__", "reduce"}, {"functools", "reduce"}},
    Renamed{{"__builtin__", "intern"}, {"sys", "intern"}},
    Renamed{{"exceptions", "StandardError"}, {"builtins", "Exception"}},
    Renamed{{"itertools", "izip"}, {"builtins", "zip"}},
    Renamed{{"itertools", "imap"}, {"builtins", "map"}},
    Renamed{{"itertools", "ifilter"}, {"builtins", "filter"}},
    Renamed{{"itertools", "ifilterfalse"}, {"itertools", "filterfalse"}},
    Renamed{{"itertools", "izip_longest"}, {"itertools", "zip_longest"}},
    Renamed{{"UserDict", "IterableUserDict"}, {"collections", "UserDict"}},
    Renamed{{"_socket", "fromfd"}, {"socket", "fromfd"}},
    Renamed{{"urllib", "quote"}, {"urllib.parse", "quote"}},
    Renamed{{"urllib", "unquote"}, {"urllib.parse", "unquote"}},
    Renamed{{"urllib", "urlencode"}, {"urllib.parse", "urlencode"}},
    Renamed{{"urllib", "urlopen"}, {"urllib.request", "urlopen"}},
};

struct RenamedModule {
    QByteArrayView old;
    QByteArrayView modern;
};

constexpr std::array renamedModules{
    RenamedModule{"__builtin__", "builtins"},
    RenamedModule{"copy_reg", "copyreg"},
    RenamedModule{"exceptions", "builtins"},
    RenamedModule{"cPickle", "pickle"},
    RenamedModule{"Queue", "queue"},
    RenamedModule{"ConfigParser", "configparser"},
    RenamedModule{"repr", "reprlib"},
    RenamedModule{"thread", "_thread"},
    RenamedModule{"httplib", "http.client"},
    RenamedModule{"Cookie", "http.cookies"},
    RenamedModule{"cookielib", "http.cookiejar"},
    RenamedModule{"commands", "subprocess"},
    RenamedModule{"urlparse", "urllib.parse"},
    RenamedModule{"urllib2", "urllib.request"},
    RenamedModule{"_abcoll", "collections.abc"},
    RenamedModule{"UserDict", "collections"},
    RenamedModule{"UserList", "collections"},
    RenamedModule{"UserString", "collections"},
    RenamedModule{"StringIO", "io"},
    RenamedModule{"cStringIO", "io"},
};

} // namespace

PickleName modernName(PickleName old)
{
    const auto thing =
        std::find_if(renamedThings.begin(), renamedThings.end(), [&old](const Renamed& renamed) {
            return renamed.old.name == old.name && renamed.old.module == old.module;
        });
    if (thing != renamedThings.end())
        return thing->modern;
    const auto module = std::find_if(renamedModules.begin(), renamedModules.end(),
        [&old](const RenamedModule& renamed) { return renamed.old == old.module; });
    return module == renamedModules.end() ? old : PickleName{module->modern, old.name};
}

} // namespace llmcache
