#pragma once

#include "cache/entrysearch.h"
#include "widgets/tasks.h"

namespace llmcache::ui {

class EntryTableModel;

/// Looks into the whole texts of the model's entries for as long as its filter asks for that, and tells the
/// model what it found. Entries that come or change later are looked into as they do.
class TextSearch : public QObject {
    Q_OBJECT
public:
    enum class State {
        Idle, ///< the filter does not need it
        Running,
        Stopped, ///< by the user: what was found is a part
        Done, ///< with the entries there are
        Failed,
    };
    /// `model` must outlive it.
    explicit TextSearch(EntryTableModel* model, QObject* parent = nullptr);

    /// The filter is another one, or the user wants it all again. The store must outlive the search, or
    /// forget() be called first.
    void restart(Store* store, const EntryFilter& filter, qint64 nowMs);
    /// There may be rows that have not been looked into.
    void resume();
    void stop();
    /// Drops everything without a signal.
    void forget();

    State state() const { return m_state; }
    bool isUnderWay() const { return m_state == State::Running; }
    /// Entries whose texts were read.
    qint64 searched() const { return m_searched; }
    /// Share of the entries that the store's index of texts knows; nothing where none helped.
    std::optional<double> indexed() const { return m_indexed; }
    const Failure& failure() const { return m_failure; }
    int activeTasks() const { return m_tasks.active(); }

Q_SIGNALS:
    /// State or progress.
    void changed();
    void activeChanged();

private:
    void next();
    void setState(State state);

    EntryTableModel* m_model;
    TaskScope m_tasks;
    Store* m_store = nullptr;
    EntryFilter m_filter;
    qint64 m_nowMs = 0;
    State m_state = State::Idle;
    qint64 m_searched = 0;
    std::optional<double> m_indexed;
    quint64 m_generation = 0;
    Failure m_failure;
};

} // namespace llmcache::ui
