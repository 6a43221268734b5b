#pragma once

#include "agent/message.h"

namespace llmcache {

/// What one attachment may have; providers take 20 MB at least, and base64 makes it a third larger.
inline constexpr qint64 largestAttachment = qint64(20) * 1024 * 1024;

/// A file, or an http(s) address that the provider is to fetch, as an attachment; its media type follows from
/// its name and content. Reads the file on the calling thread. Throws ConfigurationError that names the file
/// when it can't be read, is empty or larger than largestAttachment, and for addresses of another scheme.
Attachment attachmentFrom(const QString& pathOrUrl);
/// What people know it by: its name, else its address, else its media type.
QString attachmentName(const Attachment& attachment);

} // namespace llmcache
