#include "callkeeper.h"

#include "cache/callarchive.h"
#include "settings/runpreferences.h"
#include "shell/mainwindow.h"
#include "widgets/format.h"
#include "widgets/toast.h"

#include <QPointer>

namespace llmcache::app {

CallKeeper::CallKeeper(Session* session, ui::MainWindow* window, const QSettings* settings)
    : m_session(session)
    , m_window(window)
    , m_settings(settings)
{
}

void CallKeeper::check()
{
    constexpr qint64 dayMs = 86'400'000;
    const int days = ui::RunPreferences::from(*m_settings).keepDays;
    const qint64 nowMs = m_session->clock().nowMs();
    const qint64 day = nowMs / dayMs;
    if (days == 0 || m_session->isReadOnly() || m_tasks.active() > 0 || (day == m_day && days == m_days))
        return;
    m_day = day;
    m_days = days;
    // What is dropped runs on for a moment, without its window.
    const LedgerProgress progress = [keeper = QPointer(this)](qint64 done, qint64 total) {
        if (keeper)
            keeper->tell(done, total);
    };
    m_tasks.run(
        [session = m_session, days, nowMs, progress](
            std::stop_token stop) { return keepCalls(session, days, nowMs, progress, std::move(stop)); },
        [this](const KeptCalls& kept) {
            m_window->clearMessage(m_told);
            if (kept.archived > 0)
                m_window->toasts()->show(
                    tr("%1 archived in %2; reports keep their sums.")
                        .arg(ui::format::counted(kept.archived, tr("old call"), tr("old calls")),
                            ui::format::path(kept.path)));
        },
        [this](const ui::Failure& failure) {
            m_window->clearMessage(m_told);
            if (failure.cancelled())
                m_window->toasts()->show(tr("No call was archived. It is tried again tomorrow; Settings says "
                                            "for how long calls stay."));
            else
                m_window->showMessage(
                    tr("Old calls were not archived: %1").arg(failure.message), failure.remedy, true);
        });
}

void CallKeeper::tell(qint64 done, qint64 total)
{
    if (total == 0)
        return;
    m_told = tr("Calls that are older than the settings keep are being archived: %1 of %2.")
                 .arg(ui::format::count(done), ui::format::count(total));
    m_window->showMessage(m_told, {}, false, tr("Stop"), [this] { m_tasks.stop(); });
}

} // namespace llmcache::app
