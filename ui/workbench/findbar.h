#pragma once

#include <QFrame>

class QLabel;
class QLineEdit;
class QTextEdit;

namespace llmcache::ui {

/// Find and replace in an editor, below it. Enter goes to the next match, Shift+Enter to the one before,
/// Escape closes it.
class FindBar : public QFrame {
    Q_OBJECT
public:
    /// Hidden until open().
    explicit FindBar(QWidget* parent = nullptr);
    /// Shows it for an editor, which must outlive that, with what is selected there as the text to find.
    void open(QTextEdit* editor);
    void close();

protected:
    bool event(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    bool find(bool forward);
    void replace();
    void replaceAll();
    void count();
    QTextEdit* m_editor = nullptr;
    QLineEdit* m_text;
    QLineEdit* m_with;
    QLabel* m_count;
};

} // namespace llmcache::ui
