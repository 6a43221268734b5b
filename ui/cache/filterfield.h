#pragma once

#include "store/entryfilter.h"
#include "widgets/searchfield.h"

#include <QWidget>

class QLabel;
class QTimer;

namespace llmcache {
class Clock;
}

namespace llmcache::ui {

/// Where the filter is typed. Applies it a moment after the last key; a filter that can't be understood
/// yet is explained under the field at its place, and the last good one stays in force.
class FilterField : public QWidget {
    Q_OBJECT
public:
    /// `theme` must outlive the widget.
    explicit FilterField(const Theme* theme, QWidget* parent = nullptr);

    QString text() const;
    void setText(const QString& text);
    void clear() { setText({}); }
    /// The time that "today" in a filter refers to.
    void setNow(qint64 nowMs) { m_nowMs = nowMs; }
    bool hasError() const;
    /// Puts the cursor there and selects the text.
    void focusField();

Q_SIGNALS:
    /// The filter in force is another one.
    void filterChanged(const EntryFilter& filter);
    /// Down or Enter was pressed: the keyboard goes on to the rows.
    void leftDownwards();

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void apply();
    void showError(const FilterError* error);
    /// Tints the conditions in the text, and the part that is wrong.
    void colour(const EntryFilter* filter, const FilterError* error);

    const Theme* m_theme;
    SearchField* m_field;
    QLabel* m_error;
    QTimer* m_pause;
    qint64 m_nowMs = 0;
    QString m_applied;
    bool m_everApplied = false;
};

} // namespace llmcache::ui
