#pragma once

#include "widgets/codeedit.h"

#include <QWidget>

class QLabel;
class QPlainTextEdit;
class QTimer;

namespace llmcache::ui {

class Button;

/// Read-only text of any size. Of a long one the beginning is shown at once, and all of it on request,
/// piece by piece, so that the window never stands still.
class ValueText : public QWidget {
    Q_OBJECT
public:
    /// `theme` must outlive the widget. `name` is what a screen reader calls it.
    ValueText(const Theme* theme, const QString& name, QWidget* parent = nullptr);

    void setText(const QString& text, Syntax syntax = Syntax::None);
    /// The whole text, shown or not.
    const QString& text() const { return m_text; }
    /// Whether only the beginning is shown.
    bool isShortened() const;
    /// What is shown at the moment.
    QString shownText() const;

    /// Characters that are shown at once.
    static constexpr qsizetype shortLength = 20'000;

private:
    void showAll();
    void loadMore();
    void refreshNotice();

    CodeView* m_view;
    QPlainTextEdit* m_all;
    QWidget* m_notice;
    QLabel* m_noticeText;
    Button* m_showAll;
    Button* m_copyAll;
    QTimer* m_loader;
    QString m_text;
    qsizetype m_loaded = 0;
};

} // namespace llmcache::ui
