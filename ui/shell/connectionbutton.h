#pragma once

#include <QList>
#include <QPushButton>

namespace llmcache::ui {

class Theme;

/// What the window is connected to, as the frame says it.
struct ConnectionLook {
    QString id{}; ///< of the profile; empty without one
    QString name{}; ///< "Team cache", "LLM_CACHE_REDIS_URL"; empty for the embedded file
    QString colour{}; ///< as ConnectionProfile::colours()
    QString workspace{};
    QString store{}; ///< address without secrets
    QString source{}; ///< who chose the store, for the tooltip; may be empty
    bool production = false;
    bool readOnly = false;
    bool isSample = false; ///< made-up data, which can be removed
};

/// One that may be switched to.
struct ConnectionItem {
    QString id{}; ///< empty = the embedded file
    QString name{};
    QString detail{};
    QString colour{};
};

/// The top bar's button with the connection and workspace, and the menu to switch.
class ConnectionButton : public QPushButton {
    Q_OBJECT
public:
    /// `theme` must outlive the widget.
    explicit ConnectionButton(const Theme* theme, QWidget* parent = nullptr);
    void setLook(const ConnectionLook& look);
    void setItems(const QList<ConnectionItem>& items);
    QSize minimumSizeHint() const override { return {90, sizeHint().height()}; }

Q_SIGNALS:
    void chosen(const QString& id, bool inNewWindow);
    void workspaceRequested();
    void addRequested();
    void manageRequested();
    void sampleRemovalRequested();

private:
    void updateText();
    void buildMenu();

    const Theme* m_theme;
    ConnectionLook m_look;
    QList<ConnectionItem> m_items;
};

/// The line of three pixels that marks a production connection; nothing otherwise.
class ProductionEdge : public QWidget {
    Q_OBJECT
public:
    /// `theme` must outlive the widget.
    explicit ProductionEdge(const Theme* theme, QWidget* parent = nullptr);
    void setLook(const ConnectionLook& look);

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    const Theme* m_theme;
    QString m_colour;
};

} // namespace llmcache::ui
