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

/// In the order of the ledger's pages: by time, then id, both descending.
bool comesBefore(const Call& left, const Call& right)
{
    return left.timeMs != right.timeMs ? left.timeMs > right.timeMs : left.id > right.id;
}

} // namespace

void CallsModel::setCalls(std::vector<Call> calls, bool hasMore)
{
    beginResetModel();
    m_texts.clear();
    m_calls = std::move(calls);
    for (Call& call : m_calls)
        share(call);
    m_hasMore = hasMore;
    m_asked = false;
    endResetModel();
}

void CallsModel::appendCalls(std::vector<Call> calls, bool hasMore)
{
    m_asked = false;
    m_hasMore = hasMore;
    if (calls.empty())
        return;
    const int first = rowCount();
    beginInsertRows({}, first, first + static_cast<int>(calls.size()) - 1);
    for (Call& call : calls) {
        share(call);
        m_calls.push_back(std::move(call));
    }
    endInsertRows();
}

bool CallsModel::mergeCalls(const std::vector<Call>& calls)
{
    if (calls.empty())
        return m_calls.empty();
    if (!m_calls.empty() && comesBefore(calls.back(), m_calls.front()) && m_hasMore)
        return false;
    std::size_t row = 0;
    for (std::size_t at = 0; at < calls.size();) {
        while (row < m_calls.size() && comesBefore(m_calls[row], calls[at]))
            ++row;
        if (row < m_calls.size() && m_calls[row].id == calls[at].id) {
            ++at;
            continue;
        }
        // Older than all that was read: they come with their page.
        if (row == m_calls.size() && m_hasMore)
            break;
        std::size_t end = at + 1;
        while (end < calls.size() && (row == m_calls.size() || comesBefore(calls[end], m_calls[row])))
            ++end;
        beginInsertRows({}, static_cast<int>(row), static_cast<int>(row + end - at) - 1);
        const auto from = calls.begin() + static_cast<std::ptrdiff_t>(at);
        m_calls.insert(m_calls.begin() + static_cast<std::ptrdiff_t>(row), from,
            calls.begin() + static_cast<std::ptrdiff_t>(end));
        for (std::size_t added = row; added < row + end - at; ++added)
            share(m_calls[added]);
        endInsertRows();
        at = end;
    }
    return true;
}

void CallsModel::share(Call& call)
{
    for (QString* text : {&call.agent, &call.task, &call.user, &call.host, &call.model, &call.priceSource})
        *text = *m_texts.insert(*text);
    call.usage.raw = {};
}

void CallsModel::setTimeZone(const QByteArray& id)
{
    const QTimeZone zone(id);
    if (zone == m_zone)
        return;
    m_zone = zone;
    if (rowCount() > 0)
        Q_EMIT dataChanged(index(0, Time), index(rowCount() - 1, Time));
}

bool CallsModel::canFetchMore(const QModelIndex& parent) const
{
    return !parent.isValid() && m_hasMore && !m_asked && rowCount() < mostCalls;
}

void CallsModel::fetchMore(const QModelIndex& parent)
{
    if (!canFetchMore(parent))
        return;
    m_asked = true;
    Q_EMIT moreWanted();
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
            .toString(QDateTime::fromMSecsSinceEpoch(call.timeMs, m_zone), QStringLiteral("d MMM HH:mm:ss"));
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
        return format::money(call.repriced ? call.repriced->cost : call.cost);
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
        return format::fullTime(call.timeMs, m_zone);
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
        if (call.repriced)
            return tr("%1 by the prices of %2\ncharged: %3")
                .arg(format::moneyToolTip(call.repriced->cost), call.repriced->source,
                    format::moneyToolTip(call.cost));
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
