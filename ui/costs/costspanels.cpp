#include "costs/costspanels.h"

#include "costs/barlist.h"
#include "costs/charttablemodel.h"
#include "costs/filesaver.h"
#include "costs/pictures.h"
#include "theme/theme.h"
#include "widgets/card.h"
#include "widgets/format.h"
#include "widgets/tablestyle.h"

#include <QApplication>
#include <QClipboard>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QMenu>
#include <QPainter>
#include <QScrollArea>
#include <QStackedWidget>
#include <QTableView>
#include <QToolButton>
#include <QVBoxLayout>

namespace llmcache::ui {

namespace {

QVector<double> courseOf(const CostsSnapshot& snapshot, const std::function<double(const LedgerSums&)>& value)
{
    // A tile is 84 pixels wide; more points than that are a smear.
    constexpr std::size_t mostPoints = 84;
    const std::size_t step = snapshot.perBucket.size() / mostPoints + 1;
    QVector<double> course;
    for (std::size_t at = 0; at < snapshot.perBucket.size(); at += step) {
        LedgerSums sums;
        for (std::size_t part = at; part < std::min(at + step, snapshot.perBucket.size()); ++part)
            sums += snapshot.perBucket[part];
        course.append(value(sums));
    }
    return course;
}

/// "▲ 8.1 %" and its tone; `goodUp`: more is better.
void setChange(Tile* tile, double now, std::optional<double> before, std::optional<bool> goodUp)
{
    if (!before || *before == 0) {
        tile->setNote(before ? CostsTiles::tr("nothing before") : QString());
        return;
    }
    const double change = (now - *before) / *before;
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
    , m_tiles{new Tile(theme, tr("Spent"), Tile::Size::Large),
          new Tile(theme, tr("Saved by the cache"), Tile::Size::Large),
          new Tile(theme, tr("Hit rate"), Tile::Size::Large), new Tile(theme, tr("Calls"), Tile::Size::Large),
          new Tile(theme, tr("Unpriced calls"), Tile::Size::Large)}
{
    const std::array names{"spent", "saved", "hit rate", "calls", "unpriced"};
    for (std::size_t at = 0; at < m_tiles.size(); ++at) {
        m_tiles[at]->setObjectName(QStringLiteral("tile ") + QLatin1String(names[at]));
        m_tiles[at]->setFocusPolicy(Qt::StrongFocus);
        m_tiles[at]->setCursor(Qt::PointingHandCursor);
        m_tiles[at]->installEventFilter(this);
    }
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    constexpr int leastWidth = 150;
    row->addWidget(new TileGrid(QVector<Tile*>(m_tiles.begin(), m_tiles.end()), leastWidth, 12));
}

bool CostsTiles::eventFilter(QObject* watched, QEvent* event)
{
    const auto tile = std::find(m_tiles.begin(), m_tiles.end(), watched);
    if (tile == m_tiles.end())
        return QWidget::eventFilter(watched, event);
    bool activated = false;
    if (event->type() == QEvent::MouseButtonRelease)
        activated = static_cast<QMouseEvent*>(event)->button() == Qt::LeftButton;
    if (event->type() == QEvent::KeyPress) {
        const int key = static_cast<QKeyEvent*>(event)->key();
        activated = key == Qt::Key_Return || key == Qt::Key_Enter || key == Qt::Key_Space;
    }
    if (!activated || (*tile)->isSkeleton())
        return QWidget::eventFilter(watched, event);
    Q_EMIT chosen(static_cast<Figure>(tile - m_tiles.begin()));
    return true;
}

void CostsTiles::setLoading()
{
    for (Tile* tile : m_tiles)
        tile->setSkeleton(true);
}

void CostsTiles::show(const CostsSnapshot& snapshot)
{
    const LedgerSums& now = snapshot.total;
    const std::optional<LedgerSums>& before = snapshot.before;
    const auto earlier = [&before](auto reading) {
        return before ? std::optional<double>(reading(*before)) : std::nullopt;
    };
    const auto spent = [](const LedgerSums& sums) { return dollars(sums.billed); };
    const auto saved = [](const LedgerSums& sums) { return dollars(sums.avoided); };
    const auto calls = [](const LedgerSums& sums) { return static_cast<double>(sums.calls()); };

    m_tiles[Spent]->setValue(now.billed.toDisplay(), format::moneyToolTip(now.billed));
    setChange(m_tiles[Spent], spent(now), earlier(spent), false);
    m_tiles[Spent]->setSparkline(courseOf(snapshot, spent));

    m_tiles[Saved]->setValue(now.avoided.toDisplay(), format::moneyToolTip(now.avoided));
    setChange(m_tiles[Saved], saved(now), earlier(saved), true);
    m_tiles[Saved]->setSparkline(courseOf(snapshot, saved));

    const auto rate = now.hitRate();
    m_tiles[HitRate]->setValue(format::percent(rate),
        tr("%1 hits, %2 misses").arg(format::count(now.hits()), format::count(now.of(Outcome::Miss))));
    const auto rateBefore = before ? before->hitRate() : std::nullopt;
    if (rate && rateBefore) {
        constexpr double hundred = 100;
        const double points = (*rate - *rateBefore) * hundred;
        const bool isSame = points == 0;
        m_tiles[HitRate]->setNote(tr("%1 %2 points")
                                      .arg(isSame          ? QStringLiteral("=")
                                              : points < 0 ? QStringLiteral("▼")
                                                           : QStringLiteral("▲"))
                                      .arg(std::abs(points), 0, 'f', 1),
            isSame           ? Tone::Secondary
                : points < 0 ? Tone::Miss
                             : Tone::Hit);
    } else {
        m_tiles[HitRate]->setNote(before ? tr("nothing before") : QString());
    }
    m_tiles[HitRate]->setSparkline(
        courseOf(snapshot, [](const LedgerSums& sums) { return sums.hitRate().value_or(0); }));

    m_tiles[Calls]->setValue(format::count(now.calls()));
    setChange(m_tiles[Calls], calls(now), earlier(calls), std::nullopt);
    m_tiles[Calls]->setSparkline(courseOf(snapshot, calls));

    m_tiles[Unpriced]->setValue(format::count(now.unpriced), tr("not part of the spend"));
    const auto models = snapshot.unpricedModels.size();
    const QString unpricedBefore = before && before->unpriced != now.unpriced
        ? tr(", %1 before").arg(format::count(before->unpriced))
        : QString();
    if (now.unpriced == 0)
        m_tiles[Unpriced]->setNote(tr("every call has a price") + unpricedBefore);
    else
        m_tiles[Unpriced]->setNote((models > mostBars    ? tr("of many models")
                                           : models == 1 ? tr("of 1 model")
                                                         : tr("of %1 models").arg(models))
                + unpricedBefore,
            Tone::Error);
    m_tiles[Unpriced]->setSparkline(
        courseOf(snapshot, [](const LedgerSums& sums) { return static_cast<double>(sums.unpriced); }));
}

BreakdownCard::BreakdownCard(const Theme* theme, FileSaver* saver, Dimension dimension, QWidget* parent)
    : QWidget(parent)
    , m_theme(theme)
    , m_saver(saver)
    , m_dimension(dimension)
    , m_heading(dimension == Dimension::Model ? tr("By model") : tr("By task"))
    , m_pages(new QStackedWidget)
    , m_bars(new BarList(theme))
    , m_table(new QTableView)
    , m_model(new ChartTableModel(this))
{
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    auto* card = new Card(m_heading);
    auto* menu = new QToolButton;
    card->headingRow()->addStretch(1);
    card->headingRow()->addWidget(menu);
    auto* bars = new QWidget;
    auto* rows = new QVBoxLayout(bars);
    rows->setContentsMargins(0, 0, 0, 0);
    rows->addWidget(m_bars);
    rows->addStretch(1);
    setUpTable(m_table, theme);
    m_table->setModel(m_model);
    m_table->setObjectName(QStringLiteral("table ") + dimensionName(dimension));
    m_table->setAccessibleName(m_heading);
    auto* scroll = new QScrollArea;
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setFocusPolicy(Qt::NoFocus); // it follows the bars
    scroll->setWidgetResizable(true);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setMinimumHeight(BarList::leastRows * BarList::rowStep);
    scroll->setWidget(bars);
    m_pages->addWidget(scroll);
    connect(m_bars, &BarList::moved, scroll,
        [scroll](const QRect& row) { scroll->ensureVisible(0, row.center().y(), 0, row.height() / 2); });
    m_pages->addWidget(m_table);
    card->body()->addWidget(m_pages, 1);
    column->addWidget(card);
    connect(m_table, &QTableView::activated, this, [this](const QModelIndex& index) {
        choose(m_bars->rows().at(static_cast<std::size_t>(index.row())));
    });
    m_bars->setAccessibleName(m_heading);
    m_bars->setObjectName(QStringLiteral("bars ") + dimensionName(dimension));
    createMenu(menu);
    connect(m_bars, &BarList::chosen, this, &BreakdownCard::choose);
}

void BreakdownCard::choose(const BarList::Row& row)
{
    if (row.isOther)
        Q_EMIT otherChosen(m_dimension, namesOf(m_report));
    else
        Q_EMIT chosen(m_dimension, QString(row.name));
}

void BreakdownCard::createMenu(QToolButton* button)
{
    const QString id = QStringLiteral("spend-by-") + dimensionName(m_dimension);
    button->setText(QStringLiteral("⋯"));
    button->setPopupMode(QToolButton::InstantPopup);
    button->setFocusPolicy(Qt::StrongFocus);
    button->setAccessibleName(tr("What to do with “%1”").arg(m_heading));
    button->setToolTip(tr("Table, copies, files"));
    auto* menu = new QMenu(button);
    m_asTable = menu->addAction(tr("Show as table"));
    m_asTable->setCheckable(true);
    connect(m_asTable, &QAction::toggled, m_pages, [this](bool on) { m_pages->setCurrentIndex(on ? 1 : 0); });
    menu->addSeparator();
    menu->addAction(tr("Copy picture"), this,
        [this] { QApplication::clipboard()->setImage(QImage::fromData(picture(false), "PNG")); });
    menu->addAction(tr("Copy table as CSV"), this,
        [this] { QApplication::clipboard()->setText(QString::fromUtf8(csv())); });
    menu->addSeparator();
    menu->addAction(tr("Save as PNG…"), this, [this, id] {
        m_saver->ask(this, tr("Save picture"), id, QStringLiteral("png"), [this] { return picture(false); });
    });
    menu->addAction(tr("Save as SVG…"), this, [this, id] {
        m_saver->ask(this, tr("Save picture"), id, QStringLiteral("svg"), [this] { return picture(true); });
    });
    menu->addAction(tr("Save as CSV…"), this, [this, id] {
        m_saver->ask(this, tr("Save table"), id, QStringLiteral("csv"), [this] { return csv(); });
    });
    button->setMenu(menu);
}

bool BreakdownCard::isTable() const
{
    return m_asTable->isChecked();
}

QWidget* BreakdownCard::view() const
{
    return isTable() ? static_cast<QWidget*>(m_table) : m_bars;
}

void BreakdownCard::showAsTable(bool on)
{
    m_asTable->setChecked(on);
}

QByteArray BreakdownCard::csv() const
{
    return costsCsv({m_dimension}, m_report);
}

QByteArray BreakdownCard::picture(bool vector) const
{
    constexpr int margin = 16;
    constexpr int top = 8;
    constexpr int titleHeight = 32;
    const QSize size = m_bars->size() + QSize(2 * margin, 2 * margin + titleHeight);
    const auto paint = [&](QPainter* painter) {
        painter->fillRect(QRect(QPoint(0, 0), size), m_theme->color(Token::Panel));
        painter->setFont(textFont(TextSize::Large, QFont::DemiBold));
        painter->setPen(m_theme->color(Token::Text));
        painter->drawText(
            QRect(margin, top, size.width() - 2 * margin, titleHeight), Qt::AlignVCenter, m_heading);
        painter->translate(margin, top + titleHeight);
        m_bars->paintRows(painter);
    };
    return vector ? svgOf(size, m_heading, paint) : pngOf(size, paint);
}

void BreakdownCard::show(const LedgerReport& report, const SeriesColors& colors)
{
    m_report = report;
    std::vector<BarList::Row> rows;
    for (const LedgerRow& row : report.rows) {
        if (row.sums.billed == Money())
            continue;
        const bool isOther = row.keys.front().kind == LedgerKey::Kind::Other;
        const QString& name = row.keys.front().text;
        BarList::Row bar;
        bar.name = name;
        bar.label = isOther ? tr("other") : valueLabel(m_dimension, name);
        bar.amount = row.sums.billed;
        bar.toolTip = tr("%1\n%2 in %3 paid calls, %4 hits saved %5")
                          .arg(isOther ? tr("all others together") : name,
                              format::moneyToolTip(row.sums.billed), format::count(row.sums.paid()),
                              format::count(row.sums.hits()), row.sums.avoided.toDisplay());
        bar.colorIndex = isOther ? -1 : colors.of(m_dimension, name);
        bar.isOther = isOther;
        rows.push_back(std::move(bar));
    }
    ChartData table;
    table.columnTitle = dimensionName(m_dimension);
    ChartSeries spent;
    spent.label = tr("spent");
    for (const BarList::Row& row : rows) {
        ChartColumn& column = table.columns.emplace_back();
        column.key = row.name;
        column.longLabel = row.label;
        spent.values.emplace_back(ChartValue{row.amount.picodollars(), 1});
    }
    table.series = {spent};
    m_model->setData(table);
    m_table->horizontalHeader()->setSectionResizeMode(0, QHeaderView::Stretch);
    fitColumns(m_table, 1, 0);
    m_bars->setRows(std::move(rows));
    m_bars->setEmptyText(report.total.sums.unpriced > 0 ? tr("No price is known for what was called here.")
                                                        : tr("Nothing was spent in this range."));
}

void BreakdownCard::showUnknown(const QString& why)
{
    m_report = {};
    m_model->setData({});
    m_bars->setRows({});
    m_bars->setEmptyText(why);
}

} // namespace llmcache::ui
