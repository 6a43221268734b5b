#pragma once

#include "agent/message.h"

#include <QWidget>

class QScrollArea;
class QVBoxLayout;

namespace llmcache::ui {

class Theme;

/// The turns before the prompt: add, edit, change role, reorder, remove.
class HistoryEditor : public QWidget {
    Q_OBJECT
public:
    /// `theme` must outlive the editor.
    explicit HistoryEditor(const Theme* theme, QWidget* parent = nullptr);
    void setHistory(const History& history);
    History history() const;
    void addTurn(const Message& message);
    int turns() const { return static_cast<int>(m_turns.size()); }
    /// Appends the turns of a conversation in any shape that historyFromJson() reads.
    void addJson(const QString& text);

Q_SIGNALS:
    void edited();
    void problem(const QString& message, const QString& remedy);

private:
    class Turn;
    void rebuild();
    void move(Turn* turn, int by);
    void remove(Turn* turn);
    const Theme* m_theme;
    std::vector<Turn*> m_turns;
    QVBoxLayout* m_list;
    QWidget* m_hint;
    QScrollArea* m_scroll;
};

} // namespace llmcache::ui
