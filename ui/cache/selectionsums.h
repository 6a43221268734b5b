#pragma once

#include "cache/arrangement.h"
#include "cache/newestjob.h"
#include "cache/rowchanges.h"

namespace llmcache::ui {

class EntryTableModel;

/// What selected rows weigh: at once where they are few, and added up on another thread where that would hold
/// up the window.
class SelectionSums : public QObject {
    Q_OBJECT
public:
    /// At most so many rows are added up at once: a millisecond or two.
    static constexpr qint64 mostAtOnce = 100'000;

    /// `model` must outlive it.
    explicit SelectionSums(const EntryTableModel* model, QObject* parent = nullptr);
    /// Adds up these rows as they are now; what was asked before is forgotten.
    void start(const std::vector<RowRun>& rows);

Q_SIGNALS:
    void summed(const llmcache::ui::EntrySums& sums);

private:
    const EntryTableModel* m_model;
    NewestJob m_job;
};

} // namespace llmcache::ui
