#pragma once

#include "store/store.h"
#include "widgets/tasks.h"

#include <QElapsedTimer>
#include <QPointer>

namespace llmcache::ui {

/// Lists all entries of a store page by page. Says at any time how far it is and whether that is all.
class EntryScan : public QObject {
    Q_OBJECT
public:
    enum class State {
        Idle, ///< never started
        Running,
        Paused,
        Stopped, ///< by the user: what is there is a part
        Complete,
        Failed,
    };
    explicit EntryScan(QObject* parent = nullptr);
    ~EntryScan() override;

    /// Starts from the beginning. The store must outlive the scan, or forget() be called first.
    void start(Store* store);
    void pause();
    void resume();
    void stop();
    /// Drops everything; no signal about the old store comes any more.
    void forget();

    State state() const { return m_state; }
    bool isUnderWay() const { return m_state == State::Running || m_state == State::Paused; }
    bool hasPages() const { return m_pages > 0; }
    qint64 scanned() const { return m_scanned; }
    /// Keys to look at, -1 when unknown.
    qint64 total() const { return m_total; }
    /// From 0 to 1, -1 when the store can't say.
    double progress() const;
    const Failure& failure() const { return m_failure; }
    /// From start() to the end of the last scan that came to one; 0 before.
    std::chrono::milliseconds took() const { return m_took; }
    int activeTasks() const { return m_tasks.active(); }

Q_SIGNALS:
    void pageArrived(const std::vector<EntryMeta>& rows);
    /// State or progress.
    void changed();
    /// activeTasks() may have changed.
    void activeChanged();

private:
    void next();
    /// Nobody reads on: neither a page that is on its way nor those after it.
    void giveUp();
    void take(const EntryPage& page);
    void setState(State state);

    TaskScope m_tasks;
    QPointer<Store> m_store;
    State m_state = State::Idle;
    QByteArray m_cursor;
    bool m_waiting = false; ///< a page is under way
    qint64 m_pages = 0;
    qint64 m_scanned = 0;
    qint64 m_total = -1;
    quint64 m_generation = 0;
    QElapsedTimer m_time;
    std::chrono::milliseconds m_took{0};
    Failure m_failure;
};

} // namespace llmcache::ui
