#pragma once

#include "connection/connections.h"
#include "provider/keyring.h"
#include "storechoice.h"
#include "widgets/tasks.h"

#include <QObject>

#include <memory>
#include <vector>

class QSettings;

namespace llmcache {
class LogBook;
}

namespace llmcache::ui {
class Theme;
}

namespace llmcache::app {

class Workbench;

/// The open windows, each with a connection and a session of its own. Emits finished() when the last has
/// ended.
class Windows : public QObject {
    Q_OBJECT
public:
    /// `settings`, `theme` and `log` must outlive it.
    Windows(QString dataFolder, QSettings* settings, ui::Theme* theme, const LogBook* log);
    ~Windows() override;
    /// The first window: what the command line or the environment names, else the connection that was open
    /// last, else the embedded file. A connection that can't be opened is said in a window on the embedded
    /// file.
    void openFirst(StoreChoice choice);
    /// Those that are open, oldest first.
    std::vector<Workbench*> open() const;
    Connections& connections() { return *m_connections; }

Q_SIGNALS:
    void opened(llmcache::app::Workbench* window);
    void finished();

private:
    /// What a window is to show.
    struct Target {
        std::optional<ConnectionProfile> profile;
        SessionConfig config;
        QString source;
        bool isSample = false;
        bool remembers = false; ///< somebody chose it: the next start opens it again
        QString problem; ///< why it is not the connection that was wanted
        QString remedy;
    };
    void openLast(const StoreChoice& choice, const QString& id);
    void openTarget(Target target, Workbench* replaced);
    void openProfile(Target target, Workbench* replaced);
    void openChosen(const ConnectionProfile& profile, Workbench* replaced);
    bool bringForward(const Target& target, const Workbench* replaced);
    void openEmbedded(Workbench* replaced);
    void openSample(Workbench* replaced);
    void removeSample(Workbench* window);
    void choose(Workbench* window, const QString& id, bool inNewWindow);
    void openWorkspace(Workbench* window, const QString& workspace);
    void connectWindow(Workbench* window);
    void closed(Workbench* window);
    void fail(Workbench* window, const ui::Failure& failure);
    SessionConfig baseConfig() const;
    Target targetOf(const ConnectionProfile& profile) const;
    QString samplePath() const;
    QString sampleUrl() const;

    QString m_dataFolder;
    QSettings* m_settings;
    ui::Theme* m_theme;
    const LogBook* m_log;
    SessionConfig m_base; ///< base URLs, identity and --read-only, as the command line has them
    bool m_readOnly = false; ///< no window changes its store
    std::unique_ptr<KeyRing> m_keys;
    std::unique_ptr<Connections> m_connections;
    std::vector<std::unique_ptr<Workbench>> m_windows;
    int m_opening = 0;
    ui::TaskScope m_tasks;
};

} // namespace llmcache::app
