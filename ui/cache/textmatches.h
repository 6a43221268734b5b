#pragma once

#include "cache/packedentries.h"
#include "store/entryfilter.h"

#include <QStringList>

#include <memory>

namespace llmcache::ui {

/// Which rows have been found by a search in whole texts, and which are still to be asked. A value of the
/// table's model; numbers are rows of PackedEntries.
class TextMatches {
public:
    /// Begins anew, for another filter.
    void restart() { *this = {}; }
    /// The next rows that the metadata do not rule out, at most `most`; they count as asked from now on.
    QStringList take(const PackedEntries& entries, const EntryFilter& filter, qint64 nowMs, int most);
    void setFound(quint32 row);
    /// The entry is another one now: it has to be asked again.
    void forget(quint32 row);
    /// Share of the rows that have been asked or ruled out, from 0 to 1.
    double progress(const PackedEntries& entries) const;
    /// Rows found so far, by number; rows beyond its end were not.
    std::shared_ptr<const std::vector<bool>> found() const
    {
        return std::make_shared<const std::vector<bool>>(m_found);
    }

private:
    std::vector<bool> m_asked;
    std::vector<bool> m_found;
    quint32 m_next = 0; ///< all rows before it have been asked or ruled out
};

} // namespace llmcache::ui
