#include "cache/schemascan.h"

#include "base/worker.h"
#include "cache/schemacheck.h"

#include <qcorofuture.h>

#include <QPointer>

namespace llmcache::ui {

namespace {

constexpr qsizetype batchSize = 500;
/// What is read of an entry only because its row is in sight.
constexpr qint64 largestShown = 200'000;

SchemaFindings checkBatch(const std::vector<EntryImage>& images, const QHash<QString, Agent>& agents)
{
    SchemaFindings findings;
    for (const EntryImage& image : images) {
        try {
            const Entry entry = entryFromImage(image);
            const auto agent = agents.constFind(entry.meta.agent);
            const SchemaCheck check =
                checkAnswer(entry, agent == agents.cend() ? std::nullopt : std::optional(*agent));
            if (check.state == SchemaCheck::State::DoesNotFit)
                findings.doNotFit.push_back(
                    {image.fingerprint, image.revision(), entry.meta.createdMs, entry.meta.agent});
            else
                findings.fit += image.fingerprint;
        } catch (const Error&) {
            continue; // damaged: not a matter of schemas
        }
    }
    return findings;
}

/// What answers are checked against; empty where there is no such agent.
QByteArray schemaOf(const QHash<QString, Agent>& agents, const QString& name)
{
    const auto agent = agents.constFind(name);
    if (agent == agents.cend())
        return {};
    return agent->output.isText() ? QByteArrayLiteral("text") : toJsonText(agent->output.schema);
}

QCoro::Task<QHash<QString, Agent>> readAgentsOf(Store* store)
{
    auto listing = store->listAgents();
    const std::vector<StoredAgent> stored = co_await listing;
    QHash<QString, Agent> agents;
    for (const StoredAgent& one : stored)
        agents.insert(one.agent.name, one.agent);
    co_return agents;
}

} // namespace

SchemaScan::SchemaScan(QObject* parent)
    : QObject(parent)
{
    connect(&m_tasks, &TaskScope::activeChanged, this, &SchemaScan::activeChanged);
    connect(&m_againTasks, &TaskScope::activeChanged, this, &SchemaScan::activeChanged);
    connect(&m_shownTasks, &TaskScope::activeChanged, this, &SchemaScan::activeChanged);
    connect(&m_agentTasks, &TaskScope::activeChanged, this, &SchemaScan::activeChanged);
}

void SchemaScan::setStore(Store* store)
{
    forget();
    m_agentTasks.drop();
    m_againTasks.drop();
    dropShown();
    m_store = store;
    if (!store) {
        m_where.clear();
        return;
    }
    const StoreInfo info = store->info();
    m_where = QStringList{info.kind, info.name, info.workspace}.join(QLatin1Char('\n'));
}

void SchemaScan::start(const QStringList& fingerprints)
{
    forget();
    if (!m_store)
        return;
    m_running = true;
    m_findings.asked = fingerprints.size();
    const auto begin = [self = QPointer(this), generation = m_generation](const Agents& agents) {
        if (self && self->m_generation == generation)
            self->takeAgents(agents);
    };
    Progress progress = [self = QPointer(this), generation = m_generation](const SchemaFindings& batch) {
        if (!self || self->m_generation != generation)
            return;
        self->remember(batch);
        SchemaFindings& all = self->m_findings;
        all.fit = batch.fit;
        all.doNotFit = batch.doNotFit;
        all.checked += batch.checked;
        all.invalid += static_cast<qint64>(batch.doNotFit.size());
        Q_EMIT self->found(all);
    };
    const auto end = [this](const QString& problem) {
        m_running = false;
        Q_EMIT finished(problem);
    };
    m_tasks.run(
        [store = m_store, fingerprints, begin, progress = std::move(progress)](
            const std::stop_token& stop) { return check(store, fingerprints, begin, progress, stop); },
        [end] { end({}); }, [end](const Failure& failure) { end(failure.message); });
}

void SchemaScan::forget()
{
    m_tasks.drop();
    ++m_generation;
    m_running = false;
    m_findings = {};
}

QStringList SchemaScan::known(const std::vector<EntryMeta>& rows) const
{
    const auto known = m_known.constFind(m_where);
    QStringList misses;
    if (known == m_known.cend() || known->misses.isEmpty())
        return misses;
    for (const EntryMeta& row : rows) {
        const auto miss = known->misses.constFind(row.fingerprint);
        if (miss != known->misses.cend() && versionOf(*miss) == versionOf(row))
            misses += row.fingerprint;
    }
    return misses;
}

void SchemaScan::checkAgain(const std::vector<EntryMeta>& rows)
{
    const auto known = m_known.constFind(m_where);
    if (!m_store || known == m_known.cend() || known->misses.isEmpty())
        return;
    QStringList changed;
    for (const EntryMeta& row : rows) {
        const auto miss = known->misses.constFind(row.fingerprint);
        if (miss != known->misses.cend() && versionOf(*miss) != versionOf(row))
            changed += row.fingerprint;
    }
    if (changed.isEmpty())
        return;
    // Where it fails the mark is gone with the revision that it was found in; the next time the row is read,
    // this is tried again.
    checkQuietly(m_againTasks, changed, [](bool) {});
}

void SchemaScan::checkShown(const std::vector<EntryMeta>& rows)
{
    if (!m_store)
        return;
    if (m_isCheckingShown) {
        m_shownNext = rows;
        return;
    }
    const Known& known = m_known[m_where];
    QHash<QString, EntryVersion> unchecked;
    for (const EntryMeta& row : rows) {
        const auto shown = known.shown.constFind(row.fingerprint);
        if (row.bytes <= largestShown && (shown == known.shown.cend() || *shown != versionOf(row)))
            unchecked.insert(row.fingerprint, versionOf(row));
    }
    if (unchecked.isEmpty())
        return;
    m_isCheckingShown = true;
    checkQuietly(m_shownTasks, unchecked.keys(), [this, unchecked](bool worked) {
        m_isCheckingShown = false;
        if (worked)
            m_known[m_where].shown.insert(unchecked);
        checkShown(std::exchange(m_shownNext, {}));
    });
}

void SchemaScan::dropShown()
{
    m_shownTasks.drop();
    m_isCheckingShown = false;
    m_shownNext.clear();
}

void SchemaScan::checkQuietly(
    TaskScope& tasks, const QStringList& fingerprints, std::function<void(bool)> ended)
{
    const auto begin = [self = QPointer(this), where = m_where](const Agents& agents) {
        if (self && self->m_where == where)
            self->takeAgents(agents);
    };
    Progress progress = [self = QPointer(this), where = m_where](const SchemaFindings& batch) {
        if (!self || self->m_where != where)
            return;
        self->remember(batch);
        Q_EMIT self->found(batch);
    };
    tasks.run([store = m_store, fingerprints, begin, progress = std::move(progress)](
                  const std::stop_token& stop) { return check(store, fingerprints, begin, progress, stop); },
        [ended] { ended(true); },
        // Nobody has asked for it; a store that is down says so where its entries are read.
        [ended](const Failure&) { ended(false); });
}

void SchemaScan::readAgents()
{
    const auto known = m_known.constFind(m_where);
    if (!m_store || known == m_known.cend() || (known->misses.isEmpty() && known->shown.isEmpty()))
        return;
    m_agentTasks.drop();
    m_agentTasks.run([store = m_store](const std::stop_token&) { return readAgentsOf(store); },
        [this](const Agents& agents) { takeAgents(agents); },
        [](const Failure&) {
            // What is known stays; a store that is down says so where its entries are read.
        });
}

void SchemaScan::takeAgents(const Agents& agents)
{
    Known& known = m_known[m_where];
    QStringList unknown;
    for (const SchemaMiss& miss : std::as_const(known.misses)) {
        if (known.schemas.value(miss.agent) != schemaOf(agents, miss.agent))
            unknown += miss.fingerprint;
    }
    for (const QString& fingerprint : std::as_const(unknown))
        known.misses.remove(fingerprint);
    QHash<QString, QByteArray> schemas;
    for (const Agent& agent : agents)
        schemas.insert(agent.name, schemaOf(agents, agent.name));
    const bool isOther = std::exchange(known.schemas, schemas) != schemas;
    if (isOther)
        known.shown.clear();
    if (isOther || !unknown.isEmpty())
        Q_EMIT forgotten(unknown);
}

void SchemaScan::remember(const SchemaFindings& batch)
{
    Known& known = m_known[m_where];
    for (const QString& fingerprint : batch.fit)
        known.misses.remove(fingerprint);
    for (const SchemaMiss& miss : batch.doNotFit)
        known.misses.insert(miss.fingerprint, miss);
}

QCoro::Task<> SchemaScan::check(Store* store, QStringList fingerprints,
    std::function<void(const Agents&)> begin, Progress progress, std::stop_token stop)
{
    auto reading = readAgentsOf(store);
    Agents read = co_await reading;
    const auto agents = std::make_shared<const Agents>(std::move(read));
    begin(*agents);
    for (qsizetype start = 0; start < fingerprints.size() && !stop.stop_requested(); start += batchSize) {
        QStringList batch = fingerprints.mid(start, batchSize);
        const qsizetype size = batch.size();
        auto readingBatch = store->readImages(std::move(batch));
        std::vector<EntryImage> images = co_await readingBatch;
        auto work = [agents, images = std::move(images)] { return checkBatch(images, *agents); };
        QFuture<SchemaFindings> future = runOn(*QThreadPool::globalInstance(), std::move(work));
        SchemaFindings findings = co_await future;
        findings.checked = size;
        progress(findings);
    }
}

} // namespace llmcache::ui
