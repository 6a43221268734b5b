#pragma once

#include "store/entryimage.h"

namespace llmcache {

/// Entries that pyai-caching wrote: a pickle under a key, without request, time and revision.
///
/// As an EntryImage such an entry has the fields "v" ("python"), "rev" and "pickle". It has no counted
/// revision; what stands for one is drawn from its bytes, so that a change of bytes that changed meanwhile is
/// noticed.

inline constexpr const char* pickleField = "pickle";

/// 1 to 2^32-1, of the bytes: the first digits of their SHA-1, which Redis can compute too.
qint64 pythonRevision(QByteArrayView pickle);
EntryImage pythonImage(const QString& key, QByteArray pickle, std::optional<qint64> expiresMs);
bool isPythonImage(const EntryImage& image);

/// What a pickle says: model, cost, usage, output. Prompt, agent and times are not in it. A pickle that can't
/// be read gives an entry whose excerpt says why.
EntryMeta pythonMeta(const QString& key, const QByteArray& pickle);
/// What an entry of pyai-caching is an answer to, for lists: agent, task, and the beginning of the prompt.
/// Text that is none is as good as nothing.
QByteArray originText(const QString& agent, const QString& task, const QString& prompt);
void addOrigin(EntryMeta& meta, const QByteArray& originText);
/// The whole of it, without request and messages. Throws CacheError for a pickle that can't be read.
Entry pythonEntry(const QString& key, const QByteArray& pickle);

} // namespace llmcache
