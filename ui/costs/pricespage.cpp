#include "costs/pricespage.h"

#include "base/worker.h"
#include "costs/filesaver.h"
#include "costs/pricelistmodel.h"
#include "settings/pricescard.h"
#include "theme/theme.h"
#include "widgets/errorbanner.h"
#include "widgets/format.h"
#include "widgets/searchfield.h"
#include "widgets/tablestyle.h"

#include <qcorofuture.h>

#include <QGridLayout>
#include <QHBoxLayout>
#include <QScrollArea>
#include <QSortFilterProxyModel>
#include <QTableView>
#include <QVBoxLayout>

namespace llmcache::ui {

namespace {

QCoro::Task<std::vector<PricedModel>> loadPricedModels(Session* session)
{
    constexpr int most = 2'000;
    LedgerQuery query;
    query.groupBy = {Dimension::Model};
    query.top = {{Dimension::Model, most, Measure::Calls}};
    query.orderBy = Measure::Calls;
    LedgerReport report = co_await session->report(std::move(query));
    const PriceTable prices = session->runner().prices();
    auto work = [prices, report = std::move(report)] { return pricedModels(prices, report); };
    QFuture<std::vector<PricedModel>> ready = runOn(*QThreadPool::globalInstance(), std::move(work));
    std::vector<PricedModel> models = co_await ready;
    co_return models;
}

/// Finds a model by any part of its name or its provider's.
class FoundModels : public QSortFilterProxyModel {
public:
    using QSortFilterProxyModel::QSortFilterProxyModel;

protected:
    bool filterAcceptsRow(int row, const QModelIndex&) const override
    {
        return static_cast<PriceListModel*>(sourceModel())
            ->modelAt(row)
            .model.contains(filterRegularExpression());
    }
};

} // namespace

PricesPage::PricesPage(const Theme* theme, Session* session, QWidget* parent)
    : QWidget(parent)
    , m_theme(theme)
    , m_session(session)
    , m_saver(new FileSaver(this))
    , m_banner(new ErrorBanner(theme))
    , m_search(new SearchField(theme, tr("Find a model")))
    , m_count(makeLabel({}, Tone::Secondary))
    , m_table(new QTableView)
    , m_models(new PriceListModel(this))
    , m_found(new FoundModels(this))
    , m_pricesOf(new Card)
    , m_parts(new QBoxLayout(QBoxLayout::LeftToRight))
    , m_card(new PricesCard(theme, session))
{
    m_parts->setSpacing(12);
    constexpr int listShare = 5;
    constexpr int sideShare = 4;
    m_parts->addWidget(createList(), listShare);
    m_parts->addWidget(createSide(), sideShare);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(16, 12, 16, 16);
    column->addWidget(m_banner);
    column->addLayout(m_parts, 1);
    connect(m_search, &QLineEdit::textChanged, this, [this](const QString& text) {
        m_found->setFilterRegularExpression(QRegularExpression(
            QRegularExpression::escape(text.trimmed()), QRegularExpression::CaseInsensitiveOption));
        m_table->scrollToTop();
    });
    connect(m_table->selectionModel(), &QItemSelectionModel::currentRowChanged, this,
        [this](const QModelIndex& index) {
            if (!index.isValid())
                return;
            const QString model = m_models->modelAt(m_found->mapToSource(index).row()).model;
            showPrices(model);
            m_card->editModel(model);
        });
    connect(m_saver, &FileSaver::saved, this,
        [this](const QString& path) { Q_EMIT notice(tr("Saved %1").arg(path), {}, {}); });
    connect(m_saver, &FileSaver::failed, this,
        [this](const QString& what, const QString& remedy) { m_banner->showProblem(what, remedy); });
    connect(&m_saver->tasks(), &TaskScope::activeChanged, this, &PricesPage::activeTasksChanged);
    connect(session, &Session::pricesChanged, this, &PricesPage::loadModels);
    connect(m_card, &PricesCard::notice, this, &PricesPage::notice);
    connect(m_card, &PricesCard::activeTasksChanged, this, &PricesPage::activeTasksChanged);
    connect(&m_tasks, &TaskScope::activeChanged, this, &PricesPage::activeTasksChanged);
    showPrices({});
}

QWidget* PricesPage::createList()
{
    auto* card = new Card(tr("Models"));
    m_search->setObjectName(QStringLiteral("find model"));
    m_search->setFixedWidth(200);
    card->headingRow()->addWidget(m_count);
    card->headingRow()->addStretch(1);
    card->headingRow()->addWidget(m_search);
    auto* save = secondaryButton(tr("CSV"));
    save->setObjectName(QStringLiteral("export prices"));
    save->setAccessibleName(tr("Save this table as CSV"));
    save->setToolTip(save->accessibleName());
    card->headingRow()->addWidget(save);
    connect(save, &QPushButton::clicked, this, [this] {
        m_saver->ask(this, tr("Save table"), QStringLiteral("prices"), QStringLiteral("csv"),
            [this] { return pricesCsv(m_models->models()); });
    });
    m_found->setSourceModel(m_models);
    setUpTable(m_table, m_theme);
    m_table->setModel(m_found);
    m_table->setObjectName(QStringLiteral("model prices"));
    m_table->setAccessibleName(tr("Models and their prices in dollars per million tokens"));
    m_table->setSelectionMode(QAbstractItemView::SingleSelection);
    m_table->horizontalHeader()->setSectionResizeMode(PriceListModel::Model, QHeaderView::Stretch);
    for (const auto& [column, width] : {std::pair(PriceListModel::Provider, 96),
             std::pair(PriceListModel::Input, 76), std::pair(PriceListModel::Output, 76),
             std::pair(PriceListModel::Source, 92), std::pair(PriceListModel::Calls, 68)})
        m_table->setColumnWidth(column, width);
    card->body()->addWidget(m_table, 1);
    return card;
}

QWidget* PricesPage::createSide()
{
    auto* side = new QWidget;
    auto* column = new QVBoxLayout(side);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(12);
    column->addWidget(m_pricesOf);
    column->addWidget(m_card);
    column->addStretch(1);
    auto* scroll = new QScrollArea;
    scroll->setWidgetResizable(true);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setWidget(side);
    scroll->setMinimumWidth(side->minimumSizeHint().width() + 12);
    return scroll;
}

void PricesPage::resizeEvent(QResizeEvent* event)
{
    QWidget::resizeEvent(event);
    // Side by side, the fields of custom costs would leave no room for the names of models.
    constexpr int narrowWidth = 1160;
    m_parts->setDirection(width() < narrowWidth ? QBoxLayout::TopToBottom : QBoxLayout::LeftToRight);
}

void PricesPage::reload()
{
    m_card->reload();
    loadModels();
}

void PricesPage::stopTasks()
{
    m_tasks.drop();
    m_card->stopTasks();
    m_saver->stopTasks();
}

int PricesPage::activeTasks() const
{
    return m_tasks.active() + m_card->activeTasks() + m_saver->activeTasks();
}

void PricesPage::loadModels()
{
    m_tasks.drop();
    m_tasks.run([session = m_session](std::stop_token) { return loadPricedModels(session); },
        [this](std::vector<PricedModel> models) {
            m_banner->clear();
            showModels(std::move(models));
        },
        [this](const Failure& failure) {
            if (!failure.cancelled())
                m_banner->showProblem(
                    tr("The ledger can't be read: %1").arg(failure.message), failure.remedy);
        });
}

void PricesPage::showModels(std::vector<PricedModel> models)
{
    const auto missing = std::count_if(
        models.begin(), models.end(), [](const PricedModel& model) { return model.needsPrice(); });
    m_count->setText(missing == 0
            ? tr("%1, dollars per million tokens").arg(format::count(static_cast<qint64>(models.size())))
            : tr("%1 called without a price").arg(format::counted(missing, tr("model"), tr("models"))));
    setTone(m_count, missing == 0 ? Tone::Secondary : Tone::Error);
    const QString current = m_current;
    m_models->setModels(std::move(models));
    const int row = m_models->rowOf(current);
    if (row >= 0) {
        const QSignalBlocker quiet(m_table->selectionModel()); // what is being typed stays
        m_table->setCurrentIndex(m_found->mapFromSource(m_models->index(row, 0)));
    }
    showPrices(row >= 0 ? current : QString());
}

void PricesPage::showPrices(const QString& model)
{
    m_current = model;
    delete m_lines;
    m_lines = new QWidget;
    auto* grid = new QGridLayout(m_lines);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setHorizontalSpacing(16);
    grid->setVerticalSpacing(3);
    grid->setColumnStretch(0, 1);
    m_pricesOf->setVisible(!model.isEmpty());
    m_pricesOf->setHeading(format::shortModel(model));
    const std::vector<ListedPrice> prices =
        model.isEmpty() ? std::vector<ListedPrice>() : m_session->runner().prices().prices(model);
    int row = 0;
    for (const ListedPrice& price : prices) {
        auto* name = new ElidedLabel(QString(price.price).replace(QLatin1Char('_'), QLatin1Char(' ')));
        setTone(name, Tone::Secondary);
        grid->addWidget(name, row, 0);
        grid->addWidget(makeLabel(QLatin1Char('$') + price.dollars), row, 1, Qt::AlignRight);
        grid->addWidget(
            makeLabel(price.perThousand ? tr("per thousand") : tr("per million"), Tone::Secondary), row, 2);
        ++row;
    }
    if (prices.empty()) {
        auto* none =
            makeLabel(tr("Nobody knows what it costs. Set its costs below, or import a table that has "
                         "them."),
                Tone::Secondary);
        none->setWordWrap(true);
        grid->addWidget(none, 0, 0, 1, 3);
    }
    m_pricesOf->body()->addWidget(m_lines);
}

} // namespace llmcache::ui
