#include "costs/callsmodel.h"

#include "costs/tablecells.h"
#include "store/ledgerquery.h"
#include "widgets/badge.h"
#include "widgets/format.h"
#include "widgets/tablestyle.h"

#include <QDateTime>
#include <QLocale>

#include <algorithm>

namespace llmcache::ui {

namespace {

bool isNumber(int column)
{
    return column >= CallsModel::Latency;
}

QString columnName(int column)
{
    switch (column) {
    case CallsModel::Time:
        return CallsModel::tr("Time");
    case CallsModel::Agent:
        return CallsModel::tr("Agent");
    case CallsModel::Model:
        return CallsModel::tr("Model");
    case CallsModel::Task:
        return CallsModel::tr("Task");
    case CallsModel::User:
        return CallsModel::tr("User");
    case CallsModel::State:
        return CallsModel::tr("Outcome");
    case CallsModel::Latency:
        return CallsModel::tr("Latency");
    case CallsModel::Tokens:
        return CallsModel::tr("Tokens");
    case CallsModel::Cost:
        return CallsModel::tr("Cost");
    case CallsModel::Saved:
        return CallsModel::tr("Saved");
    default:
        return {};
    }
}

} // namespace

void CallsModel::setCalls(std::vector<Call> calls, const QByteArray& next)
{
    beginResetModel();
    m_texts.clear();
    m_wanted.clear();
    m_pages.clear();
    share(calls);
    m_rows = m_held = static_cast<int>(calls.size());
    m_pages.push_back({{}, 0, m_rows, std::move(calls)});
    m_next = next;
    m_asked = false;
    endResetModel();
}

void CallsModel::appendCalls(std::vector<Call> calls, const QByteArray& next)
{
    m_asked = false;
    const QByteArray from = std::exchange(m_next, next);
    if (calls.empty())
        return;
    const int count = static_cast<int>(calls.size());
    share(calls);
    beginInsertRows({}, m_rows, m_rows + count - 1);
    m_pages.push_back({from, m_rows, count, std::move(calls)});
    m_rows += count;
    m_held += count;
    endInsertRows();
    giveUp(m_pages.size() - 1);
}

bool CallsModel::mergeCalls(const std::vector<Call>& calls, bool areAll)
{
    if (calls.empty())
        return areAll || m_rows == 0;
    if (m_pages.empty())
        return false;
    if (!areAll && !m_pages.front().calls.empty() && comesBefore(calls.back(), m_pages.front().calls.front())
        && hasMore())
        return false;
    std::size_t number = 0;
    std::size_t row = 0; // in the page
    for (std::size_t at = 0; at < calls.size();) {
        std::vector<Call>& there = m_pages[number].calls;
        while (row < there.size() && comesBefore(there[row], calls[at]))
            ++row;
        if (row < there.size() && there[row].id == calls[at].id) {
            ++at;
            continue;
        }
        const bool isLast = number + 1 == m_pages.size();
        if (row == there.size() && !isLast) {
            // Those of a page that is given up come with it.
            ++number;
            row = 0;
            if (m_pages[number].calls.empty())
                break;
            continue;
        }
        // Older than all that was read: they come with their page.
        if (row == m_pages[number].calls.size() && isLast && hasMore())
            break;
        std::vector<Call>& target = m_pages[number].calls;
        const Call* const follower = row < target.size() ? &target[row] : nullptr;
        std::size_t end = at + 1;
        while (end < calls.size() && (!follower || comesBefore(calls[end], *follower)))
            ++end;
        std::vector<Call> fresh(calls.begin() + static_cast<std::ptrdiff_t>(at),
            calls.begin() + static_cast<std::ptrdiff_t>(end));
        share(fresh);
        const int count = static_cast<int>(fresh.size());
        const int first = m_pages[number].first + static_cast<int>(row);
        beginInsertRows({}, first, first + count - 1);
        target.insert(target.begin() + static_cast<std::ptrdiff_t>(row), fresh.begin(), fresh.end());
        m_pages[number].count += count;
        m_rows += count;
        m_held += count;
        renumber(number);
        endInsertRows();
        row += static_cast<std::size_t>(count);
        at = end;
    }
    return true;
}

void CallsModel::fillPage(const QByteArray& from, std::vector<Call> calls)
{
    m_wanted.remove(from);
    const auto page =
        std::find_if(m_pages.begin(), m_pages.end(), [&from](const Page& each) { return each.from == from; });
    if (page == m_pages.end() || !page->calls.empty())
        return;
    const auto number = static_cast<std::size_t>(page - m_pages.begin());
    share(calls);
    // Calls may have come late, or been archived.
    const int count = static_cast<int>(calls.size());
    const int added = count - page->count;
    const int end = page->first + page->count;
    if (added > 0)
        beginInsertRows({}, end, end + added - 1);
    else if (added < 0)
        beginRemoveRows({}, end + added, end - 1);
    page->calls = std::move(calls);
    page->count = count;
    m_rows += added;
    m_held += count;
    renumber(number);
    if (added > 0)
        endInsertRows();
    else if (added < 0)
        endRemoveRows();
    if (count > 0)
        Q_EMIT dataChanged(index(page->first, 0), index(page->first + count - 1, ColumnCount - 1));
    giveUp(number);
}

void CallsModel::askAgain()
{
    m_asked = false;
    m_wanted.clear();
}

const Call* CallsModel::callAt(int row) const
{
    const Page& page = m_pages.at(pageOf(row));
    return page.calls.empty() ? nullptr : &page.calls.at(static_cast<std::size_t>(row - page.first));
}

std::size_t CallsModel::pageOf(int row) const
{
    const auto after = std::upper_bound(m_pages.begin(), m_pages.end(), row,
        [](int wanted, const Page& page) { return wanted < page.first; });
    return static_cast<std::size_t>(after - m_pages.begin()) - 1;
}

void CallsModel::renumber(std::size_t page)
{
    for (std::size_t at = page + 1; at < m_pages.size(); ++at)
        m_pages[at].first = m_pages[at - 1].first + m_pages[at - 1].count;
}

void CallsModel::askFor(std::size_t page) const
{
    const QByteArray from = m_pages[page].from;
    if (m_wanted.contains(from))
        return;
    m_wanted.insert(from);
    const QByteArray to = page + 1 < m_pages.size() ? m_pages[page + 1].from : m_next;
    // Not while the view paints.
    auto* const self = const_cast<CallsModel*>(this);
    QMetaObject::invokeMethod(
        self, [self, from, to] { Q_EMIT self->pageWanted(from, to); }, Qt::QueuedConnection);
}

void CallsModel::giveUp(std::size_t lookedAt)
{
    std::size_t low = 1;
    std::size_t high = m_pages.size();
    while (m_held > mostHeld && low < high) {
        const bool below = lookedAt - std::min(lookedAt, low) >= high - 1 - std::min(lookedAt, high - 1);
        const std::size_t farthest = below ? low++ : --high;
        if (farthest == lookedAt)
            break;
        m_held -= static_cast<int>(m_pages[farthest].calls.size());
        m_pages[farthest].calls = {};
    }
}

void CallsModel::share(std::vector<Call>& calls)
{
    for (Call& call : calls)
        share(call);
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
    return !parent.isValid() && hasMore() && !m_asked;
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
    return parent.isValid() ? 0 : m_rows;
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
    if (role == Qt::TextAlignmentRole)
        return cellAlignment(isNumber(index.column()));
    const Call* const held = callAt(index.row());
    if (!held) {
        askFor(pageOf(index.row()));
        return role == TableDelegate::skeletonRole ? QVariant(true) : QVariant();
    }
    const Call& call = *held;
    switch (role) {
    case Qt::DisplayRole:
        return textOf(call, index.column());
    case Qt::ToolTipRole:
        return toolTipOf(call, index.column());
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
    return headerCell(orientation, role, columnName(section), isNumber(section));
}

} // namespace llmcache::ui
