#pragma once

#include <QLineEdit>

class QLabel;

namespace llmcache::ui {

class Theme;

/// A line edit to search or filter with: icon, optional key hint while it is empty, Escape clears it.
class SearchField : public QLineEdit {
    Q_OBJECT
public:
    /// `theme` must outlive the widget.
    SearchField(const Theme* theme, const QString& placeholder, QWidget* parent = nullptr);
    /// Shown at the right while the field is empty; does not make a shortcut.
    void setKeyHint(const QString& keys);

protected:
    bool event(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    void placeHint();
    QLabel* m_hint = nullptr;
};

} // namespace llmcache::ui
