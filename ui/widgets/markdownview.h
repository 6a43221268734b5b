#pragma once

#include <QTextBrowser>

namespace llmcache::ui {

class Theme;

/// Markdown of people who may be hostile, rendered. Showing it fetches, loads and executes nothing: HTML
/// stays text, an image is its words and its address. A link opens after the user has seen where it leads,
/// and agreed.
class MarkdownView : public QTextBrowser {
    Q_OBJECT
public:
    /// `theme` must outlive the widget.
    explicit MarkdownView(const Theme* theme, QWidget* parent = nullptr);

    /// Hides QTextEdit's, which would render in place and ask for images while it does.
    void setMarkdown(const QString& text);
    /// The text as it was given, all of it.
    const QString& markdown() const { return m_text; }
    QVariant loadResource(int type, const QUrl& name) override;

    /// Characters that are rendered; a note at the end says so where there are more.
    static constexpr qsizetype mostRendered = 12'000;

Q_SIGNALS:
    /// The user agreed to open it. Where nobody is connected to it, it opens in the desktop's browser.
    void linkConfirmed(const QUrl& url);

private:
    void render();
    void askToOpen(const QUrl& url);

    const Theme* m_theme;
    QString m_text;
};

} // namespace llmcache::ui
