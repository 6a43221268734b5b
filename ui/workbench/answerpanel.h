#pragma once

#include "cache/run.h"
#include "widgets/tasks.h"

#include <QFrame>

class QLabel;
class QStackedWidget;
class QTextBrowser;

namespace llmcache::ui {

class Badge;
class Button;
class CodeView;
class ElidedLabel;
class EmptyState;
class ErrorBanner;
class Spinner;
class TabStrip;
class Theme;
class Tile;

/// What a run answered: state, figures, the answer in its forms, and what went wrong. Shows one run at a
/// time.
class AnswerPanel : public QFrame {
    Q_OBJECT
public:
    /// `theme` must outlive the panel.
    explicit AnswerPanel(const Theme* theme, QWidget* parent = nullptr);
    void clear();
    /// A run has begun: skeleton, then text as it comes.
    void showStarted(const QString& model);
    void appendText(const QString& text);
    /// One line on what the run is doing now, with the time since its start.
    void showProgress(const QString& what, std::chrono::milliseconds elapsed);
    void showResult(const RunResult& result, qint64 nowMs);
    void showFailure(const Failure& failure);
    QString shownFingerprint() const { return m_fingerprint; }

Q_SIGNALS:
    void openEntry(const QString& fingerprint);

private:
    QWidget* createTiles();
    QWidget* createFooter();
    void setAnswer(const Json& output);
    void setTexts(const RunData& run);
    void copyAnswer();
    const Theme* m_theme;
    QStackedWidget* m_pages;
    EmptyState* m_empty;
    Badge* m_badge;
    QLabel* m_headline;
    ElidedLabel* m_subline;
    Spinner* m_spinner;
    Tile* m_input;
    Tile* m_output;
    Tile* m_cost;
    Tile* m_saved;
    ErrorBanner* m_banner;
    TabStrip* m_tabs;
    QStackedWidget* m_forms;
    QTextBrowser* m_rendered;
    CodeView* m_json;
    CodeView* m_raw;
    CodeView* m_messages;
    CodeView* m_request;
    QLabel* m_verdict;
    QLabel* m_fingerprintLabel;
    Button* m_copyFingerprint;
    Button* m_copy;
    Button* m_open;
    QString m_fingerprint;
    QString m_text;
    bool m_streaming = false;
};

} // namespace llmcache::ui
