#include "interop/picklereader.h"
#include "interop/pickletree_p.h"

#include <algorithm>

namespace llmcache {

void checkDepth(const PickleTree& tree, int maxDepth)
{
    const auto most = static_cast<std::size_t>(maxDepth);
    // Each level needs an object with parts.
    if (tree.items.size() + 2 * tree.objects.size() < most)
        return;
    struct Step {
        quint32 node;
        quint32 next;
        quint32 tallest;
    };
    constexpr quint32 entered = ~quint32(0);
    std::vector<quint32> heights(tree.nodes.size(), 0);
    std::vector<Step> way{{tree.root.node, 0, 0}};
    heights[tree.root.node] = entered;
    while (!way.empty()) {
        Step& step = way.back();
        if (step.next == tree.childCount(step.node)) {
            const quint32 height = step.tallest + 1;
            heights[step.node] = height;
            way.pop_back();
            if (!way.empty())
                way.back().tallest = std::max(way.back().tallest, height);
            continue;
        }
        const quint32 child = tree.child(step.node, step.next++).node;
        quint32 height = heights[child];
        if (height == entered)
            continue;
        if (height > 0)
            step.tallest = std::max(step.tallest, height);
        else
            height = 1;
        if (way.size() + height > most)
            throw PickleError(PickleFailure::TooLarge,
                QStringLiteral("it is nested more than %1 levels deep").arg(most), tree.nodes[child].begin);
        if (heights[child] == 0) {
            heights[child] = entered;
            way.push_back({child, 0, 0});
        }
    }
}

void dropReachable(PickleTree& tree)
{
    if (tree.discarded.empty())
        return;
    std::vector<bool> reached(tree.nodes.size(), false);
    const auto reach = [&tree, &reached](quint32 from) {
        std::vector<quint32> open{from};
        reached[from] = true;
        while (!open.empty()) {
            const quint32 node = open.back();
            open.pop_back();
            for (quint32 index = 0; index < tree.childCount(node); ++index) {
                const quint32 child = tree.child(node, index).node;
                if (!reached[child]) {
                    reached[child] = true;
                    open.push_back(child);
                }
            }
        }
    };
    reach(tree.root.node);
    std::vector<quint32> kept;
    for (const quint32 node : tree.discarded) {
        if (reached[node])
            continue;
        kept.push_back(node);
        reach(node);
    }
    tree.discarded = std::move(kept);
}

} // namespace llmcache
