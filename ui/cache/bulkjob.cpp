#include "cache/bulkjob.h"

#include "cache/session.h"

#include <QPointer>
#include <QSet>

namespace llmcache::ui {

namespace {

/// Beyond this a new scan is the quicker way to know.
constexpr qsizetype mostRead = 2000;

} // namespace

BulkJob::BulkJob(QObject* parent)
    : QObject(parent)
{
    connect(&m_tasks, &TaskScope::activeChanged, this, &BulkJob::activeChanged);
}

void BulkJob::start(Session* session, std::vector<BulkTarget> targets, const BulkAction& action)
{
    if (m_running || targets.empty())
        return;
    m_action = action;
    m_report = {};
    m_report.asked = static_cast<qint64>(targets.size());
    m_problems.clear();
    m_failure = {};
    m_running = true;
    Q_EMIT progressed();
    BulkOptions options;
    options.by = session->config().identity.user;
    options.nowMs = session->clock().nowMs();
    options.journal = &session->undoJournal();
    options.progress = [self = QPointer(this), generation = m_generation](
                           const BulkReport& report, const std::vector<BulkResult>& results) {
        if (self && self->m_generation == generation)
            self->take(report, results);
    };
    m_changed = std::make_shared<QStringList>();
    m_targets = std::make_shared<const std::vector<BulkTarget>>(std::move(targets));
    m_answered.clear();
    m_tasks.run(
        [store = &session->store(), targets = m_targets, action, options = std::move(options),
            changed = m_changed](const std::stop_token& stop) {
            BulkOptions stoppable = options;
            stoppable.stop = stop;
            return change(store, *targets, action, std::move(stoppable), changed);
        },
        [this](const End& end) { finish(end); },
        [this](const Failure& failure) {
            finish({failure.error, m_report, {}});
        });
}

QCoro::Task<BulkJob::End> BulkJob::change(Store* store, std::vector<BulkTarget> targets, BulkAction action,
    BulkOptions options, std::shared_ptr<const QStringList> changed)
{
    End end;
    try {
        auto changing = changeMany(store, std::move(targets), std::move(action), std::move(options));
        end.report = co_await changing;
    } catch (...) {
        end.error = std::current_exception();
    }
    // With the rows as they are now the next change finds the revisions that this one made.
    if (changed->size() > mostRead)
        co_return end;
    try {
        auto reading = readRows(store, *changed, {});
        end.now = co_await reading;
    } catch (const Error&) {
        // The change itself has said what is wrong with the store, or the next scan will.
    }
    co_return end;
}

void BulkJob::cancel()
{
    m_tasks.stop();
}

void BulkJob::forget()
{
    m_tasks.drop();
    ++m_generation;
    m_running = false;
    m_report = {};
    m_failure = {};
    m_targets.reset();
    m_answered.clear();
}

void BulkJob::take(const BulkReport& report, const std::vector<BulkResult>& results)
{
    m_report = report;
    QStringList gone;
    for (const BulkResult& result : results) {
        m_answered.append(result.fingerprint);
        const bool isProblem = result.fate != BulkFate::Changed && result.fate != BulkFate::Unaffected;
        if (isProblem && m_problems.size() < mostProblems)
            m_problems.push_back(result);
        const bool isGone = result.fate == BulkFate::Absent
            || (result.fate == BulkFate::Changed && m_action.kind == BulkAction::Kind::Delete);
        if (isGone)
            gone.append(result.fingerprint);
        else
            m_changed->append(result.fingerprint);
    }
    const quint64 generation = m_generation;
    if (!gone.isEmpty())
        Q_EMIT batchRemoved(gone);
    if (generation == m_generation)
        Q_EMIT progressed();
}

QString BulkJob::doneText(const QString& count) const
{
    switch (m_action.kind) {
    case BulkAction::Kind::Delete:
        return tr("Invalidated %1").arg(count);
    case BulkAction::Kind::SetExpiry:
        return m_action.expiresMs ? tr("Set the TTL of %1").arg(count)
                                  : tr("Removed the TTL of %1").arg(count);
    case BulkAction::Kind::Pin:
        return tr("Pinned %1").arg(count);
    case BulkAction::Kind::Unpin:
        return tr("Unpinned %1").arg(count);
    case BulkAction::Kind::AddTag:
        return tr("Tagged %1 with %2").arg(count, m_action.tag);
    case BulkAction::Kind::RemoveTag:
        break;
    }
    return tr("Removed the tag %2 from %1").arg(count, m_action.tag);
}

void BulkJob::addUnanswered()
{
    const QSet<QString> answered(m_answered.cbegin(), m_answered.cend());
    for (const BulkTarget& target : *m_targets) {
        if (m_problems.size() >= mostProblems)
            break;
        if (!answered.contains(target.fingerprint))
            m_problems.push_back({target.fingerprint, BulkFate::Unknown});
    }
}

void BulkJob::finish(const End& end)
{
    if (end.error) {
        m_failure = failureFrom(end.error);
        addUnanswered();
    } else {
        m_report = end.report;
    }
    m_targets.reset();
    m_answered.clear();
    const quint64 generation = m_generation;
    if (m_changed->size() > mostRead)
        Q_EMIT manyChanged();
    else if (!m_changed->isEmpty())
        Q_EMIT rowsRead(end.now.rows, end.now.gone);
    if (generation != m_generation)
        return;
    m_running = false;
    Q_EMIT finished();
}

} // namespace llmcache::ui
