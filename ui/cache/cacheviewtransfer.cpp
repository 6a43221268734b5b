#include "cache/cacheview.h"

#include "cache/entrytablemodel.h"
#include "cache/transferbar.h"
#include "widgets/format.h"

#include <QFileDialog>

// Entries to files and from them.

namespace llmcache::ui {

void CacheView::exportShown()
{
    if (!m_session || m_transfer->isBusy())
        return;
    auto* dialog = new QFileDialog(this, tr("Export the entries that pass the filter"),
        QStringLiteral("entries.jsonl.zst"),
        tr("Entries, compressed (*.jsonl.zst *.jsonl.gz);;Entries (*.jsonl);;All files (*)"));
    dialog->setObjectName(QStringLiteral("exportDialog"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->setDefaultSuffix(QStringLiteral("jsonl.zst"));
    connect(dialog, &QFileDialog::fileSelected, this, [this](const QString& path) {
        if (m_session)
            m_transfer->startExport(m_session, m_model->filter(), path);
    });
    dialog->open();
}

void CacheView::importFile()
{
    if (!m_session || m_transfer->isBusy())
        return;
    auto* dialog = new QFileDialog(this, tr("Import entries"), {},
        tr("Exported entries (*.jsonl *.jsonl.gz *.jsonl.zst);;All files (*)"));
    dialog->setObjectName(QStringLiteral("importDialog"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::ExistingFile);
    connect(dialog, &QFileDialog::fileSelected, this, [this](const QString& path) {
        if (m_session)
            m_transfer->startImport(m_session, path);
    });
    dialog->open();
}

void CacheView::takeImported(qint64 entries, const QString& undoId)
{
    rescan();
    if (!undoId.isEmpty())
        offerUndo(
            entries == 1 ? tr("Imported 1 entry") : tr("Imported %1 entries").arg(format::count(entries)),
            undoId);
}

} // namespace llmcache::ui
