#include "cache/entryremoval.h"

namespace llmcache::ui {

namespace {

/// Small enough that a cancel is felt at once, large enough that round trips do not count.
constexpr qsizetype batchSize = 500;

} // namespace

EntryRemoval::EntryRemoval(QObject* parent)
    : QObject(parent)
{
    connect(&m_tasks, &TaskScope::activeChanged, this, &EntryRemoval::activeChanged);
}

void EntryRemoval::start(Store* store, const QStringList& fingerprints)
{
    if (m_running || fingerprints.isEmpty())
        return;
    m_store = store;
    m_fingerprints = fingerprints;
    m_done = 0;
    m_removed = 0;
    m_cancelled = false;
    m_failure = {};
    m_running = true;
    Q_EMIT progressed();
    next();
}

void EntryRemoval::cancel()
{
    m_cancelled = m_cancelled || m_running;
}

void EntryRemoval::forget()
{
    m_tasks.drop();
    ++m_generation;
    m_running = false;
    m_store = nullptr;
    m_fingerprints.clear();
    m_done = 0;
    m_removed = 0;
    m_failure = {};
}

void EntryRemoval::next()
{
    const QStringList batch = m_fingerprints.mid(m_done, batchSize);
    m_tasks.run([store = m_store, batch](const std::stop_token&) { return store->removeEntries(batch); },
        [this, batch](qint64 existed) {
            const quint64 generation = m_generation;
            m_done += batch.size();
            m_removed += existed;
            Q_EMIT batchRemoved(batch);
            if (generation != m_generation)
                return;
            Q_EMIT progressed();
            if (m_cancelled || m_done >= requested()) {
                finish();
                return;
            }
            QMetaObject::invokeMethod(
                this,
                [this, generation] {
                    if (generation != m_generation)
                        return;
                    if (m_cancelled)
                        finish();
                    else
                        next();
                },
                Qt::QueuedConnection);
        },
        [this](const Failure& failure) {
            m_failure = failure;
            finish();
        });
}

void EntryRemoval::finish()
{
    m_running = false;
    Q_EMIT finished();
}

} // namespace llmcache::ui
