#pragma once

#include "connection/connections.h"
#include "connection/connectiontest.h"
#include "widgets/tasks.h"

#include <QWidget>

class QLineEdit;

namespace llmcache::ui {

class Button;
class ConnectionForm;
class ErrorBanner;
class Spinner;
class TestStepList;
class Theme;

/// Makes or changes one connection: fields or a pasted URL, a test, and what to do with the password.
class ConnectionEditor : public QWidget {
    Q_OBJECT
public:
    /// `theme` and `connections` must outlive the widget.
    ConnectionEditor(const Theme* theme, Connections* connections, QWidget* parent = nullptr);
    /// A new one when it has no id.
    void edit(ConnectionProfile profile);
    void stopTasks()
    {
        m_tasks.stop();
        m_testTasks.stop();
    }
    int activeTasks() const { return m_tasks.active() + m_testTasks.active(); }

Q_SIGNALS:
    void saved(const llmcache::ConnectionProfile& profile);
    void cancelled();
    void activeTasksChanged();

private:
    void layOut();
    void takeUrl(const QString& text);
    void test();
    void setTesting(bool on);
    void save(Connections::Keep keep);
    void showFailure(const Failure& failure);

    Connections* m_connections;
    QLineEdit* m_url;
    ConnectionForm* m_form;
    ErrorBanner* m_banner;
    TestStepList* m_steps;
    Button* m_test;
    Spinner* m_spinner;
    Button* m_save;
    Button* m_keep; ///< appears once the keychain has refused
    bool m_testing = false;
    TaskScope m_tasks;
    TaskScope m_testTasks;
};

} // namespace llmcache::ui
