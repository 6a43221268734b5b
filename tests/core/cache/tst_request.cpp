#include "agent/agentjson.h"
#include "base/error.h"
#include "cache/request.h"
#include "testenvironment.h"

#include <QTest>

using namespace llmcache;

namespace {

Request plainRequest()
{
    Request request;
    request.model = {u"test"_qs, u"echo"_qs};
    request.prompt = u"hi"_qs;
    return request;
}

} // namespace

class TestRequest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void canonicalFormIsFixed();
    void defaultsAreLeftOut();
    void everyFieldChangesTheFingerprint();
    void timeoutAndPythonTypeDoNotChangeTheFingerprint();
    void keyOrderDoesNotChangeTheFingerprint();
    void roundTrip();
    void garbageIsACacheError();
};

void TestRequest::canonicalFormIsFixed()
{
    // Entries are shared between versions of the program: this text and digest must never change.
    const Request request = plainRequest();
    QCOMPARE(
        toCanonicalJson(toJson(request)), QByteArray(R"({"model":"echo","prompt":"hi","provider":"test"})"));
    QCOMPARE(fingerprint(request), u"f7f5e1af4cad08e7c933acc326dac5cbe5be0c2c3c39de6742ce44db6187b7be"_qs);
}

void TestRequest::defaultsAreLeftOut()
{
    Request request = plainRequest();
    request.settings.extraBody = nullptr;
    request.sample = 0;
    QCOMPARE(toJson(request).size(), std::size_t(3));
}

void TestRequest::everyFieldChangesTheFingerprint()
{
    QSet<QString> seen{fingerprint(plainRequest())};
    Request all = plainRequest();
    // It is made without the tree of toJson(), which is what entries are looked up by later.
    const auto isThatOfTheTree = [](const Request& r) { return fingerprint(r) == fingerprint(toJson(r)); };
    const auto different = [&](const std::function<void(Request&)>& change) {
        Request request = plainRequest();
        change(request);
        change(all);
        const auto before = seen.size();
        seen.insert(fingerprint(request));
        return seen.size() == before + 1 && isThatOfTheTree(request);
    };
    QVERIFY(different([](Request& r) { r.model.provider = u"other"_qs; }));
    QVERIFY(different([](Request& r) { r.model.model = u"other"_qs; }));
    QVERIFY(different([](Request& r) { r.endpoint = u"http://x"_qs; }));
    QVERIFY(different([](Request& r) { r.systemPrompts = {u"s"_qs}; }));
    QVERIFY(different([](Request& r) { r.systemPrompts = {u"s"_qs, u"t"_qs}; }));
    QVERIFY(different([](Request& r) { r.systemPrompts = {u"s\nt"_qs}; }));
    QVERIFY(different([](Request& r) { r.instructions = u"s"_qs; }));
    QVERIFY(different([](Request& r) { r.history = {Message::user(u"s"_qs)}; }));
    QVERIFY(different([](Request& r) { r.history = {Message::assistant(u"s"_qs)}; }));
    QVERIFY(different([](Request& r) { r.prompt = u"hi "_qs; }));
    QVERIFY(different([](Request& r) { r.attachments.push_back({u"image/png"_qs, "x", {}, {}}); }));
    QVERIFY(different([](Request& r) { r.output = OutputType::json(u"O"_qs, Json::object()); }));
    QVERIFY(different([](Request& r) { r.output = OutputType::json(u"O"_qs, Json{{"type", "object"}}); }));
    QVERIFY(different(
        [](Request& r) { r.output = OutputType::json(u"O"_qs, Json::object(), OutputMode::Native); }));
    QVERIFY(different([](Request& r) { r.settings.temperature = 0.0; }));
    QVERIFY(different([](Request& r) { r.settings.temperature = 0.1; }));
    QVERIFY(different([](Request& r) { r.settings.seed = 1; }));
    QVERIFY(different([](Request& r) { r.settings.stopSequences = {u"x"_qs}; }));
    QVERIFY(different([](Request& r) { r.settings.thinking = "low"; }));
    QVERIFY(different([](Request& r) { r.settings.extraBody = Json{{"a", 1}}; }));
    QVERIFY(different([](Request& r) {
        ToolDefinition tool;
        tool.name = u"t"_qs;
        r.tools.push_back(tool);
    }));
    QVERIFY(different([](Request& r) { r.sample = 1; }));
    all.prompt =
        u"\"quotes\", \\, \n, \u00e9, "_qs + QChar(0xD83D) + QChar(0xDE00) + QChar(0xD800) + QChar(1);
    QVERIFY(isThatOfTheTree(all));
}

void TestRequest::timeoutAndPythonTypeDoNotChangeTheFingerprint()
{
    Request request = plainRequest();
    request.output = OutputType::json(u"O"_qs, Json::object());
    const QString before = fingerprint(request);
    request.settings.timeout = std::chrono::seconds(3);
    request.output.pythonType = u"app.O"_qs;
    QCOMPARE(fingerprint(request), before);
}

void TestRequest::keyOrderDoesNotChangeTheFingerprint()
{
    const char* const files[] = {
        R"({"name":"a","model":"test:x","settings":{"temperature":1,"seed":2},"output":{"name":"O","schema":{"type":"object","properties":{"b":{},"a":{}}}}})",
        R"({"output":{"schema":{"properties":{"a":{},"b":{}},"type":"object"},"name":"O"},"settings":{"seed":2,"temperature":1.0},"model":"test:x","name":"other"})",
    };
    QSet<QString> seen;
    for (const char* file : files) {
        const Agent agent = parseAgent(file, u"file"_qs);
        Request request = plainRequest();
        request.model = ModelRef::parse(agent.model);
        request.output = agent.output;
        request.settings = agent.settings;
        seen.insert(fingerprint(request));
    }
    QCOMPARE(seen.size(), 1);
}

void TestRequest::roundTrip()
{
    Request request = plainRequest();
    request.endpoint = u"http://127.0.0.1:1"_qs;
    request.systemPrompts = {u"s"_qs, u"t"_qs};
    request.instructions = u"i"_qs;
    request.history = {Message::user(u"a"_qs), Message::assistant(u"b"_qs)};
    request.attachments.push_back({u"image/png"_qs, QByteArray("\0x", 2), {}, u"n"_qs});
    request.output = OutputType::json(u"O"_qs, Json{{"type", "object"}}, OutputMode::Prompted);
    request.settings.temperature = 0.25;
    request.settings.stopSequences = {u"x"_qs};
    ToolDefinition tool;
    tool.name = u"t"_qs;
    tool.answers.push_back({Json{{"q", 1}}, Json("yes")});
    request.tools.push_back(tool);
    request.sample = 3;
    const Request again = requestFromJson(parseJson(toCanonicalJson(toJson(request)), u"request"_qs));
    QVERIFY(toCanonicalJson(toJson(again)) == toCanonicalJson(toJson(request)));
    QCOMPARE(fingerprint(again), fingerprint(request));
}

void TestRequest::garbageIsACacheError()
{
    QVERIFY_THROWS_EXCEPTION(CacheError, requestFromJson(Json("x")));
    QVERIFY_THROWS_EXCEPTION(CacheError, requestFromJson(Json::object()));
    QVERIFY_THROWS_EXCEPTION(CacheError,
        requestFromJson(
            parseJson(R"({"provider":"a","model":"b","prompt":"c","history":[{"role":"bot"}]})", u"r"_qs)));
}

LLMCACHE_TEST_MAIN(TestRequest)
#include "tst_request.moc"
