#pragma once

#include "theme/type.h"

#include <QFrame>
#include <QLabel>
#include <QPushButton>

class QButtonGroup;

namespace llmcache::ui {

/// Sets a dynamic property that the stylesheet selects on, and restyles the widget if it changed.
void setStyleProperty(QWidget* widget, const char* name, const QVariant& value);

enum class ButtonKind { Secondary, Primary, Danger, Flat };

/// A push button of the program's kinds, with an optional key hint behind its text ("Run  Ctrl ⏎").
class Button : public QPushButton {
    Q_OBJECT
public:
    explicit Button(const QString& text, ButtonKind kind = ButtonKind::Secondary, QWidget* parent = nullptr);
    void setKind(ButtonKind kind);
    void setKeyHint(const QString& hint);
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override { return sizeHint(); }

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    int hintWidth() const;
    QString m_keyHint;
};
Button* primaryButton(const QString& text, QWidget* parent = nullptr);
Button* secondaryButton(const QString& text, QWidget* parent = nullptr);
Button* dangerButton(const QString& text, QWidget* parent = nullptr);
Button* flatButton(const QString& text, QWidget* parent = nullptr);

enum class Tone { Normal, Secondary, Hit, Miss, Error, Accent };
void setTone(QLabel* label, Tone tone);
/// A plain-text label in one of the program's sizes.
QLabel* makeLabel(const QString& text, Tone tone = Tone::Normal, TextSize size = TextSize::Body,
    QFont::Weight weight = QFont::Normal, QWidget* parent = nullptr);
/// Small label above a field; `buddy` gets the focus by its mnemonic and takes the text as accessible name.
QLabel* fieldLabel(const QString& text, QWidget* buddy = nullptr, QWidget* parent = nullptr);
/// A key or key combination in a small box.
QLabel* keyHint(const QString& keys, QWidget* parent = nullptr);

/// One pixel of line colour.
QFrame* horizontalRule(QWidget* parent = nullptr);
QFrame* verticalRule(QWidget* parent = nullptr);
/// A frame with the panel's colour and no border (bars, side panes).
QFrame* panelFrame(QWidget* parent = nullptr);

/// A few exclusive choices side by side; arrow keys move between them.
class SegmentedControl : public QFrame {
    Q_OBJECT
public:
    explicit SegmentedControl(QWidget* parent = nullptr);
    /// Appends a choice; the first one is chosen at once.
    void addSegment(const QString& text);
    int currentIndex() const;
    void setCurrentIndex(int index);

Q_SIGNALS:
    /// By the user or by setCurrentIndex.
    void currentChanged(int index);

private:
    QButtonGroup* m_group;
};

} // namespace llmcache::ui
