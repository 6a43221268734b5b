#pragma once

#include "store/store.h"

namespace llmcache {

/// What a store can do that Python programs with pyai-caching use as well. Its entries have their keys as
/// ids, which all calls of Store take. Beside a Store: see pythonStoreOf(). Errors as there.
class PythonStore {
public:
    virtual ~PythonStore();

    /// The entry under the first of several ids that has one, in one round trip: what a request may be stored
    /// under, its fingerprint first. An entry that can't be read does not hide those behind it.
    virtual QCoro::Task<std::optional<Entry>> lookupFirst(QStringList ids, EntryParts parts) = 0;
    /// Writes a pickle under keys of pyai-caching, whatever is there.
    virtual QCoro::Task<> putForPython(
        QStringList keys, QByteArray pickle, std::optional<std::chrono::seconds> ttl) = 0;

    /// Whether answers that are paid for are also to be stored for Python programs: a switch of the
    /// connection, off at first.
    bool isWrittenForPython() const { return m_isWritten; }
    void setWrittenForPython(bool writes) { m_isWritten = writes; }

private:
    bool m_isWritten = false;
};

/// The same store, or null when no Python program uses one of its kind.
PythonStore* pythonStoreOf(Store* store);

} // namespace llmcache
