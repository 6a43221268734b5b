#pragma once

#include "costs/callspanel.h"
#include "widgets/tasks.h"

#include <QFrame>

class QLabel;
class QProgressBar;

namespace llmcache::ui {

class Theme;

/// Writes many calls into a file, and shows how far it is, with Cancel; hidden otherwise.
class ExportBar : public QFrame {
    Q_OBJECT
public:
    /// `theme` must outlive the widget.
    explicit ExportBar(const Theme* theme, QWidget* parent = nullptr);
    /// `expected` is for the progress. One at a time: starting another cancels the first.
    void start(Session* session, const CallSelection& selection, const CallScope& scope,
        const QByteArray& timeZone, const QString& path, qint64 expected);
    void stopTasks() { m_tasks.stop(); }
    const TaskScope& tasks() const { return m_tasks; }
    int activeTasks() const { return m_tasks.active(); }

Q_SIGNALS:
    void finished(const QString& text);
    void failed(const QString& what, const QString& remedy);

private:
    QLabel* m_text;
    QProgressBar* m_progress;
    TaskScope m_tasks;
};

} // namespace llmcache::ui
