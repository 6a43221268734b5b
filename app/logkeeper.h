#pragma once

#include "base/logbook.h"

#include <QtGlobal>

namespace llmcache::app {

/// Puts what the program and Qt log into a book, if there is one, as long as it lives, and on standard error
/// as before, but without secrets and without what would drive a terminal: warnings quote what others stored.
/// One at a time; `book` must outlive it.
class LogKeeper {
public:
    explicit LogKeeper(LogBook* book = nullptr);
    ~LogKeeper();
    LogKeeper(const LogKeeper&) = delete;
    LogKeeper& operator=(const LogKeeper&) = delete;

private:
    QtMessageHandler m_before;
};

} // namespace llmcache::app
