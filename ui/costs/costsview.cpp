#include "costs/costsview.h"

#include "costs/chartcard.h"
#include "costs/costscharts.h"
#include "costs/exportbar.h"
#include "costs/filesaver.h"
#include "costs/liveledger.h"
#include "costs/pricespage.h"
#include "costs/rangepicker.h"
#include "costs/repricedialog.h"
#include "theme/theme.h"
#include "widgets/emptystate.h"
#include "widgets/errorbanner.h"
#include "widgets/format.h"
#include "widgets/tabstrip.h"

#include <QSettings>
#include <QStackedWidget>
#include <QTableView>
#include <QTimeZone>

namespace llmcache::ui {

namespace {

/// Calls of a burst are shown together.
constexpr int soonMs = 50;
constexpr int contentPage = 0;
constexpr int mostPauseMs = 1'000;
constexpr int emptyPage = 1;

QByteArray systemZone()
{
    const QByteArray id = QTimeZone::systemTimeZoneId();
    return id.isEmpty() ? QByteArrayLiteral("UTC") : id;
}

QString colorsKey(Dimension dimension)
{
    return QStringLiteral("costs/colors/") + dimensionName(dimension);
}

QStringList chartNames(const LedgerReport& report)
{
    QStringList names;
    for (const LedgerRow& row : report.rows) {
        if (row.keys.front().kind == LedgerKey::Kind::Value && row.sums.billed != Money())
            names.append(row.keys.front().text);
    }
    return names;
}

} // namespace

CostsView::CostsView(const Theme* theme, Session* session, QSettings* settings, QWidget* parent)
    : View(parent)
    , m_theme(theme)
    , m_session(session)
    , m_settings(settings)
    , m_timeZone(systemZone())
    , m_saver(new FileSaver(this))
    , m_live(new LiveLedger(this))
    , m_banner(new ErrorBanner(theme))
    , m_tabs(new TabStrip(theme))
    , m_filters(new FilterBar(theme))
    , m_pages(new QStackedWidget)
    , m_empty(new EmptyState(theme, IconName::Costs, {}, {}, tr("Open the workbench")))
    , m_tiles(new CostsTiles(theme))
    , m_charts(new QStackedWidget)
    , m_spend(createChart(QStringLiteral("spend")))
    , m_stackButton(secondaryButton({}))
    , m_byModel(new BreakdownCard(theme, m_saver, Dimension::Model))
    , m_byTask(new BreakdownCard(theme, m_saver, Dimension::Task))
    , m_saved(createChart(QStringLiteral("saved")))
    , m_hitRate(createChart(QStringLiteral("hit rate")))
    , m_tokens(createChart(QStringLiteral("tokens")))
    , m_runCost(createChart(QStringLiteral("run cost")))
    , m_latencyPaid(createChart(QStringLiteral("latency paid")))
    , m_latencyHits(createChart(QStringLiteral("latency hits")))
    , m_errors(createChart(QStringLiteral("errors")))
    , m_calls(new CallsPanel(theme))
    , m_export(new ExportBar(theme))
    , m_repricing(new RepriceDialog(theme, this))
{
    layOut();
    restoreSettings();
    connectParts();
    createCommands();
    showPage();
    m_live->setSession(session);
    m_calls->setSession(session);
    m_repricing->setSession(session);
    m_reloadTimer.setSingleShot(true);
    m_reloadTimer.setInterval(soonMs);
    connect(&m_reloadTimer, &QTimer::timeout, this, [this] {
        // What is on its way may be too old already, but a busy ledger must not keep it from arriving.
        if (m_tasks.active() > 0)
            m_reloadAgain = true;
        else
            reload();
    });
}

void CostsView::restoreSettings()
{
    if (m_settings) {
        const auto read = [this](const char* key) {
            return m_settings->value(QStringLiteral("costs/") + QLatin1String(key));
        };
        m_range = rangeFromKey(read("range").toString());
        const QByteArray zone = read("zone").toByteArray();
        if (!zone.isEmpty() && QTimeZone(zone).isValid())
            m_timeZone = zone;
        m_stackBy = dimensionFromName(read("stack").toString()).value_or(m_stackBy);
        m_compare = read("compare").isNull() || read("compare").toBool();
        for (const Dimension dimension : filterDimensions)
            m_colors.restore(dimension, m_settings->value(colorsKey(dimension)).toMap());
        m_tabs->setCurrentIndex(std::clamp(read("page").toInt(), 0, m_tabs->count() - 1));
    }
    m_stackButton->setText(dimensionName(m_stackBy));
}

void CostsView::remember(const char* key, const QVariant& value)
{
    if (m_settings)
        m_settings->setValue(QStringLiteral("costs/") + QLatin1String(key), value);
}

void CostsView::activate()
{
    reload();
    if (page() != CostsPage::Prices)
        m_calls->table()->setFocus();
}

void CostsView::showEvent(QShowEvent* event)
{
    View::showEvent(event);
    m_live->setOn(true);
}

void CostsView::hideEvent(QHideEvent* event)
{
    View::hideEvent(event);
    m_live->setOn(false);
}

void CostsView::stopTasks()
{
    m_reloadTimer.stop();
    m_live->stopTasks();
    m_tasks.drop();
    m_otherTasks.drop();
    m_calls->stopTasks();
    m_export->stopTasks();
    m_saver->stopTasks();
    m_repricing->stopTasks();
    if (m_prices)
        m_prices->stopTasks();
}

int CostsView::activeTasks() const
{
    return m_tasks.active() + m_otherTasks.active() + m_live->activeTasks() + m_calls->activeTasks()
        + m_export->activeTasks() + m_saver->activeTasks() + m_repricing->activeTasks()
        + (m_prices ? m_prices->activeTasks() : 0);
}

void CostsView::setSession(Session* session)
{
    stopTasks();
    m_session = session;
    m_loaded = false;
    m_calls->setSession(session);
    m_live->setSession(session);
    m_repricing->setSession(session);
    delete std::exchange(m_prices, nullptr);
    showPage();
    {
        const QSignalBlocker quiet(m_filters); // one reload is enough
        m_filters->setFilters({});
    }
    if (isVisible()) {
        m_live->setOn(true);
        reload();
    }
}

void CostsView::scheduleReload()
{
    if (isVisible() && page() != CostsPage::Prices && !m_reloadTimer.isActive())
        m_reloadTimer.start();
}

void CostsView::setRange(CostsRange range)
{
    m_range = range;
    m_beforeZoom.reset();
    remember("range", rangeKey(range));
    reload();
}

void CostsView::setSpan(const TimeSpan& span)
{
    showSpan(span, std::nullopt);
}

void CostsView::zoomTo(const TimeSpan& span)
{
    // The last bar of a range that ends now goes on into the future.
    showSpan({span.fromMs, std::min(span.toMs, m_snapshot.question.span.toMs)},
        m_beforeZoom.value_or(Period{m_range, m_span}));
}

void CostsView::showSpan(const TimeSpan& span, const std::optional<Period>& beforeZoom)
{
    if (span.isEmpty())
        return;
    m_beforeZoom = beforeZoom;
    m_range = CostsRange::Custom;
    m_span = span;
    reload();
}

void CostsView::resetZoom()
{
    if (!m_beforeZoom)
        return;
    m_range = m_beforeZoom->range;
    m_span = m_beforeZoom->span;
    m_beforeZoom.reset();
    reload();
}

void CostsView::setTimeZone(const QByteArray& id)
{
    m_timeZone = id;
    remember("zone", id);
    reload();
}

void CostsView::setCompare(bool on)
{
    m_compare = on;
    remember("compare", on);
    reload();
}

void CostsView::setStackBy(Dimension dimension)
{
    m_stackBy = dimension;
    m_stackButton->setText(dimensionName(dimension));
    remember("stack", dimensionName(dimension));
    reload();
}

void CostsView::setBucket(std::optional<Dimension> bucket)
{
    m_bucket = bucket;
    reload();
}

CostsPage CostsView::page() const
{
    return static_cast<CostsPage>(m_tabs->currentIndex());
}

void CostsView::showPage()
{
    const bool prices = page() == CostsPage::Prices;
    m_filters->setVisible(!prices);
    if (prices) {
        openPrices();
        return;
    }
    m_charts->setCurrentIndex(m_tabs->currentIndex());
    m_pages->setCurrentIndex(contentPage);
}

void CostsView::openPrices()
{
    if (!m_prices && m_session) {
        m_prices = new PricesPage(m_theme, m_session);
        connect(m_prices, &PricesPage::notice, this, &CostsView::notice);
        connect(m_prices, &PricesPage::activeTasksChanged, this, &View::activeTasksChanged);
        m_pages->addWidget(m_prices);
    }
    if (m_prices)
        m_pages->setCurrentWidget(m_prices);
}

void CostsView::setPage(CostsPage page)
{
    m_tabs->setCurrentIndex(static_cast<int>(page));
}

CostsQuestion CostsView::question() const
{
    CostsQuestion question;
    question.page = page();
    question.range = m_range;
    question.timeZone = m_timeZone;
    question.span =
        m_range == CostsRange::Custom ? m_span : spanOf(m_range, m_timeZone, m_session->clock().nowMs());
    question.bucket = m_bucket;
    question.stackBy = m_stackBy;
    question.filters = m_filters->filters();
    question.compare = m_compare;
    return question;
}

void CostsView::showPeriod()
{
    if (!m_picker || !m_session)
        return;
    m_picker->setRange(m_range, question().span, m_timeZone);
    m_picker->setCompare(m_compare);
}

void CostsView::reload()
{
    if (!m_session)
        return;
    showPeriod();
    if (page() == CostsPage::Prices) {
        m_tasks.drop();
        m_prices->reload();
        return;
    }
    if (!m_loaded)
        m_tiles->setLoading();
    m_reloadAgain = false;
    m_asked.start();
    m_tasks.drop();
    m_tasks.run(
        [session = m_session, asked = question()](std::stop_token) { return loadCosts(session, asked); },
        [this](CostsSnapshot snapshot) {
            // A ledger that takes its time is not asked without a pause while it is written to.
            m_reloadTimer.setInterval(
                static_cast<int>(std::clamp<qint64>(m_asked.elapsed(), soonMs, mostPauseMs)));
            showSnapshot(std::move(snapshot));
            if (m_reloadAgain)
                m_reloadTimer.start();
            m_reloadAgain = false;
        },
        [this](const Failure& failure) {
            showProblem(tr("The ledger can't be read: %1"), failure);
            if (!m_loaded && !failure.cancelled())
                showUnknown();
        });
}

void CostsView::showProblem(const QString& what, const Failure& failure)
{
    if (!failure.cancelled())
        m_banner->showProblem(what.arg(failure.message), failure.remedy, tr("Retry"));
}

void CostsView::showSnapshot(CostsSnapshot snapshot)
{
    m_banner->clear();
    m_snapshot = std::move(snapshot);
    showRepriced();
    m_loaded = true;
    if (m_snapshot.total.calls() == 0 && m_snapshot.question.filters.empty()) {
        showEmpty();
        return;
    }
    m_pages->setCurrentIndex(contentPage);
    m_tiles->show(m_snapshot);
    showCharts();
    m_calls->setSelection(selectionOf(m_snapshot.question), m_snapshot.question.timeZone);
}

void CostsView::showEmpty()
{
    const bool ever = m_snapshot.before && m_snapshot.before->calls() > 0;
    if (m_range == CostsRange::Year && !ever)
        m_empty->setContent(IconName::Costs, tr("Nothing was spent yet"),
            tr("Every run is recorded here: what it cost, and what the cache saved. Run a prompt to see the "
               "first call."),
            tr("Open the workbench"));
    else
        m_empty->setContent(IconName::Costs, tr("No calls in this range"),
            tr("This workspace has no recorded calls in the range %1. Choose a longer one above, or run a "
               "prompt: "
               "every run is recorded here, with what it cost and what the cache saved.")
                .arg(m_range == CostsRange::Custom ? spanText(m_snapshot.question.span, m_timeZone)
                                                   : QStringLiteral("“%1”").arg(rangeName(m_range))),
            tr("Open the workbench"));
    m_pages->setCurrentIndex(emptyPage);
}

void CostsView::showCharts()
{
    const Dimension by = m_snapshot.question.stackBy;
    if (by != Dimension::Model && by != Dimension::Task) {
        QStringList names;
        for (const CostsSeries& series : m_snapshot.series) {
            if (!series.isOther)
                names.append(series.name);
        }
        m_colors.assign(by, names);
    }
    m_colors.assign(Dimension::Model, chartNames(m_snapshot.byModel));
    m_colors.assign(Dimension::Task, chartNames(m_snapshot.byTask));
    rememberColors();
    m_byModel->show(m_snapshot.byModel, m_colors);
    m_byTask->show(m_snapshot.byTask, m_colors);
    // Only what is seen: the others are made when their page is opened, which asks again.
    switch (m_snapshot.question.page) {
    case CostsPage::Spend:
        m_spend->setData(spendChart(m_snapshot, m_colors));
        break;
    case CostsPage::Cache:
        m_saved->setData(savedChart(m_snapshot));
        m_hitRate->setData(hitRateChart(m_snapshot));
        break;
    case CostsPage::Tokens:
        m_tokens->setData(tokensChart(m_snapshot));
        m_runCost->setData(runCostChart(m_snapshot));
        break;
    case CostsPage::Latency:
        m_latencyPaid->setData(latencyChart(m_snapshot, false));
        m_latencyHits->setData(latencyChart(m_snapshot, true));
        m_errors->setData(errorsChart(m_snapshot));
        break;
    case CostsPage::Prices:
        break;
    }
    for (ChartCard* chart : {m_spend, m_saved, m_hitRate, m_tokens, m_latencyPaid, m_latencyHits, m_errors})
        chart->setCanResetZoom(m_beforeZoom.has_value());
}

void CostsView::showUnknown()
{
    m_snapshot = {};
    m_snapshot.question = question();
    showCharts();
    const QString why = tr("Not known: the ledger can't be read.");
    m_byModel->showUnknown(why);
    m_byTask->showUnknown(why);
    for (ChartCard* chart : findChildren<ChartCard*>()) {
        ChartData blank = chart->data();
        blank.emptyText = why;
        chart->setData(blank);
    }
}

void CostsView::rememberColors()
{
    if (!m_settings)
        return;
    for (const Dimension dimension : filterDimensions) {
        const QVariantMap colors = m_colors.saved(dimension);
        if (m_settings->value(colorsKey(dimension)).toMap() != colors)
            m_settings->setValue(colorsKey(dimension), colors);
    }
}

void CostsView::loadFilterValues(Dimension dimension)
{
    m_otherTasks.run([session = m_session, selection = selectionOf(question()), dimension](
                         std::stop_token) { return loadValues(session, selection, dimension); },
        [this, dimension](
            std::vector<ChoicePopup::Choice> values) { m_filters->showValues(dimension, std::move(values)); },
        [this](const Failure& failure) {
            if (!failure.cancelled())
                m_filters->showProblem(failure.message + QLatin1Char(' ') + failure.remedy);
        });
}

void CostsView::openRepricing()
{
    if (!m_session)
        return;
    const TimeSpan span = question().span;
    m_repricing->ask(span, spanText(span, m_timeZone));
}

void CostsView::showRepriced()
{
    if (!m_reprice)
        return;
    const bool is = m_snapshot.hasRepriced;
    m_reprice->setText(is ? tr("Repriced") : tr("Reprice…"));
    m_reprice->setToolTip(is
            ? tr("Amounts of this range are by a repricing that is applied, not as charged. Click to "
                 "see both, or to undo it.")
            : tr("What these calls cost by the prices of now"));
}

void CostsView::exportSums()
{
    askForFile(this, tr("Export sums"), QStringLiteral("costs.csv"), QStringLiteral("csv"),
        [this](const QString& path) {
            m_otherTasks.run([session = m_session, asked = question()](
                                 std::stop_token) { return loadSumsCsv(session, asked); },
                [this, path](const QByteArray& csv) { m_saver->save(path, csv); },
                [this](const Failure& failure) { showProblem(tr("The ledger can't be read: %1"), failure); });
        });
}

void CostsView::exportCalls(bool onlyListed)
{
    askForFile(this, tr("Export calls"), QStringLiteral("calls.csv"), QStringLiteral("csv"),
        [this, onlyListed](const QString& path) {
            const CallSelection all = selectionOf(question());
            const bool isScope = onlyListed && m_calls->scope() != CallScope();
            m_export->start(m_session, isScope ? m_calls->listed() : all,
                isScope ? m_calls->scope() : CallScope(), m_timeZone, path,
                isScope ? 0 : m_snapshot.total.calls());
        });
}

} // namespace llmcache::ui
