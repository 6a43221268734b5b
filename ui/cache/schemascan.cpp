#include "cache/schemascan.h"

#include "base/worker.h"
#include "cache/schemacheck.h"
#include "cache/session.h"

#include <qcorofuture.h>

#include <QPointer>

namespace llmcache::ui {

namespace {

constexpr qsizetype batchSize = 500;
using Agents = QHash<QString, Agent>;

SchemaFindings checkBatch(const std::vector<EntryImage>& images, const Agents& agents)
{
    SchemaFindings findings;
    for (const EntryImage& image : images) {
        try {
            const Entry entry = entryFromImage(image);
            const auto agent = agents.constFind(entry.meta.agent);
            const SchemaCheck check =
                checkAnswer(entry, agent == agents.cend() ? std::nullopt : std::optional(*agent));
            (check.state == SchemaCheck::State::DoesNotFit ? findings.doNotFit : findings.fit) +=
                image.fingerprint;
        } catch (const Error&) {
            continue; // damaged: not a matter of schemas
        }
    }
    return findings;
}

} // namespace

SchemaScan::SchemaScan(QObject* parent)
    : QObject(parent)
{
    connect(&m_tasks, &TaskScope::activeChanged, this, &SchemaScan::activeChanged);
}

void SchemaScan::start(Session* session, const QStringList& fingerprints)
{
    forget();
    m_running = true;
    m_findings.asked = fingerprints.size();
    Progress progress = [self = QPointer(this), generation = m_generation](const SchemaFindings& batch) {
        if (!self || self->m_generation != generation)
            return;
        SchemaFindings& all = self->m_findings;
        all.fit = batch.fit;
        all.doNotFit = batch.doNotFit;
        all.checked += batch.checked;
        all.invalid += batch.doNotFit.size();
        Q_EMIT self->found(all);
    };
    const auto end = [this](const QString& problem) {
        m_running = false;
        Q_EMIT finished(problem);
    };
    m_tasks.run([session, fingerprints, progress = std::move(progress)](
                    const std::stop_token& stop) { return check(session, fingerprints, progress, stop); },
        [end] { end({}); }, [end](const Failure& failure) { end(failure.message); });
}

void SchemaScan::forget()
{
    m_tasks.drop();
    ++m_generation;
    m_running = false;
    m_findings = {};
}

QCoro::Task<> SchemaScan::check(
    Session* session, QStringList fingerprints, Progress progress, std::stop_token stop)
{
    Store* const store = &session->store();
    auto listing = store->listAgents();
    const std::vector<StoredAgent> stored = co_await listing;
    auto agents = std::make_shared<Agents>();
    for (const StoredAgent& one : stored)
        agents->insert(one.agent.name, one.agent);
    const std::shared_ptr<const Agents> known = agents;
    for (qsizetype start = 0; start < fingerprints.size() && !stop.stop_requested(); start += batchSize) {
        QStringList batch = fingerprints.mid(start, batchSize);
        const qsizetype size = batch.size();
        auto reading = store->readImages(std::move(batch));
        std::vector<EntryImage> images = co_await reading;
        auto work = [known, images = std::move(images)] { return checkBatch(images, *known); };
        QFuture<SchemaFindings> future = runOn(*QThreadPool::globalInstance(), std::move(work));
        SchemaFindings findings = co_await future;
        findings.checked = size;
        progress(findings);
    }
}

} // namespace llmcache::ui
