#pragma once

#include "cache/newestjob.h"
#include "store/entry.h"
#include "widgets/diffview.h"
#include "widgets/tasks.h"

#include <QFrame>

namespace llmcache {
class Session;
class Store;
} // namespace llmcache

namespace llmcache::ui {

class ErrorBanner;
class Spinner;

/// How two entries differ: answers by words or by place, requests field by field, and what is known of them.
/// Pure, made for a worker thread.
std::vector<DiffSection> entryDifferences(const Entry& left, const Entry& right);
/// "profiler 9f2c41d0".
QString entryName(const EntryMeta& meta);

/// The pane that compares two entries, read from the store when it is asked to.
class EntryCompare : public QFrame {
    Q_OBJECT
public:
    /// `theme` must outlive the widget.
    explicit EntryCompare(const Theme* theme, QWidget* parent = nullptr);
    void setSession(Session* session);
    void compare(const QString& left, const QString& right);
    void stopTasks();
    int activeTasks() const { return m_tasks.active(); }

Q_SIGNALS:
    void closed();
    void activeChanged();

protected:
    void keyPressEvent(QKeyEvent* event) override;

private:
    using Pair = std::pair<std::optional<Entry>, std::optional<Entry>>;
    static QCoro::Task<Pair> readBoth(Store* store, QString left, QString right);
    void take(Pair entries);

    Session* m_session = nullptr;
    TaskScope m_tasks;
    NewestJob m_job;
    ErrorBanner* m_banner;
    Spinner* m_spinner;
    DiffView* m_view;
};

} // namespace llmcache::ui
