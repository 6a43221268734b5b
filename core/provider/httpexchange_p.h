#pragma once

#include "provider/httpclient.h"

#include <QNetworkReply>
#include <QTimer>

#include <exception>

namespace llmcache {

/// One request and its reply: turns the signals of QNetworkReply into one outcome.
class HttpExchange : public QObject {
    Q_OBJECT
public:
    HttpExchange(HttpRequest request, ChunkHandler onChunk);
    ~HttpExchange() override;

    void start(QNetworkAccessManager* manager);
    void cancel();
    /// Drops the reply without an outcome; nothing is called back after that.
    void close();
    bool isDone() const { return m_done; }
    /// The reply, or throws what went wrong. Once, after done().
    HttpReply take();

Q_SIGNALS:
    void done();

private:
    void onMetaData();
    void onReadyRead();
    void onFinished();
    void onSent();
    void read();
    void finish();
    void fail(std::exception_ptr error);
    void failTimeout(const QString& what, std::chrono::milliseconds limit);
    std::exception_ptr connectionFailure() const;

    HttpRequest m_request;
    ChunkHandler m_onChunk;
    QNetworkReply* m_network = nullptr;
    QTimer m_connectTimer;
    QTimer m_totalTimer;
    QTimer m_idleTimer;
    HttpReply m_reply;
    std::exception_ptr m_error;
    bool m_sent = false;
    bool m_complete = false;
    bool m_done = false;
};

} // namespace llmcache
