// Answers that somebody has begun to edit, kept over a restart.
#include "cache/drafts.h"
#include "store/store.h"
#include "waitfortask.h"

#include <QDir>
#include <QTemporaryDir>
#include <QTest>

using namespace llmcache;
using llmcache::test::waitForTask;

class TestDrafts : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void comeBackInTheirStoreAlone();
    void areTheOwnersAlone();

private:
    static StoreInfo place(const QString& workspace)
    {
        StoreInfo info;
        info.kind = QStringLiteral("sqlite");
        info.name = QStringLiteral("/somewhere/cache.sqlite");
        info.workspace = workspace;
        return info;
    }
    static Draft begun() { return {QString(64, u'a'), 3, QStringLiteral("Grace")}; }
    QTemporaryDir m_folder;
};

void TestDrafts::comeBackInTheirStoreAlone()
{
    const QString folder = m_folder.filePath(QStringLiteral("shared"));
    DraftFolder drafts(folder, place(QStringLiteral("default")));
    drafts.save(begun());
    const std::vector<Draft> found = waitForTask(drafts.load());
    QCOMPARE(found.size(), std::size_t(1));
    QCOMPARE(found.front().fingerprint, begun().fingerprint);
    QCOMPARE(found.front().revision, begun().revision);
    QCOMPARE(found.front().text, begun().text);
    DraftFolder others(folder, place(QStringLiteral("other")));
    QVERIFY(waitForTask(others.load()).empty());
    drafts.remove(begun().fingerprint);
    QVERIFY(waitForTask(drafts.load()).empty());
}

void TestDrafts::areTheOwnersAlone()
{
    const QString folder = m_folder.filePath(QStringLiteral("private"));
    DraftFolder drafts(folder, place(QStringLiteral("default")));
    drafts.save(begun());
    QCOMPARE(waitForTask(drafts.load()).size(), std::size_t(1));
    const auto others = QFile::ReadGroup | QFile::ReadOther | QFile::WriteGroup | QFile::WriteOther;
    const QFileInfoList files = QDir(folder).entryInfoList(QDir::Files);
    QCOMPARE(files.size(), 1);
    QVERIFY(!(files.front().permissions() & others));
    QVERIFY(!(QFileInfo(folder).permissions() & others));
}

QTEST_GUILESS_MAIN(TestDrafts)
#include "tst_drafts.moc"
