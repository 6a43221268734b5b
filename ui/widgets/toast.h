#pragma once

#include <QFrame>

#include <chrono>
#include <functional>

class QTimer;

namespace llmcache::ui {

class Theme;

/// Short notices at the bottom right of a window, newest lowest, each with an optional action such as Undo.
class ToastHost : public QObject {
    Q_OBJECT
public:
    /// Notices appear inside `window`, which owns the host as a rule. `theme` must outlive it.
    ToastHost(const Theme* theme, QWidget* window);
    /// Shows a notice for `time` (the pointer or the focus on it holds it). `action` runs at most once.
    /// Failures do not belong here: they go in an ErrorBanner where they happened.
    void show(const QString& text, const QString& actionText = {}, std::function<void()> action = {},
        std::chrono::milliseconds time = std::chrono::seconds(8));
    /// Space to keep free below the notices (the status bar).
    void setBottomMargin(int pixels);
    /// Notices on screen.
    int count() const { return static_cast<int>(m_toasts.size()); }

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void place();
    void remove(QFrame* toast);
    const Theme* m_theme;
    QWidget* m_window;
    QList<QFrame*> m_toasts;
    int m_bottomMargin = 28;
};

} // namespace llmcache::ui
