#include "costs/chartcard.h"

#include "costs/chartlegend.h"
#include "costs/charttablemodel.h"
#include "costs/filesaver.h"
#include "costs/pictures.h"
#include "costs/plotview.h"
#include "theme/theme.h"
#include "widgets/tablestyle.h"

#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QHBoxLayout>
#include <QMenu>
#include <QPainter>
#include <QStackedWidget>
#include <QTableView>
#include <QToolButton>
#include <QVBoxLayout>

namespace llmcache::ui {

namespace {

constexpr int numberWidth = 132; ///< of a column of the table, at least
constexpr int plotPage = 0;
constexpr int tablePage = 1;
constexpr int nothingPage = 2;

} // namespace

ChartCard::ChartCard(const Theme* theme, FileSaver* saver, QWidget* parent)
    : Card({}, parent)
    , m_theme(theme)
    , m_saver(saver)
    , m_title(makeLabel({}, Tone::Normal, TextSize::Large, QFont::DemiBold))
    , m_menuButton(new QToolButton)
    , m_resetZoom(flatButton(tr("Reset zoom")))
    , m_caption(makeLabel({}, Tone::Secondary, TextSize::Small))
    , m_pages(new QStackedWidget)
    , m_plot(new PlotView(theme))
    , m_nothing(makeLabel({}, Tone::Secondary))
    , m_table(new QTableView)
    , m_model(new ChartTableModel(this))
    , m_legend(new ChartLegend(theme))
{
    headingRow()->addWidget(m_title);
    headingRow()->addStretch(1);
    headingRow()->addWidget(m_resetZoom);
    headingRow()->addWidget(m_menuButton);
    m_resetZoom->hide();
    m_resetZoom->setObjectName(QStringLiteral("reset zoom"));
    m_menuButton->setText(QStringLiteral("⋯"));
    m_menuButton->setObjectName(QStringLiteral("chart menu"));
    m_menuButton->setPopupMode(QToolButton::InstantPopup);
    m_menuButton->setFocusPolicy(Qt::StrongFocus);
    m_caption->hide();
    m_plot->setMinimumHeight(96);
    m_nothing->setAlignment(Qt::AlignCenter);
    m_nothing->setWordWrap(true);
    setUpTable(m_table, theme);
    m_table->setModel(m_model);
    m_table->setObjectName(QStringLiteral("chart table"));
    m_table->horizontalHeader()->setDefaultSectionSize(numberWidth);
    m_pages->addWidget(m_plot);
    m_pages->addWidget(m_table);
    m_pages->addWidget(m_nothing);
    body()->setSpacing(4);
    body()->addWidget(m_caption);
    body()->addWidget(m_pages, 1);
    body()->addWidget(m_legend);
    createMenu();

    connect(m_resetZoom, &QPushButton::clicked, this, &ChartCard::zoomReset);
    connect(m_plot, &PlotView::zoomReset, this, &ChartCard::zoomReset);
    connect(m_plot, &PlotView::chosen, this, &ChartCard::choose);
    connect(m_plot, &PlotView::zoomed, this, [this](int first, int last) {
        const ChartColumn& from = m_data.columns.at(static_cast<std::size_t>(first));
        const ChartColumn& to = m_data.columns.at(static_cast<std::size_t>(last));
        Q_EMIT zoomed({from.span.fromMs, to.span.toMs});
    });
    connect(m_table, &QTableView::activated, this,
        [this](const QModelIndex& index) { choose(index.row(), index.column() - 1); });
    connect(
        m_legend, &ChartLegend::hiddenChanged, this, [this] { m_plot->setData(m_data, m_legend->hidden()); });
}

void ChartCard::createMenu()
{
    auto* menu = new QMenu(this);
    m_asTable = menu->addAction(tr("Show as table"));
    m_asTable->setCheckable(true);
    connect(m_asTable, &QAction::toggled, this, &ChartCard::show);
    menu->addSeparator();
    menu->addAction(tr("Copy picture"), this, &ChartCard::copyPicture);
    menu->addAction(tr("Copy table as CSV"), this, &ChartCard::copyTable);
    menu->addSeparator();
    menu->addAction(tr("Save as PNG…"), this, [this] { savePicture(false); });
    menu->addAction(tr("Save as SVG…"), this, [this] { savePicture(true); });
    menu->addAction(tr("Save as CSV…"), this, [this] {
        m_saver->ask(this, tr("Save table"), m_data.id, QStringLiteral("csv"),
            [data = m_data] { return chartCsv(data); });
    });
    m_menuButton->setMenu(menu);
    for (QWidget* place : {static_cast<QWidget*>(m_plot), static_cast<QWidget*>(m_table)}) {
        place->setContextMenuPolicy(Qt::CustomContextMenu);
        connect(place, &QWidget::customContextMenuRequested, this,
            [menu, place](const QPoint& at) { menu->popup(place->mapToGlobal(at)); });
    }
}

void ChartCard::addControl(QWidget* control)
{
    headingRow()->insertWidget(headingRow()->indexOf(m_title) + 1, control);
}

void ChartCard::setCanResetZoom(bool on)
{
    m_resetZoom->setVisible(on);
}

bool ChartCard::isTable() const
{
    return m_asTable->isChecked();
}

void ChartCard::showAsTable(bool on)
{
    m_asTable->setChecked(on);
}

void ChartCard::setData(const ChartData& data)
{
    if (data == m_data)
        return;
    m_data = data;
    m_title->setText(data.title);
    m_plot->setAccessibleName(data.title);
    m_table->setAccessibleName(data.title);
    m_menuButton->setAccessibleName(tr("What to do with “%1”").arg(data.title));
    m_menuButton->setToolTip(tr("Table, copies, files"));
    m_caption->setText(data.caption);
    m_caption->setVisible(!data.caption.isEmpty());
    std::vector<ChartLegend::Item> items;
    for (const ChartSeries& series : data.series)
        items.push_back({series.name, series.label, series.color, series.isComparison});
    m_legend->setItems(items);
    m_legend->setVisible(data.series.size() > 1);
    show();
}

void ChartCard::show()
{
    m_nothing->setText(m_data.emptyText);
    m_plot->setData(m_data, m_legend->hidden());
    m_model->setData(m_data);
    if (isTable())
        fitColumns(m_table, 1, numberWidth);
    m_pages->setCurrentIndex(isTable() ? tablePage : m_data.isEmpty() ? nothingPage : plotPage);
}

void ChartCard::choose(int column, int series)
{
    const ChartColumn where = m_data.columns.at(static_cast<std::size_t>(column));
    const bool known = series >= 0 && series < static_cast<int>(m_data.series.size())
        && !m_data.series[static_cast<std::size_t>(series)].isComparison;
    if (known && m_data.series[static_cast<std::size_t>(series)].isOther)
        Q_EMIT otherChosen(where);
    else
        Q_EMIT chosen(where, known ? m_data.series[static_cast<std::size_t>(series)].name : QString());
}

QSize ChartCard::pictureSize() const
{
    constexpr int leastWidth = 640;
    constexpr int leastHeight = 320;
    return m_plot->size().expandedTo({leastWidth, leastHeight}) + QSize(32, 96);
}

void ChartCard::paintPicture(QPainter* painter, const QSize& size) const
{
    constexpr int margin = 16;
    constexpr int titleHeight = 32;
    constexpr int legendLine = 20;
    painter->fillRect(QRect(QPoint(0, 0), size), m_theme->color(Token::Panel));
    painter->setRenderHint(QPainter::Antialiasing);
    painter->setFont(textFont(TextSize::Large, QFont::DemiBold));
    painter->setPen(m_theme->color(Token::Text));
    painter->drawText(
        QRect(margin, 8, size.width() - 2 * margin, titleHeight), Qt::AlignVCenter, m_data.title);
    // From below: as many lines of legend as it takes.
    painter->setFont(textFont(TextSize::Small));
    const QFontMetrics metrics(painter->font());
    std::vector<std::pair<QPoint, const ChartSeries*>> entries;
    int x = margin;
    int line = 0;
    for (const ChartSeries& series : m_data.series) {
        if (m_legend->hidden().contains(series.name) || m_data.series.size() < 2)
            continue;
        const int width = 18 + metrics.horizontalAdvance(series.label) + 14;
        if (x > margin && x + width > size.width() - margin) {
            x = margin;
            ++line;
        }
        entries.emplace_back(QPoint(x, line), &series);
        x += width;
    }
    const int legendTop = size.height() - margin / 2 - (entries.empty() ? 0 : (line + 1) * legendLine);
    for (const auto& [place, series] : entries) {
        const int top = legendTop + place.y() * legendLine;
        painter->fillRect(QRect(place.x(), top + 4, 11, 11),
            series->isComparison    ? m_theme->color(Token::SecondaryText)
                : series->color < 0 ? m_theme->color(Token::ChartOther)
                                    : m_theme->chartColor(series->color));
        painter->setPen(m_theme->color(Token::SecondaryText));
        painter->drawText(QPoint(place.x() + 18, top + metrics.ascent() + 3), series->label);
    }
    const int top = 8 + titleHeight + 8;
    m_plot->renderTo(painter, QRectF(margin, top, size.width() - 2 * margin, legendTop - top - 8));
}

QByteArray ChartCard::png() const
{
    const QSize size = pictureSize();
    return pngOf(size, [this, size](QPainter* painter) { paintPicture(painter, size); });
}

QByteArray ChartCard::svg() const
{
    const QSize size = pictureSize();
    return svgOf(size, m_data.title, [this, size](QPainter* painter) { paintPicture(painter, size); });
}

void ChartCard::savePicture(bool vector)
{
    m_saver->ask(this, tr("Save picture"), m_data.id, vector ? QStringLiteral("svg") : QStringLiteral("png"),
        [this, vector] { return vector ? svg() : png(); });
}

void ChartCard::copyPicture() const
{
    QApplication::clipboard()->setImage(QImage::fromData(png(), "PNG"));
}

void ChartCard::copyTable() const
{
    QApplication::clipboard()->setText(QString::fromUtf8(chartCsv(m_data)));
}

} // namespace llmcache::ui
