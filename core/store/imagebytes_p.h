#pragma once

#include "store/entryimage.h"

namespace llmcache {

/// Appends toBytes() of an image.
void appendBytes(QByteArray& bytes, const EntryImage& image);

} // namespace llmcache
