#pragma once

#include <QThread>

#include <algorithm>
#include <thread>
#include <vector>

namespace llmcache::ui {

/// Calls `work(from, to)` for shares of the numbers below `count`, on as many threads as there are cores
/// where it is urgent, else on this one alone; returns when all are done. The work must not throw, nor touch
/// what another share writes. On threads of its own: whoever calls may be on the last free one of a pool.
template <typename Work>
void inShares(std::size_t count, bool isUrgent, const Work& work)
{
    constexpr std::size_t worthAThread = 64;
    const auto most = static_cast<std::size_t>(isUrgent ? std::max(1, QThread::idealThreadCount()) : 1);
    const std::size_t shares = std::clamp<std::size_t>(count / worthAThread, 1, most);
    const auto border = [=](std::size_t share) { return count * share / shares; };
    std::vector<std::thread> others;
    for (std::size_t share = 1; share < shares; ++share)
        others.emplace_back([&work, from = border(share), to = border(share + 1)] { work(from, to); });
    work(0, border(1));
    for (std::thread& other : others)
        other.join();
}

} // namespace llmcache::ui
