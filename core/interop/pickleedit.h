#pragma once

#include "interop/picklereader.h"

namespace llmcache {

/// Whether a value is one that a person can write as text: None, numbers, texts, bytes, and what stands for
/// one such value in Python (dates and times, Decimal, UUID, members of an Enum, URLs, addresses, subclasses
/// of str and so on).
bool isEditableLeaf(const PickleValue& value);

/// What an editor of it begins with: a text as it is, numbers and True and False as Python has them, dates
/// and times in ISO 8601 (a named zone in brackets), bytes as hexadecimal digits.
QString leafText(const PickleValue& value);

/// The document with that leaf changed; its type stays. The value in place of None is whatever the text is in
/// Python: True, a number, else a text. Everything else stays byte for byte, and so does the value at other
/// places where one and the same object stands there. Throws ConfigurationError for a text that does not fit,
/// which says what would.
PickleDocument editLeaf(const PickleDocument& document, const PickleValue& place, const QString& text);

/// The document with None at a place.
PickleDocument clearLeaf(const PickleDocument& document, const PickleValue& place);

} // namespace llmcache
