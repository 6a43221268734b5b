#pragma once

#include <QFrame>

class QLabel;
class QToolButton;

namespace llmcache::ui {

class Theme;

/// A small pill for one filter; removable by its cross, or by Delete or Backspace while it has the focus.
class Chip : public QFrame {
    Q_OBJECT
public:
    /// `theme` must outlive the widget.
    Chip(const Theme* theme, const QString& text, bool removable = true, QWidget* parent = nullptr);
    QString text() const;
    void setText(const QString& text);

Q_SIGNALS:
    void removeRequested();
    /// Clicked, or Enter or Space pressed on it.
    void activated();

protected:
    void keyPressEvent(QKeyEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;

private:
    QLabel* m_label;
    QToolButton* m_remove;
    bool m_removable;
};

} // namespace llmcache::ui
