#pragma once

#include <QFrame>

#include <vector>

class QBoxLayout;
class QLabel;

namespace llmcache::ui {

class Button;
class Theme;

/// A few words for somebody who is here for the first time, and the three things to do next. It takes no part
/// in anything, and goes when it is dismissed.
class WelcomePane : public QFrame {
    Q_OBJECT
public:
    /// `theme` must outlive the widget.
    explicit WelcomePane(const Theme* theme, QWidget* parent = nullptr);
    /// Without headings and explanations, for a window that is low.
    void setCompact(bool on);

Q_SIGNALS:
    void keyRequested();
    void connectRequested();
    void sampleRequested();
    /// By the user.
    void dismissed();

private:
    Button* addChoice(
        const QString& heading, const QString& words, const QString& button, const QString& name);

    bool m_isCompact = false;
    QBoxLayout* m_column;
    QBoxLayout* m_top;
    QBoxLayout* m_choices;
    QLabel* m_words;
    std::vector<QFrame*> m_boxes;
    std::vector<QLabel*> m_tallOnly; ///< headings and explanations
};

} // namespace llmcache::ui
