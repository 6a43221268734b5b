#pragma once

#include "costs/choicepopup.h"
#include "store/call.h"

#include <QWidget>

namespace llmcache::ui {

class Button;
class FlowLayout;
class Theme;

using CostFilters = std::vector<std::pair<Dimension, QStringList>>;

/// The dimensions that costs are filtered by.
inline constexpr Dimension filterDimensions[] = {Dimension::Model, Dimension::Provider, Dimension::Task,
    Dimension::Agent, Dimension::User, Dimension::Tag, Dimension::Outcome};
/// What a value is called where people read it: models without their provider, "(none)" for an empty one.
QString valueLabel(Dimension dimension, const QString& value);

/// The filters as chips, and a button that adds one: choose what by, then values out of the ledger. A click
/// on a chip opens its values again.
class FilterBar : public QWidget {
    Q_OBJECT
public:
    /// `theme` must outlive the widget.
    explicit FilterBar(const Theme* theme, QWidget* parent = nullptr);
    const CostFilters& filters() const { return m_filters; }
    void setFilters(const CostFilters& filters);
    /// Sets the values of one dimension; none removes its filter.
    void setValues(Dimension dimension, const QStringList& values);
    /// Opens the list of values under the bar.
    void open(Dimension dimension);
    /// The answer to valuesWanted(); ignored when another one was asked meanwhile.
    void showValues(Dimension dimension, std::vector<ChoicePopup::Choice> values);
    void showProblem(const QString& text);

Q_SIGNALS:
    void filtersChanged();
    /// The list was opened and needs the values that the ledger has.
    void valuesWanted(llmcache::Dimension dimension);

private:
    void rebuild();
    QStringList valuesOf(Dimension dimension) const;
    const Theme* m_theme;
    CostFilters m_filters;
    FlowLayout* m_row;
    Button* m_add;
    ChoicePopup* m_popup;
    Dimension m_open = Dimension::Model;
};

} // namespace llmcache::ui
