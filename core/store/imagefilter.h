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
    /// Whether the answer of an entry does not fit what its agent asks for now. May be called on several
    /// threads.
    using Check = std::function<bool(const EntryImage&)>;
    /// `nowMs` is what ages and TTLs are counted from. Without `isInvalid` no entry is `is:invalid`, nor not.
    ImageFilter(EntryFilter filter, qint64 nowMs, Check isInvalid = {});
    /// Throws CacheError for an entry that is damaged.
    bool matches(const EntryImage& image) const { return matches(image, metaFromImage(image)); }
    /// The same with metaFromImage() of it.
    bool matches(const EntryImage& image, const EntryMeta& meta) const;

private:
    EntryFilter m_filter;
    qint64 m_nowMs;
    Check m_isInvalid;
};

} // namespace llmcache
