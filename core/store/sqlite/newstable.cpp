#include "store/sqlite/newstable_p.h"

#include "store/sqlite/database_p.h"

namespace llmcache::sqlite {

namespace {

/// The first or last place in the log, 0 when it is empty.
qint64 place(Database& database, const QString& which)
{
    Statement select = database.prepare(QStringLiteral("SELECT %1(seq) FROM news").arg(which));
    return select.run().next() ? select.integer(0) : 0;
}

} // namespace

EntryNews entryNews(Database& database, const QByteArray& position)
{
    EntryNews news;
    news.isTold = true;
    const Transaction snapshot(database, Transaction::Mode::Read);
    const qint64 last = place(database, QStringLiteral("MAX"));
    news.position = QByteArray::number(last);
    if (position.isEmpty())
        return news;
    bool ok = false;
    const qint64 after = position.toLongLong(&ok);
    if (ok && after == last)
        return news;
    // Before the log begins, or from a file that was replaced by another since.
    if (!ok || after > last || place(database, QStringLiteral("MIN")) > after + 1) {
        news.missed = true;
        return news;
    }
    Statement select = database.prepare(QStringLiteral(
        "SELECT fingerprint FROM news WHERE seq > ? AND workspace = ? GROUP BY fingerprint LIMIT ?"));
    select.run(after, database.workspace(), qint64(Store::mostNews) + 1);
    while (select.next())
        news.changed.append(select.text(0));
    if (news.changed.size() > Store::mostNews) {
        news.changed.clear();
        news.missed = true;
    }
    return news;
}

void trimNews(Database& database)
{
    // The newest stays, so that places go on from it.
    database.prepare(QStringLiteral("DELETE FROM news WHERE seq <= (SELECT MAX(seq) FROM news) - ?"))
        .run(qint64(Store::mostNews));
}

} // namespace llmcache::sqlite
