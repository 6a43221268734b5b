#pragma once

#include "shell/view.h"

class QListWidget;
class QTextBrowser;

namespace llmcache::ui {

class Theme;

/// The project's documentation, which comes with the program, and the list of shortcuts. Loads nothing from
/// the network; a link to a web site opens the browser when somebody follows it.
class HelpView : public View {
    Q_OBJECT
public:
    struct Shortcut {
        QString group;
        QString text;
        QString keys;
    };
    /// `theme` must outlive the widget.
    explicit HelpView(const Theme* theme, QWidget* parent = nullptr);
    /// Fills the page of shortcuts, in this order.
    void setShortcuts(const QList<Shortcut>& shortcuts);

    QString title() const override { return tr("Help"); }
    void activate() override;
    QList<QWidget*> panes() override;

Q_SIGNALS:
    void welcomeRequested();

private:
    /// `fileName` is what links of other pages call it; empty for a page that has no file.
    void addPage(const QString& markdown, const QString& fileName = {});
    void follow(const QUrl& link);
    void showPage(int row);
    QListWidget* m_topics;
    QTextBrowser* m_page;
    QStringList m_pages;
    QStringList m_fileNames; ///< as many
};

} // namespace llmcache::ui
