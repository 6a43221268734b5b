#include "costs/seriescolors.h"

#include "theme/tokens.h"

#include <array>

namespace llmcache::ui {

void SeriesColors::assign(Dimension dimension, const QStringList& names)
{
    QHash<QString, int>& colors = m_colors[dimension];
    const QStringList shown = names.mid(0, chartColorCount);
    std::array<bool, chartColorCount> taken{};
    for (const QString& name : shown) {
        if (const int color = colors.value(name, -1); color >= 0)
            taken.at(static_cast<std::size_t>(color)) = true;
    }
    for (const QString& name : shown) {
        if (colors.contains(name))
            continue;
        // A colour that nobody ever had, else one of something that is not shown now.
        std::array<bool, chartColorCount> everTaken = taken;
        for (const int color : std::as_const(colors))
            everTaken.at(static_cast<std::size_t>(color)) = true;
        auto free = std::find(everTaken.begin(), everTaken.end(), false);
        auto color = static_cast<std::size_t>(free - everTaken.begin());
        if (free == everTaken.end()) {
            color = static_cast<std::size_t>(std::find(taken.begin(), taken.end(), false) - taken.begin());
            colors.removeIf([color](QHash<QString, int>::iterator it) {
                return static_cast<std::size_t>(it.value()) == color;
            });
        }
        colors.insert(name, static_cast<int>(color));
        taken.at(color) = true;
    }
}

QVariantMap SeriesColors::saved(Dimension dimension) const
{
    QVariantMap map;
    const QHash<QString, int> colors = m_colors.value(dimension);
    for (auto it = colors.cbegin(); it != colors.cend(); ++it)
        map.insert(it.key(), it.value());
    return map;
}

void SeriesColors::restore(Dimension dimension, const QVariantMap& colors)
{
    QHash<QString, int>& restored = m_colors[dimension];
    for (auto it = colors.cbegin(); it != colors.cend(); ++it) {
        bool isNumber = false;
        const int color = it.value().toInt(&isNumber);
        if (isNumber && color >= 0 && color < chartColorCount)
            restored.insert(it.key(), color);
    }
}

int SeriesColors::of(Dimension dimension, const QString& name) const
{
    return m_colors.value(dimension).value(name, -1);
}

} // namespace llmcache::ui
