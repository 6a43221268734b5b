#pragma once

#include "store/entryfilter.h"
#include "store/entryimage.h"

namespace llmcache {

/// The texts of an entry that people look for: instructions, prompts, histories and answers, the parts of
/// messages one by one, white space collapsed. JSON answers are compact text.
QStringList searchedTexts(const Json& request, const Json& response);

/// A filter on entries as a store keeps them, which also looks into whole prompts and answers. It reads no
/// more of an entry than it takes to decide: most are ruled out by their bytes. An immutable value; may be
/// used on several threads.
class ImageFilter {
public:
    /// `nowMs` is what ages and TTLs are counted from.
    ImageFilter(EntryFilter filter, qint64 nowMs);
    /// Throws CacheError for an entry that is damaged.
    bool matches(const EntryImage& image) const { return matches(image, metaFromImage(image)); }
    /// The same with metaFromImage() of it.
    bool matches(const EntryImage& image, const EntryMeta& meta) const;

private:
    EntryFilter m_filter;
    qint64 m_nowMs;
};

} // namespace llmcache
