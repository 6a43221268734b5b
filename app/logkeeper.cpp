#include "logkeeper.h"

#include "base/redact.h"
#include "output.h"

#include <QMessageLogContext>

#include <atomic>

namespace llmcache::app {

namespace {

// Qt's handler is a function without a place of its own for what it needs.
std::atomic<LogBook*> currentBook{nullptr};

LogBook::Level levelOf(QtMsgType type)
{
    switch (type) {
    case QtDebugMsg:
        return LogBook::Level::Detail;
    case QtInfoMsg:
        return LogBook::Level::Info;
    case QtWarningMsg:
        return LogBook::Level::Warning;
    default:
        return LogBook::Level::Error;
    }
}

void keep(QtMsgType type, const QMessageLogContext& context, const QString& message)
{
    LogBook* const book = currentBook.load();
    if (book)
        book->add(levelOf(type), QString::fromUtf8(context.category ? context.category : "default"), message);
    // Where there is a log, information is for it alone; a terminal is for what somebody should see.
    if (type != QtInfoMsg || !book)
        printError(redacted(qFormatLogMessage(type, context, message)));
}

} // namespace

LogKeeper::LogKeeper(LogBook* book)
{
    currentBook = book;
    m_before = qInstallMessageHandler(keep);
}

LogKeeper::~LogKeeper()
{
    qInstallMessageHandler(m_before);
    currentBook = nullptr;
}

} // namespace llmcache::app
