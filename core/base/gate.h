#pragma once

#include <QObject>
#include <qcorotask.h>

namespace llmcache {

/// A door for one coroutine: closed at first, opened once, by whoever comes first. Thread-affine; must
/// outlive the wait.
///
/// Not QCoro's awaitable of any signal: that one does not survive a second emission before it is resumed,
/// and binds a reference to null where the signal is a private one, such as QTimer::timeout.
class Gate : public QObject {
    Q_OBJECT
public:
    using QObject::QObject;
    bool isOpen() const { return m_open; }
    void open();
    /// Waits until it is open; returns at once when it is.
    QCoro::Task<> passed();

Q_SIGNALS:
    void opened();

private:
    bool m_open = false;
};

} // namespace llmcache
