#include "workbench/versionsdialog.h"

#include "agent/agentjson.h"
#include "store/agentversions.h"
#include "widgets/controls.h"
#include "widgets/diffview.h"
#include "widgets/errorbanner.h"
#include "widgets/format.h"

#include <QListWidget>
#include <QVBoxLayout>

#include <algorithm>

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
    m_list->setToolTip(tr("Choose two with Ctrl to compare them with each other"));
    m_list->setSelectionMode(QAbstractItemView::ExtendedSelection);
    connect(m_list, &QListWidget::itemSelectionChanged, this, &VersionsDialog::compareChosen);
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

void VersionsDialog::showDifferences(int /*row*/)
{
    compareChosen();
}

/// One with the newest; of several, the oldest with the youngest.
void VersionsDialog::compareChosen()
{
    std::vector<std::size_t> rows;
    for (const QModelIndex& index : m_list->selectionModel()->selectedRows())
        rows.push_back(static_cast<std::size_t>(index.row()));
    m_restore->setEnabled(rows.size() == 1);
    if (rows.empty())
        return;
    const auto [first, last] = std::minmax_element(rows.begin(), rows.end());
    const StoredAgent& before = m_versions.at(*last);
    const StoredAgent& after = rows.size() == 1 ? m_newest : m_versions.at(*first);
    m_diff->setSides(tr("v%1").arg(before.revision),
        after.revision == m_newest.revision ? tr("v%1, the newest").arg(after.revision)
                                            : tr("v%1").arg(after.revision));
    std::vector<DiffSection> sections;
    addJsonSections(sections, tr("agent"), toJson(before.agent), toJson(after.agent));
    m_diff->setSections(std::move(sections));
}

} // namespace llmcache::ui
