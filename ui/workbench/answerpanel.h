#pragma once

#include "cache/requestcode.h"
#include "widgets/tasks.h"

#include <QFrame>

class QAction;
class QLabel;
class QStackedWidget;

namespace llmcache::ui {

class Badge;
class Button;
class CodeView;
class ElidedLabel;
class EmptyState;
class ErrorBanner;
class ExplainPanel;
class JsonTreeView;
class MarkdownView;
class Spinner;
class TabStrip;
class Theme;
class Tile;
class UsagePane;

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
    /// What has come is void: another attempt begins.
    void restartText();
    /// One line on what the run is doing now, with the time since its start and what has come so far.
    void showProgress(const QString& what, std::chrono::milliseconds elapsed);
    /// `quote`: the arithmetic of what the answer cost when it was paid for.
    void showResult(const RunResult& result, const Quote& quote, qint64 nowMs);
    /// `usage` and `cost`: of the answers that were no good; nothing = unknown.
    void showFailure(const Failure& failure, const Usage& usage, const std::optional<Money>& cost);
    /// Nothing was run: there is an explanation alone, of what a run would do.
    void showNotRun(const QString& model);
    QString shownFingerprint() const { return m_fingerprint; }
    /// The answer as it would be copied or saved.
    const QString& answerText() const { return m_text; }
    bool answerIsJson() const { return m_isJson; }
    ExplainPanel* explanation() const { return m_explain; }
    /// Shows the tab of the explanation.
    void showExplanation();
    /// Something that was asked for on this panel did not work.
    void showProblem(const QString& what, const QString& remedy);

Q_SIGNALS:
    void openEntry(const QString& fingerprint);
    void stopRequested();
    void compareRequested();
    void saveRequested();
    void copyAsRequested(llmcache::CodeKind kind);

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    /// In the order of the tabs.
    enum Form {
        RenderedForm,
        JsonForm,
        TreeForm,
        RawForm,
        MessagesForm,
        UsageForm,
        RequestForm,
        ExplainForm
    };
    QWidget* createTiles();
    QWidget* createFooter();
    void createCopyMenu();
    void setAnswer(const Json& output);
    void emptyTiles();
    void setTexts(const RunData& run, const Quote& quote);
    void showCosts(const RunResult& result, const Quote& quote);
    /// False when the answer is no JSON, in which nothing can be marked.
    bool showViolations(const QStringList& violations);
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
    MarkdownView* m_rendered;
    CodeView* m_json;
    JsonTreeView* m_tree;
    CodeView* m_raw;
    CodeView* m_messages;
    CodeView* m_request;
    UsagePane* m_usage;
    ExplainPanel* m_explain;
    QLabel* m_verdict;
    QLabel* m_fingerprintLabel;
    Button* m_copyFingerprint;
    Button* m_stop;
    Button* m_copy;
    Button* m_explainButton;
    Button* m_compare;
    Button* m_open;
    QList<QAction*> m_answerActions; ///< need an answer
    QString m_fingerprint;
    QString m_text;
    bool m_isJson = false;
    bool m_streaming = false;
};

} // namespace llmcache::ui
