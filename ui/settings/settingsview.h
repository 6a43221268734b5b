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
class KeysCard;
class PricesCard;
class SegmentedControl;
class Theme;

/// Puts the appearance that `settings` remember on the theme.
void restoreAppearance(Theme* theme, const QSettings& settings);
void saveAppearance(const Theme& theme, QSettings& settings);

/// Appearance, prices, provider keys, and what the program found: store, workspace, folders.
class SettingsView : public View {
    Q_OBJECT
public:
    struct Facts {
        QString store; ///< kind, address without secrets
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

    QString title() const override { return tr("Settings"); }
    void activate() override;
    void stopTasks() override;
    int activeTasks() const override;

Q_SIGNALS:
    /// Something was done; `undo` takes it back.
    void notice(const QString& text, const QString& action, const std::function<void()>& undo);

private:
    void addCard(Card* card);

    Theme* m_theme;
    QSettings* m_settings;
    SegmentedControl* m_scheme;
    SegmentedControl* m_density;
    Card* m_place;
    PricesCard* m_prices = nullptr;
    KeysCard* m_keys = nullptr;
    QVBoxLayout* m_column;
};

} // namespace llmcache::ui
