#include "agent/agentjson.h"
#include "cache/request.h"
#include "cache/requestdiff.h"
#include "testenvironment.h"

#include <QTest>

using namespace llmcache;

namespace {

Request sampleRequest()
{
    Request request;
    request.model = {QStringLiteral("anthropic"), QStringLiteral("claude-haiku-4-5")};
    request.systemPrompts = {
        QStringLiteral("You read transcripts.\nBe brief.\nLeave out what is not stated.")};
    request.instructions = QStringLiteral("Answer in English.");
    request.history = {
        Message::user(QStringLiteral("Hi, I am Alex.")), Message::assistant(QStringLiteral("Hello."))};
    request.prompt = QStringLiteral("Make a profile on the user.");
    request.output = OutputType::json(QStringLiteral("UserProfile"),
        parseJson(
            R"({"type": "object", "properties": {"name": {"type": "string"}, "age": {"type": "integer"}}})",
            QStringLiteral("schema")));
    request.settings.temperature = 0.2;
    request.settings.maxTokens = 1024;
    ToolDefinition tool;
    tool.name = QStringLiteral("weather");
    tool.description = QStringLiteral("Says the weather");
    request.tools = {tool};
    return request;
}

using Change = std::function<void(Request&)>;

} // namespace
Q_DECLARE_METATYPE(Change)

class TestRequestDiff : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void sameRequestsDoNotDiffer();
    void orderOfMembersIsNoDifference();
    void saysWhatChanged_data();
    void saysWhatChanged();
    void tellsSeveralChanges();
    void turnsArePlacedWhereTheyChanged();
    void textsAreGivenInFull();
    void anyJsonIsCompared();
    void fewFieldsAreNearerThanMany();
    void likeness();
};

void TestRequestDiff::sameRequestsDoNotDiffer()
{
    QVERIFY(compareRequests(toJson(sampleRequest()), toJson(sampleRequest())).empty());
    QCOMPARE(requestDistance(toJson(sampleRequest()), toJson(sampleRequest())), 0.0);
}

void TestRequestDiff::orderOfMembersIsNoDifference()
{
    const Json left =
        parseJson(R"({"prompt": "p", "output": {"name": "A", "schema": {"a": [{"x": 1, "y": 2}]}}})", {});
    const Json right =
        parseJson(R"({"output": {"schema": {"a": [{"y": 2, "x": 1}]}, "name": "A"}, "prompt": "p"})", {});
    QVERIFY(compareRequests(left, right).empty());
}

void TestRequestDiff::saysWhatChanged_data()
{
    QTest::addColumn<Change>("change");
    QTest::addColumn<QString>("field");
    QTest::addColumn<QString>("verdict");
    const auto row = [](const char* field, const char* verdict, Change change) {
        QTest::newRow(verdict) << std::move(change) << QString::fromUtf8(field) << QString::fromUtf8(verdict);
    };
    row("temperature", "temperature 0.2 → 0.3", [](Request& r) { r.settings.temperature = 0.3; });
    row("temperature", "temperature 0.2 removed", [](Request& r) { r.settings.temperature.reset(); });
    row("top p", "top p 0.9 added", [](Request& r) { r.settings.topP = 0.9; });
    row("max tokens", "max tokens 1024 → 2048", [](Request& r) { r.settings.maxTokens = 2048; });
    row("model", "model anthropic:claude-haiku-4-5 → anthropic:claude-sonnet-4-5",
        [](Request& r) { r.model.model = QStringLiteral("claude-sonnet-4-5"); });
    row("endpoint", "endpoint http://localhost added",
        [](Request& r) { r.endpoint = QStringLiteral("http://localhost"); });
    row("system prompt", "system prompt changed: 1 line", [](Request& r) {
        r.systemPrompts.front().replace(QStringLiteral("brief"), QStringLiteral("exact"));
    });
    row("system prompt", "system prompt changed: 3 lines",
        [](Request& r) { r.systemPrompts.front().prepend(QStringLiteral("One.\nTwo.\nThree.\n")); });
    row("system prompt", "system prompt removed", [](Request& r) { r.systemPrompts.clear(); });
    row("instructions", "instructions changed: 1 line",
        [](Request& r) { r.instructions += QStringLiteral(" Please."); });
    row("prompt", "prompt changed: 1 line", [](Request& r) { r.prompt += QStringLiteral(" Now."); });
    row("sample", "sample 0 → 2", [](Request& r) { r.sample = 2; });
    row("output type", "output type UserProfile → text", [](Request& r) { r.output = OutputType::text(); });
    row("output name", "output name UserProfile → Person",
        [](Request& r) { r.output.name = QStringLiteral("Person"); });
    row("output schema properties.age.type", "output schema properties.age.type integer → number",
        [](Request& r) { r.output.schema["properties"]["age"]["type"] = "number"; });
    row("output schema properties.city", "output schema properties.city {\"type\":\"string\"} added",
        [](Request& r) {
            r.output.schema["properties"]["city"] = {{"type", "string"}};
        });
    row("tool weather description", "tool weather description Says the weather → Tells the weather",
        [](Request& r) { r.tools.front().description = QStringLiteral("Tells the weather"); });
    row("tool weather", "tool weather removed", [](Request& r) { r.tools.clear(); });
    row("history turn 2", "history turn 2 changed (assistant)",
        [](Request& r) { r.history.back().text = QStringLiteral("Hi."); });
    row("history turn 3", "history turn 3 added (user)",
        [](Request& r) { r.history.push_back(Message::user(QStringLiteral("And?"))); });
    row("attachment 1", "attachment 1 added (a.png)", [](Request& r) {
        r.attachments = {{QStringLiteral("image/png"), QByteArrayLiteral("x"), {}, QStringLiteral("a.png")}};
    });
}

void TestRequestDiff::saysWhatChanged()
{
    QFETCH(Change, change);
    QFETCH(QString, field);
    QFETCH(QString, verdict);
    Request other = sampleRequest();
    change(other);
    const auto differences = compareRequests(toJson(sampleRequest()), toJson(other));
    QCOMPARE(differences.size(), std::size_t(1));
    QCOMPARE(differences.front().field, field);
    QCOMPARE(differences.front().verdict, verdict);
    QVERIFY(requestDistance(toJson(sampleRequest()), toJson(other)) > 0);
    // The other way round it is one difference as well.
    QCOMPARE(compareRequests(toJson(other), toJson(sampleRequest())).size(), std::size_t(1));
}

void TestRequestDiff::tellsSeveralChanges()
{
    Request other = sampleRequest();
    other.settings.temperature = 1;
    other.prompt = QStringLiteral("Something else");
    other.model.model = QStringLiteral("claude-opus-4-5");
    const auto differences = compareRequests(toJson(sampleRequest()), toJson(other));
    QStringList fields;
    for (const RequestDifference& difference : differences)
        fields.append(difference.field);
    QCOMPARE(fields,
        (QStringList{QStringLiteral("model"), QStringLiteral("temperature"), QStringLiteral("prompt")}));
}

void TestRequestDiff::turnsArePlacedWhereTheyChanged()
{
    Request other = sampleRequest();
    other.history.insert(other.history.begin(), Message::user(QStringLiteral("Before all.")));
    const auto differences = compareRequests(toJson(sampleRequest()), toJson(other));
    QCOMPARE(differences.size(), std::size_t(1));
    QCOMPARE(differences.front().verdict, QStringLiteral("history turn 1 added (user)"));
}

void TestRequestDiff::textsAreGivenInFull()
{
    Request other = sampleRequest();
    other.prompt = QStringLiteral("Other.");
    const auto differences = compareRequests(toJson(sampleRequest()), toJson(other));
    QCOMPARE(differences.front().before, sampleRequest().prompt);
    QCOMPARE(differences.front().after, other.prompt);
}

void TestRequestDiff::anyJsonIsCompared()
{
    const Json odd =
        parseJson(R"({"prompt": 3, "history": "x", "output": [1], "tools": {"a": 1}, "settings": 7})", {});
    QVERIFY(!compareRequests(odd, toJson(sampleRequest())).empty());
    QVERIFY(!compareRequests(toJson(sampleRequest()), odd).empty());
    QVERIFY(compareRequests(odd, odd).empty());
    QVERIFY(!compareRequests(Json(1), Json("x")).empty());
    QVERIFY(!compareRequests(parseJson(R"({"future": 1})", {}), parseJson(R"({"future": 2})", {})).empty());
}

void TestRequestDiff::fewFieldsAreNearerThanMany()
{
    const Json base = toJson(sampleRequest());
    Request setting = sampleRequest();
    setting.settings.temperature = 0.9;
    Request word = sampleRequest();
    word.prompt.replace(QStringLiteral("profile"), QStringLiteral("record"));
    Request both = word;
    both.settings.temperature = 0.9;
    Request unlike = sampleRequest();
    unlike.prompt = QStringLiteral("Translate the following contract into French, clause by clause");
    const auto distance = [&base](const Request& request) { return requestDistance(base, toJson(request)); };
    QVERIFY(distance(setting) < distance(word));
    QVERIFY(distance(word) < distance(both));
    QVERIFY(distance(word) < distance(unlike));
}

void TestRequestDiff::likeness()
{
    const QString text = QStringLiteral("the quick brown fox");
    QCOMPARE(textLikeness(text, text), 1.0);
    QCOMPARE(textLikeness(text, QString()), 0.0);
    QVERIFY(textLikeness(text, QStringLiteral("the quick brown cat"))
        > textLikeness(text, QStringLiteral("the slow cat")));
    QVERIFY(textLikeness(text, QStringLiteral("fox the quick brown")) > 0.9); // the same words
    QVERIFY(textLikeness(text, text + QLatin1Char('.')) < 1);
}

LLMCACHE_TEST_MAIN(TestRequestDiff)
#include "tst_requestdiff.moc"
