#pragma once

#include "widgets/tasks.h"

#include <QObject>

#include <functional>

class QWidget;

namespace llmcache::ui {

/// Asks where to and writes whole files there, on another thread; a file that can't be written completely
/// leaves what was there.
class FileSaver : public QObject {
    Q_OBJECT
public:
    using QObject::QObject;
    /// Opens a dialog over `parent`; `content` is called once a file was chosen. `suffix` without its dot.
    void ask(QWidget* parent, const QString& title, const QString& name, const QString& suffix,
        std::function<QByteArray()> content);
    void save(const QString& path, const QByteArray& content);
    void stopTasks() { m_tasks.drop(); }
    int activeTasks() const { return m_tasks.active(); }
    const TaskScope& tasks() const { return m_tasks; }

Q_SIGNALS:
    void saved(const QString& path);
    void failed(const QString& what, const QString& remedy);

private:
    TaskScope m_tasks;
};

/// Opens a dialog that asks for a new file over `parent`, and calls `chosen` with its path.
void askForFile(QWidget* parent, const QString& title, const QString& name, const QString& suffix,
    std::function<void(const QString&)> chosen);

} // namespace llmcache::ui
