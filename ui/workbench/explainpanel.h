#pragma once

#include "cache/explain.h"
#include "widgets/tasks.h"

#include <QWidget>

class QLabel;
class QStackedWidget;

namespace llmcache::ui {

class Badge;
class Button;
class DiffView;
class ElidedLabel;
class EmptyState;
class ErrorBanner;
class Spinner;
class Theme;

/// Why a run missed: the verdict in a line, the nearest entry, and what differs from its request.
class ExplainPanel : public QWidget {
    Q_OBJECT
public:
    /// `theme` must outlive the panel.
    explicit ExplainPanel(const Theme* theme, QWidget* parent = nullptr);
    /// Nothing was asked yet.
    void clear();
    /// It is being found out; with the best explanation so far.
    void showProgress(const Explanation& soFar, qint64 nowMs);
    void showExplanation(const Explanation& explanation, qint64 nowMs);
    void showFailure(const Failure& failure);
    QString verdict() const;

Q_SIGNALS:
    void requested();
    void cancelRequested();
    void openEntry(const QString& fingerprint);

private:
    void show(const Explanation& explanation, qint64 nowMs);
    const Theme* m_theme;
    QStackedWidget* m_pages;
    EmptyState* m_empty;
    ErrorBanner* m_banner;
    Spinner* m_spinner;
    Badge* m_reason;
    QLabel* m_verdict;
    QLabel* m_progress;
    Button* m_cancel;
    ElidedLabel* m_nearest;
    Button* m_open;
    DiffView* m_differences;
    QString m_fingerprint; ///< of the nearest entry
    std::vector<RequestDifference> m_compared; ///< that m_differences shows
};

} // namespace llmcache::ui
