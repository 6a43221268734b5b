#pragma once

#include "store/store.h"

#include <functional>

namespace llmcache {

/// The request that an entry of pyai-caching answers, which is not in its pickle.
struct PythonOrigin {
    QString agent;
    QString task;
    Json request; ///< canonical, see toJson(Request)
};

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

    /// Keeps what entries of pyai-caching are answers to, for the lists and details of everybody in the
    /// workspace: as long as they live, and 15 days where that has no end.
    virtual QCoro::Task<> rememberOrigin(
        QStringList keys, PythonOrigin origin, std::optional<std::chrono::seconds> ttl) = 0;
    /// Shows pickles of pyai-caching, in no order, until `wanted` returns false or enough were seen: those
    /// over 256 KB are left out, and of a store of more than some 200,000 keys there is a part. `wanted` must
    /// not throw.
    virtual QCoro::Task<> visitPickles(std::function<bool(const QByteArray& pickle)> wanted) = 0;

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
