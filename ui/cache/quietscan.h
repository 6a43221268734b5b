#pragma once

#include "cache/entryscan.h"

#include <QTimer>

namespace llmcache::ui {

class EntryTableModel;

/// Reads the whole list again behind rows that are complete already, without a word, when something in it may
/// be out of date. It takes a twentieth of the store's time at most.
class QuietScan : public QObject {
    Q_OBJECT
public:
    /// `shown` is the scan that the user sees, which goes first. All must outlive it.
    QuietScan(EntryTableModel* model, const EntryScan* shown, QObject* parent = nullptr);

    /// Soon. The store must outlive it, or cancel() be called first.
    void want(Store* store);
    /// Whatever is wanted or under way is not any more.
    void cancel();
    int activeTasks() const { return m_scan.activeTasks(); }

Q_SIGNALS:
    void pageArrived(const std::vector<EntryMeta>& rows);
    void activeChanged();

private:
    void startWhenDue();
    void start();

    EntryTableModel* m_model;
    const EntryScan* m_shown;
    EntryScan m_scan;
    Store* m_store = nullptr; ///< while it is wanted or under way
    bool m_again = false; ///< wanted while one was under way
    QTimer m_due;
};

} // namespace llmcache::ui
