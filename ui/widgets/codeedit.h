#pragma once

#include <QTextEdit>

class QSyntaxHighlighter;

namespace llmcache::ui {

class Theme;

enum class Syntax { None, Json, Template };

/// What is written in a plain document, with the spaces that do not break.
QString typedText(const QTextDocument& document);

/// Multi-line monospaced plain text with the program's line height. Pasted text loses its formatting; Tab
/// moves the focus.
class CodeEdit : public QTextEdit {
    Q_OBJECT
public:
    /// `theme` must outlive the widget.
    explicit CodeEdit(const Theme* theme, Syntax syntax = Syntax::None, QWidget* parent = nullptr);
    /// Replaces the text (never read as HTML) and forgets the undo history.
    void setText(const QString& text);
    /// What was given, to the letter, until the user changes it.
    QString text() const;
    void setSyntax(Syntax syntax);
    /// Numbers of the lines in a margin; off by default.
    void setLineNumbers(bool on);
    bool hasLineNumbers() const { return m_gutter != nullptr; }

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    class Gutter;
    void placeGutter();
    void paintGutter(QPaintEvent* event);
    const Theme* m_theme;
    Syntax m_syntax = Syntax::None;
    QSyntaxHighlighter* m_highlighter = nullptr;
    QString m_given;
    QWidget* m_gutter = nullptr;
};

/// The same, to read and copy from: not editable, reachable and scrollable by keyboard.
class CodeView : public CodeEdit {
    Q_OBJECT
public:
    explicit CodeView(const Theme* theme, Syntax syntax = Syntax::None, QWidget* parent = nullptr);
};

} // namespace llmcache::ui
