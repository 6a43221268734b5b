#pragma once

#include "store/store.h"

#include <QPointer>

namespace llmcache {

/// What a store implements that keeps something for whoever lists its entries, such as which of them it has
/// given out already: tens of megabytes for a million. Use endListing().
class ListingKeeper {
public:
    virtual ~ListingKeeper() = default;
    /// Nobody comes for the page after `cursor` any more. Not while that page is on its way.
    virtual void endListing(const QByteArray& cursor) = 0;
};

/// Gives back at once what the store keeps of a listing that nobody reads on (EntryPage::cursor; empty = it
/// has come to its end, nothing to do).
void endListing(Store* store, const QByteArray& cursor);

/// Where somebody is who lists entries page by page. A listing that does not come to its end, be it for an
/// error, ends with this object.
class ListingPosition {
public:
    explicit ListingPosition(Store* store, QByteArray from = {});
    ~ListingPosition();
    ListingPosition(const ListingPosition&) = delete;
    ListingPosition& operator=(const ListingPosition&) = delete;

    QByteArray cursor; ///< for the next call of Store::listEntries()

private:
    QPointer<Store> m_store; ///< a task that is given up may end after its store
};

} // namespace llmcache
