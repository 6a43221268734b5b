#include "workbench/versionsdialog.h"

#include "agent/agentjson.h"
#include "store/agentversions.h"
#include "widgets/controls.h"
#include "widgets/diffview.h"
#include "widgets/errorbanner.h"
#include "widgets/format.h"

#include <QListWidget>
#include <QVBoxLayout>

namespace llmcache::ui {

VersionsDialog::VersionsDialog(const Theme* theme, Store* store, StoredAgent newest, qint64 nowMs,
    const TaskScope& tasks, QWidget* parent)
    : HistoryDialog(theme, tr("Restore this version"), parent)
    , m_newest(std::move(newest))
    , m_banner(new ErrorBanner(theme))
{
    setObjectName(QStringLiteral("agent versions"));
    setWindowTitle(tr("Versions of %1").arg(m_newest.agent.name));
    m_list->setObjectName(QStringLiteral("versions"));
    m_list->setAccessibleName(tr("Versions, newest first"));
    m_diff->setObjectName(QStringLiteral("version differences"));
    m_restore->setObjectName(QStringLiteral("restore version"));
    m_restore->setToolTip(tr("Puts it into the form; save to make it the newest"));
    m_restore->setEnabled(false);
    m_column->insertWidget(0, m_banner);
    m_tasks.countIn(tasks);
    m_tasks.run([store, name = m_newest.agent.name, revision = m_newest.revision](
                    std::stop_token) { return agentVersions(store, name, revision); },
        [this, nowMs](std::vector<StoredAgent> versions) { showVersions(std::move(versions), nowMs); },
        [this](const Failure& failure) { m_banner->showProblem(failure.message, failure.remedy); });
}

void VersionsDialog::showVersions(std::vector<StoredAgent> versions, qint64 nowMs)
{
    m_versions = std::move(versions);
    for (const StoredAgent& version : m_versions)
        addLine(tr("v%1 · %2 · %3")
                    .arg(version.revision)
                    .arg(format::relativeTime(version.savedMs, nowMs), version.savedBy),
            format::fullTime(version.savedMs));
    if (m_versions.empty())
        m_banner->showProblem(tr("No version of this agent is kept."),
            tr("Versions are kept from the next save on."), {}, ErrorBanner::Severity::Warning);
    else
        m_list->setCurrentRow(m_versions.size() > 1 ? 1 : 0);
}

void VersionsDialog::restore(std::size_t row)
{
    Q_EMIT restoreRequested(m_versions.at(row).agent);
}

void VersionsDialog::showDifferences(int row)
{
    m_restore->setEnabled(row >= 0);
    if (row < 0)
        return;
    const StoredAgent& version = m_versions.at(static_cast<std::size_t>(row));
    m_diff->setSides(tr("v%1").arg(version.revision), tr("v%1, the newest").arg(m_newest.revision));
    std::vector<DiffSection> sections;
    addJsonSections(sections, tr("agent"), toJson(version.agent), toJson(m_newest.agent));
    m_diff->setSections(std::move(sections));
}

} // namespace llmcache::ui
