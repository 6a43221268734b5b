#pragma once

#include "base/json.h"

#include <QString>

#include <vector>

namespace llmcache {

/// One field in which two requests differ.
struct RequestDifference {
    QString field; ///< "model", "system prompt", "temperature", "history turn 2", "output schema
                   ///< properties.age.type", …
    QString verdict; ///< for people: "temperature 0.2 → 0.3", "system prompt changed: 3 lines"
    QString before; ///< whole text or JSON; empty = not there
    QString after;
    friend bool operator==(const RequestDifference&, const RequestDifference&) = default;
};

/// The fields in which two canonical requests (toJson(Request)) differ, the telling ones first; empty when
/// they ask the same. Takes any JSON: what has another shape differs as a whole.
std::vector<RequestDifference> compareRequests(const Json& before, const Json& after);

/// How far two canonical requests are apart: 0 for equal ones, more for each field that differs, and for a
/// text by the part of it that does.
double requestDistance(const Json& left, const Json& right);

/// How alike two texts are, from 0 to 1 (equal): by common beginning, end and words.
double textLikeness(const QString& left, const QString& right);

} // namespace llmcache
