// What the documentation tells people to copy does what it says.
#include "commandline.h"
#include "redisserver.h"

#include <QDir>
#include <QDirIterator>
#include <QFile>
#include <QRegularExpression>

using namespace llmcache;
using namespace llmcache::test;

namespace {

QString page(const QString& name)
{
    QFile file(QStringLiteral(LLMCACHE_SOURCE) + u'/' + name);
    if (!file.open(QIODevice::ReadOnly))
        qFatal("%s is missing", qPrintable(file.fileName()));
    return QString::fromUtf8(file.readAll());
}

/// The indented blocks of a page of Markdown, without their indentation.
QStringList blocks(const QString& markdown)
{
    QStringList list;
    bool inside = false;
    for (const QString& line : markdown.split(u'\n')) {
        const bool code = line.startsWith(QLatin1String("    "));
        if (code && !inside)
            list.append(QString());
        if (code)
            list.last() += line.mid(4) + u'\n';
        inside = code;
    }
    return list;
}

} // namespace

class DocsTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void pagesLinkToPagesThatAreThere();
    void agentFilesRun();
    void commandsAreKnown();
    void threatsNameTestsThatAreThere();
    void rightsToCopyAreEnough();
};

void DocsTest::pagesLinkToPagesThatAreThere()
{
    static const QRegularExpression link(QStringLiteral("\\]\\(([^)#:\\s]+)(#[^)]*)?\\)"));
    QStringList pages{
        QStringLiteral("README.md"), QStringLiteral("CONTRIBUTING.md"), QStringLiteral("SECURITY.md")};
    const QDir docs(QStringLiteral(LLMCACHE_SOURCE "/docs"));
    for (const QString& name : docs.entryList({QStringLiteral("*.md")}))
        pages.append(QStringLiteral("docs/") + name);
    QVERIFY(pages.size() > 5);
    for (const QString& name : std::as_const(pages)) {
        const QDir folder = QFileInfo(QStringLiteral(LLMCACHE_SOURCE) + u'/' + name).dir();
        const QString text = page(name);
        auto links = link.globalMatch(text);
        while (links.hasNext()) {
            const QString target = links.next().captured(1);
            QVERIFY2(QFileInfo::exists(folder.filePath(target)), qPrintable(name + u": "_qs + target));
        }
    }
}

void DocsTest::agentFilesRun()
{
    const CommandLine user;
    int found = 0;
    for (const QString& block : blocks(page(QStringLiteral("docs/08-formats.md")))) {
        if (!block.startsWith(u'{'))
            continue;
        ++found;
        const QString file = user.writeFile(QStringLiteral("page.agent.json"), block.toUtf8());
        LLMCACHE_VERIFY_EXIT(user.run({u"run"_qs, u"--agent"_qs, file, u"--model"_qs, u"test:small"_qs,
                                 u"--prompt"_qs, u"Hello"_qs}),
            0);
    }
    QVERIFY(found > 0);
}

void DocsTest::commandsAreKnown()
{
    // `llmcache entries clear` and the like, wherever a page names them.
    static const QRegularExpression named(
        QStringLiteral("(?:`|^    (?:\\$ )?)llmcache ([a-z]+)(?: ([a-z]+))?([^`\n]*)"),
        QRegularExpression::MultilineOption);
    static const QRegularExpression option(QStringLiteral("--[a-z][a-z-]*"));
    const CommandLine user;
    const QString help = QString::fromUtf8(user.run({u"--help"_qs}).out);
    QStringList pages{QStringLiteral("README.md")};
    const QDir docs(QStringLiteral(LLMCACHE_SOURCE "/docs"));
    for (const QString& name : docs.entryList({QStringLiteral("*.md")}))
        pages.append(QStringLiteral("docs/") + name);
    int found = 0;
    int options = 0;
    QHash<QString, QString> helps;
    for (const QString& name : std::as_const(pages)) {
        const QString text = page(name);
        auto commands = named.globalMatch(text);
        while (commands.hasNext()) {
            const auto match = commands.next();
            ++found;
            const QString one = u"llmcache "_qs + match.captured(1) + u' ';
            const QString two = one + match.captured(2);
            QVERIFY2(help.contains(two) || help.contains(one + u' '),
                qPrintable(name + u": "_qs + match.captured(0)));
            // And with options that this command has. "entries pin|unpin" stands for several.
            if (match.captured(3).startsWith(u'|'))
                continue;
            QStringList words{match.captured(1)};
            if (help.contains(two) && !match.captured(2).isEmpty())
                words.append(match.captured(2));
            auto given = option.globalMatch(match.captured(3));
            while (given.hasNext()) {
                const QString flag = given.next().captured(0);
                QString& its = helps[words.join(u' ')];
                if (its.isEmpty())
                    its = QString::fromUtf8(user.run(words + QStringList{u"--help"_qs}).out) + help;
                ++options;
                const QRegularExpression whole(QRegularExpression::escape(flag) + u"(?![a-z-])"_qs);
                QVERIFY2(whole.match(its).hasMatch(), qPrintable(name + u": "_qs + match.captured(0)));
            }
        }
    }
    QVERIFY(found > 5);
    QVERIFY(options > 20);
}

void DocsTest::threatsNameTestsThatAreThere()
{
    static const QRegularExpression named(QStringLiteral("`((?:tst|fuzz)_[a-z0-9_]+)`"));
    QStringList sources;
    QDirIterator files(QStringLiteral(LLMCACHE_SOURCE "/tests"), {QStringLiteral("*.cpp")}, QDir::Files,
        QDirIterator::Subdirectories);
    while (files.hasNext())
        sources.append(QFileInfo(files.next()).completeBaseName());
    const QString text = page(QStringLiteral("SECURITY.md"));
    int threats = 0;
    for (const QString& line : text.split(u'\n')) {
        if (!line.startsWith(QLatin1String("| ")) || line.startsWith(QLatin1String("| threat")))
            continue;
        ++threats;
        auto tests = named.globalMatch(line);
        QVERIFY2(tests.hasNext(), qPrintable(line));
        while (tests.hasNext()) {
            const QString name = tests.next().captured(1);
            QVERIFY2(sources.contains(name), qPrintable(name));
        }
    }
    QVERIFY(threats > 10);
}

void DocsTest::rightsToCopyAreEnough()
{
    if (!RedisServer::isInstalled())
        QSKIP(qPrintable(RedisServer::missingText()));
    RedisServer server;
    QString rules;
    for (const QString& block : blocks(page(QStringLiteral("docs/09-team-redis.md")))) {
        if (block.startsWith(QLatin1String("user ")))
            rules += block;
    }
    QVERIFY(
        rules.contains(QLatin1String("user workbench ")) && rules.contains(QLatin1String("user reader ")));
    QFile file(server.path(QStringLiteral("users.acl")));
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(rules.toUtf8() + "user default on nopass ~* &* +@all\n");
    file.close();
    server.addArguments({u"--aclfile"_qs, file.fileName()});
    QVERIFY2(server.start(), qPrintable(server.log()));

    CommandLine user;
    const auto as = [&server](const QString& name) {
        return QStringLiteral("redis://%1:secret@127.0.0.1:%2/0").arg(name).arg(server.port());
    };
    const QString agent =
        user.writeFile(QStringLiteral("greeter.agent.json"), R"({"name": "greeter", "model": "test:small"})");
    user.setVariable(QStringLiteral("LLM_CACHE_REDIS_URL"), as(QStringLiteral("workbench")));
    const QStringList run{u"run"_qs, u"--agent"_qs, agent, u"--prompt"_qs, u"Hello"_qs, u"--json"_qs};
    const ProgramResult paid = user.run(run);
    LLMCACHE_VERIFY_EXIT(paid, 0);
    QVERIFY2(!paid.err.contains("warning"), paid.describe().constData());
    const QString fingerprint = QString::fromStdString(paid.json()["fingerprint"].get<std::string>());
    const QString exported = user.home() + u"/all.jsonl"_qs;
    const std::vector<QStringList> steps{{u"agents"_qs, u"save"_qs, agent}, {u"entries"_qs, u"list"_qs},
        {u"entries"_qs, u"show"_qs, fingerprint},
        {u"entries"_qs, u"edit"_qs, fingerprint, u"--output"_qs, u"Hi"_qs},
        {u"entries"_qs, u"pin"_qs, fingerprint}, {u"entries"_qs, u"export"_qs, exported},
        {u"entries"_qs, u"delete"_qs, fingerprint, u"--yes"_qs}, {u"entries"_qs, u"undo"_qs},
        {u"entries"_qs, u"import"_qs, exported}, {u"costs"_qs},
        {u"agents"_qs, u"delete"_qs, u"greeter"_qs, u"--yes"_qs}};
    for (const QStringList& step : steps) {
        const ProgramResult result = user.run(step);
        QVERIFY2(result.exitCode == 0 && !result.err.contains("NOPERM") && !result.err.contains("permission"),
            (step.join(u' ').toUtf8() + '\n' + result.describe()).constData());
    }

    // Nor has the test of the connection anything to say about them.
    const auto permissions = [&user](const QStringList& options) {
        for (const Json& step :
            user.run(QStringList{u"connections"_qs, u"test"_qs, u"--json"_qs} + options).jsonLines()) {
            if (step.at("step") == "permissions")
                return step;
        }
        return Json();
    };
    const Json rights = permissions({});
    QVERIFY2(rights.value("state", "") == "passed", rights.dump().c_str());

    user.setVariable(QStringLiteral("LLM_CACHE_REDIS_URL"), as(QStringLiteral("reader")));
    const Json reading = permissions({u"--read-only"_qs});
    QVERIFY2(reading.value("state", "") == "passed", reading.dump().c_str());
    LLMCACHE_VERIFY_EXIT(user.run({u"entries"_qs, u"list"_qs}), 0);
    LLMCACHE_VERIFY_EXIT(user.run({u"entries"_qs, u"show"_qs, fingerprint}), 0);
    LLMCACHE_VERIFY_EXIT(user.run({u"costs"_qs}), 0);
    const ProgramResult refused = user.run({u"entries"_qs, u"delete"_qs, fingerprint, u"--yes"_qs});
    QVERIFY2(refused.exitCode != 0, refused.describe().constData());
}

QTEST_GUILESS_MAIN(DocsTest)
#include "tst_e2e_docs.moc"
