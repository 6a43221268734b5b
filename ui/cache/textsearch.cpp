#include "cache/textsearch.h"

#include "cache/entrytablemodel.h"

#include <QPointer>

namespace llmcache::ui {

namespace {

/// Entries that are asked for at a time: several batches of the engine, which reads one while it decodes the
/// one before.
constexpr int shareSize = 2000;

} // namespace

TextSearch::TextSearch(EntryTableModel* model, QObject* parent)
    : QObject(parent)
    , m_model(model)
{
    connect(&m_tasks, &TaskScope::activeChanged, this, &TextSearch::activeChanged);
}

void TextSearch::restart(Store* store, const EntryFilter& filter, qint64 nowMs)
{
    forget();
    if (!store || !filter.needsText()) {
        setState(State::Idle);
        return;
    }
    m_store = store;
    m_filter = filter;
    m_nowMs = nowMs;
    setState(State::Running);
    next();
}

void TextSearch::resume()
{
    if (m_state != State::Done)
        return;
    setState(State::Running);
    next();
}

void TextSearch::stop()
{
    if (!isUnderWay())
        return;
    m_tasks.drop();
    ++m_generation;
    setState(State::Stopped);
}

void TextSearch::forget()
{
    m_tasks.drop();
    ++m_generation;
    m_store = nullptr;
    m_state = State::Idle;
    m_searched = 0;
    m_indexed.reset();
    m_failure = {};
}

void TextSearch::next()
{
    QStringList fingerprints = m_model->takeUnsearched(m_nowMs, shareSize);
    if (fingerprints.isEmpty()) {
        setState(State::Done);
        return;
    }
    SearchOptions options;
    options.nowMs = m_nowMs;
    options.progress = [self = QPointer(this), generation = m_generation, before = m_searched](
                           const SearchReport& report, const std::vector<EntryMeta>& found) {
        if (!self || self->m_generation != generation)
            return;
        self->m_searched = before + report.read;
        self->m_indexed = report.indexed;
        self->m_model->setFound(found);
        Q_EMIT self->changed();
    };
    m_tasks.run(
        [store = m_store, filter = m_filter, fingerprints = std::move(fingerprints),
            options = std::move(options)](const std::stop_token& stop) {
            SearchOptions stoppable = options;
            stoppable.stop = stop;
            return searchEntries(store, fingerprints, filter, std::move(stoppable));
        },
        [this, generation = m_generation](const SearchReport&) {
            // Through the event loop, for input and painting.
            QMetaObject::invokeMethod(
                this,
                [this, generation] {
                    if (generation == m_generation && isUnderWay())
                        next();
                },
                Qt::QueuedConnection);
        },
        [this](const Failure& failure) {
            m_failure = failure;
            setState(State::Failed);
        });
}

void TextSearch::setState(State state)
{
    m_state = state;
    Q_EMIT changed();
}

} // namespace llmcache::ui
