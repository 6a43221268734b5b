// Python makes random objects and judges what is made of them here: see roundtrip.py.
#include "interop/pickleedit.h"
#include "interop/pickleoutline.h"
#include "interop/picklewriter.h"
#include "testenvironment.h"

#include <QDataStream>
#include <QFile>
#include <QProcess>
#include <QRandomGenerator>
#include <QSet>
#include <QStandardPaths>
#include <QTest>

using namespace llmcache;

namespace {

constexpr int objects = 10'000;

void collectLeaves(const PickleValue& value, std::vector<PickleValue>& leaves, QSet<quint32>& seen, int depth)
{
    const std::vector<PickleChild> children = pickleChildren(value);
    if (children.empty()) {
        if (isEditableLeaf(value))
            leaves.push_back(value);
        return;
    }
    // What is in a tuple that stands at two places changes at both.
    if (depth > 40 || seen.contains(value.id()) || (value.is(PickleKind::Tuple) && value.isShared()))
        return;
    seen.insert(value.id());
    for (const PickleChild& child : children) {
        // Members of sets may become equal to others, and the arguments of a class be refused by it.
        const bool isOfSet = value.is(PickleKind::Set) || value.is(PickleKind::FrozenSet);
        const bool isPart = child.role == PickleChild::Role::Item || child.role == PickleChild::Role::Entry
            || child.role == PickleChild::Role::Field;
        const QString type = pickleTypeText(value);
        const bool isKnown = value.kind() <= PickleKind::Dict || type.startsWith(QLatin1String("roundtrip."));
        if (isPart && !isOfSet && isKnown)
            collectLeaves(child.value, leaves, seen, depth + 1);
    }
}

/// Another text for a leaf, which Python takes.
QString otherText(const PickleValue& leaf)
{
    const QString type = pickleTypeText(leaf);
    if (type == QLatin1String("bool"))
        return leaf.toBool() ? QStringLiteral("False") : QStringLiteral("True");
    if (type == QLatin1String("datetime.datetime"))
        return QStringLiteral("2024-01-31T14:05:06.000007+05:30");
    if (type == QLatin1String("datetime.date"))
        return QStringLiteral("2024-01-31");
    if (type == QLatin1String("datetime.time"))
        return QStringLiteral("23:59:59");
    if (type == QLatin1String("datetime.timedelta"))
        return QStringLiteral("-P3DT4.5S");
    if (type == QLatin1String("uuid.UUID"))
        return QStringLiteral("00000000-0000-0000-0000-0000000000ff");
    if (type == QLatin1String("decimal.Decimal"))
        return QStringLiteral("-1.50");
    // By name, as Python 3.11.2 writes members.
    static const QStringList members{
        QStringLiteral("RED"), QStringLiteral("BLUE"), QStringLiteral("LOW"), QStringLiteral("HIGH")};
    if (const qsizetype member = members.indexOf(leafText(leaf)); member >= 0)
        return members.at(member ^ 1);
    if (type == QLatin1String("roundtrip.Colour"))
        return leafText(leaf) == QLatin1String("2") ? QStringLiteral("2") : QStringLiteral("red");
    if (type == QLatin1String("roundtrip.Permission") || type == QLatin1String("roundtrip.Level"))
        return QStringLiteral("1");
    if (type == QLatin1String("str") || type == QLatin1String("roundtrip.Text"))
        return QString(leaf.utf8().size() > 100 ? 70'000 : 3, QLatin1Char('x')) + QStringLiteral("é😀");
    if (type == QLatin1String("bytes") || type == QLatin1String("bytearray"))
        return QStringLiteral("00ff7f");
    return QStringLiteral("99999999999999999999");
}

} // namespace

class TestPicklePython : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void randomObjects();

private:
    void run(const QStringList& arguments);
    const test::TestEnvironment m_environment;
    const QString m_python = QStandardPaths::findExecutable(QStringLiteral("python3"));
};

void TestPicklePython::run(const QStringList& arguments)
{
    QProcess process;
    process.setProcessChannelMode(QProcess::MergedChannels);
    process.start(m_python, QStringList{QStringLiteral(PICKLE_ROUNDTRIP)} + arguments);
    QVERIFY(process.waitForFinished(300'000));
    const QByteArray output = process.readAll();
    QVERIFY2(process.exitStatus() == QProcess::NormalExit && process.exitCode() == 0, output.constData());
}

void TestPicklePython::randomObjects()
{
    if (m_python.isEmpty())
        QSKIP("There is no python3 here.");
    const QString seed = QStringLiteral("1");
    const QString made = m_environment.path(QStringLiteral("made"));
    const QString written = m_environment.path(QStringLiteral("written"));
    run({QStringLiteral("make"), seed, QString::number(objects), made});
    if (QTest::currentTestFailed())
        return;
    QFile input(made);
    QFile output(written);
    QVERIFY(input.open(QIODevice::ReadOnly));
    QVERIFY(output.open(QIODevice::WriteOnly));
    QDataStream in(&input);
    QDataStream out(&output);
    in.setByteOrder(QDataStream::LittleEndian);
    out.setByteOrder(QDataStream::LittleEndian);
    const auto put = [&out](const QByteArray& bytes) {
        out << static_cast<quint32>(bytes.size());
        out.writeRawData(bytes.constData(), static_cast<int>(bytes.size()));
    };
    QRandomGenerator random(7);
    int edits = 0;
    for (int number = 0; number < objects; ++number) {
        quint32 size = 0;
        in >> size;
        QByteArray bytes(static_cast<qsizetype>(size), '\0');
        QCOMPARE(in.readRawData(bytes.data(), static_cast<int>(size)), static_cast<int>(size));
        const PickleDocument document = readPickle(bytes);
        put(writePickle(document.root()));
        std::vector<PickleValue> leaves;
        QSet<quint32> seen;
        collectLeaves(document.root(), leaves, seen, 0);
        if (leaves.empty()) {
            put({});
            continue;
        }
        const PickleValue leaf = leaves[random.bounded(static_cast<quint32>(leaves.size()))];
        put(editLeaf(document, leaf, otherText(leaf)).source());
        ++edits;
    }
    output.close();
    QVERIFY(edits > objects / 2);
    run({QStringLiteral("check"), seed, QString::number(objects), written});
}

LLMCACHE_TEST_MAIN(TestPicklePython)
#include "tst_picklepython.moc"
