#include "pythonside.h"
#include "redisserver.h"
#include "testenvironment.h"

#include <QFile>

using namespace llmcache;
using namespace llmcache::test;

namespace {

const QStringList caseNames{u"text"_qs, u"dict"_qs, u"list"_qs, u"models"_qs, u"greeting"_qs, u"order"_qs};

} // namespace

/// Entries that one side writes are hits on the other, with equal values.
class TestInteropEntries : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void init();
    void pythonEntriesAreHitsHere();
    void pythonEntriesAreListedAndShown();
    void whatWasRunHereIsKnown();
    void theyAreDeletedAndComeBack();
    void theirExpiryIsChanged();
    void clearLeavesThemAlone();
    void theyGoThroughAFile();
    void editsLoadInPython();

private:
    ProgramResult run(const QStringList& arguments) const
    {
        return m_user->run(QStringList{u"--store"_qs, m_redis.url()} + arguments);
    }
    ProgramResult runCase(const QString& name, const QStringList& more = {}) const
    {
        return run(QStringList{u"run"_qs, u"--agent"_qs, m_user->home() + u"/"_qs + name + u".agent.json"_qs,
                       u"--prompt"_qs, u"prompt of "_qs + name, u"--json"_qs}
            + more);
    }
    std::vector<Json> writeAll();
    std::vector<Json> listed(const QString& filter = u"is:python"_qs) const
    {
        return run({u"entries"_qs, u"list"_qs, filter, u"--json"_qs}).jsonLines();
    }

    RedisServer m_redis;
    std::unique_ptr<CommandLine> m_user;
};

void TestInteropEntries::initTestCase()
{
    LLMCACHE_NEED_PYTHON();
    if (!RedisServer::isInstalled())
        QSKIP(qUtf8Printable(RedisServer::missingText()));
    QVERIFY2(m_redis.start(), qUtf8Printable(m_redis.log()));
}

void TestInteropEntries::init()
{
    m_user = std::make_unique<CommandLine>();
    const ProgramResult agents = PythonSide::run(u"cache.py"_qs, {u"agents"_qs, m_redis.url()});
    LLMCACHE_VERIFY_EXIT(agents, 0);
    for (const Json& agent : agents.jsonLines())
        m_user->writeFile(stringMember(agent, "name") + u".agent.json"_qs, toJsonText(agent));
}

std::vector<Json> TestInteropEntries::writeAll()
{
    const ProgramResult written = PythonSide::run(u"cache.py"_qs, {u"write"_qs, m_redis.url()});
    if (written.exitCode != 0)
        qWarning("%s", written.describe().constData());
    return written.jsonLines();
}

void TestInteropEntries::pythonEntriesAreHitsHere()
{
    const std::vector<Json> written = writeAll();
    QCOMPARE(written.size(), std::size_t(caseNames.size()));
    for (const Json& one : written) {
        QCOMPARE(one["calls"], Json(1));
        const ProgramResult hit = runCase(stringMember(one, "case"), {u"--cache"_qs, u"only"_qs});
        LLMCACHE_VERIFY_EXIT(hit, 0);
        const Json result = hit.json();
        QCOMPARE(result["output"], one["output"]);
        QCOMPARE(result["outcome"], Json("hit"));
        QCOMPARE(result["source"], Json("python"));
        QCOMPARE(result["cost_usd"], Json("0"));
        QVERIFY(!result["avoided_cost_usd"].is_null());
    }
    // Without the Python entry there is nothing.
    const ProgramResult missed = run({u"run"_qs, u"--agent"_qs, m_user->home() + u"/text.agent.json"_qs,
        u"--prompt"_qs, u"another prompt"_qs, u"--cache"_qs, u"only"_qs});
    LLMCACHE_VERIFY_EXIT(missed, 5);
}

void TestInteropEntries::pythonEntriesAreListedAndShown()
{
    const std::vector<Json> written = writeAll();
    const std::vector<Json> rows = listed();
    QCOMPARE(rows.size(), written.size());
    for (const Json& row : rows) {
        QCOMPARE(row["python"], Json(true));
        QCOMPARE(row["model"], Json("gpt-4o-mini"));
        const auto same = std::find_if(written.begin(), written.end(),
            [&row](const Json& one) { return one["key"] == row["fingerprint"]; });
        QVERIFY2(same != written.end(), toJsonText(row).constData());
        const ProgramResult shown =
            run({u"entries"_qs, u"show"_qs, stringMember(row, "fingerprint"), u"--json"_qs});
        LLMCACHE_VERIFY_EXIT(shown, 0);
        const Json entry = shown.json();
        QCOMPARE(entry["response"]["output"], (*same)["output"]);
        QVERIFY2(toJsonText(entry["pickle"]).contains("pyai_caching.agent.CachedResult"),
            shown.describe().constData());
    }
    QCOMPARE(listed(u"model:gpt-4o-mini Hallo"_qs).size(), std::size_t(1));
    QCOMPARE(listed(u"text:\"Zeile zwei\""_qs).size(), std::size_t(1));
    QCOMPARE(listed(u"-is:python"_qs).size(), std::size_t(0));
    // In every workspace of the database.
    const ProgramResult elsewhere =
        run({u"--workspace"_qs, u"other"_qs, u"entries"_qs, u"list"_qs, u"--json"_qs});
    QCOMPARE(elsewhere.jsonLines().size(), written.size());
}

void TestInteropEntries::whatWasRunHereIsKnown()
{
    const std::vector<Json> written = writeAll();
    QCOMPARE(listed(u"agent:order"_qs).size(), std::size_t(0));
    const ProgramResult hit = runCase(u"order"_qs);
    LLMCACHE_VERIFY_EXIT(hit, 0);
    QCOMPARE(hit.json()["source"], Json("python"));
    const std::vector<Json> rows = listed(u"agent:order"_qs);
    QCOMPARE(rows.size(), std::size_t(1));
    QCOMPARE(rows.front()["fingerprint"], written.back()["key"]);
    QCOMPARE(rows.front()["prompt_excerpt"], Json("prompt of order"));
    QCOMPARE(rows.front()["python"], Json(true));
    const ProgramResult shown =
        run({u"entries"_qs, u"show"_qs, stringMember(rows.front(), "fingerprint"), u"--json"_qs});
    LLMCACHE_VERIFY_EXIT(shown, 0);
    QCOMPARE(shown.json()["request"]["prompt"], Json("prompt of order"));
    // Of the others nobody knows.
    QCOMPARE(listed().size(), written.size());
    const ProgramResult other =
        run({u"entries"_qs, u"show"_qs, stringMember(written.front(), "key"), u"--json"_qs});
    QVERIFY(other.json()["request"].is_null());
}

void TestInteropEntries::theyAreDeletedAndComeBack()
{
    writeAll();
    LLMCACHE_VERIFY_EXIT(run({u"entries"_qs, u"delete"_qs, u"--filter"_qs, u"is:python"_qs, u"--yes"_qs}), 0);
    QCOMPARE(listed().size(), std::size_t(0));
    LLMCACHE_VERIFY_EXIT(run({u"entries"_qs, u"undo"_qs}), 0);
    const ProgramResult read =
        PythonSide::run(u"cache.py"_qs, QStringList{u"read"_qs, m_redis.url()} + caseNames);
    LLMCACHE_VERIFY_EXIT(read, 0);
    for (const Json& one : read.jsonLines()) {
        QCOMPARE(one["calls"], Json(0));
        QCOMPARE(one["equal"], Json(true));
    }
}

void TestInteropEntries::theirExpiryIsChanged()
{
    const std::vector<Json> written = writeAll();
    const QString key = stringMember(written.front(), "key");
    LLMCACHE_VERIFY_EXIT(run({u"entries"_qs, u"expire"_qs, key, u"--in"_qs, u"60"_qs}), 0);
    QCOMPARE(listed(u"ttl<=60s"_qs).size(), std::size_t(1));
    LLMCACHE_VERIFY_EXIT(run({u"entries"_qs, u"undo"_qs}), 0);
    QCOMPARE(listed(u"ttl<=60s"_qs).size(), std::size_t(0));
    LLMCACHE_VERIFY_EXIT(run({u"entries"_qs, u"persist"_qs, key}), 0);
    const std::vector<Json> rows = listed();
    QCOMPARE(
        std::count_if(rows.begin(), rows.end(), [](const Json& row) { return row["expires_ms"].is_null(); }),
        1);
}

void TestInteropEntries::clearLeavesThemAlone()
{
    const std::vector<Json> written = writeAll();
    m_user->writeFile(u"own.agent.json"_qs, R"({"name": "own", "model": "test:small"})");
    LLMCACHE_VERIFY_EXIT(runCase(u"own"_qs), 0);
    QCOMPARE(listed(QString()).size(), written.size() + 1);
    LLMCACHE_VERIFY_EXIT(run({u"entries"_qs, u"clear"_qs, u"--yes"_qs}), 0);
    QCOMPARE(listed(QString()).size(), written.size());
    LLMCACHE_VERIFY_EXIT(run({u"entries"_qs, u"clear"_qs, u"--python"_qs, u"--yes"_qs}), 0);
    QCOMPARE(listed(QString()).size(), std::size_t(0));
}

void TestInteropEntries::theyGoThroughAFile()
{
    const std::vector<Json> written = writeAll();
    const QString file = m_user->home() + u"/entries.jsonl"_qs;
    LLMCACHE_VERIFY_EXIT(run({u"entries"_qs, u"export"_qs, file}), 0);
    LLMCACHE_VERIFY_EXIT(run({u"entries"_qs, u"clear"_qs, u"--python"_qs, u"--yes"_qs}), 0);
    LLMCACHE_VERIFY_EXIT(run({u"entries"_qs, u"import"_qs, file}), 0);
    QCOMPARE(listed().size(), written.size());
    const ProgramResult read = PythonSide::run(u"cache.py"_qs, {u"read"_qs, m_redis.url(), u"order"_qs});
    LLMCACHE_VERIFY_EXIT(read, 0);
    QCOMPARE(read.jsonLines().front()["equal"], Json(true));
    // The embedded file is no store for Python.
    const ProgramResult refused = m_user->run({u"entries"_qs, u"import"_qs, file, u"--json"_qs});
    QVERIFY2(refused.err.contains("Redis only"), refused.describe().constData());
}

void TestInteropEntries::editsLoadInPython()
{
    const std::vector<Json> written = writeAll();
    const auto keyOf = [&written](const char* name) {
        const auto found = std::find_if(
            written.begin(), written.end(), [name](const Json& one) { return one["case"] == name; });
        return stringMember(*found, "key");
    };
    Json order = written.back()["output"];
    QCOMPARE(written.back()["case"], Json("order"));
    order["mood"] = "bad";
    order["placed"] = "2027-01-02T03:04:05Z";
    order["lines"][0]["price"] = "99.95";
    order["lines"][1]["count"] = 7;
    order["notes"]["it's"] = "ünïcode";
    order["rating"] = 0.75;
    const auto edit = [this](const QString& key, const QByteArray& output) {
        return run({u"entries"_qs, u"edit"_qs, key, u"--output"_qs, QString::fromUtf8(output)});
    };
    LLMCACHE_VERIFY_EXIT(edit(keyOf("order"), toJsonText(order)), 0);
    LLMCACHE_VERIFY_EXIT(edit(keyOf("text"), "another text"), 0);
    const ProgramResult read =
        PythonSide::run(u"cache.py"_qs, {u"read"_qs, m_redis.url(), u"order"_qs, u"text"_qs});
    LLMCACHE_VERIFY_EXIT(read, 0);
    const std::vector<Json> loaded = read.jsonLines();
    QCOMPARE(loaded.size(), std::size_t(2));
    for (const Json& one : loaded) {
        QCOMPARE(one["calls"], Json(0));
        QCOMPARE(one["same_class"], Json(true));
    }
    QCOMPARE(loaded[0]["output"], order);
    QCOMPARE(loaded[1]["output"], Json("another text"));
    // What can't be had is refused, and nothing is saved.
    order["lines"].push_back(order["lines"][0]);
    const ProgramResult refused = edit(keyOf("order"), toJsonText(order));
    LLMCACHE_VERIFY_EXIT(refused, 3);
    QVERIFY2(refused.err.contains("/lines"), refused.describe().constData());
    LLMCACHE_VERIFY_EXIT(run({u"entries"_qs, u"undo"_qs}), 0);
    LLMCACHE_VERIFY_EXIT(run({u"entries"_qs, u"undo"_qs}), 0);
    const ProgramResult undone = PythonSide::run(u"cache.py"_qs, {u"read"_qs, m_redis.url(), u"order"_qs});
    QCOMPARE(undone.json()["equal"], Json(true));
}

LLMCACHE_TEST_MAIN(TestInteropEntries)
#include "tst_interop_entries.moc"
