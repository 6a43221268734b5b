#include "shell/fuzzymatch.h"

#include <vector>

namespace llmcache::ui {

namespace {

constexpr int noMatch = -1'000'000;

bool startsWord(const QString& text, qsizetype at)
{
    return at == 0 || !text.at(at - 1).isLetterOrNumber()
        || (text.at(at).isUpper() && text.at(at - 1).isLower());
}

} // namespace

std::optional<int> fuzzyScore(const QString& pattern, const QString& text)
{
    QString wanted = pattern.toCaseFolded();
    wanted.remove(u' ');
    if (wanted.isEmpty())
        return 0;
    const auto length = static_cast<std::size_t>(text.size());
    // best[i]: best score of the pattern so far with its last character matched at text[i].
    std::vector<int> best(length, noMatch);
    for (qsizetype p = 0; p < wanted.size(); ++p) {
        std::vector<int> next(length, noMatch);
        int before = noMatch; // best of the previous row left of i, each further character costs 1
        for (std::size_t i = 0; i < length; ++i) {
            const auto at = static_cast<qsizetype>(i);
            if (text.at(at).toCaseFolded() == wanted.at(p)) {
                const int here = startsWord(text, at) ? 12 : 2;
                if (p == 0)
                    next[i] = here - static_cast<int>(std::min<std::size_t>(i, 8));
                else if (i > 0) {
                    const int adjacent = best[i - 1] > noMatch ? best[i - 1] + 8 : noMatch;
                    const int from = std::max(before, adjacent);
                    if (from > noMatch)
                        next[i] = from + here;
                }
            }
            if (p > 0) {
                before = before > noMatch ? before - 1 : noMatch;
                before = std::max(before, best[i]);
            }
        }
        best = std::move(next);
    }
    const int score = best.empty() ? noMatch : *std::max_element(best.cbegin(), best.cend());
    if (score <= noMatch / 2)
        return std::nullopt;
    return score;
}

} // namespace llmcache::ui
