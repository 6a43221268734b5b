#pragma once

#include "shell/view.h"

class QListWidget;
class QTextBrowser;

namespace llmcache::ui {

class Theme;

/// Short pages that come with the program, and the list of shortcuts. Loads nothing from the network.
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

private:
    void addPage(const QString& markdown);
    void showPage(int row);
    QListWidget* m_topics;
    QTextBrowser* m_page;
    QStringList m_pages;
};

} // namespace llmcache::ui
