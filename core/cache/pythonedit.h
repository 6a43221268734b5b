#pragma once

#include "base/json.h"

namespace llmcache {

/// A pickle of pyai-caching with another answer: values that differ are written in place of those that were
/// there, in the types that they have, and all else stays byte for byte. Lists, dicts and fields have to stay
/// as long as they are. Throws ConfigurationError for an answer that can't be had so, with the place in it.
QByteArray withPythonAnswer(const QByteArray& pickle, const Json& answer);

} // namespace llmcache
