#include "workbench/versionsdialog.h"

#include "agent/agentjson.h"
#include "store/agentversions.h"
#include "theme/theme.h"
#include "widgets/controls.h"
#include "widgets/diffview.h"
#include "widgets/errorbanner.h"
#include "widgets/format.h"

#include <QHBoxLayout>
#include <QListWidget>
#include <QVBoxLayout>

namespace llmcache::ui {

VersionsDialog::VersionsDialog(
    const Theme* theme, Store* store, StoredAgent newest, qint64 nowMs, QWidget* parent)
    : QDialog(parent)
    , m_newest(std::move(newest))
    , m_banner(new ErrorBanner(theme))
    , m_list(new QListWidget)
    , m_diff(new DiffView(theme))
    , m_restore(primaryButton(tr("Restore this version")))
{
    setObjectName(QStringLiteral("agent versions"));
    setWindowTitle(tr("Versions of %1").arg(m_newest.agent.name));
    resize(900, 560);
    m_list->setObjectName(QStringLiteral("versions"));
    m_list->setProperty("nav", true);
    m_list->setAccessibleName(tr("Versions, newest first"));
    m_list->setFixedWidth(250);
    m_list->setFont(textFont());
    m_diff->setObjectName(QStringLiteral("version differences"));
    m_restore->setObjectName(QStringLiteral("restore version"));
    m_restore->setToolTip(tr("Puts it into the form; save to make it the newest"));
    auto* const row = new QHBoxLayout;
    row->setSpacing(12);
    row->addWidget(m_list);
    row->addWidget(m_diff, 1);
    auto* const bottom = new QHBoxLayout;
    bottom->addStretch(1);
    bottom->addWidget(m_restore);
    auto* const column = new QVBoxLayout(this);
    column->setContentsMargins(16, 14, 16, 14);
    column->setSpacing(12);
    column->addWidget(m_banner);
    column->addLayout(row, 1);
    column->addLayout(bottom);
    m_restore->setEnabled(false);
    connect(m_list, &QListWidget::currentRowChanged, this, &VersionsDialog::showDifferences);
    connect(m_restore, &QPushButton::clicked, this, [this] {
        const auto chosen = static_cast<std::size_t>(m_list->currentRow());
        Q_EMIT restoreRequested(m_versions.at(chosen).agent);
        accept();
    });
    m_tasks.run([store, name = m_newest.agent.name, revision = m_newest.revision](
                    std::stop_token) { return agentVersions(store, name, revision); },
        [this, nowMs](std::vector<StoredAgent> versions) { showVersions(std::move(versions), nowMs); },
        [this](const Failure& failure) { m_banner->showProblem(failure.message, failure.remedy); });
}

void VersionsDialog::showVersions(std::vector<StoredAgent> versions, qint64 nowMs)
{
    m_versions = std::move(versions);
    for (const StoredAgent& version : m_versions) {
        auto* const item =
            new QListWidgetItem(tr("v%1 · %2 · %3")
                                    .arg(version.revision)
                                    .arg(format::relativeTime(version.savedMs, nowMs), version.savedBy),
                m_list);
        item->setToolTip(format::fullTime(version.savedMs));
        item->setSizeHint(QSize(0, 32));
    }
    if (m_versions.empty())
        m_banner->showProblem(tr("No version of this agent is kept."),
            tr("Versions are kept from the next save on."), {}, ErrorBanner::Severity::Warning);
    else
        m_list->setCurrentRow(m_versions.size() > 1 ? 1 : 0);
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
