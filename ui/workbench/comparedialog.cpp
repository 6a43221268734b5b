#include "workbench/comparedialog.h"

#include "base/worker.h"
#include "theme/theme.h"
#include "widgets/badge.h"
#include "widgets/codeedit.h"
#include "widgets/controls.h"
#include "widgets/errorbanner.h"
#include "widgets/format.h"
#include "widgets/spinner.h"

#include <qcorofuture.h>

#include <QComboBox>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QSplitter>
#include <QStackedWidget>
#include <QVBoxLayout>

namespace llmcache::ui {

namespace {

ComparedRun comparedRun(const RunItem& item, qint64 nowMs)
{
    ComparedRun run;
    run.title =
        item.number > 0 ? QStringLiteral("#%1").arg(item.number) : format::relativeTime(item.timeMs, nowMs);
    run.outcome = item.outcome;
    run.model = item.model;
    run.latency = item.latency;
    run.cost = item.cost;
    if (item.result) {
        run.usage = item.result->usage();
        run.output = item.result->output();
        run.request = item.result->data().request;
    }
    return run;
}

QCoro::Task<std::vector<ComparedRun>> loadRuns(Store* store, std::vector<RunItem> items, qint64 nowMs)
{
    std::vector<ComparedRun> runs;
    for (const RunItem& item : items) {
        ComparedRun run = comparedRun(item, nowMs);
        if (!item.result && !item.fingerprint.isEmpty()) {
            const QString fingerprint = item.fingerprint;
            auto looking = store->lookup(fingerprint, EntryParts::All);
            std::optional<Entry> entry = co_await looking;
            if (entry) {
                run.usage = entry->usage;
                run.output = std::move(entry->output);
                run.request = std::move(entry->request);
            }
        }
        runs.push_back(std::move(run));
    }
    co_return runs;
}

QCoro::Task<std::vector<DiffSection>> difference(ComparedRun left, ComparedRun right, QString answer)
{
    const auto work = [left, right, answer] {
        std::vector<DiffSection> sections;
        if (left.output.is_string() || right.output.is_string())
            addTextSection(sections, answer, outputText(left.output), outputText(right.output));
        else
            addJsonSections(sections, answer, left.output, right.output);
        if (left.request.is_null() || right.request.is_null())
            return sections;
        for (const RequestDifference& found : compareRequests(left.request, right.request))
            addTextSection(sections, found.verdict, found.before, found.after);
        return sections;
    };
    const QFuture<std::vector<DiffSection>> comparing = runOn(*QThreadPool::globalInstance(), work);
    std::vector<DiffSection> sections = co_await comparing;
    co_return sections;
}

} // namespace

CompareDialog::CompareDialog(const Theme* theme, const TaskScope& tasks, QWidget* parent)
    : QDialog(parent)
    , m_theme(theme)
    , m_banner(new ErrorBanner(theme))
    , m_figures(new QWidget)
    , m_left(new QComboBox)
    , m_right(new QComboBox)
    , m_mode(new SegmentedControl)
    , m_pages(new QStackedWidget)
    , m_diff(new DiffView(theme))
    , m_columns(new QWidget)
    , m_content(new QWidget)
    , m_reading(new WaitingLine(theme, tr("reading the answers")))
{
    m_tasks.countIn(tasks);
    setObjectName(QStringLiteral("compare runs"));
    setWindowTitle(tr("Compare runs"));
    resize(QSize(1080, 700).boundedTo(parent ? parent->window()->size() : QSize(1080, 700)));
    m_left->setObjectName(QStringLiteral("compare left"));
    m_right->setObjectName(QStringLiteral("compare right"));
    m_left->setAccessibleName(tr("Run on the left"));
    m_right->setAccessibleName(tr("Run on the right"));
    m_mode->setObjectName(QStringLiteral("compare mode"));
    m_mode->setAccessibleName(tr("How to compare"));
    m_mode->addSegment(tr("Differences"));
    m_mode->addSegment(tr("Side by side"));
    m_diff->setObjectName(QStringLiteral("compare differences"));
    m_columns->setObjectName(QStringLiteral("compare columns"));
    m_figures->setObjectName(QStringLiteral("compare figures"));
    auto* bar = new QHBoxLayout;
    bar->setSpacing(8);
    bar->addWidget(m_mode);
    bar->addStretch(1);
    bar->addWidget(m_left);
    auto* const arrow = makeLabel(QStringLiteral("→"), Tone::Secondary);
    arrow->setObjectName(QStringLiteral("compare arrow"));
    bar->addWidget(arrow);
    bar->addWidget(m_right);
    m_pages->addWidget(m_diff);
    m_pages->addWidget(m_columns);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(16, 14, 16, 14);
    column->setSpacing(12);
    column->addWidget(m_banner);
    column->addWidget(m_reading);
    column->addWidget(m_content, 1);
    column->addStretch(0);
    auto* content = new QVBoxLayout(m_content);
    content->setContentsMargins(0, 0, 0, 0);
    content->setSpacing(12);
    content->addWidget(m_figures);
    content->addLayout(bar);
    content->addWidget(m_pages, 1);
    m_reading->setObjectName(QStringLiteral("compare reading"));
    connect(m_mode, &SegmentedControl::currentChanged, m_pages, &QStackedWidget::setCurrentIndex);
    for (QComboBox* side : {m_left, m_right})
        connect(side, &QComboBox::currentIndexChanged, this, &CompareDialog::showDifferences);
}

void CompareDialog::showRuns(Store* store, std::vector<RunItem> items, qint64 nowMs)
{
    setReading(true);
    m_tasks.run([store, items, nowMs](std::stop_token) { return loadRuns(store, items, nowMs); },
        [this](std::vector<ComparedRun> runs) {
            setReading(false);
            showRuns(std::move(runs));
        },
        [this](const Failure& failure) {
            m_reading->setWaiting(false);
            m_banner->showProblem(failure.message, failure.remedy);
        });
}

void CompareDialog::setReading(bool on)
{
    m_reading->setWaiting(on);
    m_content->setVisible(!on);
}

void CompareDialog::showRuns(std::vector<ComparedRun> runs)
{
    m_runs = std::move(runs);
    showFigures();
    for (QComboBox* side : {m_left, m_right}) {
        const QSignalBlocker blocked(side);
        side->clear();
        for (const ComparedRun& run : m_runs)
            side->addItem(run.title);
        side->setVisible(m_runs.size() > 2);
    }
    findChild<QLabel*>(QStringLiteral("compare arrow"))->setVisible(m_runs.size() > 2);
    {
        const QSignalBlocker blocked(m_right);
        m_right->setCurrentIndex(static_cast<int>(m_runs.size()) - 1);
    }
    auto* const row = new QHBoxLayout(m_columns);
    row->setContentsMargins(0, 0, 0, 0);
    auto* const splitter = new QSplitter;
    splitter->setChildrenCollapsible(false);
    splitter->setHandleWidth(12);
    setStyleProperty(splitter, "gap", true);
    for (const ComparedRun& run : m_runs) {
        auto* const box = new QWidget;
        auto* const column = new QVBoxLayout(box);
        column->setContentsMargins(0, 0, 0, 0);
        column->setSpacing(4);
        auto* const view = new CodeView(m_theme, run.output.is_string() ? Syntax::None : Syntax::Json);
        view->setText(run.output.is_null() ? tr("There is no answer of this run.")
                : run.output.is_string()   ? outputText(run.output)
                                           : QString::fromUtf8(toPrettyJsonText(run.output)));
        column->addWidget(fieldLabel(tr("Answer of %1").arg(run.title), view));
        column->addWidget(view, 1);
        splitter->addWidget(box);
    }
    row->addWidget(splitter);
    showDifferences();
}

void CompareDialog::showFigures()
{
    auto* const grid = new QGridLayout(m_figures);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setHorizontalSpacing(24);
    grid->setVerticalSpacing(6);
    const QStringList titles{tr("Run"), tr("Model"), tr("Latency"), tr("Input"), tr("Output"), tr("Cost")};
    for (int column = 0; column < titles.size(); ++column) {
        const bool isNumber = column >= 2;
        grid->addWidget(makeLabel(titles.at(column), Tone::Secondary, TextSize::Small), 0,
            column + (column > 0 ? 1 : 0), isNumber ? Qt::AlignRight : Qt::AlignLeft);
    }
    int row = 0;
    for (const ComparedRun& run : m_runs) {
        ++row;
        grid->addWidget(makeLabel(run.title, Tone::Normal, TextSize::Body, QFont::DemiBold), row, 0);
        auto* const badge = new Badge;
        badge->setOutcome(run.outcome);
        grid->addWidget(badge, row, 1, Qt::AlignLeft);
        grid->addWidget(makeLabel(run.model), row, 2);
        const auto number = [&](const QString& text, const QString& toolTip, int column) {
            auto* const label = makeLabel(text);
            label->setToolTip(toolTip);
            grid->addWidget(label, row, column, Qt::AlignRight);
        };
        number(format::duration(run.latency), {}, 3);
        const QString none = QStringLiteral("–");
        number(run.usage ? format::count(run.usage->inputTokens) : none,
            run.usage ? tr("%1 of them cached").arg(format::count(run.usage->cacheReadTokens)) : QString(),
            4);
        number(run.usage ? format::count(run.usage->outputTokens) : none,
            run.usage ? tr("%1 of them reasoning").arg(format::count(run.usage->reasoningTokens)) : QString(),
            5);
        number(format::money(run.cost), format::moneyToolTip(run.cost), 6);
    }
    grid->setColumnStretch(2, 1);
}

void CompareDialog::showDifferences()
{
    if (m_runs.size() < 2 || m_left->currentIndex() < 0 || m_right->currentIndex() < 0)
        return;
    const ComparedRun& left = m_runs[static_cast<std::size_t>(m_left->currentIndex())];
    const ComparedRun& right = m_runs[static_cast<std::size_t>(m_right->currentIndex())];
    m_diff->setSides(left.title, right.title);
    m_tasks.drop();
    m_tasks.run(
        [left, right, answer = tr("answer")](std::stop_token) { return difference(left, right, answer); },
        [this](std::vector<DiffSection> sections) { m_diff->setSections(std::move(sections)); },
        [this](const Failure& failure) { m_banner->showProblem(failure.message, failure.remedy); });
}

} // namespace llmcache::ui
