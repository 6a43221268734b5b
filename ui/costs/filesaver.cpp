#include "costs/filesaver.h"

#include "base/worker.h"

#include <qcorofuture.h>

#include <QFileDialog>
#include <QSaveFile>

namespace llmcache::ui {

namespace {

void write(const QString& path, const QByteArray& content)
{
    QSaveFile file(path);
    // commit() does not notice a disk that is full.
    if (!file.open(QIODevice::WriteOnly) || file.write(content) != content.size() || !file.flush()
        || !file.commit())
        throw ConfigurationError(FileSaver::tr("%1 can't be written: %2.").arg(path, file.errorString()),
            FileSaver::tr("Choose another folder, or make room on the disk."));
}

QCoro::Task<> writeFile(QString path, QByteArray content)
{
    auto work = [path, content] {
        write(path, content);
        return true;
    };
    QFuture<bool> written = runOn(*QThreadPool::globalInstance(), std::move(work));
    co_await written;
}

} // namespace

void askForFile(QWidget* parent, const QString& title, const QString& name, const QString& suffix,
    std::function<void(const QString&)> chosen)
{
    auto* dialog =
        new QFileDialog(parent, title, name, FileSaver::tr("%1 files (*.%2)").arg(suffix.toUpper(), suffix));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->setDefaultSuffix(suffix);
    QObject::connect(dialog, &QFileDialog::fileSelected, parent,
        [chosen = std::move(chosen)](const QString& path) { chosen(path); });
    dialog->open();
}

void FileSaver::ask(QWidget* parent, const QString& title, const QString& name, const QString& suffix,
    std::function<QByteArray()> content)
{
    askForFile(parent, title, QStringLiteral("%1.%2").arg(name, suffix), suffix,
        [this, content = std::move(content)](const QString& path) { save(path, content()); });
}

void FileSaver::save(const QString& path, const QByteArray& content)
{
    m_tasks.run([path, content](std::stop_token) { return writeFile(path, content); },
        [this, path] { Q_EMIT saved(path); },
        [this](const Failure& failure) {
            if (!failure.cancelled())
                Q_EMIT failed(failure.message, failure.remedy);
        });
}

} // namespace llmcache::ui
