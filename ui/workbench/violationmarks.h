#pragma once

#include "base/json.h"

#include <QStringList>

namespace llmcache::ui {

class CodeEdit;
class JsonTreeView;
class Theme;

/// The line, from 0, at which the value under a JSON pointer ("/items/2/age") begins in toPrettyJsonText();
/// the line of what encloses it where it is missing.
int lineOfPointer(const Json& value, const QString& pointer);

/// The JSON pointer in front of a violation ("/age: expected integer, got text") of `value`.
QString pointerOfViolation(const Json& value, const QString& violation);

/// The values on the way to the one under a JSON pointer, without `value` itself; as far as they are there.
std::vector<const Json*> pathOfPointer(const Json& value, const QString& pointer);

/// Marks what violates a schema in a tree that shows `value`, and opens what is around it. What violates the
/// schema as a whole, or is missing there, has no item of its own.
void markViolations(JsonTreeView* tree, const Json& value, const QStringList& violations);
/// Marks the lines of what violates a schema ("/age: expected integer, got text") in an editor that shows
/// toPrettyJsonText(value), with the violation as tool tip.
void markViolations(CodeEdit* editor, const Json& value, const QStringList& violations, const Theme& theme);

} // namespace llmcache::ui
