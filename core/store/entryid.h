#pragma once

#include <QString>
#include <QStringView>

namespace llmcache {

/// What names an entry, in EntryMeta::fingerprint and wherever else: the fingerprint of an entry of this
/// program, or the key of an entry that pyai-caching wrote.

/// Whether a Redis key is one that pyai-caching gives its entries: `pyai-cache:v3:` (0.4) or `pyai-cache:v2:`
/// (0.3.1) and 64 digits, or the text of an agent (0.1 to 0.3.0).
bool isPythonKey(QStringView id);
bool isPythonKey(QByteArrayView key);

/// Whether a text is a fingerprint or such a key.
bool isEntryId(QStringView id);

/// For people: as it is, without "pyai-cache:".
QString shortEntryId(const QString& id);

} // namespace llmcache
