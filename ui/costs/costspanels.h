#pragma once

#include "costs/costsdata.h"

#include <QWidget>

namespace llmcache::ui {

class BarList;
class Card;
class Theme;
class Tile;

/// The row of figures: spent, saved, hit rate, calls, unpriced calls.
class CostsTiles : public QWidget {
    Q_OBJECT
public:
    /// `theme` must outlive the widget.
    explicit CostsTiles(const Theme* theme, QWidget* parent = nullptr);
    void setLoading();
    void show(const CostsSnapshot& snapshot);

private:
    Tile* m_spent;
    Tile* m_saved;
    Tile* m_hitRate;
    Tile* m_calls;
    Tile* m_unpriced;
};

/// "By model" or "By task": sorted bars, the rest as "other".
class BreakdownCard : public QWidget {
    Q_OBJECT
public:
    BreakdownCard(const Theme* theme, Dimension dimension, QWidget* parent = nullptr);
    /// `series` gives the colours of what the stacked chart shows too; empty = one colour for all.
    void show(const CostReport& report, const std::vector<CostsSeries>& series);
    BarList* bars() const { return m_bars; }

Q_SIGNALS:
    void chosen(llmcache::Dimension dimension, const QString& value);

private:
    Dimension m_dimension;
    BarList* m_bars;
};

} // namespace llmcache::ui
