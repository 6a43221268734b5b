#include "costsview.h"

#include "cache/session.h"
#include "costs/costsview.h"
#include "costs/filterbar.h"
#include "eventloop.h"
#include "theme/theme.h"
#include "waitfortask.h"

#include <QTimer>

#include <algorithm>
#include <functional>

namespace llmcache::bench {

namespace {

constexpr qint64 dayMs = 86'400'000;

/// How long the event loop stood still at most.
class Heartbeat : public QObject {
public:
    Heartbeat()
    {
        m_beat.setTimerType(Qt::PreciseTimer);
        connect(&m_beat, &QTimer::timeout, this, [this] {
            m_worst = std::max(m_worst, millisecondsOf(m_since));
            m_since.start();
        });
        m_since.start();
        m_beat.start(1);
    }
    double take()
    {
        m_since.start();
        return std::exchange(m_worst, 0);
    }

private:
    QTimer m_beat;
    QElapsedTimer m_since;
    double m_worst = 0;
};

/// The view in a window, asked one thing after the other.
class Desk {
public:
    Desk(Session* session, qint64 nowMs)
        : m_session(session)
        , m_view(&m_theme, nullptr)
    {
        m_header.reset(m_view.createHeader());
        m_view.resize(1384, 816);
        m_view.setTimeZone("America/Los_Angeles");
        m_view.setSpan({nowMs - 30 * dayMs, nowMs});
    }
    ~Desk()
    {
        m_view.stopTasks();
        wait();
    }
    double open()
    {
        return painted([this] {
            m_view.setSession(m_session); // which asks nothing before it is seen
            m_view.show();
            m_view.activate();
        });
    }
    /// Milliseconds from `ask` until what it asks for is painted, the calls below included.
    double painted(const std::function<void()>& ask)
    {
        QElapsedTimer timer;
        timer.start();
        ask();
        wait();
        m_view.repaint();
        return millisecondsOf(timer);
    }
    ui::CostsView& view() { return m_view; }

private:
    void wait() const
    {
        waitUntil([this] { return m_view.activeTasks() == 0; });
    }
    Session* m_session;
    ui::Theme m_theme;
    ui::CostsView m_view;
    std::unique_ptr<QWidget> m_header;
};

/// What somebody clicks who looks at a month from all sides.
std::vector<std::function<void(ui::CostsView&)>> choices()
{
    std::vector<std::function<void(ui::CostsView&)>> asked;
    for (const Dimension by :
        {Dimension::Task, Dimension::Agent, Dimension::User, Dimension::Provider, Dimension::Model})
        asked.emplace_back([by](ui::CostsView& view) { view.setStackBy(by); });
    for (const ui::CostsPage page :
        {ui::CostsPage::Cache, ui::CostsPage::Tokens, ui::CostsPage::Latency, ui::CostsPage::Spend})
        asked.emplace_back([page](ui::CostsView& view) { view.setPage(page); });
    const std::vector<ui::CostFilters> filters{{{Dimension::User, {QStringLiteral("user 9")}}},
        {{Dimension::Task, {QStringLiteral("task 3"), QStringLiteral("task 7")}}},
        {{Dimension::Model, {QStringLiteral("openai:gpt-5")}},
            {Dimension::Agent, {QStringLiteral("agent 4")}}},
        {{Dimension::Provider, {QStringLiteral("anthropic")}}}, {}};
    for (const ui::CostFilters& filter : filters)
        asked.emplace_back([filter](ui::CostsView& view) { view.filters()->setFilters(filter); });
    for (const bool compares : {false, true})
        asked.emplace_back([compares](ui::CostsView& view) { view.setCompare(compares); });
    return asked;
}

} // namespace

std::vector<Figure> costsViewFigures(
    const QString& kind, const QString& url, const QString& workspace, const QString& folder, qint64 nowMs)
{
    SessionConfig config;
    config.storeUrl = url;
    config.workspace = workspace;
    config.dataFolder = folder;
    Session session(config);
    test::waitForTask(session.store().status()); // connected, as it is when somebody opens the view
    std::vector<Figure> figures;
    Desk desk(&session, nowMs);
    Heartbeat heartbeat;
    figures.push_back(
        atMost(QStringLiteral("first charts, ") + kind, desk.open(), QStringLiteral("ms"), 500));
    figures.push_back(
        atMost(QStringLiteral("standstill for them, ") + kind, heartbeat.take(), QStringLiteral("ms"), 50));
    std::vector<double> times;
    constexpr int rounds = 3;
    for (int round = 0; round < rounds; ++round) {
        for (const auto& choose : choices())
            times.push_back(desk.painted([&] { choose(desk.view()); }));
    }
    figures.push_back(atMost(QStringLiteral("other choice painted, p95, ") + kind, percentile(times, 0.95),
        QStringLiteral("ms"), 150));
    figures.push_back(
        atMost(QStringLiteral("standstill for it, ") + kind, heartbeat.take(), QStringLiteral("ms"), 50));
    return figures;
}

} // namespace llmcache::bench
