#pragma once

#include "base/json.h"
#include "base/textdiff.h"

#include <QWidget>

class QLabel;
class QTextEdit;

namespace llmcache::ui {

class Button;
class Theme;

/// One part of a comparison: what it is about, and how it differs. Without pieces it is a heading.
struct DiffSection {
    QString title;
    std::vector<DiffPiece> pieces;
};

/// Two texts under a title; nothing where they are equal. Pure, made for a worker thread.
void addTextSection(
    std::vector<DiffSection>& sections, const QString& title, const QString& left, const QString& right);
/// A section for every place in which two JSON values differ, titled by `title` and the place. Texts are
/// compared by words. Pure, made for a worker thread.
void addJsonSections(
    std::vector<DiffSection>& sections, const QString& title, const Json& left, const Json& right);

/// Shows how two things differ: what only the left one has is struck through, what only the right one has
/// underlined, in the colours of the theme. Long equal parts are left out. Keys: F7 or N to the next change,
/// Shift+F7 or P to the one before.
class DiffView : public QWidget {
    Q_OBJECT
public:
    /// `theme` must outlive the widget.
    explicit DiffView(const Theme* theme, QWidget* parent = nullptr);

    /// What the sides are called: "profiler 9f2c41d0", "the answer stored now".
    void setSides(const QString& left, const QString& right);
    void setSections(std::vector<DiffSection> sections);
    int changeCount() const { return static_cast<int>(m_changes.size()); }
    void nextChange() { step(1); }
    void previousChange() { step(-1); }

    /// Characters that are shown; a note says so where there are more.
    static constexpr qsizetype mostShown = 200'000;

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    struct Place {
        int from;
        int to;
    };
    void render();
    void step(int by);

    const Theme* m_theme;
    std::vector<DiffSection> m_sections;
    std::vector<Place> m_changes;
    int m_current = -1;
    QLabel* m_left;
    QLabel* m_right;
    QLabel* m_count;
    Button* m_previous;
    Button* m_next;
    QTextEdit* m_text;
};

} // namespace llmcache::ui
