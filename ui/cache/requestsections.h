#pragma once

#include "store/entry.h"

namespace llmcache::ui {

/// A part of a request as people read it.
struct RequestSection {
    QString title;
    QString text;
    bool code = false; ///< JSON and the like
};

/// What an entry was asked with: model, system prompt, instructions, history, prompt, attachments, output
/// type, settings, tools. A request that can't be read is one section that says so. Pure, made for a worker
/// thread.
std::vector<RequestSection> requestSections(const Entry& entry);

} // namespace llmcache::ui
