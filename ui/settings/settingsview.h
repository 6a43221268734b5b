#pragma once

#include "shell/view.h"

#include <QHash>

class QListWidget;
class QSettings;
class QStackedWidget;
class QVBoxLayout;

namespace llmcache {
class Connections;
class LogBook;
class Session;
} // namespace llmcache

namespace llmcache::ui {

class AppearanceCard;
class Card;
class ConnectionsCard;
class KeysCard;
class LogCard;
class PricesCard;
class Theme;

/// Puts the appearance that `settings` remember on the theme.
void restoreAppearance(Theme* theme, const QSettings& settings);
void saveAppearance(const Theme& theme, QSettings& settings);
/// How large text, controls and pictures are to be, in per cent; before there is an application.
int appearanceSize(const QSettings& settings);

/// Pages of settings: how it looks, runs and network, connections, keys, prices, the log, and what the
/// program found.
class SettingsView : public View {
    Q_OBJECT
public:
    enum class Page { Appearance, Runs, Connections, Keys, Prices, Log, About };
    struct Facts {
        QString store; ///< kind, address without secrets
        QString source; ///< who chose it
        QString workspace;
        QString dataFolder;
        QString settingsFile;
        QString version;
    };
    /// `theme` and `settings` must outlive the widget.
    SettingsView(Theme* theme, QSettings* settings, QWidget* parent = nullptr);
    void setFacts(const Facts& facts);
    /// Shows the prices and keys of a session, once; it must outlive the widget.
    void setSession(Session* session);
    /// Shows the connections, once; they must outlive the widget.
    void setConnections(Connections* connections);
    /// Shows what is logged, once; `log` must outlive the widget.
    void setLog(const LogBook* log);
    ConnectionsCard* connections() const { return m_connections; }
    LogCard* log() const { return m_log; }
    void showPage(Page page);

    QString title() const override { return tr("Settings"); }
    void activate() override;
    QList<QWidget*> panes() override;
    void stopTasks() override;
    int activeTasks() const override;

Q_SIGNALS:
    /// Something was done; `undo` takes it back.
    void notice(const QString& text, const QString& action, const std::function<void()>& undo);

private:
    void addPage(Page page, const QString& name, Card* card);
    QString diagnostics() const;

    Theme* m_theme;
    QSettings* m_settings;
    QListWidget* m_pages;
    QStackedWidget* m_stack;
    Card* m_place;
    PricesCard* m_prices = nullptr;
    KeysCard* m_keys = nullptr;
    ConnectionsCard* m_connections = nullptr;
    LogCard* m_log = nullptr;
    Facts m_facts;
};

} // namespace llmcache::ui
