#include "workbench/runlist.h"

#include "widgets/badge.h"
#include "widgets/format.h"
#include "widgets/tablestyle.h"

#include <QSet>

#include <algorithm>
#include <iterator>

namespace llmcache::ui {

void RunListModel::clear()
{
    beginResetModel();
    m_items.clear();
    endResetModel();
}

int RunListModel::begin(RunInput input, qint64 nowMs)
{
    RunItem item;
    item.agent = input.agent.name;
    item.model = input.agent.model;
    item.input = std::make_shared<const RunInput>(std::move(input));
    item.number = ++m_lastNumber;
    item.running = true;
    item.timeMs = nowMs;
    m_nowMs = std::max(m_nowMs, nowMs);
    beginInsertRows({}, 0, 0);
    m_items.insert(m_items.begin(), std::move(item));
    endInsertRows();
    return m_lastNumber;
}

int RunListModel::rowOf(int number) const
{
    for (std::size_t row = 0; row < m_items.size(); ++row) {
        if (m_items[row].number == number && number != 0)
            return static_cast<int>(row);
    }
    return -1;
}

void RunListModel::finish(int number, const RunItem& item)
{
    const int row = rowOf(number);
    if (row < 0)
        return;
    RunItem& mine = m_items[static_cast<std::size_t>(row)];
    const qint64 started = mine.timeMs;
    const RunItem begun = mine;
    mine = item;
    mine.input = begun.input;
    mine.agent = begun.agent;
    mine.model = begun.model;
    mine.number = number;
    mine.running = false;
    mine.timeMs = started;
    Q_EMIT dataChanged(index(row, 0), index(row, ColumnCount - 1));
}

void RunListModel::setExplanation(int number, const Explanation& explanation)
{
    if (const int row = rowOf(number); row >= 0)
        m_items[static_cast<std::size_t>(row)].explanation = std::make_shared<const Explanation>(explanation);
}

void RunListModel::setLedger(const std::vector<Call>& calls, const QSet<QString>& known)
{
    // Runs of this window stay as they are, with what is chosen of them.
    const auto firstOld =
        std::find_if(m_items.begin(), m_items.end(), [](const RunItem& item) { return item.number == 0; });
    const int from = static_cast<int>(firstOld - m_items.begin());
    if (from < rowCount()) {
        beginRemoveRows({}, from, rowCount() - 1);
        m_items.erase(firstOld, m_items.end());
        endRemoveRows();
    }
    std::vector<RunItem> items;
    for (const Call& call : calls) {
        if (known.contains(call.id))
            continue;
        RunItem item;
        item.callId = call.id;
        item.outcome = call.outcome;
        item.latency = call.latency;
        item.cost = call.cost;
        item.usage = call.usage;
        item.timeMs = call.timeMs;
        item.fingerprint = call.fingerprint;
        item.agent = call.agent;
        item.model = call.model;
        if (call.outcome == Outcome::Cancelled)
            item.failure = Failure{QStringLiteral("cancelled"), tr("This run was stopped."), {}, {}};
        else if (call.outcome == Outcome::Failed)
            item.failure = Failure{call.error, tr("This run failed: %1 error.").arg(call.error),
                tr("The ledger keeps no more than that. Run the prompt again to see the details."), {}};
        items.push_back(std::move(item));
    }
    if (items.empty())
        return;
    beginInsertRows({}, from, from + static_cast<int>(items.size()) - 1);
    m_items.insert(
        m_items.end(), std::make_move_iterator(items.begin()), std::make_move_iterator(items.end()));
    endInsertRows();
}

void RunListModel::setNow(qint64 nowMs)
{
    m_nowMs = nowMs;
    if (!m_items.empty())
        Q_EMIT dataChanged(index(0, When), index(rowCount() - 1, When));
}

int RunListModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_items.size());
}

int RunListModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant RunListModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const RunItem& item = at(index.row());
    const int column = index.column();
    switch (role) {
    case Qt::DisplayRole:
        switch (column) {
        case Number:
            return item.number == 0 ? tr("–") : QStringLiteral("#%1").arg(item.number);
        case State:
            return item.running ? tr("running") : badgeOf(item.outcome).text;
        case Latency:
            if (item.running)
                return {};
            return item.number == 0
                ? format::callLatency(std::chrono::duration_cast<std::chrono::milliseconds>(item.latency))
                : format::duration(item.latency);
        case Cost:
            return item.running ? QString() : format::money(item.cost);
        case When:
            return format::age(item.timeMs, m_nowMs);
        default:
            return {};
        }
    case Qt::ToolTipRole:
        if (column == Cost)
            return format::moneyToolTip(item.cost);
        if (column == When || (column == Number && !item.failure))
            return format::fullTime(item.timeMs);
        if (column == Number)
            return format::fullTime(item.timeMs) + QLatin1Char('\n') + item.failure->message;
        return item.failure ? QVariant(item.failure->message) : QVariant();
    case badgeKindRole:
        if (column != State)
            return {};
        return static_cast<int>(item.running ? BadgeKind::Neutral : badgeOf(item.outcome).kind);
    case Qt::TextAlignmentRole:
        return QVariant(Qt::AlignVCenter | (column >= Latency ? Qt::AlignRight : Qt::AlignLeft));
    case TableDelegate::secondaryRole:
        return column == Number || column == When;
    default:
        return {};
    }
}

} // namespace llmcache::ui
