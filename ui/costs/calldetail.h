#pragma once

#include "cost/pricetable.h"
#include "store/call.h"

#include <QFrame>

class QGridLayout;
class QLabel;
class QScrollArea;
class QTimeZone;

namespace llmcache::ui {

class Badge;
class Button;
class Theme;

/// One call: what it was, how its cost comes about, and the ways to its entry and its run.
class CallDetail : public QFrame {
    Q_OBJECT
public:
    /// `theme` must outlive the widget.
    explicit CallDetail(const Theme* theme, QWidget* parent = nullptr);
    void show(const Call& call, const PriceTable& prices, const QTimeZone& zone);
    using QFrame::show;
    QSize sizeHint() const override { return {320, 120}; }

Q_SIGNALS:
    void openEntry(const QString& fingerprint);
    void openRun(const QString& fingerprint);
    void closed();

private:
    void addLine(const QString& left, const QString& middle, const QString& right, bool strong = false);
    void addNote(const QString& text);
    QLabel* m_title;
    Badge* m_badge;
    QWidget* m_content;
    QScrollArea* m_scroll;
    QGridLayout* m_lines = nullptr;
    Button* m_entry;
    Button* m_run;
    QString m_fingerprint;
};

} // namespace llmcache::ui
