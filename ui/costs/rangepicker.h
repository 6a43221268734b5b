#pragma once

#include "costs/timespans.h"

#include <QWidget>

class QDateEdit;
class QFrame;
class QMenu;

namespace llmcache::ui {

class Button;
class ChoicePopup;
class Theme;

/// Which stretch of time, compared with what, in whose time zone. Signals come from the user only.
class RangePicker : public QWidget {
    Q_OBJECT
public:
    /// `theme` must outlive the widget.
    explicit RangePicker(const Theme* theme, QWidget* parent = nullptr);
    /// `span` is what Custom says.
    void setRange(CostsRange range, const TimeSpan& span, const QByteArray& timeZone);
    void setCompare(bool on);
    /// Adds a menu below the ranges.
    QMenu* addMenu(const QString& title);
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

Q_SIGNALS:
    void rangeChosen(llmcache::ui::CostsRange range);
    /// Whole days, in the time zone that is set.
    void spanChosen(const llmcache::ui::TimeSpan& span);
    void compareToggled(bool on);
    void timeZoneChosen(const QByteArray& id);

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    void createCustom();
    /// The hint with that text on the button for what is compared with.
    QSize sizeWith(const QString& compareText) const;
    void fitCompare();
    void openCustom();
    void openZones();
    const Theme* m_theme;
    Button* m_range;
    Button* m_compare;
    QString m_compareText; ///< in a narrow window the button has less
    Button* m_zone;
    QFrame* m_custom;
    QDateEdit* m_from;
    QDateEdit* m_to;
    ChoicePopup* m_zones;
    QByteArray m_timeZone = "UTC";
    TimeSpan m_span;
};

} // namespace llmcache::ui
