#include "commands.h"

#include "base/error.h"
#include "cache/entryrows.h"
#include "entryselection.h"
#include "interrupt.h"
#include "output.h"

#include <QDateTime>
#include <QHash>

namespace llmcache::app {

namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds period = 500ms;
/// A store that does not tell is listed again so often.
constexpr std::chrono::milliseconds listingPeriod = 5s;
constexpr int pageSize = 2000;

/// What was known of an entry, to tell what happened to it.
struct Known {
    qint64 revision = 0;
    qint64 hits = 0;
    std::optional<qint64> expiresMs;
    bool passes = false; ///< the filter
};

/// Prints what happens to the entries of a workspace.
class Watch {
public:
    Watch(EntryFilter filter, bool json)
        : m_filter(std::move(filter))
        , m_json(json)
    {
    }
    /// From here on it prints; what it learnt before was there already.
    void begin() { m_quiet = false; }
    void take(const EntryMeta& meta, qint64 nowMs)
    {
        const Known now{meta.revision, meta.hits, meta.expiresMs, m_filter.matches(meta, nowMs)};
        const auto before = m_known.constFind(meta.fingerprint);
        const QString event = before == m_known.cend() ? QStringLiteral("stored")
            : before->revision != now.revision         ? QStringLiteral("changed")
            : before->expiresMs != now.expiresMs       ? QStringLiteral("expiry")
            : before->hits != now.hits                 ? QStringLiteral("used")
                                                       : QString();
        m_known.insert(meta.fingerprint, now);
        if (now.passes && !event.isEmpty())
            say(event, meta.fingerprint, &meta, nowMs);
    }
    void leave(const QString& fingerprint, qint64 nowMs)
    {
        const auto before = m_known.constFind(fingerprint);
        if (before == m_known.cend())
            return;
        const bool passed = before->passes;
        m_known.erase(before);
        if (passed)
            say(QStringLiteral("gone"), fingerprint, nullptr, nowMs);
    }
    QStringList known() const { return m_known.keys(); }

private:
    void say(const QString& event, const QString& fingerprint, const EntryMeta* meta, qint64 nowMs) const
    {
        if (m_quiet)
            return;
        if (m_json) {
            Json json = Json::object();
            json["event"] = toUtf8(event);
            json["time_ms"] = nowMs;
            json["fingerprint"] = toUtf8(fingerprint);
            if (meta)
                json["entry"] = rowJson(*meta);
            printJsonLine(json);
            return;
        }
        QStringList words{QDateTime::fromMSecsSinceEpoch(nowMs).toString(QStringLiteral("HH:mm:ss")),
            event.leftJustified(8), fingerprint.left(12)};
        if (meta)
            words << meta->agent << meta->model << meta->task;
        words.removeAll(QString());
        printLine(words.join(QStringLiteral("  ")));
    }

    EntryFilter m_filter;
    bool m_json;
    bool m_quiet = true;
    QHash<QString, Known> m_known;
};

QCoro::Task<> listAll(Store* store, Watch* watch, Clock* clock, std::stop_token stop)
{
    QSet<QString> missing;
    for (const QString& fingerprint : watch->known())
        missing.insert(fingerprint);
    QByteArray cursor;
    do {
        if (stop.stop_requested())
            throw Cancelled();
        auto listing = store->listEntries(std::move(cursor), pageSize);
        EntryPage page = co_await listing;
        cursor = page.cursor;
        for (const EntryMeta& row : page.rows) {
            missing.remove(row.fingerprint);
            watch->take(row, clock->nowMs());
        }
    } while (!cursor.isEmpty());
    for (const QString& fingerprint : std::as_const(missing))
        watch->leave(fingerprint, clock->nowMs());
}

QCoro::Task<> follow(Store* store, Watch* watch, Clock* clock, std::stop_token stop)
{
    auto beginning = store->entryNews({});
    EntryNews news = co_await beginning;
    auto learning = listAll(store, watch, clock, stop);
    co_await learning;
    watch->begin();
    printError(news.isTold
            ? QStringLiteral("Watching. Ctrl+C ends it.")
            : QStringLiteral("Watching, by listing all entries every %1 s: this server does not tell what "
                             "changes (notify-keyspace-events). Ctrl+C ends it.")
                  .arg(listingPeriod / 1s));
    qint64 listedMs = clock->nowMs();
    while (true) {
        auto sleeping = clock->sleep(period, stop);
        co_await sleeping;
        auto asking = store->entryNews(news.position);
        news = co_await asking;
        const bool isDue = !news.isTold && clock->nowMs() - listedMs >= listingPeriod.count();
        if (news.missed || isDue) {
            auto listing = listAll(store, watch, clock, stop);
            co_await listing;
            listedMs = clock->nowMs();
            continue;
        }
        auto reading = readRows(store, news.changed, stop);
        const RowsNow now = co_await reading;
        for (const EntryMeta& row : now.rows)
            watch->take(row, clock->nowMs());
        for (const QString& fingerprint : now.gone)
            watch->leave(fingerprint, clock->nowMs());
    }
}

QCoro::Task<int> run(CommandContext context, Arguments arguments)
{
    Clock* const clock = &context.session->clock();
    EntryFilter filter = filterFrom(arguments.operands().join(QLatin1Char(' ')), clock->nowMs());
    if (filter.needsText())
        throw UsageError(QStringLiteral("A watch can't look into whole entries."),
            QStringLiteral(
                "Leave text: and is:invalid out; words look at the beginnings of prompt and answer."));
    const Interrupt interrupt;
    Watch watch(std::move(filter), arguments.has(QStringLiteral("json")));
    auto following = follow(&context.session->store(), &watch, clock, interrupt.token());
    try {
        co_await following;
    } catch (const Cancelled&) {
        // How a watch ends.
    }
    co_return 0;
}

} // namespace

std::vector<Command> watchCommands()
{
    Command watching;
    watching.name = QStringLiteral("entries watch");
    watching.synopsis = QStringLiteral("[FILTER] [--json]");
    watching.summary = QStringLiteral("say what happens to entries, whoever does it, until Ctrl+C");
    constexpr int mostWords = 1000;
    watching.mostOperands = mostWords;
    watching.options = {{QStringLiteral("json"), {}, QStringLiteral("print one JSON object a line")}};
    watching.run = run;
    return {watching};
}

} // namespace llmcache::app
