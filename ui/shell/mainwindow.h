#pragma once

#include "base/money.h"
#include "theme/icons.h"

#include <QMainWindow>

#include <chrono>
#include <functional>
#include <optional>

class QSettings;
class QStackedWidget;

namespace llmcache::ui {

class Badge;
class CommandPalette;
class ConnectionButton;
class ErrorBanner;
class HelpView;
class ProductionEdge;
class Rail;
class StatusStrip;
class Theme;
class ToastHost;
class TopBar;
class View;
class WelcomePane;
struct ConnectionLook;

/// The frame: rail, top bar, views, status line, command palette, notices.
///
/// The composition root makes it, adds the views, feeds the setters below and connects the signals; the
/// window starts no work of its own. GUI thread only.
class MainWindow : public QMainWindow {
    Q_OBJECT
public:
    enum class Place { Top, Bottom };

    /// Takes the appearance, geometry and splitter states from `settings` and keeps them there. `theme` and
    /// `settings` must outlive the window.
    MainWindow(Theme* theme, QSettings* settings, QWidget* parent = nullptr);
    ~MainWindow() override;

    /// Adds a view behind the rail and takes ownership. `label` is the short word under the icon. The first
    /// views at the top get Ctrl+1, Ctrl+2, …
    void addView(View* view, IconName icon, const QString& label, Place place = Place::Top);
    /// Adds the help page as the last view; it lists the commands of all views added before.
    void addHelp();
    void showView(View* view);
    View* currentView() const;
    /// Commands that belong to no view. They stay the caller's.
    void addCommands(const QString& group, const QList<QAction*>& actions);
    /// Shows the view that was open last and restores splitters. Call it once, after the last addView().
    void finishSetup();

    ToastHost* toasts() const { return m_toasts; }
    /// What to switch to, and the requests to.
    ConnectionButton* connectionButton() const { return m_connection; }
    WelcomePane* welcome() const { return m_welcome; }
    /// Shows the welcome above the first view, or takes it away; the choice is kept.
    void showWelcome(bool shown);
    /// Coroutines of all views that have not ended.
    int activeTasks() const;

public Q_SLOTS:
    /// `problem` says why the store is not connected; empty while it is being connected. A problem is shown
    /// in a banner with Retry until the store is back.
    void setStore(const QString& kind, const QString& name, bool connected, const QString& problem);
    void setLatency(std::chrono::microseconds latency);
    /// Negative = not known.
    void setEntries(qint64 entries);
    void setSavedToday(const llmcache::Money& saved);
    void setRunning(int running);
    void setWorkspace(const QString& workspace);
    /// What the frame says of the connection: button, title, and the edge of a production one.
    void setConnection(const llmcache::ui::ConnectionLook& look);
    /// Says something until it is dismissed, above the view; `action` names a button that runs `run`.
    void showMessage(const QString& what, const QString& remedy, bool isError, const QString& action = {},
        std::function<void()> run = {});
    /// Takes away what showMessage() shows, if it still is `what`.
    void clearMessage(const QString& what);

Q_SIGNALS:
    /// The user wants the store to be connected again.
    void retryRequested();
    void currentViewChanged(llmcache::ui::View* view);
    /// The window was closed; its views were told to stop.
    void closing();
    /// After closing(): no view has a task any more. Services may be destroyed now.
    void idle();

protected:
    void closeEvent(QCloseEvent* event) override;
    void showEvent(QShowEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    struct Page {
        View* view;
        QWidget* header;
        QAction* action;
    };
    void buildMenus();
    void activatePage(int index);
    void moveFocus(bool forward);
    void toggleMenuBar();
    void saveState();
    void checkIdle();
    void updateBannerBox();
    void fitWelcome();
    void updateTitle();
    QString keyOf(const View* view) const;

    Theme* m_theme;
    QSettings* m_settings;
    Rail* m_rail;
    TopBar* m_topBar;
    QWidget* m_bannerBox;
    ErrorBanner* m_storeBanner;
    ErrorBanner* m_message;
    WelcomePane* m_welcome;
    ConnectionButton* m_connection;
    Badge* m_production;
    Badge* m_readOnly;
    ProductionEdge* m_edge;
    std::function<void()> m_messageAction;
    QString m_connectionName;
    QStackedWidget* m_stack;
    StatusStrip* m_status;
    CommandPalette* m_palette = nullptr;
    ToastHost* m_toasts = nullptr;
    HelpView* m_help = nullptr;
    QMenu* m_viewMenu = nullptr;
    QMenu* m_helpMenu = nullptr;
    QAction* m_welcomeCommand = nullptr;
    QList<Page> m_pages;
    QList<QAction*> m_windowActions;
    QList<QAction*> m_windowCommands;
    int m_topViews = 0;
    bool m_altAlone = false;
    bool m_isWelcoming = false;
    bool m_closed = false;
    bool m_activated = false;
};

} // namespace llmcache::ui
