#include "widgets/codeedit.h"

#include "theme/theme.h"
#include "widgets/highlighters.h"

#include <QAbstractTextDocumentLayout>
#include <QPaintEvent>
#include <QPainter>
#include <QScrollBar>
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

QString typedText(const QTextDocument& document)
{
    // Not toPlainText(), which makes usual spaces of those that do not break.
    QString text = document.toRawText();
    text.replace(QChar::ParagraphSeparator, QLatin1Char('\n'));
    text.replace(QChar::LineSeparator, QLatin1Char('\n'));
    return text;
}

void CodeEdit::setText(const QString& text)
{
    document()->setUndoRedoEnabled(false);
    m_given = text; // before anybody hears of it
    // Every new line inherits the format from the line it was split off; set before there is text, it is laid
    // out once.
    QTextBlockFormat format;
    format.setLineHeight(lineHeight, QTextBlockFormat::FixedHeight);
    QTextCursor cursor(document());
    cursor.beginEditBlock();
    cursor.select(QTextCursor::Document);
    cursor.removeSelectedText();
    cursor.setBlockFormat(format);
    cursor.insertText(text);
    cursor.endEditBlock();
    moveCursor(QTextCursor::Start);
    document()->setUndoRedoEnabled(true);
    document()->setModified(false);
}

QString CodeEdit::text() const
{
    if (!document()->isModified())
        return m_given;
    return typedText(*document());
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

/// Beside the text, as wide as its longest number.
class CodeEdit::Gutter : public QWidget {
public:
    explicit Gutter(CodeEdit* edit)
        : QWidget(edit)
        , m_edit(edit)
    {
    }

protected:
    void paintEvent(QPaintEvent* event) override { m_edit->paintGutter(event); }

private:
    CodeEdit* m_edit;
};

void CodeEdit::setLineNumbers(bool on)
{
    if (on == hasLineNumbers())
        return;
    delete m_gutter;
    m_gutter = on ? new Gutter(this) : nullptr;
    if (on) {
        connect(document(), &QTextDocument::blockCountChanged, m_gutter, [this] { placeGutter(); });
        connect(verticalScrollBar(), &QAbstractSlider::valueChanged, m_gutter, qOverload<>(&QWidget::update));
        connect(this, &QTextEdit::textChanged, m_gutter, qOverload<>(&QWidget::update));
    }
    placeGutter();
}

void CodeEdit::resizeEvent(QResizeEvent* event)
{
    QTextEdit::resizeEvent(event);
    placeGutter();
}

void CodeEdit::placeGutter()
{
    constexpr int leastDigits = 2;
    constexpr int space = 10;
    if (!m_gutter) {
        setViewportMargins(0, 0, 0, 0);
        return;
    }
    const auto digits = std::max<qsizetype>(leastDigits, QString::number(document()->blockCount()).size());
    const int width = fontMetrics().horizontalAdvance(QLatin1Char('9')) * static_cast<int>(digits) + space;
    setViewportMargins(width, 0, 0, 0);
    const QRect inside = viewport()->geometry();
    m_gutter->setGeometry(inside.left() - width, inside.top(), width, inside.height());
    m_gutter->show();
}

void CodeEdit::paintGutter(QPaintEvent* event)
{
    QPainter painter(m_gutter);
    painter.setFont(codeFont());
    painter.setPen(m_theme->color(Token::SecondaryText));
    const int scrolled = verticalScrollBar()->value();
    for (QTextBlock block = document()->begin(); block.isValid(); block = block.next()) {
        const QRectF place = document()->documentLayout()->blockBoundingRect(block).translated(0, -scrolled);
        if (place.top() > event->rect().bottom())
            break;
        if (place.bottom() < event->rect().top())
            continue;
        painter.drawText(QRectF(0, place.top(), m_gutter->width() - 2, lineHeight),
            Qt::AlignRight | Qt::AlignVCenter, QString::number(block.blockNumber() + 1));
    }
}

CodeView::CodeView(const Theme* theme, Syntax syntax, QWidget* parent)
    : CodeEdit(theme, syntax, parent)
{
    setReadOnly(true);
    setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
}

} // namespace llmcache::ui
