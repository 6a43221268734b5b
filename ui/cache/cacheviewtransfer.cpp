#include "cache/cacheview.h"

#include "cache/entrytable.h"
#include "cache/entrytablemodel.h"
#include "cache/transferbar.h"
#include "widgets/errorbanner.h"
#include "widgets/format.h"

#include <QFileDialog>
#include <QSaveFile>

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
            m_transfer->startExport(m_session, m_model->shownFilter(), path);
    });
    dialog->open();
}

void CacheView::exportTable()
{
    auto* dialog = new QFileDialog(this, tr("Export the table"), QStringLiteral("entries.csv"),
        tr("Comma-separated values (*.csv);;All files (*)"));
    dialog->setObjectName(QStringLiteral("csvDialog"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->setDefaultSuffix(QStringLiteral("csv"));
    connect(dialog, &QFileDialog::fileSelected, this, &CacheView::writeTable);
    dialog->open();
}

void CacheView::writeTable(const QString& path)
{
    const int rows = m_model->rowCount();
    m_csv.start(
        [path, make = m_model->csvMaker(m_table->shownColumns())](const std::stop_token& stop) {
            const QByteArray csv = make(stop);
            if (stop.stop_requested())
                return QString();
            QSaveFile file(path);
            if (file.open(QIODevice::WriteOnly) && file.write(csv) == csv.size() && file.commit())
                return QString();
            return file.errorString();
        },
        [this, path, rows](const QString& problem) {
            if (problem.isEmpty())
                Q_EMIT notice(
                    tr("Exported %1 to %2")
                        .arg(format::counted(rows, tr("row"), tr("rows")), QFileInfo(path).fileName()),
                    {}, {});
            else
                m_banner->showProblem(tr("%1 could not be written: %2").arg(path, problem),
                    tr("Choose another folder, or make room."));
        });
}

void CacheView::importFile()
{
    if (!m_session || m_transfer->isBusy() || !obstacle().isEmpty())
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

void CacheView::takeImported(const ImportReport& report)
{
    rescan();
    if (!report.undoId.isEmpty())
        offerUndo(report.imported == 1 ? tr("Imported 1 entry")
                                       : tr("Imported %1 entries").arg(format::count(report.imported)),
            report.undoId, report.forgotten);
}

} // namespace llmcache::ui
