#pragma once

#include "base/error.h"
#include "interop/picklevalue.h"

namespace llmcache {

/// What readPickle() takes at most. Beyond it a pickle is refused, which keeps a hostile one from filling
/// memory or the stack of whoever walks the tree.
struct PickleLimits {
    qint64 maxBytes = 1024LL * 1024 * 1024; ///< of the pickle
    qint64 maxMemory = 1024LL * 1024 * 1024; ///< of the tree and the memo, without the pickle's own bytes
    int maxDepth = 1000; ///< as deep as Python itself writes
};

enum class PickleFailure {
    Truncated, ///< ends too early
    Malformed, ///< no pickle, or a damaged one
    Unsupported, ///< a pickle that can't stand alone (out-of-band buffers), or of a later protocol
    TooLarge, ///< beyond PickleLimits
};

/// The pickle can't be read.
class PickleError : public CacheError {
public:
    PickleError(PickleFailure failure, const QString& reason, qint64 offset, QString opcode = {});
    PickleFailure failure() const noexcept { return m_failure; }
    /// Where the opcode begins that can't be read.
    qint64 offset() const noexcept { return m_offset; }
    /// As pickletools names it; empty where there is none.
    const QString& opcode() const noexcept { return m_opcode; }
    LLMCACHE_ERROR_KIND(PickleError, "pickle", 5)

private:
    PickleFailure m_failure;
    qint64 m_offset;
    QString m_opcode;
};

/// Reads a pickle of protocol 0 to 5 without importing or calling anything. Time and memory are linear in its
/// size. Throws PickleError.
PickleDocument readPickle(QByteArray bytes, const PickleLimits& limits = {});

} // namespace llmcache
