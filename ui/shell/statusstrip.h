#pragma once

#include "base/money.h"

#include <QFrame>

#include <chrono>
#include <optional>

class QLabel;

namespace llmcache::ui {

class ElidedLabel;

/// The line at the bottom: which store and how it is, and what is going on. What is not known yet is not
/// shown.
class StatusStrip : public QFrame {
    Q_OBJECT
public:
    explicit StatusStrip(QWidget* parent = nullptr);
    /// `problem` says in a few words why the store is not connected; empty while it is being connected.
    /// `problem`: why it is not connected; for one that is, what makes the connection unsafe.
    void setStore(const QString& kind, const QString& name, bool connected, const QString& problem);
    void setLatency(std::optional<std::chrono::microseconds> latency);
    /// Negative = not known.
    void setEntries(qint64 entries);
    void setSavedToday(std::optional<Money> saved);
    void setRunning(int running);
    void setWorkspace(const QString& workspace);
    /// The words about the store, as shown.
    QString storeText() const;

private:
    QLabel* addLabel();
    QLabel* m_dot;
    ElidedLabel* m_store;
    QLabel* m_latency;
    QLabel* m_entries;
    QLabel* m_saved;
    QLabel* m_running;
    QLabel* m_workspaceLabel;
    ElidedLabel* m_workspace;
};

} // namespace llmcache::ui
