#include "cache/rowchanges.h"

#include <algorithm>

namespace llmcache::ui {

namespace {

/// More runs than this are moved with one change of order instead of as many insertions.
constexpr std::size_t mostRuns = 24;
/// Rows behind an insertion or removal make room for it, in the model and in the view's header: so many may
/// do so before one change of order is less work.
constexpr std::size_t mostShifted = 2'000'000;

bool areFew(std::size_t runs, std::size_t rows)
{
    return runs <= 1 || (runs <= mostRuns && runs * rows <= mostShifted);
}

/// Adds a place to runs of places that come in ascending order.
void extend(std::vector<RowRun>& runs, std::size_t place)
{
    const auto at = static_cast<int>(place);
    if (!runs.empty() && runs.back().last == at - 1)
        runs.back().last = at;
    else
        runs.push_back({at, at});
}

std::vector<bool> membersOf(const std::vector<quint32>& list, quint32 rows)
{
    std::vector<bool> members(rows, false);
    for (const quint32 row : list)
        members[row] = true;
    return members;
}

} // namespace

qint64 countOf(const std::vector<RowRun>& runs)
{
    qint64 count = 0;
    for (const RowRun& run : runs)
        count += run.last - run.first + 1;
    return count;
}

int RowChanges::placeOf(quint32 row, int place) const
{
    if (!places.empty())
        return static_cast<int>(places[row]);
    const auto next = std::lower_bound(leaving.begin(), leaving.end(), place);
    const auto before = static_cast<int>(next - leaving.begin());
    const bool leaves = next != leaving.end() && *next == place;
    return leaves ? static_cast<int>(target.size()) + before : place - before;
}

RowChanges planRemoval(const std::vector<quint32>& shown, const std::vector<bool>& gone)
{
    RowChanges changes;
    changes.target.reserve(shown.size());
    for (std::size_t at = 0; at < shown.size(); ++at) {
        if (!gone[shown[at]]) {
            changes.target.push_back(shown[at]);
            continue;
        }
        extend(changes.removals, at);
        changes.leaving.push_back(static_cast<int>(at));
    }
    changes.isMove = !areFew(changes.removals.size(), shown.size());
    if (changes.isMove) {
        changes.moved.reserve(shown.size());
        changes.moved = changes.target;
        for (const int place : changes.leaving)
            changes.moved.push_back(shown[static_cast<std::size_t>(place)]);
        changes.removals = {};
    } else {
        std::reverse(changes.removals.begin(), changes.removals.end());
    }
    return changes;
}

RowChanges planChanges(const std::vector<quint32>& shown, std::vector<quint32> target, quint32 rows)
{
    RowChanges changes;
    const std::vector<bool> wanted = membersOf(target, rows);
    const std::vector<bool> present = membersOf(shown, rows);

    bool inOrder = true;
    std::size_t kept = 0; // place in `shown` of the next row that stays
    const auto skipLeaving = [&] {
        for (; kept < shown.size() && !wanted[shown[kept]]; ++kept)
            extend(changes.removals, kept);
    };
    std::vector<quint32> added;
    for (std::size_t at = 0; at < target.size(); ++at) {
        if (!present[target[at]]) {
            extend(changes.insertions, at);
            added.push_back(target[at]);
            continue;
        }
        skipLeaving();
        inOrder = inOrder && shown[kept] == target[at];
        ++kept;
    }
    skipLeaving();

    const std::size_t most = std::max(shown.size(), target.size());
    changes.isMove = !inOrder || !areFew(changes.removals.size() + changes.insertions.size(), most);
    if (changes.isMove) {
        changes.removals = {};
        changes.insertions = {};
        changes.grown.reserve(shown.size() + added.size());
        changes.grown = shown;
        changes.grown.insert(changes.grown.end(), added.begin(), added.end());
        changes.moved.reserve(changes.grown.size());
        changes.moved = target;
        std::copy_if(shown.begin(), shown.end(), std::back_inserter(changes.moved),
            [&](quint32 row) { return !wanted[row]; });
        changes.places.resize(rows);
        for (std::size_t at = 0; at < changes.moved.size(); ++at)
            changes.places[changes.moved[at]] = static_cast<quint32>(at);
    } else {
        std::reverse(changes.removals.begin(), changes.removals.end());
    }
    changes.target = std::move(target);
    return changes;
}

} // namespace llmcache::ui
