#pragma once

#include "connection/connections.h"
#include "connection/connectiontest.h"
#include "connections/connectionform.h"
#include "widgets/tasks.h"

#include <QWidget>

class QLineEdit;

namespace llmcache::ui {

class Button;
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
    /// A new one with the fields of another. Passwords are not copied, which the fields say.
    void editCopy(const ConnectionProfile& original, const QString& name);
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
    void begin(ConnectionProfile profile, const QString& leftBehind);
    ConnectionForm::Kept keptOf(const ConnectionProfile& profile) const;
    void forget();
    void takeUrl(const QString& text);
    /// Takes passwords out of the URL, once the masked fields below it have them.
    void hideSecrets();
    void test();
    void setTesting(bool on);
    void save(Connections::Keep keep);
    void showFailure(const Failure& failure);

    Connections* m_connections;
    QLineEdit* m_url;
    qsizetype m_urlLength = 0;
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
