#include "cache/entryundo.h"

#include "cache/session.h"
#include "widgets/format.h"

#include <QCoreApplication>

#include <algorithm>

namespace llmcache::ui {

QCoro::Task<Undone> undoEntries(Session* session, QString id, QStringList skipped,
    std::function<void(const BulkReport&)> progress, std::stop_token stop)
{
    Undone undone;
    auto listing = session->undoJournal().list(session->store().info());
    const std::vector<UndoSummary> changes = co_await listing;
    const auto change = std::find_if(changes.begin(), changes.end(),
        [&](const UndoSummary& one) { return id.isEmpty() ? !skipped.contains(one.id) : one.id == id; });
    if (change == changes.end())
        co_return undone;
    undone.id = change->id;
    const auto restored = std::make_shared<QStringList>();
    BulkOptions options;
    options.by = session->config().identity.user;
    options.nowMs = session->clock().nowMs();
    options.journal = &session->undoJournal();
    options.stop = stop;
    options.progress = [restored, progress](
                           const BulkReport& report, const std::vector<BulkResult>& results) {
        for (const BulkResult& result : results) {
            if (result.fate == BulkFate::Changed)
                restored->append(result.fingerprint);
        }
        progress(report);
    };
    auto undoing = undoChange(&session->store(), *change, false, std::move(options));
    undone.report = co_await undoing;
    undone.restored = *restored;
    co_return undone;
}

namespace {

QString tr(const char* text)
{
    return QCoreApplication::translate("EntryUndo", text);
}

} // namespace

QString forgottenText(qint64 changes)
{
    return changes == 1
        ? tr("1 earlier change of the last 24 h can't be undone any more")
        : tr("%1 earlier changes of the last 24 h can't be undone any more").arg(format::count(changes));
}

QString roomText(const UndoRoom& room)
{
    if (!room.fits)
        return tr("it is more than can be kept to undo it, and would end half-way");
    return room.forgotten == 0 ? QString() : forgottenText(room.forgotten);
}

QString undoneText(const Undone& undone)
{
    if (undone.id.isEmpty())
        return tr("There is nothing to undo");
    const BulkReport& report = undone.report;
    const qint64 back = report.changed + report.unaffected;
    QStringList parts{
        back == 1 ? tr("Restored 1 entry") : tr("Restored %1 entries").arg(format::count(back))};
    if (report.conflicts + report.absent > 0)
        parts << tr("%1 changed since and left alone").arg(format::count(report.conflicts + report.absent));
    if (report.cancelled)
        parts << tr("cancelled with %1 left").arg(format::count(report.asked - report.done()));
    if (report.expired > 0)
        parts << tr("%1 expired meanwhile").arg(format::count(report.expired));
    if (report.forgotten > 0)
        parts << forgottenText(report.forgotten);
    return parts.join(QStringLiteral(" · "));
}

} // namespace llmcache::ui
