#pragma once

#include <QWidget>

class QTimer;

namespace llmcache::ui {

class Theme;

/// Turns while something takes longer than 300 ms. Keeps its place while it is idle.
class Spinner : public QWidget {
    Q_OBJECT
public:
    /// `theme` must outlive the widget.
    explicit Spinner(const Theme* theme, QWidget* parent = nullptr);
    /// Starts or ends the wait; nothing is seen of waits under 300 ms.
    void setBusy(bool busy);
    bool isTurning() const { return m_turning; }
    QSize sizeHint() const override { return {16, 16}; }

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    const Theme* m_theme;
    QTimer* m_delay;
    QTimer* m_frames;
    bool m_turning = false;
    int m_step = 0;
};

/// A spinner and what is awaited, in one line that is there only meanwhile.
class WaitingLine : public QWidget {
    Q_OBJECT
public:
    /// `theme` must outlive the widget.
    WaitingLine(const Theme* theme, const QString& what, QWidget* parent = nullptr);
    void setWaiting(bool waiting);

private:
    Spinner* m_spinner;
};

} // namespace llmcache::ui
