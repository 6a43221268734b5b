#include "settings/pricescard.h"

#include "base/worker.h"
#include "cache/session.h"
#include "settings/priceimportpanel.h"
#include "settings/pricemodels.h"
#include "theme/theme.h"
#include "widgets/errorbanner.h"
#include "widgets/format.h"
#include "widgets/tablestyle.h"

#include <qcorofuture.h>

#include <QCompleter>
#include <QGridLayout>
#include <QLineEdit>
#include <QStringListModel>
#include <QTableView>

#include <algorithm>

namespace llmcache::ui {

namespace {

constexpr int mostRowsShown = 8;
constexpr int priceWidth = 84;

} // namespace

PricesCard::PricesCard(const Theme* theme, Session* session, QWidget* parent)
    : Card(tr("Prices"), parent)
    , m_theme(theme)
    , m_session(session)
    , m_table(makeLabel({}, Tone::Secondary))
    , m_builtIn(flatButton(tr("Use the built-in table")))
    , m_banner(new ErrorBanner(theme))
    , m_none(makeLabel(tr("No model has custom costs. They win over the table: set them for models that it "
                          "does not know, or that you get at another price."),
          Tone::Secondary))
    , m_custom(new QTableView)
    , m_costs(new CustomCostsModel(this))
    , m_model(new QLineEdit)
    , m_save(secondaryButton(tr("Set")))
    , m_remove(flatButton(tr("Remove")))
    , m_import(new PriceImportPanel(theme))
{
    layOut();
    connect(m_builtIn, &QPushButton::clicked, this, &PricesCard::useBuiltInTable);
    connect(m_save, &QPushButton::clicked, this, &PricesCard::saveCosts);
    connect(m_remove, &QPushButton::clicked, this, [this] { removeCosts(m_model->text().trimmed()); });
    connect(m_model, &QLineEdit::textChanged, this, &PricesCard::updateButtons);
    connect(m_model, &QLineEdit::returnPressed, this, &PricesCard::saveCosts);
    for (QLineEdit* price : m_prices) {
        connect(price, &QLineEdit::textChanged, this, &PricesCard::updateButtons);
        connect(price, &QLineEdit::returnPressed, this, &PricesCard::saveCosts);
    }
    connect(m_custom->selectionModel(), &QItemSelectionModel::currentRowChanged, this,
        [this](const QModelIndex& current) {
            if (current.isValid())
                fillForm(m_costs->modelAt(current.row()));
        });
    connect(m_import, &PriceImportPanel::tableChosen, this, &PricesCard::useTable);
    connect(m_import, &PriceImportPanel::activeTasksChanged, this, &PricesCard::activeTasksChanged);
    connect(theme, &Theme::changed, this, &PricesCard::fitTable);
    connect(session, &Session::pricesChanged, this, &PricesCard::follow);
    for (const TaskScope* scope : {&m_tasks, &m_followTasks})
        connect(scope, &TaskScope::activeChanged, this, &PricesCard::activeTasksChanged);
    show({m_session->runner().prices(), false});
    if (!m_session->priceProblem().isEmpty())
        m_banner->showProblem(m_session->priceProblem(), tr("The built-in prices are used until then."));
}

void PricesCard::layOut()
{
    headingRow()->addStretch();
    auto* table = new QHBoxLayout;
    table->addWidget(m_table);
    table->addStretch();
    table->addWidget(m_builtIn);
    m_builtIn->setObjectName(QStringLiteral("built-in prices"));

    m_none->setWordWrap(true);
    setUpTable(m_custom, m_theme);
    m_custom->setObjectName(QStringLiteral("custom costs"));
    m_custom->setAccessibleName(tr("Custom costs in dollars per million tokens"));
    m_custom->setModel(m_costs);
    m_custom->setSelectionMode(QAbstractItemView::SingleSelection);
    m_custom->horizontalHeader()->setSectionResizeMode(CustomCostsModel::Model, QHeaderView::Stretch);
    for (int column = CustomCostsModel::Input; column < CustomCostsModel::ColumnCount; ++column)
        m_custom->setColumnWidth(column, priceWidth + 8);

    m_model->setObjectName(QStringLiteral("custom model"));
    m_model->setPlaceholderText(tr("provider:model"));
    auto* completer = new QCompleter(new QStringListModel(this), this);
    completer->setFilterMode(Qt::MatchContains);
    completer->setCaseSensitivity(Qt::CaseInsensitive);
    m_model->setCompleter(completer);
    auto* form = new QGridLayout;
    form->setHorizontalSpacing(8);
    form->setVerticalSpacing(4);
    form->setColumnStretch(0, 1);
    form->addWidget(fieldLabel(tr("Model"), m_model), 0, 0);
    form->addWidget(m_model, 1, 0);
    const std::array names{tr("Input"), tr("Output"), tr("Cache write"), tr("Cache read")};
    for (std::size_t at = 0; at < m_prices.size(); ++at) {
        auto* const field = new QLineEdit;
        m_prices[at] = field;
        field->setObjectName(QStringLiteral("custom price %1").arg(at));
        field->setFixedWidth(priceWidth);
        field->setAlignment(Qt::AlignRight);
        field->setPlaceholderText(at < 2 ? QStringLiteral("0.00") : tr("as input"));
        const int column = static_cast<int>(at) + 1;
        form->addWidget(fieldLabel(names[at], field), 0, column);
        form->addWidget(field, 1, column);
    }
    m_save->setObjectName(QStringLiteral("set costs"));
    m_remove->setObjectName(QStringLiteral("remove costs"));
    form->addWidget(m_save, 1, 5);
    form->addWidget(m_remove, 1, 6);

    body()->setSpacing(12);
    body()->addLayout(table);
    body()->addWidget(m_banner);
    body()->addWidget(makeLabel(
        tr("Custom costs, in dollars per million tokens"), Tone::Normal, TextSize::Body, QFont::DemiBold));
    body()->addWidget(m_none);
    body()->addWidget(m_custom);
    body()->addLayout(form);
    body()->addWidget(horizontalRule());
    body()->addWidget(m_import);
}

void PricesCard::reload()
{
    if (m_session->config().dataFolder.isEmpty())
        return;
    change({});
}

void PricesCard::editModel(const QString& model)
{
    // The names in custom costs may be written otherwise.
    const int row = m_costs->rowOf(model);
    fillForm(row >= 0 ? m_costs->modelAt(row) : model);
}

void PricesCard::stopTasks()
{
    m_tasks.stop();
    m_followTasks.drop();
    m_import->stopTasks();
}

int PricesCard::activeTasks() const
{
    return m_tasks.active() + m_followTasks.active() + m_import->activeTasks();
}

QCoro::Task<PricesCard::State> PricesCard::apply(QString folder, Change change)
{
    auto work = [folder, change] {
        PriceFiles files(folder);
        if (change)
            change(files);
        return State{files.load(), files.hasTable()};
    };
    QFuture<State> ready = runOn(*QThreadPool::globalInstance(), std::move(work));
    State state = co_await ready;
    co_return state;
}

void PricesCard::change(Change change, std::function<void()> done)
{
    m_tasks.run([folder = m_session->config().dataFolder, change = std::move(change)](
                    std::stop_token) { return apply(folder, change); },
        [this, done = std::move(done)](const State& state) {
            m_banner->clear();
            m_isChanging = true;
            m_session->setPrices(state.table);
            m_isChanging = false;
            show(state);
            if (done)
                done();
        },
        [this](const Failure& failure) { m_banner->showProblem(failure.message, failure.remedy); });
}

void PricesCard::follow()
{
    if (m_isChanging || m_session->config().dataFolder.isEmpty())
        return;
    m_followTasks.drop();
    m_followTasks.run(
        [folder = m_session->config().dataFolder](std::stop_token) { return apply(folder, {}); },
        [this](const State& state) { show(state); },
        [this](const Failure& failure) { m_banner->showProblem(failure.message, failure.remedy); });
}

void PricesCard::show(const State& state)
{
    const std::vector<ModelInfo> models = state.table.models();
    const QString version = state.table.version();
    m_table->setText(
        (state.ownTable ? tr("Imported table of %1, %2") : tr("Built-in table of %1, %2"))
            .arg(version, format::counted(static_cast<qint64>(models.size()), tr("model"), tr("models"))));
    m_builtIn->setVisible(state.ownTable);
    QStringList names;
    for (const ModelInfo& model : models)
        names.append(model.provider + QLatin1Char(':') + model.model);
    static_cast<QStringListModel*>(m_model->completer()->model())->setStringList(names);

    m_costs->setCosts(state.table.customCosts());
    const int rows = m_costs->rowCount();
    m_none->setVisible(rows == 0);
    m_custom->setVisible(rows > 0);
    fitTable();
    m_import->setCurrent(state.table);
    updateButtons();
}

void PricesCard::fitTable()
{
    const int rows = std::min(m_costs->rowCount(), mostRowsShown) + 1; // and the header
    m_custom->setFixedHeight(rows * m_theme->rowHeight() + 4);
}

void PricesCard::saveCosts()
{
    const QString model = m_model->text().trimmed();
    if (!m_save->isEnabled())
        return;
    const ModelCosts costs{m_prices[0]->text().trimmed(), m_prices[1]->text().trimmed(),
        m_prices[2]->text().trimmed(), m_prices[3]->text().trimmed()};
    change([model, costs](PriceFiles& files) { files.setCosts(model, costs); },
        [this, model] {
            if (const int row = m_costs->rowOf(model); row >= 0)
                m_custom->selectRow(row);
        });
}

void PricesCard::removeCosts(const QString& model)
{
    const int row = m_costs->rowOf(model);
    if (row < 0)
        return;
    const QString name = m_costs->modelAt(row);
    const ModelCosts before = m_costs->costs().value(name);
    change([name](PriceFiles& files) { files.removeCosts(name); },
        [this, name, before] {
            fillForm({});
            Q_EMIT notice(tr("Removed the custom costs of %1").arg(name), tr("Undo"), [this, name, before] {
                change([name, before](PriceFiles& files) { files.setCosts(name, before); });
            });
        });
}

void PricesCard::useTable(const QByteArray& table)
{
    change([table](PriceFiles& files) { files.useTable(table); },
        [this] {
            m_import->reset();
            Q_EMIT notice(tr("The imported prices are in force"), {}, {});
        });
}

void PricesCard::useBuiltInTable()
{
    const QByteArray before = m_session->runner().prices().toJson();
    change([](PriceFiles& files) { files.useBuiltInTable(); },
        [this, before] {
            Q_EMIT notice(tr("The built-in prices are in force"), tr("Undo"),
                [this, before] { change([before](PriceFiles& files) { files.useTable(before); }); });
        });
}

void PricesCard::fillForm(const QString& model)
{
    const ModelCosts costs = m_costs->costs().value(model);
    m_model->setText(model);
    m_prices[0]->setText(costs.costPerMillionInputTokens);
    m_prices[1]->setText(costs.costPerMillionOutputTokens);
    m_prices[2]->setText(costs.costPerMillionCachingInputTokens);
    m_prices[3]->setText(costs.costPerMillionCachingHitTokens);
}

void PricesCard::updateButtons()
{
    const QString model = m_model->text().trimmed();
    m_save->setEnabled(!model.isEmpty() && !m_prices[0]->text().trimmed().isEmpty()
        && !m_prices[1]->text().trimmed().isEmpty());
    m_remove->setEnabled(m_costs->rowOf(model) >= 0);
}

} // namespace llmcache::ui
