#include "store/listing.h"

namespace llmcache {

void endListing(Store* store, const QByteArray& cursor)
{
    auto* const keeper = cursor.isEmpty() ? nullptr : dynamic_cast<ListingKeeper*>(store);
    if (keeper)
        keeper->endListing(cursor);
}

ListingPosition::ListingPosition(Store* store, QByteArray from)
    : cursor(std::move(from))
    , m_store(store)
{
}

ListingPosition::~ListingPosition()
{
    endListing(m_store, cursor);
}

} // namespace llmcache
