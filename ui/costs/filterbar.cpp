#include "costs/filterbar.h"

#include "theme/theme.h"
#include "widgets/chip.h"
#include "widgets/controls.h"
#include "widgets/flowlayout.h"
#include "widgets/format.h"

#include <QMenu>

#include <algorithm>

namespace llmcache::ui {

namespace {

constexpr int mostLetters = 28;

QString chipText(Dimension dimension, const QStringList& values)
{
    QString first = valueLabel(dimension, values.front());
    if (first.size() > mostLetters)
        first = first.left(mostLetters / 2) + QStringLiteral("…") + first.right(mostLetters / 2);
    return values.size() == 1
        ? QStringLiteral("%1: %2").arg(dimensionName(dimension), first)
        : QStringLiteral("%1: %2 +%3").arg(dimensionName(dimension), first).arg(values.size() - 1);
}

} // namespace

QString valueLabel(Dimension dimension, const QString& value)
{
    if (value.isEmpty())
        return FilterBar::tr("(none)");
    return dimension == Dimension::Model ? format::shortModel(value) : value;
}

FilterBar::FilterBar(const Theme* theme, QWidget* parent)
    : QWidget(parent)
    , m_theme(theme)
    , m_row(new FlowLayout(6, this))
    , m_add(flatButton(tr("+ Filter"), this))
    , m_popup(new ChoicePopup(theme, tr("Find a value"), true, this))
{
    QSizePolicy policy(QSizePolicy::Expanding, QSizePolicy::Preferred);
    policy.setHeightForWidth(true);
    setSizePolicy(policy);
    auto* menu = new QMenu(m_add);
    for (const Dimension dimension : filterDimensions)
        menu->addAction(dimensionName(dimension), this, [this, dimension] { open(dimension); });
    m_add->setMenu(menu);
    m_add->setObjectName(QStringLiteral("add filter"));
    m_popup->setObjectName(QStringLiteral("filter values"));
    connect(m_popup, &ChoicePopup::toggled, this, [this](const QString& value, bool on) {
        QStringList values = valuesOf(m_open);
        values.removeAll(value);
        if (on)
            values.append(value);
        setValues(m_open, values);
    });
    rebuild();
}

QStringList FilterBar::valuesOf(Dimension dimension) const
{
    for (const auto& [existing, values] : m_filters) {
        if (existing == dimension)
            return values;
    }
    return {};
}

void FilterBar::setFilters(const CostFilters& filters)
{
    if (filters == m_filters)
        return;
    m_filters = filters;
    rebuild();
    Q_EMIT filtersChanged();
}

void FilterBar::setValues(Dimension dimension, const QStringList& values)
{
    CostFilters filters = m_filters;
    const auto existing = std::find_if(
        filters.begin(), filters.end(), [dimension](const auto& each) { return each.first == dimension; });
    if (existing != filters.end() && values.isEmpty())
        filters.erase(existing);
    else if (existing != filters.end())
        existing->second = values;
    else if (!values.isEmpty())
        filters.emplace_back(dimension, values);
    setFilters(filters);
}

void FilterBar::open(Dimension dimension)
{
    m_open = dimension;
    m_popup->openUnder(m_add);
    Q_EMIT valuesWanted(dimension);
}

void FilterBar::showValues(Dimension dimension, std::vector<ChoicePopup::Choice> values)
{
    if (dimension != m_open || !m_popup->isVisible())
        return;
    const QStringList chosen = valuesOf(dimension);
    for (ChoicePopup::Choice& choice : values)
        choice.isChecked = chosen.contains(choice.id);
    // What is filtered by can be taken away also when nothing of it is in range.
    for (const QString& value : chosen) {
        const bool known = std::any_of(
            values.begin(), values.end(), [&value](const auto& choice) { return choice.id == value; });
        if (!known)
            values.push_back({value, valueLabel(dimension, value), {}, true});
    }
    if (values.empty())
        m_popup->setMessage(tr("No call in this range has one."));
    else
        m_popup->setChoices(values);
}

void FilterBar::showProblem(const QString& text)
{
    m_popup->setMessage(text);
}

void FilterBar::rebuild()
{
    // The button stays: the popup hangs on it.
    while (QLayoutItem* item = m_row->takeAt(0)) {
        if (item->widget() != m_add)
            item->widget()->deleteLater();
        delete item;
    }
    for (const auto& [dimension, values] : m_filters) {
        auto* chip = new Chip(m_theme, chipText(dimension, values), true, this);
        QStringList lines;
        for (const QString& value : values)
            lines.append(valueLabel(dimension, value).toHtmlEscaped());
        chip->setToolTip(lines.join(QStringLiteral("<br>")));
        chip->setFixedHeight(m_theme->controlHeight() - 4);
        connect(chip, &Chip::removeRequested, this, [this, by = dimension] { setValues(by, {}); });
        connect(chip, &Chip::activated, this, [this, by = dimension] { open(by); });
        m_row->addWidget(chip);
        chip->show();
    }
    m_row->addWidget(m_add);
    updateGeometry();
}

} // namespace llmcache::ui
