#include "base/error.h"
#include "cache/session.h"
#include "httpserver.h"
#include "provider/keyring.h"
#include "secretservice.h"
#include "testenvironment.h"
#include "waitfortask.h"

#include <QDirIterator>
#include <QEventLoop>
#include <QFile>
#include <QFileInfo>
#include <QLockFile>
#include <QSemaphore>
#include <QSignalSpy>
#include <QTest>
#include <QThread>

using namespace llmcache;
using namespace llmcache::test;
using Place = KeyRing::Place;

namespace {

const QString name = QStringLiteral("OPENAI_API_KEY");
const QString secret = QStringLiteral("sk-very-secret-0123456789");

const QByteArray reply =
    R"({"id": "1", "object": "chat.completion", "model": "gpt-4o-mini", "choices": [{"index": 0,)"
    R"("finish_reason": "stop", "message": {"role": "assistant", "content": "hello"}}],)"
    R"("usage": {"prompt_tokens": 3, "completion_tokens": 1, "total_tokens": 4}})";

} // namespace

// Against a real keychain; the tests with a session go all the way to an HTTP server.
class TestKeyRing : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void init() { m_folder = std::make_unique<QTemporaryDir>(); }
    void cleanup();
    void keysAreKeptInTheKeychain();
    void keysAreInNoFile();
    void anotherProgramsKeysAreSeen();
    void whatAnotherReplacesIsReadAgain();
    void theListIsForItsOwnerAndLocked();
    void whoWasKilledLocksNobodyOut();
    void theEnvironmentWins();
    void keysOfThisSession();
    void readsAtTheSameTime();
    void aRunTakesItsKeyFromTheKeychain();
    void aSynchronousRunTakesItsKeyFromTheKeychain();
    void aHitNeedsNoKey();

private:
    QString folder() const { return m_folder->path(); }

    SecretService m_service;
    std::unique_ptr<QTemporaryDir> m_folder;
};

void TestKeyRing::initTestCase()
{
    if (!SecretService::isInstalled())
        QSKIP(qUtf8Printable(SecretService::missingText()));
    QVERIFY(m_service.start());
}

void TestKeyRing::cleanup()
{
    qunsetenv(name.toLatin1().constData());
    KeyRing keys(folder());
    waitForTask(keys.remove(name));
}

void TestKeyRing::keysAreKeptInTheKeychain()
{
    {
        KeyRing keys(folder());
        const QSignalSpy changed(&keys, &KeyRing::changed);
        QCOMPARE(keys.place(name), Place::None);
        waitForTask(keys.store(name, secret));
        QCOMPARE(keys.place(name), Place::Keychain);
        QCOMPARE(keys.value(name), secret);
        QCOMPARE(changed.count(), 1);
    }
    KeyRing keys(folder());
    QCOMPARE(keys.place(name), Place::Keychain);
    QCOMPARE(keys.value(name), QString());
    waitForTask(keys.load({QStringLiteral("OTHER_API_KEY"), name}));
    QCOMPARE(keys.value(name), secret);
    QCOMPARE(keys.problem(), QString());
    waitForTask(keys.store(name, QStringLiteral("another")));
    QCOMPARE(keys.value(name), QStringLiteral("another"));
    waitForTask(keys.remove(name));
    QCOMPARE(keys.place(name), Place::None);
    KeyRing later(folder());
    waitForTask(later.load({name}));
    QCOMPARE(later.place(name), Place::None);
}

void TestKeyRing::keysAreInNoFile()
{
    KeyRing keys(folder());
    waitForTask(keys.store(name, secret));
    keys.keepForSession(QStringLiteral("OTHER_API_KEY"), secret);
    int files = 0;
    for (QDirIterator all(folder(), QDir::Files | QDir::Hidden, QDirIterator::Subdirectories);
         all.hasNext();) {
        QFile file(all.next());
        QVERIFY(file.open(QIODevice::ReadOnly));
        QVERIFY2(!file.readAll().contains(secret.toUtf8()), qUtf8Printable(file.fileName()));
        ++files;
    }
    QCOMPARE(files, 1); // the list of names
}

void TestKeyRing::anotherProgramsKeysAreSeen()
{
    KeyRing keys(folder());
    KeyRing other(folder());
    waitForTask(other.store(name, secret));
    waitForTask(keys.load({name}));
    QCOMPARE(keys.value(name), secret);
    // Somebody emptied the keychain by hand: no key, and no error.
    waitForTask(other.remove(name));
    QFile list(folder() + QStringLiteral("/keys.json"));
    QVERIFY(list.open(QIODevice::WriteOnly));
    QVERIFY(list.write("[\"OPENAI_API_KEY\"]") > 0);
    list.close();
    KeyRing later(folder());
    waitForTask(later.load({name}));
    QCOMPARE(later.value(name), QString());
    QCOMPARE(later.problem(), QString());
}

void TestKeyRing::whatAnotherReplacesIsReadAgain()
{
    KeyRing keys(folder());
    KeyRing other(folder());
    waitForTask(other.store(name, secret));
    waitForTask(keys.load({name}));
    QCOMPARE(keys.value(name), secret);
    waitForTask(other.store(name, QStringLiteral("replaced")));
    waitForTask(keys.load({name}));
    QCOMPARE(keys.value(name), QStringLiteral("replaced"));
    waitForTask(other.remove(name));
    waitForTask(keys.load({name}));
    QCOMPARE(keys.value(name), QString());
    QCOMPARE(keys.place(name), Place::None);
}

void TestKeyRing::theListIsForItsOwnerAndLocked()
{
    const QString list = folder() + QStringLiteral("/keys.json");
    KeyRing keys(folder());
    waitForTask(keys.store(name, secret));
    QCOMPARE(QFileInfo(list).permissions() & ~(QFile::ReadUser | QFile::WriteUser),
        QFile::ReadOwner | QFile::WriteOwner);
    // Two that change it at the same time would each drop what the other has added.
    QLockFile another(list + QStringLiteral(".lock"));
    QVERIFY(another.lock());
    QVERIFY_EXCEPTION_THROWN(
        waitForTask(keys.store(QStringLiteral("OTHER_API_KEY"), secret)), ConfigurationError);
    another.unlock();
    waitForTask(keys.store(QStringLiteral("OTHER_API_KEY"), secret));
    waitForTask(keys.remove(QStringLiteral("OTHER_API_KEY")));
    QCOMPARE(keys.place(name), Place::Keychain);
}

/// Between making the lock and writing into it whose it is.
void TestKeyRing::whoWasKilledLocksNobodyOut()
{
    QVERIFY(QDir().mkpath(folder()));
    QFile torn(folder() + QStringLiteral("/keys.json.lock"));
    QVERIFY(torn.open(QIODevice::WriteOnly));
    torn.close();
    KeyRing keys(folder());
    waitForTask(keys.store(name, secret));
    QCOMPARE(keys.place(name), Place::Keychain);
}

void TestKeyRing::theEnvironmentWins()
{
    KeyRing keys(folder());
    waitForTask(keys.store(name, secret));
    qputenv(name.toLatin1().constData(), "from-the-environment");
    QCOMPARE(keys.place(name), Place::Environment);
    QCOMPARE(keys.value(name), QStringLiteral("from-the-environment"));
}

void TestKeyRing::keysOfThisSession()
{
    KeyRing keys(folder());
    waitForTask(keys.store(name, secret));
    keys.keepForSession(name, QStringLiteral("for now"));
    QCOMPARE(keys.place(name), Place::Session);
    QCOMPARE(keys.value(name), QStringLiteral("for now"));
    KeyRing later(folder());
    waitForTask(later.load({name}));
    QCOMPARE(later.value(name), secret);
    // Without a folder there is only this.
    KeyRing homeless{QString()};
    QVERIFY_EXCEPTION_THROWN(waitForTask(homeless.store(name, secret)), ConfigurationError);
    homeless.keepForSession(name, secret);
    QCOMPARE(homeless.value(name), secret);
    waitForTask(homeless.remove(name));
    QCOMPARE(homeless.place(name), Place::None);
}

void TestKeyRing::readsAtTheSameTime()
{
    {
        KeyRing keys(folder());
        waitForTask(keys.store(name, secret));
    }
    KeyRing keys(folder());
    const QSignalSpy changed(&keys, &KeyRing::changed);
    auto first = keys.load({name});
    auto second = keys.load({name});
    waitForTask(std::move(second));
    QCOMPARE(keys.value(name), secret);
    waitForTask(std::move(first));
    QCOMPARE(changed.count(), 1);
}

void TestKeyRing::aRunTakesItsKeyFromTheKeychain()
{
    HttpServer server;
    server.enqueue(ScriptedReply::json(reply));
    {
        KeyRing keys(folder());
        waitForTask(keys.store(name, secret));
    }
    SessionConfig config;
    config.dataFolder = folder();
    config.providers.baseUrls.insert(QStringLiteral("openai"), server.url());
    Session session(config);
    Agent agent;
    agent.name = QStringLiteral("asker");
    agent.model = QStringLiteral("openai:gpt-4o-mini");
    const RunResult result = waitForTask(cachedAgentRun(session, agent, QStringLiteral("hi")));
    QCOMPARE(result.text(), QStringLiteral("hello"));
    QCOMPARE(server.requests().front().header("Authorization"), "Bearer " + secret.toUtf8());
}

void TestKeyRing::aSynchronousRunTakesItsKeyFromTheKeychain()
{
    // The run has a thread of its own, and so has the server, since this one is blocked meanwhile.
    QSemaphore listening;
    QUrl url;
    QByteArray sent;
    const std::unique_ptr<QThread> serving(QThread::create([&] {
        HttpServer server;
        server.enqueue(ScriptedReply::json(reply));
        url = server.url();
        QEventLoop loop;
        connect(&server, &HttpServer::connectionClosed, &loop, &QEventLoop::quit);
        listening.release();
        loop.exec();
        sent = server.requests().front().header("Authorization");
    }));
    serving->start();
    listening.acquire();
    qputenv("XDG_DATA_HOME", folder().toUtf8());
    qputenv("OPENAI_BASE_URL", url.toString().toUtf8());
    const auto restore = qScopeGuard([] { qunsetenv("OPENAI_BASE_URL"); });
    KeyRing keys(folder() + QStringLiteral("/llmcache"));
    waitForTask(keys.store(name, secret));
    Agent agent;
    agent.name = QStringLiteral("asker");
    agent.model = QStringLiteral("openai:gpt-4o-mini");
    QCOMPARE(cachedAgentRunSync(agent, QStringLiteral("hi")).text(), QStringLiteral("hello"));
    QVERIFY(serving->wait(20'000));
    QCOMPARE(sent, "Bearer " + secret.toUtf8());
    waitForTask(keys.remove(name));
}

void TestKeyRing::aHitNeedsNoKey()
{
    HttpServer server;
    server.enqueue(ScriptedReply::json(reply));
    SessionConfig config;
    config.dataFolder = folder();
    config.providers.baseUrls.insert(QStringLiteral("openai"), server.url());
    int asked = 0;
    config.providers.secret = [](const QString& variable) { return variable == name ? secret : QString(); };
    config.providers.loadSecrets = [&asked](const QStringList&) -> QCoro::Task<> {
        ++asked;
        co_return;
    };
    Session session(config);
    Agent agent;
    agent.name = QStringLiteral("asker");
    agent.model = QStringLiteral("openai:gpt-4o-mini");
    waitForTask(cachedAgentRun(session, agent, QStringLiteral("hi")));
    QCOMPARE(asked, 1);
    QVERIFY(waitForTask(cachedAgentRun(session, agent, QStringLiteral("hi"))).cached());
    QCOMPARE(asked, 1);
}

LLMCACHE_TEST_MAIN(TestKeyRing)
#include "tst_keyring.moc"
