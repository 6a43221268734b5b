#include "costs/callspanel.h"

#include "costs/calldetail.h"
#include "costs/callsmodel.h"
#include "theme/theme.h"
#include "widgets/chip.h"
#include "widgets/format.h"
#include "widgets/tablestyle.h"

#include <QHBoxLayout>
#include <QKeyEvent>
#include <QScrollBar>
#include <QTableView>
#include <QTimeZone>
#include <QVBoxLayout>

namespace llmcache::ui {

namespace {

constexpr int pageSize = 200;

struct Found {
    CallPage page;
    std::optional<CallPosition> newest; ///< of the calls that were looked at
    bool isComplete = false; ///< it got to where the look before had begun
};

/// The next calls in scope. `until`: those up to there are known.
QCoro::Task<Found> loadPage(Session* session, CallSelection selection, QByteArray cursor, CallScope scope,
    std::optional<CallPosition> until)
{
    constexpr int mostPages = 5; // and then says how far it is
    constexpr int searchSize = 2'000;
    const bool searched = scope.only != CallScope::Only::All;
    Found found;
    for (int page = 0; page < mostPages; ++page) {
        CallPageQuery query;
        query.selection = selection;
        query.cursor = cursor;
        query.limit = searched ? searchSize : pageSize;
        CallPage next = co_await session->callPage(std::move(query));
        if (!found.newest && !next.calls.empty())
            found.newest = CallPosition{next.calls.front().timeMs, next.calls.front().id};
        if (!searched) {
            found.page = std::move(next);
            co_return found;
        }
        for (Call& call : next.calls) {
            found.isComplete =
                until && (until->isBefore(call) || (until->timeMs == call.timeMs && until->id == call.id));
            if (found.isComplete)
                co_return found;
            if (scope.accepts(call))
                found.page.calls.push_back(std::move(call));
        }
        found.page.cursor = next.cursor;
        cursor = next.cursor;
        found.isComplete = cursor.isEmpty();
        if (cursor.isEmpty() || found.page.calls.size() >= pageSize)
            break;
    }
    co_return found;
}

/// The calls between two cursors; `to` empty = to the end.
QCoro::Task<std::vector<Call>> loadBetween(
    Session* session, CallSelection selection, QByteArray from, QByteArray to, CallScope scope)
{
    const std::optional<CallPosition> end = positionOf(to);
    std::vector<Call> found;
    for (QByteArray cursor = from; !cursor.isEmpty();) {
        CallPageQuery query;
        query.selection = selection;
        query.cursor = cursor;
        query.limit = 2 * pageSize;
        const CallPage page = co_await session->callPage(std::move(query));
        for (const Call& call : page.calls) {
            if (end && end->isBefore(call))
                co_return found;
            if (scope.accepts(call))
                found.push_back(call);
        }
        cursor = page.cursor;
    }
    co_return found;
}

QCoro::Task<LedgerSums> loadSumsOf(Session* session, CallSelection selection)
{
    LedgerQuery query;
    query.selection = std::move(selection);
    const LedgerReport report = co_await session->report(std::move(query));
    co_return report.total.sums;
}

/// What a call counts as in the sums that are shown: by the prices of a repricing where one lies over it.
CostSums currentSumsOf(const Call& call)
{
    if (!call.repriced)
        return sumsOf(call);
    Call current = call;
    current.cost = call.repriced->cost;
    current.avoided = call.repriced->avoided;
    return sumsOf(current);
}

} // namespace

bool CallScope::accepts(const Call& call) const
{
    switch (only) {
    case Only::All:
        return true;
    case Only::Unpriced:
        return currentSumsOf(call).unpriced > 0;
    case Only::RateLimited:
        return call.rateLimits > 0;
    case Only::Retried:
        return call.attempts > 1;
    case Only::CostBetween: {
        const CostSums sums = currentSumsOf(call);
        return sums.misses > 0 && sums.unpriced == 0 && sums.cost >= from && sums.cost <= upTo;
    }
    }
    return true;
}

CallsPanel::CallsPanel(const Theme* theme, QWidget* parent)
    : Card({}, parent)
    , m_theme(theme)
    , m_table(new QTableView)
    , m_model(new CallsModel(this))
    , m_detail(new CallDetail(theme))
    , m_summary(makeLabel({}, Tone::Secondary))
    , m_chips(new QHBoxLayout)
    , m_export(secondaryButton(tr("CSV")))
{
    layOut();
    connect(m_model, &CallsModel::moreWanted, this, &CallsPanel::loadMore);
    connect(m_model, &CallsModel::pageWanted, this, &CallsPanel::loadPageAgain);
    connect(m_table, &QTableView::activated, this, [this](const QModelIndex& index) {
        if (const Call* const call = m_model->callAt(index.row()); call && !call->fingerprint.isEmpty())
            Q_EMIT openEntry(call->fingerprint);
    });
    connect(
        m_table->selectionModel(), &QItemSelectionModel::currentRowChanged, this, &CallsPanel::showDetail);
    connect(m_detail, &CallDetail::openEntry, this, &CallsPanel::openEntry);
    connect(m_detail, &CallDetail::openRun, this, &CallsPanel::openRun);
    connect(m_detail, &CallDetail::closed, this, [this] {
        m_detail->hide();
        m_table->setCurrentIndex({});
        m_table->setFocus();
    });
    connect(m_export, &QPushButton::clicked, this, &CallsPanel::exportRequested);
    for (const TaskScope* scope : {&m_tasks, &m_lookTasks, &m_sumTasks})
        connect(scope, &TaskScope::activeChanged, this, &CallsPanel::activeTasksChanged);
    connect(&m_lookTasks, &TaskScope::activeChanged, this, [this](int active) {
        if (active == 0 && !m_isLoading && std::exchange(m_lookAgain, false))
            look();
    });
    connect(&m_sumTasks, &TaskScope::activeChanged, this, [this](int active) {
        if (active == 0 && std::exchange(m_sumAgain, false))
            loadSums();
    });
}

void CallsPanel::layOut()
{
    headingRow()->addWidget(makeLabel(tr("Calls"), Tone::Normal, TextSize::Large, QFont::DemiBold));
    m_chips->setSpacing(6);
    headingRow()->addLayout(m_chips);
    headingRow()->addWidget(m_summary);
    headingRow()->addStretch(1);
    headingRow()->addWidget(m_export);
    m_summary->setObjectName(QStringLiteral("calls summary"));
    m_export->setObjectName(QStringLiteral("export calls"));
    m_export->setAccessibleName(tr("Save these calls as CSV"));
    m_export->setToolTip(m_export->accessibleName());
    setUpTable(m_table, m_theme);
    m_table->setModel(m_model);
    m_table->setObjectName(QStringLiteral("calls"));
    m_table->setAccessibleName(tr("Calls, newest first"));
    m_table->setSelectionMode(QAbstractItemView::SingleSelection);
    QHeaderView* const header = m_table->horizontalHeader();
    header->setStretchLastSection(false);
    constexpr int widths[] = {132, 100, 120, 100, 64, 96, 74, 68, 100, 100};
    for (int column = 0; column < CallsModel::ColumnCount; ++column)
        m_table->setColumnWidth(column, widths[column]);
    for (const int column : {CallsModel::Agent, CallsModel::Model, CallsModel::Task})
        header->setSectionResizeMode(column, QHeaderView::Stretch);
    m_table->setMinimumHeight(96);
    m_detail->hide();
    auto* row = new QHBoxLayout;
    row->setSpacing(12);
    row->addWidget(m_table, 1);
    row->addWidget(m_detail);
    m_detail->setFixedWidth(m_detail->sizeHint().width());
    body()->addLayout(row, 1);
}

void CallsPanel::setSession(Session* session)
{
    stopTasks();
    m_session = session;
    invalidate();
    m_selection = {};
    m_scope = {};
    m_model->setCalls({});
    m_detail->hide();
    showChips();
}

void CallsPanel::invalidate()
{
    m_isLoaded = false;
}

void CallsPanel::stopTasks()
{
    m_isLoading = m_lookAgain = m_sumAgain = false;
    m_tasks.drop();
    m_lookTasks.drop();
    m_sumTasks.drop();
}

CallSelection CallsPanel::listed() const
{
    CallSelection selection = m_selection;
    if (!m_scope.span.isEmpty()) {
        selection.fromMs = std::max(selection.fromMs, m_scope.span.fromMs);
        selection.toMs = std::min(selection.toMs, m_scope.span.toMs);
    }
    selection.filters.insert(selection.filters.end(), m_scope.filters.begin(), m_scope.filters.end());
    return selection;
}

void CallsPanel::setSelection(const CallSelection& selection, const QByteArray& timeZone)
{
    // The end of a range that ends now moves all the time; what begins elsewhere or filters otherwise is new.
    const bool same = m_isLoaded && selection.fromMs == m_selection.fromMs
        && selection.filters == m_selection.filters && selection.toMs >= m_selection.toMs;
    const TimeSpan& span = m_scope.span;
    const bool outside = !span.isEmpty()
        && (span.fromMs < selection.fromMs || span.fromMs >= selection.toMs
            || (span.toMs > selection.toMs && !m_scope.isGrowing));
    m_selection = selection;
    m_timeZone = timeZone;
    m_model->setTimeZone(timeZone);
    if (outside) {
        m_scope = {};
        showChips();
    }
    if (same && !outside) {
        loadSums();
        look();
    } else {
        loadFresh();
    }
}

void CallsPanel::setScope(const CallScope& scope)
{
    if (scope == m_scope)
        return;
    m_scope = scope;
    showChips();
    loadFresh();
}

void CallsPanel::loadFresh()
{
    if (!m_session)
        return;
    stopTasks();
    loadSums();
    m_isLoaded = m_isLoading = true;
    m_newest.reset();
    m_tasks.run([session = m_session, selection = listed(), scope = m_scope](
                    std::stop_token) { return loadPage(session, selection, {}, scope, {}); },
        [this](Found found) {
            m_isLoading = false;
            m_detail->hide();
            m_newest = found.newest;
            m_model->setCalls(std::move(found.page.calls), found.page.cursor);
            showFound();
            searchOn();
            if (std::exchange(m_lookAgain, false))
                look();
        },
        [this](const Failure& failure) {
            m_isLoaded = m_isLoading = false;
            Q_EMIT problem(failure);
        });
}

void CallsPanel::look()
{
    if (m_isLoading || m_lookTasks.active() > 0) {
        m_lookAgain = true;
        return;
    }
    m_lookTasks.run([session = m_session, selection = listed(), scope = m_scope, newest = m_newest](
                        std::stop_token) { return loadPage(session, selection, {}, scope, newest); },
        [this](Found found) {
            if (found.newest)
                m_newest = found.newest;
            if (m_model->mergeCalls(found.page.calls, isSearch() && found.isComplete)) {
                showFound();
                return;
            }
            // Everything moved on by more than a page: reading on from the old place would leave a gap.
            m_tasks.drop();
            m_detail->hide();
            m_model->setCalls(std::move(found.page.calls), found.page.cursor);
            showFound();
            searchOn();
        },
        [this](const Failure& failure) { Q_EMIT problem(failure); });
}

void CallsPanel::loadMore()
{
    m_tasks.run([session = m_session, selection = listed(), cursor = m_model->next(), scope = m_scope](
                    std::stop_token) { return loadPage(session, selection, cursor, scope, {}); },
        [this](Found found) {
            m_model->appendCalls(std::move(found.page.calls), found.page.cursor);
            showFound();
            searchOn();
        },
        [this](const Failure& failure) {
            m_model->askAgain();
            Q_EMIT problem(failure);
        });
}

void CallsPanel::searchOn()
{
    if (isSearch() && m_model->rowCount() < pageSize && m_model->canFetchMore({}))
        m_model->fetchMore({});
}

void CallsPanel::loadPageAgain(const QByteArray& from, const QByteArray& to)
{
    m_tasks.run([session = m_session, selection = listed(), from, to, scope = m_scope](
                    std::stop_token) { return loadBetween(session, selection, from, to, scope); },
        [this, from](std::vector<Call> calls) { m_model->fillPage(from, std::move(calls)); },
        [this](const Failure& failure) {
            m_model->askAgain();
            Q_EMIT problem(failure);
        });
}

void CallsPanel::loadSums()
{
    if (isSearch())
        return; // counted as far as they are found
    if (m_sumTasks.active() > 0) {
        m_sumAgain = true;
        return;
    }
    m_sumTasks.run([session = m_session, selection = listed()](
                       std::stop_token) { return loadSumsOf(session, selection); },
        [this](const LedgerSums& sums) {
            m_summary->setText(tr("%1 · %2").arg(
                format::counted(sums.calls(), tr("call"), tr("calls")), sums.billed.toDisplay()));
            m_summary->setToolTip(format::moneyToolTip(sums.billed));
        },
        [this](const Failure& failure) { Q_EMIT problem(failure); });
}

void CallsPanel::showFound()
{
    if (!isSearch())
        return;
    const QString count = format::counted(m_model->rowCount(), tr("call"), tr("calls"));
    m_summary->setToolTip({});
    if (const auto place = positionOf(m_model->next()))
        m_summary->setText(
            tr("%1 back to %2").arg(count, format::fullTime(place->timeMs, QTimeZone(m_timeZone))));
    else
        m_summary->setText(count);
}

void CallsPanel::showChips()
{
    while (QLayoutItem* item = m_chips->takeAt(0)) {
        item->widget()->deleteLater();
        delete item;
    }
    const auto add = [this](const QString& text, auto forget) {
        auto* chip = new Chip(m_theme, text);
        connect(chip, &Chip::removeRequested, this, [this, forget] {
            CallScope scope = m_scope;
            forget(scope);
            setScope(scope);
        });
        m_chips->addWidget(chip);
    };
    if (!m_scope.span.isEmpty())
        add(m_scope.spanLabel, [](CallScope& scope) { scope.span = {}; });
    if (!m_scope.label.isEmpty())
        add(m_scope.label, [](CallScope& scope) {
            scope.filters.clear();
            scope.only = CallScope::Only::All;
            scope.label.clear();
        });
}

void CallsPanel::showDetail(const QModelIndex& index)
{
    if (!index.isValid()) {
        m_detail->hide();
        return;
    }
    const Call* const call = m_model->callAt(index.row());
    if (!call)
        return; // it is on its way
    m_detail->show(*call, m_session->runner().prices(), QTimeZone(m_timeZone));
    m_detail->show();
    // The rows become narrower, not the place in them.
    m_table->scrollTo(index);
}

} // namespace llmcache::ui
