#pragma once

#include "base/json.h"

#include <QStringList>

namespace llmcache::ui {

class CodeEdit;
class Theme;

/// The line, from 0, at which the value under a JSON pointer ("/items/2/age") begins in toPrettyJsonText();
/// the line of what encloses it where it is missing.
int lineOfPointer(const Json& value, const QString& pointer);

/// The JSON pointer in front of a violation ("/age: expected integer, got text") of `value`.
QString pointerOfViolation(const Json& value, const QString& violation);

/// Marks the lines of what violates a schema ("/age: expected integer, got text") in an editor that shows
/// toPrettyJsonText(value), with the violation as tool tip.
void markViolations(CodeEdit* editor, const Json& value, const QStringList& violations, const Theme& theme);

} // namespace llmcache::ui
