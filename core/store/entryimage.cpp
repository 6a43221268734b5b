#include "store/entryimage.h"

#include "base/error.h"
#include "base/streambytes_p.h"
#include "store/entryid.h"
#include "store/imagebytes_p.h"
#include "store/pythonentry.h"
#include "store/storedjson_p.h"

#include <QCryptographicHash>
#include <QDataStream>
#include <QIODevice>

namespace llmcache {

namespace {

constexpr quint8 imageFormat = 1;
constexpr auto streamVersion = QDataStream::Qt_6_0;

[[noreturn]] void failImage()
{
    throw CacheError(QStringLiteral("A kept entry is damaged."),
        QStringLiteral("It can't be put back; run its prompt again."));
}

} // namespace

qint64 EntryImage::revision() const
{
    return fields.value(QByteArrayLiteral("rev")).toLongLong();
}

EntryFields toFields(const Entry& entry, qint64 revision)
{
    const QByteArray request = toJsonText(entry.request);
    const QByteArray response = toJsonText(responseToJson(entry));
    EntryMeta meta = entry.meta;
    meta.bytes = request.size() + response.size();
    return {{QByteArrayLiteral("v"), QByteArray::number(entryFormat)},
        {QByteArrayLiteral("rev"), QByteArray::number(revision)},
        {QByteArrayLiteral("meta"), toJsonText(toJson(meta))},
        {QByteArrayLiteral("request"), packField(request)},
        {QByteArrayLiteral("response"), packField(response)}};
}

EntryMeta metaFromImage(const EntryImage& image)
{
    const EntryFields& fields = image.fields;
    if (isPythonImage(image)) {
        EntryMeta meta = pythonMeta(image.fingerprint, fields.value(pickleField));
        meta.expiresMs = image.expiresMs;
        return meta;
    }
    if (fields.value(QByteArrayLiteral("v")).toLongLong() != entryFormat)
        throw CacheError(
            QStringLiteral("Entry %1 has a format that this program does not know.").arg(image.fingerprint),
            QStringLiteral("Update the program, or delete the entry."));
    EntryMeta meta = entryMetaFromText(fields.value(QByteArrayLiteral("meta")), image.fingerprint);
    meta.revision = image.revision();
    meta.hits = fields.value(QByteArrayLiteral("hits")).toLongLong();
    meta.lastUsedMs = fields.value(QByteArrayLiteral("used")).toLongLong();
    meta.expiresMs = image.expiresMs;
    return meta;
}

Entry entryFromImage(const EntryImage& image)
{
    Entry entry;
    if (isPythonImage(image)) {
        entry = pythonEntry(image.fingerprint, image.fields.value(pickleField));
        entry.meta.expiresMs = image.expiresMs;
        return entry;
    }
    entry.meta = metaFromImage(image);
    responseFromText(unpackField(image.fields.value(QByteArrayLiteral("response"))), entry);
    entry.request = parseStored(unpackField(image.fields.value(QByteArrayLiteral("request"))),
        QStringLiteral("The request of entry %1").arg(image.fingerprint));
    return entry;
}

QByteArray contentDigest(const EntryImage& image)
{
    EntryFields content = image.fields;
    for (const char* counted : {"rev", "hits", "used"})
        content.remove(counted);
    QByteArray bytes;
    QDataStream stream(&bytes, QIODevice::WriteOnly);
    stream.setVersion(streamVersion);
    stream << content << image.expiresMs.has_value() << image.expiresMs.value_or(0);
    return QCryptographicHash::hash(bytes, QCryptographicHash::Blake2b_160);
}

void appendBytes(QByteArray& bytes, const EntryImage& image)
{
    putNumber(bytes, imageFormat);
    putBytes(bytes, image.fingerprint.toUtf8());
    putNumber(bytes, static_cast<quint8>(image.expiresMs.has_value()));
    putNumber(bytes, image.expiresMs.value_or(0));
    putNumber(bytes, static_cast<quint32>(image.fields.size()));
    for (const EntryField& field : image.fields) {
        putBytes(bytes, field.name);
        putBytes(bytes, field.value);
    }
}

QByteArray toBytes(const EntryImage& image)
{
    QByteArray bytes;
    appendBytes(bytes, image);
    return bytes;
}

EntryImage imageFromBytes(const QByteArray& bytes)
{
    QDataStream stream(bytes);
    stream.setVersion(streamVersion);
    quint8 format = 0;
    QByteArray fingerprint;
    bool expires = false;
    qint64 expiresMs = 0;
    EntryImage image;
    stream >> format >> fingerprint >> expires >> expiresMs >> image.fields;
    image.fingerprint = QString::fromUtf8(fingerprint);
    if (stream.status() != QDataStream::Ok || !stream.atEnd() || format != imageFormat
        || !isEntryId(image.fingerprint))
        failImage();
    if (expires)
        image.expiresMs = expiresMs;
    return image;
}

} // namespace llmcache
