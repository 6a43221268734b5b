#include "cache/sampleworkspace.h"
#include "cache/schemacheck.h"
#include "cache/session.h"
#include "waitfortask.h"

#include <QHash>
#include <QTemporaryDir>
#include <QTest>

using namespace llmcache;
using llmcache::test::waitForTask;

/// What those see first who have no entries of their own.
class TestSampleWorkspace : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void itsAnswersFitTheirAgents();
};

void TestSampleWorkspace::itsAnswersFitTheirAgents()
{
    const QTemporaryDir folder;
    SessionConfig config;
    config.dataFolder = folder.path();
    Session session(config);
    waitForTask(fillSampleWorkspace(&session));
    QHash<QString, Agent> agents;
    for (const StoredAgent& one : waitForTask(session.store().listAgents()))
        agents.insert(one.agent.name, one.agent);
    const EntryPage page = waitForTask(session.store().listEntries({}, 500));
    QVERIFY(page.rows.size() > 100);
    QSet<QString> seen;
    for (const EntryMeta& row : page.rows) {
        const std::optional<Entry> entry = waitForTask(session.store().lookup(row.fingerprint));
        QVERIFY(entry && agents.contains(row.agent));
        const SchemaCheck check = checkAnswer(*entry, agents.value(row.agent));
        QVERIFY2(check.violations.isEmpty(), qPrintable(row.agent + check.violations.join(u' ')));
        QVERIFY(!check.schemaChanged);
        seen.insert(row.agent);
    }
    QCOMPARE(seen.size(), agents.size()); // one of each at least
}

QTEST_GUILESS_MAIN(TestSampleWorkspace)
#include "tst_sampleworkspace.moc"
