#include "cache/revisionsdialog.h"

#include "base/error.h"
#include "cache/entrycompare.h"
#include "cache/entryedit.h"
#include "interop/picklereader.h"
#include "interop/pythondump.h"
#include "store/pythonentry.h"
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

/// All of two pickles, not their answers alone. Where one of them can't be read or is too large to be
/// compared at once, what is known of the entries.
std::vector<DiffSection> pickleDifferences(const Revision& then, const Revision& now)
{
    constexpr qint64 largest = 1'000'000;
    try {
        const auto dump = [](const Revision& revision) {
            return pythonDump(readPickle(revision.image.fields.value(pickleField)).root(), largest);
        };
        std::vector<DiffSection> sections;
        addJsonSections(sections, RevisionsDialog::tr("Pickle"), dump(then), dump(now));
        return sections;
    } catch (const Error&) {
        return entryDifferences(then.entry, now.entry);
    }
}

} // namespace

std::optional<Revision> revisionFrom(const EntryImage& image)
{
    try {
        return Revision{entryFromImage(image), image};
    } catch (const CacheError&) {
        if (!isPythonImage(image))
            return std::nullopt;
        Entry entry;
        entry.meta = metaFromImage(image);
        return Revision{std::move(entry), image};
    }
}

RevisionsDialog::RevisionsDialog(const Theme* theme, Revision present, std::vector<Revision> earlier,
    const QString& obstacle, QWidget* parent)
    : HistoryDialog(theme, tr("Restore this revision"), parent)
    , m_present(std::move(present))
    , m_earlier(std::move(earlier))
{
    setObjectName(QStringLiteral("revisionsDialog"));
    setWindowTitle(tr("Revisions of %1").arg(entryName(m_present.entry.meta)));
    m_list->setObjectName(QStringLiteral("revisionList"));
    m_list->setAccessibleName(tr("Revisions, newest first"));
    m_diff->setObjectName(QStringLiteral("revisionDifferences"));
    m_restore->setObjectName(QStringLiteral("restoreRevision"));
    m_restore->setEnabled(obstacle.isEmpty());
    m_restore->setToolTip(obstacle.isEmpty() ? tr("Makes the entry what it was then") : obstacle);
    for (const Revision& revision : m_earlier) {
        const EntryMeta& meta = revision.entry.meta;
        if (meta.python) {
            // Its own revision is a checksum, and it does not know its time.
            const Replacement replaced = replacementOf(revision.image);
            addLine(replaced.timeMs > 0 ? tr("until %1").arg(format::fullTime(replaced.timeMs))
                                        : tr("an earlier pickle"),
                (replaced.by.isEmpty() ? QString() : tr("Replaced by %1").arg(replaced.by) + u'\n')
                    + meta.answerExcerpt);
            continue;
        }
        addLine(tr("%1 · %2").arg(meta.revision).arg(format::fullTime(meta.createdMs))
                + (meta.human ? QStringLiteral(" · ✎") : QString()),
            authorText(meta) + meta.answerExcerpt);
    }
    m_list->setCurrentRow(0);
}

void RevisionsDialog::restore(std::size_t row)
{
    Q_EMIT restoreRequested(m_earlier.at(row).image);
}

void RevisionsDialog::showDifferences(int row)
{
    if (row < 0)
        return;
    // Entries that can be edited are small enough for it.
    const Revision& then = m_earlier.at(static_cast<std::size_t>(row));
    if (then.entry.meta.python) {
        m_diff->setSides(tr("then"), tr("the present one"));
        m_diff->setSections(pickleDifferences(then, m_present));
        return;
    }
    m_diff->setSides(tr("revision %1").arg(then.entry.meta.revision),
        tr("%1, the present one").arg(m_present.entry.meta.revision));
    m_diff->setSections(entryDifferences(then.entry, m_present.entry));
}

} // namespace llmcache::ui
