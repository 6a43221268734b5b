#pragma once

#include <QByteArray>
#include <QString>

#include <qcorotask.h>

#include <optional>
#include <vector>

namespace llmcache {

class Store;

/// An entry as an administrator of the store sees it.
struct RawEntry {
    struct Field {
        QString name; ///< empty where the value has no fields
        QByteArray bytes; ///< as they are kept
    };
    QString key; ///< by which the store's own tools find it
    QString type; ///< "hash", "string", "table row"
    QString encoding; ///< how the server keeps it, such as "listpack"; empty where it does not say
    std::optional<qint64> expiresMs; ///< UTC milliseconds; nothing = never
    qint64 memoryBytes = -1; ///< what it takes there with all overhead; -1 = the store does not say
    std::vector<Field> fields;

    qint64 valueBytes() const
    {
        qint64 bytes = 0;
        for (const Field& field : fields)
            bytes += field.bytes.size();
        return bytes;
    }
};

/// What a store implements that can say more of an entry than its fields.
class RawInspector {
public:
    virtual ~RawInspector();
    /// Nothing when there is no such entry. Errors as Store.
    virtual QCoro::Task<std::optional<RawEntry>> rawEntry(QString fingerprint) = 0;
};

/// The entry as the store's own tools show it; nothing when there is none. Does not count as a use. Errors as
/// Store, which must outlive the task.
QCoro::Task<std::optional<RawEntry>> readRaw(Store* store, QString fingerprint);
/// The same from the fields alone.
QCoro::Task<std::optional<RawEntry>> readRawFields(Store* store, QString fingerprint);

/// Who pinned an entry, and why, as its metadata say.
struct PinNote {
    QString by;
    QString reason;
};
/// Empty where nobody said, and for metadata that can't be read.
PinNote pinNoteFrom(const QByteArray& meta);
/// Of an entry that may be gone. Errors as Store, which must outlive the task.
QCoro::Task<PinNote> readPinNote(Store* store, QString fingerprint);
/// The metadata with the note that `before` has, where they have none: what rewrites an entry keeps it.
QByteArray withPinNoteOf(const QByteArray& before, const QByteArray& meta);

} // namespace llmcache
