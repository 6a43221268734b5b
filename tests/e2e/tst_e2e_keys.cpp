// Keys on the command line, with a real keychain and without one.
#include "commandline.h"
#include "secretservice.h"
#include "testenvironment.h"

#include <QDirIterator>
#include <QTest>

using namespace llmcache::test;
using llmcache::Json;

class TestE2eKeys : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void keysAreSetListedAndDeleted();
    void withoutAKeychain();
    void namesAreChecked();

private:
    SecretService m_service;
};

namespace {

const QByteArray secret = "sk-very-secret-0123456789";

ProgramResult keys(const CommandLine& user, const char* words, const QByteArray& input = {})
{
    return user.run(
        QStringList{QStringLiteral("keys")} + QString::fromLatin1(words).split(QLatin1Char(' ')), input);
}

/// Where `keys list` says that the key of a provider is; null for nowhere.
Json placeOf(const ProgramResult& listed, const char* provider)
{
    for (const Json& row : listed.jsonLines()) {
        if (row.at("prefixes").front() == Json(provider))
            return row.at("in");
    }
    return "not listed";
}

} // namespace

void TestE2eKeys::initTestCase()
{
    if (!SecretService::isInstalled())
        QSKIP(qUtf8Printable(SecretService::missingText()));
    QVERIFY(m_service.start());
}

void TestE2eKeys::keysAreSetListedAndDeleted()
{
    CommandLine user;
    user.setVariable(QStringLiteral("DBUS_SESSION_BUS_ADDRESS"), m_service.address());
    QCOMPARE(placeOf(keys(user, "list --json"), "openai"), Json(nullptr));
    const ProgramResult set = keys(user, "set openai", secret + '\n');
    LLMCACHE_VERIFY_EXIT(set, 0);
    const ProgramResult listed = keys(user, "list --json");
    QCOMPARE(placeOf(listed, "openai"), Json("keychain"));
    for (const ProgramResult& said : {set, listed})
        QVERIFY2(!said.out.contains(secret) && !said.err.contains(secret), said.describe().constData());
    for (QDirIterator all(user.home(), QDir::Files | QDir::Hidden, QDirIterator::Subdirectories);
         all.hasNext();) {
        QFile file(all.next());
        QVERIFY(file.open(QIODevice::ReadOnly));
        QVERIFY2(!file.readAll().contains(secret), qUtf8Printable(file.fileName()));
    }

    user.setVariable(QStringLiteral("OPENAI_API_KEY"), QStringLiteral("another"));
    QCOMPARE(placeOf(keys(user, "list --json"), "openai"), Json("environment"));
    user.unsetVariable(QStringLiteral("OPENAI_API_KEY"));
    LLMCACHE_VERIFY_EXIT(keys(user, "delete OPENAI_API_KEY"), 0);
    QCOMPARE(placeOf(keys(user, "list --json"), "openai"), Json(nullptr));
    LLMCACHE_VERIFY_EXIT(keys(user, "delete openai"), 3);
}

void TestE2eKeys::withoutAKeychain()
{
    CommandLine user;
    user.setVariable(QStringLiteral("DBUS_SESSION_BUS_ADDRESS"), QStringLiteral("unix:path=/nowhere"));
    const ProgramResult refused = keys(user, "set openai", secret);
    LLMCACHE_VERIFY_EXIT(refused, 3);
    QVERIFY2(refused.err.contains("keychain") && refused.err.contains("environment"),
        refused.describe().constData());
    QVERIFY2(!refused.err.contains(secret), refused.describe().constData());
    QCOMPARE(placeOf(keys(user, "list --json"), "openai"), Json(nullptr));

    // A key that was stored and can't be read: the run says so, beside that there is none.
    const QString data = user.home() + QStringLiteral("/data");
    QVERIFY(QDir().mkpath(data));
    const QString list = user.writeFile(QStringLiteral("data/keys.json"), R"(["OPENAI_API_KEY"])");
    QVERIFY(QFile::exists(list));
    const QString agent =
        user.writeFile(QStringLiteral("a.agent.json"), R"({"name": "a", "model": "openai:gpt-4o-mini"})");
    const ProgramResult run = user.run({QStringLiteral("run"), QStringLiteral("--config"), data,
        QStringLiteral("--agent"), agent, QStringLiteral("--prompt"), QStringLiteral("hi")});
    LLMCACHE_VERIFY_EXIT(run, 3);
    QVERIFY2(run.err.contains("no key") && run.err.contains("keychain"), run.describe().constData());
}

void TestE2eKeys::namesAreChecked()
{
    const CommandLine user;
    LLMCACHE_VERIFY_EXIT(keys(user, "set nothing", secret), 2);
    LLMCACHE_VERIFY_EXIT(keys(user, "set openai"), 2);
    LLMCACHE_VERIFY_EXIT(user.run({QStringLiteral("keys"), QStringLiteral("set")}, secret), 2);
}

LLMCACHE_TEST_MAIN(TestE2eKeys)
#include "tst_e2e_keys.moc"
