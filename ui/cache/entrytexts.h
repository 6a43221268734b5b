#pragma once

#include "cache/requestsections.h"
#include "store/entry.h"
#include "widgets/codeedit.h"

namespace llmcache::ui {

/// The texts of an entry as people read them. Pure and possibly slow: values may be large.
struct EntryTexts {
    QString answer;
    Syntax answerSyntax = Syntax::None;
    QString prompt;
    QString request;
    std::vector<RequestSection> requestSections;
    QString rawUsage; ///< as the provider reported it; empty when unknown
};
EntryTexts textsOf(const Entry& entry);
/// Everything that is stored of an entry, as JSON. Takes as long again.
QString storedText(const Entry& entry);

} // namespace llmcache::ui
