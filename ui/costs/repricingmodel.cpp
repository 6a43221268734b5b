#include "costs/repricingmodel.h"

#include "costs/tablecells.h"
#include "theme/tokens.h"
#include "widgets/format.h"
#include "widgets/tablestyle.h"

#include <QFont>

namespace llmcache::ui {

namespace {

QString textOf(const RepricedSums& sums, int column)
{
    switch (column) {
    case RepricingModel::Calls:
        return format::count(sums.calls);
    case RepricingModel::Changed:
        return sums.changed == 0 ? QStringLiteral("–") : format::count(sums.changed);
    case RepricingModel::Charged:
        return sums.before.toDisplay();
    case RepricingModel::Repriced:
        return sums.after.toDisplay();
    case RepricingModel::Saved:
        return sums.avoidedBefore.toDisplay();
    case RepricingModel::SavedRepriced:
        return sums.avoidedAfter.toDisplay();
    default:
        return {};
    }
}

QString exactly(Money amount, qint64 unpriced)
{
    const QString exact = format::moneyToolTip(amount);
    return unpriced == 0
        ? exact
        : RepricingModel::tr("%1\n%2 of unknown cost, not in it")
              .arg(exact, format::counted(unpriced, RepricingModel::tr("call"), RepricingModel::tr("calls")));
}

QString difference(Money before, Money after)
{
    if (before == after)
        return RepricingModel::tr("the same");
    const bool more = after > before;
    const Money change = more ? after - before : before - after;
    return more ? RepricingModel::tr("$%1 more").arg(change.toDecimal())
                : RepricingModel::tr("$%1 less").arg(change.toDecimal());
}

QString toolTipOf(const RepricedSums& sums, int column)
{
    switch (column) {
    case RepricingModel::Changed:
        return sums.kept == 0
            ? QString()
            : RepricingModel::tr("%1 as charged, because the prices do not cover them")
                  .arg(format::counted(sums.kept, RepricingModel::tr("call"), RepricingModel::tr("calls")));
    case RepricingModel::Charged:
        return exactly(sums.before, sums.unpricedBefore);
    case RepricingModel::Repriced:
        return exactly(sums.after, sums.unpricedAfter) + QLatin1Char('\n')
            + difference(sums.before, sums.after);
    case RepricingModel::Saved:
        return exactly(sums.avoidedBefore, 0);
    case RepricingModel::SavedRepriced:
        return exactly(sums.avoidedAfter, 0) + QLatin1Char('\n')
            + difference(sums.avoidedBefore, sums.avoidedAfter);
    default:
        return textOf(sums, column);
    }
}

QString columnName(int column)
{
    switch (column) {
    case RepricingModel::Model:
        return RepricingModel::tr("Model");
    case RepricingModel::Calls:
        return RepricingModel::tr("Calls");
    case RepricingModel::Changed:
        return RepricingModel::tr("Changed");
    case RepricingModel::Charged:
        return RepricingModel::tr("Charged");
    case RepricingModel::Repriced:
        return RepricingModel::tr("Repriced");
    case RepricingModel::Saved:
        return RepricingModel::tr("Saved");
    case RepricingModel::SavedRepriced:
        return RepricingModel::tr("Saved, repriced");
    default:
        return {};
    }
}

} // namespace

void RepricingModel::setRepricing(const Repricing& repricing)
{
    beginResetModel();
    m_rows.clear();
    if (repricing.total.calls > 0)
        m_rows.emplace_back(tr("All models"), repricing.total);
    m_rows.insert(m_rows.end(), repricing.models.begin(), repricing.models.end());
    endResetModel();
}

int RepricingModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_rows.size());
}

int RepricingModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant RepricingModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const auto& [model, sums] = m_rows.at(static_cast<std::size_t>(index.row()));
    const int column = index.column();
    const bool isTotal = index.row() == 0;
    switch (role) {
    case Qt::DisplayRole:
        if (column != Model)
            return textOf(sums, column);
        return isTotal ? model : format::shortModel(model);
    case Qt::ToolTipRole:
        return column == Model ? model : toolTipOf(sums, column);
    case Qt::TextAlignmentRole:
        return cellAlignment(column != Model);
    case Qt::FontRole: {
        QFont font;
        font.setWeight(isTotal ? QFont::DemiBold : QFont::Normal);
        return isTotal ? QVariant(font) : QVariant();
    }
    case TableDelegate::secondaryRole:
        return !isTotal && (column == Calls || column == Charged || column == Saved);
    case TableDelegate::elideMiddleRole:
        return column == Model;
    default:
        return {};
    }
}

QVariant RepricingModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    return headerCell(orientation, role, columnName(section), section != Model);
}

} // namespace llmcache::ui
