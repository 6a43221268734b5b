#include "workbench/runhistory.h"

#include "base/error.h"
#include "cache/entryrows.h"
#include "theme/theme.h"
#include "widgets/badge.h"
#include "widgets/controls.h"
#include "widgets/errorbanner.h"
#include "widgets/format.h"
#include "widgets/searchfield.h"
#include "widgets/tablestyle.h"

#include <QHBoxLayout>
#include <QHeaderView>
#include <QSortFilterProxyModel>
#include <QTableView>
#include <QVBoxLayout>

#include <algorithm>

namespace llmcache::ui {

namespace {

constexpr int mostCalls = 2000;
/// The beginnings of others' prompts are looked up for so many entries.
constexpr qsizetype mostPrompts = 400;

enum Whose { All, Mine, Others };

struct PastRuns {
    std::vector<RunSummary> mine;
    std::vector<Call> calls;
    std::vector<EntryMeta> entries;
    std::optional<Failure> failure; ///< of the ledger; one's own runs are there all the same
};

QCoro::Task<PastRuns> loadPastRuns(
    Session* session, std::shared_ptr<RunRecords> records, QString user, std::stop_token stop)
{
    PastRuns runs;
    const QString workspace = session->config().workspace;
    auto listing = records->list(workspace);
    runs.mine = co_await listing;
    std::exception_ptr failed;
    try {
        CallQuery query;
        query.limit = mostCalls;
        auto asking = session->calls(std::move(query));
        runs.calls = co_await asking;
        QStringList fingerprints;
        for (const Call& call : runs.calls) {
            if (call.user != user && !call.fingerprint.isEmpty() && fingerprints.size() < mostPrompts)
                fingerprints.append(call.fingerprint);
        }
        fingerprints.removeDuplicates();
        auto reading = readRows(&session->store(), std::move(fingerprints), stop);
        RowsNow rows = co_await reading;
        runs.entries = std::move(rows.rows);
    } catch (const Cancelled&) {
        throw;
    } catch (const Error&) {
        failed = std::current_exception();
    }
    if (failed)
        runs.failure = failureFrom(failed);
    co_return runs;
}

class RunFilter : public QSortFilterProxyModel {
public:
    using QSortFilterProxyModel::QSortFilterProxyModel;
    void setWhose(int whose)
    {
        m_whose = whose;
        invalidateFilter();
    }
    void setWords(const QString& text)
    {
        m_words = text.split(QLatin1Char(' '), Qt::SkipEmptyParts);
        invalidateFilter();
    }

protected:
    bool filterAcceptsRow(int row, const QModelIndex& parent) const override
    {
        const QModelIndex index = sourceModel()->index(row, 0, parent);
        const bool isMine = index.data(RunHistoryModel::mineRole).toBool();
        if ((m_whose == Mine && !isMine) || (m_whose == Others && isMine))
            return false;
        const QString text = index.data(RunHistoryModel::searchRole).toString();
        return std::all_of(m_words.begin(), m_words.end(),
            [&text](const QString& word) { return text.contains(word, Qt::CaseInsensitive); });
    }

private:
    int m_whose = All;
    QStringList m_words;
};

} // namespace

std::vector<PastRun> mergeRuns(const std::vector<RunSummary>& mine, const std::vector<Call>& calls,
    const std::vector<EntryMeta>& entries, const QString& user)
{
    QHash<QString, QString> prompts;
    for (const EntryMeta& entry : entries)
        prompts.insert(entry.fingerprint, entry.promptExcerpt);
    QHash<QString, const RunSummary*> kept;
    for (const RunSummary& summary : mine) {
        if (!summary.callId.isEmpty())
            kept.insert(summary.callId, &summary);
    }
    std::vector<PastRun> runs;
    QSet<QString> told;
    for (const Call& call : calls) {
        PastRun run;
        run.timeMs = call.timeMs;
        run.user = call.user;
        run.agent = call.agent;
        run.task = call.task;
        run.model = call.model;
        run.outcome = call.outcome;
        run.latency = call.latency;
        run.cost = call.cost;
        run.fingerprint = call.fingerprint;
        run.prompt = prompts.value(call.fingerprint);
        if (const RunSummary* const summary = kept.value(call.id)) {
            run.prompt = summary->prompt;
            run.file = summary->file;
            told.insert(call.id);
        }
        runs.push_back(std::move(run));
    }
    for (const RunSummary& summary : mine) {
        if (told.contains(summary.callId))
            continue;
        PastRun run;
        run.timeMs = summary.timeMs;
        run.user = user;
        run.agent = summary.agent;
        run.model = summary.model;
        run.fingerprint = summary.fingerprint;
        run.prompt = summary.prompt;
        run.file = summary.file;
        runs.push_back(std::move(run));
    }
    std::stable_sort(runs.begin(), runs.end(),
        [](const PastRun& left, const PastRun& right) { return left.timeMs > right.timeMs; });
    return runs;
}

void RunHistoryModel::setRuns(std::vector<PastRun> runs, const QString& user, qint64 nowMs)
{
    beginResetModel();
    m_runs = std::move(runs);
    m_user = user;
    m_nowMs = nowMs;
    endResetModel();
}

int RunHistoryModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_runs.size());
}

int RunHistoryModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant RunHistoryModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const PastRun& run = at(index.row());
    const int column = index.column();
    switch (role) {
    case Qt::DisplayRole:
        switch (column) {
        case When:
            return format::relativeTime(run.timeMs, m_nowMs);
        case User:
            return run.user;
        case State:
            return run.outcome ? badgeOf(*run.outcome).text : QStringLiteral("–");
        case Agent:
            return run.agent;
        case Model:
            return format::shortModel(run.model);
        case Prompt:
            return excerpt(run.prompt);
        case Latency:
            return run.latency ? format::callLatency(*run.latency) : QStringLiteral("–");
        case Cost:
            return run.outcome ? format::money(run.cost) : QStringLiteral("–");
        default:
            return {};
        }
    case Qt::ToolTipRole:
        if (column == When)
            return format::fullTime(run.timeMs);
        if (column == Cost && run.outcome)
            return format::moneyToolTip(run.cost);
        if (column == Model)
            return run.model;
        return column == Prompt ? QVariant(run.prompt.left(1000)) : QVariant();
    case badgeKindRole:
        if (column != State || !run.outcome)
            return {};
        return static_cast<int>(badgeOf(*run.outcome).kind);
    case Qt::TextAlignmentRole:
        return QVariant(Qt::AlignVCenter | (column >= Latency ? Qt::AlignRight : Qt::AlignLeft));
    case TableDelegate::secondaryRole:
        return column == When || column == User;
    case searchRole:
        return QStringList{run.user, run.agent, run.task, run.model, run.fingerprint, run.prompt,
            run.outcome ? outcomeName(*run.outcome) : QString()}
            .join(QLatin1Char('\n'));
    case mineRole:
        return run.user == m_user;
    default:
        return {};
    }
}

QVariant RunHistoryModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal)
        return {};
    if (role == Qt::TextAlignmentRole)
        return QVariant(Qt::AlignVCenter | (section >= Latency ? Qt::AlignRight : Qt::AlignLeft));
    if (role != Qt::DisplayRole)
        return {};
    const QStringList titles{tr("When"), tr("Who"), tr("Outcome"), tr("Agent"), tr("Model"), tr("Prompt"),
        tr("Latency"), tr("Cost")};
    return titles.value(section);
}

RunHistoryDialog::RunHistoryDialog(const Theme* theme, Session* session, std::shared_ptr<RunRecords> records,
    const TaskScope& tasks, QWidget* parent)
    : QDialog(parent)
    , m_theme(theme)
    , m_session(session)
    , m_records(std::move(records))
    , m_model(new RunHistoryModel(this))
    , m_proxy(new RunFilter(this))
    , m_search(new SearchField(theme, tr("Search runs: prompt, agent, task, model, person, outcome")))
    , m_whose(new SegmentedControl)
    , m_table(new QTableView)
    , m_note(makeLabel({}, Tone::Secondary))
    , m_open(primaryButton(tr("Open in workbench")))
    , m_entry(secondaryButton(tr("Open in cache")))
    , m_compare(secondaryButton(tr("Compare")))
    , m_banner(new ErrorBanner(theme))
{
    setObjectName(QStringLiteral("run history"));
    setWindowTitle(tr("Runs"));
    resize(QSize(1080, 640).boundedTo(parent ? parent->window()->size() : QSize(1080, 640)));
    createLayout();
    connect(m_search, &QLineEdit::textChanged, this, [this](const QString& text) {
        static_cast<RunFilter*>(m_proxy)->setWords(text);
        updateActions();
    });
    connect(m_whose, &SegmentedControl::currentChanged, this, [this](int whose) {
        static_cast<RunFilter*>(m_proxy)->setWhose(whose);
        updateActions();
    });
    connect(m_table->selectionModel(), &QItemSelectionModel::currentRowChanged, this,
        &RunHistoryDialog::updateActions);
    connect(m_table->selectionModel(), &QItemSelectionModel::selectionChanged, this,
        &RunHistoryDialog::updateActions);
    connect(m_compare, &QPushButton::clicked, this, [this] { Q_EMIT compareRequested(chosen()); });
    connect(m_table, &QAbstractItemView::activated, this, &RunHistoryDialog::openCurrent);
    connect(m_open, &QPushButton::clicked, this, &RunHistoryDialog::openCurrent);
    connect(m_entry, &QPushButton::clicked, this, [this] {
        if (const PastRun* const run = current())
            Q_EMIT openEntry(run->fingerprint);
    });
    connect(m_banner, &ErrorBanner::actionTriggered, this, &RunHistoryDialog::reload);
    m_tasks.countIn(tasks);
    reload();
}

void RunHistoryDialog::createLayout()
{
    m_search->setObjectName(QStringLiteral("run search"));
    m_table->setObjectName(QStringLiteral("past runs"));
    m_table->setAccessibleName(tr("Past runs, newest first"));
    m_open->setObjectName(QStringLiteral("reopen run"));
    m_entry->setObjectName(QStringLiteral("open run's entry"));
    m_whose->setObjectName(QStringLiteral("whose runs"));
    m_whose->setAccessibleName(tr("Whose runs"));
    m_note->setObjectName(QStringLiteral("past runs note"));
    for (const QString& whose : {tr("Everybody"), tr("Mine"), tr("Others")})
        m_whose->addSegment(whose);
    m_proxy->setSourceModel(m_model);
    m_table->setModel(m_proxy);
    setUpTable(m_table, m_theme);
    m_table->setSelectionMode(QAbstractItemView::ExtendedSelection);
    m_compare->setObjectName(QStringLiteral("compare past runs"));
    m_compare->setToolTip(tr("Compare the chosen runs; choose several with Ctrl"));
    m_compare->setAutoDefault(false);
    QHeaderView* const header = m_table->horizontalHeader();
    header->setStretchLastSection(false);
    constexpr int widths[] = {110, 80, 110, 130, 160, 280, 80, 110};
    for (int column = 0; column < RunHistoryModel::ColumnCount; ++column)
        m_table->setColumnWidth(column, widths[column]);
    header->setSectionResizeMode(RunHistoryModel::Prompt, QHeaderView::Stretch);
    auto* const top = new QHBoxLayout;
    top->setSpacing(8);
    top->addWidget(m_search, 1);
    top->addWidget(m_whose);
    auto* const bottom = new QHBoxLayout;
    bottom->setSpacing(8);
    bottom->addWidget(m_note, 1);
    bottom->addWidget(m_compare);
    bottom->addWidget(m_entry);
    bottom->addWidget(m_open);
    auto* const column = new QVBoxLayout(this);
    column->setContentsMargins(16, 14, 16, 14);
    column->setSpacing(12);
    column->addLayout(top);
    column->addWidget(m_banner);
    column->addWidget(m_table, 1);
    column->addLayout(bottom);
    m_open->setAutoDefault(false);
    m_entry->setAutoDefault(false);
}

void RunHistoryDialog::reload()
{
    m_note->setText(tr("loading"));
    m_banner->clear();
    m_tasks.drop();
    const QString user = m_session->config().identity.user;
    m_tasks.run([session = m_session, records = m_records, user](
                    std::stop_token stop) { return loadPastRuns(session, records, user, stop); },
        [this, user](const PastRuns& runs) {
            m_model->setRuns(
                mergeRuns(runs.mine, runs.calls, runs.entries, user), user, m_session->clock().nowMs());
            if (runs.failure)
                m_banner->showProblem(tr("The runs of the team can't be read: %1").arg(runs.failure->message),
                    runs.failure->remedy, tr("Retry"));
            if (m_proxy->rowCount() > 0)
                m_table->selectRow(0);
            updateActions();
        },
        [this](const Failure& failure) {
            if (!failure.cancelled())
                m_banner->showProblem(failure.message, failure.remedy, tr("Retry"));
        });
}

const PastRun* RunHistoryDialog::current() const
{
    const QModelIndex index = m_proxy->mapToSource(m_table->currentIndex());
    return index.isValid() ? &m_model->at(index.row()) : nullptr;
}

std::vector<RunItem> RunHistoryDialog::chosen() const
{
    std::vector<RunItem> items;
    const QModelIndexList rows = m_table->selectionModel()->selectedRows();
    for (const QModelIndex& row : rows) {
        const PastRun& run = m_model->at(m_proxy->mapToSource(row).row());
        if (run.fingerprint.isEmpty())
            continue; // it left no answer
        RunItem item;
        item.timeMs = run.timeMs;
        item.outcome = run.outcome.value_or(Outcome::Miss);
        item.latency = run.latency.value_or(std::chrono::milliseconds(0));
        item.cost = run.cost;
        item.fingerprint = run.fingerprint;
        item.agent = run.agent;
        item.model = run.model;
        items.push_back(std::move(item));
    }
    std::sort(items.begin(), items.end(),
        [](const RunItem& left, const RunItem& right) { return left.timeMs < right.timeMs; });
    return items;
}

void RunHistoryDialog::updateActions()
{
    m_compare->setEnabled(chosen().size() > 1);
    const PastRun* const run = current();
    m_open->setEnabled(run && (!run->file.isEmpty() || !run->fingerprint.isEmpty()));
    m_entry->setEnabled(run && !run->fingerprint.isEmpty());
    const int shown = m_proxy->rowCount();
    if (m_model->rowCount() == 0)
        m_note->setText(tr("No run yet. Every run of this window and of the team will be here."));
    else if (run && run->file.isEmpty())
        m_note->setText(tr("%1 · this one opens from its entry, without its variables")
                            .arg(format::counted(shown, tr("run"), tr("runs"))));
    else
        m_note->setText(format::counted(shown, tr("run"), tr("runs")));
}

void RunHistoryDialog::openCurrent()
{
    const PastRun* const run = current();
    if (!run)
        return;
    if (!run->file.isEmpty())
        Q_EMIT reopen(run->file);
    else if (!run->fingerprint.isEmpty())
        Q_EMIT reopenEntry(run->fingerprint);
    accept();
}

} // namespace llmcache::ui
