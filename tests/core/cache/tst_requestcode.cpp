#include "agent/agentjson.h"
#include "agent/attachments.h"
#include "base/error.h"
#include "cache/requestcode.h"
#include "cache/runner.h"
#include "cache/session.h"
#include "testenvironment.h"

#include <QDir>
#include <QProcess>
#include <QRegularExpression>
#include <QStandardPaths>
#include <QTemporaryDir>
#include <QTest>

using namespace llmcache;

namespace {

const QString key = QStringLiteral("sk-ant-very-secret");

/// As awkward as people's prompts are.
RunInput sampleInput()
{
    RunInput input;
    input.agent.name = QStringLiteral("pro filer/€");
    input.agent.model = QStringLiteral("anthropic:claude-haiku-4-5");
    input.agent.systemPrompt = QStringLiteral("You're a \"reader\".\nJSON\n$HOME `id` \\ )json\"");
    input.agent.output = OutputType::json(QStringLiteral("UserProfile"),
        parseJson(
            R"({"type": "object", "properties": {"name": {"type": "string"}, "ok": {"type": "boolean", "default": true}}})",
            {}));
    input.agent.settings.temperature = 0.2;
    ToolDefinition tool;
    tool.name = QStringLiteral("weather");
    tool.description = QStringLiteral("Says the weather");
    tool.parameters = parseJson(R"({"type": "object", "properties": {"city": {"type": "string"}}})", {});
    tool.answers = {{Json{{"city", "Rome"}}, Json("sunny")}};
    tool.fallback = Json("cloudy");
    input.agent.tools = {tool};
    input.agent.task = QStringLiteral("make_profile");
    input.prompt = QStringLiteral("It's {{who}}'s turn: \"$PATH\" `ls` \\n €\nsecond line");
    input.options.variables = Variables{{QStringLiteral("who"), QStringLiteral("the 'user' = $x")}};
    input.options.messageHistory = {
        Message::user(QStringLiteral("Hi, I'm Alex.")), Message::assistant(QStringLiteral("Hello."))};
    input.options.attachments = {
        {QStringLiteral("text/plain"), QByteArray("bytes\0'$", 8), {}, QStringLiteral("a b.txt")}};
    input.options.cachePolicy = CachePolicy::Refresh;
    input.options.sample = 3;
    return input;
}

QByteArray describe(const Agent& agent)
{
    return toPrettyJsonText(toJson(agent));
}

/// Programs of these names that print what they are given, one argument between two lines each.
void makeFakes(const QDir& folder, const QStringList& names)
{
    for (const QString& name : names) {
        QFile file(folder.filePath(name));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write("#!/bin/sh\nfor a in \"$@\"; do printf '%s\\0' \"$a\"; done\n");
        if (name == QLatin1String("curl"))
            file.write("printf '\\0'; cat\n");
        file.setPermissions(QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
    }
}

} // namespace

class TestRequestCode : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();
    void noKeyIsInIt();
    void curlSendsWhatARunSends();
    void curlNamesTheVariableThatIsSet();
    void curlNeedsHttp();
    void commandLineRunsTheSame();
    void cppHoldsTheAgent();
    void pythonRunsTheSame();

private:
    QString code(CodeKind kind);
    QByteArrayList shell(const QString& text);
    ProviderConfig config() const;

    RunInput m_input;
    std::unique_ptr<QTemporaryDir> m_folder;
    QMap<QString, QString> m_secrets;
};

void TestRequestCode::init()
{
    m_input = sampleInput();
    m_folder = std::make_unique<QTemporaryDir>();
    m_secrets = {{QStringLiteral("ANTHROPIC_API_KEY"), key}};
    makeFakes(QDir(m_folder->path()), {QStringLiteral("curl"), QStringLiteral("llmcache")});
}

ProviderConfig TestRequestCode::config() const
{
    ProviderConfig config;
    config.secret = [this](const QString& name) { return m_secrets.value(name); };
    return config;
}

QString TestRequestCode::code(CodeKind kind)
{
    SessionConfig session;
    session.dataFolder = m_folder->filePath(QStringLiteral("data"));
    session.providers = config();
    Session opened(session);
    const Request request = opened.runner().buildRequest(m_input.agent, m_input.prompt, m_input.options);
    return codeFor(kind, m_input, request, config());
}

/// Runs a text with sh, with the fakes, in the folder; what they printed, in words.
QByteArrayList TestRequestCode::shell(const QString& text)
{
    QProcess process;
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert(QStringLiteral("PATH"), m_folder->path() + QStringLiteral(":/usr/bin:/bin"));
    environment.insert(QStringLiteral("ANTHROPIC_API_KEY"), QStringLiteral("from the environment"));
    process.setProcessEnvironment(environment);
    process.setWorkingDirectory(m_folder->path());
    process.start(QStringLiteral("/bin/sh"), {QStringLiteral("-c"), text});
    process.waitForFinished();
    if (process.exitCode() != 0)
        qWarning("%s", process.readAllStandardError().constData());
    return process.readAllStandardOutput().split('\0');
}

void TestRequestCode::noKeyIsInIt()
{
    for (const CodeKind kind : {CodeKind::Curl, CodeKind::Cpp, CodeKind::Python, CodeKind::CommandLine}) {
        const QString text = code(kind);
        QVERIFY(!text.isEmpty());
        QVERIFY(!text.contains(key));
    }
    QVERIFY(code(CodeKind::Curl).contains(QStringLiteral("$ANTHROPIC_API_KEY")));
}

void TestRequestCode::curlSendsWhatARunSends()
{
    const QByteArrayList words = shell(code(CodeKind::Curl));
    QCOMPARE(words.value(0), QByteArray("https://api.anthropic.com/v1/messages"));
    QVERIFY(words.contains("x-api-key: from the environment"));
    QVERIFY(words.contains("Content-Type: application/json"));
    const Json body = parseJson(words.back(), QStringLiteral("body"));
    QCOMPARE(stringMember(body, "model"), QStringLiteral("claude-haiku-4-5"));
    QCOMPARE(body["temperature"].get<double>(), 0.2);
    QVERIFY(toPrettyJsonText(body["system"])
                .contains(toJsonText(Json(toUtf8(m_input.agent.systemPrompt.front())))));
    const QString last = QString::fromUtf8(toPrettyJsonText(body["messages"].back()));
    QVERIFY2(last.contains(QStringLiteral("the 'user' = $x's turn")), qPrintable(last));
    QCOMPARE(body["messages"].size(), std::size_t(3));
}

void TestRequestCode::curlNamesTheVariableThatIsSet()
{
    m_input.agent.model = QStringLiteral("google-gla:gemini-2.5-flash");
    m_secrets = {{QStringLiteral("GEMINI_API_KEY"), key}};
    QVERIFY(code(CodeKind::Curl).contains(QStringLiteral("$GEMINI_API_KEY")));
    m_secrets.clear(); // none is set: the usual one
    QVERIFY(code(CodeKind::Curl).contains(QStringLiteral("$GOOGLE_API_KEY")));
}

void TestRequestCode::curlNeedsHttp()
{
    m_input.agent.model = QStringLiteral("test:echo");
    QVERIFY_EXCEPTION_THROWN(code(CodeKind::Curl), ConfigurationError);
}

void TestRequestCode::commandLineRunsTheSame()
{
    const QByteArrayList words = shell(code(CodeKind::CommandLine));
    const auto valueOf = [&words](const char* option) {
        const auto at = words.indexOf(option);
        return at < 0 ? QByteArray() : words.value(at + 1);
    };
    const auto read = [this](const QByteArray& name) {
        QFile file(m_folder->filePath(QString::fromUtf8(name)));
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
    };
    QCOMPARE(words.value(0), QByteArray("run"));
    QCOMPARE(describe(parseAgent(read(valueOf("--agent")), QStringLiteral("file"))), describe(m_input.agent));
    QCOMPARE(QString::fromUtf8(valueOf("--prompt")), m_input.prompt);
    QCOMPARE(QString::fromUtf8(valueOf("--var")), QStringLiteral("who=the 'user' = $x"));
    QCOMPARE(messagesFromJson(parseJson(read(valueOf("--history")), {})), m_input.options.messageHistory);
    QCOMPARE(read(valueOf("--attach")), m_input.options.attachments.front().data);
    QCOMPARE(valueOf("--cache"), QByteArray("refresh"));
    QCOMPARE(valueOf("--sample"), QByteArray("3"));
}

void TestRequestCode::cppHoldsTheAgent()
{
    const QString text = code(CodeKind::Cpp);
    static const QRegularExpression raw(
        QStringLiteral("R\"(json_*)\\((.*?)\\)\\1\""), QRegularExpression::DotMatchesEverythingOption);
    const auto match = raw.match(text);
    QVERIFY(match.hasMatch());
    QCOMPARE(
        describe(parseAgent(match.captured(2).toUtf8(), QStringLiteral("literal"))), describe(m_input.agent));
    QVERIFY(text.contains(QStringLiteral("CachePolicy::Refresh")));
    QVERIFY(text.contains(QStringLiteral("options.sample = 3;")));
    QVERIFY(
        text.contains(QStringLiteral("\"It's {{who}}'s turn: \\\"$PATH\\\" `ls` \\\\n €\\nsecond line\"")));
}

void TestRequestCode::pythonRunsTheSame()
{
    const QString python = QStandardPaths::findExecutable(QStringLiteral("python3"));
    if (python.isEmpty())
        QSKIP("there is no python3");
    const auto write = [this](const char* name, const QByteArray& text) {
        QFile file(m_folder->filePath(QString::fromLatin1(name)));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write(text);
    };
    // Stands in for the two packages: what they are called with is printed.
    QDir(m_folder->path()).mkdir(QStringLiteral("pydantic_ai"));
    const QByteArray recorder = "class Record:\n"
                                "    def __init__(self, *a, **k): self.a, self.k = a, k\n"
                                "    def plain(self): return [type(self).__name__, *self.a, self.k]\n";
    write("pydantic_ai/__init__.py",
        recorder
            + "class Agent(Record): pass\nclass BinaryContent(Record): pass\nclass DocumentUrl(Record): "
              "pass\n"
              "class ImageUrl(Record): pass\nclass ModelRetry(Exception): pass\n"
              "def StructuredDict(schema, name=None, description=None): return {'schema': schema, 'name': "
              "name}\n"
              "class Tool:\n    @staticmethod\n    def from_schema(function, *a): return [a[0], "
              "function(city='Rome')]\n");
    QByteArray messages = recorder;
    for (const char* name : {"ModelRequest", "ModelResponse", "SystemPromptPart", "TextPart", "ToolCallPart",
             "ToolReturnPart", "UserPromptPart"})
        messages += QByteArray("class ") + name + "(Record): pass\n";
    write("pydantic_ai/messages.py", messages);
    write("pyai_caching.py",
        "import json\n"
        "class Result: output = ''\n"
        "def plain(x):\n"
        "    if isinstance(x, bytes): return x.hex()\n"
        "    return x.plain()\n"
        "def cached_agent_run_sync(agent, prompt, **k):\n"
        "    print(json.dumps({'agent': agent, 'prompt': prompt, 'k': k}, default=plain))\n"
        "    return Result()\n");
    write("script.py", code(CodeKind::Python).toUtf8());
    QProcess process;
    process.setWorkingDirectory(m_folder->path());
    process.start(python, {QStringLiteral("script.py")});
    QVERIFY(process.waitForFinished());
    QVERIFY2(process.exitCode() == 0, process.readAllStandardError().constData());
    const Json said = parseJson(process.readAllStandardOutput(), QStringLiteral("output"));
    const Json& agent = said["agent"];
    QCOMPARE(agent[1], Json("anthropic:claude-haiku-4-5"));
    QCOMPARE(agent[2]["system_prompt"], Json(toUtf8(m_input.agent.systemPrompt.front())));
    QCOMPARE(agent[2]["output_type"]["schema"], m_input.agent.output.schema);
    QCOMPARE(agent[2]["model_settings"]["temperature"], Json(0.2));
    QCOMPARE(agent[2]["tools"][0], parseJson(R"(["weather", "sunny"])", {}));
    QCOMPARE(said["prompt"][0], Json("It's the 'user' = $x's turn: \"$PATH\" `ls` \\n €\nsecond line"));
    QCOMPARE(said["prompt"][1][1], Json(m_input.options.attachments.front().data.toHex().toStdString()));
    QCOMPARE(said["k"]["task_name"], Json("make_profile"));
    QCOMPARE(said["k"]["message_history"].size(), std::size_t(2));
}

LLMCACHE_TEST_MAIN(TestRequestCode)
#include "tst_requestcode.moc"
