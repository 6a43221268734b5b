#include "base/memory.h"

#include <cstddef>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#ifdef __GNUC__
/// Of jemalloc, where the program is linked with it; see https://jemalloc.net/jemalloc.3.html.
extern "C" [[gnu::weak]] int mallctl(
    const char* name, void* oldValue, std::size_t* oldLength, void* newValue, std::size_t newLength);
#endif

namespace llmcache {

void keepLittleFreeMemory()
{
#ifdef __GLIBC__
    // Setting one of them keeps the library from changing both.
    constexpr int largePiece = 1024 * 1024;
    mallopt(M_MMAP_THRESHOLD, largePiece);
    mallopt(M_TRIM_THRESHOLD, 2 * largePiece);
#endif
}

void trimMemory()
{
#ifdef __GNUC__
    if (mallctl) {
        mallctl("arena.4096.purge", nullptr, nullptr, nullptr, 0); // 4096 stands for all arenas
        return;
    }
#endif
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

} // namespace llmcache
