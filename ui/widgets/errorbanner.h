#pragma once

#include <QFrame>

#include <functional>

class QBoxLayout;
class QHBoxLayout;
class QLabel;
class QToolButton;

namespace llmcache::ui {

class Button;
class Theme;

/// Says what went wrong and what to do, where it happened, until it is dismissed or the cause is gone.
/// Hidden while it has nothing to say.
class ErrorBanner : public QFrame {
    Q_OBJECT
public:
    enum class Severity { Error, Warning };
    /// `theme` must outlive the widget.
    explicit ErrorBanner(const Theme* theme, QWidget* parent = nullptr);
    /// Shows a problem; replaces the one before. `action` names a button ("Retry"); empty = none.
    void showProblem(const QString& what, const QString& remedy = {}, const QString& action = {},
        Severity severity = Severity::Error);
    /// A further button for the problem on show, which goes with it. `action` runs after the problem is
    /// hidden.
    void offer(const QString& text, std::function<void()> action);
    /// Hides it without a signal: the cause is gone.
    void clear();
    QString what() const;
    /// Whether there is a cross; on by default.
    void setDismissable(bool on);

Q_SIGNALS:
    /// It has come or gone, with what is to be laid out around it.
    void shown(bool on);
    void actionTriggered();
    /// By the user.
    void dismissed();

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    void updateIcon();
    void removeOffers();
    const Theme* m_theme;
    Severity m_severity = Severity::Error;
    QLabel* m_icon;
    QLabel* m_what;
    QLabel* m_remedy;
    Button* m_action;
    QBoxLayout* m_body; ///< what is said, and the buttons
    QHBoxLayout* m_offers;
    QToolButton* m_close;
};

} // namespace llmcache::ui
