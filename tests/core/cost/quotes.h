#pragma once

#include "cost/pricetable.h"

#include <QDateTime>

namespace llmcache::test {

/// UTC milliseconds of an ISO time.
inline qint64 utc(const char* isoTime)
{
    const QDateTime time = QDateTime::fromString(QLatin1String(isoTime), Qt::ISODateWithMs);
    Q_ASSERT(time.isValid());
    return time.toMSecsSinceEpoch();
}

inline const qint64 august = utc("2026-08-01T12:00:00Z");

inline Usage tokens(
    qint64 input, qint64 output, qint64 cacheRead = 0, qint64 cacheWrite = 0, qint64 cacheWrite1h = 0)
{
    Usage usage;
    usage.inputTokens = input;
    usage.outputTokens = output;
    usage.cacheReadTokens = cacheRead;
    usage.cacheWriteTokens = cacheWrite;
    usage.cacheWrite1hTokens = cacheWrite1h;
    return usage;
}

/// The total as decimal text, or why there is none.
inline QString total(const Quote& quote)
{
    return quote.total ? quote.total->toDecimal() : QStringLiteral("unpriced: ") + quote.problem;
}

inline Money sumOfLines(const Quote& quote)
{
    Money sum;
    for (const PriceLine& line : quote.lines)
        sum += line.amount;
    return sum;
}

/// "input 10 x 0.000001 = 0.00001; …"
inline QString linesOf(const Quote& quote)
{
    QStringList lines;
    for (const PriceLine& line : quote.lines)
        lines += QStringLiteral("%1 %2 x %3 = %4")
                     .arg(line.bucket)
                     .arg(line.count)
                     .arg(line.each.toDecimal(), line.amount.toDecimal());
    return lines.join(QStringLiteral("; "));
}

} // namespace llmcache::test
