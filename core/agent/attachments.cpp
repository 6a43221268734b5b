#include "agent/attachments.h"

#include "base/error.h"

#include <QFile>
#include <QFileInfo>
#include <QMimeDatabase>
#include <QUrl>

namespace llmcache {

namespace {

Attachment attachmentFromUrl(const QString& text)
{
    const QUrl url(text, QUrl::StrictMode);
    if (!url.isValid() || url.host().isEmpty()
        || (url.scheme() != QLatin1String("http") && url.scheme() != QLatin1String("https")))
        throw ConfigurationError(QStringLiteral("The attachment \"%1\" is no web address.").arg(text),
            QStringLiteral("Give a file, or an address that begins with https://."));
    Attachment attachment;
    attachment.url = text;
    attachment.name = url.fileName();
    const QMimeType type = QMimeDatabase().mimeTypeForFile(url.fileName(), QMimeDatabase::MatchExtension);
    if (!type.isDefault())
        attachment.mediaType = type.name();
    return attachment;
}

} // namespace

Attachment attachmentFrom(const QString& pathOrUrl)
{
    if (pathOrUrl.contains(QLatin1String("://")))
        return attachmentFromUrl(pathOrUrl);
    const QFileInfo info(pathOrUrl);
    const auto refuse = [&pathOrUrl](const QString& reason, const QString& remedy) {
        throw ConfigurationError(
            QStringLiteral("The attachment %1 can't be used: %2.").arg(pathOrUrl, reason), remedy);
    };
    if (info.isDir())
        refuse(QStringLiteral("it is a folder"), QStringLiteral("Attach its files one by one."));
    QFile file(pathOrUrl);
    if (!file.open(QIODevice::ReadOnly))
        refuse(file.errorString(), QStringLiteral("Check its path and who may read it."));
    // Not by its announced size alone: a pipe has none.
    Attachment attachment;
    attachment.data = file.read(largestAttachment + 1);
    if (file.error() != QFile::NoError)
        refuse(file.errorString(), QStringLiteral("Check its path and who may read it."));
    if (attachment.data.isEmpty())
        refuse(QStringLiteral("it is empty"), QStringLiteral("Choose another file."));
    if (attachment.data.size() > largestAttachment)
        refuse(QStringLiteral("it is larger than %1 MB").arg(largestAttachment / (1024 * 1024)),
            QStringLiteral("Make it smaller, or give an https:// address that the provider can fetch."));
    attachment.name = info.fileName();
    attachment.mediaType =
        QMimeDatabase().mimeTypeForFileNameAndData(info.fileName(), attachment.data).name();
    return attachment;
}

QString attachmentName(const Attachment& attachment)
{
    if (!attachment.name.isEmpty())
        return attachment.name;
    return attachment.url.isEmpty() ? attachment.mediaType : attachment.url;
}

} // namespace llmcache
