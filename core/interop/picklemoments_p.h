#pragma once

#include "interop/pickleviews.h"
#include "interop/picklewriter.h"

class QUuid;

namespace llmcache {

/// A date, time or both as text: ISO 8601 with an optional zone, "Z", "+02:00" or "[Europe/Berlin]".
struct ParsedMoment {
    PythonMoment moment; ///< without its zone
    QString zone; ///< as written
};
std::optional<ParsedMoment> parseMoment(const QString& text);
/// "P1DT2H0.5S" and its negative.
std::optional<PythonTimeDelta> parseTimeDelta(const QString& text);

/// As the constructors of datetime take it from a pickle.
QByteArray packedMoment(const PythonMoment& moment);
/// The zone of a parsed moment that is "Z" or an offset, as an object of Pydantic or of datetime.
void writeZone(PickleBuilder& builder, const QString& zone, bool isPydantic);
void writeTimeDelta(PickleBuilder& builder, const PythonTimeDelta& delta);

/// 128 bits in decimal.
QString decimalOf(const QUuid& uuid);

} // namespace llmcache
