#include "costs/pricelistmodel.h"

#include "base/csv.h"
#include "costs/tablecells.h"
#include "theme/tokens.h"
#include "widgets/format.h"
#include "widgets/tablestyle.h"

#include <QHash>

#include <algorithm>

namespace llmcache::ui {

namespace {

bool isNumber(int column)
{
    return column == PriceListModel::Input || column == PriceListModel::Output
        || column == PriceListModel::Calls;
}

QString dollars(const QString& decimal)
{
    return decimal.isEmpty() ? QStringLiteral("–") : QLatin1Char('$') + decimal;
}

QString columnName(int column)
{
    switch (column) {
    case PriceListModel::Model:
        return PriceListModel::tr("Model");
    case PriceListModel::Provider:
        return PriceListModel::tr("Provider");
    case PriceListModel::Input:
        return PriceListModel::tr("Input");
    case PriceListModel::Output:
        return PriceListModel::tr("Output");
    case PriceListModel::Source:
        return PriceListModel::tr("Price of");
    case PriceListModel::Calls:
        return PriceListModel::tr("Calls");
    default:
        return {};
    }
}

} // namespace

std::vector<PricedModel> pricedModels(const PriceTable& prices, const LedgerReport& byModel)
{
    std::vector<PricedModel> models;
    QHash<QString, std::size_t> known;
    const auto add = [&](PricedModel model) {
        known.insert(model.model.toLower(), models.size());
        models.push_back(std::move(model));
    };
    const CustomCosts& custom = prices.customCosts();
    for (auto it = custom.cbegin(); it != custom.cend(); ++it)
        add({it.key(), it->costPerMillionInputTokens, it->costPerMillionOutputTokens,
            QStringLiteral("custom")});
    for (const ModelInfo& info : prices.models()) {
        const QString name = info.provider + QLatin1Char(':') + info.model;
        if (!known.contains(name.toLower()))
            add({name, info.inputPerMillion, info.outputPerMillion, prices.version()});
    }
    for (const LedgerRow& row : byModel.rows) {
        const QString& name = row.keys.front().text;
        if (row.keys.front().kind == LedgerKey::Kind::Other || name.isEmpty())
            continue;
        if (!known.contains(name.toLower())) {
            // Dated names and aliases are not in the list of the table, which knows them all the same.
            const auto info = prices.find(name);
            add({name, info ? info->inputPerMillion : QString(), info ? info->outputPerMillion : QString(),
                info ? prices.version() : QString()});
        }
        PricedModel& model = models[known.value(name.toLower())];
        model.calls += row.sums.calls();
        model.unpriced += row.sums.unpriced;
    }
    std::stable_sort(models.begin(), models.end(), [](const PricedModel& left, const PricedModel& right) {
        if (left.needsPrice() != right.needsPrice())
            return left.needsPrice();
        return left.calls > right.calls;
    });
    return models;
}

QByteArray pricesCsv(const std::vector<PricedModel>& models)
{
    QByteArray csv = csvRecord({QStringLiteral("model"), QStringLiteral("input_usd_per_million"),
        QStringLiteral("output_usd_per_million"), QStringLiteral("price_of"), QStringLiteral("calls"),
        QStringLiteral("unpriced_calls")});
    for (const PricedModel& model : models)
        csv += csvRecord({model.model, model.input, model.output, model.source, QString::number(model.calls),
            QString::number(model.unpriced)});
    return csv;
}

void PriceListModel::setModels(std::vector<PricedModel> models)
{
    beginResetModel();
    m_models = std::move(models);
    endResetModel();
}

int PriceListModel::rowOf(const QString& model) const
{
    for (int row = 0; row < rowCount(); ++row) {
        if (modelAt(row).model.compare(model, Qt::CaseInsensitive) == 0)
            return row;
    }
    return -1;
}

int PriceListModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_models.size());
}

int PriceListModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant PriceListModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const PricedModel& model = modelAt(index.row());
    const int column = index.column();
    if (role == Qt::TextAlignmentRole)
        return cellAlignment(isNumber(column));
    if (role == TableDelegate::secondaryRole)
        return column == Provider || column == Source || column == Calls;
    if (role == TableDelegate::elideMiddleRole)
        return column == Model;
    if (role == TableDelegate::tokenRole && column == Source && model.needsPrice())
        return static_cast<int>(Token::Error);
    if (role == Qt::ToolTipRole && column == Model)
        return model.model;
    if (role == Qt::ToolTipRole && column == Calls && model.unpriced > 0)
        return tr("%1 without a known cost").arg(format::counted(model.unpriced, tr("call"), tr("calls")));
    if (role != Qt::DisplayRole && role != Qt::ToolTipRole)
        return {};
    switch (column) {
    case Model:
        return format::shortModel(model.model);
    case Provider:
        return model.model.section(QLatin1Char(':'), 0, 0);
    case Input:
        return dollars(model.input);
    case Output:
        return dollars(model.output);
    case Source:
        return model.needsPrice() ? tr("no price") : model.source;
    case Calls:
        return model.calls > 0 ? format::count(model.calls) : QString();
    default:
        return {};
    }
}

QVariant PriceListModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    return headerCell(orientation, role, columnName(section), isNumber(section));
}

} // namespace llmcache::ui
