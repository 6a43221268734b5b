#pragma once

#include "theme/icons.h"

#include <QWidget>

class QLabel;

namespace llmcache::ui {

class Button;
class Theme;

/// What a place shows before there is anything in it: what will be here, and the one action that fills it.
class EmptyState : public QWidget {
    Q_OBJECT
public:
    /// `theme` must outlive the widget. Without `action` there is no button.
    EmptyState(const Theme* theme, IconName icon, const QString& title, const QString& text,
        const QString& action = {}, QWidget* parent = nullptr);
    void setContent(IconName icon, const QString& title, const QString& text, const QString& action = {});

    QSize minimumSizeHint() const override;

Q_SIGNALS:
    void actionTriggered();

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    void fitText();
    /// What the picture and the wider margins take.
    int saved() const;
    int lowHeight() const;
    const Theme* m_theme;
    IconName m_iconName = IconName::Cache;
    QLabel* m_icon;
    QLabel* m_title;
    QLabel* m_text;
    Button* m_button;
    bool m_isLow = false;
};

} // namespace llmcache::ui
