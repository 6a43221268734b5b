#pragma once

#include "store/store.h"

namespace llmcache::test {

/// 2026-11-23 12:00 UTC.
inline constexpr qint64 sampleNowMs = 1'795'435'200'000;

/// A row as a team's store holds it, made from its number: six agents with their models, tasks and ways of
/// asking, flags and prices of all kinds, and texts that differ from row to row.
EntryMeta sampleMeta(quint32 number, qint64 nowMs = sampleNowMs);
/// The same with a request and a response.
Entry sampleEntry(quint32 number, qint64 nowMs);

} // namespace llmcache::test
