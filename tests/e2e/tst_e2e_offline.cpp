// The program with the offline `test:` provider, against both stores. Needs redis-server, no Node.js.
#include "commandline.h"
#include "redisserver.h"
#include "testenvironment.h"

#include <QRegularExpression>
#include <QTest>

using namespace llmcache::test;
using llmcache::Json;

namespace {

const QByteArray agentFile = R"({
    "name": "greeter",
    "model": "test:small",
    "system_prompt": "You greet people.",
    "settings": {"temperature": 0.2, "max_tokens": 100, "extra_body": {"b": 1, "a": [1, 2]}},
    "output": {"name": "Greeting", "schema": {"type": "object",
        "properties": {"text": {"type": "string"}, "mood": {"type": "string"}}, "required": ["text", "mood"]}},
    "task": "greet"
})";

/// The same agent with every object's members in another order.
const QByteArray agentFileReordered = R"({
    "task": "greet",
    "output": {"schema": {"required": ["text", "mood"],
        "properties": {"text": {"type": "string"}, "mood": {"type": "string"}}, "type": "object"},
        "name": "Greeting"},
    "settings": {"extra_body": {"a": [1, 2], "b": 1}, "max_tokens": 100, "temperature": 0.2},
    "system_prompt": "You greet people.",
    "model": "test:small",
    "name": "greeter"
})";

const QByteArray textAgentFile = R"({"name": "talker", "model": "test:small", "task": "talk"})";

} // namespace

class TestE2eOffline : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void secondRunIsAHit_data();
    void secondRunIsAHit();
    void fingerprintIsTheSameEverywhere();
    void refreshPaysAgainAndReplaces();
    void bypassNeitherReadsNorStores();
    void onlyNeverPays();
    void workspacesAreApart();
    void environmentNamesTheStore();
    void promptComesFromStandardInput();
    void variablesFillTemplates();
    void historyIsPartOfTheRequest();
    void attachmentsArePartOfTheRequest();
    void missesAreExplained_data();
    void missesAreExplained();
    void savedAgentRunsByName();
    void costsAddUp();
    void pricesAreSetAndUnset();
    void priceTablesAreImported();

private:
    void addStores();
    /// Options that select the store of the current data row.
    QStringList storeArguments() const;

    RedisServer m_redis;
};

void TestE2eOffline::initTestCase()
{
    if (!RedisServer::isInstalled())
        QSKIP(qUtf8Printable(RedisServer::missingText()));
    QVERIFY2(m_redis.start(), qUtf8Printable(m_redis.log()));
}

void TestE2eOffline::addStores()
{
    QTest::addColumn<bool>("redis");
    QTest::newRow("embedded file") << false;
    QTest::newRow("Redis") << true;
}

QStringList TestE2eOffline::storeArguments() const
{
    QFETCH(bool, redis);
    if (!redis)
        return {};
    // The server is shared by all tests of this file; a workspace keeps each to itself.
    return {QStringLiteral("--store"), m_redis.url(), QStringLiteral("--workspace"),
        QString::fromLatin1(QTest::currentTestFunction())};
}

void TestE2eOffline::secondRunIsAHit_data()
{
    addStores();
}

void TestE2eOffline::secondRunIsAHit()
{
    const CommandLine user;
    const QStringList arguments =
        QStringList{QStringLiteral("run"), QStringLiteral("--agent"),
            user.writeFile(QStringLiteral("greeter.agent.json"), agentFile), QStringLiteral("--prompt"),
            QStringLiteral("hi"), QStringLiteral("--json")}
        + storeArguments();

    const ProgramResult first = user.run(arguments);
    LLMCACHE_VERIFY_EXIT(first, 0);
    const Json paid = first.json();
    QVERIFY2(paid.is_object(), first.describe().constData());
    QCOMPARE(paid.at("cached"), Json(false));
    QCOMPARE(paid.at("attempts"), Json(1));
    QCOMPARE(paid.at("model"), Json("test:small"));
    QCOMPARE(paid.at("task"), Json("greet"));
    QVERIFY(paid.at("usage").at("input_tokens").get<qint64>() > 0);
    QVERIFY(paid.at("usage").at("output_tokens").get<qint64>() > 0);
    QVERIFY(paid.at("cost_usd").is_string());
    QVERIFY(paid.at("cost_usd") != Json("0"));
    QVERIFY(paid.at("output").at("text").is_string());

    const ProgramResult second = user.run(arguments);
    LLMCACHE_VERIFY_EXIT(second, 0);
    const Json hit = second.json();
    QCOMPARE(hit.at("cached"), Json(true));
    QCOMPARE(hit.at("attempts"), Json(0));
    QCOMPARE(hit.at("cost_usd"), Json("0"));
    QCOMPARE(hit.at("avoided_cost_usd"), paid.at("cost_usd"));
    QCOMPARE(hit.at("output"), paid.at("output"));
    QCOMPARE(hit.at("fingerprint"), paid.at("fingerprint"));
    QCOMPARE(hit.at("usage"), paid.at("usage"));
}

void TestE2eOffline::fingerprintIsTheSameEverywhere()
{
    const auto fingerprintOf = [](const CommandLine& user, const QByteArray& agent,
                                   const QStringList& store) {
        const ProgramResult result =
            user.run(QStringList{QStringLiteral("run"), QStringLiteral("--agent"),
                         user.writeFile(QStringLiteral("a.agent.json"), agent), QStringLiteral("--prompt"),
                         QStringLiteral("Grüße, 你好"), QStringLiteral("--json")}
                + store);
        return result.exitCode == 0 ? result.json().value("fingerprint", std::string())
                                    : result.describe().toStdString();
    };
    const QStringList redis{QStringLiteral("--store"), m_redis.url(), QStringLiteral("--workspace"),
        QStringLiteral("fingerprints")};
    const CommandLine one;
    const CommandLine other;
    const std::string expected = fingerprintOf(one, agentFile, {});
    QCOMPARE(expected.size(), std::size_t(64));
    QCOMPARE(fingerprintOf(one, agentFileReordered, {}), expected);
    QCOMPARE(fingerprintOf(one, agentFile, redis), expected);
    QCOMPARE(fingerprintOf(other, agentFileReordered, redis), expected);
    QByteArray anotherAgent = agentFile;
    anotherAgent.replace("You greet people.", "You greet dogs.");
    QVERIFY(fingerprintOf(other, anotherAgent, redis) != expected);
}

void TestE2eOffline::refreshPaysAgainAndReplaces()
{
    const CommandLine user;
    const QString agent = user.writeFile(QStringLiteral("a.agent.json"), textAgentFile);
    const QStringList base{QStringLiteral("run"), QStringLiteral("--agent"), agent,
        QStringLiteral("--prompt"), QStringLiteral("refresh me"), QStringLiteral("--json")};
    LLMCACHE_VERIFY_EXIT(user.run(base), 0);
    const ProgramResult refreshed =
        user.run(base + QStringList{QStringLiteral("--cache"), QStringLiteral("refresh")});
    LLMCACHE_VERIFY_EXIT(refreshed, 0);
    QCOMPARE(refreshed.json().at("cached"), Json(false));
    QCOMPARE(refreshed.json().at("attempts"), Json(1));
    QCOMPARE(user.run(base).json().at("cached"), Json(true));
}

void TestE2eOffline::bypassNeitherReadsNorStores()
{
    const CommandLine user;
    const QString agent = user.writeFile(QStringLiteral("a.agent.json"), textAgentFile);
    const QStringList base{QStringLiteral("run"), QStringLiteral("--agent"), agent,
        QStringLiteral("--prompt"), QStringLiteral("leave no trace"), QStringLiteral("--json")};
    const QStringList bypass{QStringLiteral("--cache"), QStringLiteral("bypass")};
    LLMCACHE_VERIFY_EXIT(user.run(base + bypass), 0);
    QCOMPARE(user.run(base).json().at("cached"), Json(false));
    QCOMPARE(user.run(base + bypass).json().at("cached"), Json(false));
}

void TestE2eOffline::onlyNeverPays()
{
    const CommandLine user;
    const QString agent = user.writeFile(QStringLiteral("a.agent.json"), textAgentFile);
    const QStringList base{QStringLiteral("run"), QStringLiteral("--agent"), agent,
        QStringLiteral("--prompt"), QStringLiteral("cached or nothing"), QStringLiteral("--json")};
    const QStringList only{QStringLiteral("--cache"), QStringLiteral("only")};
    const ProgramResult miss = user.run(base + only);
    LLMCACHE_VERIFY_EXIT(miss, 5);
    QVERIFY2(miss.err.startsWith("llmcache: cache: "), miss.describe().constData());
    QVERIFY2(miss.out.isEmpty(), miss.describe().constData());
    LLMCACHE_VERIFY_EXIT(user.run(base), 0);
    const ProgramResult hit = user.run(base + only);
    LLMCACHE_VERIFY_EXIT(hit, 0);
    QCOMPARE(hit.json().at("cached"), Json(true));
}

void TestE2eOffline::workspacesAreApart()
{
    const CommandLine user;
    const QString agent = user.writeFile(QStringLiteral("a.agent.json"), textAgentFile);
    const QStringList base{QStringLiteral("run"), QStringLiteral("--agent"), agent,
        QStringLiteral("--prompt"), QStringLiteral("whose is it"), QStringLiteral("--json"),
        QStringLiteral("--workspace")};
    QCOMPARE(user.run(base + QStringList{QStringLiteral("red")}).json().at("cached"), Json(false));
    QCOMPARE(user.run(base + QStringList{QStringLiteral("blue")}).json().at("cached"), Json(false));
    QCOMPARE(user.run(base + QStringList{QStringLiteral("red")}).json().at("cached"), Json(true));
}

void TestE2eOffline::environmentNamesTheStore()
{
    CommandLine first;
    CommandLine second;
    const QStringList arguments{QStringLiteral("run"), QStringLiteral("--agent"),
        first.writeFile(QStringLiteral("a.agent.json"), textAgentFile), QStringLiteral("--prompt"),
        QStringLiteral("shared by the team"), QStringLiteral("--json")};
    for (CommandLine* user : {&first, &second})
        user->setVariable(QStringLiteral("LLM_CACHE_REDIS_URL"), m_redis.url());
    QCOMPARE(first.run(arguments).json().at("cached"), Json(false));
    QCOMPARE(second.run(arguments).json().at("cached"), Json(true));
    // --store wins over the environment.
    const QStringList ownFile{
        QStringLiteral("--store"), QStringLiteral("sqlite://%1/own.sqlite").arg(second.home())};
    const ProgramResult own = second.run(arguments + ownFile);
    LLMCACHE_VERIFY_EXIT(own, 0);
    QCOMPARE(own.json().at("cached"), Json(false));
}

void TestE2eOffline::promptComesFromStandardInput()
{
    const CommandLine user;
    const QString agent = user.writeFile(QStringLiteral("a.agent.json"), textAgentFile);
    const QStringList arguments{QStringLiteral("run"), QStringLiteral("--agent"), agent,
        QStringLiteral("--json"), QStringLiteral("--prompt")};
    const ProgramResult piped = user.run(arguments + QStringList{QStringLiteral("-")}, "from a pipe");
    LLMCACHE_VERIFY_EXIT(piped, 0);
    const ProgramResult typed = user.run(arguments + QStringList{QStringLiteral("from a pipe")});
    LLMCACHE_VERIFY_EXIT(typed, 0);
    QCOMPARE(typed.json().at("fingerprint"), piped.json().at("fingerprint"));
    QCOMPARE(typed.json().at("cached"), Json(true));
}

void TestE2eOffline::variablesFillTemplates()
{
    const CommandLine user;
    const QString agent = user.writeFile(QStringLiteral("a.agent.json"), textAgentFile);
    const QStringList base{QStringLiteral("run"), QStringLiteral("--agent"), agent, QStringLiteral("--json"),
        QStringLiteral("--prompt")};
    const ProgramResult filled = user.run(base
        + QStringList{QStringLiteral("Hello {{name}}"), QStringLiteral("--var"), QStringLiteral("name=Ada")});
    LLMCACHE_VERIFY_EXIT(filled, 0);
    const ProgramResult written = user.run(base + QStringList{QStringLiteral("Hello Ada")});
    LLMCACHE_VERIFY_EXIT(written, 0);
    QCOMPARE(filled.json().at("fingerprint"), written.json().at("fingerprint"));
}

void TestE2eOffline::historyIsPartOfTheRequest()
{
    const CommandLine user;
    const QString agent = user.writeFile(QStringLiteral("a.agent.json"), textAgentFile);
    const QString history = user.writeFile(QStringLiteral("history.json"),
        R"([{"role": "user", "content": "My name is Ada."}, {"role": "assistant", "content": "Hello Ada."}])");
    const QStringList base{QStringLiteral("run"), QStringLiteral("--agent"), agent, QStringLiteral("--json"),
        QStringLiteral("--prompt"), QStringLiteral("What is my name?")};
    const ProgramResult without = user.run(base);
    LLMCACHE_VERIFY_EXIT(without, 0);
    const ProgramResult with = user.run(base + QStringList{QStringLiteral("--history"), history});
    LLMCACHE_VERIFY_EXIT(with, 0);
    QCOMPARE(with.json().at("cached"), Json(false));
    QVERIFY(with.json().at("fingerprint") != without.json().at("fingerprint"));

    // The same conversation, as a Python program dumps it.
    const QString dumped = user.writeFile(QStringLiteral("dumped.json"),
        R"([{"kind": "request", "parts": [{"part_kind": "user-prompt", "content": "My name is Ada."}]},
            {"kind": "response", "parts": [{"part_kind": "text", "content": "Hello Ada."}]}])");
    const ProgramResult same = user.run(base + QStringList{QStringLiteral("--history"), dumped});
    LLMCACHE_VERIFY_EXIT(same, 0);
    QCOMPARE(same.json().at("cached"), Json(true));
}

void TestE2eOffline::attachmentsArePartOfTheRequest()
{
    const CommandLine user;
    const QString agent = user.writeFile(QStringLiteral("a.agent.json"), textAgentFile);
    const QString notes = user.writeFile(QStringLiteral("notes.txt"), "Ada was here.");
    const QStringList base{QStringLiteral("run"), QStringLiteral("--agent"), agent, QStringLiteral("--json"),
        QStringLiteral("--prompt"), QStringLiteral("Who was here?")};
    const QStringList attached{QStringLiteral("--attach"), notes, QStringLiteral("--attach"),
        QStringLiteral("https://example.com/a.png")};
    const ProgramResult without = user.run(base);
    LLMCACHE_VERIFY_EXIT(without, 0);
    const ProgramResult with = user.run(base + attached);
    LLMCACHE_VERIFY_EXIT(with, 0);
    QVERIFY(with.json().at("fingerprint") != without.json().at("fingerprint"));
    QCOMPARE(user.run(base + attached).json().at("cached"), Json(true));
    const ProgramResult missing =
        user.run(base + QStringList{QStringLiteral("--attach"), notes + QLatin1Char('x')});
    LLMCACHE_VERIFY_EXIT(missing, 3);
    QVERIFY2(missing.err.contains("notes.txtx"), missing.err.constData());
}

void TestE2eOffline::missesAreExplained_data()
{
    addStores();
}

void TestE2eOffline::missesAreExplained()
{
    const CommandLine user;
    const QString agent = user.writeFile(QStringLiteral("greeter.agent.json"), agentFile);
    const auto arguments = [&](const QString& command, const QStringList& more) {
        return QStringList{command, QStringLiteral("--agent"), agent, QStringLiteral("--json")} + more
            + storeArguments();
    };
    const QStringList prompt{QStringLiteral("--prompt"), QStringLiteral("hi")};
    const Json never = user.run(arguments(QStringLiteral("explain"), prompt)).json();
    QCOMPARE(never.value("reason", ""), std::string("never_stored"));
    LLMCACHE_VERIFY_EXIT(user.run(arguments(QStringLiteral("run"), prompt)), 0);

    user.writeFile(QStringLiteral("greeter.agent.json"), QByteArray(agentFile).replace("0.2", "0.3"));
    const ProgramResult changed = user.run(arguments(QStringLiteral("explain"), prompt));
    LLMCACHE_VERIFY_EXIT(changed, 0);
    QCOMPARE(changed.json().value("reason", ""), std::string("changed"));
    QCOMPARE(changed.json().value("verdict", ""), std::string("temperature 0.2 → 0.3"));
    QCOMPARE(changed.json().at("differences").size(), std::size_t(1));
    const ProgramResult asText = user.run(arguments(QStringLiteral("explain"), prompt)
                                              .filter(QRegularExpression(QStringLiteral("^(?!--json$)"))));
    QVERIFY2(asText.out.startsWith("temperature 0.2 → 0.3\nnearest entry: "), asText.describe().constData());

    user.writeFile(QStringLiteral("greeter.agent.json"), agentFile);
    const Json there = user.run(arguments(QStringLiteral("explain"), prompt)).json();
    QCOMPARE(there.value("reason", ""), std::string("present"));
    LLMCACHE_VERIFY_EXIT(
        user.run(QStringList{QStringLiteral("entries"), QStringLiteral("delete"), QStringLiteral("--filter"),
                     QStringLiteral("model:test"), QStringLiteral("--yes")}
            + storeArguments()),
        0);
    const Json gone = user.run(arguments(QStringLiteral("explain"), prompt)).json();
    QCOMPARE(gone.value("reason", ""), std::string("invalidated"));
}

void TestE2eOffline::savedAgentRunsByName()
{
    const CommandLine user;
    const QString file = user.writeFile(QStringLiteral("a.agent.json"), textAgentFile);
    const ProgramResult saved = user.run({QStringLiteral("agents"), QStringLiteral("save"), file});
    LLMCACHE_VERIFY_EXIT(saved, 0);
    const ProgramResult listed =
        user.run({QStringLiteral("agents"), QStringLiteral("list"), QStringLiteral("--json")});
    LLMCACHE_VERIFY_EXIT(listed, 0);
    bool found = false;
    for (const Json& agent : listed.jsonLines())
        found = found || agent.value("name", "") == "talker";
    QVERIFY2(found, listed.describe().constData());

    const auto run = [&](const QString& agent) {
        return user.run({QStringLiteral("run"), QStringLiteral("--agent"), agent, QStringLiteral("--prompt"),
            QStringLiteral("by name or by file"), QStringLiteral("--json")});
    };
    const ProgramResult byName = run(QStringLiteral("talker"));
    LLMCACHE_VERIFY_EXIT(byName, 0);
    QCOMPARE(run(file).json().at("cached"), Json(true));
}

void TestE2eOffline::costsAddUp()
{
    const CommandLine user;
    const QString agent = user.writeFile(QStringLiteral("a.agent.json"), textAgentFile);
    const auto run = [&](const QString& prompt, const QString& task) {
        const ProgramResult result = user.run({QStringLiteral("run"), QStringLiteral("--agent"), agent,
            QStringLiteral("--prompt"), prompt, QStringLiteral("--task"), task, QStringLiteral("--json")});
        return result.json();
    };
    const Json one = run(QStringLiteral("first"), QStringLiteral("reading"));
    const Json again = run(QStringLiteral("first"), QStringLiteral("reading"));
    const Json two = run(QStringLiteral("second"), QStringLiteral("writing"));
    QCOMPARE(again.at("cached"), Json(true));

    const ProgramResult costs = user.run(
        {QStringLiteral("costs"), QStringLiteral("--by"), QStringLiteral("task"), QStringLiteral("--json")});
    LLMCACHE_VERIFY_EXIT(costs, 0);
    std::map<std::string, Json> rows;
    for (const Json& row : costs.jsonLines())
        rows[row.at("task").get<std::string>()] = row;
    QVERIFY2(rows.contains("reading") && rows.contains("writing"), costs.describe().constData());
    QCOMPARE(rows["reading"].at("cost_usd"), one.at("cost_usd"));
    QCOMPARE(rows["writing"].at("cost_usd"), two.at("cost_usd"));
    QCOMPARE(rows["reading"].at("avoided_cost_usd"), one.at("cost_usd"));
}

void TestE2eOffline::pricesAreSetAndUnset()
{
    const CommandLine user;
    const QStringList run{QStringLiteral("run"), QStringLiteral("--agent"),
        user.writeFile(QStringLiteral("talker.agent.json"), textAgentFile), QStringLiteral("--prompt"),
        QStringLiteral("hi"), QStringLiteral("--cache"), QStringLiteral("refresh"), QStringLiteral("--json")};
    const auto prices = [&user](const char* words) {
        return user.run(
            QStringList{QStringLiteral("prices")} + QString::fromLatin1(words).split(QLatin1Char(' ')));
    };
    LLMCACHE_VERIFY_EXIT(prices("set test:small --input 10000 --output 0 --cache-read 2.5"), 0);
    const Json priced = user.run(run).json();
    QCOMPARE(std::stod(priced.at("cost_usd").get<std::string>()) * 100,
        priced.at("usage").at("input_tokens").get<double>());
    const ProgramResult listed = prices("list --custom --json");
    LLMCACHE_VERIFY_EXIT(listed, 0);
    QCOMPARE(listed.json().at("model"), Json("test:small"));
    QCOMPARE(listed.json().at("cache_read_usd_per_million"), Json("2.5"));
    QCOMPARE(listed.json().at("cache_write_usd_per_million"), Json(nullptr));

    const ProgramResult wrong = prices("set test:small --input -1 --output 0");
    LLMCACHE_VERIFY_EXIT(wrong, 3);
    QVERIFY2(wrong.err.contains("-1"), wrong.describe().constData());
    LLMCACHE_VERIFY_EXIT(prices("set test:small --input 1"), 2);

    LLMCACHE_VERIFY_EXIT(prices("unset TEST:small"), 0);
    LLMCACHE_VERIFY_EXIT(prices("unset test:small"), 3);
    QVERIFY(user.run(run).json().at("cost_usd") != priced.at("cost_usd"));
}

void TestE2eOffline::priceTablesAreImported()
{
    const CommandLine user;
    const QString table = user.writeFile(QStringLiteral("table.json"),
        R"({"schema": 1, "version": "2026-11-23", "providers": [{"id": "acme", "prefixes": ["acme"], "models": [)"
        R"({"id": "one", "match": [{"exact": "one"}], "prices": [{"input": "3", "output": "15"}]}]}]})");
    const QStringList import{QStringLiteral("prices"), QStringLiteral("import"), table};
    const QStringList show{QStringLiteral("prices"), QStringLiteral("show"), QStringLiteral("acme:one")};

    // Looking changes nothing, and neither does a run without an answer to its question.
    const ProgramResult preview = user.run(import + QStringList{QStringLiteral("--dry-run")});
    LLMCACHE_VERIFY_EXIT(preview, 0);
    QVERIFY2(
        preview.out.contains("acme:one") && preview.out.contains("1 new"), preview.describe().constData());
    LLMCACHE_VERIFY_EXIT(user.run(import), 8);
    LLMCACHE_VERIFY_EXIT(user.run(show), 3);

    const ProgramResult used =
        user.run(import + QStringList{QStringLiteral("--yes"), QStringLiteral("--json")});
    LLMCACHE_VERIFY_EXIT(used, 0);
    QCOMPARE(used.jsonLines().size(), 2U);
    QCOMPARE(used.jsonLines().front().at("before_usd"), Json(nullptr));
    QCOMPARE(used.jsonLines().front().at("after_usd"), Json("3"));
    LLMCACHE_VERIFY_EXIT(user.run(show), 0);
    const ProgramResult again = user.run(import);
    LLMCACHE_VERIFY_EXIT(again, 0);
    QVERIFY2(again.out.contains("Nothing changes"), again.describe().constData());

    LLMCACHE_VERIFY_EXIT(user.run({QStringLiteral("prices"), QStringLiteral("import"),
                             user.writeFile(QStringLiteral("bad.json"), "{"), QStringLiteral("--yes")}),
        3);
    LLMCACHE_VERIFY_EXIT(user.run(show), 0);
    LLMCACHE_VERIFY_EXIT(
        user.run({QStringLiteral("prices"), QStringLiteral("import"), QStringLiteral("--built-in")}), 0);
    LLMCACHE_VERIFY_EXIT(user.run(show), 3);
}

LLMCACHE_TEST_MAIN(TestE2eOffline)
#include "tst_e2e_offline.moc"
