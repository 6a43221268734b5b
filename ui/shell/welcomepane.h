#pragma once

#include <QFrame>

namespace llmcache::ui {

class Theme;

/// A few words for somebody who is here for the first time, and the three things to do next. It takes no part
/// in anything, and goes when it is dismissed.
class WelcomePane : public QFrame {
    Q_OBJECT
public:
    /// `theme` must outlive the widget.
    explicit WelcomePane(const Theme* theme, QWidget* parent = nullptr);

Q_SIGNALS:
    void keyRequested();
    void connectRequested();
    void sampleRequested();
    /// By the user.
    void dismissed();
};

} // namespace llmcache::ui
