#pragma once

#include "base/json.h"

namespace llmcache {

// toCanonicalJson() at the end of a text that is put together of several values.

void appendCanonicalJson(std::string& out, const Json& value);
void appendCanonicalText(std::string& out, const QString& text);

} // namespace llmcache
