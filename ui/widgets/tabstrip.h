#pragma once

#include <QTabBar>

namespace llmcache::ui {

class Theme;

/// Underlined tabs over a line, for a QStackedWidget. Left and Right move between them, Tab leaves.
class TabStrip : public QTabBar {
    Q_OBJECT
public:
    /// `theme` must outlive the widget.
    explicit TabStrip(const Theme* theme, QWidget* parent = nullptr);
    /// Less room between the tabs, for a strip of many.
    void setDense(bool dense);

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    const Theme* m_theme;
};

} // namespace llmcache::ui
