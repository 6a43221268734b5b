#include "base/sequencematch.h"

#include <algorithm>
#include <unordered_map>

namespace llmcache {

namespace {

/// What all searches for a shortest script of one comparison may take together.
constexpr qint64 mostSteps = 4'000'000;
/// Anchors within anchors within anchors: beyond it what differs is one change.
constexpr int deepestSplit = 32;

struct Range {
    qsizetype from = 0;
    qsizetype to = 0;
    qsizetype size() const { return to - from; }
};

class Matcher {
public:
    Matcher(const std::vector<quint32>& left, const std::vector<quint32>& right, qsizetype mostEdits)
        : m_left(left)
        , m_right(right)
        , m_mostEdits(mostEdits)
    {
    }

    std::vector<SequenceMatch> run()
    {
        match({0, std::ssize(m_left)}, {0, std::ssize(m_right)}, 0);
        return std::move(m_matches);
    }

private:
    quint32 leftAt(qsizetype at) const { return m_left[static_cast<std::size_t>(at)]; }
    quint32 rightAt(qsizetype at) const { return m_right[static_cast<std::size_t>(at)]; }

    void add(qsizetype left, qsizetype right, qsizetype length)
    {
        if (length == 0)
            return;
        if (!m_matches.empty()) {
            SequenceMatch& last = m_matches.back();
            if (last.left + last.length == left && last.right + last.length == right) {
                last.length += length;
                return;
            }
        }
        m_matches.push_back({left, right, length});
    }

    void match(Range left, Range right, int depth)
    {
        qsizetype prefix = 0;
        while (prefix < std::min(left.size(), right.size())
            && leftAt(left.from + prefix) == rightAt(right.from + prefix))
            ++prefix;
        add(left.from, right.from, prefix);
        left.from += prefix;
        right.from += prefix;
        qsizetype suffix = 0;
        while (suffix < std::min(left.size(), right.size())
            && leftAt(left.to - suffix - 1) == rightAt(right.to - suffix - 1))
            ++suffix;
        left.to -= suffix;
        right.to -= suffix;
        if (left.size() > 0 && right.size() > 0 && !shortestScript(left, right) && depth < deepestSplit)
            splitAtAnchors(left, right, depth);
        add(left.to, right.to, suffix);
    }

    /// Myers' greedy algorithm. False, and nothing added, when it takes too many edits.
    bool shortestScript(Range left, Range right)
    {
        const qsizetype limit = std::min(left.size() + right.size(), m_mostEdits);
        const auto at = [limit](
                            qsizetype diagonal) { return static_cast<std::size_t>(diagonal + limit + 1); };
        std::vector<qsizetype> furthest(static_cast<std::size_t>(2 * limit + 3), 0);
        std::vector<std::vector<qsizetype>> trace; // the diagonals -edits..edits before each round
        for (qsizetype edits = 0; edits <= limit && m_steps < mostSteps; ++edits) {
            m_steps += edits;
            const auto begin = furthest.begin() + static_cast<std::ptrdiff_t>(at(-edits - 1));
            trace.emplace_back(begin, begin + static_cast<std::ptrdiff_t>(2 * edits + 3));
            for (qsizetype diagonal = -edits; diagonal <= edits; diagonal += 2) {
                const bool down = diagonal == -edits
                    || (diagonal != edits && furthest[at(diagonal - 1)] < furthest[at(diagonal + 1)]);
                qsizetype x = down ? furthest[at(diagonal + 1)] : furthest[at(diagonal - 1)] + 1;
                while (x < left.size() && x - diagonal < right.size()
                    && leftAt(left.from + x) == rightAt(right.from + x - diagonal))
                    ++x;
                furthest[at(diagonal)] = x;
                if (x >= left.size() && x - diagonal >= right.size()) {
                    follow(left, right, trace);
                    return true;
                }
            }
        }
        return false;
    }

    void follow(Range left, Range right, const std::vector<std::vector<qsizetype>>& trace)
    {
        std::vector<SequenceMatch> backwards;
        qsizetype x = left.size();
        qsizetype y = right.size();
        for (qsizetype edits = std::ssize(trace) - 1; edits >= 0 && (x > 0 || y > 0); --edits) {
            const auto& before = trace[static_cast<std::size_t>(edits)];
            const auto at = [&before, edits](qsizetype diagonal) {
                return before[static_cast<std::size_t>(diagonal + edits + 1)];
            };
            const qsizetype diagonal = x - y;
            const bool down =
                diagonal == -edits || (diagonal != edits && at(diagonal - 1) < at(diagonal + 1));
            const qsizetype fromDiagonal = down ? diagonal + 1 : diagonal - 1;
            const qsizetype fromX = edits == 0 ? 0 : at(fromDiagonal);
            const qsizetype startX = edits == 0 ? 0 : (down ? fromX : fromX + 1);
            if (x > startX)
                backwards.push_back({left.from + startX, right.from + startX - diagonal, x - startX});
            x = fromX;
            y = edits == 0 ? 0 : fromX - fromDiagonal;
        }
        for (auto match = backwards.rbegin(); match != backwards.rend(); ++match)
            add(match->left, match->right, match->length);
    }

    /// Patience: items that occur once on each side, in the longest order that both share.
    void splitAtAnchors(Range left, Range right, int depth)
    {
        struct Seen {
            qsizetype left = -1;
            qsizetype right = -1;
            int leftCount = 0;
            int rightCount = 0;
        };
        std::unordered_map<quint32, Seen> seen;
        for (qsizetype at = left.from; at < left.to; ++at) {
            Seen& item = seen[leftAt(at)];
            item.left = at;
            ++item.leftCount;
        }
        for (qsizetype at = right.from; at < right.to; ++at) {
            Seen& item = seen[rightAt(at)];
            item.right = at;
            ++item.rightCount;
        }
        struct Anchor {
            qsizetype left;
            qsizetype right;
            qsizetype before; ///< the one before it in the longest run that ends here
        };
        std::vector<Anchor> anchors;
        for (qsizetype at = left.from; at < left.to; ++at) {
            const Seen& item = seen[leftAt(at)];
            if (item.leftCount == 1 && item.rightCount == 1)
                anchors.push_back({item.left, item.right, -1});
        }
        std::vector<qsizetype> tails; // by length of run: the anchor that ends it furthest to the left
        for (qsizetype at = 0; at < std::ssize(anchors); ++at) {
            Anchor& anchor = anchors[static_cast<std::size_t>(at)];
            const auto place = std::lower_bound(
                tails.begin(), tails.end(), anchor.right, [&anchors](qsizetype tail, qsizetype rightEnd) {
                    return anchors[static_cast<std::size_t>(tail)].right < rightEnd;
                });
            anchor.before = place == tails.begin() ? -1 : *(place - 1);
            if (place == tails.end())
                tails.push_back(at);
            else
                *place = at;
        }
        if (tails.empty())
            return;
        std::vector<SequenceMatch> run;
        for (qsizetype at = tails.back(); at >= 0; at = anchors[static_cast<std::size_t>(at)].before) {
            const Anchor& anchor = anchors[static_cast<std::size_t>(at)];
            run.push_back({anchor.left, anchor.right, 1});
        }
        for (auto anchor = run.rbegin(); anchor != run.rend(); ++anchor) {
            match({left.from, anchor->left}, {right.from, anchor->right}, depth + 1);
            add(anchor->left, anchor->right, 1);
            left.from = anchor->left + 1;
            right.from = anchor->right + 1;
        }
        match(left, right, depth + 1);
    }

    const std::vector<quint32>& m_left;
    const std::vector<quint32>& m_right;
    const qsizetype m_mostEdits;
    qint64 m_steps = 0;
    std::vector<SequenceMatch> m_matches;
};

} // namespace

std::vector<SequenceMatch> matchSequences(
    const std::vector<quint32>& left, const std::vector<quint32>& right, qsizetype mostEdits)
{
    return Matcher(left, right, mostEdits).run();
}

} // namespace llmcache
