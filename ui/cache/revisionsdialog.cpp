#include "cache/revisionsdialog.h"

#include "cache/entrycompare.h"
#include "widgets/badge.h"
#include "widgets/controls.h"
#include "widgets/diffview.h"
#include "widgets/format.h"

#include <QListWidget>

namespace llmcache::ui {

namespace {

/// A line of its own, if the author is known; a person's answer is marked.
QString authorText(const EntryMeta& meta)
{
    const QString author = meta.human ? humanBadge().text + u' ' + meta.author : meta.author;
    return author.isEmpty() ? QString() : author.trimmed() + u'\n';
}

} // namespace

RevisionsDialog::RevisionsDialog(
    const Theme* theme, Entry present, std::vector<Entry> earlier, const QString& obstacle, QWidget* parent)
    : HistoryDialog(theme, tr("Restore this revision"), parent)
    , m_present(std::move(present))
    , m_earlier(std::move(earlier))
{
    setObjectName(QStringLiteral("revisionsDialog"));
    setWindowTitle(tr("Revisions of %1").arg(entryName(m_present.meta)));
    m_list->setObjectName(QStringLiteral("revisionList"));
    m_list->setAccessibleName(tr("Revisions, newest first"));
    m_diff->setObjectName(QStringLiteral("revisionDifferences"));
    m_restore->setObjectName(QStringLiteral("restoreRevision"));
    m_restore->setEnabled(obstacle.isEmpty());
    m_restore->setToolTip(obstacle.isEmpty() ? tr("Makes the entry what it was then") : obstacle);
    for (const Entry& entry : m_earlier)
        addLine(tr("%1 · %2").arg(entry.meta.revision).arg(format::fullTime(entry.meta.createdMs))
                + (entry.meta.human ? QStringLiteral(" · ✎") : QString()),
            authorText(entry.meta) + entry.meta.answerExcerpt);
    m_list->setCurrentRow(0);
}

void RevisionsDialog::restore(std::size_t row)
{
    Q_EMIT restoreRequested(m_earlier.at(row));
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
