#pragma once

#include <QSyntaxHighlighter>

namespace llmcache::ui {

class Theme;

/// Colours of JSON text: keys, texts, numbers and literals. Works line by line; strings do not span lines.
class JsonHighlighter : public QSyntaxHighlighter {
    Q_OBJECT
public:
    /// `theme` must outlive the document.
    JsonHighlighter(const Theme* theme, QTextDocument* document);

protected:
    void highlightBlock(const QString& text) override;

private:
    const Theme* m_theme;
};

/// Marks `{{variable}}` placeholders of templates.
class TemplateHighlighter : public QSyntaxHighlighter {
    Q_OBJECT
public:
    TemplateHighlighter(const Theme* theme, QTextDocument* document);

protected:
    void highlightBlock(const QString& text) override;

private:
    const Theme* m_theme;
};

} // namespace llmcache::ui
