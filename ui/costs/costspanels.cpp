#include "costs/costspanels.h"

#include "costs/barlist.h"
#include "widgets/card.h"
#include "widgets/format.h"

#include <QHBoxLayout>
#include <QVBoxLayout>

namespace llmcache::ui {

namespace {

constexpr int barsShown = 7;

QVector<double> courseOf(const CostsSnapshot& snapshot, const std::function<double(const CostSums&)>& value)
{
    QVector<double> course;
    for (const CostSums& sums : snapshot.perBucket)
        course.append(value(sums));
    return course;
}

std::optional<double> hitRate(const CostSums& sums)
{
    const qint64 answered = sums.hits + sums.misses;
    if (answered == 0)
        return std::nullopt;
    return static_cast<double>(sums.hits) / static_cast<double>(answered);
}

/// "▲ 8.1 %" and its tone; `goodUp`: more is better.
void setChange(Tile* tile, double now, double before, std::optional<bool> goodUp, const QString& nothing)
{
    if (before == 0) {
        tile->setNote(nothing);
        return;
    }
    const double change = (now - before) / before;
    const bool up = change > 0;
    const QString arrow = change == 0 ? QStringLiteral("=") : up ? QStringLiteral("▲") : QStringLiteral("▼");
    Tone tone = Tone::Secondary;
    if (goodUp && change != 0)
        tone = up == *goodUp ? Tone::Hit : Tone::Miss;
    tile->setNote(QStringLiteral("%1 %2").arg(arrow, format::percent(std::abs(change))), tone);
}

double dollars(Money money)
{
    return static_cast<double>(money.picodollars()) / 1e12;
}

} // namespace

CostsTiles::CostsTiles(const Theme* theme, QWidget* parent)
    : QWidget(parent)
    , m_spent(new Tile(theme, tr("Spent"), Tile::Size::Large))
    , m_saved(new Tile(theme, tr("Saved by the cache"), Tile::Size::Large))
    , m_hitRate(new Tile(theme, tr("Hit rate"), Tile::Size::Large))
    , m_calls(new Tile(theme, tr("Calls"), Tile::Size::Large))
    , m_unpriced(new Tile(theme, tr("Unpriced calls"), Tile::Size::Large))
{
    m_spent->setObjectName(QStringLiteral("tile spent"));
    m_saved->setObjectName(QStringLiteral("tile saved"));
    m_hitRate->setObjectName(QStringLiteral("tile hit rate"));
    m_calls->setObjectName(QStringLiteral("tile calls"));
    m_unpriced->setObjectName(QStringLiteral("tile unpriced"));
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    constexpr int leastWidth = 150;
    row->addWidget(new TileGrid({m_spent, m_saved, m_hitRate, m_calls, m_unpriced}, leastWidth, 12));
}

void CostsTiles::setLoading()
{
    for (Tile* tile : {m_spent, m_saved, m_hitRate, m_calls, m_unpriced})
        tile->setSkeleton(true);
}

void CostsTiles::show(const CostsSnapshot& snapshot)
{
    const CostSums& now = snapshot.total;
    const CostSums& before = snapshot.before;
    const QString nothing = tr("nothing before");

    m_spent->setValue(now.cost.toDisplay(), format::moneyToolTip(now.cost));
    setChange(m_spent, dollars(now.cost), dollars(before.cost), false, nothing);
    m_spent->setSparkline(courseOf(snapshot, [](const CostSums& sums) { return dollars(sums.cost); }));

    m_saved->setValue(now.avoided.toDisplay(), format::moneyToolTip(now.avoided));
    setChange(m_saved, dollars(now.avoided), dollars(before.avoided), true, nothing);
    m_saved->setSparkline(courseOf(snapshot, [](const CostSums& sums) { return dollars(sums.avoided); }));

    const auto rate = hitRate(now);
    m_hitRate->setValue(format::percent(rate),
        tr("%1 hits, %2 paid").arg(format::count(now.hits), format::count(now.misses)));
    const auto rateBefore = hitRate(before);
    if (rate && rateBefore) {
        constexpr double hundred = 100;
        const double points = (*rate - *rateBefore) * hundred;
        m_hitRate->setNote(QStringLiteral("%1 %2 points")
                               .arg(points < 0 ? QStringLiteral("▼") : QStringLiteral("▲"))
                               .arg(std::abs(points), 0, 'f', 1),
            points < 0 ? Tone::Miss : Tone::Hit);
    } else {
        m_hitRate->setNote(nothing);
    }
    m_hitRate->setSparkline(
        courseOf(snapshot, [](const CostSums& sums) { return hitRate(sums).value_or(0); }));

    m_calls->setValue(format::count(now.calls));
    setChange(
        m_calls, static_cast<double>(now.calls), static_cast<double>(before.calls), std::nullopt, nothing);
    m_calls->setSparkline(
        courseOf(snapshot, [](const CostSums& sums) { return static_cast<double>(sums.calls); }));

    m_unpriced->setValue(format::count(now.unpriced));
    if (now.unpriced == 0)
        m_unpriced->setNote(tr("every call has a price"));
    else
        m_unpriced->setNote(tr("not part of the spend"), Tone::Error);
    m_unpriced->setSparkline(
        courseOf(snapshot, [](const CostSums& sums) { return static_cast<double>(sums.unpriced); }));
}

BreakdownCard::BreakdownCard(const Theme* theme, Dimension dimension, QWidget* parent)
    : QWidget(parent)
    , m_dimension(dimension)
    , m_bars(new BarList(theme))
{
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    const QString heading = dimension == Dimension::Model ? tr("By model") : tr("By task");
    auto* card = new Card(heading);
    card->headingRow()->addStretch(1);
    card->body()->addWidget(m_bars);
    card->body()->addStretch(1);
    column->addWidget(card);
    m_bars->setAccessibleName(heading);
    m_bars->setObjectName(QStringLiteral("bars ") + dimensionName(dimension));
    connect(
        m_bars, &BarList::chosen, this, [this](const QString& name) { Q_EMIT chosen(m_dimension, name); });
}

void BreakdownCard::show(const CostReport& report, const std::vector<CostsSeries>& series)
{
    std::vector<BarList::Row> rows;
    BarList::Row other;
    qint64 otherNames = 0;
    for (const CostRow& row : report.rows) {
        if (row.sums.cost == Money())
            continue;
        const QString& name = row.keys.front();
        if (static_cast<int>(rows.size()) == barsShown) {
            other.amount += row.sums.cost;
            ++otherNames;
            continue;
        }
        BarList::Row bar;
        bar.name = name;
        bar.label = m_dimension == Dimension::Model ? format::shortModel(name) : name;
        if (bar.label.isEmpty())
            bar.label = tr("(none)");
        bar.amount = row.sums.cost;
        bar.toolTip = tr("%1\n%2 in %3 paid calls, %4 hits saved %5")
                          .arg(name, format::moneyToolTip(row.sums.cost), format::count(row.sums.misses),
                              format::count(row.sums.hits), row.sums.avoided.toDisplay());
        if (!series.empty()) {
            bar.colorIndex = -1;
            for (std::size_t at = 0; at < series.size(); ++at) {
                if (!series[at].other && series[at].name == name)
                    bar.colorIndex = static_cast<int>(at);
            }
        }
        rows.push_back(std::move(bar));
    }
    if (otherNames > 0) {
        other.label = tr("other");
        other.colorIndex = -1;
        other.choosable = false;
        other.toolTip = tr("%1 more").arg(otherNames);
        rows.push_back(std::move(other));
    }
    m_bars->setRows(std::move(rows));
}

} // namespace llmcache::ui
