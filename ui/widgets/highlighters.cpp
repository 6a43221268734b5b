#include "widgets/highlighters.h"

#include "theme/theme.h"

#include <QRegularExpression>

namespace llmcache::ui {

JsonHighlighter::JsonHighlighter(const Theme* theme, QTextDocument* document)
    : QSyntaxHighlighter(document)
    , m_theme(theme)
{
    connect(theme, &Theme::changed, this, &QSyntaxHighlighter::rehighlight);
}

void JsonHighlighter::highlightBlock(const QString& text)
{
    // Long lines are raw data; colouring them would cost more than it helps.
    if (text.size() > 20'000)
        return;
    static const QRegularExpression token(QStringLiteral(
        R"(("(?:[^"\\]|\\.)*")(\s*:)?|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\b(?:true|false|null)\b)"));
    for (auto it = token.globalMatch(text); it.hasNext();) {
        const QRegularExpressionMatch match = it.next();
        Token color = Token::SyntaxNumber;
        qsizetype length = match.capturedLength();
        if (match.capturedLength(1) > 0) {
            color = match.capturedLength(2) > 0 ? Token::SyntaxKey : Token::SyntaxString;
            length = match.capturedLength(1);
        }
        setFormat(static_cast<int>(match.capturedStart()), static_cast<int>(length), m_theme->color(color));
    }
}

TemplateHighlighter::TemplateHighlighter(const Theme* theme, QTextDocument* document)
    : QSyntaxHighlighter(document)
    , m_theme(theme)
{
    connect(theme, &Theme::changed, this, &QSyntaxHighlighter::rehighlight);
}

void TemplateHighlighter::highlightBlock(const QString& text)
{
    // The names of renderTemplate(); a backslash before the braces makes them literal.
    static const QRegularExpression variable(
        QStringLiteral(R"((?<!\\)\{\{\s*[A-Za-z_][A-Za-z0-9_.\-]*\s*\}\})"));
    QTextCharFormat format;
    format.setForeground(m_theme->color(Token::Miss));
    format.setBackground(m_theme->color(Token::MissBackground));
    for (auto it = variable.globalMatch(text); it.hasNext();) {
        const QRegularExpressionMatch match = it.next();
        setFormat(static_cast<int>(match.capturedStart()), static_cast<int>(match.capturedLength()), format);
    }
}

} // namespace llmcache::ui
