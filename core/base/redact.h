#pragma once

#include <QString>

namespace llmcache {

/// `text` with what looks like a secret replaced by `***`: passwords in URLs, also in those that are not
/// valid, keys of providers, bearer tokens, and values of fields that are named like secrets. For logs and
/// reports; what must never have been there in the first place is not made good by it.
QString redacted(const QString& text);

} // namespace llmcache
