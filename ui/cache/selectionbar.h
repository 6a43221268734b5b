#pragma once

#include "cache/arrangement.h"

#include <QFrame>

#include <chrono>
#include <optional>

class QLabel;
class QProgressBar;

namespace llmcache::ui {

class BulkJob;
class Button;
class Theme;

/// The line under the table: what is selected, and what can be done with it. Asks before it invalidates,
/// shows how a change goes on, and how it ended.
class SelectionBar : public QFrame {
    Q_OBJECT
public:
    /// All must outlive the widget.
    SelectionBar(const Theme* theme, BulkJob* job, QWidget* parent = nullptr);

    /// Another selection: a question that was open is void, a result that was shown is read.
    void setSelection(const EntrySums& sums);
    /// Asks whether to invalidate the selection. Nothing happens without one, or during a change.
    void ask();
    bool isAsking() const { return m_state == State::Asking; }
    /// Back to the selection without doing anything.
    void cancelQuestion();

Q_SIGNALS:
    void copyRequested();
    void pinRequested();
    /// Expire after this time from now; nothing = never.
    void ttlRequested(std::optional<std::chrono::seconds> ttl);
    void invalidateConfirmed();
    /// The question was answered with no, or is void; the focus may go back to the table.
    void questionClosed();

private:
    enum class State { Selection, Asking, Running, Result };
    void makeTtlMenu();
    void setState(State state);
    void refresh();
    QString weight() const;
    QString resultText() const;

    BulkJob* m_job;
    State m_state = State::Selection;
    EntrySums m_sums;
    QLabel* m_title;
    QLabel* m_text;
    QProgressBar* m_progress;
    Button* m_copy;
    Button* m_ttl;
    Button* m_pin;
    Button* m_invalidate;
    Button* m_keep;
    Button* m_confirm;
    Button* m_cancel;
};

} // namespace llmcache::ui
