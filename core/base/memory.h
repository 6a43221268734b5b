#pragma once

namespace llmcache {

/// Called once, before there are threads: from then on large pieces of memory that are freed go back to the
/// system at once. The C library would keep more and more of them, in an arena for each thread, since it
/// takes the largest piece that was ever freed as a measure of what to keep, and trimMemory() can't reach
/// the end of a thread's arena.
void keepLittleFreeMemory();

/// Gives back what lies free between the pieces in use. Takes some milliseconds for each 100 MB.
void trimMemory();

} // namespace llmcache
