#pragma once

#include "store/store.h"
#include "widgets/tasks.h"

#include <QTimer>

#include <functional>

namespace llmcache::ui {

/// Finds out what others do to the entries of a store while somebody looks at them: as the store tells it,
/// and by looking now and then where it does not.
class LiveEntries : public QObject {
    Q_OBJECT
public:
    enum class Mode {
        Off, ///< by the user, or there is no store
        Told, ///< the store tells of all changes
        Sampling, ///< it does not
    };
    explicit LiveEntries(QObject* parent = nullptr);

    /// Before the list is read for the first time. The store must outlive it, or forget() be called first.
    void start(Store* store);
    /// Drops everything without a signal.
    void forget();
    /// Whether somebody can see the list.
    void setWatched(bool watched);
    /// Whether the user wants it.
    void setOn(bool on);
    bool isOn() const { return m_on; }
    Mode mode() const { return m_mode; }
    /// Reads entries and tells with changed() what they are now.
    void read(const QStringList& fingerprints);
    /// Fingerprints of the rows that are looked at more often where the store tells nothing.
    void setVisibleRows(std::function<QStringList()> visible) { m_visible = std::move(visible); }
    int activeTasks() const { return m_tasks.active(); }

Q_SIGNALS:
    /// What entries are now that somebody may have changed.
    void changed(const std::vector<EntryMeta>& rows, const QStringList& gone);
    /// Too much changed, or nobody knows what: the whole list should be read again.
    void rescanWanted();
    void modeChanged();
    void activeChanged();

private:
    void update();
    void ask();
    void take(const EntryNews& news);
    void setMode(Mode mode);

    TaskScope m_tasks;
    Store* m_store = nullptr;
    QTimer m_timer;
    QByteArray m_position;
    std::function<QStringList()> m_visible;
    Mode m_mode = Mode::Off;
    bool m_on = true;
    bool m_watched = false;
    bool m_asking = false;
    int m_asked = 0; ///< since the visible rows were read
};

} // namespace llmcache::ui
