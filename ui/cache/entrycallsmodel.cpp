#include "cache/entrycallsmodel.h"

#include "widgets/format.h"
#include "widgets/tablestyle.h"

#include <algorithm>
#include <iterator>

namespace llmcache::ui {

void EntryCallsModel::setCalls(std::vector<Call> calls, qint64 nowMs)
{
    m_nowMs = nowMs;
    if (addOnTop(calls)) {
        Q_EMIT dataChanged(index(0, Time), index(rowCount() - 1, Time)); // how long ago it was
        return;
    }
    beginResetModel();
    m_calls = std::move(calls);
    endResetModel();
}

/// Whether `calls` are those that are there under some newer ones, the oldest perhaps left out.
bool EntryCallsModel::addOnTop(std::vector<Call>& calls)
{
    const auto isSame = [](const Call& left, const Call& right) { return left.id == right.id; };
    const auto first = m_calls.empty() ? calls.end()
                                       : std::find_if(calls.begin(), calls.end(),
                                           [&](const Call& call) { return isSame(call, m_calls.front()); });
    const auto common = calls.end() - first;
    const bool continues = common > 0 && common <= std::ssize(m_calls)
        && std::equal(first, calls.end(), m_calls.begin(), m_calls.begin() + common, isSame);
    if (!continues)
        return false;
    if (common < std::ssize(m_calls)) {
        beginRemoveRows({}, static_cast<int>(common), rowCount() - 1);
        m_calls.erase(m_calls.begin() + common, m_calls.end());
        endRemoveRows();
    }
    if (const auto fresh = first - calls.begin(); fresh > 0) {
        beginInsertRows({}, 0, static_cast<int>(fresh) - 1);
        m_calls = std::move(calls);
        endInsertRows();
    }
    return true;
}

int EntryCallsModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_calls.size());
}

int EntryCallsModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant EntryCallsModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const Call& call = m_calls[static_cast<std::size_t>(index.row())];
    const bool number = index.column() >= Latency;
    if (role == Qt::TextAlignmentRole)
        return int((number ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
    if (role == TableDelegate::secondaryRole)
        return index.column() != Time && index.column() != Cost;
    if (role == badgeKindRole)
        return index.column() == Result ? QVariant(int(badgeOf(call.outcome).kind)) : QVariant();
    if (role == Qt::ToolTipRole) {
        if (index.column() == Time)
            return format::fullTime(call.timeMs);
        return index.column() == Cost ? QVariant(format::moneyToolTip(call.cost)) : QVariant();
    }
    if (role != Qt::DisplayRole)
        return {};
    switch (index.column()) {
    case Time:
        return format::relativeTime(call.timeMs, m_nowMs);
    case Result:
        return badgeOf(call.outcome).text;
    case User:
        return call.user;
    case Latency:
        return format::callLatency(call.latency);
    case Cost:
        return format::money(call.cost);
    default:
        return {};
    }
}

QVariant EntryCallsModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || section < 0 || section >= ColumnCount)
        return {};
    if (role == Qt::TextAlignmentRole)
        return int((section >= Latency ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
    if (role != Qt::DisplayRole)
        return {};
    static const QStringList titles{tr("Time"), tr("Result"), tr("User"), tr("Latency"), tr("Cost")};
    return titles.at(section);
}

} // namespace llmcache::ui
