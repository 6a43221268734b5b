#include "cache/revisionsdialog.h"

#include "cache/entrycompare.h"
#include "theme/theme.h"
#include "widgets/controls.h"
#include "widgets/diffview.h"
#include "widgets/format.h"

#include <QHBoxLayout>
#include <QListWidget>
#include <QVBoxLayout>

namespace llmcache::ui {

RevisionsDialog::RevisionsDialog(
    const Theme* theme, Entry present, std::vector<Entry> earlier, QString obstacle, QWidget* parent)
    : QDialog(parent)
    , m_present(std::move(present))
    , m_earlier(std::move(earlier))
    , m_obstacle(std::move(obstacle))
    , m_list(new QListWidget)
    , m_diff(new DiffView(theme))
    , m_restore(primaryButton(tr("Restore this revision")))
{
    constexpr int listWidth = 250;
    constexpr int rowHeight = 32;
    setObjectName(QStringLiteral("revisionsDialog"));
    setWindowTitle(tr("Revisions of %1").arg(entryName(m_present.meta)));
    resize(900, 560);
    m_list->setObjectName(QStringLiteral("revisionList"));
    m_list->setProperty("nav", true);
    m_list->setAccessibleName(tr("Revisions, newest first"));
    m_list->setFixedWidth(listWidth);
    m_list->setFont(textFont());
    m_diff->setObjectName(QStringLiteral("revisionDifferences"));
    m_restore->setObjectName(QStringLiteral("restoreRevision"));
    m_restore->setEnabled(m_obstacle.isEmpty());
    m_restore->setToolTip(m_obstacle.isEmpty() ? tr("Makes the entry what it was then") : m_obstacle);
    for (const Entry& entry : m_earlier) {
        auto* const item = new QListWidgetItem(
            tr("%1 · %2").arg(entry.meta.revision).arg(format::fullTime(entry.meta.createdMs)), m_list);
        item->setToolTip(entry.meta.author.isEmpty() ? entry.meta.answerExcerpt
                                                     : entry.meta.author + u'\n' + entry.meta.answerExcerpt);
        item->setSizeHint(QSize(0, rowHeight));
    }
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
    column->addLayout(row, 1);
    column->addLayout(bottom);
    connect(m_list, &QListWidget::currentRowChanged, this, &RevisionsDialog::showDifferences);
    connect(m_restore, &QPushButton::clicked, this, [this] {
        Q_EMIT restoreRequested(m_earlier.at(static_cast<std::size_t>(m_list->currentRow())));
        accept();
    });
    m_list->setCurrentRow(0);
}

void RevisionsDialog::showDifferences(int row)
{
    if (row < 0)
        return;
    // Entries that can be edited are small enough for it.
    const Entry& then = m_earlier.at(static_cast<std::size_t>(row));
    m_diff->setSides(
        tr("revision %1").arg(then.meta.revision), tr("%1, the present one").arg(m_present.meta.revision));
    m_diff->setSections(entryDifferences(then, m_present));
}

} // namespace llmcache::ui
