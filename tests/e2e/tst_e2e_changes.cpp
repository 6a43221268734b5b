// Changing entries on the command line, and taking that back, in both stores. Needs redis-server.
#include "agent/agent.h"
#include "cache/entrytransfer.h"
#include "cache/request.h"
#include "commandline.h"
#include "redisserver.h"
#include "store/undojournal.h"
#include "testenvironment.h"

#include <QDirIterator>
#include <QFile>
#include <QTest>
#include <QtEndian>

using namespace llmcache::test;
using llmcache::Json;

class TestE2eChanges : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void answersAreEdited_data() { addStores(); }
    void answersAreEdited();
    void theEditorIsTheUsers();
    void changesAreTakenBack_data() { addStores(); }
    void changesAreTakenBack();
    void lostUndosAreToldBefore();
    void aKilledDeletionIsTakenBack_data() { addStores(); }
    void aKilledDeletionIsTakenBack();
    void aKilledImportIsRepeated_data() { addStores(); }
    void aKilledImportIsRepeated();
    void aKilledUndoIsRepeated_data() { addStores(); }
    void aKilledUndoIsRepeated();
    void mistakesAreTold();

private:
    static void addStores();
    QStringList store() const;
    /// An export of so many entries.
    static QByteArray exported(int count);
    /// Calls `entries WORDS`.
    ProgramResult entries(const CommandLine& user, const QStringList& words) const
    {
        return user.run(QStringList{QStringLiteral("entries")} + words + store());
    }
    /// All entries, as they are exported, in one order.
    QByteArrayList all(const CommandLine& user) const;

    RedisServer m_redis;
};

void TestE2eChanges::initTestCase()
{
    if (!RedisServer::isInstalled())
        QSKIP(qUtf8Printable(RedisServer::missingText()));
    QVERIFY2(m_redis.start(), qUtf8Printable(m_redis.log()));
}

void TestE2eChanges::addStores()
{
    QTest::addColumn<bool>("redis");
    QTest::newRow("embedded file") << false;
    QTest::newRow("Redis") << true;
}

QStringList TestE2eChanges::store() const
{
    if (qstrcmp(QTest::currentDataTag(), "Redis") != 0)
        return {};
    return {QStringLiteral("--store"), m_redis.url(), QStringLiteral("--workspace"),
        QString::fromLatin1(QTest::currentTestFunction())};
}

QByteArray TestE2eChanges::exported(int count)
{
    using namespace llmcache;
    QByteArray lines;
    const qint64 now = QDateTime::currentMSecsSinceEpoch();
    for (int i = 0; i < count; ++i) {
        Request request;
        request.model = ModelRef::parse(QStringLiteral("test:small"));
        request.prompt = QStringLiteral("question %1").arg(i);
        Entry entry;
        entry.request = toJson(request);
        entry.output = toUtf8(QStringLiteral("answer %1").arg(i));
        entry.messages = {Message::user(request.prompt), Message::assistant(QStringLiteral("answer"))};
        entry.meta.fingerprint = fingerprint(request);
        entry.meta.model = QStringLiteral("test:small");
        entry.meta.agent = i % 2 == 0 ? QStringLiteral("even") : QStringLiteral("odd");
        entry.meta.createdMs = now - i;
        entry.meta.expiresMs = now + 3'600'000;
        lines += entryToLine(entry) + '\n';
    }
    return lines;
}

QByteArrayList TestE2eChanges::all(const CommandLine& user) const
{
    const ProgramResult listed = entries(user, {QStringLiteral("export"), QStringLiteral("-")});
    QByteArrayList lines = listed.out.split('\n');
    lines.removeAll(QByteArray());
    std::sort(lines.begin(), lines.end());
    return lines;
}

void TestE2eChanges::answersAreEdited()
{
    const CommandLine user;
    const QString file = user.writeFile(QStringLiteral("e.jsonl"), exported(1));
    LLMCACHE_VERIFY_EXIT(entries(user, {QStringLiteral("import"), file}), 0);
    const ProgramResult listed = entries(user, {QStringLiteral("list"), QStringLiteral("--json")});
    const QString fingerprint = QString::fromStdString(listed.json().at("fingerprint").get<std::string>());
    const auto answer = [&] {
        return entries(user, {QStringLiteral("show"), fingerprint, QStringLiteral("--json")}).json();
    };
    const ProgramResult saved = entries(user,
        {QStringLiteral("edit"), fingerprint.left(8), QStringLiteral("--output"),
            QStringLiteral("by a person"), QStringLiteral("--json")});
    LLMCACHE_VERIFY_EXIT(saved, 0);
    QCOMPARE(saved.json().at("revision"), Json(2));
    const Json after = answer();
    QCOMPARE(after.at("response").at("output"), Json("by a person"));
    QCOMPARE(after.at("human"), Json(true));
    QCOMPARE(after.at("expires_ms").is_null(), false);

    // Somebody who saw revision 1 does not overwrite it.
    const ProgramResult late = entries(user,
        {QStringLiteral("edit"), fingerprint, QStringLiteral("--output"), QStringLiteral("late"),
            QStringLiteral("--revision"), QStringLiteral("1")});
    LLMCACHE_VERIFY_EXIT(late, 5);
    QVERIFY2(late.err.contains("revision 2"), late.describe().constData());
    QCOMPARE(answer().at("response").at("output"), Json("by a person"));

    const ProgramResult kept =
        entries(user, {QStringLiteral("revisions"), fingerprint, QStringLiteral("--json")});
    QCOMPARE(kept.jsonLines().size(), std::size_t(1));
    QCOMPARE(kept.jsonLines().front().at("output"), Json("answer 0"));
    LLMCACHE_VERIFY_EXIT(entries(user, {QStringLiteral("revert"), fingerprint, QStringLiteral("1")}), 0);
    QCOMPARE(answer().at("response").at("output"), Json("answer 0"));
    LLMCACHE_VERIFY_EXIT(entries(user, {QStringLiteral("undo")}), 0);
    QCOMPARE(answer().at("response").at("output"), Json("by a person"));
    LLMCACHE_VERIFY_EXIT(entries(user, {QStringLiteral("revert"), fingerprint, QStringLiteral("77")}), 5);
}

void TestE2eChanges::theEditorIsTheUsers()
{
    CommandLine user;
    const QString file = user.writeFile(QStringLiteral("e.jsonl"), exported(1));
    LLMCACHE_VERIFY_EXIT(entries(user, {QStringLiteral("import"), file}), 0);
    const ProgramResult listed = entries(user, {QStringLiteral("list"), QStringLiteral("--json")});
    const QString fingerprint = QString::fromStdString(listed.json().at("fingerprint").get<std::string>());
    user.unsetVariable(QStringLiteral("VISUAL"));
    user.unsetVariable(QStringLiteral("EDITOR"));
    LLMCACHE_VERIFY_EXIT(entries(user, {QStringLiteral("edit"), fingerprint}), 3);
    user.setVariable(QStringLiteral("EDITOR"), QStringLiteral("sed -i s/answer/edited/"));
    LLMCACHE_VERIFY_EXIT(entries(user, {QStringLiteral("edit"), fingerprint}), 0);
    const ProgramResult shown =
        entries(user, {QStringLiteral("show"), fingerprint, QStringLiteral("--json")});
    QCOMPARE(shown.json().at("response").at("output"), Json("edited 0"));
    const ProgramResult same = entries(user, {QStringLiteral("edit"), fingerprint});
    LLMCACHE_VERIFY_EXIT(same, 0);
    QVERIFY2(same.out.contains("Nothing was changed"), same.describe().constData());
    user.setVariable(QStringLiteral("EDITOR"), QStringLiteral("false"));
    LLMCACHE_VERIFY_EXIT(entries(user, {QStringLiteral("edit"), fingerprint}), 8);
}

void TestE2eChanges::changesAreTakenBack()
{
    const CommandLine user;
    const QString file = user.writeFile(QStringLiteral("e.jsonl"), exported(10));
    LLMCACHE_VERIFY_EXIT(entries(user, {QStringLiteral("import"), file}), 0);
    const QByteArrayList before = all(user);
    const QStringList odd{QStringLiteral("--filter"), QStringLiteral("agent:odd")};
    const auto numbers = [&](const QStringList& words) {
        return entries(user, words + QStringList{QStringLiteral("--json")}).json();
    };
    QCOMPARE(
        numbers(QStringList{QStringLiteral("delete"), QStringLiteral("--yes")} + odd).at("deleted"), Json(5));
    QCOMPARE(all(user).size(), before.size() - 5);
    QCOMPARE(numbers({QStringLiteral("undo")}).at("restored"), Json(5));
    QCOMPARE(all(user), before);

    const QStringList tag{QStringLiteral("tag"), QStringLiteral("--add"), QStringLiteral("night")};
    QCOMPARE(numbers(tag + odd).at("changed"), Json(5));
    QCOMPARE(numbers(tag + odd).at("unaffected"), Json(5));
    QCOMPARE(numbers({QStringLiteral("pin"), QStringLiteral("--filter"), QStringLiteral("tag:night")})
                 .at("changed"),
        Json(5));
    QCOMPARE(entries(user, {QStringLiteral("list"), QStringLiteral("is:pinned"), QStringLiteral("--json")})
                 .jsonLines()
                 .size(),
        std::size_t(5));
    QCOMPARE(numbers({QStringLiteral("expire"), QStringLiteral("--in"), QStringLiteral("600"),
                         QStringLiteral("--filter"), QStringLiteral("is:pinned")})
                 .at("changed"),
        Json(5));
    QCOMPARE(entries(user, {QStringLiteral("list"), QStringLiteral("ttl<11m"), QStringLiteral("--json")})
                 .jsonLines()
                 .size(),
        std::size_t(5));
    QCOMPARE(numbers({QStringLiteral("clear"), QStringLiteral("--yes")}).at("deleted"), Json(10));
    const ProgramResult changes =
        entries(user, {QStringLiteral("undo"), QStringLiteral("--list"), QStringLiteral("--json")});
    QCOMPARE(changes.jsonLines().size(), std::size_t(4));
    QCOMPARE(changes.jsonLines().front().at("action"), Json("delete"));
    // One after another, the last one first.
    for (const int restored : {10, 5, 5, 5})
        QCOMPARE(numbers({QStringLiteral("undo")}).at("restored"), Json(restored));
    const ProgramResult untagged =
        entries(user, {QStringLiteral("list"), QStringLiteral("tag:night"), QStringLiteral("--json")});
    QVERIFY(untagged.jsonLines().empty());
    LLMCACHE_VERIFY_EXIT(entries(user, {QStringLiteral("undo")}), 5);
}

void TestE2eChanges::lostUndosAreToldBefore()
{
    const CommandLine user;
    const QString file = user.writeFile(QStringLiteral("e.jsonl"), exported(4));
    LLMCACHE_VERIFY_EXIT(entries(user, {QStringLiteral("import"), file}), 0);
    const QStringList words{
        QStringLiteral("delete"), QStringLiteral("--filter"), QStringLiteral("agent:odd")};
    const auto numbers = [&](const QStringList& options) {
        return entries(user, words + options + QStringList{QStringLiteral("--json")}).json();
    };
    const QStringList dryRun{QStringLiteral("--dry-run")};
    QCOMPARE(numbers(dryRun).at("undo_forgotten"), Json(0));
    // The record of a change of a minute ago leaves no room; its file takes no blocks of the disk.
    LLMCACHE_VERIFY_EXIT(
        entries(user, {QStringLiteral("pin"), QStringLiteral("--filter"), QStringLiteral("agent:odd")}), 0);
    QDirIterator records(
        user.home(), {QStringLiteral("*.undo")}, QDir::Files | QDir::Hidden, QDirIterator::Subdirectories);
    QVERIFY(records.hasNext());
    const QString folder = QFileInfo(records.next()).path();
    QFile large(QStringLiteral("%1/%2-large.undo")
                    .arg(folder)
                    .arg(QDateTime::currentMSecsSinceEpoch() - 60'000, 15, 10, QLatin1Char('0')));
    const auto keepMuch = [&large] {
        const bool isKept =
            large.open(QIODevice::WriteOnly) && large.resize(llmcache::UndoJournal::defaultMaxBytes);
        large.close();
        return isKept;
    };
    QVERIFY(keepMuch());
    QCOMPARE(numbers(dryRun).at("undo_forgotten"), Json(1));
    const QByteArray said = entries(user, words + dryRun).out;
    QVERIFY2(
        said.contains("1 earlier change of the last 24 hours can't be undone any more"), said.constData());
    const Json done = numbers({QStringLiteral("--yes")});
    QCOMPARE(done.at("deleted"), Json(2));
    QCOMPARE(done.at("undo_forgotten"), Json(1));
    QVERIFY(!large.exists());
    QCOMPARE(
        numbers({QStringLiteral("--dry-run"), QStringLiteral("--no-undo")}).at("undo_forgotten"), Json(0));

    // So it is with edits, of which there is no dry run, and with imports.
    const QByteArray lost = "1 earlier change of the last 24 hours can't be undone any more";
    const QString edited =
        QString::fromStdString(entries(user, {QStringLiteral("list"), QStringLiteral("--json")})
                                   .jsonLines()
                                   .front()
                                   .at("fingerprint"));
    const QStringList edit{
        QStringLiteral("edit"), edited, QStringLiteral("--output"), QStringLiteral("Another answer")};
    QVERIFY(keepMuch());
    QCOMPARE(
        entries(user, edit + QStringList{QStringLiteral("--json")}).json().at("undo_forgotten"), Json(1));
    const QStringList import{
        QStringLiteral("import"), file, QStringLiteral("--on-conflict"), QStringLiteral("replace")};
    QVERIFY(keepMuch());
    const ProgramResult looked = entries(user, import + dryRun);
    QVERIFY2(looked.out.contains(lost), looked.out.constData());
    const Json counted = entries(user, import + dryRun + QStringList{QStringLiteral("--json")}).json();
    QCOMPARE(counted.at("undo_forgotten"), Json(1));
    QCOMPARE(counted.at("undo_fits"), Json(true));
    const ProgramResult imported = entries(user, import);
    QVERIFY2(imported.out.contains(lost), imported.out.constData());
    QVERIFY(!large.exists());
}

void TestE2eChanges::aKilledDeletionIsTakenBack()
{
    const CommandLine user;
    const QString file = user.writeFile(QStringLiteral("e.jsonl"), exported(4000));
    LLMCACHE_VERIFY_EXIT(entries(user, {QStringLiteral("import"), file}), 0);
    const QByteArrayList before = all(user);
    const auto deletion = user.start(
        QStringList{QStringLiteral("entries"), QStringLiteral("clear"), QStringLiteral("--yes")} + store());
    // As soon as something is kept: in the file of the change a whole block of entries behind its header.
    const auto hasKeptBlock = [](QFile& journal) {
        constexpr qint64 headLength = 24; // begins with the length of what follows
        int blocks = 0;
        while (blocks < 2) {
            const QByteArray head = journal.read(headLength);
            if (head.size() != headLength)
                break;
            const qint64 end = journal.pos() + qFromBigEndian<quint32>(head.constData());
            if (end > journal.size())
                break;
            journal.seek(end);
            ++blocks;
        }
        return blocks == 2;
    };
    const auto hasBegun = [&] {
        QDirIterator files(user.home(), {QStringLiteral("*.undo")}, QDir::Files | QDir::Hidden,
            QDirIterator::Subdirectories);
        while (files.hasNext()) {
            QFile journal(files.next());
            if (journal.open(QIODevice::ReadOnly) && hasKeptBlock(journal))
                return true;
        }
        return false;
    };
    QTRY_VERIFY_WITH_TIMEOUT(hasBegun() || deletion->state() == QProcess::NotRunning, 30'000);
    deletion->kill();
    deletion->waitForFinished();
    LLMCACHE_VERIFY_EXIT(entries(user, {QStringLiteral("undo")}), 0);
    QCOMPARE(all(user), before);
}

void TestE2eChanges::aKilledImportIsRepeated()
{
    const CommandLine user;
    const QString file = user.writeFile(QStringLiteral("e.jsonl"), exported(6000));
    const auto importing =
        user.start(QStringList{QStringLiteral("entries"), QStringLiteral("import"), file} + store());
    const auto hasBegun = [&] {
        return !entries(user, {QStringLiteral("list"), QStringLiteral("--limit"), QStringLiteral("1")})
                    .out.startsWith("No entries");
    };
    QTRY_VERIFY_WITH_TIMEOUT(hasBegun() || importing->state() == QProcess::NotRunning, 30'000);
    importing->kill();
    importing->waitForFinished();
    const qsizetype part = all(user).size();
    QVERIFY(part > 0);
    const ProgramResult again = entries(user, {QStringLiteral("import"), file, QStringLiteral("--json")});
    LLMCACHE_VERIFY_EXIT(again, 0);
    QCOMPARE(again.json().at("kept"), Json(part));
    QCOMPARE(again.json().at("imported"), Json(6000 - part));
    QCOMPARE(all(user).size(), 6000);
}

void TestE2eChanges::aKilledUndoIsRepeated()
{
    const CommandLine user;
    const QString file = user.writeFile(QStringLiteral("e.jsonl"), exported(6000));
    LLMCACHE_VERIFY_EXIT(entries(user, {QStringLiteral("import"), file}), 0);
    const QByteArrayList before = all(user);
    LLMCACHE_VERIFY_EXIT(entries(user, {QStringLiteral("clear"), QStringLiteral("--yes")}), 0);
    QCOMPARE(all(user).size(), 0);
    const auto undoing = user.start(QStringList{QStringLiteral("entries"), QStringLiteral("undo")} + store());
    const auto hasBegun = [&] {
        return !entries(user, {QStringLiteral("list"), QStringLiteral("--limit"), QStringLiteral("1")})
                    .out.startsWith("No entries");
    };
    QTRY_VERIFY_WITH_TIMEOUT(hasBegun() || undoing->state() == QProcess::NotRunning, 30'000);
    undoing->kill();
    undoing->waitForFinished();
    // It may have been over already; then there is nothing left to take back.
    const ProgramResult again = entries(user, {QStringLiteral("undo")});
    QVERIFY2(again.exitCode == 0 || all(user).size() == 6000, again.describe().constData());
    QCOMPARE(all(user), before);
}

void TestE2eChanges::mistakesAreTold()
{
    const CommandLine user;
    LLMCACHE_VERIFY_EXIT(entries(user, {QStringLiteral("undo")}), 5);
    LLMCACHE_VERIFY_EXIT(entries(user, {QStringLiteral("pin")}), 2);
    LLMCACHE_VERIFY_EXIT(entries(user, {QStringLiteral("edit")}), 2);
    LLMCACHE_VERIFY_EXIT(
        entries(user, {QStringLiteral("tag"), QStringLiteral("--filter"), QStringLiteral("hits=0")}), 2);
    LLMCACHE_VERIFY_EXIT(entries(user,
                             {QStringLiteral("edit"), QStringLiteral("abcd"), QStringLiteral("--output"),
                                 QStringLiteral("x")}),
        5);
    LLMCACHE_VERIFY_EXIT(entries(user,
                             {QStringLiteral("expire"), QStringLiteral("--in"), QStringLiteral("-1"),
                                 QStringLiteral("--filter"), QStringLiteral("hits=0")}),
        2);
}

LLMCACHE_TEST_MAIN(TestE2eChanges)
#include "tst_e2e_changes.moc"
