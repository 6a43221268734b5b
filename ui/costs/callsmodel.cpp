#include "costs/callsmodel.h"

#include "widgets/badge.h"
#include "widgets/format.h"
#include "widgets/tablestyle.h"

#include <QDateTime>
#include <QLocale>

namespace llmcache::ui {

namespace {

bool isNumber(int column)
{
    return column >= CallsModel::Latency;
}

} // namespace

void CallsModel::setCalls(std::vector<Call> calls)
{
    beginResetModel();
    m_calls = std::move(calls);
    endResetModel();
}

int CallsModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_calls.size());
}

int CallsModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : ColumnCount;
}

QString CallsModel::textOf(const Call& call, int column) const
{
    switch (column) {
    case Time:
        return QLocale(QLocale::English)
            .toString(QDateTime::fromMSecsSinceEpoch(call.timeMs), QStringLiteral("d MMM HH:mm:ss"));
    case Agent:
        return call.agent;
    case Model:
        return format::shortModel(call.model);
    case Task:
        return call.task;
    case User:
        return call.user;
    case State:
        return badgeOf(call.outcome).text;
    case Latency:
        return format::callLatency(call.latency);
    case Tokens:
        return format::count(call.usage.totalTokens());
    case Cost:
        return format::money(call.cost);
    case Saved:
        return call.outcome == Outcome::Hit || call.outcome == Outcome::Shared ? format::money(call.avoided)
                                                                               : QString();
    default:
        return {};
    }
}

QString CallsModel::toolTipOf(const Call& call, int column) const
{
    const QString requests = format::counted(call.attempts, tr("provider request"), tr("provider requests"));
    switch (column) {
    case Time:
        return format::fullTime(call.timeMs);
    case Model:
        return call.model;
    case State:
        return call.error.isEmpty() ? outcomeName(call.outcome)
                                    : tr("%1: %2 error").arg(outcomeName(call.outcome), call.error);
    case Latency:
        return call.waited.count() == 0
            ? requests
            : tr("%1 of it waiting for the provider, %2").arg(format::duration(call.waited), requests);
    case Tokens:
        return tr("%1 in, %2 out, %3 read from the provider's cache")
            .arg(format::count(call.usage.inputTokens), format::count(call.usage.outputTokens),
                format::count(call.usage.cacheReadTokens));
    case Cost:
        return format::moneyToolTip(call.cost)
            + (call.priceSource.isEmpty() ? QString() : tr("\nprice: %1").arg(call.priceSource));
    case Saved:
        return call.avoided ? format::moneyToolTip(call.avoided) : QString();
    default:
        return textOf(call, column);
    }
}

QVariant CallsModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const Call& call = callAt(index.row());
    switch (role) {
    case Qt::DisplayRole:
        return textOf(call, index.column());
    case Qt::ToolTipRole:
        return toolTipOf(call, index.column());
    case Qt::TextAlignmentRole:
        return QVariant(Qt::AlignVCenter | (isNumber(index.column()) ? Qt::AlignRight : Qt::AlignLeft));
    case badgeKindRole:
        return index.column() == State ? QVariant(static_cast<int>(badgeOf(call.outcome).kind)) : QVariant();
    case TableDelegate::secondaryRole:
        return index.column() == Time || index.column() == Model || index.column() == Task
            || index.column() == Tokens;
    case TableDelegate::elideMiddleRole:
        return index.column() == Model;
    default:
        return {};
    }
}

QVariant CallsModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal)
        return {};
    if (role == Qt::TextAlignmentRole)
        return QVariant(Qt::AlignVCenter | (isNumber(section) ? Qt::AlignRight : Qt::AlignLeft));
    if (role != Qt::DisplayRole)
        return {};
    switch (section) {
    case Time:
        return tr("Time");
    case Agent:
        return tr("Agent");
    case Model:
        return tr("Model");
    case Task:
        return tr("Task");
    case User:
        return tr("User");
    case State:
        return tr("Outcome");
    case Latency:
        return tr("Latency");
    case Tokens:
        return tr("Tokens");
    case Cost:
        return tr("Cost");
    case Saved:
        return tr("Saved");
    default:
        return {};
    }
}

} // namespace llmcache::ui
