#include "widgets/codeedit.h"

#include "theme/theme.h"
#include "widgets/highlighters.h"

#include <QTextBlock>
#include <QTextDocument>

namespace llmcache::ui {

namespace {
constexpr qreal lineHeight = 19;
constexpr int margin = 10;
} // namespace

CodeEdit::CodeEdit(const Theme* theme, Syntax syntax, QWidget* parent)
    : QTextEdit(parent)
    , m_theme(theme)
{
    setProperty("code", true);
    setAcceptRichText(false);
    setTabChangesFocus(true);
    setFont(codeFont());
    document()->setDefaultFont(codeFont());
    document()->setDocumentMargin(margin);
    setSyntax(syntax);
    setText({});
}

void CodeEdit::setText(const QString& text)
{
    document()->setUndoRedoEnabled(false);
    setPlainText(text);
    // Every new line inherits this from the line it was split off.
    QTextBlockFormat format;
    format.setLineHeight(lineHeight, QTextBlockFormat::FixedHeight);
    QTextCursor cursor(document());
    cursor.select(QTextCursor::Document);
    const QSignalBlocker quiet(this);
    cursor.mergeBlockFormat(format);
    document()->setUndoRedoEnabled(true);
    document()->setModified(false);
}

void CodeEdit::setSyntax(Syntax syntax)
{
    if (m_syntax == syntax)
        return;
    m_syntax = syntax;
    delete m_highlighter;
    m_highlighter = nullptr;
    if (syntax == Syntax::Json)
        m_highlighter = new JsonHighlighter(m_theme, document());
    else if (syntax == Syntax::Template)
        m_highlighter = new TemplateHighlighter(m_theme, document());
}

CodeView::CodeView(const Theme* theme, Syntax syntax, QWidget* parent)
    : CodeEdit(theme, syntax, parent)
{
    setReadOnly(true);
    setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
}

} // namespace llmcache::ui
