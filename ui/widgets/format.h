#pragma once

#include "base/money.h"
#include "widgets/badge.h"

#include <QString>
#include <QTimeZone>

#include <chrono>
#include <optional>

namespace llmcache::ui::format {

/// "85 µs", "0.4 ms", "312 ms", "2.31 s", "42 s", "12 min", "3 h", "3 d". Two significant units are never
/// mixed.
QString duration(std::chrono::microseconds value);
/// The latency of a call in the ledger, which knows whole milliseconds: "<1 ms", else as duration().
QString callLatency(std::chrono::milliseconds value);
/// A lifetime in two units: "12 d 3 h", "3 h 5 min", "45 s"; "expired" when it is not positive.
QString lifetime(std::chrono::seconds value);
/// Thousands separated by commas: "412,031".
QString count(qint64 value);
/// A number with its noun: "1 hit", "412 hits".
QString counted(qint64 value, const QString& one, const QString& many);
/// "0 B", "812 B", "14.2 KB", "3.1 MB" (steps of 1,024).
QString bytes(qint64 value);
/// A share from 0 to 1: "82.4 %"; "–" for nothing.
QString percent(std::optional<double> share);
/// Money::toDisplay; "unpriced" for nothing, never $0.
QString money(std::optional<Money> amount);
/// The exact amount for tooltips: "$0.00289 exactly"; says what unpriced means for nothing.
QString moneyToolTip(std::optional<Money> amount);

/// When something was, as briefly as it stays clear: "just now", "12 min ago", "14:02" (today), "Tue 14:02"
/// (this week), "17 Nov", "17 Nov 2025". Both times in UTC milliseconds; "–" for 0.
QString relativeTime(qint64 timeMs, qint64 nowMs, const QTimeZone& zone = QTimeZone::systemTimeZone());
/// "Tue 17 Nov 2026 14:02:11", for tooltips and detail panes.
QString fullTime(qint64 timeMs, const QTimeZone& zone = QTimeZone::systemTimeZone());
/// How long ago, for an age column: "now", "45 s", "12 min", "3 h", "3 d".
QString age(qint64 timeMs, qint64 nowMs);

/// A file's path with the home folder as "~".
QString path(const QString& path);
/// First 8 digits.
QString shortFingerprint(const QString& fingerprint);
/// The model without its provider.
QString shortModel(const QString& model);

} // namespace llmcache::ui::format
