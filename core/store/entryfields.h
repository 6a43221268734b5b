#pragma once

#include <QByteArray>
#include <QList>

#include <initializer_list>

class QDataStream;

namespace llmcache {

struct EntryField {
    QByteArray name;
    QByteArray value;
    friend bool operator==(const EntryField&, const EntryField&) = default;
};

} // namespace llmcache

Q_DECLARE_TYPEINFO(llmcache::EntryField, Q_RELOCATABLE_TYPE);

namespace llmcache {

/// Names and values of the fields of a stored entry, sorted by name, byte for byte. A value, cheap to copy.
/// A handful in a row: where a million entries are read, a tree of them takes longer than all the rest.
class EntryFields {
public:
    EntryFields() = default;
    EntryFields(std::initializer_list<EntryField> fields)
        : EntryFields(QList<EntryField>(fields))
    {
    }
    /// In any order; of a name that comes twice the last value counts.
    explicit EntryFields(QList<EntryField> fields);

    /// The value, or null bytes.
    QByteArray value(QByteArrayView name) const;
    QByteArray operator[](QByteArrayView name) const { return value(name); }
    QByteArray& operator[](QByteArrayView name);
    bool contains(QByteArrayView name) const;
    void insert(QByteArrayView name, QByteArray value);
    void remove(QByteArrayView name);
    qsizetype size() const { return m_fields.size(); }
    bool isEmpty() const { return m_fields.isEmpty(); }
    /// How many bytes the values have together.
    qsizetype valueBytes() const;

    auto begin() const { return m_fields.cbegin(); }
    auto end() const { return m_fields.cend(); }

    friend bool operator==(const EntryFields&, const EntryFields&) = default;

private:
    /// Of the first field that does not sort before the name.
    QList<EntryField>::const_iterator placeOf(QByteArrayView name) const;

    QList<EntryField> m_fields;
};

/// As QDataStream writes and reads a QMap<QByteArray, QByteArray>, in which files and stores keep them.
QDataStream& operator<<(QDataStream& stream, const EntryFields& fields);
QDataStream& operator>>(QDataStream& stream, EntryFields& fields);

} // namespace llmcache
