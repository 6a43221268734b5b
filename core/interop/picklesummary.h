#pragma once

#include "interop/picklevalue.h"

namespace llmcache {

/// A value on one line, much as Python's repr() has it: "UserProfile(name='Alex', age=30)". What holds itself
/// is
/// "...", what is longer than `maxLength` ends in "…". Controls and invisible characters are escaped, so that
/// it may go to a terminal.
QString pickleSummary(const PickleValue& value, qsizetype maxLength = 200);

/// repr() of a text: in quotes, and escaped.
QString pythonTextLiteral(QStringView text);
/// repr() of bytes: "b'\x00abc'".
QString pythonBytesLiteral(QByteArrayView bytes);

/// The class name without its module and outer classes.
QString shortClassName(const PickleValue& value);

} // namespace llmcache
