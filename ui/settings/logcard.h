#pragma once

#include "base/logbook.h"
#include "widgets/card.h"

#include <QTimer>

#include <functional>

class QPlainTextEdit;

namespace llmcache::ui {

class SegmentedControl;

/// What the program logged, by level, and the report for somebody who is to help.
class LogCard : public Card {
    Q_OBJECT
public:
    /// `log` must outlive the widget. `diagnostics` is called for the head of the report.
    LogCard(const LogBook* log, std::function<QString()> diagnostics, QWidget* parent = nullptr);
    /// What "Copy diagnostics" puts on the clipboard. Holds no secret.
    QString report() const;

Q_SIGNALS:
    void notice(const QString& text);

private:
    void show();
    const LogBook* m_log;
    std::function<QString()> m_diagnostics;
    SegmentedControl* m_level;
    QPlainTextEdit* m_text;
    QTimer m_soon;
};

} // namespace llmcache::ui
