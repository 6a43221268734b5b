#include "store/entryfields.h"

#include <QDataStream>

#include <algorithm>
#include <iterator>

namespace llmcache {

namespace {

/// The names that nearly all fields have, which then need no memory of their own.
QByteArray sharedName(QByteArrayView name)
{
    static const QByteArray known[] = {
        QByteArrayLiteral("hits"),
        QByteArrayLiteral("meta"),
        QByteArrayLiteral("request"),
        QByteArrayLiteral("response"),
        QByteArrayLiteral("rev"),
        QByteArrayLiteral("used"),
        QByteArrayLiteral("v"),
    };
    const auto* const found = std::find(std::begin(known), std::end(known), name);
    return found == std::end(known) ? name.toByteArray() : *found;
}

} // namespace

EntryFields::EntryFields(QList<EntryField> fields)
    : m_fields(std::move(fields))
{
    const auto isBefore = [](const EntryField& left, const EntryField& right) {
        return left.name < right.name;
    };
    std::stable_sort(m_fields.begin(), m_fields.end(), isBefore);
    // Backwards: the last of the same name stays.
    const auto kept = std::unique(m_fields.rbegin(), m_fields.rend(),
        [](const EntryField& left, const EntryField& right) { return left.name == right.name; });
    m_fields.erase(m_fields.cbegin(), QList<EntryField>::const_iterator(kept.base()));
}

QList<EntryField>::const_iterator EntryFields::placeOf(QByteArrayView name) const
{
    return std::lower_bound(m_fields.cbegin(), m_fields.cend(), name,
        [](const EntryField& field, QByteArrayView wanted) { return field.name < wanted; });
}

QByteArray EntryFields::value(QByteArrayView name) const
{
    const auto place = placeOf(name);
    return place != m_fields.cend() && place->name == name ? place->value : QByteArray();
}

QByteArray& EntryFields::operator[](QByteArrayView name)
{
    const qsizetype place = placeOf(name) - m_fields.cbegin();
    if (place == m_fields.size() || m_fields.at(place).name != name)
        m_fields.insert(place, {sharedName(name), QByteArray()});
    return m_fields[place].value;
}

bool EntryFields::contains(QByteArrayView name) const
{
    const auto place = placeOf(name);
    return place != m_fields.cend() && place->name == name;
}

void EntryFields::insert(QByteArrayView name, QByteArray value)
{
    (*this)[name] = std::move(value);
}

void EntryFields::remove(QByteArrayView name)
{
    const auto place = placeOf(name);
    if (place != m_fields.cend() && place->name == name)
        m_fields.erase(place);
}

qsizetype EntryFields::valueBytes() const
{
    qsizetype bytes = 0;
    for (const EntryField& field : m_fields)
        bytes += field.value.size();
    return bytes;
}

QDataStream& operator<<(QDataStream& stream, const EntryFields& fields)
{
    stream << static_cast<quint32>(fields.size());
    for (const EntryField& field : fields)
        stream << field.name << field.value;
    return stream;
}

QDataStream& operator>>(QDataStream& stream, EntryFields& fields)
{
    quint32 count = 0;
    stream >> count;
    QList<EntryField> read;
    for (quint32 i = 0; i < count && stream.status() == QDataStream::Ok; ++i) {
        EntryField field;
        stream >> field.name >> field.value;
        read.append(std::move(field));
    }
    fields = stream.status() == QDataStream::Ok ? EntryFields(std::move(read)) : EntryFields();
    return stream;
}

} // namespace llmcache
