#include "cacheviewtest.h"

#include "sampleentries.h"
#include "waitfortask.h"

using namespace llmcache::ui;

namespace llmcache::test {

void CacheViewTest::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    m_theme = std::make_unique<Theme>();
    m_theme->setScheme(ColorScheme::Light);
    m_theme->apply(*qApp);
    m_settings =
        std::make_unique<QSettings>(m_folder->filePath(QStringLiteral("settings.ini")), QSettings::IniFormat);
    SessionConfig config;
    config.dataFolder = m_folder->filePath(QStringLiteral("data"));
    if (isOnRedis()) {
        if (!RedisServer::isInstalled())
            QSKIP(qPrintable(RedisServer::missingText()));
        m_redis = std::make_unique<RedisServer>(
            QStringList{QStringLiteral("--notify-keyspace-events"), QStringLiteral("KEA")});
        QVERIFY2(m_redis->start(), qPrintable(m_redis->log()));
        config.storeUrl = m_redis->url();
    } else {
        config.storeUrl = QStringLiteral("sqlite://") + m_folder->filePath(QStringLiteral("cache.db"));
    }
    m_session = std::make_unique<Session>(config);
}

bool CacheViewTest::isOnRedis()
{
    return qgetenv("LLMCACHE_TEST_STORE") == "redis";
}

void CacheViewTest::closeAll()
{
    if (m_view) {
        m_view->stopTasks();
        QTRY_COMPARE_WITH_TIMEOUT(m_view->activeTasks(), 0, patience);
    }
    m_view.reset();
    m_table = nullptr;
    m_session.reset();
    m_redis.reset();
}

void CacheViewTest::restart()
{
    const SessionConfig config = m_session->config();
    std::unique_ptr<RedisServer> server = std::move(m_redis);
    closeAll();
    m_redis = std::move(server);
    m_session = std::make_unique<Session>(config);
}

qint64 CacheViewTest::storedEntries() const
{
    qint64 entries = 0;
    QByteArray cursor;
    do {
        const EntryPage page = waitForTask(m_session->store().listEntries(cursor, 500));
        entries += static_cast<qint64>(page.rows.size());
        cursor = page.cursor;
    } while (!cursor.isEmpty());
    return entries;
}

void CacheViewTest::fill(quint32 count)
{
    const qint64 nowMs = m_session->clock().nowMs();
    for (quint32 number = 0; number < count; ++number) {
        Commit commit;
        commit.entry = sampleEntry(number, nowMs);
        // Some of the samples are about to expire; these are to stay for the test.
        commit.ttl = std::chrono::hours(24 + number);
        waitForTask(m_session->store().commit(std::move(commit)));
    }
}

void CacheViewTest::open()
{
    m_view = std::make_unique<CacheView>(m_theme.get(), m_settings.get());
    m_view->resize(1384, 816);
    m_view->setSession(m_session.get());
    m_view->show();
    QVERIFY(QTest::qWaitForWindowExposed(m_view.get()));
    m_view->activateWindow();
    m_view->activate();
    m_table = find<EntryTable>("entryTable");
}

void CacheViewTest::openNotLive()
{
    m_settings->setValue(QStringLiteral("cache/live"), false);
    open();
}

std::unique_ptr<Session> CacheViewTest::other() const
{
    SessionConfig config = m_session->config();
    config.dataFolder = m_folder->filePath(QStringLiteral("elsewhere"));
    return std::make_unique<Session>(config);
}

bool CacheViewTest::fillUndoJournal() const
{
    const QString name =
        QStringLiteral("%1-large.undo").arg(m_session->clock().nowMs() - 60'000, 15, 10, QLatin1Char('0'));
    const QDir folder(m_session->config().dataFolder);
    QFile file(folder.filePath(QStringLiteral("undo/") + name)); // takes no blocks of the disk
    return folder.mkpath(QStringLiteral("undo")) && file.open(QIODevice::WriteOnly)
        && file.resize(UndoJournal::defaultMaxBytes);
}

void CacheViewTest::waitForRows(int rows)
{
    QTRY_COMPARE_WITH_TIMEOUT(m_table->model()->rowCount(), rows, patience);
}

void CacheViewTest::clickRow(int row, Qt::KeyboardModifiers modifiers)
{
    const QModelIndex index = m_table->model()->index(row, 0);
    m_table->scrollTo(index);
    QTest::mouseClick(m_table->viewport(), Qt::LeftButton, modifiers, m_table->visualRect(index).center());
}

} // namespace llmcache::test
