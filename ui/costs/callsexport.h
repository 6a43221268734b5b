#pragma once

#include "cache/session.h"

#include <functional>
#include <stop_token>

namespace llmcache::ui {

/// Writes every call of a selection into a CSV file, newest first, page by page; the file appears when it is
/// complete. `accepts` leaves calls out, on another thread. `progress` is told how many are written. Returns
/// how many there were. Throws Cancelled, ConfigurationError for a file that can't be written, and what the
/// store throws. The session must outlive the task.
QCoro::Task<qint64> exportCalls(Session* session, CallSelection selection, QByteArray timeZone, QString path,
    std::function<bool(const Call&)> accepts, std::function<void(qint64)> progress, std::stop_token stop);

} // namespace llmcache::ui
