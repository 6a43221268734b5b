#include "store/sqlite/newstable_p.h"

#include "store/sqlite/database_p.h"

#include <QSet>

namespace llmcache::sqlite {

namespace {

constexpr char separator = '\n';

qint64 lastChange(Database& database)
{
    return database.number(QStringLiteral("SELECT MAX(seq) FROM news"));
}

/// How many changes there were before the oldest that is told.
qint64 forgottenChanges(Database& database)
{
    return database.number(QStringLiteral("SELECT seq - changes FROM news ORDER BY seq LIMIT 1"));
}

} // namespace

EntryNews entryNews(Database& database, const QByteArray& position)
{
    EntryNews news;
    news.isTold = true;
    const Transaction snapshot(database, Transaction::Mode::Read);
    const qint64 last = lastChange(database);
    news.position = QByteArray::number(last);
    if (position.isEmpty())
        return news;
    bool ok = false;
    const qint64 after = position.toLongLong(&ok);
    if (ok && after == last)
        return news;
    // Before the log begins, or from a file that was replaced by another since.
    if (!ok || after > last || forgottenChanges(database) > after) {
        news.missed = true;
        return news;
    }
    Statement select =
        database.prepare(QStringLiteral("SELECT fingerprints FROM news WHERE seq > ? AND workspace = ?"));
    select.run(after, database.workspace());
    QSet<QByteArray> changed;
    while (select.next() && changed.size() <= Store::mostNews) {
        for (const QByteArray& fingerprint : select.bytes(0).split(separator))
            changed.insert(fingerprint);
    }
    if (changed.size() > Store::mostNews) {
        news.missed = true;
        return news;
    }
    for (const QByteArray& fingerprint : std::as_const(changed))
        news.changed.append(QString::fromUtf8(fingerprint));
    return news;
}

void writeNews(Database& database)
{
    const QHash<qint64, QStringList> changes = database.takeChanges();
    if (changes.isEmpty())
        return;
    qint64 last = lastChange(database);
    for (auto it = changes.cbegin(); it != changes.cend(); ++it) {
        last += it->size();
        database
            .prepare(QStringLiteral(
                "INSERT INTO news (seq, workspace, changes, fingerprints) VALUES (?, ?, ?, ?)"))
            .run(last, it.key(), qint64(it->size()), it->join(QLatin1Char(separator)).toUtf8());
    }
    database.prepare(QStringLiteral("DELETE FROM news WHERE seq <= ?")).run(last - Store::mostNews);
}

} // namespace llmcache::sqlite
