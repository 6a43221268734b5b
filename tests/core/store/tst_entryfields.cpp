#include "store/entryfields.h"

#include <QDataStream>
#include <QIODevice>
#include <QMap>
#include <QTest>

using namespace llmcache;

namespace {

template <typename Value>
QByteArray streamed(const Value& value)
{
    QByteArray bytes;
    QDataStream stream(&bytes, QIODevice::WriteOnly);
    stream.setVersion(QDataStream::Qt_6_0);
    stream << value;
    return bytes;
}

EntryFields fieldsFrom(const QByteArray& bytes)
{
    QDataStream stream(bytes);
    stream.setVersion(QDataStream::Qt_6_0);
    EntryFields fields;
    stream >> fields;
    return fields;
}

QList<QByteArray> namesOf(const EntryFields& fields)
{
    QList<QByteArray> names;
    for (const EntryField& field : fields)
        names.append(field.name);
    return names;
}

} // namespace

class TestEntryFields : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void areSortedByName();
    void theLastOfANameCounts();
    void changeOneByOne();
    void areKeptAsAMapIs();
    void tornBytesAreNoFields();
};

void TestEntryFields::areSortedByName()
{
    const EntryFields fields{{"v", "1"}, {"meta", "{}"}, {"zeta", "z"}, {"alpha", "a"}};
    QCOMPARE(namesOf(fields), (QList<QByteArray>{"alpha", "meta", "v", "zeta"}));
    QCOMPARE(fields, (EntryFields{{"zeta", "z"}, {"alpha", "a"}, {"v", "1"}, {"meta", "{}"}}));
    QCOMPARE(fields.value("zeta"), QByteArray("z"));
    QCOMPARE(fields["meta"], QByteArray("{}"));
    QVERIFY(fields.value("beta").isNull());
    QVERIFY(!fields.contains("beta"));
    QCOMPARE(fields.valueBytes(), 5);
}

void TestEntryFields::theLastOfANameCounts()
{
    const EntryFields fields{{"rev", "1"}, {"v", "1"}, {"rev", "2"}, {"rev", "3"}};
    QCOMPARE(namesOf(fields), (QList<QByteArray>{"rev", "v"}));
    QCOMPARE(fields.value("rev"), QByteArray("3"));
}

void TestEntryFields::changeOneByOne()
{
    EntryFields fields;
    QVERIFY(fields.isEmpty());
    fields["rev"] = "1";
    fields.insert("v", "1");
    fields.insert("hits", "0");
    fields["other"] = "x";
    const EntryFields before = fields;
    fields["rev"] = "2";
    fields.remove("nothing");
    fields.remove("hits");
    QCOMPARE(namesOf(fields), (QList<QByteArray>{"other", "rev", "v"}));
    QCOMPARE(fields.value("rev"), QByteArray("2"));
    QCOMPARE(before.value("rev"), QByteArray("1")); // a copy stays as it was
    QCOMPARE(before.size(), 4);
}

/// Journals and revisions of earlier versions hold maps.
void TestEntryFields::areKeptAsAMapIs()
{
    const QMap<QByteArray, QByteArray> map{
        {"v", "1"}, {"meta", QByteArray("\0 \xff", 3)}, {"null", QByteArray()}, {"empty", ""}};
    EntryFields fields;
    for (auto field = map.cbegin(); field != map.cend(); ++field)
        fields.insert(field.key(), field.value());
    QCOMPARE(streamed(fields), streamed(map));
    QCOMPARE(fieldsFrom(streamed(map)), fields);
}

void TestEntryFields::tornBytesAreNoFields()
{
    const QByteArray bytes = streamed(EntryFields{{"v", "1"}, {"meta", "{}"}});
    for (qsizetype size = 0; size < bytes.size(); ++size)
        QVERIFY(fieldsFrom(bytes.first(size)).isEmpty());
}

QTEST_APPLESS_MAIN(TestEntryFields)
#include "tst_entryfields.moc"
