#include "settings/pricemodels.h"

#include "widgets/tablestyle.h"

namespace llmcache::ui {

namespace {

QVariant alignment(bool number)
{
    return QVariant(Qt::AlignVCenter | (number ? Qt::AlignRight : Qt::AlignLeft));
}

/// A price for people; a dash for none.
QString dollars(const QString& decimal)
{
    return decimal.isEmpty() ? QStringLiteral("–") : QLatin1Char('$') + decimal;
}

} // namespace

void CustomCostsModel::setCosts(const CustomCosts& costs)
{
    beginResetModel();
    m_costs = costs;
    m_models = costs.keys();
    endResetModel();
}

int CustomCostsModel::rowOf(const QString& model) const
{
    for (int row = 0; row < m_models.size(); ++row) {
        if (m_models.at(row).compare(model, Qt::CaseInsensitive) == 0)
            return row;
    }
    return -1;
}

int CustomCostsModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_models.size());
}

int CustomCostsModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant CustomCostsModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const QString& model = m_models.at(index.row());
    const ModelCosts costs = m_costs.value(model);
    if (role == Qt::TextAlignmentRole)
        return alignment(index.column() != Model);
    if (role == TableDelegate::secondaryRole)
        return index.column() >= CacheWrite;
    if (role == TableDelegate::elideMiddleRole)
        return index.column() == Model;
    if (role != Qt::DisplayRole && role != Qt::ToolTipRole)
        return {};
    switch (index.column()) {
    case Model:
        return model;
    case Input:
        return dollars(costs.costPerMillionInputTokens);
    case Output:
        return dollars(costs.costPerMillionOutputTokens);
    case CacheWrite:
        return dollars(costs.costPerMillionCachingInputTokens);
    case CacheRead:
        return dollars(costs.costPerMillionCachingHitTokens);
    default:
        return {};
    }
}

QVariant CustomCostsModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal)
        return {};
    if (role == Qt::TextAlignmentRole)
        return alignment(section != Model);
    if (role != Qt::DisplayRole)
        return {};
    switch (section) {
    case Model:
        return tr("Model");
    case Input:
        return tr("Input");
    case Output:
        return tr("Output");
    case CacheWrite:
        return tr("Cache write");
    case CacheRead:
        return tr("Cache read");
    default:
        return {};
    }
}

void PriceChangesModel::setChanges(std::vector<PriceChange> changes)
{
    beginResetModel();
    m_changes = std::move(changes);
    endResetModel();
}

int PriceChangesModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_changes.size());
}

int PriceChangesModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant PriceChangesModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const PriceChange& change = m_changes.at(static_cast<std::size_t>(index.row()));
    if (role == Qt::TextAlignmentRole)
        return alignment(index.column() >= Before);
    if (role == TableDelegate::secondaryRole)
        return index.column() == Price || index.column() == Before;
    if (role == TableDelegate::elideMiddleRole)
        return index.column() == Model;
    if (role != Qt::DisplayRole && role != Qt::ToolTipRole)
        return {};
    switch (index.column()) {
    case Model:
        return QString(change.provider + QLatin1Char(':') + change.model);
    case Price:
        return QString(change.price).replace(QLatin1Char('_'), QLatin1Char(' '));
    case Before:
        return dollars(change.before);
    case After:
        return dollars(change.after);
    default:
        return {};
    }
}

QVariant PriceChangesModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal)
        return {};
    if (role == Qt::TextAlignmentRole)
        return alignment(section >= Before);
    if (role != Qt::DisplayRole)
        return {};
    switch (section) {
    case Model:
        return tr("Model");
    case Price:
        return tr("Price");
    case Before:
        return tr("Now");
    case After:
        return tr("Then");
    default:
        return {};
    }
}

} // namespace llmcache::ui
