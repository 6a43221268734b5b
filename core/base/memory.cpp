#include "base/memory.h"

#ifdef __GLIBC__
#include <malloc.h>
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
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

} // namespace llmcache
