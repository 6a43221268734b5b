#pragma once

#include <QByteArray>
#include <QStringList>

namespace llmcache {

/// RFC 4180 field; a text that a spreadsheet would take for a formula gets a leading apostrophe, a number
/// does not.
QString csvField(const QString& text, bool isNumber);
/// The same for a text that is a number if it reads like one.
QString csvField(const QString& text);
/// The fields of one record with its line feed, in UTF-8.
QByteArray csvRecord(const QStringList& cells);

} // namespace llmcache
