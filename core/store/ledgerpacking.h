#pragma once

namespace llmcache {

/// A store that keeps packs of calls (see store/callpack.h) beside its ledger, for reports (ask with
/// dynamic_cast).
class LedgerPacking {
public:
    virtual ~LedgerPacking() = default;
    /// From now on packs are read and not written.
    virtual void stopPacking() = 0;
};

} // namespace llmcache
