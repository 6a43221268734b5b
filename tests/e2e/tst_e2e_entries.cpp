// What the program does with stored entries, in both stores. Needs redis-server, no Node.js.
#include "commandline.h"
#include "redisserver.h"
#include "testenvironment.h"

#include <QFile>
#include <QTest>

using namespace llmcache::test;
using llmcache::Json;

namespace {

const QByteArray textAgentFile = R"({"name": "talker", "model": "test:small", "task": "talk"})";

const QByteArray longAgentFile = R"({"name": "longwinded", "model": "test:small"})";

} // namespace

class TestE2eEntries : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void entriesAreListedShownAndDeleted_data();
    void entriesAreListedShownAndDeleted();
    void entriesAreFilteredAndSorted_data();
    void entriesAreFilteredAndSorted();
    void filteredEntriesAreDeleted();
    void changesAreWatched_data();
    void changesAreWatched();
    void entriesMoveBetweenStores();
    void importsAreCheckedFirst();
    void textsAreIndexed();

private:
    void addStores();
    /// Runs a prompt of each of these agents and gives the fingerprints.
    static QStringList fill(const CommandLine& user, const QStringList& agents, const QStringList& store);
    /// Options that select the store of the current data row.
    QStringList storeArguments() const;

    RedisServer m_redis{{QStringLiteral("--notify-keyspace-events"), QStringLiteral("KA")}};
};

void TestE2eEntries::initTestCase()
{
    if (!RedisServer::isInstalled())
        QSKIP(qUtf8Printable(RedisServer::missingText()));
    QVERIFY2(m_redis.start(), qUtf8Printable(m_redis.log()));
}

void TestE2eEntries::addStores()
{
    QTest::addColumn<bool>("redis");
    QTest::newRow("embedded file") << false;
    QTest::newRow("Redis") << true;
}

QStringList TestE2eEntries::storeArguments() const
{
    QFETCH(bool, redis);
    if (!redis)
        return {};
    // The server is shared by all tests of this file; a workspace keeps each to itself.
    return {QStringLiteral("--store"), m_redis.url(), QStringLiteral("--workspace"),
        QString::fromLatin1(QTest::currentTestFunction())};
}

QStringList TestE2eEntries::fill(const CommandLine& user, const QStringList& agents, const QStringList& store)
{
    QStringList fingerprints;
    for (const QString& name : agents) {
        const QByteArray text =
            R"({"name": ")" + name.toUtf8() + R"(", "model": "test:)" + name.toUtf8() + R"("})";
        const ProgramResult ran = user.run(
            QStringList{QStringLiteral("run"), QStringLiteral("--agent"),
                user.writeFile(name + QStringLiteral(".agent.json"), text), QStringLiteral("--prompt"),
                QStringLiteral("question of ") + name, QStringLiteral("--json")}
            + store);
        fingerprints.append(QString::fromStdString(ran.json().value("fingerprint", "")));
    }
    return fingerprints;
}

void TestE2eEntries::entriesAreListedShownAndDeleted_data()
{
    addStores();
}

void TestE2eEntries::entriesAreListedShownAndDeleted()
{
    const CommandLine user;
    const QString agent = user.writeFile(QStringLiteral("a.agent.json"), textAgentFile);
    const QStringList store = storeArguments();
    const QStringList run =
        QStringList{QStringLiteral("run"), QStringLiteral("--agent"), agent, QStringLiteral("--prompt"),
            QStringLiteral("keep this"), QStringLiteral("--json")}
        + store;
    const ProgramResult ran = user.run(run);
    LLMCACHE_VERIFY_EXIT(ran, 0);
    const QString fingerprint = QString::fromStdString(ran.json().at("fingerprint").get<std::string>());

    const QStringList list =
        QStringList{QStringLiteral("entries"), QStringLiteral("list"), QStringLiteral("--json")} + store;
    const ProgramResult listed = user.run(list);
    LLMCACHE_VERIFY_EXIT(listed, 0);
    QCOMPARE(listed.jsonLines().size(), std::size_t(1));
    QCOMPARE(listed.jsonLines().front().at("fingerprint"), ran.json().at("fingerprint"));
    QCOMPARE(listed.jsonLines().front().at("model"), Json("test:small"));

    const ProgramResult shown = user.run(
        QStringList{QStringLiteral("entries"), QStringLiteral("show"), fingerprint, QStringLiteral("--json")}
        + store);
    LLMCACHE_VERIFY_EXIT(shown, 0);
    QVERIFY2(shown.out.contains("keep this"), shown.describe().constData());

    LLMCACHE_VERIFY_EXIT(user.run(QStringList{QStringLiteral("entries"), QStringLiteral("delete"),
                                      fingerprint.left(12), QStringLiteral("--yes")}
                             + store),
        0);
    QCOMPARE(user.run(list).jsonLines().size(), std::size_t(0));
    QCOMPARE(user.run(run).json().at("cached"), Json(false));
}

void TestE2eEntries::entriesAreFilteredAndSorted_data()
{
    addStores();
}

void TestE2eEntries::entriesAreFilteredAndSorted()
{
    const CommandLine user;
    const QStringList store = storeArguments();
    fill(user,
        {QStringLiteral("router"), QStringLiteral("writer"), QStringLiteral("reader"),
            QStringLiteral("writer")},
        store);
    const auto agents = [&](const QStringList& words) {
        const ProgramResult listed =
            user.run(QStringList{QStringLiteral("entries"), QStringLiteral("list"), QStringLiteral("--json")}
                + words + store);
        QStringList names;
        for (const Json& row : listed.jsonLines())
            names.append(QString::fromStdString(row.value("agent", "")));
        return names;
    };
    QCOMPARE(agents({}),
        (QStringList{QStringLiteral("reader"), QStringLiteral("writer"), QStringLiteral("router")}));
    QCOMPARE(agents({QStringLiteral("model:writer")}), QStringList{QStringLiteral("writer")});
    QCOMPARE(agents({QStringLiteral("question -agent:writer")}),
        (QStringList{QStringLiteral("reader"), QStringLiteral("router")}));
    QCOMPARE(agents({QStringLiteral("--sort"), QStringLiteral("hits")}).front(), QStringLiteral("writer"));
    QCOMPARE(agents({QStringLiteral("hits=1")}), QStringList{QStringLiteral("writer")});
    const auto list = [&](const QString& word) {
        return user.run(QStringList{QStringLiteral("entries"), QStringLiteral("list"), word} + store);
    };
    // What stands beyond the excerpts.
    const QString longPrompt = QString(300, QLatin1Char('.')) + QStringLiteral("\nin the very middle");
    LLMCACHE_VERIFY_EXIT(user.run(QStringList{QStringLiteral("run"), QStringLiteral("--agent"),
                                      user.writeFile(QStringLiteral("long.agent.json"), longAgentFile),
                                      QStringLiteral("--prompt"), longPrompt}
                             + store),
        0);
    QCOMPARE(agents({QStringLiteral("very middle")}), QStringList());
    QCOMPARE(agents({QStringLiteral("text:\"the very middle\"")}), QStringList{QStringLiteral("longwinded")});
    QCOMPARE(agents({QStringLiteral("text:question -agent:writer")}),
        (QStringList{QStringLiteral("reader"), QStringLiteral("router")}));
    QVERIFY(list(QStringLiteral("agent:nobody")).out.contains("passes the filter"));
    const ProgramResult wrong = list(QStringLiteral("agent:a cost>much"));
    LLMCACHE_VERIFY_EXIT(wrong, 2);
    QVERIFY2(wrong.err.contains("much"), wrong.describe().constData());
    LLMCACHE_VERIFY_EXIT(list(QStringLiteral("--sort=beauty")), 2);
}

void TestE2eEntries::filteredEntriesAreDeleted()
{
    const CommandLine user;
    fill(user, {QStringLiteral("router"), QStringLiteral("writer"), QStringLiteral("reader")}, {});
    const auto remove = [&user](const QStringList& words) {
        return user.run(
            QStringList{QStringLiteral("entries"), QStringLiteral("delete"), QStringLiteral("--json")}
            + words);
    };
    const QStringList some{QStringLiteral("--filter"), QStringLiteral("agent:writer OR agent:reader")};
    const ProgramResult looked = remove(some + QStringList{QStringLiteral("--dry-run")});
    LLMCACHE_VERIFY_EXIT(looked, 0);
    QCOMPARE(looked.json().at("entries"), Json(2));
    QCOMPARE(remove({QStringLiteral("--dry-run"), QStringLiteral("--filter"),
                        QStringLiteral("text:\"question of w\"")})
                 .json()
                 .at("entries"),
        Json(1));
    QVERIFY(looked.json().at("bytes").get<qint64>() > 0);
    QVERIFY(looked.json().at("refill_usd") != Json("0"));
    LLMCACHE_VERIFY_EXIT(remove(some), 8); // nobody there to confirm
    const ProgramResult removed = remove(some + QStringList{QStringLiteral("--yes")});
    LLMCACHE_VERIFY_EXIT(removed, 0);
    QCOMPARE(removed.json().at("deleted"), Json(2));
    const ProgramResult left =
        user.run({QStringLiteral("entries"), QStringLiteral("list"), QStringLiteral("--json")});
    QCOMPARE(left.jsonLines().size(), std::size_t(1));
    QCOMPARE(left.jsonLines().front().at("agent"), Json("router"));
    // Neither everything by mistake, nor half of what was meant.
    LLMCACHE_VERIFY_EXIT(remove({QStringLiteral("--filter"), QString(), QStringLiteral("--yes")}), 2);
    LLMCACHE_VERIFY_EXIT(remove(some + QStringList{QStringLiteral("abcd"), QStringLiteral("--yes")}), 2);
    LLMCACHE_VERIFY_EXIT(remove({QStringLiteral("--yes")}), 2);
}

void TestE2eEntries::changesAreWatched_data()
{
    addStores();
}

void TestE2eEntries::changesAreWatched()
{
    const CommandLine user;
    const QStringList store = storeArguments();
    const QString before = fill(user, {QStringLiteral("old")}, store).front();
    const auto watch = user.start(QStringList{QStringLiteral("entries"), QStringLiteral("watch"),
                                      QStringLiteral("agent:new OR agent:old"), QStringLiteral("--json")}
        + store);
    QByteArray said;
    const auto isWatching = [&] {
        watch->waitForReadyRead(100);
        said += watch->readAllStandardError();
        return said.contains("Watching");
    };
    QTRY_VERIFY_WITH_TIMEOUT(isWatching(), 20'000);
    QByteArray out;
    const auto hears = [&](const QString& fingerprint, const char* event) {
        watch->waitForReadyRead(100);
        out += watch->readAllStandardOutput();
        for (const QByteArray& line : out.split('\n')) {
            if (line.contains(fingerprint.toUtf8()) && line.contains(event))
                return true;
        }
        return false;
    };
    const QStringList fresh = fill(user, {QStringLiteral("new"), QStringLiteral("other")}, store);
    QTRY_VERIFY_WITH_TIMEOUT(hears(fresh[0], R"("event":"stored")"), 20'000);
    const auto entries = [&](const QStringList& words) {
        return user.run(QStringList{QStringLiteral("entries")} + words + store);
    };
    LLMCACHE_VERIFY_EXIT(entries({QStringLiteral("pin"), before}), 0);
    QTRY_VERIFY_WITH_TIMEOUT(hears(before, R"("event":"changed")"), 20'000);
    LLMCACHE_VERIFY_EXIT(entries({QStringLiteral("delete"), fresh[0], fresh[1], QStringLiteral("--yes")}), 0);
    QTRY_VERIFY_WITH_TIMEOUT(hears(fresh[0], R"("event":"gone")"), 20'000);
    QVERIFY2(!out.contains(fresh[1].toUtf8()), "it does not pass the filter");
    watch->terminate(); // SIGTERM, as Ctrl+C
    const ProgramResult result = CommandLine::finish(*watch);
    LLMCACHE_VERIFY_EXIT(result, 0);
}

void TestE2eEntries::entriesMoveBetweenStores()
{
    const CommandLine user;
    const QStringList redis{
        QStringLiteral("--store"), m_redis.url(), QStringLiteral("--workspace"), QStringLiteral("moved")};
    const QStringList agents{QStringLiteral("router"), QStringLiteral("writer")};
    const QStringList fingerprints = fill(user, agents, {});
    const QString file = user.home() + QStringLiteral("/entries.jsonl");
    const auto entries = [&user](const QStringList& words, const QByteArray& input = {}) {
        return user.run(QStringList{QStringLiteral("entries")} + words, input);
    };
    LLMCACHE_VERIFY_EXIT(entries({QStringLiteral("export"), file}), 0);
    QCOMPARE(QFile::permissions(file) & (QFile::ReadGroup | QFile::ReadOther), QFile::Permissions());

    const QStringList import = QStringList{QStringLiteral("import"), file, QStringLiteral("--json")} + redis;
    const ProgramResult looked = entries(import + QStringList{QStringLiteral("--dry-run")});
    QCOMPARE(looked.json().at("imported"), Json(2));
    QCOMPARE(entries(import).json().at("imported"), Json(2));
    QCOMPARE(entries(import).json().at("kept"), Json(2)); // again: they are there
    QCOMPARE(entries(import + QStringList{QStringLiteral("--on-conflict=newer")}).json().at("kept"), Json(2));
    QCOMPARE(
        entries(import + QStringList{QStringLiteral("--on-conflict=replace")}).json().at("kept"), Json(2));
    // An edit here gives way to the file when told so, and comes back when told so.
    LLMCACHE_VERIFY_EXIT(entries(QStringList{QStringLiteral("edit"), fingerprints.front(),
                                     QStringLiteral("--output"), QStringLiteral("-")}
                                 + redis,
                             "mine"),
        0);
    const ProgramResult replaced = entries(import + QStringList{QStringLiteral("--on-conflict=replace")});
    QCOMPARE(replaced.json().at("replaced"), Json(1));
    const auto answer = [&] {
        return entries(
            QStringList{QStringLiteral("show"), fingerprints.front(), QStringLiteral("--json")} + redis)
            .out.contains("mine");
    };
    QVERIFY(!answer());
    LLMCACHE_VERIFY_EXIT(entries(QStringList{QStringLiteral("undo")} + redis), 0);
    QVERIFY(answer());
    LLMCACHE_VERIFY_EXIT(entries(import + QStringList{QStringLiteral("--on-conflict=replace")}), 0);
    LLMCACHE_VERIFY_EXIT(entries(import + QStringList{QStringLiteral("--on-conflict=guess")}), 2);

    // What was paid for there is a hit here, and the same in every detail.
    const ProgramResult here =
        entries(QStringList{QStringLiteral("show"), fingerprints.front(), QStringLiteral("--json")} + redis);
    const ProgramResult there =
        entries({QStringLiteral("show"), fingerprints.front(), QStringLiteral("--json")});
    for (const char* part : {"request", "response", "cost", "created_ms"})
        QCOMPARE(here.json().value(part, Json()), there.json().value(part, Json()));
    // To the millisecond, which only the copy is asked for: a row is as exact as the clocks.
    const auto exported = [&entries](const QStringList& store) {
        return entries(QStringList{QStringLiteral("export"), QStringLiteral("-"), QStringLiteral("--filter"),
                           QStringLiteral("agent:router")}
            + store)
            .jsonLines()
            .front();
    };
    QCOMPARE(exported(redis).at("expires_ms"), exported({}).at("expires_ms"));
    const ProgramResult again =
        user.run(QStringList{QStringLiteral("run"), QStringLiteral("--agent"),
                     user.home() + QStringLiteral("/router.agent.json"), QStringLiteral("--prompt"),
                     QStringLiteral("question of router"), QStringLiteral("--cache"), QStringLiteral("only")}
            + redis);
    LLMCACHE_VERIFY_EXIT(again, 0);

    // By way of pipes.
    const ProgramResult piped = entries({QStringLiteral("export"), QStringLiteral("-"),
        QStringLiteral("--filter"), QStringLiteral("agent:writer")});
    LLMCACHE_VERIFY_EXIT(piped, 0);
    QCOMPARE(piped.jsonLines().size(), std::size_t(1));
    QCOMPARE(entries({QStringLiteral("import"), QStringLiteral("-"), QStringLiteral("--workspace"),
                         QStringLiteral("piped"), QStringLiteral("--json")},
                 piped.out)
                 .json()
                 .at("imported"),
        Json(1));
}

void TestE2eEntries::importsAreCheckedFirst()
{
    const CommandLine user;
    fill(user, {QStringLiteral("router"), QStringLiteral("writer")}, {});
    const ProgramResult exported =
        user.run({QStringLiteral("entries"), QStringLiteral("export"), QStringLiteral("-")});
    const QList<QByteArray> lines = exported.out.trimmed().split('\n');
    QCOMPARE(lines.size(), 2);
    QByteArray tampered = lines.at(1);
    tampered.replace("question of", "question off");
    Json expired = Json::parse(lines.at(1).toStdString());
    expired["expires_ms"] = 1000;
    const QString file = user.writeFile(QStringLiteral("mixed.jsonl"),
        lines.at(0) + "\n\n{broken\n" + tampered + '\n' + llmcache::toJsonText(expired) + '\n');
    const auto import = [&](const char* option) {
        return user.run({QStringLiteral("entries"), QStringLiteral("import"), file, QStringLiteral("--json"),
            QStringLiteral("--workspace"), QStringLiteral("other"), QLatin1String(option)});
    };
    const ProgramResult strict = import("--strict");
    LLMCACHE_VERIFY_EXIT(strict, 3);
    QVERIFY2(strict.err.contains("line 3") && strict.err.contains("line 4"), strict.describe().constData());
    QVERIFY(user.run({QStringLiteral("entries"), QStringLiteral("list"), QStringLiteral("--workspace"),
                         QStringLiteral("other")})
                .out.contains("No entries"));
    const ProgramResult lenient = import("--on-conflict=skip");
    LLMCACHE_VERIFY_EXIT(lenient, 0);
    QCOMPARE(lenient.json(),
        (Json{{"imported", 1}, {"replaced", 0}, {"kept", 0}, {"expired", 1}, {"malformed", 2},
            {"problem", nullptr}, {"undo_forgotten", 0}, {"undo", nullptr}}));
    LLMCACHE_VERIFY_EXIT(
        user.run({QStringLiteral("entries"), QStringLiteral("import"), QStringLiteral("/nowhere")}), 3);
}

void TestE2eEntries::textsAreIndexed()
{
    const CommandLine user;
    const QStringList fingerprints = fill(user, {QStringLiteral("router"), QStringLiteral("writer")}, {});
    const auto entries = [&user](const QStringList& words) {
        return user.run(QStringList{QStringLiteral("entries")} + words);
    };
    const QStringList search = {
        QStringLiteral("list"), QStringLiteral("text:\"question of writer\""), QStringLiteral("--json")};
    const QByteArray before = entries(search).out;
    LLMCACHE_VERIFY_EXIT(entries({QStringLiteral("index")}), 0);
    QVERIFY(entries({QStringLiteral("index")}).out.contains("All texts are indexed."));
    const ProgramResult found = entries(search);
    QCOMPARE(found.jsonLines().size(), std::size_t(1));
    QCOMPARE(found.jsonLines().front().at("fingerprint"), Json(fingerprints.at(1).toStdString()));
    QCOMPARE(found.out, before);
    const ProgramResult redis = entries({QStringLiteral("index"), QStringLiteral("--store"), m_redis.url()});
    LLMCACHE_VERIFY_EXIT(redis, 2);
    QVERIFY2(redis.err.contains("has no index of texts"), redis.describe().constData());
    const QString file = QStringLiteral("sqlite://") + user.home() + QStringLiteral("/other.sqlite");
    LLMCACHE_VERIFY_EXIT(
        entries({QStringLiteral("list"), QStringLiteral("--store"), file + QStringLiteral("?index=off")}), 0);
    const ProgramResult unknown =
        entries({QStringLiteral("list"), QStringLiteral("--store"), file + QStringLiteral("?indx=off")});
    LLMCACHE_VERIFY_EXIT(unknown, 3);
    QVERIFY2(unknown.err.contains("\"indx=off\" in the store URL"), unknown.describe().constData());
}

LLMCACHE_TEST_MAIN(TestE2eEntries)
#include "tst_e2e_entries.moc"
