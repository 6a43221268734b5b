#pragma once

#include <QByteArray>
#include <QStringList>

#include <optional>

namespace llmcache::price {

/// A key that stands twice in one object, which the parser would silently keep the last of.
struct DuplicateKey {
    QString key;
    qint64 line = 0;
};
std::optional<DuplicateKey> duplicateKey(const QByteArray& json);

/// The line on which the value at `path` (keys, and indexes as text) begins, or that of the nearest parent
/// that exists; 0 for an empty path.
qint64 lineOfPath(const QByteArray& json, const QStringList& path);

} // namespace llmcache::price
