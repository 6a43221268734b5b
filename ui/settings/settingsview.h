#pragma once

#include "shell/view.h"

class QFormLayout;
class QSettings;
class QVBoxLayout;

namespace llmcache {
class Session;
}

namespace llmcache::ui {

class Card;
class PricesCard;
class SegmentedControl;
class Theme;

/// Puts the appearance that `settings` remember on the theme.
void restoreAppearance(Theme* theme, const QSettings& settings);
void saveAppearance(const Theme& theme, QSettings& settings);

/// Appearance, prices, and what the program found: store, workspace, folders, keys.
class SettingsView : public View {
    Q_OBJECT
public:
    struct ProviderKey {
        QString provider; ///< for people: "Anthropic"
        QStringList prefixes; ///< of model names: "anthropic"
        QStringList variables; ///< environment names that are looked at
        bool needed = true; ///< false for providers without keys
        bool set = false;
    };
    struct Facts {
        QString store; ///< kind, address without secrets
        QString workspace;
        QString dataFolder;
        QString settingsFile;
        QString version;
        QList<ProviderKey> keys; ///< never values
    };
    /// `theme` and `settings` must outlive the widget.
    SettingsView(Theme* theme, QSettings* settings, QWidget* parent = nullptr);
    void setFacts(const Facts& facts);
    /// Shows the prices of a session, once; it must outlive the widget.
    void setSession(Session* session);

    QString title() const override { return tr("Settings"); }
    void activate() override;
    void stopTasks() override;
    int activeTasks() const override;

Q_SIGNALS:
    /// Something was done; `undo` takes it back.
    void notice(const QString& text, const QString& action, const std::function<void()>& undo);

private:
    void insertCard(int place, Card* card);

    Theme* m_theme;
    QSettings* m_settings;
    SegmentedControl* m_scheme;
    SegmentedControl* m_density;
    Card* m_place;
    PricesCard* m_prices = nullptr;
    Card* m_keys;
    QVBoxLayout* m_column;
};

} // namespace llmcache::ui
